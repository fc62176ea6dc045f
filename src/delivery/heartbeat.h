/* Heartbeat: extends the leases of all that is in hand, ten a call, when half of a lease is over,
 * until it is stopped for a message or the message leaves the cache.
 * Borrows the queue and the deliveries; owns its calls. Leases count from the moment the question
 * left, and it never asks for more than what is left of QUEUE_VISIBILITY_MAX_S after the receive:
 * SQS takes that for an error. When nothing is left, or the queue refuses, the lease runs out.
 *
 * Calls that fail and may go well later are repeated until the lease is over, and a call that is
 * not answered in time is given up and made again. A message whose lease is over, or that the
 * queue says is not ours any more, is lost: its owner is told, once. */
#ifndef TIDEGATE_DELIVERY_HEARTBEAT_H
#define TIDEGATE_DELIVERY_HEARTBEAT_H

#include "delivery/cache.h"

struct heartbeat {
    struct queue *queue;
    int window_s;                    /* the lease that is asked for each time */
    void (*lost)(struct heartbeat *h, struct delivery *d);       /* it may remove the delivery */
    void *owner;

    struct list waiting;             /* deliveries by beat_link, the next to be due first */
    struct list flights;             /* calls under way */
    struct list landed;              /* calls that are answered, not yet looked at */
    bool refused;                    /* that this queue extends no lease was said */
};

void heartbeat_init(struct heartbeat *h, struct queue *queue);
/* A message that was just received, for the first time or again: sets its lease. */
void heartbeat_add(struct heartbeat *h, struct delivery *d, struct monotime asked_at,
                   struct monotime now);
/* It is given back: no later extension may hide it. */
void heartbeat_stop(struct delivery *d);
/* An extension that was asked for may still arrive: nothing should be said of it before that. */
bool heartbeat_under_way(const struct delivery *d);
/* Looks at answers (calling `lost`), then extends what is due. */
void heartbeat_turn(struct heartbeat *h, struct monotime now);
/* When heartbeat_turn() has something to do, if nothing else happens first. */
struct monotime heartbeat_next(const struct heartbeat *h);
/* Aborts the calls under way and forgets everything, without telling. */
void heartbeat_free(struct heartbeat *h);

#endif
