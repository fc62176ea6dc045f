/* What a SQLite queue does, by a clock that the test sets. */
#include "sqlite_world.h"

#include <stdio.h>
#include <string.h>

static void run(struct queue *q, struct queue_op *op)
{
    queue_start(q, op, (struct monotime){0});
    assert_string_equal(op->op.err.code, "");
}

static void send_all(struct queue *q, const char *const *bodies)
{
    for (; *bodies; bodies++)
        assert_string_equal(world_send(q, *bodies, 0), "");
}

static const char *const three[] = {"a", "b", "c", NULL};

/* ---- order, leases, receipts ---- */

static void messages_come_in_the_order_they_were_sent(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_receive(q, 10, 30), "");
    send_all(q, three);
    world.now_ms -= 500;             /* the clock does not make the order */
    assert_string_equal(world_send(q, "d", 0), "");
    assert_string_equal(world_receive(q, 2, 30), "a*1 b*1");
    assert_string_equal(world_receive(q, 10, 30), "c*1 d*1");
    assert_string_equal(world_receive(q, 10, 30), "");
    queue_free(q);
}

static void a_lease_ends_to_the_millisecond(void **state)
{
    struct queue *q = world_queue("q.db");
    char first[WORLD_RECEIPT];
    (void)state;
    send_all(q, three);
    assert_string_equal(world_receive(q, 1, 5), "a*1");
    memcpy(first, world.receipts[0], sizeof first);
    world.now_ms += 4999;
    assert_string_equal(world_receive(q, 1, 5), "b*1");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 5), "a*2 c*1");
    assert_string_not_equal(first, world.receipts[0]);
    queue_free(q);
}

static void the_lease_is_the_queue_s_own_when_none_is_asked(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    send_all(q, three);
    assert_string_equal(world_receive(q, 1, -1), "a*1");
    world.now_ms += 29999;
    assert_string_equal(world_receive(q, 1, -1), "b*1");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 1, -1), "a*2");
    world_sql("q.db", "UPDATE tidegate_queues SET visibility_s = 7 WHERE name = 'requests'");
    assert_string_equal(world_receive(q, 1, -1), "c*1");
    world.now_ms += 6999;
    assert_string_equal(world_counts(q), "0/3/0");
    world.now_ms += 1;
    assert_string_equal(world_counts(q), "1/2/0");
    world_sql("q.db", "UPDATE tidegate_queues SET visibility_s = -1");
    assert_string_equal(world_receive(q, 1, -1), "c*2");
    world.now_ms += 29999;
    assert_string_equal(world_receive(q, 1, 0), "a*3");
    assert_string_equal(world_receive(q, 1, 0), "a*4");
    queue_free(q);
}

static void a_name_is_the_same_in_either_case(void **state)
{
    struct queue *q = world_queue("q.db"), *same = world_queue("q.db#REQUESTS");
    (void)state;
    world_sql("q.db", "UPDATE tidegate_queues SET visibility_s = 7 WHERE name = 'Requests'");
    send_all(same, three);
    assert_string_equal(world_receive(q, 1, -1), "a*1");
    world.now_ms += 7000;
    assert_string_equal(world_receive(same, 1, -1), "a*2");
    assert_string_equal(world_sql("q.db", "SELECT count(*) FROM tidegate_queues"), "1");
    queue_free(same);
    queue_free(q);
}

static void only_the_newest_receipt_counts(void **state)
{
    static const char *const no_receipts[] = {"", "x", "1", "1/", "-1/x", "99999999999999999999/x",
                                              "1/' OR 1=1 --", "2/00000000"};
    struct queue *q = world_queue("q.db");
    char old[WORLD_RECEIPT], newest[WORLD_RECEIPT];
    (void)state;
    send_all(q, three);
    assert_string_equal(world_receive(q, 1, 5), "a*1");
    memcpy(old, world.receipts[0], sizeof old);
    world.now_ms += 5000;
    assert_string_equal(world_receive(q, 1, 5), "a*2");
    memcpy(newest, world.receipts[0], sizeof newest);
    for (size_t i = 0; i < sizeof no_receipts / sizeof *no_receipts; i++) {
        assert_string_equal(world_delete(q, no_receipts[i]), "");
        assert_string_equal(world_release(q, no_receipts[i], 0), "");
    }
    assert_string_equal(world_delete(q, old), "");
    assert_string_equal(world_release(q, old, 0), "");
    assert_string_equal(world_counts(q), "2/1/0");
    world.now_ms += 60000;           /* a lapsed one that nobody else took still counts */
    assert_string_equal(world_delete(q, newest), "");
    assert_string_equal(world_delete(q, newest), "");
    assert_string_equal(world_counts(q), "2/0/0");
    queue_free(q);
}

