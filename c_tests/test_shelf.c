/* What a bucket queue does while it waits for its bucket: pages, abort, calls side by side. */
#include "delivery/bucket_queue.h"

#include "leak_check.h"
#include "queue_calls.h"

#include <stdio.h>
#include <string.h>

static struct rig rig;
static struct memory_bucket *memory;

static int begin(void **state)
{
    leak_check_begin(state);
    memory = memory_bucket_new();
    rig = (struct rig){.memory = memory, .bucket = &memory->bucket};
    rig.queue = bucket_queue_new(rig.bucket);
    return 0;
}

static int end(void **state)
{
    queue_free(rig.queue);
    return leak_check_end(state);
}

static void put(const char *key)
{
    struct bucket_op op;
    bucket_op_init(&op, BUCKET_PUT);
    op.key = bytes_of(key);
    op.body = op.key;
    bucket_start(rig.bucket, &op);
    assert_true(memory_bucket_step_back(memory));
    assert_string_equal(op.op.err.code, "");
    bucket_op_free(&op);
}

static void put_many(const char *format, int count)
{
    char key[32];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, format, i);
        put(key);
    }
}

static void put_letters(const char *letters)
{
    for (; *letters; letters++)
        put((const char[]){*letters, 0});
}

static void ask(struct queue_op *op, int want, int now_s)
{
    queue_op_init(op, QUEUE_RECEIVE);
    op->want = want;
    queue_begin(&rig, op, now_s);
}

static void break_key(const char *key, const char *code, bool retryable)
{
    memory->bad_key = key;
    err_set(&memory->bad, code, "why");
    memory->bad.retryable = retryable;
}

#define RECEIVE(want, now) queue_receive(&rig, want, -1, now)

/* ---- pages ---- */

static void a_page_serves_until_it_is_used_up(void **state)
{
    (void)state;
    put_many("%04d", 25);
    for (int i = 0; i < 2; i++)
        RECEIVE(10, 0);
    assert_int_equal(memory->asked[BUCKET_LIST], 1);
    assert_string_equal(RECEIVE(10, 0), "0020*1 0021*1 0022*1 0023*1 0024*1");
    assert_int_equal(memory->asked[BUCKET_LIST], 1);
    assert_int_equal(memory->asked[BUCKET_GET], 25);
    assert_string_equal(RECEIVE(10, 0), "");
    assert_int_equal(memory->asked[BUCKET_LIST], 2);
    assert_string_equal(RECEIVE(10, 0), "");
    assert_int_equal(memory->asked[BUCKET_LIST], 3);
    assert_int_equal(memory->asked[BUCKET_GET], 25);
}

static void pages_follow_each_other(void **state)
{
    char expected[16];
    (void)state;
    put_many("%04d", 2005);
    for (int i = 0; i < 2005; i++) {
        snprintf(expected, sizeof expected, "%04d*1", i);
        assert_string_equal(RECEIVE(1, 0), expected);
    }
    assert_int_equal(memory->asked[BUCKET_LIST], 3);
    assert_string_equal(RECEIVE(1, 0), "");
    assert_int_equal(memory->asked[BUCKET_LIST], 6);
}

static void one_receive_may_span_two_pages(void **state)
{
    (void)state;
    put_many("%04d", 1003);
    for (int i = 0; i < 199; i++)
        RECEIVE(5, 0);
    assert_string_equal(RECEIVE(10, 0), "0995*1 0996*1 0997*1 0998*1 0999*1 1000*1 1001*1 1002*1");
    assert_int_equal(memory->asked[BUCKET_LIST], 2);
}

static void what_is_parked_is_jumped_over(void **state)
{
    (void)state;
    put_many("parked/%04d", 3500);
    put("z");
    assert_string_equal(RECEIVE(10, 0), "z*1");
    assert_int_equal(memory->asked[BUCKET_LIST], 2);
    assert_string_equal(queue_counts(&rig, 0), "0/1/0");
    assert_int_equal(memory->asked[BUCKET_LIST], 4);
    put("parked/~later");
    assert_string_equal(RECEIVE(10, 60), "z*2");
}

