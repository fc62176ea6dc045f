/* What a bucket queue does, on a bucket that answers at once and on one that answers later. */
#include "delivery/bucket_queue.h"

#include "bucket_calls.h"
#include "leak_check.h"
#include "local/file_bucket.h"
#include "place.h"
#include "queue_calls.h"

#include <stdio.h>
#include <string.h>

static struct place place;
static struct rig rig;

static void turn(void *world, struct bucket *b)
{
    (void)world;
    memory_bucket_step((struct memory_bucket *)b);
}

static int begin_file(void **state)
{
    struct err err;
    leak_check_begin(state);
    place_make(&place);
    rig = (struct rig){.bucket = file_bucket_open(bytes_of(place.dir), false, &err)};
    if (!rig.bucket)
        return -1;
    rig.queue = bucket_queue_new(rig.bucket);
    return 0;
}

static int end_file(void **state)
{
    queue_free(rig.queue);
    place_remove(&place);
    return leak_check_end(state);
}

static int begin_memory(void **state)
{
    leak_check_begin(state);
    bucket_calls_pump((struct bucket_pump){turn, NULL});
    rig = (struct rig){.memory = memory_bucket_new()};
    rig.bucket = &rig.memory->bucket;
    rig.queue = bucket_queue_new(rig.bucket);
    return 0;
}

static int end_memory(void **state)
{
    queue_free(rig.queue);
    return leak_check_end(state);
}

static void put_all(const char *const *keys)
{
    for (; *keys; keys++)
        assert_string_equal(bucket_put(rig.bucket, *keys, *keys), "");
}

#define PUT(...) put_all((const char *const[]){__VA_ARGS__, NULL})
#define RECEIVE(want, now) queue_receive(&rig, want, -1, now)

/* ---- receive ---- */

static void messages_come_in_the_order_of_their_keys(void **state)
{
    (void)state;
    PUT("b", "a/2", "c", "a/1", "d");
    assert_string_equal(RECEIVE(3, 0), "a/1*1 a/2*1 b*1");
    assert_string_equal(RECEIVE(10, 0), "c*1 d*1");
    assert_string_equal(RECEIVE(10, 0), "");
}

static void a_message_is_an_object(void **state)
{
    struct pairs metadata = {0};
    struct queue_op op;
    struct message *m;
    (void)state;
    pairs_set(&metadata, "request", "r-1");
    assert_string_equal(bucket_put_as(rig.bucket, (struct put){
        .key = "1612306374392", .body = BYTES("a\0b"), .metadata = &metadata}), "");
    assert_string_equal(bucket_put(rig.bucket, "9", ""), "");
    pairs_free(&metadata);
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 10;
    queue_run(&rig, rig.queue, &op, 0);
    assert_int_equal(op.received_count, 2);
    m = op.received[0];
    assert_string_equal(m->id, "1612306374392");
    assert_true(bytes_equal(m->body, BYTES("a\0b")));
    assert_int_equal(m->sent_at.us, 1612306374392000);
    assert_true(bytes_is(pairs_value(&m->attributes, "request"), "r-1"));
    assert_null(m->group_id);
    assert_string_not_equal(m->receipt, op.received[1]->receipt);
    assert_int_equal(op.received[1]->body.len, 0);
    assert_non_null(op.received[1]->body.at);
    assert_true(op.received[1]->sent_at.us > 1577836800 * SECOND_US);
    message_free(m);
    op.received[0] = NULL;
    queue_op_free(&op);
}

static void nothing_is_an_answer(void **state)
{
    (void)state;
    assert_string_equal(RECEIVE(10, 0), "");
    PUT("a");
    assert_string_equal(RECEIVE(10, 0), "a*1");
    assert_string_equal(RECEIVE(10, 0), "");
}

static void a_lease_hides_until_it_lapses(void **state)
{
    (void)state;
    PUT("a", "b");
    assert_string_equal(queue_receive(&rig, 1, -1, 0), "a*1");
    assert_string_equal(queue_receive(&rig, 1, 5, 0), "b*1");
    assert_string_equal(queue_receive(&rig, 10, -1, 4), "");
    assert_string_equal(queue_receive(&rig, 10, -1, 5), "b*2");
    assert_string_equal(queue_receive(&rig, 10, -1, 29), "");
    assert_string_equal(queue_receive(&rig, 10, 0, 30), "a*2");
    assert_string_equal(queue_receive(&rig, 10, -1, 30), "a*3");
}

