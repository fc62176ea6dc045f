#include "base/json_write.h"

#include "base/decimal.h"
#include "base/json_text.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

static void refuse(struct json_writer *w, const char *problem)
{
    if (!w->problem)
        w->problem = problem;
}

/* As buf_add(), without its call while there is room: most pieces have a few bytes. */
static void put(struct json_writer *w, struct bytes text)
{
    struct buf *b = w->out;
    if (w->problem || !text.len)
        return;
    if (text.len < b->cap - b->len && !b->failed) {
        memcpy(b->at + b->len, text.at, text.len);
        b->len += text.len;
        b->at[b->len] = 0;
    } else if (buf_add(b, text)) {
        refuse(w, "the text is too long");
    }
}

static void put_value(struct json_writer *w, struct bytes text)
{
    if (w->comma)
        put(w, BYTES(","));
    put(w, text);
    w->comma = true;
}

static void begin(struct json_writer *w, struct bytes bracket)
{
    put_value(w, bracket);
    w->comma = false;
}

static void end(struct json_writer *w, struct bytes bracket)
{
    put(w, bracket);
    w->comma = true;
}

void json_write_object(struct json_writer *w)
{
    begin(w, BYTES("{"));
}

void json_write_object_end(struct json_writer *w)
{
    end(w, BYTES("}"));
}

void json_write_array(struct json_writer *w)
{
    begin(w, BYTES("["));
}

void json_write_array_end(struct json_writer *w)
{
    end(w, BYTES("]"));
}

static char escape_letter(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    }
    return 0;
}

static void put_escape(struct json_writer *w, char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = escape_letter(c);
    if (letter)
        put(w, (struct bytes){(char[]){'\\', letter}, 2});
    else
        put(w, (struct bytes){(char[]){'\\', 'u', '0', '0', hex[c >> 4 & 1], hex[c & 15]}, 6});
}

/* Length of what may stay as it is at the start: plain ASCII and UTF-8. */
static size_t unescaped_length(struct bytes text)
{
    size_t at = json_plain(text);
    while (at < text.len && (unsigned char)text.at[at] >= 0x80) {
        size_t step = utf8_next((struct bytes){text.at + at, text.len - at});
        if (!step)
            break;
        at += step;
        at += json_plain((struct bytes){text.at + at, text.len - at});
    }
    return at;
}

static void put_text(struct json_writer *w, struct bytes text)
{
    const char *s = text.at ? text.at : "", *end = s + text.len;
    for (;;) {
        size_t run = unescaped_length((struct bytes){s, (size_t)(end - s)});
        put(w, (struct bytes){s, run});
        s += run;
        if (s == end)
            return;
        if ((unsigned char)*s >= 0x80) {
            refuse(w, "the string is not UTF-8");
            return;
        }
        put_escape(w, *s++);
    }
}

void json_write_string(struct json_writer *w, struct bytes text)
{
    put(w, w->comma ? BYTES(",\"") : BYTES("\""));
    put_text(w, text);
    put(w, BYTES("\""));
    w->comma = true;
}

void json_write_key(struct json_writer *w, struct bytes name)
{
    put(w, w->comma ? BYTES(",\"") : BYTES("\""));
    put_text(w, name);
    put(w, BYTES("\":"));
    w->comma = false;
}

void json_write_int64(struct json_writer *w, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)value);
    put_value(w, (struct bytes){text, (size_t)len});
}

void json_write_double(struct json_writer *w, double value)
{
    char text[DECIMAL_TEXT_MAX];
    if (isfinite(value))
        put_value(w, (struct bytes){text, decimal_text(value, text)});
    else
        refuse(w, "the number is not finite");
}

void json_write_bool(struct json_writer *w, bool value)
{
    put_value(w, value ? BYTES("true") : BYTES("false"));
}

void json_write_null(struct json_writer *w)
{
    put_value(w, BYTES("null"));
}

void json_write_raw(struct json_writer *w, struct bytes json)
{
    put_value(w, json);
}
