#include "consumer_rig.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

static void open_with(struct rig *r, int messages, size_t concurrency)
{
    rig_open(r);
    r->options.concurrency = concurrency;
    r->options.max_receives = 3;
    fake_add_many(&r->source, "m", messages);
    rig_start(r);
    rig_turn(r);
}

static void end_many(struct rig *r, int first, int last)
{
    char id[FAKE_ID];
    for (int i = first; i <= last; i++) {
        snprintf(id, sizeof id, "m%d", i);
        rig_end(r, id, VERDICT_DONE);
    }
}

static void give_reason(struct verdict *v, const char *reason)
{
    snprintf(v->reason, sizeof v->reason, "%s", reason);
}

/* ---- acks ---- */

static void acks_go_in_tens(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 26, 26);
    end_many(&r, 0, 8);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    end_many(&r, 9, 9);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_string_equal(fake_ids(&r.source, QUEUE_DELETE, 0), "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9");
    end_many(&r, 10, 24);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 2);
    assert_int_equal(rig_ledger(&r).done, 20);
    rig_close(&r);
}

static void an_ack_waits_200_ms_for_company(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 3, 3);
    end_many(&r, 0, 0);
    rig_pass(&r, 150 * MS);
    end_many(&r, 1, 1);
    rig_pass(&r, 49 * MS);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    rig_pass(&r, 1 * MS);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_string_equal(fake_ids(&r.source, QUEUE_DELETE, 0), "m0 m1");
    rig_close(&r);
}

static void nothing_to_wait_for_flushes_at_once(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 2, 2);
    end_many(&r, 0, 1);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_int_equal(rig_ledger(&r).done, 2);
    rig_close(&r);
}

static void only_failed_entries_are_tried_again(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 3, 3);
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_DELETE, 0, 0, fake_error("SlowDown", true), 1 << 1, 0});
    end_many(&r, 0, 2);
    rig_pass(&r, SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 2);
    assert_string_equal(fake_ids(&r.source, QUEUE_DELETE, 0), "m0 m1 m2");
    assert_string_equal(fake_ids(&r.source, QUEUE_DELETE, 1), "m1");
    assert_int_equal(rig_ledger(&r).done, 3);
    rig_close(&r);
}

static void retries_of_an_ack_back_off_and_end(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1, 1);
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_DELETE, 0, 99, fake_error("SlowDown", true), 0, 0});
    end_many(&r, 0, 0);
    rig_pass(&r, 20 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 6);
    for (size_t i = 1; i < 6; i++)
        assert_int_equal(monotime_until(fake_call(&r.source, QUEUE_DELETE, i - 1)->at,
                                        fake_call(&r.source, QUEUE_DELETE, i)->at),
                         (200 * MS) << i);
    assert_int_equal(rig_ledger(&r).done, 0);
    assert_int_equal(rig_ledger(&r).released, 1);
    rig_close(&r);
}

static void what_cannot_go_well_is_not_tried_again(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 2, 2);
    fake_rule(&r.source,
              (struct fake_rule){QUEUE_DELETE, 0, 9, fake_error("NoSuchReceipt", false), 1, 0});
    end_many(&r, 0, 1);
    rig_pass(&r, 5 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_int_equal(rig_ledger(&r).done, 1);
    assert_int_equal(rig_ledger(&r).released, 1);
    rig_close(&r);
}

/* ---- retry ---- */

static void retry_after(void **state)
{
    static const struct {
        int64_t after_us;
        int delay_s;
    } cases[] = {{0, 0}, {1, 1}, {SECOND_US, 1}, {2500 * MS, 3}, {99999 * SECOND_US, 43170}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        open_with(&r, 1, 1);
        rig_work(&r, "m0")->verdict.after_us = cases[i].after_us;
        rig_end(&r, "m0", VERDICT_RETRY);
        assert_int_equal(fake_call(&r.source, QUEUE_RELEASE, 0)->delays[0], cases[i].delay_s);
        assert_int_equal(rig_ledger(&r).retried, 1);
        rig_close(&r);
    }
}