static void a_smaller_key_comes_in_the_next_round(void **state)
{
    (void)state;
    PUT("b", "c", "d");
    assert_string_equal(RECEIVE(1, 0), "b*1");
    PUT("a", "z");
    assert_string_equal(RECEIVE(1, 0), "c*1");
    assert_string_equal(RECEIVE(5, 0), "d*1");
    assert_string_equal(RECEIVE(5, 0), "a*1 z*1");
}

static void what_vanished_is_nothing(void **state)
{
    (void)state;
    PUT("a", "b", "c");
    assert_string_equal(RECEIVE(1, 0), "a*1");
    assert_string_equal(bucket_delete(rig.bucket, "b", NULL), "");
    assert_string_equal(RECEIVE(1, 0), "");
    assert_string_equal(RECEIVE(1, 0), "c*1");
    assert_string_equal(bucket_delete(rig.bucket, "c", NULL), "");
    assert_string_equal(RECEIVE(10, 1000), "a*2");
    assert_string_equal(queue_counts(&rig, 1000), "0/1/0");
}

static void want_has_limits(void **state)
{
    (void)state;
    PUT("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k");
    assert_string_equal(RECEIVE(0, 0), "a*1");
    assert_string_equal(RECEIVE(100, 0), "b*1 c*1 d*1 e*1 f*1 g*1 h*1 i*1 j*1 k*1");
}

/* ---- delete, release ---- */

static void a_deleted_message_is_a_deleted_object(void **state)
{
    (void)state;
    PUT("d/a");
    assert_string_equal(RECEIVE(1, 0), "d/a*1");
    assert_string_equal(queue_delete(&rig, rig.receipts[0], 1), "");
    assert_string_equal(bucket_text(rig.bucket, "d/a"), "!NoSuchKey");
    assert_string_equal(RECEIVE(1, 1000), "");
    assert_string_equal(queue_delete(&rig, rig.receipts[0], 1), "");
    PUT("d/a");
    assert_string_equal(RECEIVE(1, 2000), "d/a*1");
}

static void an_old_receipt_changes_nothing(void **state)
{
    static const char *const strange[] = {"", ":", "a", "1:b", "x:a", "0:a", "-1:a", "2:a",
                                          "1:a:b", "99999999999999999999:a"};
    char old[RECEIPT];
    (void)state;
    PUT("a");
    assert_string_equal(RECEIVE(1, 0), "a*1");
    memcpy(old, rig.receipts[0], RECEIPT);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_string_equal(queue_delete(&rig, strange[i], 0), "");
    assert_string_equal(RECEIVE(1, 30), "a*2");
    assert_string_equal(queue_delete(&rig, old, 31), "");
    assert_string_equal(queue_release(&rig, old, 0, 31), "");
    assert_string_equal(RECEIVE(1, 31), "");
    assert_string_equal(bucket_text(rig.bucket, "a"), "a");
    assert_string_equal(queue_delete(&rig, rig.receipts[0], 1000), "");
    assert_string_equal(bucket_text(rig.bucket, "a"), "!NoSuchKey");
}

static void a_released_message_comes_back(void **state)
{
    (void)state;
    PUT("a");
    assert_string_equal(RECEIVE(1, 0), "a*1");
    assert_string_equal(queue_release(&rig, rig.receipts[0], 0, 1), "");
    assert_string_equal(RECEIVE(1, 1), "a*2");
    assert_string_equal(queue_release(&rig, rig.receipts[0], 10, 2), "");
    assert_string_equal(RECEIVE(1, 11), "");
    assert_string_equal(RECEIVE(1, 12), "a*3");
    assert_string_equal(queue_release(&rig, rig.receipts[0], -5, 13), "");
    assert_string_equal(queue_delete(&rig, rig.receipts[0], 13), "");
    assert_string_equal(bucket_text(rig.bucket, "a"), "!NoSuchKey");
}

/* ---- send, park ---- */

static struct queue_entry message(const char *id, const char *body)
{
    return (struct queue_entry){.id = bytes_of(id), .body = bytes_of(body)};
}

