#include "transfer_rig.h"

#include <sys/resource.h>

static const struct reply always_good[] = {{OK_REPLY, 0, KEEP}};

/* ---- the question ---- */

struct question {
    const char *method;
    const char *path;
    struct bytes body;
    const char *expected;            /* all that the server saw before the body */
};

#define HEADERS "Host: example.test\r\nX-Amz-Date: 20261122T213400Z\r\nX-Empty:\r\n" \
    "Content-Type: application/x-amz-json-1.0\r\n"

static const struct question questions[] = {
    {"GET", "/a/../b//./c%2F?list-type=2&prefix=%C3%A9&lifecycle", {"", 0},
     "GET /a/../b//./c%2F?list-type=2&prefix=%C3%A9&lifecycle HTTP/1.1\r\n" HEADERS "\r\n"},
    {"HEAD", "/k", {"", 0}, "HEAD /k HTTP/1.1\r\n" HEADERS "\r\n"},
    {"PUT", "/../k", {"{\"a\":1}", 7},
     "PUT /../k HTTP/1.1\r\n" HEADERS "Content-Length: 7\r\n\r\n"},
    {"PUT", "/empty", {NULL, 0}, "PUT /empty HTTP/1.1\r\n" HEADERS "Content-Length: 0\r\n\r\n"},
    {"POST", "/", {"a\0b", 3}, "POST / HTTP/1.1\r\n" HEADERS "Content-Length: 3\r\n\r\n"},
    {"DELETE", "/k?versionId=1", {"", 0},
     "DELETE /k?versionId=1 HTTP/1.1\r\n" HEADERS "\r\n"},
};

/* One connection and one handle for all: nothing of one question shows in the next. */
static void sends_the_question_as_it_stands(void **state)
{
    struct rig *r = *state;
    size_t count = sizeof questions / sizeof questions[0];
    RIG_SERVE(r, ((struct reply[]){{"HTTP/1.1 204 No Content\r\n\r\n", 0, KEEP}}));
    pairs_set(&r->headers, "X-Amz-Date", "20261122T213400Z");
    pairs_set(&r->headers, "X-Empty", " ");
    pairs_set(&r->headers, "Content-Type", "application/x-amz-json-1.0");
    for (size_t i = 0; i < count; i++) {
        const struct question *q = &questions[i];
        const struct seen *seen = &r->server.log->seen[i];
        struct transfer t;
        rig_ask(r, &t, q->method, q->path, q->body);
        assert_good(&t, 204, "");
        assert_string_equal(seen->head, q->expected);
        assert_int_equal(seen->body_len, q->body.len);
        assert_int_equal(seen->body_sum, body_sum(0, q->body.at, q->body.len));
        transfer_free(&t);
    }
    assert_int_equal(r->server.log->requests, count);
    assert_int_equal(r->server.log->connections, 1);
}

/* Bare: no header of libcurl's own, and a body beyond the size at which it would say Expect. */
static void adds_nothing_but_the_length(void **state)
{
    struct rig *r = *state;
    size_t len = 3 * 1024 * 1024;
    char *body = calloc(1, len);
    struct transfer t;
    RIG_SERVE(r, always_good);
    memset(body, 'x', len);
    rig_ask(r, &t, "PUT", "/big", (struct bytes){body, len});
    assert_good(&t, 200, "good");
    assert_string_equal(r->server.log->seen[0].head, "PUT /big HTTP/1.1\r\nHost: example.test\r\n"
                                                     "Content-Length: 3145728\r\n\r\n");
    assert_int_equal(r->server.log->seen[0].body_sum, body_sum(0, body, len));
    transfer_free(&t);
    free(body);
}

static void refuses_what_cannot_be_sent(void **state)
{
    static const char *const bad_values[] = {"a\r\nX-Evil: 1", "a\nb", "a\rb"};
    static const char *const bad_urls[] = {"http://", "http://127.0.0.1:1/a b",
                                           "http://127.0.0.1:1/a\nb", "http://u:p@127.0.0.1:1/"};
    struct rig *r = *state;
    struct transfer t;
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
        struct pairs headers = {0};
        pairs_set(&headers, "X-Name", bad_values[i]);
        rig_question(r, &t, "GET", "http://127.0.0.1:1/");
        t.headers = &headers;
        rig_run(r, &t);
        assert_failed(&t, "request", false);
        transfer_free(&t);
        pairs_free(&headers);
    }
    for (size_t i = 0; i < sizeof bad_urls / sizeof bad_urls[0]; i++) {
        rig_question(r, &t, "GET", bad_urls[i]);
        rig_run(r, &t);
        assert_failed(&t, "request", false);
        transfer_free(&t);
    }
}

