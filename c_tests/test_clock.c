#include "base/clock.h"

#include "leak_check.h"

static const struct {
    int64_t us;
    const char *basic, *iso;
} times[] = {
    {0, "19700101T000000Z", "1970-01-01T00:00:00.000Z"},
    {1795383240123456, "20261122T213400Z", "2026-11-22T21:34:00.123Z"},
    {951782400000000, "20000229T000000Z", "2000-02-29T00:00:00.000Z"},
    {253402300799999999, "99991231T235959Z", "9999-12-31T23:59:59.999Z"},
    {-1, "19691231T235959Z", "1969-12-31T23:59:59.999Z"},
    {-1000000, "19691231T235959Z", "1969-12-31T23:59:59.000Z"},
    {-1000001, "19691231T235958Z", "1969-12-31T23:59:58.999Z"},
    {-62135596800000000, "00010101T000000Z", "0001-01-01T00:00:00.000Z"},
};

static void wall_time_as_text(void **state)
{
    char text[CLOCK_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        walltime_basic((struct walltime){times[i].us}, text);
        assert_string_equal(text, times[i].basic);
        walltime_iso((struct walltime){times[i].us}, text);
        assert_string_equal(text, times[i].iso);
    }
}

static void any_wall_time_fits_its_text(void **state)
{
    char text[CLOCK_TEXT];
    (void)state;
    for (int i = 0; i < 2; i++) {
        walltime_basic((struct walltime){i ? INT64_MAX : INT64_MIN}, text);
        walltime_iso((struct walltime){i ? INT64_MAX : INT64_MIN}, text);
    }
}

static const struct {
    const char *text;
    int64_t seconds;
} dates[] = {
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Sun, 22 Nov 2026 21:34:00 GMT", 1795383240},
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
    {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
};

static void http_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct walltime t = {42};
        assert_true(walltime_parse_http(bytes_of(dates[i].text), &t));
        assert_int_equal(t.us, dates[i].seconds * SECOND_US);
    }
}

static void what_is_no_http_date(void **state)
{
    static const char *const bad[] = {
        "",
        "Sun, 22 Nov 2026 21:34:00 GM",
        "Sun, 22 Nov 2026 21:34:00 GMT ",
        " Sun, 22 Nov 2026 21:34:00 GM",
        "Sun, 22 Nov 2026 21:34:00 UTC",
        "Sun, 22 nov 2026 21:34:00 GMT",
        "Sun, 22 Nox 2026 21:34:00 GMT",
        "Sun, 22 anF 2026 21:34:00 GMT",
        "Sun, 22 N   2026 21:34:00 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, -2 Nov 2026 21:34:00 GMT",
        "Sun, 00 Nov 2026 21:34:00 GMT",
        "Sun, 32 Nov 2026 21:34:00 GMT",
        "Sun, 22 Nov 2026 24:34:00 GMT",
        "Sun, 22 Nov 2026 21:60:00 GMT",
        "Sun, 22 Nov 2026 21:34:61 GMT",
        "Sun, 22 Nov +026 21:34:00 GMT",
        "Sunday, 06-Nov-94 08:49:37 GM",
        "Sun Nov  6 08:49:37 1994     ",
        "2026-11-22T21:34:00.000000000",
    };
    struct walltime t = {42};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(walltime_parse_http(bytes_of(bad[i]), &t));
    assert_false(walltime_parse_http(BYTES("Sun, 22 Nov 2026 21:34:0\0 GMT"), &t));
    assert_int_equal(t.us, 42);
}

static void steady_time(void **state)
{
    struct monotime a = {10}, b = {30}, first = clock_monotonic();
    (void)state;
    assert_int_equal(monotime_after(a, 5).us, 15);
    assert_int_equal(monotime_after(a, INT64_MAX).us, NEVER.us);
    assert_int_equal(monotime_after(NEVER, 1).us, NEVER.us);
    assert_int_equal(monotime_until(a, b), 20);
    assert_int_equal(monotime_until(b, a), -20);
    assert_int_equal(monotime_until(b, NEVER), INT64_MAX);
    assert_true(monotime_reached(a, a));
    assert_true(monotime_reached(a, b));
    assert_false(monotime_reached(b, a));
    assert_int_equal(monotime_earlier(a, b).us, 10);
    assert_int_equal(monotime_earlier(NEVER, b).us, 30);
    assert_true(monotime_reached(first, clock_monotonic()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(wall_time_as_text),
        CHECKED(any_wall_time_fits_its_text),
        CHECKED(http_dates),
        CHECKED(what_is_no_http_date),
        CHECKED(steady_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
