#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

static void open_with(struct rig *r, int messages)
{
    rig_open(r);
    r->options.concurrency = 2;
    fake_add_many(&r->source, "m", messages);
    rig_start(r);
    rig_turn(r);
}

static void assert_ledger(const struct rig *r, unsigned done, unsigned released)
{
    struct ledger l = rig_ledger(r);
    assert_int_equal(l.done, done);
    assert_int_equal(l.released, released);
    assert_true(ledger_balanced(&l));
}

static void what_was_not_begun_goes_back_and_the_rest_finishes(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 5);
    rig_drain(&r, 25 * SECOND_US);
    assert_true(consumer_draining(r.consumer));
    assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "m2 m3 m4");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fake_call(&r.source, QUEUE_RELEASE, 0)->delays[i], 0);
    rig_pass(&r, 20 * SECOND_US);
    assert_true(rig_works_on(&r, "m0") && rig_works_on(&r, "m1"));
    rig_end(&r, "m0", VERDICT_DONE);
    assert_false(consumer_finished(r.consumer));
    rig_end(&r, "m1", VERDICT_DONE);
    assert_true(consumer_finished(r.consumer));
    assert_false(consumer_report(r.consumer).cut);
    assert_ledger(&r, 2, 3);
    rig_close(&r);
}

static void the_deadline_cancels_and_gives_back(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 2);
    rig_drain(&r, 5 * SECOND_US);
    rig_pass(&r, 4999 * MS);
    assert_false(consumer_finished(r.consumer));
    rig_pass(&r, 1 * MS);
    assert_true(consumer_finished(r.consumer));
    assert_true(consumer_report(r.consumer).cut);
    assert_int_equal(r.works[0].state, WORK_CANCELLED);
    assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "m0 m1");
    assert_ledger(&r, 0, 2);
    rig_close(&r);
}

static void a_drain_of_no_time(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 3);
    rig_drain(&r, 0);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
    assert_ledger(&r, 0, 3);
    rig_close(&r);
}

static void receives_under_way_get_a_grace(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.wait_s = 20;
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    rig_start(&r);
    rig_turn(&r);
    rig_drain(&r, 25 * SECOND_US);
    rig_pass(&r, 900 * MS);
    assert_false(consumer_finished(r.consumer));
    fake_add_many(&r.source, "late", 2);
    assert_true(fake_answer(&r.source, QUEUE_RECEIVE));
    rig_turn(&r);
    assert_int_equal(r.work_count, 0);
    assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "late0 late1");
    assert_true(consumer_finished(r.consumer));
    assert_ledger(&r, 0, 2);
    rig_close(&r);
}

static void receives_that_bring_nothing_are_abandoned(void **state)
{
    static const int64_t drains[] = {25 * SECOND_US, 300 * MS};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        int64_t grace = drains[i] < SECOND_US ? drains[i] : SECOND_US;
        rig_open(&r);
        r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
        rig_start(&r);
        rig_turn(&r);
        rig_drain(&r, drains[i]);
        rig_pass(&r, grace - MS);
        assert_int_equal(fake_under_way(&r.source, QUEUE_RECEIVE), 1);
        rig_pass(&r, MS);
        assert_int_equal(fake_under_way(&r.source, QUEUE_RECEIVE), 0);
        assert_true(consumer_finished(r.consumer));
        rig_close(&r);
    }
}

static void what_lingers_is_flushed(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 2);
    rig_end(&r, "m0", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    rig_drain(&r, 25 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    rig_end(&r, "m1", VERDICT_DONE);
    assert_true(consumer_finished(r.consumer));
    assert_ledger(&r, 2, 0);
    rig_close(&r);
}

static void calls_that_never_answer_get_a_grace_and_no_more(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 4);
    r.source.latency_us[QUEUE_DELETE] = r.source.latency_us[QUEUE_RELEASE] = FAKE_HELD;
    rig_end(&r, "m0", VERDICT_DONE);
    rig_drain(&r, 5 * SECOND_US);
    rig_pass(&r, 6999 * MS);
    assert_false(consumer_finished(r.consumer));
    rig_pass(&r, MS);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(fake_under_way(&r.source, QUEUE_DELETE), 0);
    assert_int_equal(fake_under_way(&r.source, QUEUE_RELEASE), 0);
    assert_ledger(&r, 0, 4);
    rig_close(&r);
}

static void by_letter(struct rig *r, struct work *w)
{
    (void)r;
    w->lane[0] = w->id[0];
}

/* The lane's holder goes on; those behind it are cancelled, whichever answer comes first. */
static void a_lane_is_cleared_behind_its_holder(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.plan = by_letter;
    fake_add_many(&r.source, "a", 4);
    rig_start(&r);
    rig_turn(&r);
    r.source.latency_us[QUEUE_RELEASE] = FAKE_HELD;
    rig_drain(&r, 25 * SECOND_US);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(r.works[i].state, WORK_CANCELLED);
    rig_end(&r, "a0", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_true(fake_answer(&r.source, QUEUE_RELEASE));
    rig_turn(&r);
    assert_true(consumer_finished(r.consumer));
    assert_ledger(&r, 1, 3);
    rig_close(&r);
}

static void before_the_settings_are_known(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.source.latency_us[QUEUE_SETTINGS] = FAKE_HELD;
    rig_start(&r);
    rig_turn(&r);
    rig_drain(&r, 25 * SECOND_US);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(r.source.counts[QUEUE_RECEIVE], 0);
    rig_close(&r);
}

static void while_the_counts_are_asked_for(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct rig r;
        rig_open(&r);
        r.options.until_empty = true;
        r.source.latency_us[QUEUE_SETTINGS] = FAKE_HELD;
        rig_start(&r);
        assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
        rig_pass(&r, SECOND_US);
        assert_int_equal(r.source.counts[QUEUE_SETTINGS], 2);
        if (answered)
            assert_true(fake_answer(&r.source, QUEUE_SETTINGS));
        rig_drain(&r, 25 * SECOND_US);
        assert_true(consumer_finished(r.consumer));
        rig_close(&r);
    }
}

static void draining_twice_is_draining_once(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1);
    rig_drain(&r, 5 * SECOND_US);
    rig_pass(&r, 4 * SECOND_US);
    rig_drain(&r, 5 * SECOND_US);
    rig_pass(&r, SECOND_US);
    assert_true(consumer_finished(r.consumer));
    assert_ledger(&r, 0, 1);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(what_was_not_begun_goes_back_and_the_rest_finishes),
        CHECKED(the_deadline_cancels_and_gives_back),
        CHECKED(a_drain_of_no_time),
        CHECKED(receives_under_way_get_a_grace),
        CHECKED(receives_that_bring_nothing_are_abandoned),
        CHECKED(what_lingers_is_flushed),
        CHECKED(calls_that_never_answer_get_a_grace_and_no_more),
        CHECKED(a_lane_is_cleared_behind_its_holder),
        CHECKED(before_the_settings_are_known),
        CHECKED(while_the_counts_are_asked_for),
        CHECKED(draining_twice_is_draining_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
