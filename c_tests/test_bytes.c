#include "base/buf.h"
#include "base/pairs.h"
#include "base/utf8.h"

#include "leak_check.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* ---- bytes ---- */

static const struct {
    struct bytes a, b;
    int order;
} orders[] = {
    {TEXT(""), TEXT(""), 0},         {TEXT("a"), TEXT("a"), 0},      {TEXT("a"), TEXT("b"), -1},
    {TEXT("a"), TEXT("aa"), -1},     {TEXT(""), TEXT("a"), -1},      {TEXT("a\0"), TEXT("a"), 1},
    {TEXT("\xff"), TEXT("a"), 1},    {TEXT("a\0b"), TEXT("a\0c"), -1}, {TEXT("Z"), TEXT("a"), -1},
    {{NULL, 0}, TEXT(""), 0},        {{NULL, 0}, TEXT("a"), -1},
};

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void bytes_have_an_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct bytes a = orders[i].a, b = orders[i].b;
        assert_int_equal(sign(bytes_compare(a, b)), orders[i].order);
        assert_int_equal(sign(bytes_compare(b, a)), -orders[i].order);
        assert_int_equal(bytes_equal(a, b), orders[i].order == 0);
    }
}

static void bytes_and_texts(void **state)
{
    (void)state;
    assert_int_equal(bytes_of(NULL).len, 0);
    assert_non_null(bytes_of(NULL).at);
    assert_true(bytes_is(BYTES("ab"), "ab"));
    assert_false(bytes_is(BYTES("ab\0"), "ab"));
    assert_true(bytes_is_nocase(BYTES("Content-TYPE"), "content-type"));
    assert_false(bytes_is_nocase(BYTES("ab"), "abc"));
    assert_false(bytes_is_nocase(BYTES("abc"), "ab"));
    assert_false(bytes_is_nocase(BYTES("\xc4"), "\xe4"));
    assert_false(bytes_is_nocase(BYTES("["), "{"));
    assert_true(bytes_starts(BYTES("abc"), ""));
    assert_true(bytes_starts(BYTES("abc"), "abc"));
    assert_false(bytes_starts(BYTES("ab"), "abc"));
    assert_int_equal(bytes_from(BYTES("abc"), 2).len, 1);
    assert_int_equal(bytes_from(BYTES("abc"), 3).len, 0);
    assert_int_equal(bytes_from(BYTES("abc"), 99).len, 0);
}

