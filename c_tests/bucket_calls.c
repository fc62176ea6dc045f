#include "bucket_calls.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

enum { TEXTS = 8, TEXT_MAX = 256 * 1024 };

static struct bucket_pump pump;

void bucket_calls_pump(struct bucket_pump p)
{
    pump = p;
}

/* One of a few texts, the oldest of which is written over. */
static char *text(void)
{
    static char texts[TEXTS][TEXT_MAX];
    static size_t next;
    char *t = texts[next++ % TEXTS];
    t[0] = 0;
    return t;
}

static void count(struct op *op)
{
    ++*(int *)op->waiter;
}

void bucket_run(struct bucket *b, struct bucket_op *op)
{
    int notified = 0;
    op->op.notify = count;
    op->op.waiter = &notified;
    bucket_start(b, op);
    while (!op->op.done) {
        assert_non_null(pump.turn);
        pump.turn(pump.world, b);
    }
    assert_int_equal(notified, 1);
    assert_true(op->op.abort == NULL);
    op->op.notify = NULL;
}

static const char *code(struct bucket_op *op)
{
    char *t = text();
    snprintf(t, TEXT_MAX, "%s", op->op.err.code);
    bucket_op_free(op);
    return t;
}

const char *bucket_put_as(struct bucket *b, struct put put)
{
    struct bucket_op op;
    bucket_op_init(&op, BUCKET_PUT);
    op.key = bytes_of(put.key);
    op.body = put.body;
    op.content_type = bytes_of(put.type);
    op.if_match = bytes_of(put.if_match);
    op.if_none_match = bytes_of(put.if_none_match);
    op.metadata = put.metadata;
    bucket_run(b, &op);
    if (put.etag)
        memcpy(put.etag, op.object.etag, sizeof op.object.etag);
    return code(&op);
}

const char *bucket_put(struct bucket *b, const char *key, const char *body)
{
    return bucket_put_as(b, (struct put){.key = key, .body = bytes_of(body)});
}

const char *bucket_delete(struct bucket *b, const char *key, const char *if_match)
{
    struct bucket_op op;
    bucket_op_init(&op, BUCKET_DELETE);
    op.key = bytes_of(key);
    op.if_match = bytes_of(if_match);
    bucket_run(b, &op);
    return code(&op);
}

/* Runs a question without a body; "!" and the code when it fails, else the text to fill. */
static char *ask(struct bucket *b, struct bucket_op *op, enum bucket_verb verb, const char *key)
{
    char *t = text();
    bucket_op_init(op, verb);
    op->key = bytes_of(key);
    bucket_run(b, op);
    if (err_any(&op->op.err))
        snprintf(t, TEXT_MAX, "!%s", op->op.err.code);
    return t;
}

const char *bucket_text(struct bucket *b, const char *key)
{
    struct bucket_op op;
    char *t = ask(b, &op, BUCKET_GET, key);
    if (!t[0])
        snprintf(t, TEXT_MAX, "%s", buf_string(&op.content));
    bucket_op_free(&op);
    return t;
}

const char *bucket_etag(struct bucket *b, const char *key)
{
    struct bucket_op op;
    char *t = ask(b, &op, BUCKET_HEAD, key);
    if (!t[0])
        snprintf(t, TEXT_MAX, "%s", op.object.etag);
    bucket_op_free(&op);
    return t;
}

const char *bucket_metadata(struct bucket *b, const char *key, const char *name)
{
    struct bucket_op op;
    char *t = ask(b, &op, BUCKET_HEAD, key);
    const struct pair *p = pairs_find(&op.object.metadata, name);
    if (!t[0])
        snprintf(t, TEXT_MAX, "%s", p ? p->value.at : "(none)");
    bucket_op_free(&op);
    return t;
}

static void join_keys(const struct bucket_op *op, char *t)
{
    size_t at = 0;
    for (size_t i = 0; i < op->listed_count && at < TEXT_MAX; i++)
        at += (size_t)snprintf(t + at, TEXT_MAX - at, "%s%s", i ? " " : "", op->listed[i].key);
    if (op->more && at < TEXT_MAX)
        snprintf(t + at, TEXT_MAX - at, " +");
}

const char *bucket_keys(struct bucket *b, const char *prefix, const char *after, int max)
{
    struct bucket_op op;
    char *t = text();
    bucket_op_init(&op, BUCKET_LIST);
    op.key = bytes_of(prefix);
    op.start_after = bytes_of(after);
    op.max_keys = max;
    bucket_run(b, &op);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    else
        join_keys(&op, t);
    bucket_op_free(&op);
    return t;
}
