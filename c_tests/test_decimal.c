#include "leak_check.h"

#include "base/decimal.c"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000 };

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static const struct {
    const char *text;
    double value;
    const char *shortest;
} exact[] = {
    {"0", 0, "0.0"},
    {"-0", -0.0, "-0.0"},
    {"0.0", 0, "0.0"},
    {"-0.000", -0.0, "-0.0"},
    {"0e999999999999999999999", 0, "0.0"},
    {"1", 1, "1.0"},
    {"10.0", 10, "10.0"},
    {"-1.50", -1.5, "-1.5"},
    {"0.1", 0.1, "0.1"},
    {"-0.1", -0.1, "-0.1"},
    {"1E5", 1e5, "100000.0"},
    {"1e+05", 1e5, "100000.0"},
    {"100000e-5", 1, "1.0"},
    {"0.00001", 1e-5, "0.00001"},
    {"0.000001", 1e-6, "1e-6"},
    {"123.456", 123.456, "123.456"},
    {"71.11", 71.11, "71.11"},
    {"1.6420901", 1.6420901, "1.6420901"},
    {"1000000000000000", 1e15, "1000000000000000.0"},
    {"1e16", 1e16, "1e16"},
    {"1e19", 1e19, "1e19"},
    {"10000000000000000000", 1e19, "1e19"},
    {"1e22", 1e22, "1e22"},
    {"1e23", 1e23, "1e23"},
    {"1.25e300", 1.25e300, "1.25e300"},
    {"9007199254740992", 9007199254740992.0, "9007199254740992.0"},
    {"0.1000000000000000055511151231257827e0", 0.1, NULL},
    {"0.30000000000000004", 0.30000000000000004, "0.30000000000000004"},
    {"1.7976931348623157e308", 1.7976931348623157e308, "1.7976931348623157e308"},
    {"2.2250738585072014e-308", 2.2250738585072014e-308, "2.2250738585072014e-308"},
    {"2.225073858507201e-308", 2.225073858507201e-308, "2.225073858507201e-308"},
    {"5e-324", 5e-324, "5e-324"},
    {"1e-323", 1e-323, "1e-323"},
    {"1.5e-323", 1.5e-323, "1.5e-323"},
    {"1e400", 0, NULL},
    {"-1e309", 0, NULL},
    {"1.7976931348623159e308", 0, NULL},
    {"1e-400", 0, NULL},
    {"3e-324", 0, NULL},
    {"4.94e-324", 0, NULL},
    {"1e999999999999999999999", 0, NULL},
    {"1e-999999999999999999999", 0, NULL},
    {"9007199254740993", 0, NULL},
    {"9007199254740993.0", 0, NULL},
    {"12345678901234567890", 0, NULL},
    {"1234567890123456789012345678901234567890", 0, NULL},
    {"0.1234567890123456789012", 0, NULL},
    {"0.10000000000000001", 0, NULL},
    {"1.00000000000000001", 0, NULL},
    {"0.12345678901234567", 0, NULL},
};

static void keeps_or_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        double value;
        char text[DECIMAL_TEXT_MAX];
        bool kept = decimal_to_double(bytes_of(exact[i].text), &value);
        if (kept != (exact[i].shortest != NULL))
            fail_msg("%s is %s", exact[i].text, kept ? "kept" : "refused");
        if (!kept)
            continue;
        assert_true(bits_of(value) == bits_of(exact[i].value));
        assert_int_equal(decimal_text(value, text), strlen(exact[i].shortest));
        assert_string_equal(text, exact[i].shortest);
    }
}

/* Zeros that a point or an exponent makes up for do not count, however many they are. */
static void zeros_do_not_count(void **state)
{
    enum { ZEROS = 100000 };
    static char text[ZEROS + 64];
    double value;
    (void)state;
    memset(text, '0', ZEROS);
    snprintf(text + ZEROS, 64, "1e%d", ZEROS);
    text[1] = '.';
    assert_true(decimal_to_double(bytes_of(text), &value) && value == 10);
    memset(text, '0', ZEROS);
    text[0] = '2';
    snprintf(text + ZEROS, 64, ".000e-%d", ZEROS);
    assert_true(decimal_to_double(bytes_of(text), &value) && value == 0.2);
    snprintf(text + ZEROS, 64, "5e-%d", ZEROS);
    assert_false(decimal_to_double(bytes_of(text), &value));
}

static bool reads_back(double value, int precision)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", precision - 1, value);
    return strtod(text, NULL) == value;
}

static int digits_in(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        count += count || *text != '0';
    }
    return count > zeros ? count - zeros : count;
}

static void check_round(double value)
{
    char text[DECIMAL_TEXT_MAX];
    double back;
    size_t len = decimal_text(value, text);
    int digits = digits_in(text);
    assert_true(len == strlen(text) && strpbrk(text, ".e"));
    assert_true(bits_of(strtod(text, NULL)) == bits_of(value));
    if (!decimal_to_double((struct bytes){text, len}, &back) || bits_of(back) != bits_of(value))
        fail_msg("%s (%a) does not come back", text, value);
    if (digits > 1 && reads_back(value, digits - 1))
        fail_msg("%s (%a) could be shorter", text, value);
}

/* Doubles of every size, and decimals of every length as people write them. */
static void every_double_comes_back(void **state)
{
    struct random r = random_seeded(73);
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        double any = of_bits(random_next(&r));
        if (isfinite(any))
            check_round(any);
        check_round(of_bits(random_next(&r) & (UINT64_C(1) << 63 | ((UINT64_C(1) << 52) - 1))));
        check_round((double)random_below(&r, 1000000) / 100);
        check_round((double)(int64_t)random_next(&r));
    }
}

static void every_short_decimal_is_kept(void **state)
{
    struct random r = random_seeded(74);
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char text[64];
        double value;
        int64_t bound = 1;
        for (int64_t digits = random_below(&r, 13); digits; digits--)
            bound *= 10;
        snprintf(text, sizeof text, "%lld.%03dE%+d", (long long)random_below(&r, bound),
                 (int)random_below(&r, 1000), (int)random_below(&r, 560) - 280);
        if (!decimal_to_double(bytes_of(text), &value))
            fail_msg("%s is refused", text);
        assert_true(value == strtod(text, NULL));
    }
}

/* What printf writes in locales with another point; no such locale need be installed. */
static void any_point_is_a_point(void **state)
{
    static const char *const texts[] = {"-3.0040e+01", "-3,0040e+01",
                                        ("-3\xd9\xab" "0040e+01")};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct decimal d = decimal_read(bytes_of(texts[i]));
        assert_true(d.negative && d.exponent == 1);
        assert_int_equal(d.count, 4);
        assert_memory_equal(d.digits, "3004", 4);
        assert_true(double_of(&d) == -30.04);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(keeps_or_refuses),
        CHECKED(zeros_do_not_count),
        CHECKED(every_double_comes_back),
        CHECKED(every_short_decimal_is_kept),
        CHECKED(any_point_is_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
