#include "base/json.h"

#include "base/json_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void json_init(struct json *j, struct bytes text, struct buf *scratch)
{
    memset(j, 0, sizeof *j);
    j->event = JSON_END;
    j->from = j->at = j->start = text.at ? text.at : "";
    j->end = j->at + text.len;
    j->scratch = scratch;
    j->depth_max = JSON_DEPTH_MAX;
    j->pending = true;
}

static enum json_event fail(struct json *j, const char *where, const char *reason)
{
    size_t number = (size_t)(where - j->from) + 1;
    snprintf(j->problem, sizeof j->problem, "byte %zu: %s", number, reason);
    return JSON_ERROR;
}

enum json_event json_refuse(struct json *j, const char *fmt, ...)
{
    char reason[JSON_REASON_MAX];
    va_list args;
    if (j->event == JSON_ERROR)
        return JSON_ERROR;
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    return j->event = fail(j, j->start, reason);
}

/* ---- strings ---- */

/* Decodes behind a key that was decoded too, and points at it again: the buffer may have moved. */
static bool decode(struct json *j, enum json_event event, struct bytes *text)
{
    bool behind = event == JSON_STRING && j->scratch->len && j->key.at == j->scratch->at;
    size_t start = behind ? j->key.len : 0;
    if (!behind)
        buf_clear(j->scratch);
    j->scratch->len = start;
    if (buf_add(j->scratch, *text))
        return false;
    text->len = json_unescape(*text, j->scratch->at + start);
    text->at = j->scratch->at + start;
    j->scratch->len = start + text->len;
    j->scratch->at[j->scratch->len] = 0;
    if (behind)
        j->key.at = j->scratch->at;
    return true;
}

/* j->at stands on the opening quote. */
static enum json_event read_string(struct json *j, enum json_event event)
{
    const char *reason, *s = json_string_end(j->at + 1, j->end, &j->escaped, &reason);
    if (reason)
        return fail(j, s, reason);
    j->text = (struct bytes){j->at + 1, (size_t)(s - j->at) - 1};
    j->at = s + 1;
    if (j->escaped && j->scratch && !j->skipping && !decode(j, event, &j->text))
        return fail(j, j->start, "the string is too long");
    return event;
}

/* ---- numbers and words ---- */

/* Behind the digits at s; NULL when there is none. */
static const char *digits_end(struct json *j, const char *s)
{
    const char *from = s;
    while (s < j->end && *s >= '0' && *s <= '9')
        s++;
    if (s > from)
        return s;
    fail(j, s, s == j->end ? json_too_early : "a digit was expected");
    return NULL;
}

static const char *exponent_end(struct json *j, const char *s)
{
    if (s < j->end && (*s == '+' || *s == '-'))
        s++;
    return digits_end(j, s);
}

static enum json_event read_number(struct json *j)
{
    const char *first = j->at + (*j->at == '-'), *s = digits_end(j, first);
    if (s && *first == '0' && s - first > 1)
        return fail(j, first, "a number may not begin with 0");
    j->integer = true;
    if (s && s < j->end && *s == '.') {
        j->integer = false;
        s = digits_end(j, s + 1);
    }
    if (s && s < j->end && (*s == 'e' || *s == 'E')) {
        j->integer = false;
        s = exponent_end(j, s + 1);
    }
    if (!s)
        return JSON_ERROR;
    j->text = (struct bytes){j->at, (size_t)(s - j->at)};
    j->at = s;
    return JSON_NUMBER;
}

static enum json_event read_word(struct json *j, struct bytes word, enum json_event event)
{
    size_t i, left = (size_t)(j->end - j->at);
    for (i = 0; i < word.len && i < left && j->at[i] == word.at[i]; i++)
        continue;
    if (i < word.len)
        return fail(j, j->at + i, i == left ? json_too_early : "a value was expected");
    j->at += word.len;
    return event;
}

/* ---- structure ---- */

/* The next byte that is not white space; -1 at the end. */
static int look(struct json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' || *j->at == '\r' || *j->at == '\t'))
        j->at++;
    return j->at < j->end ? (unsigned char)*j->at : -1;
}

static int look_at_start(struct json *j)
{
    int c = look(j);
    j->start = j->at;
    return c;
}

static enum json_event unexpected(struct json *j, const char *expected)
{
    return fail(j, j->at, j->at == j->end ? json_too_early : expected);
}

static enum json_event enter(struct json *j, enum json_event event)
{
    uint64_t bit = UINT64_C(1) << j->depth % 64, *word;
    if (j->depth >= j->depth_max || j->depth >= JSON_DEPTH_ROOM)
        return fail(j, j->at, "nested too deeply");
    word = &j->objects[j->depth++ / 64];
    *word = event == JSON_OBJECT ? *word | bit : *word & ~bit;
    j->first = true;
    j->at++;
    return event;
}

