/* Shelf: a bucket whose objects are taken as messages, and what this process knows of them.
 * Borrows the bucket; owns the scan and the holds. The two questions about it are answered in the
 * operation of a queue, which its waiter owns.
 * It never writes to the bucket. */
#ifndef TIDEGATE_DELIVERY_SHELF_H
#define TIDEGATE_DELIVERY_SHELF_H

#include "base/queue.h"
#include "delivery/hold.h"
#include "delivery/scan.h"

enum { SHELF_RECEIVE_BYTES = 8 * 1024 * 1024 };   /* no more objects are taken behind so many */

struct shelf {
    struct bucket *bucket;
    struct holds holds;
    struct scan scan;
    struct list receives;            /* under way, in the order in which they take their keys */
};

/* `parked`: of the objects under parked/, else of all others. */
void shelf_init(struct shelf *shelf, struct bucket *bucket, bool parked);
/* RECEIVE: keys that are free from the scan, then all of them read side by side, fewer than were
 * asked for when they are large. Several may be
 * under way; they are answered in the order in which they were asked, so that no request overtakes
 * one with a smaller key. */
void shelf_receive(struct shelf *shelf, struct queue_op *op);
/* SETTINGS: is there a free object, and how many are leased and delayed. */
void shelf_survey(struct shelf *shelf, struct queue_op *op, struct monotime now);
void shelf_free(struct shelf *shelf);            /* no operation may be under way */

#endif
