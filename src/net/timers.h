/* Timers: a heap of deadlines, the earliest first, equal ones in the order they were set in.
 * It owns its array; each timer is embedded in whoever waits, who clears it before it goes.
 * It reads no clock, and a timer that sets itself again while it fires waits for the next round. */
#ifndef TIDEGATE_NET_TIMERS_H
#define TIDEGATE_NET_TIMERS_H

#include "base/clock.h"

struct timer {
    struct monotime at;
    void (*fire)(struct timer *t);       /* the timer is already cleared and may be set again */
    void *owner;
    size_t slot;                         /* the heap's: 0 while it is not set */
    uint64_t order;                      /* the heap's: the place among equals */
};

struct timers {
    struct timer **heap;                 /* heap[1] is the earliest; heap[0] is not used */
    size_t count;
    size_t cap;
    uint64_t orders;
    struct monotime round;               /* the time of the last timers_fire() */
};

/* Sets it or moves it. A time before the last round counts as that round's. */
void timers_set(struct timers *h, struct timer *t, struct monotime at);
void timers_clear(struct timers *h, struct timer *t);              /* fine when it is not set */
struct monotime timers_next(const struct timers *h);               /* NEVER when none is set */
/* Fires what is due and was set before this call; `fire` may set and clear any timer. */
void timers_fire(struct timers *h, struct monotime now);
void timers_free(struct timers *h);                                /* the array, no timer */

#endif
