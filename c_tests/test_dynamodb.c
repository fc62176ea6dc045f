#include "aws_rig.h"

#include "../src/aws/dynamodb.c"

#define DONE ANSWER("200 OK", "x-amzn-RequestId: Q1\r\n", "{}")
#define FAILED(item) ANSWER("400 Bad Request", "x-amzn-RequestId: Q2\r\n", \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\"," \
    "\"message\":\"The conditional request failed\"" item "}")
#define REFUSED(type, message) ANSWER("400 Bad Request", "", \
    "{\"__type\":\"com.amazon.coral.validate#" type "\",\"message\":\"" message "\"}")

static struct table *open_table(struct rig *r, const char *key_name)
{
    struct err err;
    struct table *t = dynamodb_table(&r->client, BYTES("widgets"), bytes_of(key_name), &err);
    assert_non_null(t);
    return t;
}

/* Asks the table, and expects that outcome after so many requests in all. */
static void expect(struct rig *r, struct table_op *op, const char *code, int requests)
{
    struct table *t = open_table(r, "id");
    table_start(t, op);
    rig_wait(r, &op->op);
    assert_code(&op->op.err, code);
    assert_int_equal(server_requests(&r->server), requests);
    table_free(t);
}

static struct table_op question(enum table_verb verb)
{
    struct table_op op;
    table_op_init(&op, verb);
    op.key = BYTES("w1");
    return op;
}

static void assert_asked(const struct rig *r, size_t n, const char *target, const char *body)
{
    assert_string_equal(rig_header(r, n, "X-Amz-Target"), target);
    assert_int_equal(r->server.log->seen[n].body_len, strlen(body));
    assert_int_equal(r->server.log->seen[n].body_sum, body_sum(0, body, strlen(body)));
}

/* ---- the place ---- */

static void names_itself(void **state)
{
    static const char *const cases[][3] = {
        {"abc", "id", "dynamodb://abc"},
        {"A-b_c.9", "id", "dynamodb://A-b_c.9"},
        {"widgets", "widgetId", "dynamodb://widgets?key=widgetId"},
        {"widgets", "\xC3\xA9 x", "dynamodb://widgets?key=\xC3\xA9 x"},
    };
    struct rig *r = *state;
    struct err err;
    rig_client(r, "dynamodb", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table *t = dynamodb_table(&r->client, bytes_of(cases[i][0]), bytes_of(cases[i][1]),
                                         &err);
        assert_string_equal(t->url, cases[i][2]);
        assert_string_equal(t->key_name, cases[i][1]);
        table_free(t);
    }
}

static void refuses_bad_places(void **state)
{
    char long_name[NAME_MAX_LEN + 1];
    const struct {
        struct bytes name, key;
    } bad[] = {
        {BYTES(""), BYTES("id")}, {BYTES("ab"), BYTES("id")}, {BYTES("a b"), BYTES("id")},
        {BYTES("a/b"), BYTES("id")}, {BYTES("ab?key=x"), BYTES("id")}, {BYTES("a\0b"), BYTES("id")},
        {BYTES("ab\xC3\xA9"), BYTES("id")}, {{long_name, sizeof long_name}, BYTES("id")},
        {BYTES("abc"), BYTES("")}, {BYTES("abc"), BYTES("\xFF")}, {BYTES("abc"), BYTES("i\0d")},
        {BYTES("abc"), {long_name, sizeof long_name}},
    };
    struct rig *r = *state;
    rig_client(r, "dynamodb", 1);
    memset(long_name, 'n', sizeof long_name);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_null(dynamodb_table(&r->client, bad[i].name, bad[i].key, &err));
        assert_code(&err, "BadPlace");
    }
}

/* ---- questions ---- */

#define TABLE "{\"TableName\":\"widgets\""

static void asks_in_the_words_of_dynamodb(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_DELETE);
    RIG_SERVE(r, "dynamodb", DONE);
    expect(r, &op, "", 1);
    assert_asked(r, 0, "DynamoDB_20120810.DeleteItem", TABLE ",\"Key\":{\"id\":{\"S\":\"w1\"}}}");
    assert_string_equal(rig_header(r, 0, "Content-Type"), "application/x-amz-json-1.0");
    assert_string_equal(rig_header(r, 0, "amz-sdk-request"), "attempt=1; max=4");
    assert_non_null(strstr(rig_header(r, 0, "Authorization"), "/us-east-1/dynamodb/aws4_request, "
                           "SignedHeaders=content-type;host;"));
    assert_ptr_equal(strstr(rig_seen(r, 0), "POST / HTTP/1.1\r\n"), rig_seen(r, 0));
    table_op_free(&op);
}

