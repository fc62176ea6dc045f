#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

/* ---- the start ---- */

static void other_settings_errors_end_it(void **state)
{
    struct rig r;
    struct consumer_report report;
    (void)state;
    rig_open(&r);
    fake_rule(&r.source, (struct fake_rule){QUEUE_SETTINGS, 0, 0,
                                            fake_error("QueueDoesNotExist", false), 0, 0});
    rig_start(&r);
    report = rig_finish(&r);
    assert_string_equal(report.err.code, "QueueDoesNotExist");
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 0);
    rig_close(&r);
}

static void denied_settings_do_not(void **state)
{
    struct rig r;
    struct err denied = fake_error("AccessDenied", false);
    (void)state;
    denied.status = 403;
    rig_open(&r);
    r.options.until_empty = true;
    fake_rule(&r.source, (struct fake_rule){QUEUE_SETTINGS, 0, 9, denied, 0, 0});
    fake_add(&r.source, "a");
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "a", VERDICT_DONE);
    assert_string_equal(rig_finish(&r).err.code, "");
    assert_int_equal(rig_ledger(&r).done, 1);
    rig_close(&r);
}

static void a_first_receive_that_fails_ends_it(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_RECEIVE, 0, 0, fake_error("timeout", true), 0, 0});
    rig_start(&r);
    assert_string_equal(rig_finish(&r).err.code, "timeout");
    rig_close(&r);
}

static void later_receives_that_fail_are_tried_again(void **state)
{
    struct rig r;
    const struct fake_call *first, *second;
    (void)state;
    rig_open(&r);
    r.options.until_empty = true;
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_RECEIVE, 1, 6, fake_error("timeout", true), 0, 0});
    fake_add(&r.source, "a");
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "a", VERDICT_DONE);
    assert_string_equal(rig_finish(&r).err.code, "");
    first = fake_call(&r.source, QUEUE_RECEIVE, 1);
    second = fake_call(&r.source, QUEUE_RECEIVE, 2);
    assert_in_range(monotime_until(first->at, second->at), 100 * MS, 200 * MS);
    first = fake_call(&r.source, QUEUE_RECEIVE, 6);
    second = fake_call(&r.source, QUEUE_RECEIVE, 7);
    assert_in_range(monotime_until(first->at, second->at), 3200 * MS, 6400 * MS);
    rig_close(&r);
}

static void nothing_is_received_before_the_settings_are_known(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.source.latency_us[QUEUE_SETTINGS] = FAKE_HELD;
    rig_start(&r);
    rig_pass(&r, 60 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 0);
    assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
    rig_turn(&r);
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 1);
    rig_close(&r);
}

/* ---- slots and receives ---- */

static void slots_and_prefetch_are_bounded(void **state)
{
    struct rig r;
    struct consumer_report report;
    (void)state;
    rig_open(&r);
    fake_add_many(&r.source, "m", 100);
    rig_start(&r);
    rig_turn(&r);
    report = consumer_report(r.consumer);
    assert_int_equal(report.running, 4);
    assert_in_range(report.ledger.received, 4, 4 + QUEUE_BATCH);
    assert_int_equal(report.running + report.waiting, report.ledger.received);
    rig_end(&r, "m0", VERDICT_DONE);
    assert_int_equal(consumer_report(r.consumer).running, 4);
    assert_true(rig_works_on(&r, "m4"));
    rig_close(&r);
}

static void receives_side_by_side(void **state)
{
    static const struct {
        size_t concurrency, calls;
    } cases[] = {{1, 1}, {9, 1}, {10, 2}, {32, 4}, {100, 6}, {10000, 6}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        rig_open(&r);
        r.options.concurrency = cases[i].concurrency;
        r.options.wait_s = 20;
        r.options.visibility_s = 77;
        r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
        rig_start(&r);
        rig_pass(&r, 10 * SECOND_US);
        assert_int_equal(fake_under_way(&r.source, QUEUE_RECEIVE), cases[i].calls);
        assert_int_equal(fake_call(&r.source, QUEUE_RECEIVE, 0)->want, QUEUE_BATCH);
        assert_int_equal(fake_call(&r.source, QUEUE_RECEIVE, 0)->wait_s, 20);
        assert_int_equal(fake_call(&r.source, QUEUE_RECEIVE, 0)->visibility_s, 77);
        rig_close(&r);
    }
}

