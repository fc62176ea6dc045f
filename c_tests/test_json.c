#include "leak_check.h"

#include "base/json.h"
#include "base/json_text.h"

#include <string.h>

enum { SCRATCH_MAX = 4096 };

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* ---- events ---- */

/* One word an event: "{", "}", "[", "]", k:name, s:text, i:whole, n:number, t, f, z (null), "."
 * (the end), "!" and the problem. */
static void show(struct buf *out, const struct json *j)
{
    static const char *const words[] = {
        [JSON_END] = ".",    [JSON_OBJECT] = "{", [JSON_OBJECT_END] = "}", [JSON_ARRAY] = "[",
        [JSON_ARRAY_END] = "]", [JSON_KEY] = "k:", [JSON_STRING] = "s:", [JSON_TRUE] = "t",
        [JSON_FALSE] = "f",  [JSON_NULL] = "z",
    };
    if (out->len)
        buf_char(out, ' ');
    if (j->event == JSON_ERROR)
        buf_printf(out, "!%s", j->problem);
    else
        buf_text(out, j->event == JSON_NUMBER ? j->integer ? "i:" : "n:" : words[j->event]);
    if (j->event == JSON_KEY || j->event == JSON_STRING || j->event == JSON_NUMBER)
        buf_add(out, j->text);
}

/* The text stands in a block of just its length, so that the sanitizer sees a look behind it. */
static void trace(struct buf *out, struct bytes text)
{
    char *exact = mem_array(text.len, 1);
    struct json j;
    struct buf scratch;
    memcpy(exact, text.at, text.len);
    buf_init(&scratch, SCRATCH_MAX);
    json_init(&j, (struct bytes){exact, text.len}, &scratch);
    do {
        json_next(&j);
        show(out, &j);
    } while (j.event != JSON_ERROR && j.event != JSON_END);
    assert_int_equal(json_next(&j), j.event);
    buf_free(&scratch);
    mem_free(exact);
}

static void check_trace(struct bytes text, struct bytes expected)
{
    struct buf out;
    buf_init(&out, SCRATCH_MAX);
    trace(&out, text);
    if (!bytes_equal(buf_bytes(&out), expected))
        fail_msg("%.*s\n  gives    %s\n  expected %s", (int)text.len, text.at, buf_string(&out),
                 expected.at);
    buf_free(&out);
}