static void settings_look_past_a_page_that_is_in_hand(void **state)
{
    (void)state;
    put_many("%04d", 1010);
    for (int i = 0; i < 100; i++)
        RECEIVE(10, 0);
    assert_string_equal(queue_counts(&rig, 0), "1/1000/0");
    RECEIVE(10, 0);
    assert_string_equal(queue_counts(&rig, 0), "0/1010/0");
    assert_string_equal(queue_counts(&rig, 30), "1/0/0");
}

/* ---- abort ---- */

static void a_receive_is_given_up_while_it_lists(void **state)
{
    struct queue_op op;
    (void)state;
    put_letters("ab");
    ask(&op, 10, 0);
    assert_int_equal(memory->pending_count, 1);
    queue_op_free(&op);
    assert_int_equal(memory->pending_count, 0);
    assert_int_equal(memory->aborted, 1);
    assert_string_equal(RECEIVE(10, 0), "a*1 b*1");
}

static void a_receive_is_given_up_while_it_reads(void **state)
{
    struct queue_op op;
    (void)state;
    put_letters("abc");
    ask(&op, 10, 0);
    assert_true(memory_bucket_step(memory));
    assert_true(memory_bucket_step(memory));
    assert_int_equal(memory->pending_count, 2);
    queue_op_free(&op);
    queue_op_free(&op);
    assert_int_equal(memory->pending_count, 0);
    assert_int_equal(memory->aborted, 2);
    assert_string_equal(RECEIVE(10, 0), "a*1 b*1 c*1");
}

static void a_batch_is_given_up(void **state)
{
    struct queue_op op;
    char receipts[2][RECEIPT];
    (void)state;
    put_letters("ab");
    RECEIVE(2, 0);
    memcpy(receipts, rig.receipts, sizeof receipts);
    queue_op_init(&op, QUEUE_DELETE);
    op.entry_count = 2;
    op.entries[0].receipt = bytes_of(receipts[0]);
    op.entries[1].receipt = bytes_of(receipts[1]);
    queue_begin(&rig, &op, 0);
    assert_true(memory_bucket_step(memory));
    queue_op_free(&op);
    assert_int_equal(memory->aborted, 1);
    assert_string_equal(RECEIVE(2, 29), "");
    assert_string_equal(queue_delete(&rig, receipts[1], 29), "");
    assert_int_equal(memory->count, 0);
}

static void sending_and_settings_are_given_up(void **state)
{
    struct queue_op op;
    (void)state;
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 1;
    op.entries[0].id = BYTES("a");
    queue_begin(&rig, &op, 0);
    queue_op_free(&op);
    queue_op_init(&op, QUEUE_SETTINGS);
    queue_begin(&rig, &op, 0);
    queue_op_free(&op);
    assert_int_equal(memory->aborted, 2);
    assert_int_equal(memory->count, 0);
}

/* ---- side by side ---- */

static void two_receives_share_a_listing(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("abcde");
    ask(&one, 2, 0);
    ask(&two, 2, 0);
    assert_int_equal(memory->pending_count, 1);
    memory_bucket_pump(memory);
    assert_int_equal(memory->asked[BUCKET_LIST], 1);
    assert_string_equal(queue_received(&rig, &one), "a*1 b*1");
    assert_string_equal(queue_received(&rig, &two), "c*1 d*1");
    assert_string_equal(RECEIVE(2, 0), "e*1");
}

static void the_second_goes_on_when_the_first_gives_up(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("abc");
    ask(&one, 2, 0);
    ask(&two, 2, 0);
    queue_op_free(&one);
    assert_int_equal(memory->aborted, 0);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &two), "a*1 b*1");
    ask(&one, 2, 0);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &one), "c*1");
    ask(&one, 1, 0);
    ask(&two, 1, 0);
    queue_op_free(&two);
    queue_op_free(&one);
    assert_int_equal(memory->aborted, 1);
    assert_string_equal(RECEIVE(1, 30), "a*2");
}

static void the_second_may_find_nothing_left(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("ab");
    ask(&one, 2, 0);
    ask(&two, 2, 0);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &one), "a*1 b*1");
    assert_string_equal(queue_received(&rig, &two), "");
}

