/* Messages that their queue gives more than once. */
#include "consumer_rig.h"

#include "delivery/applied.h"
#include "leak_check.h"

#include <stdio.h>
#include <string.h>

static void open_with(struct rig *r, int copies)
{
    rig_open(r);
    for (int i = 0; i < copies; i++)
        fake_add(&r->source, "x");
    rig_start(r);
    rig_turn(r);
}

/* The queue gives it once more, though its lease is not over. */
static void give_again(struct rig *r)
{
    r->source.messages[0].visible_at = r->now;
    rig_pass(r, SECOND_US);
}

/* ---- while it is in hand ---- */

static void twice_in_one_answer_is_handled_once(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 2);
    assert_int_equal(rig_ledger(&r).received, 2);
    assert_int_equal(rig_ledger(&r).released, 1);
    assert_int_equal(r.work_count, 1);
    rig_end(&r, "x", VERDICT_DONE);
    rig_pass(&r, SECOND_US);
    assert_true(r.source.messages[1].gone);      /* the newest receipt */
    rig_pass(&r, 60 * SECOND_US);
    assert_true(r.source.messages[0].gone);      /* the copy came again, and was only deleted */
    assert_int_equal(r.work_count, 1);
    assert_int_equal(rig_ledger(&r).skipped, 1);
    assert_int_equal(r.source.stale, 0);
    rig_close(&r);
}

static void a_handler_at_work_is_not_begun_again(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_DONE, VERDICT_RETRY, VERDICT_PARK};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        open_with(&r, 1);
        give_again(&r);
        give_again(&r);
        assert_int_equal(r.work_count, 1);
        assert_int_equal(r.source.messages[0].receive_count, 3);
        rig_work(&r, "x")->verdict.after_us = 1000 * SECOND_US;
        rig_end(&r, "x", kinds[i]);
        rig_pass(&r, SECOND_US);
        assert_int_equal(r.source.stale, 0);
        assert_int_equal(r.source.messages[0].gone, kinds[i] != VERDICT_RETRY);
        assert_int_equal(rig_ledger(&r).received, 3);
        assert_int_equal(rig_ledger(&r).released, 2);
        rig_close(&r);
    }
}

static void its_lease_begins_anew(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1);
    r.source.latency_us[QUEUE_EXTEND] = FAKE_HELD;
    rig_pass(&r, 15 * SECOND_US);
    assert_int_equal(fake_under_way(&r.source, QUEUE_EXTEND), 1);
    give_again(&r);
    assert_true(fake_answer(&r.source, QUEUE_EXTEND));           /* refused: an old receipt */
    r.source.latency_us[QUEUE_EXTEND] = 0;
    rig_pass(&r, 13 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_EXTEND], 1);
    rig_pass(&r, 60 * SECOND_US);
    assert_int_equal(r.source.messages[0].receive_count, 2);
    rig_end(&r, "x", VERDICT_DONE);
    assert_int_equal(r.source.stale, 0);
    rig_close(&r);
}

static void what_is_said_with_an_old_receipt_is_said_again(void **state)
{
    static const struct {
        enum verdict_kind kind;
        enum queue_verb verb;
    } cases[] = {{VERDICT_DONE, QUEUE_DELETE}, {VERDICT_RETRY, QUEUE_RELEASE}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        open_with(&r, 1);
        r.source.latency_us[cases[i].verb] = FAKE_HELD;
        rig_work(&r, "x")->verdict.after_us = 1000 * SECOND_US;
        rig_end(&r, "x", cases[i].kind);
        give_again(&r);
        assert_true(fake_answer(&r.source, cases[i].verb));
        assert_int_equal(r.source.stale, 1);
        r.source.latency_us[cases[i].verb] = 0;
        rig_pass(&r, SECOND_US);
        assert_int_equal(r.source.counts[cases[i].verb], 2);
        assert_int_equal(r.source.stale, 1);
        assert_int_equal(r.source.messages[0].gone, cases[i].kind == VERDICT_DONE);
        assert_int_equal(rig_ledger(&r).done + rig_ledger(&r).retried, 1);
        assert_int_equal(r.work_count, 1);
        rig_close(&r);
    }
}

/* ---- after it was applied ---- */

static void open_refusing(struct rig *r, enum verdict_kind kind)
{
    open_with(r, 1);
    fake_rule(&r->source, (struct fake_rule){QUEUE_DELETE, 0, 0, fake_error("Odd", false), 0, 0});
    rig_end(r, "x", kind);
    rig_pass(r, 20 * SECOND_US);
    assert_int_equal(rig_ledger(r).released, 1);
}

static void what_was_applied_is_only_deleted(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_DONE, VERDICT_SKIP, VERDICT_PARK};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        open_refusing(&r, kinds[i]);
        rig_pass(&r, 20 * SECOND_US);
        assert_true(r.source.messages[0].gone);
        assert_int_equal(r.work_count, 1);
        assert_int_equal(r.park.message_count, kinds[i] == VERDICT_PARK);
        assert_int_equal(rig_ledger(&r).skipped, 1);
        rig_close(&r);
    }
}

static void what_was_retried_is_handled_again(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1);
    rig_work(&r, "x")->verdict.after_us = 0;
    rig_end(&r, "x", VERDICT_RETRY);
    rig_pass(&r, SECOND_US);
    assert_true(rig_works_on(&r, "x"));
    rig_close(&r);
}

/* A key may be written again, with another request. */
static void a_key_that_comes_again_is_handled(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    r.source.queue.keyed = true;
    fake_add(&r.source, "x");
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "x", VERDICT_DONE);
    fake_add(&r.source, "x");
    rig_pass(&r, SECOND_US);
    assert_true(rig_works_on(&r, "x"));
    rig_close(&r);
}

static void ids_are_never_mistaken(void **state)
{
    static struct applied a;
    char id[APPLIED_ID + 2];
    size_t known = 0;
    (void)state;
    assert_false(applied_has(&a, ""));
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "message-%d", i);
        assert_false(applied_has(&a, id));
        applied_add(&a, id);
        assert_true(applied_has(&a, id));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "message-%d", i);
        known += applied_has(&a, id);
    }
    assert_in_range(known, APPLIED_PLACES / 2, APPLIED_PLACES);
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = 0;
    applied_add(&a, id);
    assert_false(applied_has(&a, id));           /* too long to be remembered */
    id[APPLIED_ID] = 0;
    assert_false(applied_has(&a, id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(twice_in_one_answer_is_handled_once),
        CHECKED(a_handler_at_work_is_not_begun_again),
        CHECKED(its_lease_begins_anew),
        CHECKED(what_is_said_with_an_old_receipt_is_said_again),
        CHECKED(what_was_applied_is_only_deleted),
        CHECKED(what_was_retried_is_handled_again),
        CHECKED(a_key_that_comes_again_is_handled),
        CHECKED(ids_are_never_mistaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
