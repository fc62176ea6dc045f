#include "aws_rig.h"

#include "../src/aws/call.c"

#define OK ANSWER("200 OK", "", "good")

/* ---- a kind of the test's own ---- */

struct waiter {
    struct call call;
    int told, reads, bad_reads;
    bool read_retryable;
};

static struct waiter *waiter_of(struct call *c)
{
    return (struct waiter *)(void *)c;
}

static void test_headers(const struct call *c, struct pairs *headers)
{
    (void)c;
    pairs_set(headers, "X-Amz-Target", "Test.Do");
}

static int test_read(struct call *c, struct err *err)
{
    struct waiter *w = waiter_of(c);
    if (w->reads++ >= w->bad_reads)
        return 0;
    err_set(err, "bad_answer", "as the test wants it");
    err->retryable = w->read_retryable;
    return -1;
}

static const struct call_kind kind = {"Do", "POST", test_headers, test_read, answer_read_json};

static void told(struct op *op)
{
    struct waiter *w = op->waiter;
    w->told++;
}

static void waiter_init(struct rig *r, struct waiter *w, const struct call_kind *k)
{
    *w = (struct waiter){.told = 0};
    call_init(&w->call, &r->client, k, 4096);
    call_url(&w->call, &r->client.endpoint);
    buf_text(&w->call.url, "/");
    w->call.body = BYTES("{}");
    w->call.timeout_us = 30 * SECOND_US;
    w->call.op.notify = told;
    w->call.op.waiter = w;
}

static void waiter_run(struct rig *r, struct waiter *w)
{
    call_start(&w->call);
    rig_wait(r, &w->call.op);
    assert_int_equal(w->told, 1);
}

static void expect(struct rig *r, const char *code, int requests)
{
    struct waiter w;
    waiter_init(r, &w, &kind);
    waiter_run(r, &w);
    assert_code(&w.call.op.err, code);
    assert_int_equal(server_requests(&r->server), requests);
    call_free(&w.call);
}

/* ---- one attempt ---- */

