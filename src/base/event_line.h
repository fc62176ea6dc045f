/* Event line: one event of the log as one line, for people or as JSON.
 * Borrows the event and appends to the caller's buffer.
 * Whatever bytes are in it, the line is one line and holds nothing that a terminal would obey; as
 * JSON it is one valid object. */
#ifndef TIDEGATE_BASE_EVENT_LINE_H
#define TIDEGATE_BASE_EVENT_LINE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/pairs.h"

enum { EVENT_LINE_MAX = 16 * 1024, EVENT_TEXT_MAX = 2 * 1024 };

enum event_format { EVENT_TEXT, EVENT_JSON };

struct event {
    struct walltime when;
    const char *level;
    struct bytes text;               /* what is over EVENT_TEXT_MAX is cut */
    const struct pairs *fields;      /* NULL: none */
};

/* Text: "DATE level text name=value", values with spaces or quotes quoted, what must not be shown
 * as \n, \xHH or \uHHHH. JSON: members ts, level, msg, then the fields as strings; a name that is
 * taken gets a '_' behind it, and a byte that is not UTF-8 becomes U+FFFD. An event that is too
 * long becomes a short line that says so. */
void event_line(struct buf *out, enum event_format format, const struct event *e);

#endif
