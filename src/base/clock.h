/* Clocks: steady time for deadlines and leases, wall time for signatures and dates, as types that
 * do not mix. Plain values. Only the loop, the log and tide.now() read a clock; everything else is
 * handed the time. Nothing here depends on the time zone or the locale. */
#ifndef TIDEGATE_BASE_CLOCK_H
#define TIDEGATE_BASE_CLOCK_H

#include "base/bytes.h"

struct monotime {
    int64_t us;          /* since an arbitrary start; only differences mean something */
};

struct walltime {
    int64_t us;          /* since 1970-01-01 00:00 UTC, leap seconds not counted */
};

#define SECOND_US 1000000LL
#define NEVER ((struct monotime){INT64_MAX})

struct monotime clock_monotonic(void);
struct walltime clock_wall(void);

struct monotime monotime_after(struct monotime from, int64_t us);    /* saturates at NEVER */
int64_t monotime_until(struct monotime from, struct monotime to); /* us; negative when `to` is past
                                                                   */
bool monotime_reached(struct monotime deadline, struct monotime now);
struct monotime monotime_earlier(struct monotime a, struct monotime b);

enum { CLOCK_TEXT = 80 };
/* "20261122T213400Z", the form of X-Amz-Date; years 1 to 9999. */
void walltime_basic(struct walltime t, char out[CLOCK_TEXT]);
/* "2026-11-22T21:34:00.123Z" */
void walltime_iso(struct walltime t, char out[CLOCK_TEXT]);
/* Reads "Sun, 22 Nov 2026 21:34:00 GMT" (HTTP's preferred form only, RFC 9110 §5.6.7); false on
 * anything else. */
bool walltime_parse_http(struct bytes text, struct walltime *out);

#endif
