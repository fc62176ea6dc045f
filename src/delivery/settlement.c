#include "delivery/settlement.h"

#include "base/log.h"
#include "delivery/heartbeat.h"
#include "delivery/parking.h"

#include <stdio.h>

enum {
    ACK_LINGER_US = 200 * 1000,
    BACKOFF_DOUBLINGS = 9
};

static const int64_t backoff_first_us = SECOND_US;

/* Full jitter over an exponential of the receive count: 1 s, 2 s, 4 s … 512 s at most. */
static int64_t backoff(struct settlement *s, int receive_count)
{
    int doublings = receive_count < 1 ? 0 : receive_count - 1;
    if (doublings > BACKOFF_DOUBLINGS)
        doublings = BACKOFF_DOUBLINGS;
    return random_below(&s->random, (backoff_first_us << doublings) + 1);
}

void settlement_leave_lane(struct settlement *s, struct delivery *d)
{
    struct delivery *heir = lanes_leave(s->lanes, d);
    if (heir)
        cache_move(s->cache, heir, DELIVERY_GRANTED);
}

/* Confirmed, one way or the other: counted, out of its lane, forgotten. */
static void finish(struct settlement *s, struct delivery *d)
{
    settlement_leave_lane(s, d);
    ledger_settle(&s->ledger, &d->verdict);
    if (d->unparkable)
        s->ledger.unparkable++;
    cache_remove(s->cache, d);
}

static void warn(const struct delivery *d, const char *what, const struct err *err)
{
    char text[512];
    err_text(err, what, text, sizeof text);
    log_line(LOG_WARN, "message %s: %s", d->message->id, text);
}

static void release(struct settlement *s, struct delivery *d, struct monotime now)
{
    int64_t most = monotime_until(now, d->lease_limit);
    struct verdict *v = &d->verdict;
    if (v->kind == VERDICT_RETRY && v->after_us == VERDICT_BACKOFF)
        v->after_us = backoff(s, d->message->receive_count);
    if (v->kind == VERDICT_RELEASE)
        v->after_us = 0;
    if (v->after_us > most)
        v->after_us = most > 0 ? most / SECOND_US * SECOND_US : 0;
    heartbeat_stop(d);
    batcher_add(&s->releases, d, now);
}

/* All that follow it in its group go with it, in their order: none may overtake it. */
static void go_back(struct settlement *s, struct delivery *d, struct monotime now)
{
    struct delivery *next;
    release(s, d, now);
    while ((next = cache_follower(s->cache, d)) != NULL) {
        next->verdict = (struct verdict){.kind = VERDICT_RELEASE};
        cache_move(s->cache, next, DELIVERY_SETTLING);
        release(s, next, now);
    }
}

static void acked(struct batcher *b, struct delivery *d, const struct err *err)
{
    struct settlement *s = b->owner;
    if (err_any(err)) {
        warn(d, "handled, but its delete failed; it will be delivered again", err);
        d->verdict.kind = VERDICT_RELEASE;
    }
    finish(s, d);
}

static void released(struct batcher *b, struct delivery *d, const struct err *err)
{
    if (err_any(err))
        warn(d, "could not be given back early; it returns when its lease ends", err);
    finish(b->owner, d);
}

/* It goes back, and is known as one that waits for a place. */
static void keep_unparkable(struct settlement *s, struct delivery *d)
{
    d->unparkable = true;
    d->verdict.kind = VERDICT_RETRY;
    d->verdict.after_us = VERDICT_BACKOFF;
    idset_add(&s->unparkable, d->message->id);
}

/* What went bare into its place keeps its story here. */
static void tell_bare(const struct delivery *d)
{
    log_line(LOG_WARN, "message %s: parked without its attributes: %s%s%s", d->message->id,
             d->verdict.reason, d->verdict.error[0] ? ": " : "", d->verdict.error);
}

/* The place may refuse only what was added to the message: its size, a name, a value. */
static bool can_say_less(const struct delivery *d, const struct err *err)
{
    bool barred = err->status == 401 || err->status == 403 || err->status == 404;
    return !err->retryable && !barred && d->detail < PARKING_BARE;
}

static void parked(struct batcher *b, struct delivery *d, const struct err *err)
{
    struct settlement *s = b->owner;
    if (!err_any(err)) {
        if (d->detail == PARKING_BARE)
            tell_bare(d);
        applied_add(&s->applied, d->message->id);
        batcher_add(&s->acks, d, d->not_before);
        return;
    }
    if (can_say_less(d, err)) {
        d->detail++;
        batcher_add(&s->parks, d, d->not_before);
        return;
    }
    warn(d, "could not be parked; it goes back", err);
    d->verdict.kind = VERDICT_RETRY;
    d->verdict.after_us = VERDICT_BACKOFF;
    if (!err->retryable)
        keep_unparkable(s, d);
    go_back(s, d, d->not_before);
}

