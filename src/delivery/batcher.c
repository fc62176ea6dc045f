#include "delivery/batcher.h"

#include "delivery/heartbeat.h"
#include "delivery/lanes.h"
#include "delivery/parking.h"

enum {
    BACKOFF_US = 200 * 1000,
    FLIGHTS_MAX = 8
};

struct flight {
    struct queue_op op;
    struct batcher *batcher;
    struct delivery *items[QUEUE_BATCH];
    const struct message *said[QUEUE_BATCH];     /* whose receipt was sent: only compared */
    struct pairs attributes[QUEUE_BATCH];        /* SEND */
    struct link link;
};

void batcher_init(struct batcher *b, struct queue *queue, enum queue_verb verb, int64_t linger_us)
{
    *b = (struct batcher){.queue = queue, .verb = verb, .linger_us = linger_us};
    list_init(&b->waiting);
    list_init(&b->flights);
    list_init(&b->landed);
}

void batcher_add(struct batcher *b, struct delivery *d, struct monotime now)
{
    d->tries = 0;
    d->not_before = now;
    d->due = monotime_after(now, b->linger_us);
    list_push(&b->waiting, &d->batch_link);
}

static void flight_free(struct flight *f)
{
    list_remove(&f->link);
    queue_op_free(&f->op);
    for (size_t i = 0; i < QUEUE_BATCH; i++)
        pairs_free(&f->attributes[i]);
    mem_free(f);
}

static void landed(struct op *op)
{
    struct flight *f = op->waiter;
    list_remove(&f->link);
    list_push(&f->batcher->landed, &f->link);
}

static void fill(struct flight *f, size_t at)
{
    struct queue_entry *e = &f->op.entries[at];
    const struct delivery *d = f->items[at];
    if (f->batcher->verb != QUEUE_SEND) {
        e->receipt = bytes_of(d->message->receipt);
        e->delay_s = (int)((d->verdict.after_us + SECOND_US - 1) / SECOND_US);
        return;
    }
    parking_describe(&f->attributes[at], d, f->batcher->source, d->detail);
    e->body = d->message->body;
    e->id = bytes_of(d->message->id);
    e->aside = true;
    e->group_id = bytes_of(d->message->group_id);
    e->attributes = &f->attributes[at];
}

/* What gives a message back must not be overtaken by an extension of its lease. */
static bool held_up(const struct batcher *b, const struct delivery *d)
{
    return b->verb == QUEUE_RELEASE && heartbeat_under_way(d);
}

static bool may_go(const struct batcher *b, const struct delivery *d, struct monotime now)
{
    return monotime_reached(d->not_before, now) && !held_up(b, d);
}

static void launch(struct batcher *b, struct monotime now)
{
    struct flight *f = mem_new(sizeof *f);
    struct link *at = list_first(&b->waiting), *next;
    queue_op_init(&f->op, b->verb);
    f->batcher = b;
    for (; at && f->op.entry_count < QUEUE_BATCH; at = next) {
        struct delivery *d = LIST_ITEM(at, struct delivery, batch_link);
        next = list_after(&b->waiting, at);
        if (!may_go(b, d, now))
            continue;
        list_remove(at);
        f->items[f->op.entry_count] = d;
        f->said[f->op.entry_count] = d->message;
        fill(f, f->op.entry_count++);
    }
    list_push(&b->flights, &f->link);
    f->op.op.notify = landed;
    f->op.op.waiter = f;
    queue_start(b->queue, &f->op, now);
}

static void judge(struct batcher *b, struct delivery *d, const struct err *err, struct monotime now)
{
    d->tries++;
    if (!err_any(err) || !err->retryable || d->lost || d->tries >= BATCHER_TRIES) {
        b->settled(b, d, err);
        return;
    }
    d->not_before = monotime_after(now, (int64_t)BACKOFF_US << d->tries);
    d->due = d->not_before;
    list_push(&b->waiting, &d->batch_link);
}

/* It was received again meanwhile: an old receipt may say nothing to its queue. */
static bool outdated(const struct flight *f, size_t at)
{
    return f->batcher->verb != QUEUE_SEND && f->items[at]->message != f->said[at];
}

static void look_at_answers(struct batcher *b, struct monotime now)
{
    struct link *at;
    while ((at = list_pop(&b->landed)) != NULL) {
        struct flight *f = LIST_ITEM(at, struct flight, link);
        bool whole = err_any(&f->op.op.err);
        for (size_t i = 0; i < f->op.entry_count; i++)
            if (outdated(f, i))
                batcher_add(b, f->items[i], now);
            else
                judge(b, f->items[i], whole ? &f->op.op.err : &f->op.entries[i].err, now);
        flight_free(f);
    }
}

/* Is there enough to fill a call, or somebody who should not wait for company? */
static bool worth_a_call(const struct batcher *b, struct monotime now, bool hurry)
{
    size_t ready = 0;
    bool urgent = false;
    for (struct link *at = list_first(&b->waiting); at; at = list_after(&b->waiting, at)) {
        const struct delivery *d = LIST_ITEM(at, struct delivery, batch_link);
        if (!may_go(b, d, now))
            continue;
        ready++;
        urgent = urgent || hurry || monotime_reached(d->due, now) || lanes_awaited(d);
    }
    return ready >= QUEUE_BATCH || (ready && urgent);
}

static size_t under_way(const struct batcher *b)
{
    size_t count = 0;
    for (struct link *at = list_first(&b->flights); at; at = list_after(&b->flights, at))
        count++;
    return count;
}

void batcher_turn(struct batcher *b, struct monotime now, bool hurry)
{
    look_at_answers(b, now);
    while (under_way(b) < FLIGHTS_MAX && worth_a_call(b, now, hurry)) {
        launch(b, now);
        look_at_answers(b, now);
    }
}

struct monotime batcher_next(const struct batcher *b)
{
    struct monotime next = NEVER;
    if (!list_empty(&b->landed))
        return (struct monotime){0};
    for (struct link *at = list_first(&b->waiting); at; at = list_after(&b->waiting, at)) {
        const struct delivery *d = LIST_ITEM(at, struct delivery, batch_link);
        if (!held_up(b, d))
            next = monotime_earlier(next, lanes_awaited(d) ? d->not_before : d->due);
    }
    return under_way(b) < FLIGHTS_MAX ? next : NEVER;
}

bool batcher_idle(const struct batcher *b)
{
    return list_empty(&b->waiting) && list_empty(&b->flights) && list_empty(&b->landed);
}

void batcher_free(struct batcher *b)
{
    struct link *at;
    while ((at = list_first(&b->flights)) != NULL || (at = list_first(&b->landed)) != NULL)
        flight_free(LIST_ITEM(at, struct flight, link));
    while (list_pop(&b->waiting))
        continue;
}
