/* AWS rig: what every test of a call needs: one loop, one scripted server, one client of it.
 * The test's setup makes it, the teardown proves that nothing was left: no transfer, no timer, no
 * block of memory. The server knows no signatures: whether they are right is sigv4's test. */
#ifndef TIDEGATE_TESTS_AWS_RIG_H
#define TIDEGATE_TESTS_AWS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/call.h"
#include "base/log.h"
#include "scripted_server.h"

#define SECRET "secret-key-of-the-test"
#define TOKEN "token-of-the-test"

struct rig {
    struct loop *loop;
    struct server server;
    struct random random;
    struct client client;
    size_t memory;
};

static inline int rig_setup(void **state)
{
    static bool warm;
    struct rig *r = calloc(1, sizeof *r);
    struct err err;
    if (!warm)
        loop_free(loop_new(&err));
    warm = true;
    log_set_level(LOG_OFF);
    r->memory = mem_live();
    r->loop = loop_new(&err);
    assert_non_null(r->loop);
    r->random = random_seeded(1);
    *state = r;
    return 0;
}

static inline int rig_teardown(void **state)
{
    struct rig *r = *state;
    struct loop_counts left = loop_counts(r->loop);
    server_stop(&r->server);
    loop_free(r->loop);
    sigv4_cache_wipe(&r->client.cache);
    assert_int_equal(left.transfers, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(mem_live(), r->memory);
    free(r);
    return 0;
}

#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

static inline void rig_client(struct rig *r, const char *service, int port)
{
    r->client = (struct client){
        .loop = r->loop,
        .service = service,
        .region = "us-east-1",
        .secret = {"AKIDTEST", SECRET, TOKEN},
        .random = &r->random,
        .budget = retry_budget_new(service),
        .endpoint = {.scheme = "http", .configured = true},
    };
    snprintf(r->client.endpoint.host, sizeof r->client.endpoint.host, "127.0.0.1:%d", port);
}

enum { RIG_ANSWERS = 32, RIG_ANSWER_SIZE = 2048 };

/* A whole answer of that body; each test has room for RIG_ANSWERS of them. */
static inline const char *rig_answer(const char *status, const char *headers, const char *body)
{
    static char texts[RIG_ANSWERS][RIG_ANSWER_SIZE];
    static size_t next;
    char *text = texts[next++ % RIG_ANSWERS];
    int len = snprintf(text, RIG_ANSWER_SIZE, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                       status, headers, strlen(body), body);
    assert_true(len > 0 && len < RIG_ANSWER_SIZE);
    return text;
}

/* What the child answers with is its own copy. */
#define RIG_SERVE(rig, service, ...)                                                               \
    do {                                                                                           \
        const struct reply replies_[] = {__VA_ARGS__};                                             \
        server_start(&(rig)->server, replies_, sizeof replies_ / sizeof *replies_);                \
        rig_client(rig, service, (rig)->server.port);                                              \
    } while (0)

static inline const char *rig_seen(const struct rig *r, size_t n)
{
    assert_true((int)n < server_requests(&r->server));
    return r->server.log->seen[n].head;
}

/* The value of a header of request n, "" when it is absent; good until the next call. */
static inline const char *rig_header(const struct rig *r, size_t n, const char *name)
{
    static char value[SERVER_HEAD];
    char line[128];
    const char *at;
    snprintf(line, sizeof line, "\r\n%s: ", name);
    at = strstr(rig_seen(r, n), line);
    value[0] = 0;
    if (at)
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at + strlen(line), "\r"),
                 at + strlen(line));
    return value;
}

static inline void rig_wait(struct rig *r, const struct op *op)
{
    while (!op->done)
        loop_turn(r->loop, INT64_MAX);
}

static inline void assert_code(const struct err *err, const char *code)
{
    if (!err_is(err, code))
        print_error("%s: %s\n", err->code, err->message);
    assert_string_equal(err->code, code);
}

/* ---- the log ---- */

struct capture {
    int saved, ends[2];
};

/* From here on the log goes into a pipe; one turn of it must not be more than a pipe takes. */
static inline struct capture capture_log(enum log_level level)
{
    struct capture c = {.saved = dup(STDERR_FILENO)};
    server_check(!pipe(c.ends), "pipe");
    dup2(c.ends[1], STDERR_FILENO);
    log_set_level(level);
    return c;
}

static inline void captured_log(struct capture *c, char *out, size_t size)
{
    ssize_t len;
    log_set_level(LOG_OFF);
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    close(c->ends[1]);
    len = read(c->ends[0], out, size - 1);
    close(c->ends[0]);
    out[len > 0 ? len : 0] = 0;
}

#define ANSWER(status, headers, body) {rig_answer(status, headers, body), 0, KEEP}

#endif
