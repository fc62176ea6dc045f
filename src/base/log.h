/* Log: one line an event, on stderr.
 * The process has one log; it borrows what it prints. Every line is one line: control characters
 * are escaped. It never stops the work (a failed write is dropped) and is never handed a secret. */
#ifndef TIDEGATE_BASE_LOG_H
#define TIDEGATE_BASE_LOG_H

#include "base/bytes.h"
#include "base/mem.h"
#include "base/pairs.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* "debug", "info", "warn", "error", "off"; false on anything else. */
bool log_level_parse(struct bytes text, enum log_level *out);

void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
/* The same with fields behind the text, as name=value; values with spaces or quotes are quoted. */
void log_event(enum log_level level, struct bytes text, const struct pairs *fields);

#endif
