#include "aws/retry.h"
#include "base/clock.h"

#include "leak_check.h"

#include <stdio.h>

static struct err failure(const char *code, int status, bool retryable)
{
    struct err err = {.status = status, .retryable = retryable};
    snprintf(err.code, sizeof err.code, "%s", code);
    return err;
}

static const struct {
    const char *code;
    int status;
    bool retryable;
    enum retry_class expected;
} classes[] = {
    /* no answer, or a cut one: as the err says */
    {"timeout", 0, true, RETRY_TRANSIENT},
    {"connect", 0, true, RETRY_TRANSIENT},
    {"tls", 0, false, RETRY_NEVER},
    {"incomplete", 200, true, RETRY_TRANSIENT},
    {"too_large", 200, false, RETRY_NEVER},
    {"", 0, false, RETRY_NEVER},
    /* by status */
    {"", 500, false, RETRY_TRANSIENT},
    {"BadGateway", 502, false, RETRY_TRANSIENT},
    {"Whatever", 503, false, RETRY_TRANSIENT},
    {"GatewayTimeout", 504, false, RETRY_TRANSIENT},
    {"NotImplemented", 501, true, RETRY_NEVER},
    {"Http505", 505, true, RETRY_NEVER},
    {"TooManyRequests", 429, false, RETRY_THROTTLING},
    {"PermanentRedirect", 301, true, RETRY_NEVER},
    {"TemporaryRedirect", 307, true, RETRY_NEVER},
    /* transient by code, whatever the status */
    {"RequestTimeout", 400, false, RETRY_TRANSIENT},
    {"RequestTimeoutException", 400, false, RETRY_TRANSIENT},
    {"InternalError", 200, false, RETRY_TRANSIENT},
    {"InternalServerError", 400, false, RETRY_TRANSIENT},
    {"ConditionalRequestConflict", 409, false, RETRY_TRANSIENT},
    {"OperationAborted", 409, false, RETRY_TRANSIENT},
    {"TransactionConflictException", 400, false, RETRY_TRANSIENT},
    {"ReplicatedWriteConflictException", 400, false, RETRY_TRANSIENT},
    {"IDPCommunicationError", 400, false, RETRY_TRANSIENT},
    {"BadDigest", 400, false, RETRY_TRANSIENT},
    /* throttling by code */
    {"SlowDown", 503, false, RETRY_THROTTLING},
    {"SlowDown", 200, false, RETRY_THROTTLING},
    {"Throttling", 400, false, RETRY_THROTTLING},
    {"ThrottlingException", 400, false, RETRY_THROTTLING},
    {"ThrottledException", 400, false, RETRY_THROTTLING},
    {"RequestThrottled", 403, false, RETRY_THROTTLING},
    {"RequestThrottledException", 400, false, RETRY_THROTTLING},
    {"TooManyRequestsException", 400, false, RETRY_THROTTLING},
    {"ProvisionedThroughputExceededException", 400, false, RETRY_THROTTLING},
    {"TransactionInProgressException", 400, false, RETRY_THROTTLING},
    {"RequestLimitExceeded", 400, false, RETRY_THROTTLING},
    {"BandwidthLimitExceeded", 509, false, RETRY_THROTTLING},
    {"LimitExceededException", 400, false, RETRY_THROTTLING},
    {"PriorRequestNotComplete", 400, false, RETRY_THROTTLING},
    {"EC2ThrottledException", 400, false, RETRY_THROTTLING},
    {"KmsThrottled", 400, false, RETRY_THROTTLING},
    {"KMS.ThrottlingException", 400, false, RETRY_THROTTLING},
    /* never, even if somebody marked them */
    {"AccessDenied", 403, true, RETRY_NEVER},
    {"SignatureDoesNotMatch", 403, true, RETRY_NEVER},
    {"ValidationException", 400, true, RETRY_NEVER},
    {"ConditionalCheckFailedException", 400, true, RETRY_NEVER},
    {"ResourceNotFoundException", 400, true, RETRY_NEVER},
    {"NoSuchBucket", 404, true, RETRY_NEVER},
    {"NoSuchKey", 404, true, RETRY_NEVER},
    {"QueueDoesNotExist", 400, true, RETRY_NEVER},
    {"PreconditionFailed", 412, true, RETRY_NEVER},
    {"EntityTooLarge", 400, true, RETRY_NEVER},
    {"OverLimit", 403, true, RETRY_NEVER},
    {"slowdown", 400, true, RETRY_NEVER},
    {"SlowDownNow", 400, true, RETRY_NEVER},
};

static void errors_have_their_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct err err = failure(classes[i].code, classes[i].status, classes[i].retryable);
        if (retry_classify(&err) != classes[i].expected)
            fail_msg("%s %d: class %d", classes[i].code, classes[i].status,
                     (int)retry_classify(&err));
    }
}

/* Delays of one class after one attempt, over many draws: their bounds, and that they spread. */
static void assert_spread(const char *service, const struct err *err, int attempt, int64_t step_us,
                          int price)
{
    struct random r = random_seeded(42);
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 500; i++) {
        struct retry_budget budget = retry_budget_new(service);
        int64_t delay = -1;
        int cost = -1;
        assert_true(retry_again(&budget, &r, err, attempt, 0, &delay, &cost));
        assert_int_equal(cost, price);
        assert_int_equal(budget.left, RETRY_BUDGET - price);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_true(least >= 0 && least < step_us / 20);
    assert_true(most < step_us && most > step_us - step_us / 20);
}

