/* Place: a URL that names where requests come from or widgets live, opened as a bucket or a queue.
 * The opened thing is the caller's. Opening touches no network; file: places are looked at.
 * It never guesses: unknown schemes and parameters are refused by name. */
#ifndef TIDEGATE_HOST_PLACE_H
#define TIDEGATE_HOST_PLACE_H

#include "base/bucket.h"
#include "base/queue.h"

struct host;

/* s3://BUCKET[/PREFIX], file:DIR. `create`: a missing directory is made. NULL with err (BadPlace,
 * NoSuchBucket, …). */
struct bucket *place_bucket(struct host *h, struct bytes url, bool create, struct err *err);

struct place_queue {
    struct queue *queue;
    struct queue *parked; /* where a bucket's own parked messages go; NULL for real queues */
};
/* sqs://NAME, a queue URL, or a place that is a bucket, read as a queue. -1 with err. */
int place_queue(struct host *h, struct bytes url, struct place_queue *out,
                struct err *err) MUSTCHECK;
void place_queue_free(struct place_queue *q);    /* may be called twice */

#endif
