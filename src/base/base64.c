#include "base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three bytes, filled up with zeros. */
static uint32_t group_of(struct bytes raw)
{
    uint32_t group = 0;
    for (size_t i = 0; i < 3; i++)
        group = group << 8 | (i < raw.len ? (unsigned char)raw.at[i] : 0);
    return group;
}

void base64_encode(struct bytes raw, char *out)
{
    for (; raw.len; raw = bytes_from(raw, 3)) {
        uint32_t group = group_of(raw);
        *out++ = letters[group >> 18];
        *out++ = letters[group >> 12 & 63];
        *out++ = raw.len > 1 ? letters[group >> 6 & 63] : '=';
        *out++ = raw.len > 2 ? letters[group & 63] : '=';
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters, of which the last `padding` are not looked at; -1 when one is none. */
static int32_t group_from(const char *four, size_t padding)
{
    int32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? value_of(four[i]) : 0;
        if (value < 0)
            return -1;
        group = group << 6 | value;
    }
    return group;
}

bool base64_decode(struct bytes text, char *out, size_t *len)
{
    const char *start = out;
    if (text.len % 4)
        return false;
    for (size_t at = 0; at < text.len; at += 4) {
        const char *four = text.at + at;
        size_t padding = at + 4 < text.len || four[3] != '=' ? 0 : four[2] == '=' ? 2 : 1;
        int32_t group = group_from(four, padding);
        if (group < 0 || (group & ((1 << 8 * padding) - 1)))
            return false;
        for (size_t i = 0; i < 3 - padding; i++)
            *out++ = (char)(group >> (16 - 8 * i));
    }
    *len = (size_t)(out - start);
    return true;
}
