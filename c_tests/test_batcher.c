#include "delivery/batcher.h"

#include "fake_queue.h"
#include "leak_check.h"

#include <stdio.h>

enum { LINGER_US = 200 * 1000, ITEMS = 100 };

struct rig {
    struct fake_queue queue;
    struct cache cache;
    struct batcher batcher;
    struct delivery *items[ITEMS];
    size_t well, badly;
};

static void settled(struct batcher *b, struct delivery *d, const struct err *err)
{
    struct rig *r = b->owner;
    if (err_any(err))
        r->badly++;
    else
        r->well++;
    cache_remove(&r->cache, d);
}

static void open_with(struct rig *r, enum queue_verb verb, size_t count)
{
    struct queue_op op;
    *r = (struct rig){0};
    fake_open(&r->queue, "fake:q", (struct monotime){SECOND_US});
    cache_init(&r->cache);
    batcher_init(&r->batcher, &r->queue.queue, verb, LINGER_US);
    r->batcher.source = "fake:source";
    r->batcher.settled = settled;
    r->batcher.owner = r;
    fake_add_many(&r->queue, "m", (int)count);
    for (size_t i = 0; i < count;) {
        queue_op_init(&op, QUEUE_RECEIVE);
        op.want = QUEUE_BATCH;
        queue_start(&r->queue.queue, &op, r->queue.now);
        for (size_t k = 0; k < op.received_count; k++) {
            r->items[i++] = cache_add(&r->cache, op.received[k]);
            op.received[k] = NULL;
        }
        queue_op_free(&op);
    }
}

static void close_rig(struct rig *r)
{
    struct delivery *d;
    batcher_free(&r->batcher);
    while ((d = cache_first(&r->cache, DELIVERY_READY)) != NULL)
        cache_remove(&r->cache, d);
    fake_close(&r->queue);
}

static void add(struct rig *r, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        batcher_add(&r->batcher, r->items[i], r->queue.now);
}

static void it_says_when_it_has_something_to_do(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, QUEUE_DELETE, 2);
    assert_true(batcher_idle(&r.batcher));
    assert_int_equal(batcher_next(&r.batcher).us, NEVER.us);
    add(&r, 0, 1);
    assert_int_equal(monotime_until(r.queue.now, batcher_next(&r.batcher)), LINGER_US);
    r.queue.now.us += LINGER_US - 1;
    add(&r, 1, 2);
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_int_equal(r.queue.counts[QUEUE_DELETE], 0);
    assert_int_equal(monotime_until(r.queue.now, batcher_next(&r.batcher)), 1);
    r.queue.now.us++;
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_int_equal(r.well, 2);
    assert_true(batcher_idle(&r.batcher));
    close_rig(&r);
}

static void hurry_sends_what_there_is(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, QUEUE_RELEASE, 13);
    add(&r, 0, 13);
    batcher_turn(&r.batcher, r.queue.now, true);
    assert_int_equal(r.queue.counts[QUEUE_RELEASE], 2);
    assert_int_equal(fake_call(&r.queue, QUEUE_RELEASE, 1)->count, 3);
    assert_int_equal(r.well, 13);
    close_rig(&r);
}

static void calls_side_by_side_are_bounded(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, QUEUE_DELETE, ITEMS);
    r.queue.latency_us[QUEUE_DELETE] = FAKE_HELD;
    add(&r, 0, ITEMS);
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_int_equal(fake_under_way(&r.queue, QUEUE_DELETE), 8);
    assert_int_equal(batcher_next(&r.batcher).us, NEVER.us);
    assert_true(fake_answer(&r.queue, QUEUE_DELETE));
    assert_true(monotime_reached(batcher_next(&r.batcher), r.queue.now));
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_int_equal(fake_under_way(&r.queue, QUEUE_DELETE), 8);
    assert_int_equal(r.well, QUEUE_BATCH);
    close_rig(&r);
}

static void an_entry_that_waits_for_its_next_try_does_not_hold_up_others(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, QUEUE_DELETE, 11);
    fake_rule(&r.queue, (struct fake_rule){QUEUE_DELETE, 0, 0, fake_error("SlowDown", true), 1, 0});
    add(&r, 0, 10);
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_int_equal(r.well, 9);
    add(&r, 10, 11);
    batcher_turn(&r.batcher, r.queue.now, true);
    assert_string_equal(fake_ids(&r.queue, QUEUE_DELETE, 1), "m10");
    r.queue.now = batcher_next(&r.batcher);
    batcher_turn(&r.batcher, r.queue.now, false);
    assert_string_equal(fake_ids(&r.queue, QUEUE_DELETE, 2), "m0");
    assert_int_equal(r.well, 11);
    close_rig(&r);
}

static void a_call_that_fails_as_a_whole_fails_each_entry(void **state)
{
    struct rig r;
    (void)state;
    open_with(&r, QUEUE_DELETE, 4);
    fake_rule(&r.queue, (struct fake_rule){QUEUE_DELETE, 0, 0, fake_error("Odd", false), 0, 0});
    add(&r, 0, 4);
    batcher_turn(&r.batcher, r.queue.now, true);
    assert_int_equal(r.badly, 4);
    assert_true(batcher_idle(&r.batcher));
    close_rig(&r);
}

/* A parked message that comes back and is parked again brings the names it was given then. */
static void each_attribute_of_a_parked_message_stands_once(void **state)
{
    struct rig r;
    const struct pairs *sent;
    (void)state;
    open_with(&r, QUEUE_SEND, 1);
    pairs_set(&r.items[0]->message->attributes, "tidegate-reason", "the last time");
    pairs_set(&r.items[0]->message->attributes, "empty", "");
    for (char c = 'a'; c < 'k'; c++)
        pairs_add(&r.items[0]->message->attributes, (struct bytes){&c, 1}, BYTES("1"));
    snprintf(r.items[0]->verdict.reason, sizeof r.items[0]->verdict.reason, "this time");
    r.queue.latency_us[QUEUE_SEND] = FAKE_HELD;
    add(&r, 0, 1);
    batcher_turn(&r.batcher, r.queue.now, true);
    sent = fake_oldest(&r.queue)->entries[0].attributes;
    assert_int_equal(sent->count, 10);
    for (size_t i = 0; i < sent->count; i++) {
        assert_ptr_equal(pairs_find(sent, sent->at[i].name.at), &sent->at[i]);
        assert_true(sent->at[i].value.len > 0);
    }
    assert_string_equal(pairs_value(sent, "tidegate-reason").at, "this time");
    assert_string_equal(pairs_value(sent, "tidegate-source").at, "fake:source");
    assert_string_equal(pairs_value(sent, "tidegate-receive-count").at, "1");
    assert_string_equal(pairs_value(sent, "colour").at, "blue");
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(it_says_when_it_has_something_to_do),
        CHECKED(hurry_sends_what_there_is),
        CHECKED(calls_side_by_side_are_bounded),
        CHECKED(an_entry_that_waits_for_its_next_try_does_not_hold_up_others),
        CHECKED(a_call_that_fails_as_a_whole_fails_each_entry),
        CHECKED(each_attribute_of_a_parked_message_stands_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