static void a_number_that_is_used_again_is_another_message(void **state)
{
    struct queue *q = world_queue("q.db");
    char old[WORLD_RECEIPT];
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_string_equal(world_receive(q, 1, 5), "a*1");
    memcpy(old, world.receipts[0], sizeof old);
    assert_string_equal(world_delete(q, old), "");
    assert_string_equal(world_send(q, "b", 0), "");
    assert_string_equal(world_sql("q.db", "SELECT n FROM requests"), "1");
    assert_string_equal(world_receive(q, 1, 5), "b*1");
    assert_string_equal(world_delete(q, old), "");
    assert_string_equal(world_counts(q), "0/1/0");
    queue_free(q);
}

static void a_release_gives_back_or_extends(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    send_all(q, three);
    assert_string_equal(world_receive(q, 1, 5), "a*1");
    assert_string_equal(world_release(q, world.receipts[0], 0), "");
    assert_string_equal(world_receive(q, 1, 5), "a*2");
    assert_string_equal(world_release(q, world.receipts[0], 60), "");
    world.now_ms += 59999;
    assert_string_equal(world_counts(q), "2/1/0");
    assert_string_equal(world_receive(q, 10, 5), "b*1 c*1");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 5), "a*3");
    queue_free(q);
}

static void a_delayed_message_comes_later(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_send(q, "late", 10), "");
    assert_string_equal(world_send(q, "soon", 0), "");
    assert_string_equal(world_counts(q), "1/0/1");
    assert_string_equal(world_receive(q, 10, 1), "soon*1");
    assert_string_equal(world_counts(q), "0/1/1");
    world.now_ms += 9999;
    assert_string_equal(world_counts(q), "1/0/1");
    assert_string_equal(world_receive(q, 10, 1), "soon*2");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 1), "late*1");
    queue_free(q);
}

/* ---- the clock ---- */

/* Sent, leased for 60 s, and 10 s later the clock is set back by a year. */
static void a_clock_set_back_hides_nothing_for_long(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_string_equal(world_send(q, "late", 70), "");
    assert_string_equal(world_receive(q, 1, 60), "a*1");
    world.now_ms += 10000;
    assert_string_equal(world_receive(q, 1, 60), "");
    world.now_ms -= 365LL * 86400 * 1000;
    assert_string_equal(world_counts(q), "0/1/1");
    assert_string_equal(world_receive(q, 10, 60), "");
    world.now_ms += 49999;
    assert_string_equal(world_receive(q, 10, 60), "");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 60), "a*2");
    world.now_ms += 10000;
    assert_string_equal(world_receive(q, 10, 60), "late*1");
    queue_free(q);
}

/* What was visible is counted so before anything has noticed. */
static void settings_count_by_the_newest_time(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    send_all(q, three);
    assert_string_equal(world_send(q, "late", 70), "");
    assert_string_equal(world_receive(q, 2, 60), "a*1 b*1");
    assert_string_equal(world_release(q, world.receipts[1], 5), "");
    world.now_ms += 10000;
    assert_string_equal(world_delete(q, "1/x"), "");
    world.now_ms -= 3600 * 1000;
    assert_string_equal(world_counts(q), "2/1/1");
    assert_string_equal(world_receive(q, 10, 60), "b*2 c*1");
    assert_string_equal(world_counts(q), "0/3/1");
    queue_free(q);
}

