/* Retry: whether a failed call is tried again, and after how long.
 * Pure: a budget per service client, owned by its client; time and randomness are handed in.
 * Numbers: the SDKs' standard mode of 2026: 3 attempts, delay = random x min(base x 2^i, 20 s),
 * with base 50 ms for transient failures and 1 s for throttling; to DynamoDB 4 attempts, with base
 * 25 ms; a budget of 500 that a retry draws on (14, throttling 5) and success refunds. */
#ifndef TIDEGATE_AWS_RETRY_H
#define TIDEGATE_AWS_RETRY_H

#include "base/err.h"
#include "base/random.h"

enum { RETRY_ATTEMPTS = 3, RETRY_ATTEMPTS_DYNAMODB = 4, RETRY_BUDGET = 500 };

enum retry_class { RETRY_NEVER, RETRY_TRANSIENT, RETRY_THROTTLING };

struct retry_budget {
    int left;
    int attempts;                        /* of one call */
    int64_t transient_us;                /* the base after a transient failure */
};

struct retry_budget retry_budget_new(const char *service);
/* By code first, then by status; what never got an answer, or a cut one, is as retryable as its err
 * says. */
enum retry_class retry_classify(const struct err *err);
/* True when attempt number `attempt` (1 = the first) may be followed by another; draws on the
 * budget and sets *delay_us (at least min_delay_us, what the server asked for) and *cost for the
 * refund. False leaves all of them alone. */
bool retry_again(struct retry_budget *budget, struct random *r, const struct err *err, int attempt,
                 int64_t min_delay_us, int64_t *delay_us, int *cost);
/* After a success: gives back the cost of its last retry, or 1 when there was none (0). */
void retry_refund(struct retry_budget *budget, int last_cost);

#endif
