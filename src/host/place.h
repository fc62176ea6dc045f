/* Place: a URL that names where requests come from or widgets live, opened as a bucket, a queue or
 * a table. The opened thing is the caller's. Opening touches no network; file: and sqlite: places
 * are looked at. It never guesses: unknown schemes and parameters are refused by name.
 *
 * The first '?' of a URL ends the place and begins its parameters, whatever the scheme, so a
 * directory, file or key with a '?' in its name cannot be named by one. In sqlite:FILE#NAME?key=K
 * the parameter stands behind the name. */
#ifndef TIDEGATE_HOST_PLACE_H
#define TIDEGATE_HOST_PLACE_H

#include "base/bucket.h"
#include "base/queue.h"
#include "base/table.h"
#include "delivery/shard.h"

struct host;

/* s3://BUCKET[/PREFIX], file:DIR. `create`: a missing directory is made. NULL with err (BadPlace,
 * NoSuchBucket, …). */
struct bucket *place_bucket(struct host *h, struct bytes url, bool create, struct err *err);
/* dynamodb://TABLE[?key=NAME], sqlite:FILE[#NAME][?key=NAME], whose file and table are made when
 * they are missing. NULL with err. */
struct table *place_table(struct host *h, struct bytes url, struct err *err);

struct place_queue {
    struct queue *queue;
    struct queue *parked; /* where its own parked messages go; NULL when the place has none */
    struct bucket *bucket;           /* under `queue`, when the queue only borrows it; else NULL */
    const char *kind;                /* "sqs", "sqlite" or "bucket" */
    int visibility_s;                /* its own lease, for whoever learned it; 0: not yet known */
};
/* sqs://NAME, a queue URL, sqlite:FILE[#NAME], or a place that is a bucket, read as a queue.
 * `create`: a missing sqlite queue, file included, and a missing directory are made. -1 with
 * err. */
int place_queue(struct host *h, struct bytes url, bool create, struct place_queue *out,
                struct err *err) MUSTCHECK;
/* The same of a bucket's or a directory's place, of which only that shard is received. BadPlace for
 * any other: a queue itself hides from others what one of them works on. */
int place_queue_shard(struct host *h, struct bytes url, bool create, struct shard shard,
                      struct place_queue *out, struct err *err) MUSTCHECK;
/* Where the parked messages of that queue lie, opened anew. `dead_letter` is what the settings of a
 * queue of SQS name, or NULL. -1 with err, NoParkingPlace when there is none. */
int place_parked(struct host *h, const struct place_queue *q, const char *dead_letter,
                 struct place_queue *out, struct err *err) MUSTCHECK;
void place_queue_free(struct place_queue *q);    /* may be called twice */

#endif