static const struct {
    struct bytes text, events;
} documents[] = {
    {TEXT("{}"), TEXT("{ } .")},
    {TEXT("[]"), TEXT("[ ] .")},
    {TEXT(" \t\r\n[ ] \n"), TEXT("[ ] .")},
    {TEXT("0"), TEXT("i:0 .")},
    {TEXT("true"), TEXT("t .")},
    {TEXT("\"\""), TEXT("s: .")},
    {TEXT("[null,true,false]"), TEXT("[ z t f ] .")},
    {TEXT("[[],{},[[]]]"), TEXT("[ [ ] { } [ [ ] ] ] .")},
    {TEXT("{\"a\":1,\"b\":{\"c\":[2,3]},\"d\":\"e\"}"),
     TEXT("{ k:a i:1 k:b { k:c [ i:2 i:3 ] } k:d s:e } .")},
    {TEXT("{ \"a\" : 1 , \"a\"\t:\n2 }"), TEXT("{ k:a i:1 k:a i:2 } .")},
    {TEXT("{\"\":\"\"}"), TEXT("{ k: s: } .")},
    {TEXT("[-0,-1,10,0.5,-0.0,1e5,1E+5,1e-5,12.50E007]"),
     TEXT("[ i:-0 i:-1 i:10 n:0.5 n:-0.0 n:1e5 n:1E+5 n:1e-5 n:12.50E007 ] .")},
    {TEXT("[1e400,12345678901234567890123]"), TEXT("[ n:1e400 i:12345678901234567890123 ] .")},
    {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT("s:\"\\/\b\f\n\r\t .")},
    {TEXT("\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\""),
     TEXT("s:A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 .")},
    {TEXT("\"a\\u0000b\""), TEXT("s:a\0b .")},
    {TEXT("\"\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xef\xbb\xbf\""),
     TEXT("s:\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xef\xbb\xbf .")},
    {TEXT("{\"\\u006b\":\"v\",\"x\":\"\\n\"}"), TEXT("{ k:k s:v k:x s:\n } .")},
    {TEXT(""), TEXT("!byte 1: the text ends too early")},
    {TEXT("  "), TEXT("!byte 3: the text ends too early")},
    {TEXT("nul"), TEXT("!byte 4: the text ends too early")},
    {TEXT("nulL"), TEXT("!byte 4: a value was expected")},
    {TEXT("nullx"), TEXT("z !byte 5: something follows the value")},
    {TEXT("True"), TEXT("!byte 1: a value was expected")},
    {TEXT("NaN"), TEXT("!byte 1: a value was expected")},
    {TEXT("Infinity"), TEXT("!byte 1: a value was expected")},
    {TEXT("'a'"), TEXT("!byte 1: a value was expected")},
    {TEXT("// a\n1"), TEXT("!byte 1: a value was expected")},
    {TEXT("\xef\xbb\xbf{}"), TEXT("!byte 1: a value was expected")},
    {TEXT("\0"), TEXT("!byte 1: a value was expected")},
    {TEXT("{}\0"), TEXT("{ } !byte 3: something follows the value")},
    {TEXT("{}{}"), TEXT("{ } !byte 3: something follows the value")},
    {TEXT("1 2"), TEXT("i:1 !byte 3: something follows the value")},
    {TEXT("1\xc2\xa0"), TEXT("i:1 !byte 2: something follows the value")},
    {TEXT("[1,]"), TEXT("[ i:1 !byte 4: a value was expected")},
    {TEXT("[,1]"), TEXT("[ !byte 2: a value was expected")},
    {TEXT("[1 2]"), TEXT("[ i:1 !byte 4: ',' or ']' was expected")},
    {TEXT("[1}"), TEXT("[ i:1 !byte 3: ',' or ']' was expected")},
    {TEXT("]"), TEXT("!byte 1: a value was expected")},
    {TEXT("[1]]"), TEXT("[ i:1 ] !byte 4: something follows the value")},
    {TEXT("{\"a\":1,}"), TEXT("{ k:a i:1 !byte 8: a member name was expected")},
    {TEXT("{,}"), TEXT("{ !byte 2: a member name was expected")},
    {TEXT("{\"a\"}"), TEXT("{ !byte 5: ':' was expected")},
    {TEXT("{\"a\" 1}"), TEXT("{ !byte 6: ':' was expected")},
    {TEXT("{\"a\":}"), TEXT("{ k:a !byte 6: a value was expected")},
    {TEXT("{\"a\":1 \"b\":2}"), TEXT("{ k:a i:1 !byte 8: ',' or '}' was expected")},
    {TEXT("{\"a\":1]"), TEXT("{ k:a i:1 !byte 7: ',' or '}' was expected")},
    {TEXT("{a:1}"), TEXT("{ !byte 2: a member name was expected")},
    {TEXT("{1:1}"), TEXT("{ !byte 2: a member name was expected")},
    {TEXT("01"), TEXT("!byte 1: a number may not begin with 0")},
    {TEXT("-01"), TEXT("!byte 2: a number may not begin with 0")},
    {TEXT("00"), TEXT("!byte 1: a number may not begin with 0")},
    {TEXT("+1"), TEXT("!byte 1: a value was expected")},
    {TEXT(".5"), TEXT("!byte 1: a value was expected")},
    {TEXT("-"), TEXT("!byte 2: the text ends too early")},
    {TEXT("[-]"), TEXT("[ !byte 3: a digit was expected")},
    {TEXT("[1.]"), TEXT("[ !byte 4: a digit was expected")},
    {TEXT("[1.e5]"), TEXT("[ !byte 4: a digit was expected")},
    {TEXT("[1e]"), TEXT("[ !byte 4: a digit was expected")},
    {TEXT("[1e+]"), TEXT("[ !byte 5: a digit was expected")},
    {TEXT("[1e5.5]"), TEXT("[ n:1e5 !byte 5: ',' or ']' was expected")},
    {TEXT("[0x10]"), TEXT("[ i:0 !byte 3: ',' or ']' was expected")},
    {TEXT("[1_000]"), TEXT("[ i:1 !byte 3: ',' or ']' was expected")},
    {TEXT("\"a"), TEXT("!byte 3: the text ends too early")},
    {TEXT("\"a\\"), TEXT("!byte 3: the text ends too early")},
    {TEXT("\"a\nb\""), TEXT("!byte 3: control character in a string")},
    {TEXT("\"\0\""), TEXT("!byte 2: control character in a string")},
    {TEXT("\"\x1f\""), TEXT("!byte 2: control character in a string")},
    {TEXT("\"\\x41\""), TEXT("!byte 2: unknown escape")},
    {TEXT("\"\\\0\""), TEXT("!byte 2: unknown escape")},
    {TEXT("\"\\U0041\""), TEXT("!byte 2: unknown escape")},
    {TEXT("\"\\u004\""), TEXT("!byte 2: \\u needs four hexadecimal digits")},
    {TEXT("\"\\u00g0\""), TEXT("!byte 2: \\u needs four hexadecimal digits")},
    {TEXT("\"\\u+041\""), TEXT("!byte 2: \\u needs four hexadecimal digits")},
    {TEXT("\"\\ud800\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\udc00\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\ud800\\u0041\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\ud800\\ud800\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\udc00\\udc00\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\ude00\\ud83d\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("\"\\ud83dx\\ude00\""), TEXT("!byte 2: half of a surrogate pair")},
    {TEXT("{\"\\ud800\":1}"), TEXT("{ !byte 3: half of a surrogate pair")},
};

