#include "leak_check.h"

#include "base/item.h"

#include <stdio.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* ---- numbers ---- */

#define NINES_37 "9999999999999999999999999999999999999"
#define ZEROS_37 "0000000000000000000000000000000000000"

static const struct {
    const char *text, *canonical;    /* NULL: refused */
    int digits;
} numbers[] = {
    {"0", "0", 0},
    {"-0", "0", 0},
    {"-0.000e5", "0", 0},
    {"0e999999999999999999999", "0", 0},
    {"7", "7", 1},
    {"-7.50", "-7.5", 2},
    {"1.0", "1", 1},
    {"100", "100", 1},
    {"1E2", "100", 1},
    {"1e+2", "100", 1},
    {"1200e-2", "12", 2},
    {"0.1", "0.1", 1},
    {"0.0010", "0.001", 1},
    {"71.11", "71.11", 4},
    {"12345678901234567", "12345678901234567", 17},
    {"12345678901234567890.5", "12345678901234567890.5", 21},
    {NINES_37 "9", NINES_37 "9", 38},
    {NINES_37 "9000", "9." NINES_37 "E+40", 38},
    {"9.9" NINES_37, NULL, 39},
    {NINES_37 "99", NULL, 39},
    {"0.0" NINES_37 "9", "9." NINES_37 "E-2", 38},
    {"0." NINES_37 "9", "0." NINES_37 "9", 38},
    {"-1" ZEROS_37, "-1" ZEROS_37, 1},
    {"1" ZEROS_37 "0", "1E+38", 1},
    {"1E-38", "0." ZEROS_37 "1", 1},
    {"1E-39", "1E-39", 1},
    {"12E-39", "1.2E-38", 2},
    {"0.1E-129", "1E-130", 1},
    {"1E-130", "1E-130", 1},
    {"-1E-131", NULL, 1},
    {"1E-131", NULL, 1},
    {"1E125", "1E+125", 1},
    {"9." NINES_37 "E125", "9." NINES_37 "E+125", 38},
    {"10E125", NULL, 1},
    {"1e400", NULL, 1},
    {"1e99999999999999999999999", NULL, 1},
    {"1e-99999999999999999999999", NULL, 1},
    {"", NULL, 0},
    {"NaN", NULL, 0},
    {"1 ", NULL, 0},
    {" 1", NULL, 0},
    {"01", NULL, 0},
    {"+1", NULL, 0},
    {".5", NULL, 0},
    {"5.", NULL, 0},
    {"1e", NULL, 0},
    {"0x1", NULL, 0},
    {"\"1\"", NULL, 0},
    {"1,2", NULL, 0},
};

static void check_number(size_t i)
{
    struct buf out;
    struct err err = {0};
    int rc;
    buf_init(&out, 64);
    rc = item_number(bytes_of(numbers[i].text), &out, &err);
    if (numbers[i].canonical) {
        assert_string_equal(buf_string(&out), numbers[i].canonical);
        assert_int_equal(rc, 0);
        assert_int_equal(item_digits(buf_bytes(&out), &err), numbers[i].digits);
        assert_int_equal(item_digits(bytes_of(numbers[i].text), &err), numbers[i].digits);
    } else {
        if (rc == 0)
            fail_msg("%s was taken as %s", numbers[i].text, buf_string(&out));
        assert_string_equal(err.code, "BadNumber");
        assert_int_equal(out.len, 0);
        assert_int_equal(item_digits(bytes_of(numbers[i].text), &err), -1);
    }
    buf_free(&out);
}

static void writes_equal_numbers_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        check_number(i);
}

