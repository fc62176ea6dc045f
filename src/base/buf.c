#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SMALLEST = 64 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    mem_free(b->at);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->at)
        b->at[0] = 0;
}

static int fail(struct buf *b)
{
    buf_clear(b);
    b->failed = true;
    return -1;
}

/* Makes room for `more` bytes and the NUL behind them. */
static int reserve(struct buf *b, size_t more)
{
    size_t need, cap = b->cap ? b->cap : SMALLEST;
    if (b->failed || more > b->max - b->len)
        return fail(b);
    need = b->len + more + 1;
    if (need <= b->cap)
        return 0;
    while (cap < need)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    b->at = mem_resize(b->at, cap, 1);
    b->cap = cap;
    return 0;
}

int buf_add(struct buf *b, struct bytes what)
{
    if (reserve(b, what.len))
        return -1;
    if (what.len)
        memcpy(b->at + b->len, what.at, what.len);
    b->len += what.len;
    b->at[b->len] = 0;
    return 0;
}

int buf_text(struct buf *b, const char *text)
{
    return buf_add(b, bytes_of(text));
}

int buf_char(struct buf *b, char c)
{
    return buf_add(b, (struct bytes){&c, 1});
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    int len;
    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || reserve(b, (size_t)len))
        return fail(b);
    va_start(args, fmt);
    vsnprintf(b->at + b->len, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
    return 0;
}

struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->at ? b->at : "", b->len};
}

const char *buf_string(const struct buf *b)
{
    return b->at ? b->at : "";
}