static void reads_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        check_trace(documents[i].text, documents[i].events);
}

/* ---- text ---- */

static const struct bytes not_utf8[] = {
    TEXT("\x80"),         TEXT("\xbf"),         TEXT("\xc0\x80"),         TEXT("\xc1\xbf"),
    TEXT("\xc3"),         TEXT("\xc3("),        TEXT("\xe0\x80\x80"),     TEXT("\xe0\x9f\xbf"),
    TEXT("\xe2\x82"),     TEXT("\xed\xa0\x80"), TEXT("\xed\xbf\xbf"),     TEXT("\xf0\x80\x80\x80"),
    TEXT("\xf0\x9f\x98"), TEXT("\xfe"),         TEXT("\xf0\x8f\xbf\xbf"), TEXT("\xf4\x90\x80\x80"),
    TEXT("\xff"),         TEXT("\xf5\x80\x80\x80"),
};

/* At every distance from the start, since the scanner looks at eight bytes at once. */
static void refuses_what_is_not_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++)
        for (int before = 0; before < 18; before++) {
            struct buf text, expected;
            buf_init(&text, 100);
            buf_init(&expected, 100);
            buf_printf(&text, "\"%.*s", before, "abcdefghijklmnopqr");
            buf_add(&text, not_utf8[i]);
            buf_text(&text, "xyz\"");
            buf_printf(&expected, "!byte %d: not UTF-8", before + 2);
            check_trace(buf_bytes(&text), buf_bytes(&expected));
            buf_free(&text);
            buf_free(&expected);
        }
}

static void tells_plain_bytes_from_odd_ones(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            bool odd = byte < 32 || byte > 127 || byte == '"' || byte == '\\';
            memset(text, ' ', sizeof text);
            text[at] = (char)byte;
            assert_int_equal(json_plain((struct bytes){text, sizeof text}), odd ? at : 20);
            text[at / 2] = '"';
            assert_int_equal(json_plain((struct bytes){text, sizeof text}), at ? at / 2 : 0);
        }
    assert_int_equal(json_plain((struct bytes){NULL, 0}), 0);
}

