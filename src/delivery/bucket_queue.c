#include "delivery/bucket_queue.h"

#include "delivery/aside.h"
#include "delivery/metadata.h"
#include "delivery/shelf.h"

struct bucket_queue {
    struct queue queue;
    struct shelf shelf;
    bool parked;                     /* what is under parked/; the bucket is borrowed */
};

/* ---- delete and send: one call for each entry ---- */

struct change {
    struct bucket_op call;           /* of a delete */
    struct aside aside;              /* of a send */
    struct batch *batch;
    struct hold *hold;               /* NULL when sending to what is parked */
    struct pairs metadata;
    bool asked;
};

struct batch {
    struct bucket_queue *queue;
    struct queue_op *op;
    struct monotime now;
    size_t pending;
    struct change changes[QUEUE_BATCH];
};

static void batch_free(struct batch *b)
{
    for (size_t i = 0; i < QUEUE_BATCH; i++) {
        struct change *c = &b->changes[i];
        bucket_op_free(&c->call);
        aside_free(&c->aside);
        pairs_free(&c->metadata);
        if (c->hold)
            holds_put_back(&b->queue->shelf.holds, c->hold);
    }
    mem_free(b);
}

static void batch_abort(struct op *op)
{
    batch_free(op->provider);
}

static void settle_delete(struct change *c, struct queue_entry *e)
{
    const struct err *err = &c->call.op.err;
    if (!err_any(err) || err_is(err, "NoSuchKey"))
        c->hold->gone = true;
    else if (err_is(err, "PreconditionFailed"))
        hold_replaced(c->hold);
    else
        e->err = *err;
}

static void settle_send(struct change *c, struct queue_entry *e)
{
    e->err = c->aside.err;
    if (err_is(&e->err, "PreconditionFailed"))
        e->err.retryable = false;
    if (c->hold && !err_any(&e->err) && e->delay_s > 0)
        hold_delay(c->hold, monotime_after(c->batch->now, e->delay_s * SECOND_US));
}

static void batch_finish(struct batch *b)
{
    struct queue_op *op = b->op;
    for (size_t i = 0; i < op->entry_count; i++) {
        if (!b->changes[i].asked)
            continue;
        if (op->verb == QUEUE_DELETE)
            settle_delete(&b->changes[i], &op->entries[i]);
        else
            settle_send(&b->changes[i], &op->entries[i]);
    }
    batch_free(b);
    op_finish(&op->op);
}

static void batch_step(struct batch *b)
{
    if (--b->pending == 0)
        batch_finish(b);
}

static void changed(struct op *op)
{
    batch_step(op->waiter);
}

static void ask(struct change *c, struct bytes key)
{
    bucket_op_init(&c->call, BUCKET_DELETE);
    c->call.key = key;
    c->call.op.notify = changed;
    c->call.op.waiter = c->batch;
    c->asked = true;
    c->batch->pending++;
}

static void prepare_delete(struct change *c, struct queue_entry *e)
{
    struct bucket_queue *q = c->batch->queue;
    struct hold *hold = holds_by_receipt(&q->shelf.holds, e->receipt);
    if (!hold)
        return;
    c->hold = holds_take(&q->shelf.holds, bytes_of(hold->key));
    ask(c, bytes_of(c->hold->key));
    c->call.if_match = bytes_of(c->hold->etag);
}

static int refuse_send(const struct bucket_queue *q, struct queue_entry *e)
{
    if (!e->id.len)
        return err_set(&e->err, "NoId", "a message to a bucket needs an id, which becomes its key");
    if (bucket_key_check(e->id, &e->err))
        return -1;
    if (!q->parked && bytes_starts(e->id, SCAN_PARKED))
        return err_set(&e->err, "InvalidKey", "a message under %s is never received", SCAN_PARKED);
    if (e->body.len > QUEUE_BODY_MAX)
        return err_set(&e->err, "too_large", "the body has more than %d bytes", QUEUE_BODY_MAX);
    return 0;
}

static void put_aside(struct aside *a)
{
    batch_step(a->owner);
}

static void prepare_send(struct change *c, struct queue_entry *e)
{
    struct bucket_queue *q = c->batch->queue;
    if (refuse_send(q, e))
        return;
    metadata_from(&c->metadata, e->attributes);
    if (!q->parked)
        c->hold = holds_take(&q->shelf.holds, e->id);
    c->aside = (struct aside){.bucket = q->shelf.bucket, .body = e->body, .metadata = &c->metadata,
                              .names = q->parked || e->aside ? ASIDE_NAMES : 1,
                              .done = put_aside, .owner = c->batch};
    c->asked = true;
    c->batch->pending++;
}

