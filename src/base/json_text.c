#include "base/json_text.h"

#include "base/utf8.h"

#include <endian.h>
#include <string.h>

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

const char json_too_early[] = "the text ends too early";

/* What the letter after a backslash stands for. */
static const char letters[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static char letter(char c)
{
    return letters[(unsigned char)c];
}

/* Marks, by its highest bit, each of eight bytes that does not stand for itself, and perhaps others
 * above a marked one: the borrows run upwards. So the lowest mark is exact. */
static uint64_t odd_marks(uint64_t eight)
{
    uint64_t control = eight - EIGHT(' ');
    uint64_t quote = (eight ^ EIGHT('"')) - EIGHT(1);
    uint64_t backslash = (eight ^ EIGHT('\\')) - EIGHT(1);
    return (eight | control | quote | backslash) & EIGHT(0x80);
}

static const char *plain_end(const char *s, const char *end)
{
    while (end - s >= 8) {
        uint64_t eight, marks;
        memcpy(&eight, s, sizeof eight);
        marks = odd_marks(le64toh(eight));
        if (marks)
            return s + __builtin_ctzll(marks) / 8;
        s += 8;
    }
    while (s < end && *s >= ' ' && *s != '"' && *s != '\\' && (unsigned char)*s < 0x80)
        s++;
    return s;
}

size_t json_plain(struct bytes text)
{
    return (size_t)(plain_end(text.at, text.at + text.len) - text.at);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after "\u" at s, or -1. */
static int code_unit(const char *s, const char *end)
{
    int i, unit = 0;
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (i = 2; i < 6; i++) {
        int digit = hex_digit(s[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Length of the escape by number at s, or of a pair of them; 0 with the reason when it is none. */
static size_t unit_length(const char *s, const char *end, const char **reason)
{
    int unit = code_unit(s, end), low;
    if (end - s < 2)
        return 0;
    *reason = s[1] == 'u' ? "\\u needs four hexadecimal digits" : "unknown escape";
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit < 0 ? 0 : 6;
    *reason = "half of a surrogate pair";
    low = unit < 0xDC00 ? code_unit(s + 6, end) : -1;
    return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
}

/* Length of what stands at s and is not plain, 0 with the reason when it may not stand there. */
static size_t odd_length(const char *s, const char *end, const char **reason)
{
    *reason = json_too_early;
    if (s == end)
        return 0;
    if (*s == '\\')
        return end - s >= 2 && letter(s[1]) ? 2 : unit_length(s, end, reason);
    *reason = "control character in a string";
    if ((unsigned char)*s < ' ')
        return 0;
    *reason = "not UTF-8";
    return utf8_next((struct bytes){s, (size_t)(end - s)});
}

const char *json_string_end(const char *s, const char *end, bool *escaped, const char **reason)
{
    *escaped = false;
    for (;;) {
        size_t length;
        s = plain_end(s, end);
        if (s < end && *s == '"')
            break;
        *escaped |= s < end && *s == '\\';
        length = odd_length(s, end, reason);
        if (!length)
            return s;
        s += length;
    }
    *reason = NULL;
    return s;
}

static size_t unescape_unit(const char *s, const char *end, char **out)
{
    uint32_t code = (uint32_t)code_unit(s, end);
    size_t length = code >= 0xD800 && code <= 0xDFFF ? 12 : 6;
    if (length == 12)
        code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)code_unit(s + 6, end) - 0xDC00);
    *out += utf8_encode(code, *out);
    return length;
}

size_t json_unescape(struct bytes text, char *out)
{
    const char *s = text.at, *end = s + text.len;
    char *to = out;
    while (s < end) {
        if (*s != '\\') {
            *to++ = *s++;
        } else if (s[1] == 'u') {
            s += unescape_unit(s, end, &to);
        } else {
            *to++ = letter(s[1]);
            s += 2;
        }
    }
    return (size_t)(to - out);
}
