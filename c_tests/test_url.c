#include "base/url.h"

#include "leak_check.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

static void assert_buf(const struct buf *b, struct bytes expected)
{
    assert_int_equal(b->len, expected.len);
    assert_memory_equal(buf_string(b), expected.at, expected.len);
}

static const struct {
    struct bytes raw;
    const char *encoded, *with_slash;
} encodings[] = {
    {TEXT(""), "", ""},
    {TEXT("plain"), "plain", "plain"},
    {TEXT("a b+c"), "a%20b%2Bc", "a%20b%2Bc"},
    {TEXT("/a//b/"), "%2Fa%2F%2Fb%2F", "/a//b/"},
    {TEXT("100%25"), "100%2525", "100%2525"},
    {TEXT("\0\x01\x7f\xff"), "%00%01%7F%FF", "%00%01%7F%FF"},
    {TEXT("\xc3\xbc/\xe6\x97\xa5"), "%C3%BC%2F%E6%97%A5", "%C3%BC/%E6%97%A5"},
    {TEXT("*~!()'\"&=?#"), "%2A~%21%28%29%27%22%26%3D%3F%23", "%2A~%21%28%29%27%22%26%3D%3F%23"},
    {TEXT("./.."), ".%2F..", "./.."},
};

static void encodes(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        buf_clear(&out);
        assert_int_equal(url_encode(&out, encodings[i].raw, false), 0);
        assert_string_equal(buf_string(&out), encodings[i].encoded);
        buf_clear(&out);
        assert_int_equal(url_encode(&out, encodings[i].raw, true), 0);
        assert_string_equal(buf_string(&out), encodings[i].with_slash);
    }
    buf_free(&out);
}

static void every_byte_goes_there_and_back(void **state)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    struct buf there, back;
    size_t as_is = 0;
    (void)state;
    buf_init(&there, 3);
    buf_init(&back, 1);
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        bool keep = byte && strchr(kept, byte);
        buf_clear(&there);
        buf_clear(&back);
        assert_int_equal(url_encode(&there, (struct bytes){&c, 1}, false), 0);
        assert_int_equal(there.len, keep ? 1 : 3);
        assert_int_equal(url_decode(&back, buf_bytes(&there), false), 0);
        assert_buf(&back, (struct bytes){&c, 1});
        as_is += keep;
    }
    assert_int_equal(as_is, 66);
    buf_free(&there);
    buf_free(&back);
}

static const struct {
    const char *text;
    bool plus_is_space;
    struct bytes decoded;
} decodings[] = {
    {"", false, TEXT("")},
    {"plain", false, TEXT("plain")},
    {"a%20b", false, TEXT("a b")},
    {"%2f%2F", false, TEXT("//")},
    {"%00", false, TEXT("\0")},
    {"%2525", false, TEXT("%25")},
    {"a+b", false, TEXT("a+b")},
    {"a+b%2Bc", true, TEXT("a b+c")},
    {"++", true, TEXT("  ")},
    {"%C3%BC/x", true, TEXT("\xc3\xbc/x")},
};

static void decodes(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
        buf_clear(&out);
        assert_int_equal(
            url_decode(&out, bytes_of(decodings[i].text), decodings[i].plus_is_space), 0);
        assert_buf(&out, decodings[i].decoded);
    }
    buf_free(&out);
}

static void refuses_broken_escapes(void **state)
{
    static const char *const broken[] = {"%", "%2", "abc%", "%2x", "%x2", "%%20", "% 2", "%-1",
                                         "%+1", "%20%", "%0"};
    struct buf out;
    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char *exact = mem_array(strlen(broken[i]), 1);       /* no NUL behind it to stop at */
        memcpy(exact, broken[i], strlen(broken[i]));
        buf_clear(&out);
        assert_int_equal(url_decode(&out, (struct bytes){exact, strlen(broken[i])}, true), -1);
        mem_free(exact);
    }
    buf_free(&out);
}

static void says_when_it_does_not_fit(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 4);
    assert_int_equal(url_encode(&out, BYTES("a b"), false), -1);
    buf_clear(&out);
    assert_int_equal(url_encode(&out, BYTES("abcde"), false), -1);
    buf_clear(&out);
    assert_int_equal(url_encode(&out, BYTES(" a"), false), 0);
    buf_clear(&out);
    assert_int_equal(url_decode(&out, BYTES("%20%20%20%20%20"), false), -1);
    buf_clear(&out);
    assert_int_equal(url_decode(&out, BYTES("abcd%20"), false), -1);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(encodes),
        CHECKED(every_byte_goes_there_and_back),
        CHECKED(decodes),
        CHECKED(refuses_broken_escapes),
        CHECKED(says_when_it_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