/* Whatever the operation that notices it does with the time itself. */
static void a_release_notices_a_clock_set_back(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    send_all(q, three);
    assert_string_equal(world_receive(q, 2, 60), "a*1 b*1");
    world.now_ms -= 3600 * 1000;
    assert_string_equal(world_release(q, world.receipts[0], 30), "");
    world.now_ms += 29999;
    assert_string_equal(world_receive(q, 10, 600), "c*1");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 600), "a*2");
    world.now_ms += 29999;
    assert_string_equal(world_receive(q, 10, 600), "");
    world.now_ms += 1;
    assert_string_equal(world_receive(q, 10, 600), "b*2");
    queue_free(q);
}

static void leases_that_lapse_all_at_once_come_back_in_parts(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    world_sql("q.db", "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
              " WHERE n < 2500) INSERT INTO requests (body, visible_ms, receives)"
              " SELECT n, 1700000010000, 1 FROM i");
    assert_string_equal(world_counts(q), "0/2500/0");
    world.now_ms += 10000;
    assert_string_equal(world_counts(q), "2500/0/0");
    assert_string_equal(world_receive(q, 3, 60), "1*2 2*2 3*2");
    assert_string_equal(world_sql("q.db", "SELECT count(*) FROM requests WHERE visible_ms = 0"),
                        "997");
    assert_string_equal(world_receive(q, 1, 60), "4*2");
    assert_string_equal(world_counts(q), "2496/4/0");
    queue_free(q);
}

/* ---- what a message carries ---- */

static const char awkward[] = "{\"a\":\"\xC3\xA9 \xF0\x9F\x8C\x8A '\\\"\\n\"}\r\n\t\x7F";

static void attributes_of(struct pairs *p)
{
    pairs_set(p, "tidegate-reason", "it said \"no\"\n\\ \xE2\x82\xAC");
    pairs_set(p, "Twice", "1");
    pairs_set(p, "Twice", "2");
}

static void a_message_arrives_as_it_was_sent(void **state)
{
    struct queue *q = world_queue("q.db#other");
    struct pairs attributes = {0};
    struct queue_op op;
    const struct message *m;
    (void)state;
    attributes_of(&attributes);
    assert_string_equal(world_send_entry(q, (struct queue_entry){.body = bytes_of(awkward),
                            .id = BYTES("ignored"), .group_id = BYTES("owner's"),
                            .attributes = &attributes}), "");
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 1;
    run(q, &op);
    assert_int_equal(op.received_count, 1);
    m = op.received[0];
    assert_int_equal(strlen(m->id), 36);
    assert_int_equal(m->body.len, sizeof awkward - 1);
    assert_memory_equal(m->body.at, awkward, sizeof awkward);
    assert_string_equal(m->group_id, "owner's");
    assert_int_equal(m->sent_at.us, 1700000000000 * 1000);
    assert_int_equal(m->attributes.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(bytes_equal(m->attributes.at[i].name, attributes.at[i].name));
        assert_true(bytes_equal(m->attributes.at[i].value, attributes.at[i].value));
    }
    assert_true(bytes_is(pairs_value(&m->system, "ApproximateReceiveCount"), "1"));
    assert_true(bytes_is(pairs_value(&m->system, "SentTimestamp"), "1700000000000"));
    assert_true(bytes_is(pairs_value(&m->system, "MessageGroupId"), "owner's"));
    queue_op_free(&op);
    pairs_free(&attributes);
    queue_free(q);
}

static void a_message_of_the_greatest_size_arrives(void **state)
{
    struct queue *q = world_queue("q.db");
    struct queue_entry e = {.body = {mem_array(QUEUE_MESSAGE_MAX + 1, 1), QUEUE_MESSAGE_MAX + 1}};
    struct queue_op op;
    (void)state;
    memset((char *)e.body.at, '"', e.body.len);
    assert_string_equal(world_send_entry(q, e), "MessageTooLong");
    e.body.len--;
    assert_string_equal(world_send_entry(q, e), "");
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 10;
    run(q, &op);
    assert_int_equal(op.received_count, 1);
    assert_true(bytes_equal(op.received[0]->body, e.body));
    queue_op_free(&op);
    mem_free((void *)e.body.at);
    queue_free(q);
}

