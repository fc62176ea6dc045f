/* Buffer: bytes that grow, up to a maximum that is stated when it is made.
 * It owns its memory; buf_free() gives it back and may be called twice. Going over the maximum is
 * an error of the caller's input, not of the program: the append returns -1, the buffer is emptied
 * and stays failed until buf_clear() or buf_free(). It never holds more than its maximum, and
 * always keeps a NUL behind its last byte. */
#ifndef TIDEGATE_BASE_BUF_H
#define TIDEGATE_BASE_BUF_H

#include "base/bytes.h"
#include "base/mem.h"

struct buf {
    char *at;          /* NULL while nothing was added */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;       /* an append did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
void buf_clear(struct buf *b);                     /* keeps the memory and the maximum */
int buf_add(struct buf *b, struct bytes what);
int buf_text(struct buf *b, const char *text);
int buf_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
struct bytes buf_bytes(const struct buf *b);       /* valid until the next append */
const char *buf_string(const struct buf *b);       /* "" when empty; ends in a NUL */

#endif
