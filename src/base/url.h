/* URL text: percent-encoding and its reverse (RFC 3986 §2.1), as AWS signs it.
 * Appends to the caller's buffer and keeps nothing. The same encoder writes what goes on the wire
 * and what is signed, so that the two cannot differ.
 * It never encodes twice by itself and never guesses at a broken escape. */
#ifndef TIDEGATE_BASE_URL_H
#define TIDEGATE_BASE_URL_H

#include "base/buf.h"

/* Keeps A-Z a-z 0-9 - . _ ~ and, if told so, '/'; all other bytes become %XX in upper case.
 * -1 when it does not fit. */
int url_encode(struct buf *out, struct bytes raw, bool keep_slash);
/* Turns %XX into its byte; '+' becomes a space only if told so (S3 lists keys in that form).
 * -1 when an escape is cut or not hexadecimal, or when it does not fit; `out` then holds a part. */
int url_decode(struct buf *out, struct bytes text, bool plus_is_space);

#endif
