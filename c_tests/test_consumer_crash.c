/* A handler that ends the process again and again: its message is parked before it can do so once
 * more, and whoever was only in hand with it is not. */
#include "consumer_rig.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

enum { CRASHES_MAX = 12 };

struct world {
    const char *deadly;
    bool crashed;
    int starts;                      /* of the deadly one */
};

static void plan(struct rig *r, struct work *w)
{
    struct world *world = r->planner;
    w->takes_us = 5 * MS;
    if (strcmp(w->id, world->deadly))
        return;
    world->crashed = true;
    world->starts++;
    w->takes_us = -1;
}

/* The process is gone and another one begins, when all leases are over. */
static void restart(struct rig *r, struct world *world)
{
    consumer_free(r->consumer);
    world->crashed = false;
    r->now = monotime_after(r->now, 31 * SECOND_US);
    r->source.now = r->park.now = r->now;
    rig_start(r);
}

static struct consumer_report run(struct rig *r, struct world *world)
{
    int crashes = 0;
    rig_start(r);
    while (!consumer_finished(r->consumer)) {
        assert_true(rig_step(r));
        if (!world->crashed)
            continue;
        assert_true(++crashes < CRASHES_MAX);
        restart(r, world);
    }
    return consumer_report(r->consumer);
}

static void check_end(struct rig *r, const char *deadly)
{
    for (size_t i = 0; i < r->source.message_count; i++)
        assert_true(r->source.messages[i].gone);
    assert_int_equal(r->park.message_count, 1);
    assert_string_equal(r->park.messages[0].id, deadly);
    assert_string_equal(r->park.messages[0].reason, "received too often without a verdict");
}

static void only_the_deadly_one_is_parked(void **state)
{
    static const struct { const char *deadly; int count, redrive, starts; } cases[] = {
        {"m0", 30, 0, 5}, {"m15", 30, 0, 5}, {"m29", 30, 0, 5}, {"m9", 60, 0, 5},
        {"m0", 8, 4, 3},  {"m4", 8, 4, 3},   {"m7", 8, 4, 3},   {"m0", 1, 0, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t latency = 0; latency <= 20 * MS; latency += 20 * MS) {
            struct world world = {.deadly = cases[i].deadly};
            struct rig r;
            rig_open(&r);
            r.options.concurrency = 32;
            r.options.until_empty = true;
            r.source.settings.max_receives = cases[i].redrive;
            r.source.latency_us[QUEUE_RECEIVE] = r.source.latency_us[QUEUE_DELETE] = latency;
            r.plan = plan;
            r.planner = &world;
            fake_add_many(&r.source, "m", cases[i].count);
            run(&r, &world);
            check_end(&r, cases[i].deadly);
            assert_int_equal(world.starts, cases[i].starts);
            rig_close(&r);
        }
    }
}

/* New messages keep coming while the deadly one goes its way. */
static void those_that_come_later_are_spared_too(void **state)
{
    struct world world = {.deadly = "deadly"};
    struct rig r;
    (void)state;
    rig_open(&r);
    r.options.concurrency = 8;
    r.options.until_empty = true;
    r.plan = plan;
    r.planner = &world;
    fake_add_many(&r.source, "a", 10);
    fake_add(&r.source, "deadly");
    fake_add_many(&r.source, "z", 40);
    for (size_t i = 0; i < r.source.message_count; i++)
        r.source.messages[i].visible_at = monotime_after(r.now, (int64_t)i * 3 * SECOND_US);
    r.source.messages[10].visible_at = r.now;
    run(&r, &world);
    check_end(&r, "deadly");
    rig_close(&r);
}

/* What failed often goes one at a time, and others go on beside it. */
static void delicate_ones_do_not_stop_the_others(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    fake_add_many(&r.source, "d", 2);
    fake_add_many(&r.source, "m", 2);
    r.source.messages[0].receive_count = r.source.messages[1].receive_count = 3;
    rig_start(&r);
    rig_turn(&r);
    assert_true(rig_works_on(&r, "m0") && rig_works_on(&r, "m1"));
    assert_int_equal(rig_works_on(&r, "d0") + rig_works_on(&r, "d1"), 1);
    assert_true(rig_works_on(&r, "d1"));
    rig_end(&r, "d1", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_true(rig_works_on(&r, "d0"));
    rig_end(&r, "d0", VERDICT_DONE);
    rig_end(&r, "m0", VERDICT_DONE);
    rig_end(&r, "m1", VERDICT_DONE);
    assert_int_equal(rig_ledger(&r).done, 4);
    rig_close(&r);
}

/* Where nothing can be parked, a high count means nothing. */
static void without_a_place_to_park_nothing_is_delicate(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.has_park = false;
    fake_add_many(&r.source, "d", 3);
    for (size_t i = 0; i < 3; i++)
        r.source.messages[i].receive_count = 50;
    rig_start(&r);
    rig_turn(&r);
    assert_int_equal(r.running, 3);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(only_the_deadly_one_is_parked),
        CHECKED(those_that_come_later_are_spared_too),
        CHECKED(delicate_ones_do_not_stop_the_others),
        CHECKED(without_a_place_to_park_nothing_is_delicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
