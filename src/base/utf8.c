#include "base/utf8.h"

static bool tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t utf8_next(struct bytes a)
{
    const unsigned char *s = (const unsigned char *)a.at;
    if (!a.len)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        return a.len >= 2 && tail(s[1]) ? 2 : 0;
    if ((s[0] & 0xF0) == 0xE0) {
        bool shape = a.len >= 3 && tail(s[1]) && tail(s[2]);
        bool overlong = s[0] == 0xE0 && shape && s[1] < 0xA0;
        bool surrogate = s[0] == 0xED && shape && s[1] > 0x9F;
        return shape && !overlong && !surrogate ? 3 : 0;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        bool shape = a.len >= 4 && tail(s[1]) && tail(s[2]) && tail(s[3]);
        bool overlong = s[0] == 0xF0 && shape && s[1] < 0x90;
        bool too_high = s[0] == 0xF4 && shape && s[1] > 0x8F;
        return shape && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

size_t utf8_check(struct bytes a)
{
    size_t at = 0;
    while (at < a.len) {
        size_t step = utf8_next(bytes_from(a, at));
        if (!step)
            return at;
        at += step;
    }
    return at;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return 0;
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}