static enum json_event leave(struct json *j, enum json_event event)
{
    j->depth--;
    j->first = false;
    j->at++;
    return event;
}

static enum json_event read_value(struct json *j)
{
    int c = look_at_start(j);
    j->pending = false;
    switch (c) {
    case '"':
        return read_string(j, JSON_STRING);
    case '{':
        return enter(j, JSON_OBJECT);
    case '[':
        return enter(j, JSON_ARRAY);
    case 't':
        return read_word(j, BYTES("true"), JSON_TRUE);
    case 'f':
        return read_word(j, BYTES("false"), JSON_FALSE);
    case 'n':
        return read_word(j, BYTES("null"), JSON_NULL);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(j);
    return unexpected(j, "a value was expected");
}

/* Goes over the comma before the next member or item; none stands before the first. */
static bool separated(struct json *j, int c)
{
    bool first = j->first;
    j->first = false;
    if (first)
        return true;
    if (c == ',')
        j->at++;
    return c == ',';
}

static enum json_event next_member(struct json *j)
{
    int c = look_at_start(j);
    if (c == '}')
        return leave(j, JSON_OBJECT_END);
    if (!separated(j, c))
        return unexpected(j, "',' or '}' was expected");
    if (look_at_start(j) != '"')
        return unexpected(j, "a member name was expected");
    if (!read_string(j, JSON_KEY))
        return JSON_ERROR;
    j->key = j->text;
    if (look(j) != ':')
        return unexpected(j, "':' was expected");
    j->at++;
    j->pending = true;
    return JSON_KEY;
}

/* JSON_ARRAY when there is one more: its value is pending. */
static enum json_event next_item(struct json *j)
{
    int c = look_at_start(j);
    if (c == ']')
        return leave(j, JSON_ARRAY_END);
    if (!separated(j, c))
        return unexpected(j, "',' or ']' was expected");
    j->pending = true;
    return JSON_ARRAY;
}

static bool in_object(const struct json *j)
{
    int n = j->depth - 1;
    return n >= 0 && j->objects[n / 64] >> n % 64 & 1;
}

static enum json_event advance(struct json *j)
{
    if (j->pending)
        return read_value(j);
    if (in_object(j))
        return next_member(j);
    if (j->depth) {
        enum json_event event = next_item(j);
        return j->pending ? read_value(j) : event;
    }
    return look(j) < 0 ? JSON_END : unexpected(j, "something follows the value");
}

enum json_event json_next(struct json *j)
{
    if (j->event != JSON_ERROR)
        j->event = advance(j);
    return j->event;
}

/* ---- walking ---- */

static bool expect(struct json *j, enum json_event event, const char *what)
{
    if (json_next(j) != event)
        json_refuse(j, "%s was expected", what);
    return j->event == event;
}

bool json_object(struct json *j)
{
    return expect(j, JSON_OBJECT, "an object");
}

bool json_array(struct json *j)
{
    return expect(j, JSON_ARRAY, "an array");
}

bool json_member(struct json *j)
{
    json_skip(j);
    return json_next(j) == JSON_KEY;
}

bool json_item(struct json *j)
{
    json_skip(j);
    if (j->event != JSON_ERROR && (!j->depth || in_object(j)))
        j->event = unexpected(j, "an array was expected");
    else if (j->event != JSON_ERROR)
        j->event = next_item(j);
    return j->event != JSON_ERROR && j->pending;
}

bool json_named(const struct json *j, const char *name)
{
    return bytes_is(j->key, name);
}

struct bytes json_text(struct json *j)
{
    return expect(j, JSON_STRING, "a string") ? j->text : (struct bytes){"", 0};
}

int64_t json_int64(struct json *j)
{
    int64_t value;
    if (expect(j, JSON_NUMBER, "a number") && j->integer && bytes_to_int64(j->text, &value))
        return value;
    json_refuse(j, "a whole number of at most 64 bits was expected");
    return 0;
}

bool json_bool(struct json *j)
{
    if (json_next(j) != JSON_TRUE && j->event != JSON_FALSE)
        json_refuse(j, "true or false was expected");
    return j->event == JSON_TRUE;
}

void json_skip(struct json *j)
{
    int depth = j->depth;
    if (!j->pending)
        return;
    j->skipping = true;
    while (json_next(j) != JSON_ERROR && j->depth > depth)
        continue;
    j->skipping = false;
}

struct bytes json_raw(struct json *j)
{
    const char *from;
    if (!j->pending || j->event == JSON_ERROR) {
        json_refuse(j, "a value was expected");
        return (struct bytes){"", 0};
    }
    look(j);
    from = j->at;
    json_skip(j);
    return j->event == JSON_ERROR ? (struct bytes){"", 0}
                                  : (struct bytes){from, (size_t)(j->at - from)};
}

bool json_end(struct json *j)
{
    if (json_next(j) != JSON_END)
        json_refuse(j, "the value is over before this");
    return j->event == JSON_END;
}
