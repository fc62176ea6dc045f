#include "base/bucket.h"

#include "leak_check.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

static const struct {
    struct bytes key;
    const char *problem;             /* NULL: a good key */
} keys[] = {
    {TEXT("a"), NULL},
    {TEXT("widgets/owner/1"), NULL},
    {TEXT("a b?#%&+*\"'\\"), NULL},
    {TEXT("..a"), NULL},
    {TEXT("a/...b/.c"), NULL},
    {TEXT("\xc3\xbc/\xf0\x9f\x8c\x8a"), NULL},
    {TEXT(""), "empty"},
    {TEXT("/"), "slash"},
    {TEXT("a/"), "slash"},
    {TEXT("/a"), "empty part"},
    {TEXT("a//b"), "empty part"},
    {TEXT("."), "\".\""},
    {TEXT(".."), "\"..\""},
    {TEXT("a/../b"), "\"..\""},
    {TEXT("a/./b"), "\".\""},
    {TEXT("a/.."), "\"..\""},
    {TEXT("a\0b"), "control character at byte 2"},
    {TEXT("a\nb"), "control character at byte 2"},
    {TEXT("\x7f"), "control character at byte 1"},
    {TEXT("ab\xff"), "UTF-8 at byte 3"},
    {TEXT("\xed\xa0\x80"), "UTF-8 at byte 1"},
};

static void keys_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct err err = {0};
        int result = bucket_key_check(keys[i].key, &err);
        assert_int_equal(result, keys[i].problem ? -1 : 0);
        assert_int_equal(err_is(&err, "InvalidKey"), keys[i].problem != NULL);
        if (keys[i].problem)
            assert_non_null(strstr(err.message, keys[i].problem));
    }
}

/* `parts` components of `len` bytes each. */
static int check_long(size_t parts, size_t len)
{
    char key[4096];
    struct err err = {0};
    size_t at = 0;
    for (size_t i = 0; i < parts; i++) {
        if (i)
            key[at++] = '/';
        memset(key + at, 'x', len);
        at += len;
    }
    return bucket_key_check((struct bytes){key, at}, &err);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_long(1, 255), 0);
    assert_int_equal(check_long(1, 256), -1);
    assert_int_equal(check_long(2, 256), -1);
    assert_int_equal(check_long(4, 255), 0);     /* 1023 bytes */
    assert_int_equal(check_long(25, 40), 0);     /* 1024 bytes */
    assert_int_equal(check_long(205, 4), 0);     /* 1024 bytes */
    assert_int_equal(check_long(513, 1), -1);    /* 1025 bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(keys_are_checked),
        CHECKED(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
