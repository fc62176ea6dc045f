#include "queue_calls.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

enum { TEXTS = 8, TEXT_MAX = 64 * 1024 };

static char *text(void)
{
    static char texts[TEXTS][TEXT_MAX];
    static size_t next;
    char *t = texts[next++ % TEXTS];
    t[0] = 0;
    return t;
}

struct monotime at_second(int64_t second)
{
    return (struct monotime){second * SECOND_US};
}

static void count(struct op *op)
{
    ++*(int *)op->waiter;
}

void queue_begin(struct rig *r, struct queue_op *op, int now_s)
{
    queue_start(r->queue, op, at_second(now_s));
}

void queue_run(struct rig *r, struct queue *q, struct queue_op *op, int now_s)
{
    int notified = 0;
    op->op.notify = count;
    op->op.waiter = &notified;
    queue_start(q, op, at_second(now_s));
    while (!op->op.done)
        assert_true(r->memory && memory_bucket_step(r->memory));
    assert_int_equal(notified, 1);
    op->op.notify = NULL;
}

const char *queue_received(struct rig *r, struct queue_op *op)
{
    char *t = text();
    size_t at = 0;
    if (err_any(&op->op.err))
        snprintf(t, TEXT_MAX, "!%s", op->op.err.code);
    for (size_t i = 0; i < op->received_count; i++) {
        const struct message *m = op->received[i];
        at += (size_t)snprintf(t + at, TEXT_MAX - at, "%s%s*%d", i ? " " : "", m->id,
                               m->receive_count);
        snprintf(r->receipts[i], RECEIPT, "%s", m->receipt);
    }
    queue_op_free(op);
    return t;
}

const char *queue_receive(struct rig *r, int want, int visibility_s, int now_s)
{
    struct queue_op op;
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = want;
    op.visibility_s = visibility_s;
    queue_run(r, r->queue, &op, now_s);
    return queue_received(r, &op);
}

static const char *one(struct rig *r, struct queue *q, enum queue_verb verb,
                       struct queue_entry entry, int now_s)
{
    struct queue_op op;
    char *t = text();
    queue_op_init(&op, verb);
    op.entries[0] = entry;
    op.entry_count = 1;
    queue_run(r, q, &op, now_s);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    else
        snprintf(t, TEXT_MAX, "%s", op.entries[0].err.code);
    queue_op_free(&op);
    return t;
}

const char *queue_delete(struct rig *r, const char *receipt, int now_s)
{
    struct queue_entry entry = {.receipt = bytes_of(receipt)};
    return one(r, r->queue, QUEUE_DELETE, entry, now_s);
}

const char *queue_release(struct rig *r, const char *receipt, int delay_s, int now_s)
{
    struct queue_entry entry = {.receipt = bytes_of(receipt), .delay_s = delay_s};
    return one(r, r->queue, QUEUE_RELEASE, entry, now_s);
}

const char *queue_extend(struct rig *r, const char *receipt, int delay_s, int now_s)
{
    struct queue_entry entry = {.receipt = bytes_of(receipt), .delay_s = delay_s};
    return one(r, r->queue, QUEUE_EXTEND, entry, now_s);
}

const char *queue_send(struct rig *r, struct queue *q, struct queue_entry entry, int now_s)
{
    return one(r, q, QUEUE_SEND, entry, now_s);
}

const char *queue_counts(struct rig *r, int now_s)
{
    struct queue_op op;
    char *t = text();
    queue_op_init(&op, QUEUE_SETTINGS);
    queue_run(r, r->queue, &op, now_s);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    else
        snprintf(t, TEXT_MAX, "%d/%d/%d", (int)op.settings.visible, (int)op.settings.in_flight,
                 (int)op.settings.delayed);
    queue_op_free(&op);
    return t;
}
