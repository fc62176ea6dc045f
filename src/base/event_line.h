/* Event line: one event of the log as one line, as text or as JSON, or as it is shown on a screen.
 * Borrows the event and appends to the caller's buffer.
 * Whatever bytes are in it, the line is one line and holds nothing that a terminal would obey; as
 * JSON it is one valid object. On a screen lines of its text stay lines, but what is behind the
 * first of them is indented, as no event ever is. */
#ifndef TIDEGATE_BASE_EVENT_LINE_H
#define TIDEGATE_BASE_EVENT_LINE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/pairs.h"

enum { EVENT_LINE_MAX = 16 * 1024, EVENT_TEXT_MAX = 2 * 1024 };

enum event_format { EVENT_TEXT, EVENT_JSON, EVENT_SCREEN };

struct event {
    struct walltime when;
    const char *level;
    struct bytes text;               /* what is over EVENT_TEXT_MAX is cut */
    const struct pairs *fields;      /* NULL: none */
    int columns;                     /* SCREEN: a field that does not fit is left out; 0: none is */
    int colour;                      /* SCREEN: of the level, as terminals count them; 0: none */
};

/* Text: "DATE level text name=value", values with spaces or quotes quoted, what must not be shown
 * as \n, \xHH or \uHHHH. JSON: members ts, level, msg, then the fields as strings; a name that is
 * taken gets a '_' behind it, and a byte that is not UTF-8 becomes U+FFFD. An event that is too
 * long becomes a short line that says so. Screen: the text, with the time of the day alone. */
void event_line(struct buf *out, enum event_format format, const struct event *e);

#endif
