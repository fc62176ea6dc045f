#include "leak_check.h"

#include "base/base64.h"
#include "base/mem.h"

#include <string.h>

/* RFC 4648 §10, and the two letters that differ between alphabets. */
static const struct { const char *raw, *text; } vectors[] = {
    {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"},
};

static void the_vectors_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[16] = "", raw[16] = "";
        size_t len;
        base64_encode(bytes_of(vectors[i].raw), text);
        assert_string_equal(text, vectors[i].text);
        assert_true(base64_decode(bytes_of(text), raw, &len));
        assert_int_equal(len, strlen(vectors[i].raw));
        assert_string_equal(raw, vectors[i].raw);
    }
}

static void every_length_and_byte_comes_back(void **state)
{
    (void)state;
    for (size_t len = 0; len < 600; len++) {
        char *raw = mem_array(len + 1, 1), *text = mem_array(BASE64_LEN(len) + 1, 1);
        char *back = mem_array(BASE64_LEN(len) / 4 * 3 + 1, 1);
        size_t back_len;
        for (size_t i = 0; i < len; i++)
            raw[i] = (char)(i * 31 + len);
        base64_encode((struct bytes){raw, len}, text);
        assert_int_equal(strlen(text), BASE64_LEN(len));
        assert_true(base64_decode(bytes_of(text), back, &back_len));
        assert_int_equal(back_len, len);
        assert_memory_equal(back, raw, len);
        mem_free(raw);
        mem_free(text);
        mem_free(back);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const refused[] = {
        "Z",    "Zg",   "Zg=",  "Zm9",  "Zg==Zg==", "Zg=v", "====", "=m9v", "Z===",
        "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Zm9v=", "\xc3\xa9==",
    };
    char out[16];
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (base64_decode(bytes_of(refused[i]), out, &len))
            fail_msg("%s was taken", refused[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(the_vectors_of_the_rfc),
        CHECKED(every_length_and_byte_comes_back),
        CHECKED(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
