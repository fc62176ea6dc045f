#include "delivery/shelf.h"

#include "base/log.h"
#include "delivery/metadata.h"

#include <stdio.h>

enum { VISIBILITY_S = 30 };

/* A key of 13 digits is taken for epoch milliseconds: from 2001 to 2286. */
static const int64_t epoch_ms_first = 1000000000000, epoch_ms_last = 9999999999999;

void shelf_init(struct shelf *shelf, struct bucket *bucket, bool parked)
{
    *shelf = (struct shelf){.bucket = bucket};
    scan_init(&shelf->scan, bucket, parked);
    list_init(&shelf->receives);
}

void shelf_free(struct shelf *shelf)
{
    scan_free(&shelf->scan);
    holds_free(&shelf->holds);
}

/* ---- receive: keys from the scan, then all of them read side by side ---- */

struct fetch {
    struct bucket_op get;
    struct hold *hold;
};

struct receive {
    struct shelf *shelf;
    struct queue_op *op;
    struct scan_wait wait;
    struct link link;
    bool complete;                   /* all is read */
    uint64_t round;                  /* of the scan, when this began */
    size_t want, count, pending;
    int64_t bytes;                   /* of what is read, as the listing tells */
    struct err err;                  /* why there are no more keys */
    struct fetch fetches[QUEUE_BATCH];
};

static void receive_free(struct receive *r)
{
    scan_leave(&r->shelf->scan, &r->wait);
    list_remove(&r->link);
    for (size_t i = 0; i < r->count; i++) {
        bucket_op_free(&r->fetches[i].get);
        holds_put_back(&r->shelf->holds, r->fetches[i].hold);
    }
    mem_free(r);
}

/* The key as the messages of this shelf are called. */
static const char *id_of(const struct shelf *shelf, const struct hold *hold)
{
    return hold->key + (shelf->scan.parked ? sizeof SCAN_PARKED - 1 : 0);
}

static struct walltime sent_at(const char *id, struct walltime modified)
{
    int64_t ms;
    if (bytes_to_int64(bytes_of(id), &ms) && ms >= epoch_ms_first && ms <= epoch_ms_last)
        return (struct walltime){ms * 1000};
    return modified;
}

static struct bytes take_content(struct buf *content)
{
    struct bytes body = {content->at ? content->at : mem_slice("", 0), content->len};
    buf_init(content, content->max);
    return body;
}

static struct message *message_of(struct receive *r, struct fetch *f)
{
    struct message *m = mem_new(sizeof *m);
    int64_t lease_s = r->op->visibility_s < 0 ? VISIBILITY_S : r->op->visibility_s;
    holds_deliver(&r->shelf->holds, f->hold, f->get.object.etag,
                  monotime_after(r->op->asked_at, lease_s * SECOND_US));
    m->id = mem_text(id_of(r->shelf, f->hold));
    m->receipt = hold_receipt(f->hold);
    m->body = take_content(&f->get.content);
    m->receive_count = f->hold->receives;
    m->sent_at = sent_at(m->id, f->get.object.modified);
    metadata_read(&m->attributes, &f->get.object.metadata);
    return m;
}

/* The first fetch that failed, for the error of the whole; a bucket need not name the key in it. */
static void explain(struct err *err, const struct fetch *f)
{
    const struct err *why = &f->get.op.err;
    if (err_any(err))
        return;
    *err = *why;
    if (!bytes_starts(bytes_of(why->message), f->hold->key))
        snprintf(err->message, sizeof err->message, "%.128s: %.200s", f->hold->key, why->message);
}

static void warn(const struct shelf *shelf, struct fetch *f)
{
    char text[512];
    struct err err = {0};
    if (f->hold->gone || f->hold->warned || !err_any(&f->get.op.err))
        return;
    explain(&err, f);
    err_text(&err, shelf->bucket->url, text, sizeof text);
    log_line(LOG_WARN, "passed over, it cannot be read: %s", text);
    f->hold->warned = true;
}

/* No repetition changes it: a key that no bucket takes (a folder's "name/" that a console made), or
 * a body that is too large to be held. Such an object must not fail every receive. */
static bool unreadable(const struct err *err)
{
    return err_is(err, "InvalidKey") || err_is(err, "too_large");
}

/* Takes over what was read. An object that vanished is nothing. */
static void take_over(struct receive *r, struct fetch *f)
{
    struct queue_op *op = r->op;
    const struct err *err = &f->get.op.err;
    f->hold->gone = f->hold->gone || err_is(err, "NoSuchKey");
    f->hold->never = unreadable(err);
    if (f->hold->gone || f->hold->never)
        return;
    if (err_any(err))
        explain(&r->err, f);
    else
        op->received[op->received_count++] = message_of(r, f);
}

static void receive_finish(struct receive *r)
{
    struct queue_op *op = r->op;
    for (size_t i = 0; i < r->count; i++)
        take_over(r, &r->fetches[i]);
    for (size_t i = 0; i < r->count; i++)
        if (op->received_count || r->fetches[i].hold->never)
            warn(r->shelf, &r->fetches[i]);
    if (!op->received_count)
        op->op.err = r->err;
    receive_free(r);
    op_finish(&op->op);
}

/* Those that are complete, up to the first that is not. A waiter may free the shelf with its last
 * operation, so they are counted out before any is answered. */
