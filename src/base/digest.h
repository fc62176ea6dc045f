/* Digests: SHA-256, HMAC-SHA-256 and MD5 of bytes in memory, on OpenSSL's libcrypto.
 * Results are the caller's arrays. The algorithms are fetched once for the process.
 * It never keeps a key: wipe yours with digest_wipe(). */
#ifndef TIDEGATE_BASE_DIGEST_H
#define TIDEGATE_BASE_DIGEST_H

#include "base/bytes.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 65, MD5_HEX = 33 };

void digest_sha256(struct bytes data, unsigned char out[SHA256_BYTES]);
/* The same of several pieces, one behind the other, without a copy that joins them. */
void digest_sha256_parts(const struct bytes *parts, size_t count, unsigned char out[SHA256_BYTES]);
void digest_sha256_hex(struct bytes data, char out[SHA256_HEX]);    /* lower case, final NUL */
void digest_hmac_sha256(struct bytes key, struct bytes data, unsigned char out[SHA256_BYTES]);
void digest_md5_hex(struct bytes data, char out[MD5_HEX]);
void digest_hex(const unsigned char *data, size_t len, char *out);  /* out takes 2 * len + 1 */
void digest_wipe(void *secret, size_t len);                         /* NULL is fine */

#endif