static void a_batch_sends_what_can_be_sent(void **state)
{
    static const struct bytes bodies[] = {{"a", 1}, {"", 0}, {"b", 1}, {"x\0y", 3}, {"\xFF", 1},
                                          {"\x1b", 1}, {"c", 1}};
    enum { COUNT = sizeof bodies / sizeof *bodies };
    struct queue *q = world_queue("q.db");
    struct queue_op op;
    (void)state;
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = COUNT;
    for (size_t i = 0; i < COUNT; i++)
        op.entries[i].body = bodies[i];
    run(q, &op);
    for (size_t i = 0; i < COUNT; i++) {
        bool good = bodies[i].len == 1 && bodies[i].at[0] >= 'a';
        assert_string_equal(op.entries[i].err.code, good ? "" : "InvalidMessageContents");
        assert_false(op.entries[i].err.retryable);
    }
    queue_op_free(&op);
    assert_string_equal(world_receive(q, 10, 30), "a*1 b*1 c*1");
    assert_string_equal(world_send(q, "", 0), "InvalidMessageContents");
    queue_free(q);
}

static void a_batch_settles_many_at_once(void **state)
{
    struct queue *q = world_queue("q.db");
    struct queue_op op;
    char body[16];
    (void)state;
    for (int i = 0; i < QUEUE_BATCH; i++) {
        snprintf(body, sizeof body, "%d", i);
        assert_string_equal(world_send(q, body, 0), "");
    }
    assert_string_equal(world_receive(q, 99, 30), "0*1 1*1 2*1 3*1 4*1 5*1 6*1 7*1 8*1 9*1");
    queue_op_init(&op, QUEUE_DELETE);
    op.entry_count = 9;
    for (size_t i = 0; i < 9; i++)
        op.entries[i].receipt = bytes_of(world.receipts[i < 8 ? i : 0]);
    run(q, &op);
    queue_op_free(&op);
    queue_op_init(&op, QUEUE_RELEASE);
    op.entry_count = 2;
    op.entries[0] = (struct queue_entry){.receipt = bytes_of(world.receipts[9])};
    op.entries[1] = (struct queue_entry){.receipt = bytes_of(world.receipts[8]), .delay_s = 9};
    run(q, &op);
    queue_op_free(&op);
    assert_string_equal(world_counts(q), "1/1/0");
    assert_string_equal(world_receive(q, 0, 30), "9*2");
    queue_free(q);
}

/* ---- what people do with sqlite3 ---- */

static void a_person_may_send_with_insert(void **state)
{
    struct queue *q = world_queue("q.db");
    struct queue_op op;
    (void)state;
    world_sql("q.db", "INSERT INTO requests (body) VALUES ('by hand');"
              "INSERT INTO requests (body, attributes) VALUES ('odd', '{\"a\":\"1\",\"b\":2}')");
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 10;
    run(q, &op);
    assert_int_equal(op.received_count, 2);
    assert_true(bytes_is(op.received[0]->body, "by hand"));
    assert_int_equal(strlen(op.received[0]->id), 32);
    assert_true(op.received[0]->sent_at.us > 1700000000 * SECOND_US);
    assert_int_equal(op.received[0]->attributes.count, 0);
    assert_true(bytes_is(pairs_value(&op.received[1]->attributes, "a"), "1"));
    queue_op_free(&op);
    queue_free(q);
}

static void a_queue_that_is_dropped_is_missing(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    send_all(q, three);
    world_sql("q.db", "DROP TABLE requests");
    assert_string_equal(world_receive(q, 1, 30), "!NoSuchQueue");
    assert_string_equal(world_send(q, "d", 0), "!NoSuchQueue");
    assert_string_equal(world_counts(q), "!NoSuchQueue");
    world_sql("q.db", "CREATE TABLE requests (a, b)");
    assert_string_equal(world_counts(q), "!BadPlace");
    world_sql("q.db", "DROP TABLE requests; DROP TABLE tidegate_queues");
    queue_free(q);
    q = world_queue("q.db");
    assert_string_equal(world_receive(q, 1, 30), "");
    world_sql("q.db", "DROP TABLE tidegate_queues");
    assert_string_equal(world_receive(q, 1, 30), "!damaged");
    queue_free(q);
}

/* ---- the parking place, and others beside it ---- */

