/* Log: one line an event, on stderr and, if there is one, in a file.
 * The process has one log; it borrows what it prints and owns its file. Every line is one line, and
 * says nothing to a terminal (event_line.h); a person at one gets the form for a screen, and while
 * the live line stands, of what is no warning only the fields that fit. It never stops the work:
 * what cannot be written is dropped, counted, and told when writing works again. It is never handed
 * a secret. */
#ifndef TIDEGATE_BASE_LOG_H
#define TIDEGATE_BASE_LOG_H

#include "base/err.h"
#include "base/event_line.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* "debug", "info", "warn", "error", "off"; false on anything else. */
bool log_level_parse(struct bytes text, enum log_level *out);

/* Until log_begin() lines are text, on stderr alone. `file`: NULL or a path, which must outlive
 * log_end(). -1 with err "BadLog" when the file cannot be opened. */
int log_begin(enum event_format format, const char *file, struct err *err) MUSTCHECK;
/* Opens the file anew, for whoever has moved it away. When that fails, the old one goes on. */
void log_reopen(void);
/* Tells what was dropped and closes the file; may be called twice. */
void log_end(void);

void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
/* The same with fields behind the text, as name=value; values with spaces or quotes are quoted. */
void log_event(enum log_level level, struct bytes text, const struct pairs *fields);
/* An error line without a date, from where the process ends, a signal handler too: printable ASCII
 * without quotes or backslashes, 200 bytes at most. */
void log_last_words(const char *text);

#endif