static void counts_zeros_without_end(void **state)
{
    enum { ZEROS = 100000 };
    char *text = mem_array(2 * ZEROS + 32, 1);
    struct buf out;
    struct err err;
    (void)state;
    memset(text, '0', 2 * ZEROS);
    text[0] = '1';
    text[ZEROS] = '.';
    snprintf(text + 2 * ZEROS, 32, "e-%d", ZEROS - 1);
    buf_init(&out, 64);
    assert_int_equal(item_number(bytes_of(text), &out, &err), 0);
    assert_string_equal(buf_string(&out), "1");
    mem_free(text);
    buf_free(&out);
}

static void says_when_a_number_has_no_room(void **state)
{
    struct buf out;
    struct err err = {0};
    (void)state;
    buf_init(&out, 2);
    assert_int_equal(item_number(BYTES("123"), &out, &err), -1);
    assert_string_equal(err.code, "BadNumber");
    buf_free(&out);
}

/* ---- values ---- */

static const struct {
    struct bytes value;
    size_t size;                     /* without the name */
} values[] = {
    {TEXT("{\"S\":\"\"}"), 0},
    {TEXT("{\"S\":\"abc\"}"), 3},
    {TEXT("{\"S\":\"\xC3\xA9\"}"), 2},
    {TEXT("{\"S\":\"\\u00e9\\n\\ud83d\\ude00\"}"), 7},
    {TEXT(" { \"S\" : \"abc\" } "), 3},
    {TEXT("{\"N\":\"0\"}"), 1},
    {TEXT("{\"N\":\"7\"}"), 2},
    {TEXT("{\"N\":\"-12.50\"}"), 3},
    {TEXT("{\"N\":\"12345678901234567\"}"), 10},
    {TEXT("{\"B\":\"\"}"), 0},
    {TEXT("{\"B\":\"AAE=\"}"), 2},
    {TEXT("{\"B\":\"AA==\"}"), 1},
    {TEXT("{\"B\":\"+\\/+/\"}"), 3},
    {TEXT("{\"BOOL\":true}"), 1},
    {TEXT("{\"BOOL\":false}"), 1},
    {TEXT("{\"NULL\":true}"), 1},
    {TEXT("{\"L\":[]}"), 3},
    {TEXT("{\"L\":[{\"S\":\"ab\"},{\"NULL\":true}]}"), 8},
    {TEXT("{\"M\":{}}"), 3},
    {TEXT("{\"M\":{\"ab\":{\"S\":\"c\"},\"\\u0064\":{\"L\":[]}}}"), 12},
    {TEXT("{\"SS\":[\"ab\",\"\\t\"]}"), 3},
    {TEXT("{\"NS\":[\"1\",\"22\",\"333\"]}"), 7},
    {TEXT("{\"BS\":[\"AAE=\",\"AAEC\"]}"), 5},
};

static void counts_bytes_as_dynamodb_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct pairs item = {0};
        struct err err = {0};
        pairs_add(&item, BYTES("n\xC3\xA9"), values[i].value);
        if (item_size(&item) != values[i].size + 3)
            fail_msg("%s: %zu", values[i].value.at, item_size(&item));
        assert_int_equal(item_check(&item, &err), 0);
        pairs_free(&item);
    }
}

static const char *const no_values[] = {
    "", "{}", "null", "1", "\"S\"", "[]", "{\"S\":1}", "{\"S\":null}", "{\"S\":\"\xFF\"}",
    "{\"S\":\"a\"} {}", "{\"S\":\"a\",\"N\":\"1\"}", "{\"S\":\"a\",\"S\":\"b\"}", "{\"X\":\"a\"}",
    "{\"s\":\"a\"}", "{\"\":\"a\"}", "{\"N\":1}", "{\"N\":\"\"}", "{\"N\":\"1e400\"}",
    "{\"N\":\"\\u0031\"}", "{\"N\":\"NaN\"}", "{\"B\":\"A\"}", "{\"B\":\"AAA\"}", "{\"B\":\"=\"}",
    "{\"B\":\"A===\"}", "{\"B\":\"AB==\"}", "{\"B\":\"AA=A\"}", "{\"B\":\"====\"}",
    "{\"B\":\"AA-_\"}",
    "{\"BOOL\":\"true\"}", "{\"BOOL\":null}", "{\"NULL\":false}", "{\"NULL\":null}", "{\"L\":{}}",
    "{\"L\":[1]}", "{\"L\":[{\"S\":\"a\"}", "{\"M\":[]}", "{\"M\":{\"a\":\"b\"}}", "{\"SS\":[]}",
    "{\"NS\":[1]}", "{\"NS\":[\"a\"]}", "{\"BS\":[\"A\"]}", "{\"SS\":[{\"S\":\"a\"}]}",
};