static void both_may_need_the_next_page(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_many("%04d", 1012);
    for (int i = 0; i < 199; i++)
        RECEIVE(5, 0);
    ask(&one, 10, 0);
    ask(&two, 10, 0);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &one), "0995*1 0996*1 0997*1 0998*1 0999*1 1000*1 "
                                                    "1001*1 1002*1 1003*1 1004*1");
    assert_string_equal(queue_received(&rig, &two), "1005*1 1006*1 1007*1 1008*1 1009*1 1010*1 "
                                                    "1011*1");
    assert_int_equal(memory->asked[BUCKET_LIST], 2);
}

static struct queue_op third;

static void give_up_the_third(struct op *op)
{
    (void)op;
    queue_op_free(&third);
}

/* Being told of one's end, one may end another that waits for the same page. */
static void notify_may_give_up_another(void **state)
{
    struct queue_op one, two;
    (void)state;
    ask(&one, 1, 0);
    ask(&third, 1, 0);
    ask(&two, 1, 0);
    one.op.notify = give_up_the_third;
    memory_bucket_pump(memory);
    assert_true(one.op.done && two.op.done && !third.op.done);
    queue_op_free(&one);
    queue_op_free(&two);
}

static void answers_in_any_order_keep_the_order_of_keys(void **state)
{
    struct queue_op op;
    (void)state;
    put_letters("abcd");
    ask(&op, 4, 0);
    while (memory_bucket_step_back(memory))
        continue;
    assert_string_equal(queue_received(&rig, &op), "a*1 b*1 c*1 d*1");
}

/* Else an update could come before its create, only because that took longer to read. */
static void a_later_receive_waits_for_the_one_before(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("abcd");
    ask(&one, 2, 0);
    assert_true(memory_bucket_step(memory));
    ask(&two, 2, 0);
    assert_int_equal(memory->pending_count, 4);
    for (int i = 0; i < 3; i++)
        assert_true(memory_bucket_step_back(memory));
    assert_false(one.op.done || two.op.done);
    memory_bucket_pump(memory);
    assert_true(one.op.done && two.op.done);
    assert_string_equal(queue_received(&rig, &one), "a*1 b*1");
    assert_string_equal(queue_received(&rig, &two), "c*1 d*1");
}

static void a_later_receive_goes_on_when_the_one_before_is_given_up(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("ab");
    ask(&one, 1, 0);
    assert_true(memory_bucket_step(memory));
    ask(&two, 1, 0);
    assert_true(memory_bucket_step_back(memory));
    assert_false(two.op.done);
    queue_op_free(&one);
    assert_true(two.op.done);
    assert_string_equal(queue_received(&rig, &two), "b*1");
    assert_string_equal(RECEIVE(1, 0), "a*1");
}

static void what_is_being_read_is_not_given_twice(void **state)
{
    struct queue_op slow;
    (void)state;
    put_letters("a");
    ask(&slow, 1, 0);
    assert_true(memory_bucket_step(memory));
    assert_int_equal(memory->pending_count, 1);
    {
        struct queue_op op;
        ask(&op, 1, 100);
        assert_true(memory_bucket_step_back(memory));
        assert_true(op.op.done);
        assert_string_equal(queue_received(&rig, &op), "");
    }
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &slow), "a*1");
}

static void what_was_deleted_meanwhile_is_not_given(void **state)
{
    struct queue_op again, gone;
    char receipt[RECEIPT];
    (void)state;
    put_letters("ab");
    RECEIVE(1, 0);
    memcpy(receipt, rig.receipts[0], RECEIPT);
    RECEIVE(1, 0);
    ask(&again, 2, 60);
    assert_true(memory_bucket_step(memory));
    assert_true(memory_bucket_step(memory));
    queue_op_init(&gone, QUEUE_DELETE);
    gone.entry_count = 1;
    gone.entries[0].receipt = bytes_of(receipt);
    queue_begin(&rig, &gone, 60);
    assert_true(memory_bucket_step_back(memory));
    assert_true(gone.op.done && !again.op.done);
    queue_op_free(&gone);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &again), "b*2");
}

/* ---- failures ---- */

