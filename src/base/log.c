#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024, TEXT_MAX_BYTES = 2 * 1024 };

static enum log_level threshold = LOG_INFO;
static const char *const names[] = {"debug", "info", "warn", "error", "off"};

void log_set_level(enum log_level level)
{
    threshold = level;
}

bool log_wants(enum log_level level)
{
    return level >= threshold;
}

bool log_level_parse(struct bytes text, enum log_level *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_is(text, names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

static void add_escaped(struct buf *line, struct bytes text, bool quoted)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '\n')
            buf_text(line, "\\n");
        else if (c < 32 || c == 127)
            buf_printf(line, "\\x%02x", c);
        else if (quoted && (c == '"' || c == '\\'))
            buf_printf(line, "\\%c", c);
        else
            buf_char(line, (char)c);
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
    add_escaped(line, field->name, false);
    buf_text(line, quoted ? "=\"" : "=");
    add_escaped(line, field->value, quoted);
    if (quoted)
        buf_char(line, '"');
}

void log_event(enum log_level level, struct bytes text, const struct pairs *fields)
{
    char when[CLOCK_TEXT];
    struct buf line;
    ssize_t wrote;
    if (!log_wants(level))
        return;
    buf_init(&line, LINE_MAX_BYTES);
    walltime_iso(clock_wall(), when);
    buf_printf(&line, "%s %-5s ", when, names[level]);
    if (text.len > TEXT_MAX_BYTES)
        text.len = TEXT_MAX_BYTES;
    add_escaped(&line, text, false);
    for (size_t i = 0; fields && i < fields->count; i++)
        add_field(&line, &fields->at[i]);
    if (line.failed) {
        buf_clear(&line);
        buf_printf(&line, "%s %-5s (a line too long to log)", when, names[level]);
    }
    buf_char(&line, '\n');
    wrote = write(STDERR_FILENO, buf_string(&line), line.len);
    (void)wrote;                        /* a full disk or a closed pipe must not stop the work */
    buf_free(&line);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    if (!log_wants(level))
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log_event(level, bytes_of(text), NULL);
}
