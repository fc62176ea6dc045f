#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text ? text : "", text ? strlen(text) : 0};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool bytes_is(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of(text));
}

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

bool bytes_is_nocase(struct bytes a, const char *text)
{
    size_t i;
    for (i = 0; i < a.len && text[i]; i++)
        if (lower(a.at[i]) != lower(text[i]))
            return false;
    return i == a.len && text[i] == 0;
}

bool bytes_starts(struct bytes a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.at, prefix, len) == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

struct bytes bytes_from(struct bytes a, size_t offset)
{
    if (offset > a.len)
        offset = a.len;
    return (struct bytes){a.at + offset, a.len - offset};
}

struct bytes bytes_cut(struct bytes a, char sep, struct bytes *rest)
{
    const char *hit = a.len ? memchr(a.at, sep, a.len) : NULL;
    size_t len = hit ? (size_t)(hit - a.at) : a.len;
    *rest = bytes_from(a, hit ? len + 1 : len);
    return (struct bytes){a.at, len};
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct bytes bytes_trim(struct bytes a)
{
    while (a.len && blank(a.at[0]))
        a = bytes_from(a, 1);
    while (a.len && blank(a.at[a.len - 1]))
        a.len--;
    return a;
}

bool bytes_to_int64(struct bytes a, int64_t *out)
{
    bool negative = a.len && a.at[0] == '-';
    size_t i = negative || (a.len && a.at[0] == '+');
    int64_t value = 0;
    if (i == a.len)
        return false;
    for (; i < a.len; i++) {
        int digit = a.at[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}

uint64_t bytes_hash(struct bytes b)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < b.len; i++)
        h = (h ^ (unsigned char)b.at[i]) * UINT64_C(0x100000001b3);
    return h;
}
