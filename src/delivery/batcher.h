/* Batcher: gathers what is to be said to a queue about single messages, and says it ten at a time.
 * Borrows the queue and the deliveries; owns its calls. An entry's id is its position in the call,
 * never the message's id, which may stand twice in one batch. Entries that fail and may go well
 * later are tried again with backoff, up to a bound; those of a message that is lost are tried
 * once. It never decides what is said: its owner adds, and is told of each entry's end exactly
 * once. */
#ifndef TIDEGATE_DELIVERY_BATCHER_H
#define TIDEGATE_DELIVERY_BATCHER_H

#include "delivery/cache.h"

enum { BATCHER_TRIES = 6 };

struct batcher {
    struct queue *queue;
    enum queue_verb verb;            /* QUEUE_DELETE, QUEUE_RELEASE or QUEUE_SEND (parking) */
    int64_t linger_us;               /* how long an entry waits for company */
    const char *source;              /* SEND: what the parked message says of where it was */
    void (*settled)(struct batcher *b, struct delivery *d, const struct err *err); /* err empty: it
                                                                                      went well */
    void *owner;

    struct list waiting;             /* deliveries, by batch_link */
    struct list flights;             /* calls under way */
    struct list landed;              /* calls that are answered, not yet looked at */
};

void batcher_init(struct batcher *b, struct queue *queue, enum queue_verb verb, int64_t linger_us);
/* The delivery's first try; its tries begin anew. */
void batcher_add(struct batcher *b, struct delivery *d, struct monotime now);
/* Looks at answers (calling `settled`), then sends what is due; `hurry` sends all that may go. */
void batcher_turn(struct batcher *b, struct monotime now, bool hurry);
/* When batcher_turn() has something to do, if nothing else happens first. */
struct monotime batcher_next(const struct batcher *b);
bool batcher_idle(const struct batcher *b);
/* Aborts the calls under way and forgets everything, without telling. */
void batcher_free(struct batcher *b);

#endif
