#include "consumer_rig.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

/* The lane of "a1" is "a"; a message without a digit has none. */
static void lane_by_letter(struct rig *r, struct work *w)
{
    (void)r;
    if (strlen(w->id) > 1)
        snprintf(w->lane, sizeof w->lane, "%c", w->id[0]);
}

static void open_with(struct rig *r, const char *const *ids)
{
    rig_open(r);
    r->plan = lane_by_letter;
    for (; *ids; ids++)
        fake_add(&r->source, *ids);
    rig_start(r);
    rig_turn(r);
}

static void one_at_a_time_in_receive_order(void **state)
{
    static const char *const ids[] = {"a1", "a2", "a3", "b1", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    assert_true(rig_works_on(&r, "a1"));
    assert_false(rig_works_on(&r, "a2"));
    assert_false(rig_works_on(&r, "a3"));
    assert_true(rig_works_on(&r, "b1"));
    rig_end(&r, "a1", VERDICT_DONE);
    assert_true(rig_works_on(&r, "a2"));
    assert_false(rig_works_on(&r, "a3"));
    rig_end(&r, "a2", VERDICT_RETRY);
    assert_true(rig_works_on(&r, "a3"));
    rig_close(&r);
}

static void the_next_waits_for_a_confirmed_ack(void **state)
{
    static const enum queue_verb verbs[] = {QUEUE_DELETE, QUEUE_RELEASE};
    static const enum verdict_kind kinds[] = {VERDICT_DONE, VERDICT_RETRY};
    static const char *const ids[] = {"a1", "a2", NULL};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        open_with(&r, ids);
        r.source.latency_us[verbs[i]] = FAKE_HELD;
        rig_end(&r, "a1", kinds[i]);
        rig_pass(&r, 3 * SECOND_US);
        assert_false(rig_works_on(&r, "a2"));
        assert_true(fake_answer(&r.source, verbs[i]));
        rig_turn(&r);
        assert_true(rig_works_on(&r, "a2"));
        rig_close(&r);
    }
}

static void the_next_waits_for_send_and_delete_of_a_parked_one(void **state)
{
    static const char *const ids[] = {"a1", "a2", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    r.park.latency_us[QUEUE_SEND] = r.source.latency_us[QUEUE_DELETE] = FAKE_HELD;
    rig_end(&r, "a1", VERDICT_PARK);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    assert_true(fake_answer(&r.park, QUEUE_SEND));
    rig_turn(&r);
    assert_false(rig_works_on(&r, "a2"));
    assert_true(fake_answer(&r.source, QUEUE_DELETE));
    rig_turn(&r);
    assert_true(rig_works_on(&r, "a2"));
    rig_close(&r);
}

static void a_batch_is_flushed_when_somebody_waits_behind_it(void **state)
{
    static const char *const ids[] = {"x", "a1", "a2", "y", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    rig_end(&r, "x", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    rig_end(&r, "a1", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_string_equal(fake_ids(&r.source, QUEUE_DELETE, 0), "x a1");
    rig_end(&r, "a2", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    rig_close(&r);
}

static void a_blocked_message_holds_no_slot(void **state)
{
    static const char *const ids[] = {"a1", "a2", "a3", "a4", "a5", "x", "y", "z", "v", NULL};
    struct rig r;
    struct consumer_report report;
    (void)state;
    open_with(&r, ids);
    assert_true(rig_works_on(&r, "x") && rig_works_on(&r, "y") && rig_works_on(&r, "z"));
    assert_false(rig_works_on(&r, "v"));
    report = consumer_report(r.consumer);
    assert_int_equal(report.running, 4);
    assert_int_equal(report.waiting, 5);
    rig_end(&r, "a1", VERDICT_DONE);
    assert_true(rig_works_on(&r, "v"));          /* the slot is taken before the ack is confirmed */
    assert_false(rig_works_on(&r, "a2"));
    rig_end(&r, "x", VERDICT_DONE);
    assert_true(rig_works_on(&r, "a2"));
    rig_close(&r);
}

static void blocked_messages_are_bounded(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.plan = lane_by_letter;
    fake_add_many(&r.source, "a", 100);
    rig_start(&r);
    rig_pass(&r, SECOND_US);
    assert_int_equal(r.running, 1);
    assert_in_range(rig_ledger(&r).received, 20, 2 * (4 + QUEUE_BATCH));
    rig_close(&r);
}

/* Its source gives it to somebody else by then: it comes again, and is handled under a lease that
 * lasts. */
static void a_lease_that_ends_in_the_lane_is_let_go(void **state)
{
    static const char *const ids[] = {"a1", "a2", "a3", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    rig_extends_nothing(&r);
    rig_pass(&r, 29500 * MS);
    rig_end(&r, "a1", VERDICT_DONE);
    assert_int_equal(r.works[1].state, WORK_CANCELLED);
    assert_int_equal(r.works[2].state, WORK_CANCELLED);
    assert_int_equal(rig_ledger(&r).released, 2);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 0);
    rig_pass(&r, SECOND_US);
    rig_end(&r, "a2", VERDICT_DONE);
    rig_end(&r, "a3", VERDICT_DONE);
    assert_int_equal(rig_ledger(&r).done, 3);
    assert_int_equal(r.source.stale, 0);
    rig_close(&r);
}

/* Drained while the lane's holder is being settled: those behind it go back once each. */
static void draining_a_lane_in_any_order_of_answers(void **state)
{
    static const char *const ids[] = {"a1", "a2", "a3", NULL};
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct rig r;
        struct ledger ledger;
        open_with(&r, ids);
        r.source.latency_us[QUEUE_DELETE] = r.source.latency_us[QUEUE_RELEASE] = FAKE_HELD;
        rig_end(&r, "a1", VERDICT_DONE);
        rig_drain(&r, 10 * SECOND_US);
        assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "a2 a3");
        for (int i = 0; i < 2; i++) {
            assert_true(fake_answer(&r.source, i == order ? QUEUE_DELETE : QUEUE_RELEASE));
            rig_turn(&r);
        }
        assert_true(consumer_finished(r.consumer));
        ledger = rig_ledger(&r);
        assert_int_equal(ledger.done, 1);
        assert_int_equal(ledger.released, 2);
        assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(one_at_a_time_in_receive_order),
        CHECKED(the_next_waits_for_a_confirmed_ack),
        CHECKED(the_next_waits_for_send_and_delete_of_a_parked_one),
        CHECKED(a_batch_is_flushed_when_somebody_waits_behind_it),
        CHECKED(a_blocked_message_holds_no_slot),
        CHECKED(blocked_messages_are_bounded),
        CHECKED(a_lease_that_ends_in_the_lane_is_let_go),
        CHECKED(draining_a_lane_in_any_order_of_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