void settlement_init(struct settlement *s, struct queue *source, struct cache *cache,
                     struct lanes *lanes)
{
    *s = (struct settlement){.cache = cache, .lanes = lanes, .random = random_fresh()};
    batcher_init(&s->acks, source, QUEUE_DELETE, ACK_LINGER_US);
    batcher_init(&s->releases, source, QUEUE_RELEASE, 0);
    batcher_init(&s->parks, NULL, QUEUE_SEND, 0);
    s->parks.source = source->url;
    s->remembers = !source->keyed;
    s->acks.owner = s->releases.owner = s->parks.owner = s;
    s->acks.settled = acked;
    s->releases.settled = released;
    s->parks.settled = parked;
}

void settlement_park_to(struct settlement *s, struct queue *park, int max_receives)
{
    s->parks.queue = park;
    s->can_park = park != NULL;
    s->max_receives = max_receives;
}

/* Enough tries: a person should look at it. */
static void give_up(const struct settlement *s, struct delivery *d)
{
    struct verdict *v = &d->verdict;
    char reason[VERDICT_REASON_MAX];
    if (v->kind != VERDICT_RETRY || v->outage || !s->can_park ||
        d->message->receive_count < s->max_receives)
        return;
    snprintf(reason, sizeof reason, "gave up after %d receive%s: %.340s", d->message->receive_count,
             d->message->receive_count == 1 ? "" : "s", v->reason[0] ? v->reason : "retried");
    snprintf(v->reason, sizeof v->reason, "%s", reason);
    v->kind = VERDICT_PARK;
}

static bool applies(const struct verdict *v)
{
    return v->kind == VERDICT_DONE || v->kind == VERDICT_SKIP;
}

static void ack(struct settlement *s, struct delivery *d, struct monotime now)
{
    applied_add(&s->applied, d->message->id);
    batcher_add(&s->acks, d, now);
}

bool settlement_again(struct settlement *s, struct delivery *d, struct monotime now)
{
    static const struct verdict again = {.kind = VERDICT_SKIP, .reason = "it was applied before"};
    if (!s->remembers || !applied_has(&s->applied, d->message->id))
        return false;
    log_line(LOG_INFO, "message %s: given again, but it was applied here: only deleted",
             d->message->id);
    settlement_verdict(s, d, &again, now);
    return true;
}

void settlement_renew(struct settlement *s, struct delivery *d, struct message *m)
{
    static const struct verdict superseded = {.kind = VERDICT_RELEASE};
    cache_renew(s->cache, d, m);
    ledger_settle(&s->ledger, &superseded);
}

void settlement_verdict(struct settlement *s, struct delivery *d, const struct verdict *v,
                        struct monotime now)
{
    d->verdict = *v;
    if (d->state == DELIVERY_BLOCKED)
        lanes_leave(s->lanes, d);        /* what has its verdict must never inherit the lane */
    cache_move(s->cache, d, DELIVERY_SETTLING);
    if (v->kind == VERDICT_RETRY)
        returns_add(&s->returns, d->message);
    give_up(s, d);
    if (d->verdict.kind == VERDICT_PARK && !s->can_park)
        keep_unparkable(s, d);
    if (applies(&d->verdict))
        ack(s, d, now);
    else if (d->lost)
        settlement_forget(s, d);         /* it comes again; parked now, it would be there twice */
    else if (d->verdict.kind == VERDICT_PARK)
        batcher_add(&s->parks, d, now);
    else
        go_back(s, d, now);
}

void settlement_forget(struct settlement *s, struct delivery *d)
{
    static const struct verdict back = {.kind = VERDICT_RELEASE};
    struct delivery *next;
    while ((next = cache_follower(s->cache, d)) != NULL) {
        next->verdict = back;
        finish(s, next);
    }
    d->verdict = back;
    finish(s, d);
}

bool settlement_goes_back(const struct delivery *d)
{
    enum verdict_kind kind = d->verdict.kind;
    return d->state == DELIVERY_SETTLING && (kind == VERDICT_RETRY || kind == VERDICT_RELEASE);
}

void settlement_turn(struct settlement *s, struct monotime now, bool hurry)
{
    batcher_turn(&s->parks, now, hurry);
    batcher_turn(&s->releases, now, hurry);
    batcher_turn(&s->acks, now, hurry);
}

struct monotime settlement_next(const struct settlement *s)
{
    struct monotime next = batcher_next(&s->acks);
    next = monotime_earlier(next, batcher_next(&s->releases));
    return monotime_earlier(next, batcher_next(&s->parks));
}

void settlement_free(struct settlement *s)
{
    batcher_free(&s->parks);
    batcher_free(&s->releases);
    batcher_free(&s->acks);
    idset_free(&s->unparkable);
}