static void writes(void **state)
{
    struct rig *r = *state;
    struct table_op put = question(TABLE_PUT), update = question(TABLE_UPDATE);
    struct pairs item = {0};
    RIG_SERVE(r, "dynamodb", DONE);
    pairs_set(&item, "id", "{\"S\":\"w1\"}");
    put.put = &item;
    expect(r, &put, "", 1);
    assert_asked(r, 0, "DynamoDB_20120810.PutItem", TABLE ",\"Item\":{\"id\":{\"S\":\"w1\"}}}");
    expect(r, &update, "", 2);
    assert_asked(r, 1, "DynamoDB_20120810.UpdateItem", TABLE ",\"Key\":{\"id\":{\"S\":\"w1\"}}}");
    assert_false(put.found || update.found);
    pairs_free(&item);
}

static void refuses_before_it_asks(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_GET);
    RIG_SERVE(r, "dynamodb", DONE);
    op.key = BYTES("");
    expect(r, &op, "InvalidKey", 0);
}

/* Zeros that mean nothing are no bytes of an item, but bytes of a question. */
static void says_that_a_question_is_too_large(void **state)
{
    size_t size = DYNAMODB_QUESTION_MAX;
    char *value = mem_array(size + 1, 1);
    struct rig *r = *state;
    struct table_op op = question(TABLE_UPDATE);
    struct pairs set = {0};
    RIG_SERVE(r, "dynamodb", DONE);
    memset(value, '0', size);
    memcpy(value, "{\"N\":\"0.", 8);
    memcpy(value + size - 2, "\"}", 2);
    pairs_add(&set, BYTES("a"), (struct bytes){value, size});
    op.set = &set;
    expect(r, &op, "ItemTooLarge", 0);
    pairs_free(&set);
    mem_free(value);
}

/* ---- reading ---- */

static void gets_an_item(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_GET);
    RIG_SERVE(r, "dynamodb", ANSWER("500 Oops", "", ""),
              ANSWER("200 OK", "", "{\"Item\":{\"id\":{\"S\":\"w1\"},\"n\":{\"N\":\"1.50\"}}}"));
    expect(r, &op, "", 2);
    assert_asked(r, 1, "DynamoDB_20120810.GetItem",
                 TABLE ",\"Key\":{\"id\":{\"S\":\"w1\"}},\"ConsistentRead\":true}");
    assert_true(op.found);
    assert_string_equal(item_value(&op.item, BYTES("n")).at, "{\"N\":\"1.50\"}");
    table_op_free(&op);
}

static void says_that_there_is_no_item(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_GET);
    RIG_SERVE(r, "dynamodb", DONE);
    expect(r, &op, "NoSuchItem", 1);
    assert_int_equal(op.op.err.status, 404);
    assert_string_equal(op.op.err.request_id, "Q1");
    assert_false(op.op.err.retryable);
    assert_false(op.found);
    assert_int_equal(r->client.budget.left, RETRY_BUDGET);
}

static void does_not_take_nonsense_for_nothing(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_GET), put = question(TABLE_DELETE);
    RIG_SERVE(r, "dynamodb", ANSWER("200 OK", "", "{\"Item\":{\"id\":{\"S\":\"w1\"}"),
              ANSWER("200 OK", "", "[]"), ANSWER("200 OK", "", ""),
              ANSWER("200 OK", "", "{\"Item\":{}}"), ANSWER("200 OK", "", "<html>"), DONE);
    expect(r, &op, "bad_answer", RETRY_ATTEMPTS_DYNAMODB);
    assert_true(op.op.err.retryable);
    assert_false(op.found);
    expect(r, &put, "", RETRY_ATTEMPTS_DYNAMODB + 2);
}

static void asks_again_when_an_answer_changed_on_the_way(void **state)
{
    struct rig *r = *state;
    struct table_op put = question(TABLE_DELETE), get = question(TABLE_GET);
    RIG_SERVE(r, "dynamodb", ANSWER("200 OK", "x-amz-crc32: 1\r\n", "{}"),
              ANSWER("200 OK", "x-amz-crc32: 2745614147\r\n", "{}"),
              ANSWER("200 OK", "X-Amz-Crc32: 2\r\n", "{}"),
              ANSWER("200 OK", "", "{\"Item\":{\"id\":{\"S\":\"w1\"}}}"));
    expect(r, &put, "", 2);
    expect(r, &get, "", 4);
    assert_true(get.found);
    table_op_free(&get);
}

