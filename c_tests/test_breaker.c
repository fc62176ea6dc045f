/* Stores that fail: nothing is lost, parked or received in vain meanwhile. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

/* The stores: one that all messages but "x…" need, and one of those. */
struct stores {
    bool main_down, other_down;
};

/* A handler takes 50 ms; "a1" and "a2" are of one lane. */
static void plan(struct rig *r, struct work *w)
{
    const struct stores *s = r->planner;
    if (w->id[0] == 'a' || w->id[0] == 'b')
        w->lane[0] = w->id[0];
    w->takes_us = 50 * MS;
    if (w->id[0] == 'x' ? s->other_down : s->main_down) {
        w->verdict = verdict_of(VERDICT_RETRY);
        w->verdict.outage = true;
        snprintf(w->verdict.error, sizeof w->verdict.error, "put s3://b/k: 503 SlowDown");
    }
}

static void open_rig(struct rig *r, struct stores *s)
{
    rig_open(r);
    r->plan = plan;
    r->planner = s;
}

static void a_store_that_fails_pauses_everything(void **state)
{
    struct stores s = {.main_down = true};
    struct rig r;
    size_t receives;
    (void)state;
    open_rig(&r, &s);
    r.options.max_receives = 1;
    fake_add_many(&r.source, "m", 40);
    rig_start(&r);
    rig_pass(&r, SECOND_US);
    receives = r.source.counts[QUEUE_RECEIVE];
    rig_pass(&r, 3600 * SECOND_US);
    assert_in_range(r.source.counts[QUEUE_RECEIVE] - receives, 0, 5);
    assert_in_range(r.work_count, 100, 300);     /* a try every 15 to 30 s */
    assert_true(rig_ledger(&r).received <= 14);
    s.main_down = false;
    rig_pass(&r, 32 * SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 40);
    assert_int_equal(rig_ledger(&r).retried + rig_ledger(&r).parked + rig_ledger(&r).released, 0);
    for (size_t i = 0; i < r.source.message_count; i++)
        assert_int_equal(r.source.messages[i].receive_count, 1);
    rig_close(&r);
}

