/* Handling: one message on its way through Lua: lane function, lane, handler, verdict.
 * Borrows the consumption that it belongs to; its task is a coroutine of its own. Whatever goes
 * wrong in it becomes the verdict retry, with the traceback in the log: a message is never left
 * without an answer. It never settles anything itself: it tells the consumer. */
#ifndef TIDEGATE_API_HANDLING_H
#define TIDEGATE_API_HANDLING_H

#include "delivery/consumer.h"
#include "host/host.h"

struct handling {
    struct host *host;
    struct consumer *consumer;
    const char *source;              /* URL of the queue */
    bool uncounted;                  /* the source forgets its receive counts with this process */
    int handler, lane;               /* registry references; lane may be LUA_NOREF */
};

/* Begins the task of this delivery; out of memory becomes a retry. */
void handling_start(struct handling *h, struct delivery *d);
/* Stops it, without a verdict. */
void handling_cancel(struct delivery *d);

#endif