static void views_and_copies(void **state)
{
    struct bytes text = BYTES("[\"plain\",\"esc\\u0061ped\"]"), view;
    struct json j;
    struct buf scratch;
    (void)state;
    buf_init(&scratch, 100);
    json_init(&j, text, &scratch);
    json_array(&j);
    view = json_text(&j);
    assert_ptr_equal(view.at, text.at + 2);
    assert_null(scratch.at);
    view = json_text(&j);
    assert_ptr_equal(view.at, scratch.at);
    assert_string_equal(scratch.at, "escaped");
    json_init(&j, text, NULL);
    json_array(&j);
    assert_true(json_item(&j) && json_item(&j) && bytes_is(json_text(&j), "esc\\u0061ped"));
    assert_true(j.escaped);
    buf_free(&scratch);
}

static void bounds_the_decoded_text(void **state)
{
    struct json j;
    struct buf scratch;
    (void)state;
    buf_init(&scratch, 8);
    json_init(&j, BYTES("[\"far longer than eight\",\"12\\u0041\"]"), &scratch);
    json_array(&j);
    assert_true(json_item(&j) && json_text(&j).len == 21);
    assert_true(json_item(&j) && bytes_is(json_text(&j), "12A"));
    json_init(&j, BYTES("[\"123\\u0041\"]"), &scratch);
    json_array(&j);
    assert_int_equal(json_text(&j).len, 0);
    assert_string_equal(j.problem, "byte 2: the string is too long");
    buf_free(&scratch);
}

/* ---- depth, cuts ---- */

static bool nested(const char *open, const char *close, int depth, int depth_max)
{
    struct buf text;
    struct json j;
    bool good;
    buf_init(&text, 4 * 1024 * 1024);
    for (int i = 0; i < depth; i++)
        buf_text(&text, open);
    buf_text(&text, "1");
    for (int i = 0; i < depth; i++)
        buf_text(&text, close);
    json_init(&j, buf_bytes(&text), NULL);
    j.depth_max = depth_max;
    json_skip(&j);
    good = json_end(&j);
    if (!good)
        assert_non_null(strstr(j.problem, "nested too deeply"));
    buf_free(&text);
    return good;
}

static void bounds_the_depth(void **state)
{
    (void)state;
    for (int max = 0; max <= JSON_DEPTH_ROOM; max++) {
        assert_true(nested("[", "]", max, max));
        assert_true(nested("{\"a\":", "}", max, max));
        assert_false(nested("[", "]", max + 1, max));
        assert_false(nested("{\"a\":", "}", max + 1, max));
        assert_true(max < 2 || nested("{\"a\":[", "]}", max / 2, max));
    }
    assert_false(nested("[", "]", JSON_DEPTH_ROOM + 1, 1000));
    assert_false(nested("[", "]", 100000, JSON_DEPTH_MAX));
    assert_false(nested("{\"a\":[", "]}", 100000, JSON_DEPTH_MAX));
}

static const struct bytes rich = TEXT(
    "{\"type\":\"create\",\"n\":[0,-1,2.5,1e-7,12345678901234567],\"flags\":[true,false,null],"
    "\"text\":\"\xc3\xa9 \\u00e9 \\ud83d\\ude00 \\\"\\\\\\/\\b\\f\\n\\r\\t \xf0\x9f\x98\x80\","
    "\"empty\":{\"a\":{},\"b\":[],\"\":\"\"},\"deep\":[[[{\"x\":[{\"y\":[]}]}]]]}");

static bool accepted(struct bytes text)
{
    struct buf out;
    bool good;
    buf_init(&out, SCRATCH_MAX);
    trace(&out, text);
    good = buf_string(&out)[out.len - 1] == '.' && !strchr(buf_string(&out), '!');
    buf_free(&out);
    return good;
}

static void refuses_every_cut(void **state)
{
    (void)state;
    assert_true(accepted(rich));
    for (size_t len = 0; len < rich.len; len++)
        assert_false(accepted((struct bytes){rich.at, len}));
    for (size_t from = 1; from < rich.len; from++)
        assert_false(accepted(bytes_from(rich, from)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(reads_and_refuses),
        CHECKED(refuses_what_is_not_utf8),
        CHECKED(tells_plain_bytes_from_odd_ones),
        CHECKED(views_and_copies),
        CHECKED(bounds_the_decoded_text),
        CHECKED(bounds_the_depth),
        CHECKED(refuses_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