static void sends_a_signed_question(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", OK);
    waiter_init(r, &w, &kind);
    buf_text(&w.call.url, "a%20b");
    call_query(&w.call);
    buf_text(&w.call.url, "x=1");
    waiter_run(r, &w);
    assert_code(&w.call.op.err, "");
    assert_string_equal(buf_string(&w.call.transfer.content), "good");
    assert_ptr_equal(strstr(rig_seen(r, 0), "POST /a%20b?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
                     rig_seen(r, 0));
    assert_string_equal(rig_header(r, 0, "X-Amz-Target"), "Test.Do");
    assert_string_equal(rig_header(r, 0, "X-Amz-Security-Token"), TOKEN);
    assert_int_equal(strlen(rig_header(r, 0, "X-Amz-Date")), 16);
    assert_string_equal(rig_header(r, 0, "X-Amz-Content-Sha256"), "");
    assert_string_equal(rig_header(r, 0, "amz-sdk-request"), "attempt=1; max=3");
    assert_int_equal(strlen(rig_header(r, 0, "amz-sdk-invocation-id")), 36);
    assert_non_null(strstr(rig_header(r, 0, "Authorization"), "/us-east-1/sqs/aws4_request, "
                           "SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, "));
    assert_int_equal(r->server.log->seen[0].body_len, 2);
    call_free(&w.call);
}

static void signs_the_hash_of_the_body_for_s3(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, "s3", OK);
    expect(r, "", 1);
    assert_string_equal(rig_header(r, 0, "X-Amz-Content-Sha256"),
                        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

static void bad_headers(const struct call *c, struct pairs *headers)
{
    (void)c;
    pairs_set(headers, "X-Amz-Meta-A", "1\r\nX-Evil: 2");
}

static void refuses_what_cannot_be_signed(void **state)
{
    static const struct call_kind bad = {"Do", "PUT", bad_headers, NULL, answer_read_xml};
    struct rig *r = *state;
    struct waiter w;
    rig_client(r, "s3", 1);
    waiter_init(r, &w, &bad);
    call_start(&w.call);
    assert_int_equal(w.told, 1);
    assert_code(&w.call.op.err, "BadRequest");
    call_free(&w.call);
}

static void refuses_a_url_without_end(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    rig_client(r, "s3", 1);
    waiter_init(r, &w, &kind);
    for (int i = 0; i < 2000; i++)
        buf_text(&w.call.url, "0123456789");
    call_start(&w.call);
    assert_int_equal(w.told, 1);
    assert_code(&w.call.op.err, "BadRequest");
    call_free(&w.call);
}

static void release(struct op *op)
{
    call_free(&waiter_of(op->waiter)->call);
    mem_free(op->waiter);
}

static void may_be_freed_by_its_waiter(void **state)
{
    struct rig *r = *state;
    struct waiter *w = mem_new(sizeof *w);
    RIG_SERVE(r, "sqs", OK);
    waiter_init(r, w, &kind);
    w->call.op.notify = release;
    call_start(&w->call);
    while (loop_counts(r->loop).transfers)
        loop_turn(r->loop, INT64_MAX);
    assert_int_equal(server_requests(&r->server), 1);
}

/* ---- attempts ---- */

#define TRY_AGAIN(name, ...)                                                                       \
    static void tries_again_after_##name(void **state)                                             \
    {                                                                                              \
        struct rig *r = *state;                                                                    \
        RIG_SERVE(r, "sqs", __VA_ARGS__, OK);                                                      \
        expect(r, "", 2);                                                                          \
        assert_int_equal(r->client.budget.left, RETRY_BUDGET);                                     \
    }

TRY_AGAIN(a_500, ANSWER("500 Internal Server Error", "", ""))
TRY_AGAIN(a_503, ANSWER("503 Service Unavailable", "", "<html>"))
TRY_AGAIN(a_429, ANSWER("429 Too Many Requests", "", ""))
TRY_AGAIN(a_code, ANSWER("400 Bad Request", "", "{\"__type\":\"a#Throttling\"}"))
TRY_AGAIN(a_cut_body, {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0, CLOSE})
TRY_AGAIN(a_cut_head, {"HTTP/1.1 200 OK\r\n", 0, CLOSE})
TRY_AGAIN(a_reset, {"HTTP/1.1 ", 0, RESET})

#define NO_RETRY(name, code, ...)                                                                  \
    static void does_not_repeat_##name(void **state)                                               \
    {                                                                                              \
        struct rig *r = *state;                                                                    \
        RIG_SERVE(r, "sqs", __VA_ARGS__, OK);                                                      \
        expect(r, code, 1);                                                                        \
        assert_int_equal(r->client.budget.left, RETRY_BUDGET);                                     \
    }

NO_RETRY(a_403, "AccessDenied", ANSWER("403 Forbidden", "", ""))
NO_RETRY(a_412, "PreconditionFailed", ANSWER("412 Precondition Failed", "", ""))
NO_RETRY(a_redirect, "PermanentRedirect",
         ANSWER("301 Moved Permanently", "Location: http://127.0.0.1:1/\r\n", ""))
NO_RETRY(an_answer_over_its_cap, "too_large",
         {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 0, KEEP})

static void gives_up_after_three(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", ANSWER("500 Oops", "x-amzn-RequestId: Q7\r\n", ""));
    waiter_init(r, &w, &kind);
    waiter_run(r, &w);
    assert_code(&w.call.op.err, "InternalError");
    assert_int_equal(w.call.op.err.status, 500);
    assert_string_equal(w.call.op.err.request_id, "Q7");
    assert_true(w.call.op.err.retryable);
    assert_int_equal(server_requests(&r->server), RETRY_ATTEMPTS);
    assert_int_equal(r->client.budget.left, RETRY_BUDGET - 2 * 14);
    call_free(&w.call);
}

static void gives_up_when_nobody_listens(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    rig_client(r, "sqs", unused_port());
    waiter_init(r, &w, &kind);
    waiter_run(r, &w);
    assert_code(&w.call.op.err, "connect");
    assert_int_equal(w.call.attempt, RETRY_ATTEMPTS);
    call_free(&w.call);
}

static void gives_up_when_the_budget_is_spent(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, "sqs", ANSWER("500 Oops", "", ""));
    r->client.budget.left = 13;
    expect(r, "InternalError", 1);
}

/* ---- between attempts ---- */

static void run_to_the_pause(struct rig *r, struct waiter *w)
{
    call_start(&w->call);
    while (!loop_counts(r->loop).timers)
        loop_turn(r->loop, INT64_MAX);
    assert_int_equal(w->told, 0);
}

/* The key is changed in the pause: a signature that was kept would still name the old one. */
static void signs_each_attempt(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", ANSWER("500 Oops", "", ""), OK);
    waiter_init(r, &w, &kind);
    run_to_the_pause(r, &w);
    r->client.secret.access_key_id = "AKIDOTHER";
    rig_wait(r, &w.call.op);
    assert_code(&w.call.op.err, "");
    assert_string_equal(rig_header(r, 0, "amz-sdk-invocation-id"), w.call.invocation);
    assert_string_equal(rig_header(r, 1, "amz-sdk-invocation-id"), w.call.invocation);
    assert_string_equal(rig_header(r, 1, "amz-sdk-request"), "attempt=2; max=3");
    assert_non_null(strstr(rig_header(r, 0, "Authorization"), "Credential=AKIDTEST/"));
    assert_non_null(strstr(rig_header(r, 1, "Authorization"), "Credential=AKIDOTHER/"));
    assert_int_equal(strlen(rig_header(r, 1, "X-Amz-Date")), 16);
    assert_string_equal(rig_header(r, 1, "X-Amz-Target"), "Test.Do");
    call_free(&w.call);
}

static void stops_in_a_pause(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", ANSWER("503 Slow", "x-amz-retry-after: 3000\r\n", ""));
    waiter_init(r, &w, &kind);
    run_to_the_pause(r, &w);
    assert_true(w.call.timer.at.us >= loop_now(r->loop).us + 3 * SECOND_US);
    call_free(&w.call);
    assert_int_equal(loop_counts(r->loop).timers, 0);
    assert_int_equal(w.told, 0);
    call_free(&w.call);
}

static void stops_in_a_transfer(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", {"HTTP/1.1 200 OK\r\n\r\n", 0, HOLD});
    waiter_init(r, &w, &kind);
    call_start(&w.call);
    while (!server_requests(&r->server))
        loop_turn(r->loop, 1000);
    op_abort(&w.call.op);
    assert_int_equal(loop_counts(r->loop).transfers, 0);
    assert_int_equal(w.told, 0);
    call_free(&w.call);
}

struct wait_case {
    const char *header;
    int64_t before_us, after_us;     /* the delay of our own, and what comes of it */
};

static void fake_answer(struct transfer *t, const char *header)
{
    transfer_init(t, 16);
    buf_text(&t->head, "HTTP/1.1 503 Slow\r\n");
    buf_text(&t->head, header);
    buf_text(&t->head, "\r\n\r\n");
}

static void heeds_x_amz_retry_after(void **state)
{
    static const struct wait_case cases[] = {
        {"x-amz-retry-after: 1500", 10, 1500000},
        {"X-Amz-Retry-After: 1500", 2000000, 2000000},
        {"x-amz-retry-after: 1000000000000", 10, 5000000},
        {"x-amz-retry-after: 9223372036854775807", 1000000, 6000000},
        {"x-amz-retry-after: -1", 10, 10},
        {"x-amz-retry-after: abc", 10, 10},
        {"x-amz-retry-after: 1.5", 10, 10},
        {"Retry-After: 3", 10, 10},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct transfer t;
        fake_answer(&t, cases[i].header);
        assert_true(amz_retry_after_us(&t, cases[i].before_us) == cases[i].after_us);
        transfer_free(&t);
    }
}

static void heeds_retry_after(void **state)
{
    static const struct wait_case cases[] = {
        {"Retry-After: 3", 0, 3000000},
        {"retry-after: 20", 0, 20000000},
        {"Retry-After: 86400", 0, 20000000},
        {"Retry-After: 9223372036854775807", 0, 20000000},
        {"Retry-After: Sun, 22 Nov 2026 21:34:01 GMT", 1795383236000000, 5000000},
        {"Retry-After: Sun, 22 Nov 2026 21:34:01 GMT", 1795380000000000, 20000000},
        {"Retry-After: Sun, 22 Nov 2026 21:34:01 GMT", 1795383300000000, 0},
        {"Retry-After: -1", 0, 0},
        {"Retry-After: soon", 0, 0},
        {"x-amz-retry-after: 1500", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct transfer t;
        fake_answer(&t, cases[i].header);
        assert_true(retry_after_us(&t, (struct walltime){cases[i].before_us}) == cases[i].after_us);
        transfer_free(&t);
    }
}

/* ---- what counts as an answer ---- */

static void expect_from_aws(struct rig *r, const char *code, int requests)
{
    r->client.endpoint.configured = false;
    expect(r, code, requests);
}

static void demands_a_request_id_of_aws(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, "sqs", OK);
    expect_from_aws(r, "incomplete", RETRY_ATTEMPTS);
}

static void takes_either_request_id(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, "sqs", ANSWER("200 OK", "x-amzn-RequestId: a\r\n", ""),
              ANSWER("200 OK", "x-amz-request-id: a\r\n", ""),
              ANSWER("200 OK", "x-request-id: a\r\n", ""), OK, OK);
    expect_from_aws(r, "", 1);
    expect_from_aws(r, "", 2);
    expect_from_aws(r, "incomplete", 5);
}

