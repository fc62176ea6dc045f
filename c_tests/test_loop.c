#include "transfer_rig.h"

/* ---- signals ---- */

static void signals_are_told_once_and_in_order(void **state)
{
    static const int expected[] = {SIGHUP, SIGTERM, SIGTERM, SIGINT, SIGUSR1};
    struct rig *r = *state;
    assert_int_equal(loop_take_signal(r->loop), 0);
    for (size_t i = 0; i < 5; i++) {
        kill(getpid(), expected[i]);
        loop_turn(r->loop, INT64_MAX);
    }
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(loop_take_signal(r->loop), expected[i]);
    assert_int_equal(loop_take_signal(r->loop), 0);
}

static void several_signals_in_one_turn_are_all_told(void **state)
{
    struct rig *r = *state;
    int seen = 0;
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGPIPE);
    loop_turn(r->loop, INT64_MAX);
    for (int i = 0; i < 2; i++) {
        int taken = loop_take_signal(r->loop);
        seen |= taken == SIGUSR1 ? 1 : taken == SIGTERM ? 2 : 4;
    }
    assert_int_equal(seen, 3);
    assert_int_equal(loop_take_signal(r->loop), 0);
}

/* ---- waiting ---- */

struct alarm_clock {
    struct timer timer;
    bool rang;
};

static void ring(struct timer *t)
{
    ((struct alarm_clock *)t)->rang = true;
}

/* How many turns without a limit it takes until a timer set for so long rings. */
static int turns_until_rung(struct loop *l, int64_t us)
{
    struct alarm_clock clock = {.timer.fire = ring};
    struct monotime at = monotime_after(clock_monotonic(), us);
    int turns = 0;
    timer_set(l, &clock.timer, at);
    assert_int_equal(loop_counts(l).timers, 1);
    for (; !clock.rang; turns++)
        loop_turn(l, INT64_MAX);
    assert_true(monotime_reached(at, loop_now(l)));
    assert_int_equal(loop_counts(l).timers, 0);
    return turns;
}

static void an_idle_loop_sleeps_until_its_timer(void **state)
{
    struct rig *r = *state;
    assert_int_equal(turns_until_rung(r->loop, 0), 1);
    assert_in_range(turns_until_rung(r->loop, 20 * 1000 + 1), 1, 2);
}

/* More signals than the loop keeps: what it cannot take yet must not keep it awake. */
static void untaken_signals_do_not_spin(void **state)
{
    struct rig *r = *state;
    int taken = 0;
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1);
        loop_turn(r->loop, 0);
    }
    assert_in_range(turns_until_rung(r->loop, 20 * 1000), 1, 2);
    while (loop_take_signal(r->loop) == SIGUSR1) {
        taken++;
        loop_turn(r->loop, 0);
    }
    assert_int_equal(taken, 17);
}

/* A silent server: the loop wakes for libcurl's own timers, a handful of times, and no more. */
static void a_waiting_transfer_does_not_spin(void **state)
{
    static const struct reply silent[] = {{"HTTP/1.1 200", 0, HOLD}};
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, silent);
    rig_url(r, "/", url);
    rig_question(r, &t, "GET", url);
    t.idle_us = 5 * SECOND_US;
    transfer_start(r->loop, &t);
    while (server_requests(&r->server) < 1)
        loop_turn(r->loop, 1000);
    assert_in_range(turns_until_rung(r->loop, 100 * 1000), 1, 10);
    assert_false(t.op.done);
    transfer_free(&t);
}

static void a_turn_without_waiting_returns(void **state)
{
    struct rig *r = *state;
    struct alarm_clock clock = {.timer.fire = ring};
    timer_set(r->loop, &clock.timer, monotime_after(loop_now(r->loop), 3600 * SECOND_US));
    loop_turn(r->loop, 0);
    loop_turn(r->loop, -1);
    loop_turn(r->loop, 1);
    assert_false(clock.rang);
    timer_clear(r->loop, &clock.timer);
    timer_clear(r->loop, &clock.timer);
    loop_turn(r->loop, 0);
    assert_int_equal(loop_counts(r->loop).timers, 0);
}

/* ---- clocks, and what meets in one turn ---- */

static void clocks_stand_still_between_turns(void **state)
{
    struct rig *r = *state;
    struct monotime before = loop_now(r->loop);
    struct walltime wall = loop_wall(r->loop);
    assert_true(monotime_reached(before, clock_monotonic()));
    assert_int_equal(loop_now(r->loop).us, before.us);
    assert_int_equal(loop_wall(r->loop).us, wall.us);
    assert_in_range(turns_until_rung(r->loop, 2000), 1, 2);
    assert_true(loop_now(r->loop).us >= before.us + 2000);
}

struct race {
    struct timer deadline;
    struct rig *rig;
    struct transfer transfer;
    bool lost;
};

static void give_up(struct timer *t)
{
    struct race *race = (struct race *)t;
    race->lost = true;
    op_abort(&race->transfer.op);
}

static void answered(struct op *op)
{
    struct race *race = op->waiter;
    timer_clear(race->rig->loop, &race->deadline);
}

/* The answer and the deadline are both there when the turn begins. */
static void an_answer_in_hand_beats_its_deadline(void **state)
{
    struct rig *r = *state;
    struct race race = {.deadline.fire = give_up, .rig = r};
    char url[RIG_URL];
    RIG_SERVE(r, ((struct reply[]){{OK_REPLY, 0, HOLD}}));
    rig_url(r, "/", url);
    rig_question(r, &race.transfer, "GET", url);
    race.transfer.op.notify = answered;
    race.transfer.op.waiter = &race;
    transfer_start(r->loop, &race.transfer);
    while (server_requests(&r->server) < 1)
        loop_turn(r->loop, 1000);
    server_release(&r->server);
    timer_set(r->loop, &race.deadline, loop_now(r->loop));
    loop_turn(r->loop, INT64_MAX);
    assert_false(race.lost);
    assert_good(&race.transfer, 200, "good");
    transfer_free(&race.transfer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(signals_are_told_once_and_in_order),
        RIG_TEST(several_signals_in_one_turn_are_all_told),
        RIG_TEST(an_idle_loop_sleeps_until_its_timer),
        RIG_TEST(untaken_signals_do_not_spin),
        RIG_TEST(a_waiting_transfer_does_not_spin),
        RIG_TEST(a_turn_without_waiting_returns),
        RIG_TEST(clocks_stand_still_between_turns),
        RIG_TEST(an_answer_in_hand_beats_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