static void backoff_grows_with_the_receives(void **state)
{
    static const struct {
        int receives, most_s;
    } cases[] = {{1, 1}, {2, 2}, {4, 8}, {10, 512}, {500, 512}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        int longest = 0;
        for (int round = 0; round < 40; round++) {
            int delay;
            rig_open(&r);
            r.has_park = false;
            fake_add(&r.source, "m");
            fake_find(&r.source, "m")->receive_count = cases[i].receives - 1;
            rig_start(&r);
            rig_turn(&r);
            rig_end(&r, "m", VERDICT_RETRY);
            delay = fake_call(&r.source, QUEUE_RELEASE, 0)->delays[0];
            assert_in_range(delay, 0, cases[i].most_s);
            longest = delay > longest ? delay : longest;
            rig_close(&r);
        }
        assert_true(longest > cases[i].most_s / 4);
    }
}

static void after_max_receives_a_retry_is_a_park(void **state)
{
    static const struct {
        int option, redrive, parked_at;
    } cases[] = {{3, 0, 3}, {3, 9, 3}, {0, 4, 3}, {0, 0, 5}, {1, 0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        rig_open(&r);
        r.options.max_receives = cases[i].option;
        r.source.settings.max_receives = cases[i].redrive;
        fake_add(&r.source, "m");
        rig_start(&r);
        rig_turn(&r);
        for (int receive = 1; receive <= cases[i].parked_at; receive++) {
            assert_int_equal(rig_ledger(&r).parked, 0);
            rig_work(&r, "m")->verdict.after_us = 0;
            rig_end(&r, "m", VERDICT_RETRY);
            rig_pass(&r, SECOND_US);
        }
        assert_int_equal(rig_ledger(&r).parked, 1);
        assert_int_equal(rig_ledger(&r).retried, cases[i].parked_at - 1);
        assert_non_null(strstr(fake_find(&r.park, "m")->reason, "gave up after"));
        rig_close(&r);
    }
}

/* ---- park ---- */

static void parking_sends_first_and_deletes_after(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1, 1);
    r.park.latency_us[QUEUE_SEND] = FAKE_HELD;
    give_reason(&rig_work(&r, "m0")->verdict, "broken");
    rig_end(&r, "m0", VERDICT_PARK);
    rig_pass(&r, 10 * SECOND_US);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    assert_true(fake_answer(&r.park, QUEUE_SEND));
    rig_turn(&r);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 1);
    assert_int_equal(rig_ledger(&r).parked, 1);
    assert_string_equal(fake_find(&r.park, "m0")->reason, "broken");
    rig_close(&r);
}

static void parking_that_fails_gives_back(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, 1, 1);
    fake_rule(&r.park, (struct fake_rule){QUEUE_SEND, 0, 2, fake_error("TooLong", false), 0, 0});
    rig_end(&r, "m0", VERDICT_PARK);
    assert_int_equal(r.park.counts[QUEUE_SEND], 3);
    assert_int_equal(r.source.counts[QUEUE_DELETE], 0);
    assert_int_equal(r.source.counts[QUEUE_RELEASE], 1);
    assert_int_equal(rig_ledger(&r).retried, 1);
    assert_int_equal(rig_ledger(&r).parked, 0);
    assert_int_equal(rig_ledger(&r).unparkable, 1);
    rig_close(&r);
}