static void uses_proxies_but_never_for_loopback(void **state)
{
    struct rig *r = *state;
    struct transfer t;
    char proxy[RIG_URL];
    struct server direct = {0};
    RIG_SERVE(r, always_good);
    server_start(&direct, always_good, 1);
    rig_url(r, "", proxy);
    setenv("http_proxy", proxy, 1);
    rig_question(r, &t, "GET", "http://bucket.example.test/k");
    rig_run(r, &t);
    assert_good(&t, 200, "good");
    transfer_free(&t);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d/k", direct.port);
    rig_question(r, &t, "GET", proxy);
    rig_run(r, &t);
    assert_good(&t, 200, "good");
    transfer_free(&t);
    unsetenv("http_proxy");
    assert_non_null(strstr(r->server.log->seen[0].head, "GET http://bucket.example.test/k HTTP"));
    assert_int_equal(r->server.log->requests, 1);
    assert_int_equal(direct.log->requests, 1);
    server_stop(&direct);
}

/* ---- connections ---- */

static void keeps_the_connection(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, always_good);
    for (int i = 0; i < 50; i++) {
        struct transfer t;
        rig_ask(r, &t, "GET", "/", BYTES(""));
        assert_good(&t, 200, "good");
        assert_int_equal(t.reused, i > 0);
        transfer_free(&t);
    }
    assert_int_equal(r->server.log->connections, 1);
    assert_int_equal(loop_counts(r->loop).connections, 1);
}

struct lanes {
    struct rig *rig;
    struct transfer lane[32];
    char url[RIG_URL];
    int asked, good;
};

static void ask_again(struct op *op)
{
    struct lanes *all = op->waiter;
    struct transfer *t = (struct transfer *)op;
    all->good += t->status == 200 && !err_any(&op->err);
    if (all->asked == 200)
        return;
    all->asked++;
    transfer_start(all->rig->loop, t);
}

static void run_lanes(struct rig *r)
{
    struct lanes all = {.rig = r, .asked = 32};
    rig_url(r, "/", all.url);
    for (int i = 0; i < 32; i++) {
        rig_question(r, &all.lane[i], "GET", all.url);
        all.lane[i].op.notify = ask_again;
        all.lane[i].op.waiter = &all;
        transfer_start(r->loop, &all.lane[i]);
    }
    assert_int_equal(loop_counts(r->loop).transfers, 32);
    while (loop_counts(r->loop).transfers)
        loop_turn(r->loop, INT64_MAX);
    for (int i = 0; i < 32; i++)
        transfer_free(&all.lane[i]);
    assert_int_equal(all.good, 200);
}

/* Connections stay open while fewer are needed; libcurl's own limit would close them one by one. */
static void many_at_once_share_few_connections(void **state)
{
    struct rig *r = *state;
    RIG_SERVE(r, always_good);
    run_lanes(r);
    for (int i = 0; i < 40; i++)
        rig_ask_good(r);
    run_lanes(r);
    assert_int_equal(r->server.log->requests, 440);
    assert_in_range(r->server.log->connections, 1, 32);
    assert_int_equal(loop_counts(r->loop).connections, r->server.log->connections);
}

/* libcurl asks again by itself when the server reads the question and drops a reused connection:
 * the answer is good, and the server has seen the question twice, whole both times. */
static void asks_twice(struct rig *r, struct bytes body, enum then drop)
{
    struct reply replies[] = {{OK_REPLY, 0, KEEP}, {"", 0, drop}, {OK_REPLY, 0, KEEP}};
    const struct seen *seen;
    struct transfer t;
    RIG_SERVE(r, replies);
    seen = r->server.log->seen;
    rig_ask_good(r);
    rig_ask(r, &t, "PUT", "/k", body);
    assert_good(&t, 200, "good");
    assert_false(t.reused);
    assert_true(t.resent);
    transfer_free(&t);
    assert_int_equal(r->server.log->requests, 3);
    assert_int_equal(r->server.log->connections, 2);
    assert_string_equal(seen[1].head, seen[2].head);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(seen[i].body_len, body.len);
        assert_int_equal(seen[i].body_sum, body_sum(0, body.at, body.len));
    }
    server_stop(&r->server);
}

