/* SQLite queue: a queue kept in one file, the embedded stand-in for SQS with the same contract.
 * Owns its connection. Several processes may share the file: leases, receipts, receive counts and
 * delays stand in it, in wall time, and each operation is one transaction that is on the disk
 * before it is confirmed, so a kill or a power failure undoes nothing that was. Every operation
 * ends inside its start; `wait_s` is not looked at: an empty answer comes at once. It never blocks
 * for longer than its busy timeout (3 s, while another process writes), then answers "busy"
 * (retryable). Files, their space and their errors: sqlite_file.h.
 *
 * Messages come in the order in which they were sent, those that came back as well. An operation
 * that fails as a whole has changed nothing. Ids are the queue's own; a body and attributes are
 * refused where SQS refuses them (queue_entry_check()); group ids come back, but make no groups. A
 * receipt that is not the newest, or no receipt at all, changes nothing and succeeds; an extension
 * by such a one fails with MessageNotInflight. A lease that lapsed may be extended until somebody
 * receives the message. A queue has no redrive policy; a lease that was not asked for is that of
 * the queue, 30 s. Settings count exactly: visible; in flight, hidden after a delivery (a lease or
 * a release with a delay); delayed, hidden before the first one.
 *
 * Time: a clock that is set forward ends leases and delays early. One that is set back is noticed
 * by the next operation that writes, to a second, and what is hidden moves back with it: nothing
 * vanishes and nothing comes before its lease is over; it comes late by no more than the time,
 * before the clock was set, in which nobody wrote. More than 1000 leases that lapse between two
 * receives come back 1000 a receive.
 *
 * For people with sqlite3: the SQL table NAME has a row a message. visible_ms is when it may be
 * received, 0: now. INSERT INTO requests (body) VALUES ('...') sends one. The lease of a queue is
 * visibility_s of its row in tidegate_queues. */
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
 * a missing one is the error NoSuchQueue, as is a missing directory in both cases. "BadPlace" for
 * a name that is none or belongs to a table of items; "io", "access_denied", "not_a_database" from
 * the file. */
struct queue *sqlite_queue_open(struct bytes place, bool create, struct sqlite_clock clock,
                                struct err *err);
/* The parking place of that queue, in the same file, which must be there; it is made when the first
 * message is sent to it, and is an empty queue until then. */
struct queue *sqlite_queue_parked(struct bytes place, struct sqlite_clock clock, struct err *err);

#endif
