#include "leak_check.h"

#include "base/json.h"
#include "base/json_write.h"

#include <math.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

#define TEXT(literal) {literal, sizeof(literal) - 1}

static void check(struct json_writer *w, struct bytes expected)
{
    assert_null(w->problem);
    assert_int_equal(w->out->len, expected.len);
    assert_memory_equal(buf_string(w->out), expected.at, expected.len);
}

static void puts_the_commas(void **state)
{
    struct json_writer w;
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_MAX);
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, BYTES("a"));
    json_write_array(&w);
    json_write_int64(&w, INT64_MIN);
    json_write_int64(&w, INT64_MAX);
    json_write_double(&w, 1);
    json_write_double(&w, -0.0);
    json_write_array_end(&w);
    json_write_key(&w, BYTES("b\n"));
    json_write_object(&w);
    json_write_object_end(&w);
    json_write_key(&w, BYTES(""));
    json_write_array(&w);
    json_write_array_end(&w);
    json_write_key(&w, BYTES("c"));
    json_write_raw(&w, BYTES("[1, 2]"));
    json_write_key(&w, BYTES("d"));
    json_write_bool(&w, true);
    json_write_key(&w, BYTES("e"));
    json_write_bool(&w, false);
    json_write_key(&w, BYTES("f"));
    json_write_null(&w);
    json_write_key(&w, BYTES("g"));
    json_write_string(&w, (struct bytes){NULL, 0});
    json_write_object_end(&w);
    check(&w, BYTES("{\"a\":[-9223372036854775808,9223372036854775807,1.0,-0.0],\"b\\n\":{},"
                    "\"\":[],\"c\":[1, 2],\"d\":true,\"e\":false,\"f\":null,\"g\":\"\"}"));
    buf_free(&out);
}

static const struct {
    struct bytes text, written;
} strings[] = {
    {TEXT(""), TEXT("\"\"")},
    {TEXT("plain text, longer than eight"), TEXT("\"plain text, longer than eight\"")},
    {TEXT("\"\\/"), TEXT("\"\\\"\\\\/\"")},
    {TEXT("\b\f\n\r\t"), TEXT("\"\\b\\f\\n\\r\\t\"")},
    {TEXT("\0\x01\x0f\x10\x1f\x7f"), TEXT("\"\\u0000\\u0001\\u000f\\u0010\\u001f\x7f\"")},
    {TEXT("\xc3\xa9\n\xf0\x9f\x98\x80\xe2\x80\xa8"),
     TEXT("\"\xc3\xa9\\n\xf0\x9f\x98\x80\xe2\x80\xa8\"")},
    {TEXT("123456789\"123456789\""), TEXT("\"123456789\\\"123456789\\\"\"")},
};

static void escapes_what_must_be(void **state)
{
    struct json_writer w;
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_MAX);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        buf_clear(&out);
        json_writer_init(&w, &out);
        json_write_string(&w, strings[i].text);
        check(&w, strings[i].written);
    }
    buf_free(&out);
}

/* Every byte at every distance from the start comes back, or is refused because it is not UTF-8. */
static void every_byte_comes_back(void **state)
{
    struct json_writer w;
    struct json j;
    struct buf out, scratch;
    (void)state;
    buf_init(&out, TEXT_MAX);
    buf_init(&scratch, TEXT_MAX);
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            struct bytes whole = {text, sizeof text};
            memset(text, 'a', sizeof text);
            text[at] = (char)byte;
            buf_clear(&out);
            json_writer_init(&w, &out);
            json_write_string(&w, whole);
            assert_int_equal(w.problem == NULL, byte < 128);
            json_init(&j, buf_bytes(&out), &scratch);
            if (byte < 128)
                assert_true(bytes_equal(json_text(&j), whole) && json_end(&j));
        }
    buf_free(&out);
    buf_free(&scratch);
}

static void refuses(struct json_writer *w, const char *problem)
{
    size_t len = w->out->len;
    assert_string_equal(w->problem, problem);
    json_write_int64(w, 1);
    json_write_double(w, NAN);
    json_write_key(w, BYTES("a"));
    json_write_object_end(w);
    assert_string_equal(w->problem, problem);
    assert_int_equal(w->out->len, len);
}