static void the_parking_place_is_made_by_the_first_message(void **state)
{
    struct queue *q = world_queue("q.db#widgets"), *parked = world_parked("q.db#widgets"), *again;
    (void)state;
    assert_string_equal(world_receive(parked, 10, 30), "");
    assert_string_equal(world_counts(parked), "0/0/0");
    assert_string_equal(world_delete(parked, "1/x"), "");
    assert_string_equal(world_send(parked, "", 0), "InvalidMessageContents");
    assert_string_equal(world_sql("q.db", "SELECT name FROM sqlite_schema WHERE type = 'table'"),
                        "tidegate_queues widgets");
    assert_string_equal(world_send(parked, "bad one", 0), "");
    again = world_queue("q.db#widgets-parked");
    assert_string_equal(world_receive(again, 10, 30), "bad one*1");
    assert_string_equal(world_counts(parked), "0/1/0");
    assert_string_equal(world_counts(q), "0/0/0");
    assert_true(bytes_equal(bytes_of(parked->url), bytes_of(again->url)));
    assert_non_null(strstr(parked->url, "q.db#widgets-parked"));
    world_sql("q.db", "DROP TABLE \"widgets-parked\"");
    assert_string_equal(world_send(parked, "one more", 0), "!NoSuchQueue");
    assert_string_equal(world_send(parked, "one more", 0), "");
    assert_string_equal(world_receive(parked, 10, 30), "one more*1");
    queue_free(q);
    queue_free(parked);
    queue_free(again);
}

static void two_connections_share_one_queue(void **state)
{
    struct queue *one = world_queue("q.db"), *two = world_queue("q.db");
    (void)state;
    send_all(one, three);
    assert_string_equal(world_receive(one, 2, 30), "a*1 b*1");
    assert_string_equal(world_receive(two, 10, 30), "c*1");
    assert_string_equal(world_release(one, world.receipts[0], 0), "");
    assert_string_equal(world_receive(one, 10, 30), "c*2");
    assert_string_equal(world_counts(two), "0/3/0");
    world.now_ms += 30000;
    assert_string_equal(world_receive(two, 10, 30), "a*2 b*2 c*3");
    assert_string_equal(world_delete(one, world.receipts[1]), "");
    assert_string_equal(world_counts(two), "0/2/0");
    queue_free(one);
    queue_free(two);
}

static void settings_are_those_of_a_queue_without_redrive(void **state)
{
    struct queue *q = world_queue("q.db");
    struct queue_op op;
    (void)state;
    queue_op_init(&op, QUEUE_SETTINGS);
    run(q, &op);
    assert_int_equal(op.settings.visibility_s, 30);
    assert_int_equal(op.settings.max_receives, 0);
    assert_null(op.settings.dead_letter);
    assert_false(op.settings.fifo);
    queue_op_free(&op);
    queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(messages_come_in_the_order_they_were_sent),
        IN_WORLD(a_lease_ends_to_the_millisecond),
        IN_WORLD(the_lease_is_the_queue_s_own_when_none_is_asked),
        IN_WORLD(a_name_is_the_same_in_either_case),
        IN_WORLD(only_the_newest_receipt_counts),
        IN_WORLD(a_number_that_is_used_again_is_another_message),
        IN_WORLD(a_release_gives_back_or_extends),
        IN_WORLD(a_delayed_message_comes_later),
        IN_WORLD(a_clock_set_back_hides_nothing_for_long),
        IN_WORLD(settings_count_by_the_newest_time),
        IN_WORLD(a_release_notices_a_clock_set_back),
        IN_WORLD(leases_that_lapse_all_at_once_come_back_in_parts),
        IN_WORLD(a_message_arrives_as_it_was_sent),
        IN_WORLD(a_message_of_the_greatest_size_arrives),
        IN_WORLD(a_batch_sends_what_can_be_sent),
        IN_WORLD(a_batch_settles_many_at_once),
        IN_WORLD(a_person_may_send_with_insert),
        IN_WORLD(a_queue_that_is_dropped_is_missing),
        IN_WORLD(the_parking_place_is_made_by_the_first_message),
        IN_WORLD(two_connections_share_one_queue),
        IN_WORLD(settings_are_those_of_a_queue_without_redrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