/* ---- conditions ---- */

static void tells_what_stands_there(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_UPDATE);
    RIG_SERVE(r, "dynamodb", FAILED(",\"Item\":{\"id\":{\"S\":\"w1\"},\"by\":{\"S\":\"us\"}}"),
              FAILED(""));
    op.if_absent = true;
    expect(r, &op, "ConditionalCheckFailedException", 1);
    assert_int_equal(op.op.err.status, 400);
    assert_string_equal(op.op.err.request_id, "Q2");
    assert_false(op.op.err.retryable);
    assert_true(op.found);
    assert_string_equal(item_value(&op.item, BYTES("by")).at, "{\"S\":\"us\"}");
    expect(r, &op, "ConditionalCheckFailedException", 2);
    assert_false(op.found);
    assert_int_equal(op.item.count, 0);
}

/* Else a lost race would look like an absent item. */
static void does_not_guess_what_stands_there(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_DELETE);
    RIG_SERVE(r, "dynamodb", FAILED(",\"Item\":{\"id\":{\"X\":\"w1\"}}"));
    op.if_exists = true;
    expect(r, &op, "bad_answer", 1);
    assert_true(op.op.err.retryable);
    assert_string_equal(op.op.err.request_id, "Q2");
    assert_false(op.found);
}

/* The first answer is lost after the write: what the second finds is the caller's own. */
static void reports_a_condition_that_its_own_write_broke(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_UPDATE);
    RIG_SERVE(r, "dynamodb", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", 0, CLOSE},
              FAILED(",\"Item\":{\"id\":{\"S\":\"w1\"},\"_tidegate\":{\"S\":\"ours\"}}"));
    op.if_absent = true;
    expect(r, &op, "ConditionalCheckFailedException", 2);
    assert_true(op.found);
    assert_string_equal(item_value(&op.item, BYTES("_tidegate")).at, "{\"S\":\"ours\"}");
    table_op_free(&op);
}

/* ---- refusals ---- */

static void names_what_is_refused(void **state)
{
    static const char *const codes[] = {"ItemTooLarge", "ValidationException",
                                        "ResourceNotFoundException", "AccessDeniedException"};
    struct rig *r = *state;
    RIG_SERVE(r, "dynamodb",
              REFUSED("ValidationException", "Item size has exceeded the maximum allowed size"),
              REFUSED("ValidationException", "The provided key element does not match the schema"),
              REFUSED("ResourceNotFoundException", "Requested resource not found"),
              REFUSED("AccessDeniedException", "no"));
    for (int i = 0; i < 4; i++) {
        struct table_op op = question(TABLE_UPDATE);
        expect(r, &op, codes[i], i + 1);
        assert_int_equal(op.op.err.status, 400);
        assert_false(op.op.err.retryable);
        assert_int_equal(strstr(op.op.err.message, " (in region ") != NULL, i == 2);
    }
}

static void tries_again_where_that_may_help(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_UPDATE);
    RIG_SERVE(r, "dynamodb", REFUSED("InternalServerError", "x"), ANSWER("503 Oops", "", ""),
              REFUSED("TransactionConflictException", "x"), DONE);
    expect(r, &op, "", 4);
}

/* ---- aborts ---- */

static void stops_when_told(void **state)
{
    struct rig *r = *state;
    struct table_op op = question(TABLE_GET);
    struct table *t;
    RIG_SERVE(r, "dynamodb", {"HTTP/1.1 200 OK\r\n\r\n", 0, HOLD});
    t = open_table(r, "id");
    table_start(t, &op);
    while (server_requests(&r->server) < 1)
        loop_turn(r->loop, 1000);
    table_op_free(&op);
    table_op_free(&op);
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(names_itself),
        RIG_TEST(refuses_bad_places),
        RIG_TEST(asks_in_the_words_of_dynamodb),
        RIG_TEST(writes),
        RIG_TEST(refuses_before_it_asks),
        RIG_TEST(says_that_a_question_is_too_large),
        RIG_TEST(gets_an_item),
        RIG_TEST(says_that_there_is_no_item),
        RIG_TEST(does_not_take_nonsense_for_nothing),
        RIG_TEST(asks_again_when_an_answer_changed_on_the_way),
        RIG_TEST(tells_what_stands_there),
        RIG_TEST(does_not_guess_what_stands_there),
        RIG_TEST(reports_a_condition_that_its_own_write_broke),
        RIG_TEST(names_what_is_refused),
        RIG_TEST(tries_again_where_that_may_help),
        RIG_TEST(stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
