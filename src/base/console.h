/* Console: stderr, where the lines of the log and one live line below them share a terminal.
 * The process has one; it keeps a copy of the live line and owns nothing else. The live line is
 * there only while stderr is a terminal that can move its cursor: else nothing of it is written.
 * It never lets a control character of that line out, and never waits long. */
#ifndef TIDEGATE_BASE_CONSOLE_H
#define TIDEGATE_BASE_CONSOLE_H

#include "base/bytes.h"

/* From here on by a way that cannot block, as far as the system gives one. */
void console_begin(void);
void console_end(void);                          /* without the live line; may be called twice */

/* Columns of the screen on which a person reads what is written here; 0: it goes elsewhere. What
 * it is is looked at once, when the console begins. */
int console_screen(void);
/* Does the live line stand there, or wait for the end of a line that was begun? */
bool console_live(void);
/* Columns of the terminal behind that descriptor; 0 when it is none, or TERM is dumb or not set. */
int console_columns(int fd);

/* Text as it is, above the live line: 0, or the errno of what stopped it. */
int console_write(struct bytes text);
/* The live line, cut to the terminal's width; empty: none. */
void console_status(struct bytes text);
/* All of it to stdout, waiting as long as that takes: 0, or the errno. */
int console_stdout(struct bytes text);
/* From a signal handler, before the process ends: takes the live line away, writes the text. */
void console_last_words(struct bytes text);

#endif