static void a_sent_message_is_received(void **state)
{
    struct pairs attributes = {0};
    struct queue_entry entry = message("k/1", "hello");
    (void)state;
    pairs_set(&attributes, "From", "me");
    entry.attributes = &attributes;
    assert_string_equal(queue_send(&rig, rig.queue, entry, 0), "");
    assert_string_equal(bucket_text(rig.bucket, "k/1"), "hello");
    assert_string_equal(bucket_metadata(rig.bucket, "k/1", "from"), "me");
    assert_string_equal(RECEIVE(1, 0), "k/1*1");
    pairs_free(&attributes);
}

static void a_send_never_writes_over(void **state)
{
    static const struct { const char *id, *code; } refused[] = {
        {"taken", "PreconditionFailed"}, {"", "NoId"}, {"a//b", "InvalidKey"},
        {"parked/x", "InvalidKey"},
    };
    (void)state;
    PUT("taken");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_string_equal(queue_send(&rig, rig.queue, message(refused[i].id, "x"), 0),
                            refused[i].code);
    assert_string_equal(queue_send(&rig, rig.queue, (struct queue_entry){
        .id = BYTES("big"), .body = {"", QUEUE_BODY_MAX + 1}}, 0), "too_large");
    assert_string_equal(queue_send(&rig, rig.queue, (struct queue_entry){
        .id = BYTES("a\0b"), .body = BYTES("x")}, 0), "InvalidKey");
    assert_string_equal(bucket_text(rig.bucket, "taken"), "taken");
    assert_string_equal(bucket_keys(rig.bucket, "", "", 10), "taken");
}

static void a_sent_message_may_wait(void **state)
{
    struct queue_entry entry = message("a", "x");
    (void)state;
    entry.delay_s = 10;
    assert_string_equal(queue_send(&rig, rig.queue, entry, 0), "");
    assert_string_equal(queue_counts(&rig, 9), "0/0/1");
    assert_string_equal(RECEIVE(1, 9), "");
    assert_string_equal(queue_counts(&rig, 10), "1/0/0");
    assert_string_equal(RECEIVE(1, 10), "a*1");
}

static void parking_writes_below_parked(void **state)
{
    struct queue *parked = bucket_queue_parked(rig.bucket);
    struct queue_entry entry = message("a/1", "bad one");
    struct pairs attributes = {0};
    char url[PLACE_PATH];
    (void)state;
    snprintf(url, sizeof url, "%s/parked", rig.bucket->url);
    assert_string_equal(parked->url, url);
    pairs_set(&attributes, "tidegate-reason", "caf\xc3\xa9: 100 %\n");
    entry.attributes = &attributes;
    PUT("a/1");
    assert_string_equal(queue_send(&rig, parked, entry, 0), "");
    assert_string_equal(queue_send(&rig, parked, entry, 0), "");
    assert_string_equal(queue_send(&rig, parked, message("", "x"), 0), "NoId");
    assert_string_equal(bucket_text(rig.bucket, "parked/a/1"), "bad one");
    assert_string_equal(bucket_metadata(rig.bucket, "parked/a/1", "tidegate-reason"),
                        "caf%C3%A9: 100 %25%0A");
    assert_string_equal(RECEIVE(10, 0), "a/1*1");
    assert_string_equal(queue_delete(&rig, rig.receipts[0], 0), "");
    assert_string_equal(RECEIVE(10, 0), "");
    assert_string_equal(queue_counts(&rig, 0), "0/0/0");
    pairs_free(&attributes);
    queue_free(parked);
}

static const char *park_as(struct queue *parked, const char *id, const char *body)
{
    return queue_send(&rig, parked, message(id, body), 0);
}

static void parking_never_writes_over_another_request(void **state)
{
    struct queue *parked = bucket_queue_parked(rig.bucket);
    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_string_equal(park_as(parked, "a", "one"), "");
        assert_string_equal(park_as(parked, "a", "two"), "");
        assert_string_equal(park_as(parked, "a", ""), "");
    }
    assert_string_equal(bucket_text(rig.bucket, "parked/a"), "one");
    assert_string_equal(bucket_text(rig.bucket, "parked/a~1"), "two");
    assert_string_equal(bucket_text(rig.bucket, "parked/a~2"), "");
    assert_string_equal(bucket_keys(rig.bucket, "", "", 10), "parked/a parked/a~1 parked/a~2");
    queue_free(parked);
}

