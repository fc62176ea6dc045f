#include "aws/call.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
    URL_MAX = 16 * 1024,
    RETRY_AFTER_MAX_S = 20               /* the longest delay of our own, too */
};

static void attempt(struct call *c);

/* ---- the question ---- */

void call_init(struct call *c, struct client *client, const struct call_kind *kind,
               size_t answer_max)
{
    *c = (struct call){.client = client, .kind = kind};
    buf_init(&c->url, URL_MAX);
    transfer_init(&c->transfer, answer_max);
}

void call_url(struct call *c, const struct endpoint *endpoint)
{
    c->host = endpoint->host;
    c->configured = endpoint->configured;
    buf_text(&c->url, endpoint->scheme);
    buf_text(&c->url, "://");
    buf_text(&c->url, endpoint->host);
    c->path_at = c->url.len;
    buf_text(&c->url, endpoint->path);
}

void call_query(struct call *c)
{
    buf_char(&c->url, '?');
    c->query_at = c->url.len;
}

/* SigV4 encodes the path of every service but S3 twice. */
static int sign(struct call *c)
{
    struct client *client = c->client;
    bool s3 = strcmp(client->service, "s3") == 0;
    struct bytes url = buf_bytes(&c->url);
    size_t path_end = c->query_at ? c->query_at - 1 : url.len;
    struct sigv4_scope scope = {client->region, client->service, loop_wall(client->loop)};
    struct sigv4_request request = {
        .method = c->kind->method,
        .path = {url.at + c->path_at, path_end - c->path_at},
        .query = c->query_at ? bytes_from(url, c->query_at) : BYTES(""),
        .normalize_path = !s3,
        .encode_path_twice = !s3,
    };
    return sigv4_sign(&client->cache, &client->secret, &scope, &request, c->body, &c->headers,
                      &c->op.err);
}

/* What says which attempt this is stays out of the signature, as in the SDKs. */
static int build_headers(struct call *c)
{
    char text[40];
    pairs_free(&c->headers);
    pairs_set(&c->headers, "Host", c->host);
    if (c->kind->headers)
        c->kind->headers(c, &c->headers);
    if (sign(c))
        return -1;
    snprintf(text, sizeof text, "attempt=%d; max=%d", c->attempt,
             c->client->budget.attempts);
    pairs_set(&c->headers, "amz-sdk-invocation-id", c->invocation);
    pairs_set(&c->headers, "amz-sdk-request", text);
    return 0;
}

/* ---- the log ---- */

static void log_attempt(const struct call *c)
{
    const struct transfer *t = &c->transfer;
    struct bytes id = call_request_id(c);
    struct pairs fields = {0};
    char status[16], ms[24], number[16];
    if (!log_wants(LOG_DEBUG))
        return;
    snprintf(status, sizeof status, "%d", t->status);
    snprintf(ms, sizeof ms, "%lld",
             (long long)monotime_until(c->asked_at, loop_now(c->client->loop)) / 1000);
    snprintf(number, sizeof number, "%d", c->attempt);
    pairs_set(&fields, "service", c->client->service);
    pairs_set(&fields, "operation", c->kind->operation);
    pairs_set(&fields, "status", status);
    pairs_set(&fields, "ms", ms);
    pairs_set(&fields, "attempt", number);
    pairs_add(&fields, BYTES("request"), id.len ? id : BYTES("none"));
    pairs_set(&fields, "error", err_any(&c->op.err) ? c->op.err.code : NULL);
    log_event(LOG_DEBUG, BYTES("call"), &fields);
    pairs_free(&fields);
}

/* ---- the answer ---- */

struct bytes call_request_id(const struct call *c)
{
    struct bytes id = transfer_header(&c->transfer, "x-amz-request-id");
    return id.len ? id : transfer_header(&c->transfer, "x-amzn-requestid");
}

/* Names of queues and tables are good in one region: it may stand in another. */
static void name_region(const struct call *c, struct err *err)
{
    size_t len = strlen(err->message);
    if (err_is(err, "QueueDoesNotExist") || err_is(err, "ResourceNotFoundException"))
        snprintf(err->message + len, sizeof err->message - len, " (in region %s)",
                 c->client->region);
}

static void read_refusal(struct call *c, struct err *err)
{
    const struct transfer *t = &c->transfer;
    struct answer a = {
        .status = t->status,
        .to_head = strcmp(c->kind->method, "HEAD") == 0,
        .body = buf_bytes(&t->content),
        .request_id = call_request_id(c),
        .query_error = transfer_header(t, "x-amzn-query-error"),
        .bucket_region = transfer_header(t, "x-amz-bucket-region"),
    };
    c->kind->refused(&a, err);
    name_region(c, err);
}

