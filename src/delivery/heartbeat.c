#include "delivery/heartbeat.h"

#include "base/log.h"

enum {
    FLIGHTS_MAX = 8,
    MARGIN_S = 30                    /* of the 12 h: for what a call takes to get there */
};

static const int64_t grace_us = SECOND_US;   /* most handlers are done by then: no call for those */
static const int64_t again_us = 200 * 1000;

struct flight {
    struct queue_op op;
    struct heartbeat *heartbeat;
    struct delivery *items[QUEUE_BATCH];         /* NULL: left the cache meanwhile */
    const struct message *said[QUEUE_BATCH];     /* whose receipt was sent: only compared */
    char *receipts[QUEUE_BATCH];
    struct monotime give_up;
    struct link link;
};

void heartbeat_init(struct heartbeat *h, struct queue *queue)
{
    *h = (struct heartbeat){.queue = queue};
    list_init(&h->waiting);
    list_init(&h->flights);
    list_init(&h->landed);
}

static int64_t window_us(const struct heartbeat *h)
{
    return h->window_s * SECOND_US;
}

/* ---- who is due when ---- */

/* Behind all that are due before: almost always at the end. */
static void enlist(struct heartbeat *h, struct delivery *d, struct monotime due)
{
    struct link *at = list_last(&h->waiting);
    d->beat_at = due;
    while (at && monotime_until(due, LIST_ITEM(at, struct delivery, beat_link)->beat_at) > 0)
        at = list_before(&h->waiting, at);
    list_insert(&h->waiting, at, &d->beat_link);
}

/* Whole seconds that may be asked for now; 0: nothing would be won. */
static int seconds_to_ask(const struct heartbeat *h, const struct delivery *d, struct monotime now)
{
    int64_t left_s = monotime_until(now, d->lease_limit) / SECOND_US;
    int64_t ask_s = left_s < h->window_s ? left_s : h->window_s;
    bool longer = monotime_until(d->lease_end, monotime_after(now, ask_s * SECOND_US)) > 0;
    return d->unextendable || ask_s < 1 || !longer ? 0 : (int)ask_s;
}

static void schedule(struct heartbeat *h, struct delivery *d, struct monotime not_before)
{
    struct monotime half = {d->lease_end.us - window_us(h) / 2};
    if (monotime_until(half, not_before) > 0)
        half = not_before;
    enlist(h, d, monotime_earlier(half, d->lease_end));
}

static void set_lease(struct delivery *d, struct monotime end)
{
    d->lease_end = end;
    if (d->lease_shown)
        *d->lease_shown = end;
}

void heartbeat_add(struct heartbeat *h, struct delivery *d, struct monotime asked_at,
                   struct monotime now)
{
    int64_t left;
    list_remove(&d->beat_link);
    set_lease(d, monotime_after(asked_at, window_us(h)));
    d->lease_limit = monotime_after(asked_at, (QUEUE_VISIBILITY_MAX_S - MARGIN_S) * SECOND_US);
    left = monotime_until(now, d->lease_end);
    schedule(h, d, monotime_after(now, left / 4 < grace_us ? left / 4 : grace_us));
}

void heartbeat_stop(struct delivery *d)
{
    d->unextendable = true;
    list_remove(&d->beat_link);
}

bool heartbeat_under_way(const struct delivery *d)
{
    return d->beat_slot != NULL;
}

/* ---- answers ---- */

static void flight_free(struct flight *f)
{
    list_remove(&f->link);
    queue_op_free(&f->op);
    for (size_t i = 0; i < f->op.entry_count; i++) {
        if (f->items[i])
            f->items[i]->beat_slot = NULL;
        mem_free(f->receipts[i]);
    }
    mem_free(f);
}

static void landed(struct op *op)
{
    struct flight *f = op->waiter;
    list_remove(&f->link);
    list_push(&f->heartbeat->landed, &f->link);
}

static void lose(struct heartbeat *h, struct delivery *d)
{
    list_remove(&d->beat_link);
    d->lost = true;
    h->lost(h, d);
}

/* Refused for good, yet perhaps still ours: the lease runs out by itself. */
static void refuse(struct heartbeat *h, struct delivery *d, const struct err *err)
{
    char text[512];
    d->unextendable = true;
    enlist(h, d, d->lease_end);
    if (h->refused)
        return;
    h->refused = true;
    err_text(err, h->queue->url, text, sizeof text);
    log_line(LOG_WARN, "a lease could not be extended: %s", text);
}

static void judge(struct heartbeat *h, struct flight *f, size_t at, struct monotime now)
{
    struct delivery *d = f->items[at];
    const struct queue_op *op = &f->op;
    const struct err *err = err_any(&op->op.err) ? &op->op.err : &op->entries[at].err;
    if (!d)
        return;
    f->items[at] = NULL;
    d->beat_slot = NULL;
    if (d->unextendable || d->message != f->said[at])
        return;                          /* it goes back, or was received again since */
    if (!err_any(err)) {
        set_lease(d, monotime_after(op->asked_at, op->entries[at].delay_s * SECOND_US));
        schedule(h, d, now);
    } else if (err->retryable) {
        schedule(h, d, monotime_after(now, again_us));
    } else if (err_is(err, QUEUE_NOT_HELD) || err_is(err, QUEUE_RECEIPT_INVALID)) {
        lose(h, d);
    } else {
        refuse(h, d, err);
    }
}

