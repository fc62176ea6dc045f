/* Restart: runs this very program anew in the same process, after a handler that nothing could
 * stop, and hands on which message that was. Queues count how often they gave a message; a bucket
 * counts nothing, so without this its message would end every process that comes after. The notes
 * travel in one environment variable; keys stand in them without their bucket. It never restarts a
 * program that did not ask for it, and notes that do not fit push out the oldest. */
#ifndef TIDEGATE_HOST_RESTART_H
#define TIDEGATE_HOST_RESTART_H

#include "base/bytes.h"

/* Call once, first thing. Borrows argv; reads the notes of the life before. */
void restart_prepare(char **argv);
/* Notes that this message was received so often, and starts anew. Async-signal-safe; returns only
 * when the system refuses. */
void restart_after(const char *key, int receives);
/* The next note: *at is 0 at first. False when there are no more. */
bool restart_note(size_t *at, struct bytes *key, int *receives);

#endif
