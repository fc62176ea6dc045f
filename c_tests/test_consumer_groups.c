/* FIFO queues: order within a group, groups side by side. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <string.h>

static void open_with(struct rig *r, const char *const *ids)
{
    rig_open(r);
    r->source.settings.fifo = true;
    for (; *ids; ids++)
        fake_add(&r->source, *ids);
    rig_start(r);
    rig_turn(r);
}

static const char *const mixed[] = {"g/1", "g/2", "h/1", "g/3", "h/2", "plain", NULL};

static void groups_go_side_by_side_each_in_order(void **state)
{
    static const char *const then[] = {"g/2", "g/3", "h/2"};
    struct rig r;
    (void)state;
    open_with(&r, mixed);
    assert_int_equal(r.running, 3);
    for (size_t i = 0; i < 3; i++)
        assert_false(rig_works_on(&r, then[i]));
    r.source.latency_us[QUEUE_DELETE] = FAKE_HELD;
    rig_end(&r, "g/1", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);          /* at once: somebody waits */
    assert_false(rig_works_on(&r, "g/2"));
    assert_true(fake_answer(&r.source, QUEUE_DELETE));
    rig_turn(&r);
    assert_true(rig_works_on(&r, "g/2"));
    assert_false(rig_works_on(&r, "g/3"));
    rig_close(&r);
}

static void a_failure_takes_the_rest_of_its_group_back(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, mixed);
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    rig_work(&r, "g/1")->verdict.after_us = 5 * SECOND_US;
    rig_end(&r, "g/1", VERDICT_RETRY);
    assert_string_equal(fake_ids(&r.source, QUEUE_RELEASE, 0), "g/1 g/2 g/3");
    assert_int_equal(fake_call(&r.source, QUEUE_RELEASE, 0)->delays[0], 5);
    assert_int_equal(fake_call(&r.source, QUEUE_RELEASE, 0)->delays[1], 0);
    assert_int_equal(rig_ledger(&r).retried, 1);
    assert_int_equal(rig_ledger(&r).released, 2);
    rig_end(&r, "h/1", VERDICT_DONE);
    assert_true(rig_works_on(&r, "h/2"));
    assert_int_equal(r.work_count, 4);
    rig_close(&r);
}

/* Taken while the failed one is on its way back. */
static void what_comes_behind_a_failure_goes_back_too(void **state)
{
    static const char *const one[] = {"g/1", NULL};
    struct rig r;
    (void)state;
    open_with(&r, one);
    r.source.latency_us[QUEUE_RELEASE] = FAKE_HELD;
    rig_end(&r, "g/1", VERDICT_RETRY);
    fake_add(&r.source, "g/2");
    fake_add(&r.source, "h/1");
    rig_pass(&r, SECOND_US);
    assert_false(rig_works_on(&r, "g/2"));
    assert_true(rig_works_on(&r, "h/1"));
    rig_close(&r);
}

static void a_parked_one_lets_the_rest_go_on(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, mixed);
    rig_end(&r, "g/1", VERDICT_PARK);
    assert_true(rig_works_on(&r, "g/2"));
    assert_int_equal(rig_ledger(&r).parked, 1);
    rig_close(&r);
}

/* What only waited behind it goes with it, and comes when the leases end. */
static void a_lost_one_takes_the_rest_along(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, mixed);
    rig_extends_nothing(&r);
    r.source.latency_us[QUEUE_RECEIVE] = FAKE_HELD;
    rig_pass(&r, 31 * SECOND_US);
    rig_end(&r, "g/1", VERDICT_RETRY);
    assert_false(rig_works_on(&r, "g/2"));
    assert_false(rig_works_on(&r, "g/3"));
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 0);
    rig_close(&r);
}

/* A standard queue may have groups, for fairness: they have no order. */
static void groups_of_a_standard_queue_mean_nothing(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    fake_add(&r.source, "g/1");
    fake_add(&r.source, "g/2");
    rig_start(&r);
    rig_turn(&r);
    assert_int_equal(r.running, 2);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(groups_go_side_by_side_each_in_order),
        CHECKED(a_failure_takes_the_rest_of_its_group_back),
        CHECKED(what_comes_behind_a_failure_goes_back_too),
        CHECKED(a_parked_one_lets_the_rest_go_on),
        CHECKED(a_lost_one_takes_the_rest_along),
        CHECKED(groups_of_a_standard_queue_mean_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
