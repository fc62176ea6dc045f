/* Base64: bytes as text and back (RFC 4648 §4, with padding, no line breaks), as JSON carries them.
 * Writes into the caller's memory and keeps nothing. It never guesses: text with anything else in
 * it, without its padding, or with bits behind the last byte, is refused. */
#ifndef TIDEGATE_BASE_BASE64_H
#define TIDEGATE_BASE_BASE64_H

#include "base/bytes.h"

#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

void base64_encode(struct bytes raw, char *out);             /* BASE64_LEN(raw.len) bytes, no NUL */
/* `out` has room for text.len / 4 * 3 bytes; their number goes to *len. */
bool base64_decode(struct bytes text, char *out, size_t *len);

#endif
