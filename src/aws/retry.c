#include "aws/retry.h"

#include "base/clock.h"

#include <string.h>

enum { COST_TRANSIENT = 14, COST_THROTTLING = 5, REFUND_PLAIN = 1 };

static const int64_t base_throttling_us = SECOND_US;
static const int64_t longest_us = 20 * SECOND_US;

/* The SDKs' list and SQS's two names for a throttled KMS. PriorRequestNotComplete stands in both of
 * the SDKs' lists; the slower pace is the safe one. */
static const char *const throttling[] = {
    "BandwidthLimitExceeded", "EC2ThrottledException", "KMS.ThrottlingException", "KmsThrottled",
    "LimitExceededException", "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown",
    "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "TransactionInProgressException", NULL,
};

/* The SDKs' list, and what the services' guides call worth repeating: S3's races (answered 409) and
 * errors in a 200, DynamoDB's write races, STS's identity provider. */
static const char *const transient[] = {
    "BadDigest", "ConditionalRequestConflict", "IDPCommunicationError", "InternalError",
    "InternalServerError", "OperationAborted", "ReplicatedWriteConflictException",
    "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable",
    "TransactionConflictException", NULL,
};

static bool listed(const char *const *codes, const struct err *err)
{
    for (; *codes; codes++)
        if (err_is(err, *codes))
            return true;
    return false;
}

struct retry_budget retry_budget_new(const char *service)
{
    if (strcmp(service, "dynamodb") == 0)
        return (struct retry_budget){RETRY_BUDGET, RETRY_ATTEMPTS_DYNAMODB, SECOND_US / 40};
    return (struct retry_budget){RETRY_BUDGET, RETRY_ATTEMPTS, SECOND_US / 20};
}

enum retry_class retry_classify(const struct err *err)
{
    if (listed(throttling, err))
        return RETRY_THROTTLING;
    if (listed(transient, err))
        return RETRY_TRANSIENT;
    if (err->status < 300)               /* no answer, or a good one that was cut */
        return err->retryable ? RETRY_TRANSIENT : RETRY_NEVER;
    switch (err->status) {
    case 429:
        return RETRY_THROTTLING;
    case 500:
    case 502:
    case 503:
    case 504:
        return RETRY_TRANSIENT;
    default:
        return RETRY_NEVER;
    }
}

/* Full jitter: anything up to the whole step, so that clients do not come back together. */
static int64_t backoff_us(struct random *r, int64_t step, int attempt)
{
    for (int i = 1; i < attempt && step < longest_us; i++)
        step *= 2;
    return (int64_t)(random_unit(r) * (double)(step < longest_us ? step : longest_us));
}

bool retry_again(struct retry_budget *budget, struct random *r, const struct err *err, int attempt,
                 int64_t min_delay_us, int64_t *delay_us, int *cost)
{
    enum retry_class class = retry_classify(err);
    bool throttled = class == RETRY_THROTTLING;
    int price = throttled ? COST_THROTTLING : COST_TRANSIENT;
    if (class == RETRY_NEVER || attempt >= budget->attempts || budget->left < price)
        return false;
    budget->left -= price;
    *cost = price;
    *delay_us = backoff_us(r, throttled ? base_throttling_us : budget->transient_us, attempt);
    if (*delay_us < min_delay_us)
        *delay_us = min_delay_us;
    return true;
}

void retry_refund(struct retry_budget *budget, int last_cost)
{
    budget->left += last_cost > 0 ? last_cost : REFUND_PLAIN;
    if (budget->left > RETRY_BUDGET)
        budget->left = RETRY_BUDGET;
}
