/* Settlement: turns verdicts into calls on the queue, and confirmed calls into the ledger.
 * Borrows the cache, the lanes and the queues; owns its batches. A message leaves the cache, and
 * its lane goes on to the next, only when its end is confirmed. Parking is: send it to the parking
 * place first, delete it from its source after. A message that goes back is hidden for no longer
 * than its source allows, 12 h from the receive; one that is lost does not go back: it is back
 * already. It never loses a message: whatever cannot be said
 * stays with the source, whose lease ends by itself. */
#ifndef TIDEGATE_DELIVERY_SETTLEMENT_H
#define TIDEGATE_DELIVERY_SETTLEMENT_H

#include "base/random.h"
#include "delivery/applied.h"
#include "delivery/batcher.h"
#include "delivery/idset.h"
#include "delivery/lanes.h"
#include "delivery/ledger.h"
#include "delivery/returns.h"

struct settlement {
    struct cache *cache;
    struct lanes *lanes;
    struct ledger ledger;
    struct batcher acks, releases, parks;
    bool can_park;
    int max_receives;                /* a retry of a message received so often becomes a park */
    struct idset unparkable; /* messages that went back because no place takes them */
    bool remembers;                  /* ids of the source are used once */
    struct applied applied;          /* handled here; only their delete may be missing */
    struct returns returns;          /* handlers that answered "later" */
    struct random random;
};

void settlement_init(struct settlement *s, struct queue *source, struct cache *cache,
                     struct lanes *lanes);
/* Where parked messages go; NULL: nowhere, they go back with growing backoff. Called before the
 * first verdict. */
void settlement_park_to(struct settlement *s, struct queue *park, int max_receives);
/* The delivery's answer, once each; it is SETTLING from here on. */
void settlement_verdict(struct settlement *s, struct delivery *d, const struct verdict *v,
                        struct monotime now);
/* A message that was just taken: one that was applied here is only deleted: true. */
bool settlement_again(struct settlement *s, struct delivery *d, struct monotime now);
/* It has its verdict, and is on its way back to the source. */
bool settlement_goes_back(const struct delivery *d);
/* A message in hand was received again: the older receive is over. */
void settlement_renew(struct settlement *s, struct delivery *d, struct message *m);
/* It goes on without its lane, if it has one. */
void settlement_leave_lane(struct settlement *s, struct delivery *d);
/* Ends a delivery, and those that follow it in its group, without a word to the queue: counted as
 * released, their leases end by themselves. */
void settlement_forget(struct settlement *s, struct delivery *d);
void settlement_turn(struct settlement *s, struct monotime now, bool hurry);
struct monotime settlement_next(const struct settlement *s);
/* Abandons the calls under way; what waits in them is still in the cache. May be called again. */
void settlement_free(struct settlement *s);

#endif
