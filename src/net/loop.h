/* Loop: the process's one place of waiting: transfers, timers and signals.
 * It owns the libcurl multi handle with its connections, the timer heap and the signal descriptor;
 * timers and transfers belong to whoever started them. It is the only reader of the clocks besides
 * the log. It never runs Lua and never calls back from inside libcurl: finished transfers are
 * drained first, then notified. */
#ifndef TIDEGATE_NET_LOOP_H
#define TIDEGATE_NET_LOOP_H

#include "base/clock.h"
#include "base/err.h"
#include "net/timers.h"

struct loop;

/* Blocks TERM, INT, HUP and USR1 for the process for good, and ignores PIPE. Called first thing, a
 * signal that comes before the loop stands waits for it. */
void loop_block_signals(void);
/* One loop a process. Blocks these signals if nobody did and reads them itself. NULL with err
 * filled when the system refuses. */
struct loop *loop_new(struct err *err);
void loop_free(struct loop *l);                      /* no transfer may be left; NULL is fine */

struct monotime loop_now(const struct loop *l);      /* read once a turn, and at the start */
struct walltime loop_wall(const struct loop *l);     /* likewise */

/* Waits up to wait_us (0: not at all; INT64_MAX: until something happens) for a transfer, a due
 * timer or a signal, then notifies the transfers that finished and fires the timers that are due,
 * so that an answer in hand beats its deadline. It may return early with nothing to show. */
void loop_turn(struct loop *l, int64_t wait_us);

/* The next signal that arrived, or 0. Each is told once, in the order in which the kernel gave it:
 * between two turns it keeps one of each kind, and gives the lowest number first. */
int loop_take_signal(struct loop *l);
/* Looks for signals without a turn. */
void loop_read_signals(struct loop *l);

void timer_set(struct loop *l, struct timer *t, struct monotime at);     /* sets or moves it */
void timer_clear(struct loop *l, struct timer *t);                     /* fine when it is not set */

struct loop_counts {
    size_t transfers;                                /* under way, or finished and not told */
    size_t timers;                                   /* set */
    size_t connections;                              /* opened since the start */
};
struct loop_counts loop_counts(const struct loop *l);

#endif