static void one_receive_after_a_short_answer(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.concurrency = 32;
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    fake_add_many(&r.source, "m", 3);
    rig_start(&r);
    rig_turn(&r);
    for (int i = 0; i < 4; i++) {
        assert_true(fake_answer(&r.source, QUEUE_RECEIVE));
        rig_turn(&r);
    }
    assert_int_equal(rig_ledger(&r).received, 3);
    rig_pass(&r, SECOND_US);
    assert_int_equal(fake_under_way(&r.source, QUEUE_RECEIVE), 1);
    fake_add_many(&r.source, "n", 10);
    assert_true(fake_answer(&r.source, QUEUE_RECEIVE));
    rig_turn(&r);
    assert_int_equal(fake_under_way(&r.source, QUEUE_RECEIVE), 2);
    rig_close(&r);
}

static void an_empty_queue_is_not_asked_without_pause(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    rig_start(&r);
    rig_pass(&r, 10 * SECOND_US);
    assert_in_range(r.source.counts[QUEUE_RECEIVE], 90, 110);
    rig_close(&r);
}

static void verdicts_that_wait_hold_up_the_intake(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.answers_in_start = true;
    r.source.latency_us[QUEUE_DELETE] = FAKE_HELD;
    fake_add_many(&r.source, "m", FAKE_MESSAGES);
    rig_start(&r);
    rig_pass(&r, 5 * SECOND_US);
    assert_in_range(rig_ledger(&r).received, 140, 160);
    while (fake_answer(&r.source, QUEUE_DELETE))
        rig_turn(&r);
    assert_int_equal(rig_ledger(&r).received, FAKE_MESSAGES);
    rig_pass(&r, SECOND_US);
    while (fake_answer(&r.source, QUEUE_DELETE))
        rig_turn(&r);
    assert_int_equal(rig_ledger(&r).done, FAKE_MESSAGES);
    rig_close(&r);
}

/* ---- leases ---- */

static void a_lapsing_message_is_never_started(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.concurrency = 1;
    r.options.visibility_s = 30;
    rig_extends_nothing(&r);
    fake_add_many(&r.source, "m", 2);
    rig_start(&r);
    rig_pass(&r, 29500 * MS);
    rig_end(&r, "m0", VERDICT_DONE);
    assert_false(rig_works_on(&r, "m1"));
    assert_int_equal(rig_ledger(&r).released, 1);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 0);
    rig_pass(&r, SECOND_US);
    assert_true(rig_works_on(&r, "m1"));         /* its lease ended; it came again */
    assert_int_equal(fake_find(&r.source, "m1")->receive_count, 2);
    rig_close(&r);
}

/* A long poll may bring a message at its very end: its lease, counted from the question, must not
 * be over by then. */
static void a_short_lease_outlives_a_long_poll(void **state)
{
    static const int leases[] = {1, 2, 10, 20, 30};
    (void)state;
    for (size_t i = 0; i < sizeof leases / sizeof *leases; i++) {
        struct rig r;
        int wait_s;
        rig_open(&r);
        r.options.wait_s = 20;
        r.source.settings.visibility_s = leases[i];
        r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
        rig_start(&r);
        rig_turn(&r);
        wait_s = fake_call(&r.source, QUEUE_RECEIVE, 0)->wait_s;
        assert_in_range(wait_s, 0, 20);
        rig_pass(&r, wait_s * SECOND_US);
        fake_add(&r.source, "late");
        assert_true(fake_answer(&r.source, QUEUE_RECEIVE));
        rig_turn(&r);
        assert_true(rig_works_on(&r, "late"));
        rig_close(&r);
    }
}

static void a_worn_out_message_is_parked_without_a_start(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.max_receives = 3;
    fake_add_many(&r.source, "m", 2);
    fake_find(&r.source, "m0")->receive_count = 3;
    fake_find(&r.source, "m1")->receive_count = 2;
    rig_start(&r);
    rig_turn(&r);
    assert_false(rig_works_on(&r, "m0"));
    assert_true(rig_works_on(&r, "m1"));
    rig_pass(&r, SECOND_US);
    assert_int_equal(rig_ledger(&r).parked, 1);
    assert_string_equal(fake_find(&r.park, "m0")->reason,
                        "received too often without a verdict");
    assert_true(fake_find(&r.source, "m0")->gone);
    rig_close(&r);
}

