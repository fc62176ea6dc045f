#include "base/err.h"

#include "leak_check.h"

#include <string.h>

static void it_says_what_is_known(void **state)
{
    static const struct {
        struct err err;
        const char *what, *text;
    } cases[] = {
        {{.code = "SlowDown", .status = 503, .request_id = "4F2", .message = "wait"},
         "put s3://b/k",
         "put s3://b/k: 503 SlowDown: wait (request 4F2)"},
        {{.code = "timeout"}, "get", "get: timeout"},
        {{.code = "timeout", .message = "no answer"}, "", "timeout: no answer"},
        {{.code = "X", .status = 400}, "a", "a: 400 X"},
        {{.code = "X", .request_id = "r"}, "a", "a: X (request r)"},
        {{.code = "X", .message = "one\ntwo\t\x1b[31m\x7f\x01"}, "a\rb", "a?b: X: one?two??[31m??"},
        {{.code = "X", .message = "caf\xc3\xa9"}, "a", "a: X: caf\xc3\xa9"},
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err_text(&cases[i].err, cases[i].what, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_text_without_room_is_cut(void **state)
{
    struct err err = {.code = "SlowDown"};
    char text[8];
    (void)state;
    err_text(&err, "put", text, sizeof text);
    assert_string_equal(text, "put: Sl");
    err_text(&err, "put", text, 1);
    assert_string_equal(text, "");
}

static void setting_replaces_all_of_it(void **state)
{
    struct err err = {.code = "Old", .status = 500, .retryable = true, .request_id = "r"};
    (void)state;
    assert_true(err_any(&err));
    assert_int_equal(err_set(&err, "New", "%s of %d", "one", 2), -1);
    assert_true(err_is(&err, "New"));
    assert_false(err_is(&err, "Ne"));
    assert_string_equal(err.message, "one of 2");
    assert_int_equal(err.status, 0);
    assert_false(err.retryable);
    assert_string_equal(err.request_id, "");
    err_clear(&err);
    assert_false(err_any(&err));
    assert_string_equal(err.message, "");
}

static void what_is_too_long_is_cut(void **state)
{
    struct err err;
    char lengthy[1000];
    (void)state;
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = 0;
    err_set(&err, lengthy, "%s", lengthy);
    assert_int_equal(strlen(err.code), sizeof err.code - 1);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(it_says_what_is_known),
        CHECKED(a_text_without_room_is_cut),
        CHECKED(setting_replaces_all_of_it),
        CHECKED(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