/* More often than the five times that libcurl allows a handle: the handle is reset in between. */
static void a_dropped_reused_connection_does_not_show(void **state)
{
    static const size_t sizes[] = {0, 100, 300 * 1024};
    char *body = calloc(1, 300 * 1024);
    memset(body, 'y', 300 * 1024);
    for (size_t i = 0; i < 3; i++) {
        asks_twice(*state, (struct bytes){body, sizes[i]}, CLOSE);
        asks_twice(*state, (struct bytes){body, sizes[i]}, RESET);
    }
    free(body);
}

/* A server that closes after each answer, said or unsaid. */
static void a_closing_server_does_not_show(void **state)
{
    static const struct reply closing[] = {{OK_REPLY, 0, CLOSE}};
    static const struct reply saying_so[] = {
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood", 0, CLOSE}};
    struct rig *r = *state;
    RIG_SERVE(r, closing);
    for (int i = 0; i < 10; i++)
        rig_ask_good(r);
    server_stop(&r->server);
    RIG_SERVE(r, saying_so);
    for (int i = 0; i < 10; i++)
        rig_ask_good(r);
    assert_int_equal(r->server.log->requests, 10);
}

/* ---- abort ---- */

static void never(struct op *op)
{
    (void)op;
    fail_msg("notified after its abort");
}

static void wait_for_requests(struct rig *r, int count)
{
    while (server_requests(&r->server) < count)
        loop_turn(r->loop, 1000);
}

static void is_aborted_at_any_point(void **state)
{
    static const struct reply replies[] = {
        {OK_REPLY, 0, KEEP},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 0, KEEP}};
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, replies);
    rig_ask_good(r);
    rig_url(r, "/", url);
    for (int stage = 0; stage < 3; stage++) {
        rig_question(r, &t, "GET", url);
        t.op.notify = never;
        transfer_start(r->loop, &t);
        if (stage > 0)
            wait_for_requests(r, 1 + stage);
        while (stage > 1 && !t.content.len)
            loop_turn(r->loop, INT64_MAX);
        op_abort(&t.op);
        op_abort(&t.op);
        assert_int_equal(loop_counts(r->loop).transfers, 0);
        loop_turn(r->loop, 0);
        transfer_free(&t);
        transfer_free(&t);
    }
    assert_int_equal(r->server.log->connections, loop_counts(r->loop).connections);
}

static void abort_the_other(struct op *op)
{
    struct transfer *other = op->waiter;
    op_abort(&other->op);
    other->op.notify = never;
}

/* Both answers are in the socket buffers before the turn, so both finish in it. */
static void is_aborted_by_another_that_finished_with_it(void **state)
{
    struct rig *r = *state;
    struct transfer t[2];
    char url[RIG_URL];
    RIG_SERVE(r, ((struct reply[]){{OK_REPLY, 0, HOLD}}));
    rig_url(r, "/", url);
    for (int i = 0; i < 2; i++) {
        rig_question(r, &t[i], "GET", url);
        t[i].op.notify = abort_the_other;
        t[i].op.waiter = &t[!i];
        transfer_start(r->loop, &t[i]);
    }
    wait_for_requests(r, 2);
    server_release(&r->server);
    loop_turn(r->loop, INT64_MAX);
    assert_int_equal(t[0].op.done + t[1].op.done, 1);
    assert_int_equal(loop_counts(r->loop).transfers, 0);
    transfer_free(&t[0]);
    transfer_free(&t[1]);
}

static void free_itself(struct op *op)
{
    int *count = op->waiter;
    transfer_free((struct transfer *)op);
    free(op);
    ++*count;
}

