/* Transfer rig: what every test of a transfer needs: one loop, one scripted server, one exchange.
 * The test's setup makes it, the teardown proves that nothing was left: no transfer, no timer, no
 * block of memory, no file descriptor.
 * It never hides a failure: each exchange has a time limit, and the test judges what came. */
#ifndef TIDEGATE_TESTS_TRANSFER_RIG_H
#define TIDEGATE_TESTS_TRANSFER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/transfer.h"
#include "scripted_server.h"

#include <dirent.h>

enum { RIG_BODY_MAX = 4096, RIG_URL = 256 };

struct rig {
    struct loop *loop;
    struct server server;
    struct pairs headers;            /* Host alone, until a test adds some */
    size_t memory;
    int descriptors;
};

static inline int open_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int count = 0;
    server_check(all, "/proc/self/fd");
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

/* No proxy and no certificates: neither those of whoever runs the tests nor a missing bundle. */
static inline void clean_environment(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY", "no_proxy", "NO_PROXY", "AWS_CA_BUNDLE",
                                        "SSL_CERT_FILE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("SSL_CERT_DIR", "/", 1);
}

/* The first loop of a process makes OpenSSL open what it never closes: a warm-up comes before. */
static inline int rig_setup(void **state)
{
    static bool warm;
    struct rig *r = calloc(1, sizeof *r);
    struct err err;
    clean_environment();
    if (!warm)
        loop_free(loop_new(&err));
    warm = true;
    r->memory = mem_live();
    r->descriptors = open_descriptors();
    r->loop = loop_new(&err);
    assert_non_null(r->loop);
    pairs_set(&r->headers, "Host", "example.test");
    *state = r;
    return 0;
}

static inline int rig_teardown(void **state)
{
    struct rig *r = *state;
    struct loop_counts left = loop_counts(r->loop);
    server_stop(&r->server);
    pairs_free(&r->headers);
    loop_free(r->loop);
    assert_int_equal(left.transfers, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(mem_live(), r->memory);
    assert_int_equal(open_descriptors(), r->descriptors);
    free(r);
    return 0;
}

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
#define RIG_SERVE(rig, replies) \
    server_start(&(rig)->server, (replies), sizeof(replies) / sizeof((replies)[0]))

static inline void rig_url(const struct rig *r, const char *path, char url[RIG_URL])
{
    snprintf(url, RIG_URL, "http://127.0.0.1:%d%s", r->server.port, path);
}

/* A question that is ready to be started; `url` stays the caller's. */
static inline void rig_question(struct rig *r, struct transfer *t, const char *method,
                                const char *url)
{
    transfer_init(t, RIG_BODY_MAX);
    t->method = method;
    t->url = url;
    t->headers = &r->headers;
    t->timeout_us = 30 * SECOND_US;
}

static inline void rig_finish(struct rig *r, struct transfer *t)
{
    while (!t->op.done)
        loop_turn(r->loop, INT64_MAX);
}

static inline void rig_run(struct rig *r, struct transfer *t)
{
    transfer_start(r->loop, t);
    rig_finish(r, t);
}

static inline void assert_good(const struct transfer *t, int status, const char *content)
{
    if (err_any(&t->op.err))
        print_error("%s: %s\n", t->op.err.code, t->op.err.message);
    assert_string_equal(t->op.err.code, "");
    assert_int_equal(t->status, status);
    assert_string_equal(buf_string(&t->content), content);
}

static inline void assert_failed(const struct transfer *t, const char *code, bool retryable)
{
    if (!err_is(&t->op.err, code))
        print_error("%s: %s\n", t->op.err.code, t->op.err.message);
    assert_string_equal(t->op.err.code, code);
    assert_int_equal(t->op.err.retryable, retryable);
    assert_true(t->op.err.message[0]);
}

/* Asks, and ends with the answer in `t`. */
static inline void rig_ask(struct rig *r, struct transfer *t, const char *method, const char *path,
                           struct bytes body)
{
    char url[RIG_URL];
    rig_url(r, path, url);
    rig_question(r, t, method, url);
    t->body = body;
    rig_run(r, t);
}

/* Asks with GET for an answer that is good, whole and "good". */
static inline void rig_ask_good(struct rig *r)
{
    struct transfer t;
    rig_ask(r, &t, "GET", "/", BYTES(""));
    assert_good(&t, 200, "good");
    transfer_free(&t);
}

#endif
