/* Random schedules. The engine's insides are opened here: its jitter gets a seed, so that a
 * schedule that fails can be run again, and its lists can be looked at. */
#include "delivery/consumer_state.h"

#include "consumer_rig.h"
#include "leak_check.h"

#include <stdio.h>
#include <string.h>

enum { SCHEDULES = 200, FREE_SCHEDULES = 40, MESSAGES_MAX = 60, STEPS_MAX = 200000 };

struct schedule {
    uint64_t seed;
    struct random random;
    struct monotime drain_at;        /* NEVER: until empty */
    int64_t drain_us;
    struct monotime down_until;      /* its stores fail till then */
};

static int64_t below(struct schedule *s, int64_t end)
{
    return random_below(&s->random, end);
}

static void plan(struct rig *r, struct work *w)
{
    static const enum verdict_kind kinds[] = {VERDICT_DONE, VERDICT_DONE,  VERDICT_DONE,
                                              VERDICT_SKIP, VERDICT_RETRY, VERDICT_PARK};
    struct schedule *s = r->planner;
    if (w->id[0] != '-')
        snprintf(w->lane, sizeof w->lane, "%c", w->id[0]);
    w->takes_us = below(s, 4) ? below(s, 3 * SECOND_US) : 0;
    if (below(s, 8) == 0)
        w->takes_us = below(s, 100 * SECOND_US);
    w->verdict = verdict_of(kinds[below(s, 6)]);
    if (below(s, 2))
        w->verdict.after_us = below(s, 20 * SECOND_US);
    if (monotime_reached(r->now, s->down_until) || below(s, 30) == 0)
        w->verdict.kind = VERDICT_RETRY, w->verdict.outage = true;
}

static void fill_source(struct rig *r, struct schedule *s)
{
    int count = (int)below(s, MESSAGES_MAX);
    char id[FAKE_ID];
    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%c%s%d", "-abc"[below(s, 4)], r->source.settings.fifo ? "/" : "",
                 (int)below(s, MESSAGES_MAX));
        fake_add(&r->source, id);
        if (below(s, 3) == 0)
            r->source.messages[i].visible_at = monotime_after(r->now, below(s, 60 * SECOND_US));
    }
}

static void make_flaky(struct fake_queue *q, struct schedule *s)
{
    q->random = random_seeded(random_next(&s->random));
    q->max_latency_us = 1 + below(s, 2 * SECOND_US);
    q->fail_percent = (int)below(s, 30);
    q->entry_fail_percent = (int)below(s, 30);
    q->short_percent = (int)below(s, 60);
}

static void open_schedule(struct rig *r, struct schedule *s, uint64_t seed)
{
    *s = (struct schedule){.seed = seed, .random = random_seeded(seed), .drain_at = NEVER};
    rig_open(r);
    r->options.concurrency = 1 + (size_t)below(s, 12);
    r->options.max_receives = (int)below(s, 5);
    r->options.wait_s = (int)below(s, 3);
    r->options.until_empty = below(s, 2);
    if (below(s, 4) == 0)
        r->options.max_messages = 1 + (uint64_t)below(s, MESSAGES_MAX);
    if (below(s, 4) == 0)
        r->options.max_runtime_us = below(s, 60 * SECOND_US);
    r->options.drain_us = below(s, 4 * SECOND_US);
    if (below(s, 3) == 0)
        r->options.deadline_us = 1 + below(s, 20 * SECOND_US);
    r->has_park = below(s, 3);
    r->source.settings.fifo = below(s, 3) == 0;
    r->answers_in_start = below(s, 6) == 0;
    r->source.settings.visibility_s = 3 + (int)below(s, 37);
    r->plan = plan;
    r->planner = s;
    if (below(s, 4) == 0)
        s->down_until = monotime_after(r->now, below(s, 100 * SECOND_US));
    fill_source(r, s);
    make_flaky(&r->source, s);
    make_flaky(&r->park, s);
    fake_rule(&r->source, (struct fake_rule){QUEUE_SETTINGS, 0, 0, {.code = ""}, 0, 0});
    fake_rule(&r->source, (struct fake_rule){QUEUE_RECEIVE, 0, 3, {.code = ""}, 0, 0});
    if (!r->options.until_empty || below(s, 2))
        s->drain_at = monotime_after(r->now, below(s, 30 * SECOND_US));
    s->drain_us = below(s, 4 * SECOND_US);
    rig_start(r);
    r->consumer->intake.random = random_seeded(seed + 1);
    r->consumer->settlement.random = random_seeded(seed + 2);
    r->consumer->breaker.random = random_seeded(seed + 3);
}