/* Whatever stands between us and AWS may say 200; it does not know how the service signs off. */
static int check_origin(const struct call *c, struct err *err)
{
    if (c->configured || call_request_id(c).len)
        return 0;
    err_set(err, "incomplete", "the answer has no request id: it is not from AWS, or was cut");
    err->retryable = true;
    return -1;
}

static void name_request(const struct call *c, struct err *err)
{
    struct bytes id = call_request_id(c);
    if (!err->request_id[0])
        snprintf(err->request_id, sizeof err->request_id, "%.*s",
                 id.len < sizeof err->request_id ? (int)id.len : 0, id.at);
}

/* Fills err unless the attempt did what it was to do. An answer that cannot be used is as none: its
 * 2xx does not become the status of the error. */
static void judge(struct call *c, struct err *err)
{
    const struct transfer *t = &c->transfer;
    *err = t->op.err;
    if (err_any(err))
        return;
    if (t->status / 100 != 2) {
        read_refusal(c, err);
        return;
    }
    if (check_origin(c, err) || (c->kind->read && c->kind->read(c, err)))
        name_request(c, err);
}

/* ---- attempts ---- */

static int64_t limit(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

/* Retry-After, which S3's relatives send: seconds or a date. */
static int64_t retry_after_us(const struct transfer *t, struct walltime now)
{
    struct bytes text = transfer_header(t, "Retry-After");
    struct walltime date;
    int64_t wait = 0;
    if (bytes_to_int64(text, &wait))
        wait = limit(wait, RETRY_AFTER_MAX_S) * SECOND_US;
    else if (walltime_parse_http(text, &date))
        wait = limit(date.us - now.us, RETRY_AFTER_MAX_S * SECOND_US);
    return wait > 0 ? wait : 0;
}

/* x-amz-retry-after, in ms: at least our own delay, at most 5 s more; what is no such number does
 * not count. */
static int64_t amz_retry_after_us(const struct transfer *t, int64_t delay_us)
{
    int64_t ms, most = delay_us + 5 * SECOND_US;
    if (!bytes_to_int64(transfer_header(t, "x-amz-retry-after"), &ms) || ms < 0)
        return delay_us;
    ms = limit(ms, most / 1000);
    return ms * 1000 > delay_us ? ms * 1000 : delay_us;
}

/* Sets the delay when there is to be another attempt. */
static bool again(struct call *c, int64_t *delay_us)
{
    struct client *client = c->client;
    int64_t asked_us = retry_after_us(&c->transfer, loop_wall(client->loop));
    if (!retry_again(&client->budget, client->random, &c->op.err, c->attempt, asked_us, delay_us,
                     &c->cost))
        return false;
    *delay_us = amz_retry_after_us(&c->transfer, *delay_us);
    return true;
}

static void on_timer(struct timer *t)
{
    struct call *c = t->owner;
    c->attempt++;
    attempt(c);
}

static void on_transfer(struct op *op)
{
    struct call *c = op->waiter;
    int64_t delay_us;
    judge(c, &c->op.err);
    log_attempt(c);
    if (err_any(&c->op.err) && again(c, &delay_us)) {
        transfer_free(&c->transfer);
        timer_set(c->client->loop, &c->timer, monotime_after(loop_now(c->client->loop), delay_us));
        return;
    }
    if (!err_any(&c->op.err))
        retry_refund(&c->client->budget, c->cost);
    op_finish(&c->op);
}

static void attempt(struct call *c)
{
    struct transfer *t = &c->transfer;
    err_clear(&c->op.err);
    if (build_headers(c)) {
        op_finish(&c->op);
        return;
    }
    t->op.notify = on_transfer;
    t->op.waiter = c;
    t->method = c->kind->method;
    t->url = buf_string(&c->url);
    t->headers = &c->headers;
    t->body = c->body;
    t->timeout_us = c->timeout_us;
    t->idle_us = c->idle_us;
    c->asked_at = loop_now(c->client->loop);
    transfer_start(c->client->loop, t);
}

static void stop(struct op *op)
{
    struct call *c = op->provider;
    timer_clear(c->client->loop, &c->timer);
    transfer_free(&c->transfer);
}

void call_start(struct call *c)
{
    op_begin(&c->op, c, stop);
    if (c->url.failed) {
        err_set(&c->op.err, "BadRequest", "the URL would be longer than %d bytes", URL_MAX);
        op_finish(&c->op);
        return;
    }
    random_uuid(c->client->random, c->invocation);
    c->timer.fire = on_timer;
    c->timer.owner = c;
    c->attempt = 1;
    c->cost = 0;
    attempt(c);
}

void call_free(struct call *c)
{
    op_abort(&c->op);
    transfer_free(&c->transfer);
    pairs_free(&c->headers);
    buf_free(&c->url);
}