static void knows_what_is_no_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_values / sizeof *no_values; i++) {
        struct pairs item = {0};
        struct err err = {0};
        pairs_set(&item, "a", no_values[i]);
        if (item_check(&item, &err) == 0)
            fail_msg("%s was taken", no_values[i]);
        assert_string_equal(err.code, "BadItem");
        assert_non_null(strstr(err.message, "\"a\""));
        pairs_free(&item);
    }
}

static bool nests(int depth, const char *open, const char *close)
{
    struct buf text;
    struct pairs item = {0};
    struct err err;
    bool good;
    buf_init(&text, 100000);
    buf_text(&text, "{\"a\":");
    for (int i = 0; i < depth; i++)
        buf_text(&text, open);
    buf_text(&text, "{\"S\":\"x\"}");
    for (int i = 0; i < depth; i++)
        buf_text(&text, close);
    buf_text(&text, "}");
    good = item_parse(buf_bytes(&text), &item, &err) == 0;
    buf_free(&text);
    pairs_free(&item);
    return good;
}

static void bounds_the_depth(void **state)
{
    (void)state;
    assert_true(nests(ITEM_DEPTH_MAX, "{\"L\":[", "]}"));
    assert_true(nests(ITEM_DEPTH_MAX, "{\"M\":{\"m\":", "}}"));
    assert_false(nests(ITEM_DEPTH_MAX + 1, "{\"L\":[", "]}"));
    assert_false(nests(ITEM_DEPTH_MAX + 1, "{\"M\":{\"m\":", "}}"));
    assert_false(nests(5000, "{\"L\":[", "]}"));
}

/* ---- items ---- */

static void reads_names_and_keeps_values(void **state)
{
    struct pairs item = {0};
    struct err err;
    (void)state;
    assert_int_equal(item_parse(BYTES("{\"i\\u0064\":{\"S\":\"a\\\"b\"}, \"n\" :{ \"N\" : \"1.50\"}"
                                      ",\"\":{\"NULL\":true}}"), &item, &err), 0);
    assert_int_equal(item.count, 3);
    assert_string_equal(item_value(&item, BYTES("id")).at, "{\"S\":\"a\\\"b\"}");
    assert_string_equal(item_value(&item, BYTES("n")).at, "{ \"N\" : \"1.50\"}");
    assert_string_equal(item_value(&item, BYTES("")).at, "{\"NULL\":true}");
    assert_int_equal(item_value(&item, BYTES("ID")).len, 0);
    pairs_free(&item);
}

static void reads_behind_something_else(void **state)
{
    struct pairs item = {0};
    struct buf scratch;
    struct json j;
    (void)state;
    buf_init(&scratch, 100);
    json_init(&j, BYTES("{\"x\":[1],\"Item\":{\"\\u0061\":{\"M\":{\"\\n\":{\"S\":\"\\t\"}}},"
                        "\"b\":{\"N\":\"2\"}},\"y\":{}}"), &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "Item"))
            item_read(&j, &item);
    assert_true(json_end(&j));
    assert_string_equal(item_value(&item, BYTES("a")).at, "{\"M\":{\"\\n\":{\"S\":\"\\t\"}}}");
    assert_string_equal(item_value(&item, BYTES("b")).at, "{\"N\":\"2\"}");
    pairs_free(&item);
    buf_free(&scratch);
}

