/* Queue calls: one call to a bucket queue, run to its end, its answer as text that a test can
 * compare. The rig owns queue and bucket; the clock of a test is the number of seconds it hands
 * in. Only for queues whose bucket is a memory bucket or answers inside the call. */
#ifndef TIDEGATE_TESTS_QUEUE_CALLS_H
#define TIDEGATE_TESTS_QUEUE_CALLS_H

#include "base/queue.h"
#include "memory_bucket.h"

enum { RECEIPT = 1100 };

struct rig {
    struct queue *queue;
    struct bucket *bucket;
    struct memory_bucket *memory;                /* the bucket, NULL when of another kind */
    char receipts[QUEUE_BATCH][RECEIPT];         /* of the last receive */
};

struct monotime at_second(int64_t second);

/* Begins a call for the test to end; `op` was initialised and filled by it. */
void queue_begin(struct rig *r, struct queue_op *op, int now_s);
void queue_run(struct rig *r, struct queue *q, struct queue_op *op, int now_s);

/* "id*count id*count", or "!" and the code of the error. */
const char *queue_receive(struct rig *r, int want, int visibility_s, int now_s);
/* The same of an operation that has ended; frees it. */
const char *queue_received(struct rig *r, struct queue_op *op);
/* The code of the entry's error, or "!" and that of the whole; "" when all went well. */
const char *queue_delete(struct rig *r, const char *receipt, int now_s);
const char *queue_release(struct rig *r, const char *receipt, int delay_s, int now_s);
const char *queue_extend(struct rig *r, const char *receipt, int delay_s, int now_s);
const char *queue_send(struct rig *r, struct queue *q, struct queue_entry entry, int now_s);
/* "visible/in flight/delayed", or "!" and the code. */
const char *queue_counts(struct rig *r, int now_s);

#endif
