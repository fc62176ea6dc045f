/* What it means to extend a lease, on the kinds of queue that need no network. */
#include "delivery/bucket_queue.h"

#include "bucket_calls.h"
#include "queue_calls.h"
#include "sqlite_world.h"

#include <stdio.h>
#include <string.h>

static void turn(void *unused, struct bucket *b)
{
    (void)unused;
    memory_bucket_step((struct memory_bucket *)b);
}

static void open_rig(struct rig *r)
{
    bucket_calls_pump((struct bucket_pump){turn, NULL});
    *r = (struct rig){.memory = memory_bucket_new()};
    r->bucket = &r->memory->bucket;
    r->queue = bucket_queue_new(r->bucket);
    assert_string_equal(bucket_put(r->bucket, "a", "a"), "");
}

/* ---- a bucket ---- */

static void an_object_stays_hidden_and_its_receipt_good(void **state)
{
    struct rig r;
    (void)state;
    open_rig(&r);
    assert_string_equal(queue_receive(&r, 1, 30, 0), "a*1");
    assert_string_equal(queue_extend(&r, r.receipts[0], 30, 15), "");
    assert_string_equal(queue_counts(&r, 44), "0/1/0");
    assert_string_equal(queue_receive(&r, 1, 30, 44), "");
    assert_string_equal(queue_extend(&r, r.receipts[0], 30, 44), "");
    assert_string_equal(queue_receive(&r, 1, 30, 73), "");
    assert_string_equal(queue_delete(&r, r.receipts[0], 73), "");
    assert_string_equal(bucket_text(r.bucket, "a"), "!NoSuchKey");
    queue_free(r.queue);
}

static void an_object_that_was_received_again_is_not_held(void **state)
{
    struct rig r;
    char old[RECEIPT];
    (void)state;
    open_rig(&r);
    assert_string_equal(queue_receive(&r, 1, 30, 0), "a*1");
    memcpy(old, r.receipts[0], RECEIPT);
    assert_string_equal(queue_extend(&r, old, 10, 31), "");      /* it lapsed; nobody took it */
    assert_string_equal(queue_receive(&r, 1, 30, 40), "");
    assert_string_equal(queue_receive(&r, 1, 30, 41), "a*2");
    assert_string_equal(queue_extend(&r, old, 500, 42), QUEUE_NOT_HELD);
    assert_string_equal(queue_receive(&r, 1, 30, 71), "a*3");
    assert_string_equal(queue_delete(&r, r.receipts[0], 72), "");
    assert_string_equal(queue_extend(&r, r.receipts[0], 30, 73), QUEUE_NOT_HELD);
    queue_free(r.queue);
}

/* ---- sqlite ---- */

static void a_row_stays_hidden_and_its_receipt_good(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_string_equal(world_receive(q, 1, 30), "a*1");
    for (int i = 0; i < 3; i++) {
        world.now_ms += 20000;
        assert_string_equal(world_extend(q, world.receipts[0], 30), "");
        assert_string_equal(world_counts(q), "0/1/0");
    }
    assert_string_equal(world_delete(q, world.receipts[0]), "");
    assert_string_equal(world_counts(q), "0/0/0");
    queue_free(q);
}

static void a_row_that_was_received_again_is_not_held(void **state)
{
    struct queue *q = world_queue("q.db");
    char old[WORLD_RECEIPT];
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_string_equal(world_receive(q, 1, 30), "a*1");
    memcpy(old, world.receipts[0], WORLD_RECEIPT);
    world.now_ms += 31000;
    assert_string_equal(world_extend(q, old, 10), "");           /* it lapsed; nobody took it */
    world.now_ms += 9999;
    assert_string_equal(world_counts(q), "0/1/0");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 1, 30), "a*2");
    assert_string_equal(world_extend(q, old, 500), QUEUE_NOT_HELD);
    world.now_ms += 30000;
    assert_string_equal(world_receive(q, 1, 30), "a*3");
    assert_string_equal(world_delete(q, world.receipts[0]), "");
    assert_string_equal(world_extend(q, world.receipts[0], 30), QUEUE_NOT_HELD);
    assert_string_equal(world_extend(q, "no receipt", 30), QUEUE_NOT_HELD);
    queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(an_object_stays_hidden_and_its_receipt_good),
        CHECKED(an_object_that_was_received_again_is_not_held),
        IN_WORLD(a_row_stays_hidden_and_its_receipt_good),
        IN_WORLD(a_row_that_was_received_again_is_not_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
