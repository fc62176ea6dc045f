/* Consumer: the engine between a queue and handlers: takes messages, has them handled a few at a
 * time, settles each one. Borrows the source, the parking place and its host; owns the messages in
 * hand. Time is an argument: its owner calls consumer_turn() whenever something happened or
 * consumer_next() has come. It knows no Lua, no clock and no socket, and it never ends with a
 * message unaccounted for. */
#ifndef TIDEGATE_DELIVERY_CONSUMER_H
#define TIDEGATE_DELIVERY_CONSUMER_H

#include "delivery/cache.h"
#include "delivery/ledger.h"

/* until_empty: an error when the stores of its handlers fail for so long; all goes back. */
#define CONSUMER_OUTAGE_US (60 * SECOND_US)

struct consumer_options {
    size_t concurrency;              /* handlers at once, at least 1 */
    int wait_s;                      /* long poll */
    int visibility_s;                /* -1: the queue's own */
    int64_t deadline_us;             /* of a handler, from its start: it is stopped then; 0: none */
    int max_receives;                /* 0: one less than the redrive policy's count, else 5 */
    bool until_empty;                /* finish when nothing is left or leased */
    uint64_t max_messages;           /* take no more than so many, finish when these are settled; 0:
                                        any number */
    int64_t max_runtime_us;          /* drain when so much time has passed; -1: never */
    int64_t drain_us;                /* … and after so much more cancel what still runs */
};

/* What the engine asks of whoever runs the handlers. Handlers are never run inside these calls,
 * only begun or stopped. */
struct consumer_host {
    void *self;
    /* Begin the handler; answer with consumer_verdict(), later or at once. */
    void (*start)(void *self, struct delivery *d);
    /* Stop the handler that was begun; no verdict may follow. */
    void (*cancel)(void *self, struct delivery *d);
    /* Open the dead-letter queue that the source names. It stays the host's. NULL with err when it
     * cannot. */
    struct queue *(*dead_letter)(void *self, const char *url, struct err *err);
};

struct consumer;

/* `park` may be NULL: then the source's dead-letter queue is used, if it has one. */
struct consumer *consumer_new(struct queue *source, struct queue *park,
                              const struct consumer_options *options,
                              const struct consumer_host *host, struct monotime now);
/* Abandons everything in hand: call it after consumer_finished(), or to stop at once. */
void consumer_free(struct consumer *c);

void consumer_turn(struct consumer *c, struct monotime now);
struct monotime consumer_next(const struct consumer *c);

/* Called by a running handler, once: this message belongs to the lane `name`. Finishes `op` when
 * the lane is its own, at once or later; until then the message holds no slot. */
void consumer_enter(struct consumer *c, struct delivery *d, struct bytes name, struct op *op);
/* The handler's answer, once. */
void consumer_verdict(struct consumer *c, struct delivery *d, const struct verdict *v,
                      struct monotime now);

/* Stop taking, finish what is in hand, give back what was not begun; after drain_us cancel what
 * still runs. */
void consumer_drain(struct consumer *c, struct monotime now, int64_t drain_us);
bool consumer_draining(const struct consumer *c);
bool consumer_finished(const struct consumer *c);

struct consumer_report {
    struct ledger ledger;
    struct err err;                  /* why it could not go on; empty when it could */
    const char *ended; /* "empty", "max_messages", "max_runtime", "stopped" (drained); NULL: not, or
                          by an error */
    bool cut;     /* the drain deadline passed, with work cancelled and released */
    int64_t left; /* messages known to be left in the source because no place takes them */
    size_t running, waiting; /* handlers at work; messages in hand that wait for a slot or a lane */
};
struct consumer_report consumer_report(const struct consumer *c);

#endif
