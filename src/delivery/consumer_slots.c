#include "delivery/consumer_state.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum { SETTLING_MAX = 10 };             /* times what may be in hand */

bool has_task(const struct delivery *d)
{
    return d->state == DELIVERY_RUNNING || d->state == DELIVERY_BLOCKED ||
           d->state == DELIVERY_GRANTED;
}

size_t slots_in_hand(const struct consumer *c)
{
    return cache_total(&c->cache) - c->cache.counts[DELIVERY_SETTLING];
}

static bool worn_out(const struct consumer *c, const struct delivery *d)
{
    return c->settlement.can_park && d->message->receive_count > c->settlement.max_receives;
}

/* ---- delicate messages ----
 *
 * A handler that ends the process takes the receives of all that is in hand with it, and what was
 * received too often is parked unseen. So that this strikes the one and not its neighbours, a
 * message on one of its last two receives is delicate, unless its handler answered here the last
 * time: such messages start one at a time, each when the one before it is settled, and nothing is
 * taken meanwhile. The bad one was there every time,
 * so those that were received less often go first; of the others, in the order of their ids and
 * the next time in the other order: what is before the bad one is settled the first time, and what
 * is behind it the second. */

void slots_take(struct consumer *c, struct delivery *d)
{
    int receives = d->message->receive_count;
    if (c->settlement.can_park && receives > 1 && receives >= c->settlement.max_receives - 1 &&
        !worn_out(c, d) && !returns_explain(&c->settlement.returns, d->message))
        cache_mark_delicate(&c->cache, d);
}

/* Of two that wait: does `a` go first? */
static bool goes_first(const struct delivery *a, const struct delivery *b)
{
    int order = strcmp(a->message->id, b->message->id);
    if (a->message->receive_count != b->message->receive_count)
        return a->message->receive_count < b->message->receive_count;
    return a->message->receive_count % 2 ? order < 0 : order > 0;
}

/* The next to start, or NULL. All that may be received must be here before a delicate one is
 * chosen: their order is one of all of them. */
static struct delivery *next_ready(const struct consumer *c)
{
    struct delivery *chosen = NULL;
    bool allowed = c->cache.begun == 0 && c->intake.calls == 0;
    struct delivery *d = cache_first(&c->cache, DELIVERY_READY);
    for (; d; d = cache_after(&c->cache, d)) {
        if (!cache_leads(&c->cache, d))
            continue;
        if (!d->delicate)
            return d;
        if (allowed && (!chosen || goes_first(d, chosen)))
            chosen = d;
    }
    return chosen;
}

bool slots_ready(const struct consumer *c)
{
    return next_ready(c) != NULL;
}

/* ---- room ---- */

/* Blocked messages hold no slot, yet they are bounded too: at most as many again as all others in
 * hand. So are verdicts that wait for their confirmation, and the bytes of all. While the source is
 * asked whether it is empty, or a delicate message is in hand, nothing is taken. */
static size_t room_for_more(const struct consumer *c)
{
    size_t held = slots_in_hand(c), blocked = c->cache.counts[DELIVERY_BLOCKED];
    size_t most = c->options.concurrency + PREFETCH;
    size_t allowed = most + (blocked < most ? blocked : most);
    size_t room = cache_room(&c->cache);
    if (c->phase != RUNNING || c->asking || c->cache.delicate || held >= allowed ||
        c->cache.counts[DELIVERY_SETTLING] >= SETTLING_MAX * most)
        return 0;
    return allowed - held < room ? allowed - held : room;
}

size_t slots_room(const struct consumer *c)
{
    bool untried = c->cache.counts[DELIVERY_READY] || c->cache.counts[DELIVERY_GRANTED];
    size_t all = room_for_more(c), room = !c->breaker.open ? all : all && !untried;
    uint64_t most = c->options.max_messages, received = c->settlement.ledger.received;
    if (!most)
        return room;
    return most - received < room ? (size_t)(most - received) : room;
}

/* ---- held messages ---- */

void slots_hold(struct consumer *c, struct delivery *d, const struct verdict *v,
                struct monotime now)
{
    int64_t after_us = v->after_us == VERDICT_BACKOFF ? breaker_pause(&c->breaker, d->holds)
                                                      : v->after_us;
    d->holds++;
    d->not_before = monotime_after(now, after_us);
    cache_move(&c->cache, d, DELIVERY_HELD);
}

void slots_free_held(struct consumer *c, struct monotime now)
{
    struct delivery *d = cache_first(&c->cache, DELIVERY_HELD);
    for (; d; d = cache_after(&c->cache, d))
        d->not_before = now;
}

