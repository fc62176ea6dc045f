#include "leak_check.h"

#include "base/json.h"

#include <string.h>

enum { PROBLEM_MAX = sizeof(((struct json *)NULL)->problem) };

#define TEXT(literal) {literal, sizeof(literal) - 1}

struct received {
    char id[16], body[32], group[16];
};

static void take(char *out, size_t size, struct bytes text)
{
    assert_true(text.len < size);
    memcpy(out, text.at, text.len);
    out[text.len] = 0;
}

static void read_message(struct json *j, struct received *m)
{
    json_object(j);
    while (json_member(j)) {
        if (json_named(j, "MessageId"))
            take(m->id, sizeof m->id, json_text(j));
        else if (json_named(j, "Body"))
            take(m->body, sizeof m->body, json_text(j));
        else if (json_named(j, "Attributes"))
            for (json_object(j); json_member(j);)
                if (json_named(j, "MessageGroupId"))
                    take(m->group, sizeof m->group, json_text(j));
    }
}

/* The messages of an answer to ReceiveMessage: their number, or -1 with the problem. */
static int read_answer(struct bytes answer, struct received m[3], char *problem)
{
    struct json j;
    struct buf scratch;
    int count = 0;
    buf_init(&scratch, answer.len);
    json_init(&j, answer, &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "Messages"))
            for (json_array(&j); json_item(&j) && count < 3;)
                read_message(&j, &m[count++]);
    if (!json_end(&j))
        count = -1;
    take(problem, PROBLEM_MAX, bytes_of(j.problem));
    buf_free(&scratch);
    return count;
}

static void walks_an_answer(void **state)
{
    struct received m[3] = {{.id = ""}};
    char problem[PROBLEM_MAX];
    (void)state;
    assert_int_equal(read_answer(BYTES(
        "{\"x\":[{\"Messages\":[1]}],\"Messages\":[{\"Body\":\"{\\\"a\\\":1}\",\"MessageId\":"
        "\"m1\",\"MessageAttributes\":{\"t\":{\"StringValue\":\"v\"}},\"Attributes\":{"
        "\"SenderId\":\"A\",\"MessageGroupId\":\"g\\u0031\"}},{\"MessageId\":\"m2\","
        "\"Body\":\"b\"}],\"y\":null}"),
        m, problem), 2);
    assert_string_equal(m[0].id, "m1");
    assert_string_equal(m[0].body, "{\"a\":1}");
    assert_string_equal(m[0].group, "g1");
    assert_string_equal(m[1].id, "m2");
    assert_string_equal(m[1].body, "b");
    assert_int_equal(read_answer(BYTES("{}"), m, problem), 0);
    assert_int_equal(read_answer(BYTES("{\"Messages\":[]}"), m, problem), 0);
}