static void repeats_what_it_could_not_read(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", OK);
    waiter_init(r, &w, &kind);
    w.bad_reads = 1;
    w.read_retryable = true;
    waiter_run(r, &w);
    assert_code(&w.call.op.err, "");
    assert_int_equal(w.reads, 2);
    assert_int_equal(server_requests(&r->server), 2);
    call_free(&w.call);
}

static void believes_a_reader_that_repeating_is_no_use(void **state)
{
    struct rig *r = *state;
    struct waiter w;
    RIG_SERVE(r, "sqs", ANSWER("200 OK", "x-amzn-RequestId: Q1\r\n", ""));
    waiter_init(r, &w, &kind);
    w.bad_reads = 1;
    waiter_run(r, &w);
    assert_code(&w.call.op.err, "bad_answer");
    assert_string_equal(w.call.op.err.request_id, "Q1");
    assert_int_equal(server_requests(&r->server), 1);
    call_free(&w.call);
}

/* ---- the log ---- */

static void logs_each_attempt_and_no_secret(void **state)
{
    struct rig *r = *state;
    struct capture capture;
    char log[8192];
    RIG_SERVE(r, "sqs", ANSWER("500 Oops", "", ""),
              ANSWER("200 OK", "x-amzn-RequestId: Q1\r\n", ""));
    capture = capture_log(LOG_DEBUG);
    expect(r, "", 2);
    captured_log(&capture, log, sizeof log);
    assert_non_null(strstr(log, "service=sqs operation=Do status=500 ms="));
    assert_non_null(strstr(log, " attempt=1 request=none error=InternalError\n"));
    assert_non_null(strstr(log, "service=sqs operation=Do status=200 ms="));
    assert_non_null(strstr(log, " attempt=2 request=Q1\n"));
    assert_null(strstr(log, SECRET));
    assert_null(strstr(log, TOKEN));
    assert_null(strstr(log, "Signature"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(sends_a_signed_question),
        RIG_TEST(signs_the_hash_of_the_body_for_s3),
        RIG_TEST(refuses_what_cannot_be_signed),
        RIG_TEST(refuses_a_url_without_end),
        RIG_TEST(may_be_freed_by_its_waiter),
        RIG_TEST(tries_again_after_a_500),
        RIG_TEST(tries_again_after_a_503),
        RIG_TEST(tries_again_after_a_429),
        RIG_TEST(tries_again_after_a_code),
        RIG_TEST(tries_again_after_a_cut_body),
        RIG_TEST(tries_again_after_a_cut_head),
        RIG_TEST(tries_again_after_a_reset),
        RIG_TEST(does_not_repeat_a_403),
        RIG_TEST(does_not_repeat_a_412),
        RIG_TEST(does_not_repeat_a_redirect),
        RIG_TEST(does_not_repeat_an_answer_over_its_cap),
        RIG_TEST(gives_up_after_three),
        RIG_TEST(gives_up_when_nobody_listens),
        RIG_TEST(gives_up_when_the_budget_is_spent),
        RIG_TEST(signs_each_attempt),
        RIG_TEST(stops_in_a_pause),
        RIG_TEST(stops_in_a_transfer),
        RIG_TEST(heeds_x_amz_retry_after),
        RIG_TEST(heeds_retry_after),
        RIG_TEST(demands_a_request_id_of_aws),
        RIG_TEST(takes_either_request_id),
        RIG_TEST(repeats_what_it_could_not_read),
        RIG_TEST(believes_a_reader_that_repeating_is_no_use),
        RIG_TEST(logs_each_attempt_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