static void is_freed_by_its_own_notify(void **state)
{
    struct rig *r = *state;
    int count = 0;
    char url[RIG_URL];
    RIG_SERVE(r, always_good);
    rig_url(r, "/", url);
    for (int i = 0; i < 3; i++) {
        struct transfer *t = malloc(sizeof *t);
        rig_question(r, t, "GET", i == 1 ? "http://" : url);
        t->op.notify = free_itself;
        t->op.waiter = &count;
        transfer_start(r->loop, t);
        assert_int_equal(count, 0);
    }
    while (loop_counts(r->loop).transfers)
        loop_turn(r->loop, INT64_MAX);
    assert_int_equal(count, 3);
}

/* ---- time limits and connections that fail ---- */

static void a_silent_server_runs_into_the_limits(void **state)
{
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, ((struct reply[]){{OK_REPLY, 0, HOLD}}));
    rig_url(r, "/", url);
    rig_question(r, &t, "GET", url);
    t.timeout_us = 50 * 1000 - 1;
    rig_run(r, &t);
    assert_failed(&t, "timeout", true);
    t.timeout_us = 0;
    t.idle_us = SECOND_US;
    rig_run(r, &t);
    assert_failed(&t, "timeout", true);
    transfer_free(&t);
}

static void a_refused_connection_is_told(void **state)
{
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", unused_port());
    rig_question(r, &t, "PUT", url);
    rig_run(r, &t);
    assert_failed(&t, "connect", true);
    assert_int_equal(t.status, 0);
    transfer_free(&t);
}

/* What a peer without TLS makes of a handshake: an answer in clear is a wrong peer, a cut is the
 * network's. */
static void a_failed_handshake_is_told(void **state)
{
    static const struct {
        struct reply reply;
        const char *code;
        bool retryable;
    } rows[] = {
        {{"HTTP/1.1 400 Bad Request\r\n\r\n", 0, CLOSE}, "tls", false},
        {{"\x15\x03\x03\0\x02\x02\x28", 7, KEEP}, "tls", false},
        {{"", 0, CLOSE}, "connect", true},
        {{"", 0, RESET}, "connect", true},
    };
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct transfer t;
        char url[RIG_URL];
        r->server.raw = true;
        server_start(&r->server, &rows[i].reply, 1);
        snprintf(url, sizeof url, "https://127.0.0.1:%d/", r->server.port);
        rig_question(r, &t, "GET", url);
        rig_run(r, &t);
        assert_failed(&t, rows[i].code, rows[i].retryable);
        transfer_free(&t);
        server_stop(&r->server);
    }
}

static void a_missing_bundle_is_named(void **state)
{
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, always_good);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", r->server.port);
    setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem", 1);
    rig_question(r, &t, "GET", url);
    rig_run(r, &t);
    unsetenv("AWS_CA_BUNDLE");
    assert_failed(&t, "tls", false);
    assert_non_null(strstr(t.op.err.message, "/nowhere/bundle.pem"));
    transfer_free(&t);
}

/* No descriptor is left for a socket: a connection that failed, and no more than that. */
static void used_up_descriptors_are_survived(void **state)
{
    struct rig *r = *state;
    struct rlimit before, none;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, always_good);
    rig_url(r, "/", url);
    rig_question(r, &t, "GET", url);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    transfer_start(r->loop, &t);
    loop_turn(r->loop, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    rig_finish(r, &t);
    assert_failed(&t, "connect", true);
    rig_run(r, &t);
    assert_good(&t, 200, "good");
    transfer_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(sends_the_question_as_it_stands),
        RIG_TEST(adds_nothing_but_the_length),
        RIG_TEST(refuses_what_cannot_be_sent),
        RIG_TEST(uses_proxies_but_never_for_loopback),
        RIG_TEST(keeps_the_connection),
        RIG_TEST(many_at_once_share_few_connections),
        RIG_TEST(a_dropped_reused_connection_does_not_show),
        RIG_TEST(a_closing_server_does_not_show),
        RIG_TEST(is_aborted_at_any_point),
        RIG_TEST(is_aborted_by_another_that_finished_with_it),
        RIG_TEST(is_freed_by_its_own_notify),
        RIG_TEST(a_silent_server_runs_into_the_limits),
        RIG_TEST(a_refused_connection_is_told),
        RIG_TEST(a_failed_handshake_is_told),
        RIG_TEST(a_missing_bundle_is_named),
        RIG_TEST(used_up_descriptors_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