static void reads_nothing_that_is_no_item(void **state)
{
    static const char *const bad[] = {
        "", "[]", "null", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"S\":\"x\"},\"b\":{\"X\":\"y\"}}",
        "{\"a\":{\"S\":\"x\"}", "{\"a\":{\"S\":\"x\"}} 1", "{\"a\":{\"S\":\"x\"},}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pairs item = {0};
        struct err err = {0};
        if (item_parse(bytes_of(bad[i]), &item, &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_string_equal(err.code, "BadItem");
        assert_int_equal(item.count, 0);
    }
}

static void writes_what_it_read(void **state)
{
    struct bytes text = BYTES("{\"id\":{\"S\":\"a\"},\"q\\\"\":{\"N\":\"1.50\"},\"l\":{\"L\":[]}}");
    struct pairs item = {0};
    struct json_writer w;
    struct buf out;
    struct err err;
    (void)state;
    buf_init(&out, 100);
    json_writer_init(&w, &out);
    assert_int_equal(item_parse(text, &item, &err), 0);
    item_write(&w, &item);
    assert_null(w.problem);
    assert_string_equal(buf_string(&out), text.at);
    pairs_free(&item);
    buf_free(&out);
}

static void refuses_names(void **state)
{
    char *name = mem_array(ITEM_NAME_MAX + 1, 1);
    struct err err = {0};
    (void)state;
    memset(name, 'n', ITEM_NAME_MAX + 1);
    assert_int_equal(item_name_check((struct bytes){name, ITEM_NAME_MAX}, &err), 0);
    assert_int_equal(item_name_check((struct bytes){name, ITEM_NAME_MAX + 1}, &err), -1);
    assert_string_equal(err.code, "BadItem");
    assert_int_equal(item_name_check(BYTES(""), &err), -1);
    assert_int_equal(item_name_check(BYTES("a\xC3"), &err), -1);
    assert_int_equal(item_name_check(BYTES("#x :y a.b \xF0\x9F\x98\x80"), &err), 0);
    mem_free(name);
}

static void bounds_the_size(void **state)
{
    char *text = mem_array(ITEM_MAX, 1);
    (void)state;
    memset(text, '"', ITEM_MAX);
    for (size_t more = 0; more < 2; more++) {
        struct pairs item = {0};
        struct err err = {0};
        item_add_string(&item, BYTES("name"), (struct bytes){text, ITEM_MAX - 4 - 2 + more});
        item_add_string(&item, BYTES("b"), BYTES("x"));
        assert_int_equal(item_size(&item), ITEM_MAX + more);
        assert_int_equal(item_check(&item, &err), more ? -1 : 0);
        assert_string_equal(err.code, more ? "ItemTooLarge" : "");
        pairs_free(&item);
    }
    mem_free(text);
}

/* ---- strings ---- */

static void strings_come_back(void **state)
{
    static const struct bytes texts[] = {
        TEXT(""), TEXT("abc"), TEXT("a\0b"), TEXT("\x01\x1f\"\\/\n\t\x7f"),
        TEXT("\xC3\xA9\xF0\x9F\x98\x80"), TEXT("{\"S\":\"x\"}"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pairs item = {0};
        struct err err;
        size_t len = 99;
        char *text;
        item_add_string(&item, BYTES("a"), texts[i]);
        assert_int_equal(item_check(&item, &err), 0);
        text = item_string(item.at[0].value, &len);
        assert_int_equal(len, texts[i].len);
        assert_memory_equal(text, texts[i].at, len + 1);
        mem_free(text);
        pairs_free(&item);
    }
}

static void only_strings_are_strings(void **state)
{
    static const char *const others[] = {
        "", "{}", "{\"N\":\"1\"}", "{\"S\":\"a\",\"S\":\"b\"}", "{\"S\":\"a\",\"N\":\"1\"}",
        "{\"S\":1}", "{\"S\":\"a\"", "{\"SS\":[\"a\"]}", "\"a\"",
    };
    size_t len;
    char *text = item_string(BYTES("{\"S\":\"\\u00e9\\/\"}"), &len);
    (void)state;
    assert_string_equal(text, "\xC3\xA9/");
    assert_int_equal(len, 3);
    mem_free(text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(item_string(bytes_of(others[i]), &len));
}

static void what_is_not_utf8_is_no_value(void **state)
{
    struct pairs item = {0};
    struct err err = {0};
    (void)state;
    item_add_string(&item, BYTES("a"), BYTES("x\xFF"));
    assert_int_equal(item_check(&item, &err), -1);
    assert_string_equal(err.code, "BadItem");
    pairs_free(&item);
}

static void one_value_may_be_written_in_many_ways(void **state)
{
    static const struct { const char *a, *b; bool same; } cases[] = {
        {"{\"S\":\"\xc3\xa9\"}", " { \"S\" : \"\\u00e9\" } ", true},
        {"{\"S\":\"1\"}", "{\"N\":\"1\"}", false},
        {"{\"N\":\"1500\"}", "{\"N\":\"1.50E+3\"}", true},
        {"{\"N\":\"0\"}", "{\"N\":\"-0.0\"}", true},
        {"{\"N\":\"1\"}", "{\"N\":\"-1\"}", false},
        {"{\"B\":\"/w==\"}", "{\"B\":\"\\/w==\"}", true},
        {"{\"BOOL\":true}", "{ \"BOOL\":true}", true},
        {"{\"BOOL\":true}", "{\"BOOL\":false}", false},
        {"{\"BOOL\":true}", "{\"NULL\":true}", false},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\", \"a\"]}", true},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"a\",\"c\"]}", false},
        {"{\"NS\":[\"1\",\"20\"]}", "{\"NS\":[\"2e1\",\"1.0\"]}", true},
        {"{\"BS\":[\"YQ==\",\"Yg==\"]}", "{\"BS\":[\"Yg==\",\"YQ==\"]}", true},
        {"{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}", "{\"L\":[{\"S\":\"b\"},{\"S\":\"a\"}]}", false},
        {"{\"L\":[{\"N\":\"1\"}]}", "{\"L\" : [ {\"N\":\"1.0\"} ]}", true},
        {"{\"L\":[]}", "{\"M\":{}}", false},
        {"{\"M\":{\"a\":{\"N\":\"1\"},\"\xc3\xa9\":{\"M\":{}}}}",
         "{\"M\":{\"\\u00e9\": {\"M\": {}}, \"a\":{\"N\":\"1.0\"}}}", true},
        {"{\"M\":{\"a\":{\"N\":\"1\"}}}", "{\"M\":{\"b\":{\"N\":\"1\"}}}", false},
        {"", "{\"S\":\"\"}", false},
        {"", "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(item_same(bytes_of(cases[i].a), bytes_of(cases[i].b)), cases[i].same);
        assert_int_equal(item_same(bytes_of(cases[i].b), bytes_of(cases[i].a)), cases[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(writes_equal_numbers_alike),
        CHECKED(counts_zeros_without_end),
        CHECKED(says_when_a_number_has_no_room),
        CHECKED(counts_bytes_as_dynamodb_does),
        CHECKED(knows_what_is_no_value),
        CHECKED(bounds_the_depth),
        CHECKED(reads_names_and_keeps_values),
        CHECKED(reads_behind_something_else),
        CHECKED(reads_nothing_that_is_no_item),
        CHECKED(writes_what_it_read),
        CHECKED(refuses_names),
        CHECKED(bounds_the_size),
        CHECKED(strings_come_back),
        CHECKED(only_strings_are_strings),
        CHECKED(what_is_not_utf8_is_no_value),
        CHECKED(one_value_may_be_written_in_many_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
