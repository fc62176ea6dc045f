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

bool walltime_parse_http(struct bytes text, struct walltime *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char copy[32], month[4];
    struct tm c = {0};
    const char *hit;
    int end = 0;
    if (text.len != 29)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.at);
    if (sscanf(copy, "%*3c, %2d %3s %4d %2d:%2d:%2d GMT%n", &c.tm_mday, month, &c.tm_year,
               &c.tm_hour, &c.tm_min, &c.tm_sec, &end) != 6 ||
        end != 29)
        return false;
    hit = strstr(months, month);
    if (!hit || (hit - months) % 3)
        return false;
    c.tm_mon = (int)(hit - months) / 3;
    c.tm_year -= 1900;
    out->us = (int64_t)timegm(&c) * SECOND_US;
    return true;
}