static void delays_double_and_spread(void **state)
{
    struct err transient = failure("InternalError", 500, true);
    struct err throttled = failure("SlowDown", 503, true);
    (void)state;
    assert_spread("sqs", &transient, 1, 50000, 14);
    assert_spread("sqs", &transient, 2, 100000, 14);
    assert_spread("sqs", &throttled, 1, SECOND_US, 5);
    assert_spread("sqs", &throttled, 2, 2 * SECOND_US, 5);
    assert_spread("dynamodb", &transient, 1, 25000, 14);
    assert_spread("dynamodb", &transient, 3, 100000, 14);
    assert_spread("dynamodb", &throttled, 1, SECOND_US, 5);
}

static void the_same_seed_gives_the_same_delay(void **state)
{
    struct err err = failure("timeout", 0, true);
    int64_t delays[2] = {0, 1};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct retry_budget budget = retry_budget_new("sqs");
        struct random r = random_seeded(7);
        int cost;
        assert_true(retry_again(&budget, &r, &err, 1, 0, &delays[i], &cost));
    }
    assert_int_equal(delays[0], delays[1]);
}

static void the_server_may_ask_for_more_time(void **state)
{
    struct err err = failure("SlowDown", 503, true);
    struct retry_budget budget = retry_budget_new("sqs");
    struct random r = random_seeded(1);
    int64_t delay;
    int cost;
    (void)state;
    assert_true(retry_again(&budget, &r, &err, 1, 7 * SECOND_US, &delay, &cost));
    assert_int_equal(delay, 7 * SECOND_US);
    assert_true(retry_again(&budget, &r, &err, 2, -5, &delay, &cost));
    assert_true(delay >= 0 && delay < 2 * SECOND_US);
}

static void stops_after_three_attempts_or_a_final_error(void **state)
{
    struct err again = failure("InternalError", 500, true);
    struct err final = failure("AccessDenied", 403, false);
    struct retry_budget budget = retry_budget_new("sqs");
    struct random r = random_seeded(1);
    int64_t delay = -1;
    int cost = -1;
    (void)state;
    assert_false(retry_again(&budget, &r, &again, RETRY_ATTEMPTS, 0, &delay, &cost));
    assert_false(retry_again(&budget, &r, &final, 1, 0, &delay, &cost));
    assert_int_equal(budget.left, RETRY_BUDGET);
    assert_int_equal(delay, -1);
    assert_int_equal(cost, -1);
    assert_true(retry_again(&budget, &r, &again, RETRY_ATTEMPTS - 1, 0, &delay, &cost));
}

static void dynamodb_is_asked_once_more(void **state)
{
    struct err again = failure("InternalServerError", 500, true);
    struct retry_budget budget = retry_budget_new("dynamodb");
    struct random r = random_seeded(1);
    int64_t delay;
    int cost;
    (void)state;
    assert_true(retry_again(&budget, &r, &again, RETRY_ATTEMPTS, 0, &delay, &cost));
    assert_false(retry_again(&budget, &r, &again, RETRY_ATTEMPTS_DYNAMODB, 0, &delay, &cost));
}

static void the_budget_runs_out(void **state)
{
    struct err transient = failure("timeout", 0, true), throttled = failure("SlowDown", 503, true);
    struct retry_budget budget = retry_budget_new("sqs");
    struct random r = random_seeded(1);
    int64_t delay;
    int cost, transients = 0, throttlings = 0;
    (void)state;
    while (retry_again(&budget, &r, &transient, 1, 0, &delay, &cost))
        transients++;
    assert_int_equal(transients, 35);                    /* 35 x 14 = 490 */
    while (retry_again(&budget, &r, &throttled, 1, 0, &delay, &cost))
        throttlings++;
    assert_int_equal(throttlings, 2);                    /* 2 x 5 of the 10 left */
    assert_int_equal(budget.left, 0);
    assert_false(retry_again(&budget, &r, &throttled, 1, 0, &delay, &cost));
}

static void success_refunds(void **state)
{
    struct retry_budget budget = {.left = 100};
    (void)state;
    retry_refund(&budget, 14);
    assert_int_equal(budget.left, 114);
    retry_refund(&budget, 5);
    assert_int_equal(budget.left, 119);
    retry_refund(&budget, 0);
    assert_int_equal(budget.left, 120);
    budget.left = RETRY_BUDGET - 3;
    retry_refund(&budget, 14);
    assert_int_equal(budget.left, RETRY_BUDGET);
    retry_refund(&budget, 0);
    assert_int_equal(budget.left, RETRY_BUDGET);
    assert_int_equal(retry_budget_new("sqs").left, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(errors_have_their_class),
        CHECKED(delays_double_and_spread),
        CHECKED(the_same_seed_gives_the_same_delay),
        CHECKED(the_server_may_ask_for_more_time),
        CHECKED(stops_after_three_attempts_or_a_final_error),
        CHECKED(dynamodb_is_asked_once_more),
        CHECKED(the_budget_runs_out),
        CHECKED(success_refunds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
