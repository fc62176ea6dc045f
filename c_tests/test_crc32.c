#include "leak_check.h"

#include "base/crc32.h"

/* The check value of the algorithm's definition, and zlib's of the rest. */
static void agrees_with_zlib(void **state)
{
    static const struct {
        struct bytes data;
        uint32_t sum;
    } cases[] = {
        {{"", 0}, 0},
        {{"123456789", 9}, 0xCBF43926},
        {{"{}", 2}, 0xA3A6BF43},
        {{"\0", 1}, 0xD202EF8D},
        {{"\xFF\xFF\xFF\xFF", 4}, 0xFFFFFFFF},
        {{"hello world", 11}, 0x0D4A1185},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(crc32_of(cases[i].data), cases[i].sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CHECKED(agrees_with_zlib)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
