/* Bucket queue: a bucket read as a queue, smallest key first. Owns the bucket (bucket_queue_new)
 * or borrows it (bucket_queue_parked). Its leases, delays and receive counts live in this process
 * alone: nothing in a bucket hides an object, so two processes on one bucket see the same
 * objects, unless each takes a shard of its own (shard.h). It never writes over an object, and
 * never reads one under parked/.
 *
 * A message is one object: its id is the key, its receipt the key and the number of the delivery,
 * its body the content, its attributes the metadata (see metadata.h). Its sent time is the key when
 * that is epoch milliseconds (13 digits), else the object's date. Receiving goes round the keys
 * in their order and begins again after the last one; a page of the listing serves until it is
 * used up. It answers at once, with nothing when there is nothing: `wait_s` is not looked at. An
 * object that vanished before it was read is nothing, and so is, after a warning, one whose key no
 * bucket takes or whose body is over BUCKET_BODY_MAX. Any other that cannot be read fails the
 * receive only when nothing else could be read, and is passed over otherwise. A lease that was not
 * asked for is 30 s. Deleting the message deletes the object, unless another one was put under its
 * key meanwhile: that is a message of its own. A receipt that is not the newest changes nothing and
 * succeeds, as with SQS; an extension by such a one fails with MessageNotInflight. A lease that
 * lapsed may be extended until the object is received again. Sending puts an object whose key is
 * the entry's id. There is no clock here: an entry without an id is refused (NoId). One whose key
 * is taken fails with PreconditionFailed, not retryable, unless the same bytes stand there: these
 * were sent before, or unless it may go aside, under the next free name (aside.h). Its delay holds
 * in this process only. Settings: `visible` is 1 when there is an object to receive, else 0. */
#ifndef TIDEGATE_DELIVERY_BUCKET_QUEUE_H
#define TIDEGATE_DELIVERY_BUCKET_QUEUE_H

#include "base/bucket.h"
#include "base/queue.h"
#include "delivery/shard.h"

/* The queue owns `bucket` and frees it. */
struct queue *bucket_queue_new(struct bucket *bucket);
/* Before the first receive: the object of that key was received so often before this process. */
void bucket_queue_recall(struct queue *q, struct bytes key, int receives);
/* Before the first receive: only the objects of that shard are received, and visible. */
void bucket_queue_shard(struct queue *q, struct shard shard);
/* What lies parked in the bucket, as a queue of the objects under parked/: an id is the key behind
 * that. Sending puts parked/ID; where another request has that name, ID~1, ID~2 … (aside.h), and
 * the same bytes sent again are there once. Borrows `bucket`. */
struct queue *bucket_queue_parked(struct bucket *bucket);

#endif
