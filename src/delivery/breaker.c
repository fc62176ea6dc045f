#include "delivery/breaker.h"

#include "base/log.h"

#include <stdio.h>

enum { STREAK = 3, DOUBLINGS = 5 };

static const int64_t first_us = SECOND_US, last_us = 30 * SECOND_US;

void breaker_init(struct breaker *b)
{
    *b = (struct breaker){.random = random_fresh()};
}

int64_t breaker_pause(struct breaker *b, int tries)
{
    int64_t most = first_us << (tries < DOUBLINGS ? tries : DOUBLINGS);
    if (most > last_us)
        most = last_us;
    return most / 2 + random_below(&b->random, most / 2 + 1);
}

static void pause_now(struct breaker *b, struct monotime now)
{
    b->probe = NULL;
    b->not_before = monotime_after(now, breaker_pause(b, b->pauses++));
}

static void failed(struct breaker *b, const struct delivery *d, const struct verdict *v,
                   struct monotime now)
{
    snprintf(b->error, sizeof b->error, "%s", v->error);
    b->streak++;
    if (b->open && b->probe == d) {
        pause_now(b, now);
    } else if (!b->open && b->streak >= STREAK) {
        b->open = true;
        b->since = now;
        b->pauses = 0;
        pause_now(b, now);
        log_line(LOG_WARN, "a store fails, nothing is taken until it works again: %s", b->error);
    }
}

/* What was begun before the store failed, and ended well on another one, proves nothing. */
static bool worked(struct breaker *b, const struct delivery *d, struct monotime now)
{
    if (b->open && b->probe != d)
        return false;
    b->streak = 0;
    if (!b->open)
        return false;
    b->open = false;
    b->probe = NULL;
    log_line(LOG_INFO, "the store works again, after %.1f s",
             (double)monotime_until(b->since, now) / SECOND_US);
    return true;
}

bool breaker_hear(struct breaker *b, const struct delivery *d, const struct verdict *v,
                  struct monotime now)
{
    if (v->kind == VERDICT_DONE || v->kind == VERDICT_SKIP)
        return worked(b, d, now);
    if (v->kind == VERDICT_RETRY && v->outage)
        failed(b, d, v, now);
    else
        breaker_forget(b, d);            /* it says nothing of the store */
    return false;
}

void breaker_forget(struct breaker *b, const struct delivery *d)
{
    if (b->probe == d)
        b->probe = NULL;
}

struct monotime breaker_pause_end(const struct breaker *b)
{
    return b->open ? b->not_before : (struct monotime){0};
}

struct monotime breaker_next(const struct breaker *b)
{
    return b->probe ? NEVER : breaker_pause_end(b);
}

void breaker_try(struct breaker *b, const struct delivery *d)
{
    if (b->open)
        b->probe = d;
}
