/* Head: the header block of an answer, and what it says about where the body ends.
 * Pure: it borrows the bytes of the block, allocates nothing and touches no socket.
 * It never guesses: a block whose framing can be read in two ways is refused. */
#ifndef TIDEGATE_NET_HEAD_H
#define TIDEGATE_NET_HEAD_H

#include "base/err.h"

struct framing {
    int status;
    bool interim;            /* 1xx: another block follows */
    bool bodyless;           /* HEAD, 204, 304 */
    bool chunked;
    int64_t length;          /* Content-Length; -1 when there is none */
};

/* The next header of the block; the status line is skipped. False at the blank line or the end. */
bool head_next(struct bytes *rest, struct bytes *name, struct bytes *value);
/* The value of the first header of that name, trimmed; empty when it is absent. */
struct bytes head_value(struct bytes block, const char *name);

/* Reads a whole block. -1 with err "protocol": a malformed status line or Content-Length, two that
 * differ, one together with chunked, an unknown transfer coding, an unasked content coding, a
 * folded line, 101. */
int head_framing(struct bytes block, bool asked_head, struct framing *out, struct err *err);
/* The block says where the body ends; what ends with the connection may have been cut. */
bool framing_known(const struct framing *f);
/* `len` bytes are all of the body; that the last chunk came, whoever takes chunks apart knows. */
bool framing_whole(const struct framing *f, size_t len);

#endif
