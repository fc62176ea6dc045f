/* What a bucket queue sends, and what it parks. */
#include "bucket_queue_rig.h"

#include "place.h"

#include <stdio.h>

/* ---- send ---- */

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

static void what_was_sent_before_is_sent(void **state)
{
    (void)state;
    assert_string_equal(queue_send(&rig, rig.queue, message("a", "one"), 0), "");
    assert_string_equal(queue_send(&rig, rig.queue, message("a", "one"), 0), "");
    assert_string_equal(bucket_keys(rig.bucket, "", "", 10), "a");
    assert_string_equal(RECEIVE(10, 0), "a*1");
}

static void a_send_may_go_aside(void **state)
{
    struct queue_entry entry = message("a", "two");
    (void)state;
    assert_string_equal(queue_send(&rig, rig.queue, message("a", "one"), 0), "");
    entry.aside = true;
    for (int again = 0; again < 2; again++)
        assert_string_equal(queue_send(&rig, rig.queue, entry, 0), "");
    assert_string_equal(bucket_text(rig.bucket, "a"), "one");
    assert_string_equal(bucket_text(rig.bucket, "a~1"), "two");
    assert_string_equal(RECEIVE(10, 0), "a*1 a~1*1");
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

/* ---- park ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_sent_message_is_received),
        BOTH(a_send_never_writes_over),
        BOTH(what_was_sent_before_is_sent),
        BOTH(a_send_may_go_aside),
        BOTH(a_sent_message_may_wait),
        BOTH(parking_writes_below_parked),
        BOTH(parking_never_writes_over_another_request),
        BOTH(names_for_what_is_parked_end),
        BOTH(what_is_parked_is_a_queue),
        LATER(names_and_lost_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
