#include "base/event_line.h"

#include "base/printable.h"

#include <inttypes.h>
#include <string.h>

/* ---- for people ---- */

enum manner { PLAIN, QUOTED, LINES };    /* LINES: line feeds and tabs do what they say */

static void add_hidden(struct buf *line, uint32_t code, unsigned char byte, enum manner manner)
{
    if (manner == LINES && (code == '\n' || code == '\t'))
        buf_text(line, code == '\n' ? "\n    " : "    ");
    else if (code == '\n')
        buf_text(line, "\\n");
    else if (code < 0x80 || code == PRINTABLE_BROKEN)
        buf_printf(line, "\\x%02x", byte);
    else
        buf_printf(line, "\\u%04" PRIx32, code);
}

static void add_shown(struct buf *line, struct bytes text, enum manner manner)
{
    uint32_t code;
    size_t length;
    for (; (length = printable_next(text, &code)) != 0; text = bytes_from(text, length)) {
        if (!printable(code)) {
            add_hidden(line, code, (unsigned char)text.at[0], manner);
            continue;
        }
        if (manner == QUOTED && (code == '"' || code == '\\'))
            buf_char(line, '\\');
        buf_add(line, (struct bytes){text.at, length});
    }
}

static bool needs_quotes(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] == ' ' || value.at[i] == '"' || value.at[i] == '=')
            return true;
    return value.len == 0;
}

static void add_field(struct buf *line, const struct pair *field)
{
    bool quoted = needs_quotes(field->value);
    buf_char(line, ' ');
    add_shown(line, field->name, PLAIN);
    buf_text(line, quoted ? "=\"" : "=");
    add_shown(line, field->value, quoted ? QUOTED : PLAIN);
    if (quoted)
        buf_char(line, '"');
}

static void add_text(struct buf *line, const struct event *e)
{
    char when[CLOCK_TEXT];
    walltime_iso(e->when, when);
    buf_printf(line, "%s %-5s ", when, e->level);
    add_shown(line, e->text, PLAIN);
    for (size_t i = 0; e->fields && i < e->fields->count; i++)
        add_field(line, &e->fields->at[i]);
}

/* ---- on a screen ---- */

enum { DATE_LEN = sizeof "2026-01-31T" - 1 };

static int columns_of(struct bytes text)
{
    int columns = 0;
    uint32_t code;
    size_t length;
    for (; (length = printable_next(text, &code)) != 0; text = bytes_from(text, length))
        columns += printable_columns(code);
    return columns;
}

/* From `start` on, which is where the line has used `used` columns. */
static void add_fields_that_fit(struct buf *line, const struct event *e, size_t start, int used)
{
    used += columns_of(bytes_from(buf_bytes(line), start));
    for (size_t i = 0; i < e->fields->count; i++) {
        size_t before = line->len;
        int columns;
        add_field(line, &e->fields->at[i]);
        columns = columns_of(bytes_from(buf_bytes(line), before));
        if (e->columns && used + columns > e->columns)
            line->len = before;
        else
            used += columns;
    }
}

static void add_screen(struct buf *line, const struct event *e)
{
    char when[CLOCK_TEXT];
    size_t start;
    walltime_iso(e->when, when);
    buf_printf(line, "%s ", when + DATE_LEN);
    if (e->colour)
        buf_printf(line, "\x1b[%dm%-5s\x1b[0m ", e->colour, e->level);
    else
        buf_printf(line, "%-5s ", e->level);
    start = line->len;
    add_shown(line, e->text, LINES);
    if (e->fields)
        add_fields_that_fit(line, e, start, (int)strlen(when + DATE_LEN) + 1 + 5 + 1);
}

/* ---- as JSON ---- */

static void add_inside(struct buf *line, struct bytes text)
{
    uint32_t code;
    size_t length;
    for (; (length = printable_next(text, &code)) != 0; text = bytes_from(text, length)) {
        if (code == PRINTABLE_BROKEN)
            buf_text(line, "\\ufffd");
        else if (!printable(code))
            buf_printf(line, "\\u%04" PRIx32, code);
        else if (code == '"' || code == '\\')
            buf_printf(line, "\\%c", (char)code);
        else
            buf_add(line, (struct bytes){text.at, length});
    }
}

static void add_member(struct buf *line, struct bytes name, struct bytes value)
{
    buf_text(line, ",\"");
    buf_add(line, name);
    buf_text(line, "\":\"");
    add_inside(line, value);
    buf_char(line, '"');
}

/* Names are compared as they are written: two that differ in broken bytes alone become one. */
static void add_members(struct buf *line, const struct pairs *fields)
{
    struct pairs names = {0};
    struct buf name;
    buf_init(&name, EVENT_LINE_MAX);
    pairs_set(&names, "ts", "");
    pairs_set(&names, "level", "");
    pairs_set(&names, "msg", "");
    for (size_t i = 0; i < fields->count && !line->failed; i++) {
        buf_clear(&name);
        add_inside(&name, fields->at[i].name);
        while (pairs_has(&names, buf_bytes(&name)))
            buf_char(&name, '_');
        line->failed = line->failed || name.failed;
        pairs_add(&names, buf_bytes(&name), BYTES(""));
        add_member(line, buf_bytes(&name), fields->at[i].value);
    }
    buf_free(&name);
    pairs_free(&names);
}

static void add_json(struct buf *line, const struct event *e)
{
    char when[CLOCK_TEXT];
    walltime_iso(e->when, when);
    buf_printf(line, "{\"ts\":\"%s\",\"level\":\"%s\"", when, e->level);
    add_member(line, BYTES("msg"), e->text);
    if (e->fields)
        add_members(line, e->fields);
    buf_char(line, '}');
}

/* ---- either ---- */

enum { UTF8_TAIL = 3 };               /* bytes behind the first of a character */

/* No character is cut in two. */
static struct bytes at_most(struct bytes text, size_t most)
{
    if (text.len <= most)
        return text;
    text.len = most;
    for (int i = 0; i < UTF8_TAIL && ((unsigned char)text.at[text.len] & 0xC0) == 0x80; i++)
        text.len--;
    return text;
}

static void add_event(struct buf *line, enum event_format format, const struct event *e)
{
    if (format == EVENT_JSON)
        add_json(line, e);
    else if (format == EVENT_SCREEN)
        add_screen(line, e);
    else
        add_text(line, e);
}

void event_line(struct buf *out, enum event_format format, const struct event *e)
{
    struct event said = *e;
    struct buf line;
    buf_init(&line, EVENT_LINE_MAX);
    said.text = at_most(e->text, EVENT_TEXT_MAX);
    add_event(&line, format, &said);
    if (line.failed) {
        buf_clear(&line);
        said.text = BYTES("(a line too long to log)");
        said.fields = NULL;
        add_event(&line, format, &said);
    }
    buf_char(&line, '\n');
    buf_add(out, buf_bytes(&line));
    buf_free(&line);
}
