/* Breaker: whether the stores that handlers write to fail as a whole, and when to try them again.
 * A plain value, owned by its consumer; deliveries are only compared. Time is handed in. It hears
 * of verdicts and says whether a handler may begin; it never holds or starts anything.
 *
 * What it makes of a consumer: a handler whose store could not do it now, but may later (verdict
 * `outage`), keeps its message: it stays in hand, with its lane and with its lease extended, and is
 * tried again in place, so that such a failure costs no receive and parks nothing. Three in a row,
 * with nothing done between them, open the breaker. While it is open nothing is taken and nothing
 * begins, but for one message at the end of each pause: one that was not tried yet before one that
 * was, and one more is taken for it when nothing else waits, so that one message with a store of
 * its own cannot hold up all others. The pauses grow from 1 s to 30 s. The first message that is
 * done closes the breaker, and all that was held begins again. The log tells of both. */
#ifndef TIDEGATE_DELIVERY_BREAKER_H
#define TIDEGATE_DELIVERY_BREAKER_H

#include "base/random.h"
#include "delivery/cache.h"

struct breaker {
    bool open;
    int streak;                      /* failures with nothing done between them */
    int pauses;                      /* since it opened */
    struct monotime since;           /* when it opened */
    struct monotime not_before;      /* the end of this pause */
    const struct delivery *probe;    /* open: the one that tries; NULL: none */
    char error[VERDICT_ERROR_MAX];   /* what the store said last */
    struct random random;
};

void breaker_init(struct breaker *b);
/* A verdict was given. True when that closes the breaker. */
bool breaker_hear(struct breaker *b, const struct delivery *d, const struct verdict *v,
                  struct monotime now);
/* The delivery does not try any more, without a verdict: it queues in a lane, or was stopped. */
void breaker_forget(struct breaker *b, const struct delivery *d);
/* When the next handler may begin: at once, when the pause is over, or NEVER, as one tries now. */
struct monotime breaker_next(const struct breaker *b);
/* When a message may be taken. */
struct monotime breaker_pause_end(const struct breaker *b);
/* It begins. */
void breaker_try(struct breaker *b, const struct delivery *d);
/* How long a message waits for its store before its next try: after so many, 1 s to 30 s. */
int64_t breaker_pause(struct breaker *b, int tries);

#endif