static void says_where_an_answer_is_wrong(void **state)
{
    static const struct {
        struct bytes answer;
        const char *problem;
    } wrong[] = {
        {TEXT("[]"), "byte 1: an object was expected"},
        {TEXT(""), "byte 1: the text ends too early"},
        {TEXT("<html>"), "byte 1: a value was expected"},
        {TEXT("{\"Messages\":{}}"), "byte 13: an array was expected"},
        {TEXT("{\"Messages\":null}"), "byte 13: an array was expected"},
        {TEXT("{\"Messages\":[1]}"), "byte 14: an object was expected"},
        {TEXT("{\"Messages\":[{\"Body\":7}]}"), "byte 22: a string was expected"},
        {TEXT("{\"Messages\":[{\"Body\":\"a\"}"), "byte 26: the text ends too early"},
        {TEXT("{\"Messages\":[]} {}"), "byte 17: something follows the value"},
        {TEXT("{\"Messages\":[],\"x\":[1,]}"), "byte 23: a value was expected"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct received m[3];
        char problem[PROBLEM_MAX];
        assert_int_equal(read_answer(wrong[i].answer, m, problem), -1);
        assert_string_equal(problem, wrong[i].problem);
    }
}

static void keeps_a_name_while_its_value_is_read(void **state)
{
    struct json j;
    struct buf scratch;
    (void)state;
    buf_init(&scratch, 1000);
    json_init(&j, BYTES("{\"n\\u0031\":\"a\\nb, long enough for the buffer to move: 0123456789"
                        "0123456789012345678901234567890123456789\",\"n2\":\"\\t\"}"), &scratch);
    json_object(&j);
    assert_true(json_member(&j));
    assert_true(bytes_starts(json_text(&j), "a\nb, long") && json_named(&j, "n1"));
    assert_true(json_member(&j));
    assert_true(bytes_is(json_text(&j), "\t") && json_named(&j, "n2"));
    assert_false(json_member(&j));
    assert_true(json_end(&j));
    buf_free(&scratch);
}

static void reads_numbers_and_truth(void **state)
{
    static const struct bytes not_int64[] = {TEXT("1.0"), TEXT("1e2"), TEXT("\"1\""), TEXT("null"),
                                             TEXT("9223372036854775808")};
    struct json j;
    (void)state;
    json_init(&j, BYTES("[-9223372036854775808,9223372036854775807,true,false]"), NULL);
    json_array(&j);
    assert_true(json_int64(&j) == INT64_MIN);
    assert_true(json_int64(&j) == INT64_MAX);
    assert_true(json_bool(&j));
    assert_true(!json_bool(&j) && !j.problem[0]);
    assert_false(json_item(&j));
    assert_true(json_end(&j));
    for (size_t i = 0; i < sizeof not_int64 / sizeof *not_int64; i++) {
        json_init(&j, not_int64[i], NULL);
        assert_int_equal(json_int64(&j), 0);
        assert_non_null(strstr(j.problem, "number"));
    }
    json_init(&j, BYTES("1"), NULL);
    assert_false(json_bool(&j));
    assert_string_equal(j.problem, "byte 1: true or false was expected");
}

static void the_first_objection_stands(void **state)
{
    struct json j;
    (void)state;
    json_init(&j, BYTES("{\"a\": 5}"), NULL);
    json_object(&j);
    json_member(&j);
    assert_true(json_int64(&j) == 5);
    assert_int_equal(json_refuse(&j, "%d is %s", 5, "odd"), JSON_ERROR);
    json_refuse(&j, "again");
    assert_string_equal(j.problem, "byte 7: 5 is odd");
    assert_false(json_member(&j) || json_item(&j) || json_object(&j) || json_end(&j));
    assert_int_equal(json_next(&j), JSON_ERROR);
    assert_string_equal(j.problem, "byte 7: 5 is odd");
}

/* A consumer that lost its place gets an error, whatever the text. */
static void items_stand_in_arrays(void **state)
{
    struct json j;
    (void)state;
    json_init(&j, BYTES("1]"), NULL);
    assert_false(json_item(&j));
    assert_string_equal(j.problem, "byte 2: an array was expected");
    json_init(&j, BYTES("{]"), NULL);
    json_object(&j);
    assert_false(json_item(&j) || json_end(&j));
    assert_string_equal(j.problem, "byte 2: an array was expected");
}

static void gives_values_as_they_are_written(void **state)
{
    struct json j;
    struct bytes raw;
    (void)state;
    json_init(&j, BYTES("{\"a\": {\"S\" : \"x\\n\"} ,\"b\":1.50,\"c\":[1,}"), NULL);
    json_object(&j);
    assert_true(json_member(&j));
    raw = json_raw(&j);
    assert_true(bytes_is(raw, "{\"S\" : \"x\\n\"}"));
    assert_true(json_member(&j));
    assert_true(bytes_is(json_raw(&j), "1.50"));
    assert_true(json_member(&j));
    assert_int_equal(json_raw(&j).len, 0);
    assert_string_equal(j.problem, "byte 38: a value was expected");
    assert_int_equal(json_raw(&j).len, 0);
    assert_false(json_end(&j));
}

static void the_end_must_be_the_end(void **state)
{
    struct json j;
    (void)state;
    json_init(&j, BYTES("[1,2]"), NULL);
    json_array(&j);
    assert_false(json_end(&j));
    assert_string_equal(j.problem, "byte 2: the value is over before this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(walks_an_answer),
        CHECKED(says_where_an_answer_is_wrong),
        CHECKED(keeps_a_name_while_its_value_is_read),
        CHECKED(reads_numbers_and_truth),
        CHECKED(the_first_objection_stands),
        CHECKED(items_stand_in_arrays),
        CHECKED(gives_values_as_they_are_written),
        CHECKED(the_end_must_be_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
