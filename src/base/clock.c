#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

struct monotime clock_monotonic(void)
{
    return (struct monotime){read_us(CLOCK_MONOTONIC)};
}

struct walltime clock_wall(void)
{
    return (struct walltime){read_us(CLOCK_REALTIME)};
}

struct monotime monotime_after(struct monotime from, int64_t us)
{
    struct monotime sum;
    if (__builtin_add_overflow(from.us, us, &sum.us))
        return NEVER;
    return sum;
}

int64_t monotime_until(struct monotime from, struct monotime to)
{
    return to.us == INT64_MAX ? INT64_MAX : to.us - from.us;
}

bool monotime_reached(struct monotime deadline, struct monotime now)
{
    return deadline.us <= now.us;
}

struct monotime monotime_earlier(struct monotime a, struct monotime b)
{
    return a.us < b.us ? a : b;
}

static struct tm calendar(struct walltime t, int *ms)
{
    int64_t seconds = t.us / SECOND_US, rest = t.us % SECOND_US;
    struct tm parts;
    time_t when;
    if (rest < 0) {
        seconds--;
        rest += SECOND_US;
    }
    when = (time_t)seconds;
    *ms = (int)(rest / 1000);
    gmtime_r(&when, &parts);
    return parts;
}

void walltime_basic(struct walltime t, char out[CLOCK_TEXT])
{
    int ms;
    struct tm c = calendar(t, &ms);
    snprintf(out, CLOCK_TEXT, "%04d%02d%02dT%02d%02d%02dZ", (c.tm_year + 1900) % 10000,
             c.tm_mon + 1, c.tm_mday, c.tm_hour, c.tm_min, c.tm_sec);
}

void walltime_iso(struct walltime t, char out[CLOCK_TEXT])
{
    int ms;
    struct tm c = calendar(t, &ms);
    snprintf(out, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (c.tm_year + 1900) % 10000,
             c.tm_mon + 1, c.tm_mday, c.tm_hour, c.tm_min, c.tm_sec, ms);
}

/* Has `text` the form of `mask`: 9 a digit, A a letter, anything else itself? */
static bool fits(struct bytes text, const char *mask)
{
    if (text.len != strlen(mask))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (mask[i] == '9' ? !digit : mask[i] == 'A' ? !letter : c != mask[i])
            return false;
    }
    return true;
}

static int number(struct bytes text, size_t at, size_t digits)
{
    int value = 0;
    while (digits--)
        value = value * 10 + (text.at[at++] - '0');
    return value;
}

bool walltime_parse_http(struct bytes text, struct walltime *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm c = {0};
    if (!fits(text, "AAA, 99 AAA 9999 99:99:99 GMT"))
        return false;
    while (c.tm_mon < 12 && memcmp(months + c.tm_mon * 3, text.at + 8, 3))
        c.tm_mon++;
    c.tm_mday = number(text, 5, 2);
    c.tm_year = number(text, 12, 4) - 1900;
    c.tm_hour = number(text, 17, 2);
    c.tm_min = number(text, 20, 2);
    c.tm_sec = number(text, 23, 2);
    if (c.tm_mon == 12 || c.tm_mday < 1 || c.tm_mday > 31 || c.tm_hour > 23 || c.tm_min > 59 ||
        c.tm_sec > 60)
        return false;
    out->us = (int64_t)timegm(&c) * SECOND_US;
    return true;
}