static void send(struct change *c, struct bytes id)
{
    struct buf key;
    buf_init(&key, id.len + sizeof SCAN_PARKED);
    if (c->batch->queue->parked)
        buf_text(&key, SCAN_PARKED);
    buf_add(&key, id);
    aside_start(&c->aside, buf_bytes(&key));
    buf_free(&key);
}

static void change_start(struct change *c, const struct queue_entry *e)
{
    if (c->aside.done)
        send(c, e->id);
    else if (c->asked)
        bucket_start(c->batch->queue->shelf.bucket, &c->call);
}

static void batch_start(struct bucket_queue *q, struct queue_op *op, struct monotime now)
{
    struct batch *b = mem_new(sizeof *b);
    *b = (struct batch){.queue = q, .op = op, .now = now, .pending = 1};
    op_begin(&op->op, b, batch_abort);
    for (size_t i = 0; i < op->entry_count; i++) {
        b->changes[i].batch = b;
        err_clear(&op->entries[i].err);
        if (op->verb == QUEUE_DELETE)
            prepare_delete(&b->changes[i], &op->entries[i]);
        else
            prepare_send(&b->changes[i], &op->entries[i]);
    }
    for (size_t i = 0; i < op->entry_count; i++)
        change_start(&b->changes[i], &op->entries[i]);
    batch_step(b);
}

/* ---- extend and release: what this process knows, and nobody else ---- */

static void hide(struct hold *hold, enum queue_verb verb, struct queue_entry *e,
                 struct monotime until)
{
    if (hold && verb == QUEUE_EXTEND)
        hold_extend(hold, until);
    else if (hold)
        hold_delay(hold, until);
    else if (verb == QUEUE_EXTEND)
        err_set(&e->err, QUEUE_NOT_HELD, "the lease is over");
}

static void hide_all(struct bucket_queue *q, struct queue_op *op, struct monotime now)
{
    op_begin(&op->op, NULL, NULL);
    for (size_t i = 0; i < op->entry_count; i++) {
        struct queue_entry *e = &op->entries[i];
        int64_t delay_s = e->delay_s > 0 ? e->delay_s : 0;
        err_clear(&e->err);
        hide(holds_by_receipt(&q->shelf.holds, e->receipt), op->verb, e,
             monotime_after(now, delay_s * SECOND_US));
    }
    op_finish(&op->op);
}

/* ---- the queue ---- */

static void start(struct queue *base, struct queue_op *op, struct monotime now)
{
    struct bucket_queue *q = (struct bucket_queue *)base;
    switch (op->verb) {
    case QUEUE_RECEIVE:
        shelf_receive(&q->shelf, op);
        break;
    case QUEUE_DELETE:
    case QUEUE_SEND:
        batch_start(q, op, now);
        break;
    case QUEUE_EXTEND:
    case QUEUE_RELEASE:
        hide_all(q, op, now);
        break;
    case QUEUE_SETTINGS:
        shelf_survey(&q->shelf, op, now);
        break;
    }
}

static void release(struct queue *base)
{
    struct bucket_queue *q = (struct bucket_queue *)base;
    shelf_free(&q->shelf);
    if (!q->parked)
        bucket_free(q->shelf.bucket);
    mem_free(q);
}

static const struct queue_ops ops = {start, release};

static struct bucket_queue *make(struct bucket *bucket, bool parked)
{
    struct bucket_queue *q = mem_new(sizeof *q);
    q->queue.ops = &ops;
    q->queue.keyed = true;
    q->parked = parked;
    shelf_init(&q->shelf, bucket, parked);
    return q;
}

struct queue *bucket_queue_new(struct bucket *bucket)
{
    struct bucket_queue *q = make(bucket, false);
    q->queue.url = mem_text(bucket->url);
    return &q->queue;
}

void bucket_queue_recall(struct queue *q, struct bytes key, int receives)
{
    holds_recall(&((struct bucket_queue *)q)->shelf.holds, key, receives);
}

void bucket_queue_shard(struct queue *q, struct shard shard)
{
    ((struct bucket_queue *)q)->shelf.scan.shard = shard;
}

struct queue *bucket_queue_parked(struct bucket *bucket)
{
    struct bucket_queue *q = make(bucket, true);
    struct buf url;
    buf_init(&url, bytes_of(bucket->url).len + sizeof "/parked");
    buf_printf(&url, "%s/parked", bucket->url);
    q->queue.url = mem_text(buf_string(&url));
    buf_free(&url);
    return &q->queue;
}