/* Whoever runs in a lane runs alone in it, and nobody of that lane is still being settled. */
static void check_lanes(const struct rig *r)
{
    const struct list *settling = &r->consumer->cache.lists[DELIVERY_SETTLING];
    for (size_t i = 0; i < r->work_count; i++) {
        const struct work *w = &r->works[i];
        if (w->state != WORK_RUNNING || !w->lane[0])
            continue;
        assert_int_equal(w->delivery->state, DELIVERY_RUNNING);
        assert_non_null(w->delivery->lane);
        for (struct link *at = list_first(settling); at; at = list_after(settling, at))
            assert_ptr_not_equal(LIST_ITEM(at, struct delivery, link)->lane, w->delivery->lane);
    }
}

static void check_hand(const struct rig *r)
{
    const struct consumer *c = r->consumer;
    struct ledger l = c->settlement.ledger;
    uint64_t settled = l.done + l.skipped + l.retried + l.parked + l.released;
    size_t most = 2 * (c->options.concurrency + PREFETCH);
    assert_int_equal(l.received, settled + cache_total(&c->cache));
    assert_true(slots_in_hand(c) <= most);
    assert_true(!c->options.max_messages || l.received <= c->options.max_messages);
    assert_true(c->intake.calls == 0 || c->phase != FINISHED || c->err.code[0]);
}

static bool go_on(struct rig *r, struct schedule *s)
{
    if (monotime_reached(s->drain_at, r->now) && !consumer_finished(r->consumer) &&
        !consumer_draining(r->consumer))
        consumer_drain(r->consumer, r->now, s->drain_us);
    return rig_step(r);
}

/* Each message that is gone from the source was deleted once, and for one of three reasons. */
static void check_end(const struct rig *r)
{
    struct consumer_report report = consumer_report(r->consumer);
    const struct ledger *l = &report.ledger;
    size_t deleted = 0;
    assert_true(ledger_balanced(l));
    assert_int_equal(cache_total(&r->consumer->cache), 0);
    assert_int_equal(r->consumer->lanes.count, 0);
    assert_int_equal(r->running, 0);
    for (size_t i = 0; i < r->source.message_count; i++) {
        assert_in_range(r->source.messages[i].deletes, 0, 1);
        deleted += r->source.messages[i].gone;
    }
    assert_true(deleted <= l->done + l->skipped + l->parked + l->released);
    assert_true(l->parked <= r->park.message_count);
    if (rig_ended(r, "empty") && report.left == 0 &&
        !err_any(&r->consumer->settings.op.err))
        assert_int_equal(deleted, r->source.message_count);
}

static void schedules_end_with_every_message_accounted_for(void **state)
{
    uint64_t received = 0, parked = 0, cut = 0, empty = 0, extended = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        struct rig r;
        struct schedule s;
        int steps = 0;
        open_schedule(&r, &s, seed);
        while (go_on(&r, &s)) {
            check_lanes(&r);
            check_hand(&r);
            if (++steps == STEPS_MAX)
                fail_msg("schedule %llu does not end", (unsigned long long)seed);
        }
        if (!consumer_finished(r.consumer))
            fail_msg("schedule %llu stands still", (unsigned long long)seed);
        check_end(&r);
        received += rig_ledger(&r).received;
        parked += rig_ledger(&r).parked;
        cut += consumer_report(r.consumer).cut;
        extended += r.source.counts[QUEUE_EXTEND];
        empty += rig_ended(&r, "empty");
        rig_close(&r);
    }
    assert_true(received > SCHEDULES * 15);      /* the schedules are what they are meant to be */
    assert_true(parked > 100);
    assert_true(extended > SCHEDULES * 5);
    assert_true(cut > 10);
    assert_true(empty > 10);
}

/* rig_close() frees the engine as it stands: no operation may be under way behind it, and no memory
 * may be left. */
static void an_engine_may_be_freed_after_any_step(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= FREE_SCHEDULES; seed++) {
        size_t before = mem_live();
        bool more = true;
        for (int stop = 0; more && stop < 400; stop += 1 + stop / 16) {
            struct rig r;
            struct schedule s;
            open_schedule(&r, &s, seed);
            for (int step = 0; more && step < stop; step++)
                more = go_on(&r, &s);
            rig_close(&r);
            assert_int_equal(mem_live(), before);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(schedules_end_with_every_message_accounted_for),
        CHECKED(an_engine_may_be_freed_after_any_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