static void look_at_answers(struct heartbeat *h, struct monotime now)
{
    struct link *at;
    while ((at = list_pop(&h->landed)) != NULL) {
        struct flight *f = LIST_ITEM(at, struct flight, link);
        for (size_t i = 0; i < f->op.entry_count; i++)
            judge(h, f, i, now);
        flight_free(f);
    }
}

/* Calls that are not answered in time count as failed; what they asked for may have happened. */
static void give_up_calls(struct heartbeat *h, struct monotime now)
{
    struct link *at = list_first(&h->flights), *next;
    for (; at; at = next) {
        struct flight *f = LIST_ITEM(at, struct flight, link);
        next = list_after(&h->flights, at);
        if (!monotime_reached(f->give_up, now))
            continue;
        op_abort(&f->op.op);
        err_set(&f->op.op.err, "timeout", "the lease was not extended in time");
        f->op.op.err.retryable = true;
        list_remove(at);
        list_push(&h->landed, at);
    }
}

/* ---- calls ---- */

static void add(struct flight *f, struct delivery *d, int seconds)
{
    size_t at = f->op.entry_count++;
    list_remove(&d->beat_link);
    f->items[at] = d;
    f->said[at] = d->message;
    d->beat_slot = &f->items[at];
    f->receipts[at] = mem_text(d->message->receipt);
    f->op.entries[at].receipt = bytes_of(f->receipts[at]);
    f->op.entries[at].delay_s = seconds;
}

/* The first one is due; those that would be due soon come along. */
static void launch(struct heartbeat *h, struct monotime now)
{
    struct flight *f = mem_new(sizeof *f);
    struct link *at = list_first(&h->waiting), *next;
    struct monotime soon = monotime_after(now, window_us(h) / 4);
    queue_op_init(&f->op, QUEUE_EXTEND);
    f->heartbeat = h;
    for (; at && f->op.entry_count < QUEUE_BATCH; at = next) {
        struct delivery *d = LIST_ITEM(at, struct delivery, beat_link);
        int seconds = seconds_to_ask(h, d, now);
        next = list_after(&h->waiting, at);
        if (!monotime_reached(d->beat_at, soon))
            break;
        if (seconds)
            add(f, d, seconds);
    }
    f->give_up = monotime_after(now, window_us(h) / 4);
    f->op.op.notify = landed;
    f->op.op.waiter = f;
    list_push(&h->flights, &f->link);
    queue_start(h->queue, &f->op, now);
}

static size_t under_way(const struct heartbeat *h)
{
    size_t count = 0;
    for (struct link *at = list_first(&h->flights); at; at = list_after(&h->flights, at))
        count++;
    return count;
}

/* The first that is due, when it can be extended; those that cannot are lost, or wait for it. */
static bool next_due(struct heartbeat *h, struct monotime now)
{
    struct link *at;
    while ((at = list_first(&h->waiting)) != NULL) {
        struct delivery *d = LIST_ITEM(at, struct delivery, beat_link);
        if (!monotime_reached(d->beat_at, now))
            return false;
        if (monotime_reached(d->lease_end, now)) {
            lose(h, d);
        } else if (seconds_to_ask(h, d, now)) {
            return true;
        } else {
            list_remove(at);
            enlist(h, d, d->lease_end);
        }
    }
    return false;
}

void heartbeat_turn(struct heartbeat *h, struct monotime now)
{
    give_up_calls(h, now);
    look_at_answers(h, now);
    while (next_due(h, now) && under_way(h) < FLIGHTS_MAX) {
        launch(h, now);
        look_at_answers(h, now);
    }
}

struct monotime heartbeat_next(const struct heartbeat *h)
{
    struct monotime next = NEVER;
    const struct link *first = list_first(&h->waiting);
    if (!list_empty(&h->landed))
        return (struct monotime){0};
    for (struct link *at = list_first(&h->flights); at; at = list_after(&h->flights, at))
        next = monotime_earlier(next, LIST_ITEM(at, struct flight, link)->give_up);
    if (first && under_way(h) < FLIGHTS_MAX)
        next = monotime_earlier(next, LIST_ITEM(first, struct delivery, beat_link)->beat_at);
    return next;
}

void heartbeat_free(struct heartbeat *h)
{
    struct link *at;
    while ((at = list_first(&h->flights)) != NULL || (at = list_first(&h->landed)) != NULL)
        flight_free(LIST_ITEM(at, struct flight, link));
    while (list_pop(&h->waiting))
        continue;
}
