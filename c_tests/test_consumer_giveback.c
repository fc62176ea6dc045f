#include "consumer_rig.h"

#include "leak_check.h"

#include <stdio.h>

static void one_lane(struct rig *r, struct work *w)
{
    (void)r;
    snprintf(w->lane, sizeof w->lane, "a");
}

/* The holder of a lane is settled while the release of one that was queued behind it is under way:
 * that one is not given the lane, and so is not settled twice. */
static void a_queued_message_that_goes_back_gets_no_turn(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.plan = one_lane;
    fake_add_many(&r.source, "m", 3);
    rig_start(&r);
    rig_turn(&r);
    r.source.latency_us[QUEUE_RELEASE] = FAKE_HELD;
    rig_drain(&r, 25 * SECOND_US);
    rig_end(&r, "m0", VERDICT_DONE);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
    assert_true(fake_answer(&r.source, QUEUE_RELEASE));
    rig_turn(&r);
    assert_true(consumer_finished(r.consumer));
    assert_int_equal(rig_ledger(&r).released, 2);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(a_queued_message_that_goes_back_gets_no_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
