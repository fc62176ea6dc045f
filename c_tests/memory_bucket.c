#include "memory_bucket.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

/* ---- objects ---- */

static size_t place_of(const struct memory_bucket *m, struct bytes key)
{
    size_t at = 0;
    while (at < m->count && bytes_compare(bytes_of(m->objects[at].key), key) < 0)
        at++;
    return at;
}

static struct memory_object *find(struct memory_bucket *m, struct bytes key)
{
    size_t at = place_of(m, key);
    return at < m->count && bytes_is(key, m->objects[at].key) ? &m->objects[at] : NULL;
}

static void clear(struct memory_object *o)
{
    mem_free(o->body);
    pairs_free(&o->metadata);
}

static struct memory_object *make(struct memory_bucket *m, struct bytes key)
{
    size_t at = place_of(m, key);
    assert_true(m->count < MEMORY_OBJECTS);
    memmove(&m->objects[at + 1], &m->objects[at], (m->count - at) * sizeof *m->objects);
    m->count++;
    m->objects[at] = (struct memory_object){.key = mem_slice(key.at, key.len)};
    return &m->objects[at];
}

static void drop(struct memory_bucket *m, struct memory_object *o)
{
    size_t at = (size_t)(o - m->objects);
    clear(o);
    mem_free(o->key);
    m->count--;
    memmove(o, o + 1, (m->count - at) * sizeof *o);
}

/* ---- answers ---- */

static void refuse(struct bucket_op *op, const char *code, int status)
{
    err_set(&op->op.err, code, "%s", "");
    op->op.err.status = status;
}

static void describe(const struct memory_object *o, struct object *out)
{
    snprintf(out->etag, sizeof out->etag, "\"v%d\"", o->version);
    out->size = (int64_t)o->len;
    out->modified.us = 1700000000 * SECOND_US;
}

static void get(struct bucket_op *op, const struct memory_object *o)
{
    describe(o, &op->object);
    memcpy(op->object.content_type, o->content_type, sizeof o->content_type);
    for (size_t i = 0; i < o->metadata.count; i++)
        pairs_add(&op->object.metadata, o->metadata.at[i].name, o->metadata.at[i].value);
    if (op->verb == BUCKET_GET)
        buf_add(&op->content, (struct bytes){o->body, o->len});
}

static bool refused(struct bucket_op *op, const struct memory_object *o)
{
    char etag[32] = "";
    if (o)
        snprintf(etag, sizeof etag, "\"v%d\"", o->version);
    if (op->if_match.len && !o)
        refuse(op, "NoSuchKey", 404);
    else if ((op->if_match.len && !bytes_is(op->if_match, etag)) || (op->if_none_match.len && o))
        refuse(op, "PreconditionFailed", 412);
    return err_any(&op->op.err);
}

static void put(struct memory_bucket *m, struct bucket_op *op, struct memory_object *o)
{
    struct bytes type = op->content_type.len ? op->content_type : BYTES("application/octet-stream");
    if (o)
        clear(o);
    else
        o = make(m, op->key);
    o->body = mem_slice(op->body.at, op->body.len);
    o->len = op->body.len;
    o->version = ++m->versions;
    o->metadata = (struct pairs){0};
    snprintf(o->content_type, sizeof o->content_type, "%.*s", (int)type.len, type.at);
    for (size_t i = 0; op->metadata && i < op->metadata->count; i++)
        pairs_add(&o->metadata, op->metadata->at[i].name, op->metadata->at[i].value);
    describe(o, &op->object);
}

static void list(struct memory_bucket *m, struct bucket_op *op)
{
    op->listed = mem_array((size_t)op->max_keys, sizeof *op->listed);
    for (size_t i = 0; i < m->count && !op->more; i++) {
        struct bytes key = bytes_of(m->objects[i].key);
        bool below = key.len >= op->key.len &&
                     bytes_equal((struct bytes){key.at, op->key.len}, op->key);
        if (!below || bytes_compare(key, op->start_after) <= 0)
            continue;
        op->more = op->listed_count == (size_t)op->max_keys;
        if (op->more)
            return;
        op->listed[op->listed_count].key = mem_text(m->objects[i].key);
        describe(&m->objects[i], &op->listed[op->listed_count++]);
    }
}

static void act(struct memory_bucket *m, struct bucket_op *op)
{
    struct memory_object *o = op->verb == BUCKET_LIST ? NULL : find(m, op->key);
    bool bad = op->verb == BUCKET_LIST ? m->bad_list : m->bad_key && bytes_is(op->key, m->bad_key);
    if (bad)
        op->op.err = m->bad;
    else if (op->verb == BUCKET_LIST)
        list(m, op);
    else if ((op->verb == BUCKET_GET || op->verb == BUCKET_HEAD) && !o)
        refuse(op, "NoSuchKey", 404);
    else if (op->verb == BUCKET_GET || op->verb == BUCKET_HEAD)
        get(op, o);
    else if (!refused(op, o) && op->verb == BUCKET_PUT)
        put(m, op, o);
    else if (!err_any(&op->op.err) && o)
        drop(m, o);
}

/* ---- what waits ---- */

static struct bucket_op *take(struct memory_bucket *m, size_t at)
{
    struct bucket_op *op = m->pending[at];
    m->pending_count--;
    memmove(&m->pending[at], &m->pending[at + 1], (m->pending_count - at) * sizeof *m->pending);
    return op;
}

static void answer(struct memory_bucket *m, size_t at)
{
    struct bucket_op *op = take(m, at);
    act(m, op);
    op_finish(&op->op);
}

bool memory_bucket_step(struct memory_bucket *m)
{
    if (!m->pending_count)
        return false;
    answer(m, 0);
    return true;
}

bool memory_bucket_step_back(struct memory_bucket *m)
{
    if (!m->pending_count)
        return false;
    answer(m, m->pending_count - 1);
    return true;
}

void memory_bucket_pump(struct memory_bucket *m)
{
    while (memory_bucket_step(m))
        continue;
}

static void give_up(struct op *base)
{
    struct memory_bucket *m = base->provider;
    for (size_t i = 0; i < m->pending_count; i++)
        if (&m->pending[i]->op == base) {
            take(m, i);
            m->aborted++;
            return;
        }
    fail_msg("given up, but not under way");
}

static void start(struct bucket *b, struct bucket_op *op)
{
    struct memory_bucket *m = (struct memory_bucket *)b;
    assert_true(m->pending_count < MEMORY_PENDING);
    m->asked[op->verb]++;
    m->pending[m->pending_count++] = op;
    op_begin(&op->op, m, give_up);
}

static void release(struct bucket *b)
{
    struct memory_bucket *m = (struct memory_bucket *)b;
    assert_int_equal(m->pending_count, 0);
    while (m->count)
        drop(m, &m->objects[m->count - 1]);
    mem_free(m);
}

static const struct bucket_ops ops = {start, release};

struct memory_bucket *memory_bucket_new(void)
{
    struct memory_bucket *m = mem_new(sizeof *m);
    m->bucket.ops = &ops;
    m->bucket.url = mem_text("memory:test");
    return m;
}
