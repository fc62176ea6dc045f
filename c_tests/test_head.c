#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/head.h"

#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"

struct row {
    const char *block;
    bool asked_head;
    int result;
    struct framing expected;         /* of a block that is taken */
};

static const struct row rows[] = {
    {OK "Content-Length: 5\r\n\r\n", false, 0, {200, false, false, false, 5}},
    {OK "content-LENGTH:5\r\n\r\n", false, 0, {200, false, false, false, 5}},
    {OK "Content-Length:\t 5 \t\r\nContent-Length: 05\r\n\r\n", false, 0,
     {200, false, false, false, 5}},
    {OK "Content-Length: 9223372036854775807\r\n\r\n", false, 0,
     {200, false, false, false, INT64_MAX}},
    {OK "Transfer-Encoding: CHUNKED\r\n\r\n", false, 0, {200, false, false, true, -1}},
    {OK "X-Content-Length: 5\r\nContent-Lengthy: 6\r\n\r\n", false, 0,
     {200, false, false, false, -1}},
    {OK "Content-Length: 5\r\n\r\n", true, 0, {200, false, true, false, 5}},
    {OK "Content-Encoding: gzip\r\n\r\n", true, 0, {200, false, true, false, -1}},
    {OK "Content-Encoding: Identity\r\nContent-Encoding:\r\n\r\n", false, 0,
     {200, false, false, false, -1}},
    {OK "\r\nContent-Length: 5\r\n", false, 0, {200, false, false, false, -1}},
    {"HTTP/1.0 200\r\n\r\n", false, 0, {200, false, false, false, -1}},
    {"HTTP/1.1 404 Not Found\n\n", false, 0, {404, false, false, false, -1}},
    {"HTTP/1.1 100 Continue\r\n\r\n", false, 0, {100, true, false, false, -1}},
    {"HTTP/1.1 204 \r\n\r\n", false, 0, {204, false, true, false, -1}},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 0,
     {304, false, true, false, 5}},
    {OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: 5, 5\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: -5\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: +5\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: 0x5\r\n\r\n", false, -1, {0}},
    {OK "Content-Length:\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: 9223372036854775808\r\n\r\n", false, -1, {0}},
    {OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, -1, {0}},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", false, -1, {0}},
    {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", false, -1, {0}},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n", false, -1, {0}},
    {OK "Transfer-Encoding: identity\r\n\r\n", false, -1, {0}},
    {OK "Content-Encoding: gzip\r\n\r\n", false, -1, {0}},
    {OK "X-A: 1\r\n folded\r\n\r\n", false, -1, {0}},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", false, -1, {0}},
    {"HTTP/1.1 99 Low\r\n\r\n", false, -1, {0}},
    {"HTTP/1.1 2000 High\r\n\r\n", false, -1, {0}},
    {"HTTP/1.1 2x0 OK\r\n\r\n", false, -1, {0}},
    {"HTTP/2 200 OK\r\n\r\n", false, -1, {0}},
    {"HTTP/1.1\r\n\r\n", false, -1, {0}},
    {"Content-Length: 5\r\n\r\n", false, -1, {0}},
    {"", false, -1, {0}},
};

static void framing_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct framing f;
        struct err err = {0};
        int result = head_framing(bytes_of(row->block), row->asked_head, &f, &err);
        if (result != row->result)
            print_error("%s", row->block);
        assert_int_equal(result, row->result);
        assert_string_equal(err.code, result ? "protocol" : "");
        if (result)
            continue;
        assert_int_equal(f.status, row->expected.status);
        assert_int_equal(f.interim, row->expected.interim);
        assert_int_equal(f.bodyless, row->expected.bodyless);
        assert_int_equal(f.chunked, row->expected.chunked);
        assert_int_equal(f.length, row->expected.length);
    }
}

static void wholeness_follows_the_framing(void **state)
{
    static const struct {
        struct framing framing;
        size_t len;
        bool known, whole;
    } cases[] = {
        {{200, false, false, false, -1}, 0, false, false},
        {{200, false, false, false, -1}, 5, false, false},
        {{200, false, false, false, 5}, 5, true, true},
        {{200, false, false, false, 5}, 4, true, false},
        {{200, false, false, false, 5}, 6, true, false},
        {{200, false, false, false, 0}, 0, true, true},
        {{200, false, false, true, -1}, 7, true, true},
        {{204, false, true, false, -1}, 0, true, true},
        {{200, false, true, false, 99}, 0, true, true},
        {{204, false, true, false, -1}, 1, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(framing_known(&cases[i].framing), cases[i].known);
        assert_int_equal(framing_whole(&cases[i].framing, cases[i].len), cases[i].whole);
    }
}

static void headers_are_walked(void **state)
{
    struct bytes rest = BYTES(OK "A: 1\r\nB:\r\nno colon\r\nC:  x:y \r\n\r\nD: 4\r\n"), name, value;
    (void)state;
    assert_true(bytes_is(head_value(rest, "a"), "1"));
    assert_true(bytes_is(head_value(rest, "C"), "x:y"));
    assert_int_equal(head_value(rest, "B").len, 0);
    assert_int_equal(head_value(rest, "D").len, 0);
    assert_true(head_next(&rest, &name, &value) && bytes_is(name, "A") && bytes_is(value, "1"));
    assert_true(head_next(&rest, &name, &value) && bytes_is(name, "B") && !value.len);
    assert_true(head_next(&rest, &name, &value) && bytes_is(name, "no colon") && !value.len);
    assert_true(head_next(&rest, &name, &value) && bytes_is(name, "C"));
    assert_false(head_next(&rest, &name, &value));
    rest = BYTES("");
    assert_false(head_next(&rest, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_is_read_or_refused),
        cmocka_unit_test(wholeness_follows_the_framing),
        cmocka_unit_test(headers_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
