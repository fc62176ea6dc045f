/* Verdict: what a handler answers about its message, and what the core answers for it when it
 * cannot. A plain value, copied. It never says what the message meant. */
#ifndef TIDEGATE_DELIVERY_VERDICT_H
#define TIDEGATE_DELIVERY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum verdict_kind {
    VERDICT_DONE,            /* applied: delete it */
    VERDICT_SKIP,            /* nothing to do: delete it */
    VERDICT_RETRY,           /* give it back, later */
    VERDICT_PARK,            /* put it aside for a person */
    VERDICT_RELEASE          /* not worked on: give it back at once */
};

enum { VERDICT_OUTCOME_MAX = 32, VERDICT_REASON_MAX = 400, VERDICT_ERROR_MAX = 400,
       VERDICT_BACKOFF = -1 };

struct verdict {
    enum verdict_kind kind;
    int64_t after_us;                            /* RETRY: VERDICT_BACKOFF, or so long */
    bool outage;         /* RETRY: a store could not, and may later: no fault of the message */
    char outcome[VERDICT_OUTCOME_MAX];           /* "" or a word to count it under */
    char reason[VERDICT_REASON_MAX];             /* "" or a sentence */
    char error[VERDICT_ERROR_MAX];               /* "" or what a handler or a store said */
};

#endif