static void what_cannot_be_read_is_passed_over(void **state)
{
    (void)state;
    put_letters("abc");
    break_key("b", "protocol", false);
    assert_string_equal(RECEIVE(10, 0), "a*1 c*1");
    assert_string_equal(RECEIVE(10, 0), "!protocol");
    assert_string_equal(RECEIVE(10, 30), "a*2 c*2");
    memory->bad_key = NULL;
    assert_string_equal(RECEIVE(10, 30), "b*1");
}

static void what_nobody_can_read_is_asked_for_once(void **state)
{
    (void)state;
    put_letters("ab");
    break_key("b", "InvalidKey", false);
    assert_string_equal(RECEIVE(10, 0), "a*1");
    put_letters("c");
    break_key("c", "too_large", false);
    assert_string_equal(RECEIVE(10, 0), "");
    assert_int_equal(memory->asked[BUCKET_GET], 3);
}

static void the_error_names_the_object(void **state)
{
    struct queue_op op;
    (void)state;
    put_letters("b");
    break_key("b", "SlowDown", true);
    ask(&op, 1, 0);
    memory_bucket_pump(memory);
    assert_string_equal(op.op.err.code, "SlowDown");
    assert_true(op.op.err.retryable);
    assert_string_equal(op.op.err.message, "b: why");
    assert_int_equal(op.received_count, 0);
    queue_op_free(&op);
}

static void a_listing_that_fails_is_tried_again(void **state)
{
    (void)state;
    put_letters("ab");
    break_key(NULL, "timeout", true);
    memory->bad_list = true;
    assert_string_equal(RECEIVE(10, 0), "!timeout");
    assert_string_equal(queue_counts(&rig, 0), "!timeout");
    memory->bad_list = false;
    assert_string_equal(RECEIVE(10, 0), "a*1 b*1");
}

static void what_was_found_before_a_listing_failed_is_given(void **state)
{
    (void)state;
    put_many("%04d", 1003);
    for (int i = 0; i < 199; i++)
        RECEIVE(5, 0);
    break_key(NULL, "timeout", true);
    memory->bad_list = true;
    assert_string_equal(RECEIVE(10, 0), "0995*1 0996*1 0997*1 0998*1 0999*1");
    assert_string_equal(RECEIVE(10, 0), "!timeout");
    memory->bad_list = false;
    assert_string_equal(RECEIVE(10, 0), "1000*1 1001*1 1002*1");
    assert_int_equal(memory->asked[BUCKET_LIST], 4);
}

static void all_who_wait_are_told_of_the_failure(void **state)
{
    struct queue_op one, two;
    (void)state;
    put_letters("ab");
    break_key(NULL, "timeout", true);
    memory->bad_list = true;
    ask(&one, 1, 0);
    ask(&two, 1, 0);
    memory_bucket_pump(memory);
    assert_string_equal(queue_received(&rig, &one), "!timeout");
    assert_string_equal(queue_received(&rig, &two), "!timeout");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_page_serves_until_it_is_used_up),
        WITH(pages_follow_each_other),
        WITH(one_receive_may_span_two_pages),
        WITH(what_is_parked_is_jumped_over),
        WITH(settings_look_past_a_page_that_is_in_hand),
        WITH(a_receive_is_given_up_while_it_lists),
        WITH(a_receive_is_given_up_while_it_reads),
        WITH(a_batch_is_given_up),
        WITH(sending_and_settings_are_given_up),
        WITH(two_receives_share_a_listing),
        WITH(the_second_goes_on_when_the_first_gives_up),
        WITH(the_second_may_find_nothing_left),
        WITH(both_may_need_the_next_page),
        WITH(notify_may_give_up_another),
        WITH(answers_in_any_order_keep_the_order_of_keys),
        WITH(a_later_receive_waits_for_the_one_before),
        WITH(a_later_receive_goes_on_when_the_one_before_is_given_up),
        WITH(what_is_being_read_is_not_given_twice),
        WITH(what_was_deleted_meanwhile_is_not_given),
        WITH(what_cannot_be_read_is_passed_over),
        WITH(what_nobody_can_read_is_asked_for_once),
        WITH(the_error_names_the_object),
        WITH(a_listing_that_fails_is_tried_again),
        WITH(what_was_found_before_a_listing_failed_is_given),
        WITH(all_who_wait_are_told_of_the_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
