#include "base/log.h"

#include "base/console.h"
#include "base/outlet.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RED = 31, YELLOW = 33 };          /* as terminals count them */

/* Where lines go: `write` gives 0 or the errno. */
struct sink {
    int (*write)(struct bytes line);
    uint64_t dropped;
    int problem;                     /* the errno of the last drop */
};

static const char *const names[] = {"debug", "info", "warn", "error", "off"};

static enum log_level threshold = LOG_INFO;
static enum event_format format = EVENT_TEXT;
static const char *path;             /* of the file; NULL: there is none */
static struct outlet file = {.fd = -1};

static int to_file(struct bytes line)
{
    return outlet_write(&file, line);
}

static struct sink console_sink = {.write = console_write}, file_sink = {.write = to_file};

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

/* ---- writing ---- */

/* NO_COLOR, when it says anything, turns colours off (no-color.org). */
static int colour_of(enum log_level level)
{
    const char *off = getenv("NO_COLOR");
    if (level < LOG_WARN || (off && *off))
        return 0;
    return level == LOG_WARN ? YELLOW : RED;
}

static struct event event_of(enum log_level level, struct bytes text, const struct pairs *fields)
{
    bool hurried = level < LOG_WARN && console_live();
    return (struct event){
        .when = clock_wall(),
        .level = names[level],
        .text = text,
        .fields = fields,
        .columns = hurried ? console_screen() - 1 : 0,
        .colour = colour_of(level),
    };
}

static enum event_format form_for(const struct sink *s)
{
    return s == &console_sink && format == EVENT_TEXT && console_screen() ? EVENT_SCREEN : format;
}

static int tell(struct sink *s, enum log_level level, const char *text)
{
    struct event e = event_of(level, bytes_of(text), NULL);
    struct buf line;
    int problem;
    buf_init(&line, EVENT_LINE_MAX + 1);
    event_line(&line, form_for(s), &e);
    problem = s->write(buf_bytes(&line));
    buf_free(&line);
    return problem;
}

static int tell_dropped(struct sink *s)
{
    char text[200];
    int problem;
    if (!s->dropped)
        return 0;
    snprintf(text, sizeof text, "%" PRIu64 " lines of the log could not be written here: %s",
             s->dropped, strerror(s->problem));
    problem = tell(s, LOG_WARN, text);
    if (!problem)
        s->dropped = 0;
    return problem;
}

/* Who watches stderr learns at once that the file has holes. */
static void warn_of_file(int problem)
{
    char text[512];
    snprintf(text, sizeof text, "the log file %.300s cannot be written: %s", path,
             strerror(problem));
    tell(&console_sink, LOG_WARN, text);
}

static void put(struct sink *s, struct bytes line)
{
    int problem = tell_dropped(s);
    if (!problem)
        problem = s->write(line);
    if (!problem)
        return;
    if (s == &file_sink && !s->dropped)
        warn_of_file(problem);
    s->dropped++;
    s->problem = problem;
}

void log_event(enum log_level level, struct bytes text, const struct pairs *fields)
{
    struct event e;
    struct buf line;
    enum event_format shown = form_for(&console_sink);
    if (!log_wants(level))
        return;
    e = event_of(level, text, fields);
    buf_init(&line, EVENT_LINE_MAX + 1);
    event_line(&line, shown, &e);
    put(&console_sink, buf_bytes(&line));
    if (path && shown != format) {
        buf_clear(&line);
        event_line(&line, format, &e);
    }
    if (path)
        put(&file_sink, buf_bytes(&line));
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

void log_last_words(const char *text)
{
    char line[256];
    const char *const parts[] = {
        format == EVENT_JSON ? "{\"level\":\"error\",\"msg\":\"" : "tidegate: ", text,
        format == EVENT_JSON ? "\"}\n" : "\n"};
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *c = parts[i]; *c && len < sizeof line; c++)
            line[len++] = *c;
    console_last_words((struct bytes){line, len});
    if (path)
        to_file((struct bytes){line, len});
}

/* ---- life ---- */

int log_begin(enum event_format as, const char *file_path, struct err *err)
{
    int problem = 0;
    if (file_path)
        problem = outlet_open(&file, file_path);
    if (problem)
        return err_set(err, "BadLog", "the log file %.250s cannot be opened: %s", file_path,
                       strerror(problem));
    format = as;
    path = file_path;
    console_begin();
    return 0;
}

void log_reopen(void)
{
    struct outlet fresh;
    int problem;
    if (!path)
        return;
    problem = outlet_open(&fresh, path);
    if (problem) {
        log_line(LOG_WARN, "the log file %.300s cannot be opened again (%s): the old one goes on",
                 path, strerror(problem));
        return;
    }
    outlet_close(&file);
    file = fresh;
}

void log_end(void)
{
    tell_dropped(&console_sink);
    if (path)
        tell_dropped(&file_sink);
    outlet_close(&file);
    console_end();
    path = NULL;
    format = EVENT_TEXT;
    console_sink.dropped = file_sink.dropped = 0;
}