static void bytes_are_cut(void **state)
{
    static const struct {
        const char *text, *head, *rest;
    } cases[] = {
        {"", "", ""},      {"a", "a", ""},    {"a/", "a", ""},
        {"/a", "", "a"},   {"a/b/c", "a", "b/c"}, {"//", "", "/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes rest, head = bytes_cut(bytes_of(cases[i].text), '/', &rest);
        assert_true(bytes_is(head, cases[i].head));
        assert_true(bytes_is(rest, cases[i].rest));
    }
}

static void bytes_are_trimmed(void **state)
{
    static const char *const cases[][2] = {
        {"", ""}, {" ", ""}, {" \t a b\t", "a b"}, {"a", "a"}, {"\na ", "\na"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(bytes_is(bytes_trim(bytes_of(cases[i][0])), cases[i][1]));
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+", false, 0},
        {"--1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
        {"1e3", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 42;
        assert_int_equal(bytes_to_int64(bytes_of(cases[i].text), &value), cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : 42);
    }
}

/* ---- buf ---- */

static void a_buffer_keeps_its_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 200; max++) {
        struct buf b;
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_char(&b, (char)('a' + i % 26)), 0);
        assert_int_equal(b.len, max);
        assert_true(b.cap <= max + 1);
        assert_int_equal(strlen(buf_string(&b)), max);
        assert_int_equal(buf_char(&b, 'x'), -1);
        assert_true(b.failed);
        assert_int_equal(b.len, 0);
        buf_free(&b);
    }
}

static void a_failed_buffer_stays_failed_until_cleared(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    assert_int_equal(buf_text(&b, "abcd"), 0);
    assert_int_equal(buf_text(&b, ""), 0);
    assert_int_equal(buf_printf(&b, "%d", 5), -1);
    assert_string_equal(buf_string(&b), "");
    assert_int_equal(buf_char(&b, 'a'), -1);
    assert_int_equal(buf_text(&b, ""), -1);
    buf_clear(&b);
    assert_int_equal(buf_printf(&b, "%d%s", 12, "ab"), 0);
    assert_string_equal(buf_string(&b), "12ab");
    assert_int_equal(buf_add(&b, BYTES("x")), -1);
    buf_free(&b);
    assert_false(b.failed);
    assert_int_equal(b.max, 4);
    buf_free(&b);
}

static void a_buffer_holds_any_bytes(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    assert_string_equal(buf_string(&b), "");
    assert_int_equal(buf_bytes(&b).len, 0);
    assert_int_equal(buf_add(&b, (struct bytes){NULL, 0}), 0);
    assert_int_equal(buf_add(&b, BYTES("a\0b")), 0);
    assert_true(bytes_equal(buf_bytes(&b), BYTES("a\0b")));
    assert_int_equal(b.at[3], 0);
    buf_free(&b);
}

/* ---- utf8 ---- */

static const struct {
    struct bytes text;
    size_t good;                     /* bytes before the first bad one */
} texts[] = {
    {TEXT(""), 0},
    {TEXT("a\0b"), 3},
    {TEXT("\x7f"), 1},
    {TEXT("\x80"), 0},
    {TEXT("\xc2\x80"), 2},
    {TEXT("\xc1\xbf"), 0},
    {TEXT("\xc2"), 0},
    {TEXT("ab\xc2"), 2},
    {TEXT("\xc2\x41"), 0},
    {TEXT("\xdf\xbf"), 2},
    {TEXT("\xe0\xa0\x80"), 3},
    {TEXT("\xe0\x9f\xbf"), 0},
    {TEXT("\xe2\x82\xac"), 3},
    {TEXT("\xe2\x82"), 0},
    {TEXT("\xed\x9f\xbf"), 3},
    {TEXT("\xed\xa0\x80"), 0},
    {TEXT("\xed\xbf\xbf"), 0},
    {TEXT("\xee\x80\x80"), 3},
    {TEXT("\xef\xbf\xbf"), 3},
    {TEXT("\xf0\x90\x80\x80"), 4},
    {TEXT("\xf0\x8f\xbf\xbf"), 0},
    {TEXT("\xf0\x90\x80"), 0},
    {TEXT("\xf4\x8f\xbf\xbf"), 4},
    {TEXT("\xf4\x90\x80\x80"), 0},
    {TEXT("\xf5\x80\x80\x80"), 0},
    {TEXT("\xfe"), 0},
    {TEXT("\xff"), 0},
};

static void utf8_is_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = texts[i].text.len;
        char *exact = mem_array(len, 1);         /* nothing behind it to read */
        memcpy(exact, texts[i].text.at, len);
        assert_int_equal(utf8_check((struct bytes){exact, len}), texts[i].good);
        mem_free(exact);
    }
}

static void every_code_point_is_encoded_as_it_is_checked(void **state)
{
    size_t refused = 0;
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110005; cp++) {
        char out[4];
        size_t len = utf8_encode(cp, out);
        if (!len)
            refused++;
        else
            assert_true(utf8_next((struct bytes){out, len}) == len);
    }
    assert_int_equal(refused, 0x800 + 6);
}

/* ---- pairs ---- */

static void pairs_keep_order_and_find_without_case(void **state)
{
    struct pairs p = {0};
    char name[] = "Name";
    (void)state;
    assert_null(pairs_find(&p, "x"));
    pairs_set(&p, name, "first");
    name[0] = 'X';
    pairs_set(&p, "nAME", "second");
    pairs_set(&p, "absent", NULL);
    pairs_add(&p, BYTES("b\0c"), BYTES("\0v"));
    assert_int_equal(p.count, 3);
    assert_ptr_equal(pairs_find(&p, "NAME"), &p.at[0]);
    assert_string_equal(p.at[0].name.at, "Name");
    assert_string_equal(p.at[1].value.at, "second");
    assert_null(pairs_find(&p, "b"));
    assert_true(bytes_equal(p.at[2].value, BYTES("\0v")));
    assert_int_equal(pairs_value(&p, "absent").len, 0);
    for (int i = 0; i < 100; i++)
        pairs_set(&p, "more", "");
    assert_int_equal(p.count, 103);
    assert_true(bytes_is(pairs_value(&p, "name"), "first"));
    pairs_free(&p);
    pairs_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(bytes_have_an_order),
        CHECKED(bytes_and_texts),
        CHECKED(bytes_are_cut),
        CHECKED(bytes_are_trimmed),
        CHECKED(whole_numbers),
        CHECKED(a_buffer_keeps_its_maximum),
        CHECKED(a_failed_buffer_stays_failed_until_cleared),
        CHECKED(a_buffer_holds_any_bytes),
        CHECKED(utf8_is_checked),
        CHECKED(every_code_point_is_encoded_as_it_is_checked),
        CHECKED(pairs_keep_order_and_find_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
