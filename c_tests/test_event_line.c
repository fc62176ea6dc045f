/* One event, one line: whatever bytes are in it. */
#include "base/event_line.h"

#include "base/json.h"
#include "base/printable.h"
#include "base/random.h"
#include "leak_check.h"

#include <stdio.h>
#include <string.h>

static int columns, colour;              /* of the events to come */

/* The line of an event, valid until the next one. */
static const char *line(enum event_format format, struct bytes text, const struct pairs *fields)
{
    static char kept[EVENT_LINE_MAX + 2];
    struct event e = {.when = {1700000000 * SECOND_US}, .level = "warn", .text = text,
                      .fields = fields, .columns = columns, .colour = colour};
    struct buf out;
    buf_init(&out, sizeof kept);
    event_line(&out, format, &e);
    assert_false(out.failed);
    assert_true(out.len < sizeof kept);
    memcpy(kept, out.at, out.len + 1);
    assert_int_equal(strlen(kept), out.len);
    buf_free(&out);
    return kept;
}

static const struct {
    struct bytes raw;
    const char *text, *json;
} cases[] = {
    {BYTES("plain"), "plain", "plain"},
    {BYTES("a\nb\rc\td"), "a\\nb\\x0dc\\x09d", "a\\u000ab\\u000dc\\u0009d"},
    {BYTES("\x1b[31m\x7f"), "\\x1b[31m\\x7f", "\\u001b[31m\\u007f"},
    {BYTES("nul\0nul"), "nul\\x00nul", "nul\\u0000nul"},
    {BYTES("say \"hi\" \\"), "say \"hi\" \\", "say \\\"hi\\\" \\\\"},
    {BYTES("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a"),
     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a"},
    {BYTES("\xc2\x9b" "31m \xc2\x85"), "\\u009b31m \\u0085", "\\u009b31m \\u0085"},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029", "\\u2028\\u2029"},
    {BYTES("\xe2\x80\xae\xe2\x81\xa6"), "\\u202e\\u2066", "\\u202e\\u2066"},
    {BYTES("\x9b\xff caf\xc3"), "\\x9b\\xff caf\\xc3", "\\ufffd\\ufffd caf\\ufffd"},
    {BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"},
};

static void nothing_in_it_is_obeyed(void **state)
{
    char expected[512];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(expected, sizeof expected, "2023-11-14T22:13:20.000Z warn  %s\n", cases[i].text);
        assert_string_equal(line(EVENT_TEXT, cases[i].raw, NULL), expected);
        snprintf(expected, sizeof expected,
                 "{\"ts\":\"2023-11-14T22:13:20.000Z\",\"level\":\"warn\",\"msg\":\"%s\"}\n",
                 cases[i].json);
        assert_string_equal(line(EVENT_JSON, cases[i].raw, NULL), expected);
    }
}

static void fields_are_members(void **state)
{
    struct pairs fields = {0};
    (void)state;
    pairs_set(&fields, "request", "r 1");
    pairs_set(&fields, "ms", "12");
    pairs_set(&fields, "msg", "mine");
    pairs_set(&fields, "msg", "again");
    pairs_set(&fields, "msg_", "and again");
    pairs_set(&fields, "\xff", "x");
    pairs_set(&fields, "\xfe", "y");
    assert_string_equal(line(EVENT_JSON, BYTES("text"), &fields) + 33,
                        "\"level\":\"warn\",\"msg\":\"text\",\"request\":\"r 1\",\"ms\":\"12\","
                        "\"msg_\":\"mine\",\"msg__\":\"again\",\"msg___\":\"and again\","
                        "\"\\ufffd\":\"x\",\"\\ufffd_\":\"y\"}\n");
    pairs_free(&fields);
}

static void a_screen_gets_what_a_person_reads(void **state)
{
    struct pairs fields = {0};
    (void)state;
    pairs_set(&fields, "message", "1234567890");
    pairs_set(&fields, "ms", "1.5");
    pairs_set(&fields, "who", "\xe4\xb8\xad");
    assert_string_equal(line(EVENT_SCREEN, BYTES("text"), &fields),
                        "22:13:20.000Z warn  text message=1234567890 ms=1.5 who=\xe4\xb8\xad\n");
    columns = 42;
    assert_string_equal(line(EVENT_SCREEN, BYTES("text"), &fields),
                        "22:13:20.000Z warn  text ms=1.5 who=\xe4\xb8\xad\n");
    columns = 37;
    assert_string_equal(line(EVENT_SCREEN, BYTES("text"), &fields),
                        "22:13:20.000Z warn  text ms=1.5\n");
    columns = 0;
    colour = 33;
    assert_string_equal(line(EVENT_SCREEN, BYTES("a\nb\tc\r\x1b[2J"), NULL),
                        "22:13:20.000Z \x1b[33mwarn \x1b[0m a\n    b    c\\x0d\\x1b[2J\n");
    colour = 0;
    pairs_set(&fields, "evil", "a\n22:13:20.000Z error fake");
    assert_string_equal(strchr(line(EVENT_SCREEN, BYTES("x"), &fields), '\n'), "\n");
    pairs_free(&fields);
}

static void what_is_too_long_is_said(void **state)
{
    static char big[3 * EVENT_LINE_MAX];
    struct pairs fields = {0};
    (void)state;
    memset(big, 'x', sizeof big - 1);
    pairs_set(&fields, "big", big);
    assert_non_null(strstr(line(EVENT_TEXT, BYTES("text"), &fields), "(a line too long to log)\n"));
    assert_non_null(strstr(line(EVENT_JSON, BYTES("text"), &fields),
                           "\"msg\":\"(a line too long to log)\"}\n"));
    pairs_free(&fields);
    for (size_t at = 0; at < 4; at++) {          /* a character stands across the cut */
        memset(big, 'x', sizeof big - 1);
        memcpy(big + EVENT_TEXT_MAX - at, "\xf0\x9f\x8c\x8a", 4);
        assert_null(strstr(line(EVENT_JSON, bytes_of(big), NULL), "\\ufffd"));
    }
}

static bool is_json(struct bytes text)
{
    struct json j;
    json_init(&j, text, NULL);
    json_skip(&j);
    return json_end(&j);
}

/* Any bytes at all: one line, nothing to obey, and JSON that a strict reader takes. */
static void random_bytes(void **state)
{
    struct random random = random_seeded(7);
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char raw[64];
        struct pairs fields = {0};
        struct bytes text = {raw, (size_t)random_below(&random, sizeof raw)};
        for (size_t i = 0; i < text.len; i++)
            raw[i] = (char)random_below(&random, 256);
        pairs_add(&fields, bytes_from(text, text.len / 2), text);
        for (int format = EVENT_TEXT; format <= EVENT_JSON; format++) {
            struct bytes said = bytes_of(line((enum event_format)format, text, &fields));
            uint32_t code;
            said.len--;
            for (size_t at = 0; at < said.len;) {
                at += printable_next(bytes_from(said, at), &code);
                assert_true(printable(code));
            }
            assert_true(format == EVENT_TEXT || is_json(said));
        }
        pairs_free(&fields);
    }
}

static void columns_are_never_too_few(void **state)
{
    (void)state;
    assert_int_equal(printable_columns('a'), 1);
    assert_int_equal(printable_columns(0xE9), 1);
    assert_int_equal(printable_columns(0x2588), 1);
    assert_int_equal(printable_columns(0x4E2D), 2);
    assert_int_equal(printable_columns(0x1F30A), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(nothing_in_it_is_obeyed),
        CHECKED(fields_are_members),
        CHECKED(a_screen_gets_what_a_person_reads),
        CHECKED(what_is_too_long_is_said),
        CHECKED(random_bytes),
        CHECKED(columns_are_never_too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
