/* Leases of what is in hand, as the engine keeps them. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

enum { WINDOW_S = 30 };

/* The lane is what stands in front of a digit: "a1" and "a2" are of one. */
static void plan(struct rig *r, struct work *w)
{
    (void)r;
    if (w->id[0] != 'm')
        w->lane[0] = w->id[0];
}

static void open_with(struct rig *r, const char *const *ids, size_t concurrency)
{
    rig_open(r);
    r->plan = plan;
    r->options.concurrency = concurrency;
    r->source.settings.visibility_s = WINDOW_S;
    for (; *ids; ids++)
        fake_add(&r->source, *ids);
    rig_start(r);
    rig_turn(r);
}

static size_t beats(const struct rig *r)
{
    return r->source.counts[QUEUE_EXTEND];
}

static int64_t beat_at(const struct rig *r, size_t number)
{
    return monotime_until(fake_call(&r->source, QUEUE_RECEIVE, 0)->at,
                          fake_call(&r->source, QUEUE_EXTEND, number)->at);
}

static const char *const one[] = {"m0", NULL};
static const char *const two[] = {"m0", "m1", NULL};

/* ---- what is extended ---- */

/* a1 runs, a2 waits in its lane, m0's delete is not confirmed, m2 waits for a slot. */
static void all_that_is_in_hand(void **state)
{
    static const char *const ids[] = {"a1", "a2", "m0", "m1", "m2", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids, 2);
    r.source.latency_us[QUEUE_DELETE] = FAKE_HELD;
    rig_end(&r, "m0", VERDICT_DONE);
    rig_work(&r, "m1");
    rig_pass(&r, 14 * SECOND_US);
    assert_int_equal(beats(&r), 0);
    rig_pass(&r, 2 * SECOND_US);
    assert_int_equal(beats(&r), 1);
    assert_int_equal(beat_at(&r, 0), WINDOW_S / 2 * SECOND_US);
    assert_string_equal(fake_ids(&r.source, QUEUE_EXTEND, 0), "a1 a2 m0 m1 m2");
    assert_int_equal(fake_call(&r.source, QUEUE_EXTEND, 0)->delays[4], WINDOW_S);
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    rig_pass(&r, 3600 * SECOND_US);
    for (size_t i = 0; i < r.source.message_count; i++)
        assert_int_equal(r.source.messages[i].receive_count, 1);
    assert_in_range(beats(&r), 239, 242);
    while (fake_answer(&r.source, QUEUE_DELETE))
        rig_turn(&r);
    assert_int_equal(rig_ledger(&r).done, 1);
    rig_close(&r);
}

static void ten_a_call(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.concurrency = 20;
    fake_add_many(&r.source, "m", 25);
    rig_start(&r);
    rig_pass(&r, 20 * SECOND_US);
    assert_int_equal(beats(&r), 3);
    assert_int_equal(fake_call(&r.source, QUEUE_EXTEND, 0)->count, 10);
    assert_int_equal(fake_call(&r.source, QUEUE_EXTEND, 2)->count, 5);
    rig_close(&r);
}

/* A message that a long poll brought at its end has little left by our count, and is not extended
 * before its handler had a moment. */
static void quick_handlers_cost_no_call(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.wait_s = 20;
    r.source.latency_us[QUEUE_RECEIVE] = 20 * SECOND_US;
    rig_start(&r);
    rig_pass(&r, 19 * SECOND_US);
    fake_add(&r.source, "m0");
    fake_add(&r.source, "m1");
    rig_pass(&r, 1500 * MS);
    rig_end(&r, "m0", VERDICT_DONE);
    rig_pass(&r, 400 * MS);
    assert_int_equal(beats(&r), 0);
    rig_pass(&r, 200 * MS);
    assert_int_equal(beats(&r), 1);
    assert_string_equal(fake_ids(&r.source, QUEUE_EXTEND, 0), "m1");
    rig_close(&r);
}

static void a_lease_that_is_not_known_is_asked_for(void **state)
{
    static const struct {
        bool denied;
        int own_s, asked_s;
    } cases[] = {{true, 600, 30}, {false, 0, 30}, {false, -1, 30}, {false, 2, -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        rig_open(&r);
        r.source.settings.visibility_s = cases[i].own_s;
        if (cases[i].denied)
            fake_rule(&r.source, (struct fake_rule){QUEUE_SETTINGS, 0, 9,
                                                    fake_error("AccessDenied", false), 0, 0});
        fake_add(&r.source, "m0");
        rig_start(&r);
        rig_pass(&r, 100 * SECOND_US);
        assert_int_equal(fake_call(&r.source, QUEUE_RECEIVE, 0)->visibility_s, cases[i].asked_s);
        assert_true(beats(&r) > 5);
        assert_int_equal(fake_find(&r.source, "m0")->receive_count, 1);
        rig_close(&r);
    }
}

/* ---- the end of it ---- */

/* The fake fails the test when it is asked for more. */
static void no_lease_is_held_for_more_than_twelve_hours(void **state)
{
    static const int windows[] = {30, 3600, 30000, 43200};
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct rig r;
        rig_open(&r);
        r.options.visibility_s = windows[i];
        r.options.concurrency = 1;
        fake_add_many(&r.source, "m", 2);
        rig_start(&r);
        rig_turn(&r);
        r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
        rig_pass(&r, 43160 * SECOND_US);
        assert_int_equal(fake_find(&r.source, "m0")->receive_count, 1);
        assert_int_equal(rig_ledger(&r).released, 0);
        rig_pass(&r, 100 * SECOND_US);
        assert_int_equal(rig_ledger(&r).released, 1);            /* m1, which waited */
        rig_end(&r, "m0", VERDICT_RETRY);
        assert_int_equal(r.source.counts[QUEUE_RELEASE], 0);
        assert_int_equal(rig_ledger(&r).released, 2);
        rig_close(&r);
    }
}