static void answer_in_order(struct shelf *shelf)
{
    struct list ready;
    struct link *at;
    list_init(&ready);
    while ((at = list_first(&shelf->receives)) != NULL &&
           LIST_ITEM(at, struct receive, link)->complete) {
        list_remove(at);
        list_push(&ready, at);
    }
    while ((at = list_pop(&ready)) != NULL)
        receive_finish(LIST_ITEM(at, struct receive, link));
}

static void receive_abort(struct op *op)
{
    struct receive *r = op->provider;
    struct shelf *shelf = r->shelf;
    receive_free(r);
    answer_in_order(shelf);
}

static void receive_step(struct receive *r)
{
    if (--r->pending)
        return;
    r->complete = true;
    if (r->count)
        answer_in_order(r->shelf);
    else
        receive_finish(r);               /* nothing overtakes nobody */
}

static void fetched(struct op *op)
{
    receive_step(op->waiter);
}

/* One step is kept back, so that answers on the spot do not end it before all are asked. */
static void read_all(struct receive *r)
{
    r->pending = r->count + 1;
    for (size_t i = 0; i < r->count; i++)
        bucket_start(r->shelf->bucket, &r->fetches[i].get);
    receive_step(r);
}

static void add_fetch(struct receive *r, struct bytes key)
{
    struct fetch *f = &r->fetches[r->count++];
    f->hold = holds_take(&r->shelf->holds, key);
    bucket_op_init(&f->get, BUCKET_GET);
    f->get.key = bytes_of(f->hold->key);
    f->get.op.notify = fetched;
    f->get.op.waiter = r;
}

static bool full(const struct receive *r)
{
    return r->count == r->want || r->bytes >= SHELF_RECEIVE_BYTES;
}

static void take_keys(struct receive *r)
{
    struct shelf *shelf = r->shelf;
    while (!full(r)) {
        struct bytes key = scan_next(&shelf->scan);
        if (!key.len)
            return;
        if (!hold_free(holds_find(&shelf->holds, key), r->op->asked_at))
            continue;
        add_fetch(r, key);
        r->bytes += shelf->scan.size;
    }
}

/* The end of a round ends a receive that has something, or has seen that round from its start. */
static bool enough(const struct receive *r)
{
    const struct scan *s = &r->shelf->scan;
    return full(r) || (scan_at_end(s) && (r->count || s->rounds != r->round));
}

static void gather(struct receive *r)
{
    int rc = 1;
    take_keys(r);
    while (rc > 0 && !enough(r)) {
        rc = scan_load(&r->shelf->scan, &r->wait, &r->err);
        if (rc > 0)
            take_keys(r);
    }
    if (rc)
        read_all(r);
}

static void page_ready(struct scan_wait *w, const struct err *err)
{
    struct receive *r = LIST_ITEM(w, struct receive, wait);
    r->err = *err;
    if (err_any(err))
        read_all(r);
    else
        gather(r);
}

void shelf_receive(struct shelf *shelf, struct queue_op *op)
{
    struct receive *r = mem_new(sizeof *r);
    r->shelf = shelf;
    r->op = op;
    r->round = shelf->scan.rounds;
    r->wait.ready = page_ready;
    r->want = op->want < 1 ? 1 : op->want > QUEUE_BATCH ? QUEUE_BATCH : (size_t)op->want;
    list_push(&shelf->receives, &r->link);
    op_begin(&op->op, r, receive_abort);
    gather(r);
}

/* ---- settings ---- */

struct survey {
    struct shelf *shelf;
    struct queue_op *op;
    struct monotime now;
    struct scan scan;
    struct scan_wait wait;
    struct err err;
};

static void survey_free(struct survey *s)
{
    scan_leave(&s->scan, &s->wait);
    scan_free(&s->scan);
    mem_free(s);
}

static void survey_abort(struct op *op)
{
    survey_free(op->provider);
}

static void survey_finish(struct survey *s, bool visible)
{
    struct queue_op *op = s->op;
    op->op.err = s->err;
    op->settings = (struct queue_settings){.visibility_s = VISIBILITY_S, .visible = visible};
    holds_count(&s->shelf->holds, s->now, &op->settings.in_flight, &op->settings.delayed);
    survey_free(s);
    op_finish(&op->op);
}

static bool sees_one(struct survey *s)
{
    struct bytes key = scan_next(&s->scan);
    while (key.len && !hold_free(holds_find(&s->shelf->holds, key), s->now))
        key = scan_next(&s->scan);
    return key.len > 0;
}

static void survey_go(struct survey *s)
{
    bool visible = sees_one(s);
    int rc = 1;
    while (rc > 0 && !visible && !(scan_at_end(&s->scan) && s->scan.rounds)) {
        rc = scan_load(&s->scan, &s->wait, &s->err);
        visible = sees_one(s);
    }
    if (rc)
        survey_finish(s, visible);
}

static void survey_ready(struct scan_wait *w, const struct err *err)
{
    struct survey *s = LIST_ITEM(w, struct survey, wait);
    s->err = *err;
    if (err_any(err))
        survey_finish(s, false);
    else
        survey_go(s);
}

void shelf_survey(struct shelf *shelf, struct queue_op *op, struct monotime now)
{
    struct survey *s = mem_new(sizeof *s);
    *s = (struct survey){.shelf = shelf, .op = op, .now = now, .wait.ready = survey_ready};
    scan_init(&s->scan, shelf->bucket, shelf->scan.parked);
    s->scan.shard = shelf->scan.shard;
    op_begin(&op->op, s, survey_abort);
    survey_go(s);
}