static void says_what_is_not_json(void **state)
{
    static const struct bytes bad[] = {TEXT("\x80"), TEXT("ab\xc3"), TEXT("\xc0\x80"),
                                       TEXT("\xed\xa0\x80"), TEXT("\xf4\x90\x80\x80")};
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    struct json_writer w;
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_writer_init(&w, &out);
        json_write_string(&w, bad[i]);
        refuses(&w, "the string is not UTF-8");
        json_writer_init(&w, &out);
        json_write_key(&w, bad[i]);
        refuses(&w, "the string is not UTF-8");
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_writer_init(&w, &out);
        json_write_double(&w, odd[i]);
        refuses(&w, "the number is not finite");
    }
    buf_free(&out);
}

/* With each maximum below what is needed. */
static void says_when_it_does_not_fit(void **state)
{
    (void)state;
    for (size_t max = 0; max <= 25; max++) {
        struct json_writer w;
        struct buf out;
        buf_init(&out, max);
        json_writer_init(&w, &out);
        json_write_object(&w);
        json_write_key(&w, BYTES("ab"));
        json_write_array(&w);
        json_write_string(&w, BYTES("c\nd"));
        json_write_int64(&w, -12);
        json_write_double(&w, 0.5);
        json_write_array_end(&w);
        json_write_object_end(&w);
        if (max >= 23)
            check(&w, BYTES("{\"ab\":[\"c\\nd\",-12,0.5]}"));
        else
            refuses(&w, "the text is too long");
        buf_free(&out);
    }
}

static void a_failed_buffer_stays_failed(void **state)
{
    struct json_writer w;
    struct buf out;
    (void)state;
    buf_init(&out, 8);
    assert_int_equal(buf_text(&out, "12345678"), 0);
    assert_int_equal(buf_text(&out, "9"), -1);
    json_writer_init(&w, &out);
    json_write_int64(&w, 1);
    refuses(&w, "the text is too long");
    buf_free(&out);
}

/* ---- there and back ---- */

static void copy_value(struct json *j, struct json_writer *w)
{
    switch (j->event) {
    case JSON_OBJECT:
        json_write_object(w);
        break;
    case JSON_OBJECT_END:
        json_write_object_end(w);
        break;
    case JSON_ARRAY:
        json_write_array(w);
        break;
    case JSON_ARRAY_END:
        json_write_array_end(w);
        break;
    case JSON_KEY:
        json_write_key(w, j->text);
        break;
    case JSON_STRING:
        json_write_string(w, j->text);
        break;
    case JSON_NUMBER:
        json_write_raw(w, j->text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_bool(w, j->event == JSON_TRUE);
        break;
    default:
        json_write_null(w);
    }
}

static const struct bytes compact[] = {
    TEXT("0"),
    TEXT("\"a\""),
    TEXT("[]"),
    TEXT("{}"),
    TEXT("[[],{},[{}],null,true,false]"),
    TEXT("{\"a\":{\"b\":{\"c\":[1,2.50,-0,1E5,12345678901234567890]}},\"a\":\"\"}"),
    TEXT("{\"type\":\"create\",\"otherAttributes\":[{\"name\":\"size\",\"value\":\"\\\"\\\\\\b\\f"
         "\\n\\r\\t\\u0000\xc3\xa9\xf0\x9f\x98\x80\"},{\"name\":\"\",\"value\":null}],"
         "\"\\n\":[[[]]]}"),
};

static void what_was_read_is_written_the_same(void **state)
{
    struct buf out, scratch;
    (void)state;
    buf_init(&out, TEXT_MAX);
    buf_init(&scratch, TEXT_MAX);
    for (size_t i = 0; i < sizeof compact / sizeof *compact; i++) {
        struct json_writer w;
        struct json j;
        buf_clear(&out);
        json_writer_init(&w, &out);
        json_init(&j, compact[i], &scratch);
        while (json_next(&j) > JSON_END)
            copy_value(&j, &w);
        assert_string_equal(j.problem, "");
        check(&w, compact[i]);
    }
    buf_free(&out);
    buf_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(puts_the_commas),
        CHECKED(escapes_what_must_be),
        CHECKED(every_byte_comes_back),
        CHECKED(says_what_is_not_json),
        CHECKED(says_when_it_does_not_fit),
        CHECKED(a_failed_buffer_stays_failed),
        CHECKED(what_was_read_is_written_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