/* The one that begins next: while stores fail, the one that was not tried for longest. */
static struct delivery *next_held(const struct consumer *c)
{
    struct delivery *chosen = cache_first(&c->cache, DELIVERY_HELD), *d = chosen;
    for (; d && !c->breaker.open; d = cache_after(&c->cache, d))
        if (monotime_until(chosen->not_before, d->not_before) < 0)
            chosen = d;
    return chosen;
}

struct monotime slots_next(const struct consumer *c)
{
    const struct delivery *held = next_held(c);
    if (c->cache.counts[DELIVERY_RUNNING] >= c->options.concurrency)
        return NEVER;
    if (c->cache.counts[DELIVERY_GRANTED] || next_ready(c) || (held && c->breaker.open))
        return breaker_next(&c->breaker);
    return held ? held->not_before : NEVER;
}

/* ---- starting ---- */

static bool lapsing(const struct consumer *c, const struct delivery *d, struct monotime now)
{
    int64_t margin = c->lease_s * SECOND_US / 10;
    return monotime_until(now, d->lease_end) < (margin < SECOND_US ? margin : SECOND_US);
}

/* Its source has given it to somebody else by then, or is about to. */
static void let_lapse(struct consumer *c, struct delivery *d)
{
    if (has_task(d))
        c->host.cancel(c->host.self, d);
    log_line(LOG_INFO, "message %s: its lease ended before it could be started", d->message->id);
    settlement_forget(&c->settlement, d);
}

void slots_lost(struct heartbeat *h, struct delivery *d)
{
    if (d->state == DELIVERY_RUNNING)
        log_line(LOG_WARN, "message %s: its lease ended while its handler runs; it may come again",
                 d->message->id);
    else if (d->state != DELIVERY_SETTLING)
        let_lapse(h->owner, d);
}

static void run(struct consumer *c, struct delivery *d, struct monotime now)
{
    cache_move(&c->cache, d, DELIVERY_RUNNING);
    d->begun = now;
    breaker_try(&c->breaker, d);
}

static void begin_or_refuse(struct consumer *c, struct delivery *d, struct monotime now)
{
    static const struct verdict park = {.kind = VERDICT_PARK,
                                        .reason = "received too often without a verdict"};
    if (worn_out(c, d)) {
        settlement_verdict(&c->settlement, d, &park, now);
    } else if (lapsing(c, d, now)) {
        let_lapse(c, d);
    } else {
        run(c, d, now);
        c->host.start(c->host.self, d);
    }
}

/* The lane is its own: its handler goes on, unless the lease did not last. */
static void go_on_or_refuse(struct consumer *c, struct delivery *d, struct monotime now)
{
    struct op *op = d->entering;
    if (lapsing(c, d, now)) {
        let_lapse(c, d);
        return;
    }
    d->entering = NULL;
    run(c, d, now);
    op_finish(op);
}

/* ---- the deadline of a handler ---- */

/* The time in a lane's queue does not count: RUNNING is a list in the order of `begun`. */
struct monotime slots_deadline(const struct consumer *c)
{
    const struct delivery *d = cache_first(&c->cache, DELIVERY_RUNNING);
    return d && c->options.deadline_us ? monotime_after(d->begun, c->options.deadline_us) : NEVER;
}

void slots_stop_late(struct consumer *c, struct monotime now)
{
    struct verdict late = {.kind = VERDICT_RETRY, .after_us = VERDICT_BACKOFF};
    snprintf(late.reason, sizeof late.reason, "deadline of %g s passed",
             (double)c->options.deadline_us / SECOND_US);
    while (monotime_reached(slots_deadline(c), now)) {
        struct delivery *d = cache_first(&c->cache, DELIVERY_RUNNING);
        log_line(LOG_WARN, "message %s: its handler was stopped: %s", d->message->id, late.reason);
        c->host.cancel(c->host.self, d);
        breaker_forget(&c->breaker, d);
        settlement_verdict(&c->settlement, d, &late, now);
    }
}

/* Gives a slot to the next of those that wait for one; false when there is none. */
static bool fill_one(struct consumer *c, struct monotime now)
{
    struct delivery *granted = cache_first(&c->cache, DELIVERY_GRANTED), *held = next_held(c);
    struct delivery *ready = next_ready(c);
    bool due = held && monotime_reached(held->not_before, now);
    if (granted)
        go_on_or_refuse(c, granted, now);
    else if (due && !c->breaker.open)
        begin_or_refuse(c, held, now);
    else if (ready)
        begin_or_refuse(c, ready, now);
    else if (held && c->breaker.open)
        begin_or_refuse(c, held, now);
    else
        return false;
    return true;
}

void slots_fill(struct consumer *c, struct monotime now)
{
    bool more = true;
    while (more && c->cache.counts[DELIVERY_RUNNING] < c->options.concurrency &&
           monotime_reached(breaker_next(&c->breaker), now))
        more = fill_one(c, now);
}