static void names_for_what_is_parked_end(void **state)
{
    struct queue *parked = bucket_queue_parked(rig.bucket);
    char body[16];
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(body, sizeof body, "%d", i);
        assert_string_equal(park_as(parked, "a", body), "");
    }
    assert_string_equal(park_as(parked, "a", "100"), "NoFreeName");
    assert_string_equal(park_as(parked, "a", "99"), "");
    assert_string_equal(bucket_text(rig.bucket, "parked/a~99"), "99");
    queue_free(parked);
}

/* The queue of what is parked, from its send to its delete. */
static void what_is_parked_is_a_queue(void **state)
{
    struct rig tool = {.queue = bucket_queue_parked(rig.bucket), .bucket = rig.bucket,
                       .memory = rig.memory};
    struct queue_op op;
    struct pairs attributes = {0};
    struct queue_entry entry = message("d/b", "bad one");
    (void)state;
    pairs_set(&attributes, "tidegate-reason", "caf\xc3\xa9: 100 %\n");
    entry.attributes = &attributes;
    PUT("a", "z");
    assert_string_equal(queue_send(&tool, tool.queue, entry, 0), "");
    assert_string_equal(park_as(tool.queue, "1612306374392", "x"), "");
    assert_string_equal(queue_counts(&tool, 0), "1/0/0");
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 10;
    queue_run(&tool, tool.queue, &op, 0);
    assert_int_equal(op.received_count, 2);
    assert_int_equal(op.received[0]->sent_at.us, 1612306374392000);
    assert_true(bytes_is(op.received[1]->body, "bad one"));
    assert_string_equal(pairs_value(&op.received[1]->attributes, "tidegate-reason").at,
                        "caf\xc3\xa9: 100 %\n");
    assert_string_equal(queue_received(&tool, &op), "1612306374392*1 d/b*1");
    assert_string_equal(queue_counts(&tool, 0), "0/2/0");
    assert_string_equal(queue_release(&tool, tool.receipts[0], 5, 0), "");
    assert_string_equal(queue_delete(&tool, tool.receipts[1], 0), "");
    assert_string_equal(queue_receive(&tool, 10, -1, 5), "1612306374392*2");
    assert_string_equal(bucket_keys(rig.bucket, "", "", 10), "a parked/1612306374392 z");
    assert_string_equal(RECEIVE(10, 0), "a*1 z*1");
    pairs_free(&attributes);
    queue_free(tool.queue);
}

static void names_and_lost_answers(void **state)
{
    struct queue *parked = bucket_queue_parked(rig.bucket);
    (void)state;
    PUT("parked/a");
    rig.memory->bad_key = "parked/a~1";
    err_set(&rig.memory->bad, "SlowDown", "why");
    rig.memory->bad.retryable = true;
    assert_string_equal(park_as(parked, "a", "other"), "SlowDown");
    rig.memory->bad_key = NULL;
    assert_string_equal(park_as(parked, "a", "other"), "");
    assert_string_equal(bucket_text(rig.bucket, "parked/a"), "parked/a");
    assert_string_equal(bucket_text(rig.bucket, "parked/a~1"), "other");
    queue_free(parked);
}

/* ---- batches ---- */

static void each_entry_has_its_own_result(void **state)
{
    struct queue_op op;
    char receipts[3][RECEIPT];
    (void)state;
    PUT("a", "b", "c");
    RECEIVE(3, 0);
    memcpy(receipts, rig.receipts, sizeof receipts);
    rig.memory->bad_key = "b";
    err_set(&rig.memory->bad, "SlowDown", "why");
    rig.memory->bad.retryable = true;
    queue_op_init(&op, QUEUE_DELETE);
    op.entry_count = 4;
    for (size_t i = 0; i < 4; i++)
        op.entries[i].receipt = bytes_of(receipts[i % 3]);
    queue_run(&rig, rig.queue, &op, 0);
    assert_string_equal(op.op.err.code, "");
    assert_string_equal(op.entries[0].err.code, "");
    assert_string_equal(op.entries[1].err.code, "SlowDown");
    assert_true(op.entries[1].err.retryable);
    assert_string_equal(op.entries[2].err.code, "");
    assert_string_equal(op.entries[3].err.code, "");
    queue_op_free(&op);
    assert_int_equal(rig.memory->count, 1);
    rig.memory->bad_key = NULL;
    assert_string_equal(queue_delete(&rig, receipts[1], 0), "");
    assert_int_equal(rig.memory->count, 0);
    assert_string_equal(queue_counts(&rig, 0), "0/0/0");
}