/* ---- until empty ---- */

static void until_empty_waits_for_what_others_hold(void **state)
{
    struct rig r;
    struct consumer_report report;
    (void)state;
    rig_open(&r);
    r.options.until_empty = true;
    fake_add_many(&r.source, "m", 2);
    fake_find(&r.source, "m1")->visible_at = monotime_after(r.now, 10 * SECOND_US);
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "m0", VERDICT_DONE);
    rig_pass(&r, 9 * SECOND_US);
    assert_false(consumer_finished(r.consumer));
    rig_pass(&r, 2 * SECOND_US);
    rig_end(&r, "m1", VERDICT_SKIP);
    report = rig_finish(&r);
    assert_int_equal(report.ledger.done, 1);
    assert_int_equal(report.ledger.skipped, 1);
    assert_int_equal(report.left, 0);
    rig_close(&r);
}

static void until_empty_with_slow_settings(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.until_empty = true;
    r.source.latency_us[QUEUE_SETTINGS] = FAKE_HELD;
    rig_start(&r);
    assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
    rig_pass(&r, 100 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_SETTINGS], 2);
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 1);
    fake_add(&r.source, "late");
    assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
    rig_pass(&r, SECOND_US);
    assert_false(consumer_finished(r.consumer));
    rig_end(&r, "late", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_false(consumer_finished(r.consumer));
    assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
    rig_turn(&r);
    assert_true(consumer_finished(r.consumer));
    rig_close(&r);
}

static void until_empty_asks_again_when_the_counts_fail(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.until_empty = true;
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_SETTINGS, 1, 3, fake_error("SlowDown", true), 0, 0});
    fake_add(&r.source, "m");
    fake_find(&r.source, "m")->visible_at = monotime_after(r.now, 5 * SECOND_US);
    rig_start(&r);
    rig_pass(&r, 6 * SECOND_US);
    rig_end(&r, "m", VERDICT_DONE);
    rig_finish(&r);
    assert_int_equal(rig_ledger(&r).done, 1);
    rig_close(&r);
}

static void until_empty_says_what_could_not_be_parked(void **state)
{
    struct rig r;
    struct consumer_report report;
    (void)state;
    rig_open(&r);
    r.has_park = false;
    r.options.until_empty = true;
    fake_add_many(&r.source, "m", 3);
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "m0", VERDICT_DONE);
    rig_end(&r, "m1", VERDICT_PARK);
    rig_end(&r, "m2", VERDICT_PARK);
    while (!consumer_finished(r.consumer)) {
        assert_true(rig_step(&r));
        for (int i = 1; i < 3; i++)
            if (rig_works_on(&r, i == 1 ? "m1" : "m2"))
                rig_end(&r, i == 1 ? "m1" : "m2", VERDICT_PARK);
    }
    report = consumer_report(r.consumer);
    assert_int_equal(report.left, 2);
    assert_int_equal(report.ledger.parked, 0);
    assert_int_equal(report.ledger.retried, report.ledger.unparkable);
    assert_true(report.ledger.unparkable >= 2);
    assert_true(ledger_balanced(&report.ledger));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(other_settings_errors_end_it),
        CHECKED(denied_settings_do_not),
        CHECKED(a_first_receive_that_fails_ends_it),
        CHECKED(later_receives_that_fail_are_tried_again),
        CHECKED(nothing_is_received_before_the_settings_are_known),
        CHECKED(slots_and_prefetch_are_bounded),
        CHECKED(receives_side_by_side),
        CHECKED(one_receive_after_a_short_answer),
        CHECKED(an_empty_queue_is_not_asked_without_pause),
        CHECKED(verdicts_that_wait_hold_up_the_intake),
        CHECKED(a_lapsing_message_is_never_started),
        CHECKED(a_short_lease_outlives_a_long_poll),
        CHECKED(a_worn_out_message_is_parked_without_a_start),
        CHECKED(until_empty_waits_for_what_others_hold),
        CHECKED(until_empty_with_slow_settings),
        CHECKED(until_empty_asks_again_when_the_counts_fail),
        CHECKED(until_empty_says_what_could_not_be_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
