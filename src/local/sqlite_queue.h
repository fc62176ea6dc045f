/* SQLite queue: a queue kept in one file, the embedded stand-in for SQS with the same contract.
 * Owns its connection. Several processes may share the file: leases, receipts, receive counts and
 * delays stand in it, in wall time, and each operation is one transaction that is on the disk
 * before it is confirmed. Every operation ends inside its start; `wait_s` is not looked at: an
 * empty answer comes at once. It never blocks for longer than its busy timeout, then answers "busy"
 * (retryable). */
#ifndef TIDEGATE_LOCAL_SQLITE_QUEUE_H
#define TIDEGATE_LOCAL_SQLITE_QUEUE_H

#include "base/queue.h"

#define SQLITE_QUEUE_NAME "requests"     /* of sqlite:FILE without #NAME */
#define SQLITE_PARKED "-parked"          /* what NAME's parking place is called behind NAME */

struct sqlite_clock {
    struct walltime (*now)(void *self);  /* of the process that owns the queue */
    void *self;
};

/* `place` is FILE or FILE#NAME. `create`: makes the file and the queue when they are missing; else
 * a missing one is the error NoSuchQueue. "BadPlace" for a name that is none or belongs to a table
 * of items; "io", "access_denied", "not_a_database" from the file. */
struct queue *sqlite_queue_open(struct bytes place, bool create, struct sqlite_clock clock,
                                struct err *err);
/* The parking place of that queue, in the same file; it is made when the first message is sent to
 * it. */
struct queue *sqlite_queue_parked(struct bytes place, struct sqlite_clock clock, struct err *err);

#endif