static void one_at_a_time_tries_whether_it_works_again(void **state)
{
    struct stores s = {.main_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    fake_add_many(&r.source, "m", 20);
    rig_start(&r);
    rig_pass(&r, SECOND_US);
    r.most_running = 0;
    rig_pass(&r, 300 * SECOND_US);
    assert_int_equal(r.most_running, 1);
    rig_close(&r);
}

/* Nobody knows that it is only this one: the others still get through, and it is never parked. */
static void a_message_with_a_store_of_its_own_holds_up_nobody(void **state)
{
    struct stores s = {.other_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    r.options.concurrency = 1;
    fake_add(&r.source, "x");
    fake_add_many(&r.source, "m", 30);
    rig_start(&r);
    rig_pass(&r, 60 * SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 30);
    rig_pass(&r, 600 * SECOND_US);               /* alone, it opens the breaker … */
    fake_add_many(&r.source, "n", 30);
    rig_pass(&r, 120 * SECOND_US);               /* … and the next that is taken closes it */
    assert_int_equal(rig_ledger(&r).done, 60);
    s.other_down = false;
    rig_pass(&r, 60 * SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 61);
    assert_int_equal(fake_find(&r.source, "x")->receive_count, 1);
    rig_close(&r);
}

static void a_lane_keeps_its_order(void **state)
{
    static const char *const ids[] = {"a1", "a2", "b1", "a3", "b2"};
    struct stores s = {.main_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    for (size_t i = 0; i < 5; i++)
        fake_add(&r.source, ids[i]);
    rig_start(&r);
    rig_pass(&r, 200 * SECOND_US);
    for (size_t i = 0; i < r.work_count; i++)
        assert_true(strcmp(r.works[i].id, "a1") == 0 || strcmp(r.works[i].id, "b1") == 0 ||
                    r.works[i].state == WORK_WAITING);
    s.main_down = false;
    rig_pass(&r, 32 * SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 5);
    rig_close(&r);
}

static void a_handler_may_say_when_to_try_again(void **state)
{
    struct stores s = {.main_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    r.plan = NULL;
    fake_add(&r.source, "m0");
    rig_start(&r);
    rig_turn(&r);
    rig_work(&r, "m0")->verdict = (struct verdict){.after_us = 100 * SECOND_US, .outage = true};
    rig_end(&r, "m0", VERDICT_RETRY);
    rig_pass(&r, 99 * SECOND_US);
    assert_false(rig_works_on(&r, "m0"));
    rig_pass(&r, 2 * SECOND_US);
    assert_true(rig_works_on(&r, "m0"));
    assert_int_equal(fake_find(&r.source, "m0")->receive_count, 1);
    rig_close(&r);
}

static void until_empty_ends_when_it_does_not_work_again(void **state)
{
    struct stores s = {.main_down = true};
    struct consumer_report report;
    struct monotime began;
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    r.options.until_empty = true;
    r.options.drain_us = SECOND_US;
    fake_add_many(&r.source, "m", 9);
    rig_start(&r);
    began = r.now;
    report = rig_finish(&r);
    assert_in_range(monotime_until(began, r.now), 60 * SECOND_US, 63 * SECOND_US);
    assert_string_equal(report.err.code, "StoreUnavailable");
    assert_non_null(strstr(report.err.message, "503 SlowDown"));
    assert_false(report.cut);
    assert_int_equal(report.ledger.released, 9);
    assert_true(ledger_balanced(&report.ledger));
    for (size_t i = 0; i < 9; i++)
        assert_true(monotime_reached(r.source.messages[i].visible_at, r.now));
    rig_close(&r);
}

static void a_drain_gives_back_what_is_held(void **state)
{
    struct stores s = {.main_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    r.options.max_receives = 1;
    fake_add_many(&r.source, "m", 9);
    rig_start(&r);
    rig_pass(&r, SECOND_US);
    rig_drain(&r, 10 * SECOND_US);
    rig_pass(&r, SECOND_US);
    assert_true(consumer_finished(r.consumer));
    assert_in_range(rig_ledger(&r).received, 8, 9);      /* chance says how soon it tries again */
    assert_in_range(rig_ledger(&r).retried, 0, 1);       /* ... and whether a try is under way */
    assert_int_equal(rig_ledger(&r).released + rig_ledger(&r).retried, rig_ledger(&r).received);
    assert_int_equal(r.park.counts[QUEUE_SEND], 0);
    rig_close(&r);
}

/* Without extensions it is held while the lease lasts, then it comes again by itself. */
static void what_cannot_be_held_is_let_go(void **state)
{
    struct stores s = {.main_down = true};
    struct rig r;
    (void)state;
    open_rig(&r, &s);
    rig_extends_nothing(&r);
    fake_add(&r.source, "m0");
    rig_start(&r);
    rig_pass(&r, 29 * SECOND_US);
    assert_int_equal(rig_ledger(&r).released, 0);
    rig_pass(&r, 40 * SECOND_US);
    assert_true(rig_ledger(&r).released >= 1);
    assert_true(fake_find(&r.source, "m0")->receive_count >= 2);
    s.main_down = false;
    rig_pass(&r, 100 * SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 1);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(a_store_that_fails_pauses_everything),
        CHECKED(one_at_a_time_tries_whether_it_works_again),
        CHECKED(a_message_with_a_store_of_its_own_holds_up_nobody),
        CHECKED(a_lane_keeps_its_order),
        CHECKED(a_handler_may_say_when_to_try_again),
        CHECKED(until_empty_ends_when_it_does_not_work_again),
        CHECKED(a_drain_gives_back_what_is_held),
        CHECKED(what_cannot_be_held_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