static void a_taken_key_is_not_tried_again(void **state)
{
    struct queue_op op;
    (void)state;
    PUT("b");
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 3;
    op.entries[0].id = BYTES("a");
    op.entries[1].id = BYTES("b");
    queue_run(&rig, rig.queue, &op, 0);
    assert_string_equal(op.entries[0].err.code, "");
    assert_string_equal(op.entries[1].err.code, "PreconditionFailed");
    assert_false(op.entries[1].err.retryable);
    assert_string_equal(op.entries[2].err.code, "NoId");
    queue_op_free(&op);
    assert_string_equal(RECEIVE(10, 0), "a*1 b*1");
}

static void an_empty_batch_is_done(void **state)
{
    struct queue_op op;
    (void)state;
    queue_op_init(&op, QUEUE_DELETE);
    queue_begin(&rig, &op, 0);
    assert_true(op.op.done);
    queue_op_free(&op);
}

/* ---- settings ---- */

static void settings_count(void **state)
{
    struct queue_op op;
    (void)state;
    assert_string_equal(queue_counts(&rig, 0), "0/0/0");
    PUT("a", "b", "c", "parked/x");
    assert_string_equal(queue_counts(&rig, 0), "1/0/0");
    assert_string_equal(RECEIVE(2, 0), "a*1 b*1");
    assert_string_equal(queue_release(&rig, rig.receipts[1], 60, 0), "");
    assert_string_equal(queue_counts(&rig, 1), "1/1/1");
    assert_string_equal(RECEIVE(2, 0), "c*1");
    assert_string_equal(queue_counts(&rig, 1), "0/2/1");
    assert_string_equal(queue_counts(&rig, 31), "1/0/1");
    assert_string_equal(queue_counts(&rig, 61), "1/0/0");
    queue_op_init(&op, QUEUE_SETTINGS);
    queue_run(&rig, rig.queue, &op, 0);
    assert_int_equal(op.settings.visibility_s, 30);
    assert_int_equal(op.settings.max_receives, 0);
    assert_null(op.settings.dead_letter);
    assert_false(op.settings.fifo);
    queue_op_free(&op);
}

static void the_queue_has_the_buckets_name(void **state)
{
    (void)state;
    assert_string_equal(rig.queue->url, rig.bucket->url);
}

#define BOTH(test)                                                                       \
    {#test " (file)", test, begin_file, end_file, NULL},                                 \
    {#test " (memory)", test, begin_memory, end_memory, NULL}

#define LATER(test) {#test, test, begin_memory, end_memory, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(messages_come_in_the_order_of_their_keys),
        BOTH(a_message_is_an_object),
        BOTH(nothing_is_an_answer),
        BOTH(a_lease_hides_until_it_lapses),
        BOTH(a_smaller_key_comes_in_the_next_round),
        BOTH(what_vanished_is_nothing),
        BOTH(want_has_limits),
        BOTH(a_deleted_message_is_a_deleted_object),
        BOTH(an_old_receipt_changes_nothing),
        BOTH(a_released_message_comes_back),
        BOTH(a_sent_message_is_received),
        BOTH(a_send_never_writes_over),
        BOTH(a_sent_message_may_wait),
        BOTH(parking_writes_below_parked),
        BOTH(parking_never_writes_over_another_request),
        BOTH(names_for_what_is_parked_end),
        BOTH(what_is_parked_is_a_queue),
        LATER(names_and_lost_answers),
        LATER(each_entry_has_its_own_result),
        LATER(a_taken_key_is_not_tried_again),
        LATER(an_empty_batch_is_done),
        BOTH(settings_count),
        BOTH(the_queue_has_the_buckets_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
