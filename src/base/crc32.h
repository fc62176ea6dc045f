/* CRC-32: the checksum of zlib and of DynamoDB's answers (ISO 3309, polynomial 0x04C11DB7).
 * Pure; borrows its argument.
 * It finds what a cable did, never what an attacker did. */
#ifndef TIDEGATE_BASE_CRC32_H
#define TIDEGATE_BASE_CRC32_H

#include "base/bytes.h"

uint32_t crc32_of(struct bytes data);

#endif
