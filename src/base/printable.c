#include "base/printable.h"

#include "base/utf8.h"

struct range {
    uint32_t first, last;
};

static bool within(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

#define WITHIN(code, ranges) within(code, ranges, sizeof(ranges) / sizeof *(ranges))

/* Of a well-formed sequence. */
static uint32_t decode(const unsigned char *s, size_t length)
{
    static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = s[0] & lead[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (s[i] & 0x3F);
    return code;
}

size_t printable_next(struct bytes text, uint32_t *code)
{
    size_t length = utf8_next(text);
    *code = length ? decode((const unsigned char *)text.at, length) : PRINTABLE_BROKEN;
    return length ? length : text.len > 0;
}

bool printable(uint32_t code)
{
    static const struct range never[] = {
        {0, 0x1F},        {0x7F, 0x9F},
        {0x061C, 0x061C}, {0x200E, 0x200F},      /* directional marks */
        {0x2028, 0x202E}, {0x2066, 0x2069},      /* separators, embeddings, isolates */
        {0xFEFF, 0xFEFF}, {PRINTABLE_BROKEN, UINT32_MAX},
    };
    return !WITHIN(code, never);
}

int printable_columns(uint32_t code)
{
    static const struct range narrow[] = {
        {0, 0x10FF},
        {0x2010, 0x205E},        /* dashes, quotes, the ellipsis */
        {0x2190, 0x22FF},        /* arrows, mathematics */
        {0x2500, 0x25CF},        /* lines, blocks, shapes */
        {0x2800, 0x28FF},        /* Braille */
    };
    return WITHIN(code, narrow) ? 1 : 2;
}