static void what_waits_is_dropped_when_it_is_not_ours_any_more(void **state)
{
    static const char *const ids[] = {"a1", "a2", "m0", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids, 2);
    fake_add(&r.source, "m1");
    rig_pass(&r, SECOND_US);
    for (int i = 0; i < 4; i++)
        r.source.messages[i].serial++;           /* somebody else received them */
    rig_pass(&r, 16 * SECOND_US);
    assert_int_equal(rig_ledger(&r).released, 2);
    assert_int_equal(consumer_report(r.consumer).waiting, 0);
    assert_true(rig_works_on(&r, "a1"));
    assert_true(rig_works_on(&r, "m0"));
    rig_end(&r, "a1", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_int_equal(r.source.stale, 1);
    assert_int_equal(beats(&r), 1);
    rig_close(&r);
}

static void a_lost_message_is_acked_once_and_never_parked(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_DONE, VERDICT_PARK, VERDICT_RETRY};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        open_with(&r, one, 1);
        rig_extends_nothing(&r);
        fake_rule(&r.source, (struct fake_rule){QUEUE_DELETE, 0, 99, fake_error("SlowDown", true),
                                                0, 0});
        rig_pass(&r, 29 * SECOND_US);
        r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
        rig_pass(&r, 10 * SECOND_US);
        rig_end(&r, "m0", kinds[i]);
        rig_pass(&r, 10 * SECOND_US);
        assert_int_equal(r.source.counts[QUEUE_DELETE], i == 0);
        assert_int_equal(r.source.counts[QUEUE_RELEASE] + r.park.counts[QUEUE_SEND], 0);
        assert_int_equal(rig_ledger(&r).released, 1);
        rig_close(&r);
    }
}

/* ---- failures ---- */

static void a_call_that_may_go_well_is_repeated(void **state)
{
    struct err slow = fake_error("SlowDown", true);
    struct rig r;
    (void)state;
    open_with(&r, two, 2);
    fake_rule(&r.source, (struct fake_rule){QUEUE_EXTEND, 0, 0, slow, 2, 0});
    fake_rule(&r.source, (struct fake_rule){QUEUE_EXTEND, 1, 9, slow, 0, 0});
    rig_pass(&r, 20 * SECOND_US);
    assert_int_equal(beats(&r), 11);
    assert_string_equal(fake_ids(&r.source, QUEUE_EXTEND, 0), "m0 m1");
    assert_string_equal(fake_ids(&r.source, QUEUE_EXTEND, 10), "m1");
    assert_int_equal(beat_at(&r, 10) - beat_at(&r, 9), 200 * MS);
    rig_pass(&r, 100 * SECOND_US);
    assert_int_equal(fake_find(&r.source, "m1")->receive_count, 1);
    rig_close(&r);
}

static void a_call_that_is_not_answered_is_given_up_and_made_again(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, one, 1);
    r.source.latency_us[QUEUE_EXTEND] = FAKE_HELD;
    rig_pass(&r, 16 * SECOND_US);
    assert_int_equal(fake_under_way(&r.source, QUEUE_EXTEND), 1);
    r.source.latency_us[QUEUE_EXTEND] = 0;
    rig_pass(&r, 10 * SECOND_US);
    assert_int_equal(fake_call(&r.source, QUEUE_EXTEND, 0)->end, FAKE_ABORTED);
    assert_int_equal(beats(&r), 2);
    rig_pass(&r, 100 * SECOND_US);
    assert_int_equal(fake_find(&r.source, "m0")->receive_count, 1);
    rig_close(&r);
}

/* A release that an extension overtakes would hide the message for a whole lease. */
static void nothing_is_given_back_while_its_lease_is_being_extended(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, one, 1);
    r.source.latency_us[QUEUE_EXTEND] = FAKE_HELD;
    rig_pass(&r, 16 * SECOND_US);
    rig_work(&r, "m0")->verdict.after_us = 0;
    rig_end(&r, "m0", VERDICT_RETRY);
    rig_pass(&r, SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 0);
    assert_true(fake_answer(&r.source, QUEUE_EXTEND));
    rig_turn(&r);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
    rig_pass(&r, SECOND_US);
    assert_int_equal(fake_find(&r.source, "m0")->receive_count, 2);
    rig_close(&r);
}

static void a_message_that_is_settled_meanwhile_is_forgotten(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, two, 2);
    r.source.latency_us[QUEUE_EXTEND] = FAKE_HELD;
    rig_pass(&r, 16 * SECOND_US);
    rig_end(&r, "m0", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_int_equal(rig_ledger(&r).done, 1);
    assert_true(fake_answer(&r.source, QUEUE_EXTEND));
    rig_turn(&r);
    rig_pass(&r, 20 * SECOND_US);
    assert_string_equal(fake_ids(&r.source, QUEUE_EXTEND, 1), "m1");
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(all_that_is_in_hand),
        CHECKED(ten_a_call),
        CHECKED(quick_handlers_cost_no_call),
        CHECKED(a_lease_that_is_not_known_is_asked_for),
        CHECKED(no_lease_is_held_for_more_than_twelve_hours),
        CHECKED(what_waits_is_dropped_when_it_is_not_ours_any_more),
        CHECKED(a_lost_message_is_acked_once_and_never_parked),
        CHECKED(a_call_that_may_go_well_is_repeated),
        CHECKED(a_call_that_is_not_answered_is_given_up_and_made_again),
        CHECKED(nothing_is_given_back_while_its_lease_is_being_extended),
        CHECKED(a_message_that_is_settled_meanwhile_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
