#include "leak_check.h"

#include "aws/dynamodb_answer.h"

#include <stdio.h>
#include <string.h>

#define ITEM "{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1.50\"},\"l\":{\"L\":[{\"M\":{}}]}}"

struct item_case {
    const char *answer;
    int count;                       /* 0: no item; -1: refused */
};

static const struct item_case items[] = {
    {"{}", 0},
    {" { } ", 0},
    {"{\"ConsumedCapacity\":{\"Item\":{}}}", 0},
    {"{\"Item\":" ITEM "}", 3},
    {"{\"__type\":\"x\",\"Item\":" ITEM ",\"message\":\"m\"}", 3},
    {"{\"Item\":{\"\\u0069d\":{\"S\":\"a\"}}}", 1},
    {"{\"Item\":{\"id\":{\"S\":\"a\"},\"x\":{\"S\":\"\"}},\"Item\":{\"id\":{\"S\":\"a\"}}}", 1},
    {"", -1},
    {"[]", -1},
    {"null", -1},
    {"{\"Item\":null}", -1},
    {"{\"Item\":[]}", -1},
    {"{\"Item\":{}}", -1},
    {"{\"Item\":{\"ID\":{\"S\":\"a\"}}}", -1},
    {"{\"Item\":{\"id\":\"a\"}}", -1},
    {"{\"Item\":{\"id\":{\"S\":\"a\"},\"x\":{\"X\":\"a\"}}}", -1},
    {"{\"Item\":" ITEM "} {}", -1},
    {"<html>", -1},
};

static void check_item(struct bytes answer, int count)
{
    struct pairs item = {0};
    struct err err = {0};
    bool found = count <= 0;
    pairs_set(&item, "left", "from before");
    if (dynamodb_read_item(answer, "id", &found, &item, &err) != (count < 0 ? -1 : 0))
        fail_msg("%.*s: %s", (int)answer.len, answer.at, err.message);
    assert_int_equal(found, count > 0);
    assert_int_equal(item.count, count > 0 ? count : 0);
    assert_string_equal(err.code, count < 0 ? "bad_answer" : "");
    assert_int_equal(err.retryable, count < 0);
    pairs_free(&item);
}

static void reads_an_item(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        check_item(bytes_of(items[i].answer), items[i].count);
}

static void keeps_values_as_they_are(void **state)
{
    struct pairs item = {0};
    struct err err;
    bool found;
    (void)state;
    assert_int_equal(dynamodb_read_item(BYTES("{\"Item\":" ITEM "}"), "id", &found, &item, &err),
                     0);
    assert_string_equal(item_value(&item, BYTES("n")).at, "{\"N\":\"1.50\"}");
    assert_string_equal(item_value(&item, BYTES("l")).at, "{\"L\":[{\"M\":{}}]}");
    pairs_free(&item);
}

static void reads_as_deep_as_items_nest(void **state)
{
    struct buf text;
    (void)state;
    for (int more = 0; more < 2; more++) {
        int depth = ITEM_DEPTH_MAX + more;
        buf_init(&text, 4096);
        buf_text(&text, "{\"Item\":{\"id\":{\"S\":\"a\"},\"m\":");
        for (int i = 0; i < depth; i++)
            buf_text(&text, "{\"M\":{\"a\":");
        buf_text(&text, "{\"NULL\":true}");
        for (int i = 0; i < depth; i++)
            buf_text(&text, "}}");
        buf_text(&text, "}}");
        check_item(buf_bytes(&text), more ? -1 : 2);
        buf_free(&text);
    }
}

static void believes_only_an_object(void **state)
{
    static const char *const bad[] = {"", "[]", "null", "true", "{", "{}{}", "{\"a\":}", "OK"};
    struct err err = {0};
    (void)state;
    assert_int_equal(dynamodb_read_done(BYTES("{}"), &err), 0);
    assert_int_equal(dynamodb_read_done(BYTES("{\"Attributes\":{\"a\":[1]},\"x\":1}"), &err), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_clear(&err);
        if (dynamodb_read_done(bytes_of(bad[i]), &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_string_equal(err.code, "bad_answer");
        assert_true(err.retryable);
    }
}

static void refuses_every_cut(void **state)
{
    struct bytes whole = BYTES("{\"__type\":\"x\",\"Item\":" ITEM ",\"message\":\"m\\n\"}");
    (void)state;
    check_item(whole, 3);
    for (size_t len = 0; len < whole.len; len++)
        check_item((struct bytes){whole.at, len}, -1);
}

static void knows_an_answer_that_changed(void **state)
{
    static const struct {
        const char *header;
        bool good;
    } cases[] = {
        {"2745614147", true}, {"", true}, {"2745614148", false}, {"0", false}, {"-1", false},
        {"7040581443", false}, {"a3a6bf43", false}, {"99999999999999999999999999999", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_int_equal(dynamodb_check_sum(BYTES("{}"), bytes_of(cases[i].header), &err),
                         cases[i].good ? 0 : -1);
        assert_string_equal(err.code, cases[i].good ? "" : "bad_answer");
        assert_int_equal(err.retryable, !cases[i].good);
    }
}

static void names_what_is_too_large(void **state)
{
    static const struct {
        const char *code, *message, *named;
    } cases[] = {
        {"ValidationException", "Item size has exceeded the maximum allowed size", "ItemTooLarge"},
        {"ValidationException", "Item size to update has exceeded the maximum allowed size",
         "ItemTooLarge"},
        {"ValidationException", "The provided key element does not match the schema",
         "ValidationException"},
        {"ValidationException", "", "ValidationException"},
        {"AccessDeniedException", "Item size has exceeded the maximum allowed size",
         "AccessDeniedException"},
        {"", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        err_set(&err, cases[i].code, "%s", cases[i].message);
        err.status = 400;
        dynamodb_name_refusal(&err);
        assert_string_equal(err.code, cases[i].named);
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(err.status, 400);
        assert_false(err.retryable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(reads_an_item),
        CHECKED(keeps_values_as_they_are),
        CHECKED(reads_as_deep_as_items_nest),
        CHECKED(believes_only_an_object),
        CHECKED(refuses_every_cut),
        CHECKED(knows_an_answer_that_changed),
        CHECKED(names_what_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
