/* Handlers that take longer than they may. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

static void plan(struct rig *r, struct work *w)
{
    (void)r;
    if (w->id[0] != 'm')
        w->lane[0] = w->id[0];
}

static void open_with(struct rig *r, const char *const *ids)
{
    rig_open(r);
    r->plan = plan;
    r->options.deadline_us = 60 * SECOND_US;
    for (; *ids; ids++)
        fake_add(&r->source, *ids);
    rig_start(r);
    rig_turn(r);
}

static void a_handler_is_stopped_and_its_message_goes_back(void **state)
{
    static const char *const ids[] = {"m0", "m1", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    rig_pass(&r, 59 * SECOND_US);
    rig_end(&r, "m1", VERDICT_DONE);
    assert_true(rig_works_on(&r, "m0"));
    rig_pass(&r, 999 * MS);
    assert_true(rig_works_on(&r, "m0"));
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    rig_pass(&r, 1 * MS);
    assert_int_equal(r.works[0].state, WORK_CANCELLED);
    assert_int_equal(rig_ledger(&r).retried, 1);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
    rig_close(&r);
}

static void it_is_parked_when_it_came_too_often(void **state)
{
    static const char *const ids[] = {"m0", NULL};
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.deadline_us = 1500 * MS;
    r.options.max_receives = 3;
    r.options.until_empty = true;
    fake_add(&r.source, ids[0]);
    rig_start(&r);
    rig_finish(&r);
    assert_int_equal(r.work_count, 3);
    assert_int_equal(rig_ledger(&r).parked, 1);
    assert_string_equal(fake_find(&r.park, "m0")->reason,
                        "gave up after 3 receives: deadline of 1.5 s passed");
    rig_close(&r);
}

/* What queues in a lane has not begun; and when its turn comes, its time begins. */
static void waiting_in_a_lane_does_not_count(void **state)
{
    static const char *const ids[] = {"a1", "a2", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    rig_pass(&r, 50 * SECOND_US);
    rig_end(&r, "a1", VERDICT_DONE);
    rig_pass(&r, 59 * SECOND_US);
    assert_true(rig_works_on(&r, "a2"));
    rig_pass(&r, 2 * SECOND_US);
    assert_int_equal(rig_ledger(&r).retried, 1);
    rig_close(&r);
}

/* A drain waits no longer for it than anybody would. */
static void it_holds_during_a_drain(void **state)
{
    static const char *const ids[] = {"m0", NULL};
    struct rig r;
    (void)state;
    open_with(&r, ids);
    rig_drain(&r, 3600 * SECOND_US);
    rig_pass(&r, 61 * SECOND_US);
    assert_true(consumer_finished(r.consumer));
    assert_false(consumer_report(r.consumer).cut);
    assert_int_equal(rig_ledger(&r).retried, 1);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(a_handler_is_stopped_and_its_message_goes_back),
        CHECKED(it_is_parked_when_it_came_too_often),
        CHECKED(waiting_in_a_lane_does_not_count),
        CHECKED(it_holds_during_a_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
