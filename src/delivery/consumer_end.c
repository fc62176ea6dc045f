#include "delivery/consumer_state.h"

enum { HOPELESS_FAILURES = 3 };

static const int64_t intake_grace_us =
    SECOND_US; /* a receive under way may still bring messages: wait for it */
static const int64_t settle_grace_us =
    2 * SECOND_US; /* after the drain deadline: for giving back */

static void end_with(struct consumer *c, const char *why)
{
    if (!c->ended)
        c->ended = why;
    c->phase = FINISHED;
}

void end_with_error(struct consumer *c, const struct err *err)
{
    c->err = *err;
    c->phase = FINISHED;
}

/* --until-empty: nothing in hand, an empty answer, and the source says that nothing else is on its
 * way. */
void end_judge_empty(struct consumer *c)
{
    const struct queue_settings *s = &c->settings.settings;
    int64_t left = s->visible + s->in_flight + s->delayed;
    bool unknown = s->visible < 0 || err_any(&c->settings.op.err);
    if (cache_total(&c->cache) || c->intake.calls || c->settings.op.err.retryable)
        return;
    if (unknown || left <= (int64_t)c->settlement.unparkable.count) {
        c->left = unknown ? (int64_t)c->settlement.unparkable.count : left;
        end_with(c, "empty");
    }
}

/* ---- drain ---- */

static void drain(struct consumer *c, struct monotime now, int64_t drain_us, const char *why)
{
    if (c->phase != RUNNING && c->phase != STARTING)
        return;
    c->ended = why;
    c->phase = c->phase == STARTING ? FINISHED : DRAINING;
    c->deadline = monotime_after(now, drain_us);
    c->intake_end = monotime_after(now, intake_grace_us < drain_us ? intake_grace_us : drain_us);
}

void consumer_drain(struct consumer *c, struct monotime now, int64_t drain_us)
{
    drain(c, now, drain_us, "stopped");
}

static void give_back_all(struct consumer *c, enum delivery_state state, struct monotime now)
{
    static const struct verdict back = {.kind = VERDICT_RELEASE};
    struct delivery *d;
    while ((d = cache_first(&c->cache, state)) != NULL) {
        if (has_task(d))
            c->host.cancel(c->host.self, d);
        settlement_verdict(&c->settlement, d, &back, now);
    }
}

static void forget_all(struct consumer *c)
{
    struct delivery *d;
    settlement_free(&c->settlement);
    while ((d = cache_first(&c->cache, DELIVERY_SETTLING)) != NULL) {
        c->cut = true;
        settlement_forget(&c->settlement, d);
    }
}

void end_drain_turn(struct consumer *c, struct monotime now)
{
    if (monotime_reached(c->intake_end, now))
        intake_free(&c->intake);
    give_back_all(c, DELIVERY_READY, now);
    give_back_all(c, DELIVERY_BLOCKED, now);
    give_back_all(c, DELIVERY_GRANTED, now);
    give_back_all(c, DELIVERY_HELD, now);
    if (monotime_reached(c->deadline, now) && c->cache.counts[DELIVERY_RUNNING]) {
        c->cut = true;
        give_back_all(c, DELIVERY_RUNNING, now);
    }
    if (monotime_reached(monotime_after(c->deadline, settle_grace_us), now))
        forget_all(c);
    settlement_turn(&c->settlement, now, true);
    if (!cache_total(&c->cache) && !c->intake.calls)
        end_with(c, c->ended);
}

/* A source that never answered is a mistake to be told at once; one that stops answering later is
 * waited for, unless the end is waited for too, and the source says that waiting cannot help. */
static bool hopeless(const struct consumer *c)
{
    const struct intake *in = &c->intake;
    bool gone = in->failures >= HOPELESS_FAILURES && !in->err.retryable && !cache_total(&c->cache);
    return in->failures && (!in->answered || (c->options.until_empty && gone));
}

/* ---- when ---- */

static bool has_all(const struct consumer *c)
{
    uint64_t most = c->options.max_messages;
    return most && c->settlement.ledger.received >= most && !cache_total(&c->cache) &&
           !c->intake.calls;
}

/* Who waits for the end of the source does not wait for its stores for ever. */
static struct monotime outage_end(const struct consumer *c)
{
    bool waits = c->breaker.open && c->options.until_empty;
    return waits ? monotime_after(c->breaker.since, CONSUMER_OUTAGE_US) : NEVER;
}

static void end_outage(struct consumer *c, struct monotime now)
{
    err_set(&c->err, "StoreUnavailable", "its stores fail for %d s; the last one said: %.200s",
            (int)(CONSUMER_OUTAGE_US / SECOND_US), c->breaker.error);
    drain(c, now, c->options.drain_us, NULL);
}

void end_check(struct consumer *c, struct monotime now)
{
    if (monotime_reached(outage_end(c), now))
        end_outage(c, now);
    else if (monotime_reached(c->runtime_end, now))
        drain(c, now, c->options.drain_us, "max_runtime");
    else if (hopeless(c))
        end_with_error(c, &c->intake.err);
    else if (has_all(c))
        end_with(c, "max_messages");
}

bool end_asks(const struct consumer *c)
{
    return c->phase == RUNNING && c->options.until_empty && !cache_total(&c->cache) &&
           !c->intake.calls && c->intake.empty && !c->asking;
}

static struct monotime drain_next(const struct consumer *c)
{
    if (c->intake.calls)
        return c->intake_end;
    return c->cache.counts[DELIVERY_RUNNING] ? c->deadline
                                             : monotime_after(c->deadline, settle_grace_us);
}

struct monotime end_next(const struct consumer *c)
{
    return c->phase == DRAINING ? drain_next(c) : monotime_earlier(c->runtime_end, outage_end(c));
}