/* Refused once: without the sender's own; twice: without any. The body comes along each time. */
static void what_is_refused_is_parked_with_fewer_attributes(void **state)
{
    static const struct { size_t refused, attributes; } cases[] = {{0, 6}, {1, 5}, {2, 0}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        open_with(&r, 1, 1);
        if (cases[i].refused)
            fake_rule(&r.park, (struct fake_rule){QUEUE_SEND, 0, cases[i].refused - 1,
                                                  fake_error("MessageTooLong", false), 1, 0});
        give_reason(&rig_work(&r, "m0")->verdict, "broken");
        snprintf(rig_work(&r, "m0")->verdict.error, VERDICT_ERROR_MAX, "it said so");
        rig_end(&r, "m0", VERDICT_PARK);
        assert_int_equal(r.park.counts[QUEUE_SEND], cases[i].refused + 1);
        assert_int_equal(fake_find(&r.park, "m0")->attributes, cases[i].attributes);
        assert_string_equal(fake_find(&r.park, "m0")->error,
                            cases[i].attributes ? "it said so" : "");
        assert_int_equal(rig_ledger(&r).parked, 1);
        rig_close(&r);
    }
}

static void a_place_that_is_barred_is_not_asked_again(void **state)
{
    struct err denied = fake_error("AccessDenied", false);
    struct rig r;
    (void)state;
    denied.status = 403;
    open_with(&r, 1, 1);
    fake_rule(&r.park, (struct fake_rule){QUEUE_SEND, 0, 9, denied, 0, 0});
    rig_end(&r, "m0", VERDICT_PARK);
    assert_int_equal(r.park.counts[QUEUE_SEND], 1);
    assert_int_equal(rig_ledger(&r).retried, 1);
    rig_close(&r);
}

static void no_place_to_park_gives_back(void **state)
{
    struct rig r;
    struct ledger ledger;
    (void)state;
    rig_open(&r);
    r.has_park = false;
    r.options.max_receives = 1;
    fake_add_many(&r.source, "m", 2);
    rig_start(&r);
    rig_turn(&r);
    rig_end(&r, "m0", VERDICT_PARK);
    rig_end(&r, "m1", VERDICT_RETRY);
    ledger = rig_ledger(&r);
    assert_int_equal(ledger.retried, 2);
    assert_int_equal(ledger.unparkable, 1);
    assert_int_equal(ledger.parked, 0);
    rig_close(&r);
}

static void the_dead_letter_queue_of_the_source(void **state)
{
    (void)state;
    for (int opens = 0; opens < 2; opens++) {
        struct rig r;
        char url[] = "fake:park";
        rig_open(&r);
        r.has_park = false;
        r.opens_dead_letter = opens;
        r.source.settings.dead_letter = url;
        fake_add(&r.source, "m");
        rig_start(&r);
        rig_turn(&r);
        rig_end(&r, "m", VERDICT_PARK);
        assert_int_equal(rig_ledger(&r).parked, opens);
        assert_int_equal(rig_ledger(&r).unparkable, !opens);
        rig_close(&r);
    }
}

static void a_reason_is_fit_to_be_sent(void **state)
{
    static const char *const cases[][2] = {
        {"", "parked"},
        {"plain", "plain"},
        {"bad \x01 token\n", "bad   token "},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"cut \xc3", "cut "},
        {"\xff", "parked"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        open_with(&r, 1, 1);
        give_reason(&rig_work(&r, "m0")->verdict, cases[i][0]);
        rig_end(&r, "m0", VERDICT_PARK);
        assert_string_equal(fake_find(&r.park, "m0")->reason, cases[i][1]);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(acks_go_in_tens),
        CHECKED(an_ack_waits_200_ms_for_company),
        CHECKED(nothing_to_wait_for_flushes_at_once),
        CHECKED(only_failed_entries_are_tried_again),
        CHECKED(retries_of_an_ack_back_off_and_end),
        CHECKED(what_cannot_go_well_is_not_tried_again),
        CHECKED(retry_after),
        CHECKED(backoff_grows_with_the_receives),
        CHECKED(after_max_receives_a_retry_is_a_park),
        CHECKED(parking_sends_first_and_deletes_after),
        CHECKED(parking_that_fails_gives_back),
        CHECKED(what_is_refused_is_parked_with_fewer_attributes),
        CHECKED(a_place_that_is_barred_is_not_asked_again),
        CHECKED(no_place_to_park_gives_back),
        CHECKED(the_dead_letter_queue_of_the_source),
        CHECKED(a_reason_is_fit_to_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
