/* Ledger: what became of every message that was taken.
 * A plain value, owned by its consumer. Each count is made at its own event, when it is
 * confirmed, and never derived from another, so that adding up means something. What ends without
 * a confirmation (a lease that lapsed, a delete that failed) counts as released: it comes again. */
#ifndef TIDEGATE_DELIVERY_LEDGER_H
#define TIDEGATE_DELIVERY_LEDGER_H

#include "delivery/verdict.h"

#include <stddef.h>

enum { LEDGER_OUTCOMES = 32 };

struct ledger_outcome {
    char name[VERDICT_OUTCOME_MAX];
    uint64_t count;
};

struct ledger {
    uint64_t received;
    uint64_t done, skipped, retried, parked, released;
    uint64_t unparkable; /* of `retried`: meant for parking, but no place takes it */
    struct ledger_outcome outcomes[LEDGER_OUTCOMES]; /* in order of first appearance; the last one
                                                        takes the rest */
};

void ledger_settle(struct ledger *l, const struct verdict *v);
bool ledger_balanced(const struct ledger *l);

#endif
