#include "base/url.h"

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_escape(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
    buf_add(out, (struct bytes){escape, sizeof escape});
}

int url_encode(struct buf *out, struct bytes raw, bool keep_slash)
{
    size_t from = 0;                    /* of the run of bytes that stay as they are */
    for (size_t i = 0; i < raw.len; i++) {
        if (unreserved(raw.at[i]) || (keep_slash && raw.at[i] == '/'))
            continue;
        buf_add(out, (struct bytes){raw.at + from, i - from});
        add_escape(out, (unsigned char)raw.at[i]);
        from = i + 1;
    }
    return buf_add(out, bytes_from(raw, from));
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that an escape at the start of `text` stands for, or -1. */
static int escaped(struct bytes text)
{
    int high = text.len >= 3 ? nibble(text.at[1]) : -1;
    int low = text.len >= 3 ? nibble(text.at[2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int url_decode(struct buf *out, struct bytes text, bool plus_is_space)
{
    size_t from = 0;                    /* of the run of bytes that stay as they are */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        int byte = ' ';
        if (c != '%' && !(c == '+' && plus_is_space))
            continue;
        if (c == '%')
            byte = escaped(bytes_from(text, i));
        if (byte < 0)
            return -1;
        buf_add(out, (struct bytes){text.at + from, i - from});
        buf_char(out, (char)byte);
        i += c == '%' ? 2 : 0;
        from = i + 1;
    }
    return buf_add(out, bytes_from(text, from));
}
