/* How a consumption ends by itself: so many messages, so much time. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

static void all_done(struct rig *r, struct work *w)
{
    (void)r;
    w->takes_us = 10 * MS;
}

static size_t asked_for(const struct rig *r)
{
    size_t sum = 0;
    for (size_t i = 0; i < r->source.counts[QUEUE_RECEIVE]; i++)
        sum += fake_call(&r->source, QUEUE_RECEIVE, i)->count;
    return sum;
}

static void it_takes_no_more_than_max_messages(void **state)
{
    static const struct { size_t concurrency; int there; uint64_t most; } cases[] = {
        {4, 30, 7}, {40, 200, 33}, {1, 3, 1}, {2, 20, 20}, {32, 100, 60},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t latency = 0; latency <= 30 * MS; latency += 30 * MS) {
            struct rig r;
            struct consumer_report report;
            rig_open(&r);
            r.options.concurrency = cases[i].concurrency;
            r.options.max_messages = cases[i].most;
            r.source.latency_us[QUEUE_RECEIVE] = r.source.latency_us[QUEUE_DELETE] = latency;
            r.plan = all_done;
            fake_add_many(&r.source, "m", cases[i].there);
            rig_start(&r);
            report = rig_finish(&r);
            assert_int_equal(report.ledger.received, cases[i].most);
            assert_int_equal(report.ledger.done, cases[i].most);
            assert_int_equal(asked_for(&r), cases[i].most);
            assert_string_equal(report.ended, "max_messages");
            assert_false(report.cut);
            rig_close(&r);
        }
    }
}

static void what_was_taken_is_settled_first(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.max_messages = 2;
    fake_add_many(&r.source, "m", 5);
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "m0", VERDICT_RETRY);
    r.source.latency_us[QUEUE_DELETE] = FAKE_HELD;
    rig_end(&r, "m1", VERDICT_DONE);
    rig_pass(&r, 60 * SECOND_US);
    assert_false(consumer_finished(r.consumer));
    assert_true(fake_answer(&r.source, QUEUE_DELETE));
    rig_turn(&r);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(rig_ledger(&r).received, 2);
    rig_close(&r);
}

static void an_empty_queue_ends_it_before_that(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.max_messages = 50;
    r.options.until_empty = true;
    r.plan = all_done;
    fake_add_many(&r.source, "m", 5);
    rig_start(&r);
    assert_string_equal(rig_finish(&r).ended, "empty");
    assert_int_equal(rig_ledger(&r).done, 5);
    rig_close(&r);
}

static void the_runtime_drains(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.concurrency = 2;
    r.options.max_runtime_us = 10 * SECOND_US;
    r.options.drain_us = 25 * SECOND_US;
    fake_add_many(&r.source, "m", 5);
    rig_start(&r);
    rig_pass(&r, 10 * SECOND_US - MS);
    assert_false(consumer_draining(r.consumer));
    rig_pass(&r, MS);
    assert_true(consumer_draining(r.consumer));
    assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "m2 m3 m4");
    rig_end(&r, "m0", VERDICT_DONE);
    rig_end(&r, "m1", VERDICT_DONE);
    assert_true(consumer_finished(r.consumer));
    assert_string_equal(consumer_report(r.consumer).ended, "max_runtime");
    assert_false(consumer_report(r.consumer).cut);
    assert_int_equal(rig_ledger(&r).done, 2);
    assert_int_equal(rig_ledger(&r).released, 3);
    rig_close(&r);
}

static void a_handler_that_outlives_the_drain_is_cut(void **state)
{
    struct rig r;
    struct consumer_report report;
    (void)state;
    rig_open(&r);
    r.options.max_runtime_us = 10 * SECOND_US;
    r.options.drain_us = 5 * SECOND_US;
    fake_add(&r.source, "m");
    rig_start(&r);
    report = rig_finish(&r);
    assert_int_equal(monotime_until((struct monotime){1000 * SECOND_US}, r.now), 15 * SECOND_US);
    assert_true(report.cut);
    assert_int_equal(report.ledger.released, 1);
    rig_close(&r);
}

static void a_runtime_of_nothing_takes_nothing(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.max_runtime_us = 0;
    fake_add(&r.source, "m");
    rig_start(&r);
    rig_turn(&r);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 0);
    rig_close(&r);
}

static void settings_that_never_come_do_not_outlast_it(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.max_runtime_us = 3 * SECOND_US;
    r.source.latency_us[QUEUE_SETTINGS] = FAKE_HELD;
    rig_start(&r);
    rig_pass(&r, 3 * SECOND_US);
    assert_true(consumer_finished(r.consumer));
    assert_string_equal(consumer_report(r.consumer).ended, "max_runtime");
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(it_takes_no_more_than_max_messages),
        CHECKED(what_was_taken_is_settled_first),
        CHECKED(an_empty_queue_ends_it_before_that),
        CHECKED(the_runtime_drains),
        CHECKED(a_handler_that_outlives_the_drain_is_cut),
        CHECKED(a_runtime_of_nothing_takes_nothing),
        CHECKED(settings_that_never_come_do_not_outlast_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
