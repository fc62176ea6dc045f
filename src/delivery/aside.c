#include "delivery/aside.h"

/* A name may vanish between two questions, but not without end. */
enum { STEPS_MAX = 4 * ASIDE_NAMES };

static void written(struct op *op);
static void looked(struct op *op);

static void ask(struct aside *a, enum bucket_verb verb, void (*then)(struct op *op))
{
    bucket_op_free(&a->call);
    bucket_op_init(&a->call, verb);
    a->call.key = buf_bytes(&a->key);
    a->call.op.notify = then;
    a->call.op.waiter = a;
    a->steps++;
}

static void put(struct aside *a)
{
    ask(a, BUCKET_PUT, written);
    a->call.body = a->body;
    a->call.metadata = a->metadata;
    a->call.if_none_match = BYTES("*");
    bucket_start(a->bucket, &a->call);
}

static void finish(struct aside *a, const struct err *err)
{
    a->err = *err;
    a->done(a);
}

static void no_name(struct aside *a)
{
    struct err err = {0};
    if (a->names > 1)
        err_set(&err, "NoFreeName", "%.200s and its next names are taken", buf_string(&a->key));
    else
        err_set(&err, "PreconditionFailed", "another object is %.200s", buf_string(&a->key));
    finish(a, &err);
}

static void next_name(struct aside *a)
{
    if (++a->number >= a->names) {
        no_name(a);
        return;
    }
    a->key.len = a->stem;
    buf_printf(&a->key, "~%d", a->number);
    put(a);
}

static void written(struct op *op)
{
    struct aside *a = op->waiter;
    if (!err_is(&op->err, "PreconditionFailed") || a->steps >= STEPS_MAX) {
        finish(a, &op->err);
        return;
    }
    ask(a, BUCKET_GET, looked);
    bucket_start(a->bucket, &a->call);
}

static void looked(struct op *op)
{
    struct aside *a = op->waiter;
    if (err_is(&op->err, "NoSuchKey"))
        put(a);
    else if (err_any(&op->err) && !err_is(&op->err, "too_large"))
        finish(a, &op->err);
    else if (!err_any(&op->err) && bytes_equal(buf_bytes(&a->call.content), a->body))
        finish(a, &op->err);
    else
        next_name(a);
}

void aside_start(struct aside *a, struct bytes key)
{
    buf_init(&a->key, key.len + 8);
    buf_add(&a->key, key);
    a->stem = key.len;
    put(a);
}

void aside_free(struct aside *a)
{
    bucket_op_free(&a->call);
    buf_free(&a->key);
}
