#include "aws/sqs.h"

#include "aws/sqs_answer.h"
#include "aws/sqs_question.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_MAX_LEN = 80,
    QUEUE_URL_MAX = 512,
    ANSWER_MAX = 4 * QUEUE_BATCH * SQS_BATCH_MAX,
    CALL_US = 30 * SECOND_US,
    BEYOND_WAIT_US = 10 * SECOND_US      /* a receive that outlives its wait so long is lost */
};

struct sqs {
    struct queue base;
    struct client *client;
    char *name;
    char *queue_url;                     /* NULL until it is looked up */
    bool fifo;
};

/* One operation under way: a call, or several one after another: the look-up of the URL first, and
 * a batch that is too large for one call in parts. */
struct task {
    struct call call;
    struct sqs *sqs;
    struct queue_op *op;
    struct buf body;
    unsigned left, asked;                /* entries of the batch: to ask yet, asked by this call */
    bool parts_done;                     /* an earlier part of the batch was answered */
};

static struct task *task_of(struct call *c)
{
    return (struct task *)(void *)c;
}

/* ---- kinds ---- */

static void add_headers(const struct call *c, struct pairs *headers)
{
    char target[64];
    snprintf(target, sizeof target, "AmazonSQS.%s", c->kind->operation);
    pairs_set(headers, "Content-Type", "application/x-amz-json-1.0");
    pairs_set(headers, "X-Amz-Target", target);
    pairs_set(headers, "x-amzn-query-mode", "true");
}

static struct bytes content(const struct call *c)
{
    return buf_bytes(&c->transfer.content);
}

static int read_url(struct call *c, struct err *err)
{
    struct sqs *sqs = task_of(c)->sqs;
    char *url;
    if (sqs_read_url(content(c), &url, err))
        return -1;
    mem_free(sqs->queue_url);
    sqs->queue_url = url;
    return 0;
}

static int read_receive(struct call *c, struct err *err)
{
    return sqs_read_receive(content(c), task_of(c)->op, err);
}

static int read_batch(struct call *c, struct err *err)
{
    return sqs_read_batch(content(c), task_of(c)->op, task_of(c)->asked, err);
}

static int read_settings(struct call *c, struct err *err)
{
    return sqs_read_settings(content(c), &task_of(c)->op->settings, err);
}

#define POST(operation, read) {operation, "POST", add_headers, read, answer_read_json}

static const struct call_kind look_up = POST("GetQueueUrl", read_url);
static const struct call_kind kinds[] = {
    [QUEUE_RECEIVE] = POST("ReceiveMessage", read_receive),
    [QUEUE_DELETE] = POST("DeleteMessageBatch", read_batch),
    [QUEUE_EXTEND] = POST("ChangeMessageVisibilityBatch", read_batch),
    [QUEUE_RELEASE] = POST("ChangeMessageVisibilityBatch", read_batch),
    [QUEUE_SEND] = POST("SendMessageBatch", read_batch),
    [QUEUE_SETTINGS] = POST("GetQueueAttributes", read_settings),
};

/* ---- operations ---- */

static void on_call(struct op *op);

static bool is_batch(const struct queue_op *op)
{
    return op->verb != QUEUE_RECEIVE && op->verb != QUEUE_SETTINGS;
}

static void task_free(struct task *task)
{
    call_free(&task->call);
    buf_free(&task->body);
    mem_free(task);
}

static void finish(struct task *task, const struct err *err)
{
    struct queue_op *op = task->op;
    unsigned open = task->left | task->asked;
    if (err && !task->parts_done)
        op->op.err = *err;
    for (size_t i = 0; err && task->parts_done && i < op->entry_count; i++)
        if (open >> i & 1)
            op->entries[i].err = *err;
    task_free(task);
    op_finish(&op->op);
}

static void finish_unsayable(struct task *task)
{
    struct err err;
    err_set(&err, "BadRequest", "%s holds what cannot be said in JSON", task->sqs->base.url);
    finish(task, &err);
}

static int write_body(struct task *task)
{
    const struct sqs *sqs = task->sqs;
    buf_clear(&task->body);
    if (!sqs->queue_url)
        return sqs_ask_url(&task->body, sqs->name);
    if (is_batch(task->op))
        return sqs_ask_batch(&task->body, sqs->queue_url, task->op, sqs->fifo, &task->left,
                             &task->asked);
    if (task->op->verb == QUEUE_RECEIVE)
        return sqs_ask_receive(&task->body, sqs->queue_url, task->op);
    return sqs_ask_settings(&task->body, sqs->queue_url);
}

static int64_t time_for(const struct queue_op *op)
{
    return op->verb == QUEUE_RECEIVE ? op->wait_s * SECOND_US + BEYOND_WAIT_US : CALL_US;
}

static void ask(struct task *task)
{
    struct client *client = task->sqs->client;
    struct call *c = &task->call;
    bool known = task->sqs->queue_url;
    if (write_body(task)) {
        finish_unsayable(task);
        return;
    }
    if (known && is_batch(task->op) && !task->asked) {
        finish(task, NULL);
        return;
    }
    call_init(c, client, known ? &kinds[task->op->verb] : &look_up, ANSWER_MAX);
    call_url(c, &client->endpoint);
    buf_char(&c->url, '/');
    c->body = buf_bytes(&task->body);
    c->timeout_us = known ? time_for(task->op) : CALL_US;
    c->op.notify = on_call;
    c->op.waiter = task;
    call_start(c);
}

static void on_call(struct op *op)
{
    struct task *task = op->waiter;
    const struct err err = op->err;
    bool looked_up = task->call.kind == &look_up;
    task->op->asked_at = task->call.asked_at;
    if (err_any(&err)) {
        finish(task, &err);
    } else if (looked_up || task->left) {
        task->parts_done = !looked_up;
        call_free(&task->call);
        ask(task);
    } else {
        finish(task, NULL);
    }
}

static void stop(struct op *op)
{
    task_free(op->provider);
}

/* Operations that begin before the URL is known each look it up: that is right without more. */
static void start(struct queue *q, struct queue_op *op, struct monotime now)
{
    struct task *task = mem_new(sizeof *task);
    (void)now;
    task->sqs = (struct sqs *)q;
    task->op = op;
    task->left = is_batch(op) ? (1u << op->entry_count) - 1 : 0;
    buf_init(&task->body, SQS_QUESTION_MAX);
    for (size_t i = 0; i < op->entry_count; i++)
        err_clear(&op->entries[i].err);
    op_begin(&op->op, task, stop);
    ask(task);
}

/* ---- the place ---- */

static void place_free(struct queue *q)
{
    struct sqs *sqs = (struct sqs *)q;
    mem_free(sqs->name);
    mem_free(sqs->queue_url);
    mem_free(sqs);
}

static const struct queue_ops ops = {start, place_free};

static bool is_fifo(struct bytes name)
{
    return name.len > 5 && bytes_is(bytes_from(name, name.len - 5), ".fifo");
}

static int check_name(struct bytes name, struct err *err)
{
    size_t len = is_fifo(name) ? name.len - 5 : name.len;
    if (!name.len || name.len > NAME_MAX_LEN)
        return err_set(err, "BadPlace", "a queue's name has 1 to %d characters", NAME_MAX_LEN);
    for (size_t i = 0; i < len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return err_set(err, "BadPlace", "\"%.*s\" is no queue's name: it may hold A-Z, a-z, "
                           "0-9, - and _, and end in .fifo", (int)name.len, name.at);
    }
    return 0;
}

/* Says so when the URL belongs to another region than the one that is asked. */
static void compare_region(const struct client *client, struct bytes host)
{
    if (client->endpoint.configured || memmem(host.at, host.len, client->region,
                                              strlen(client->region)))
        return;
    log_line(LOG_WARN, "the queue URL names %.*s, but calls go to %s (region %s)", (int)host.len,
             host.at, client->endpoint.host, client->region);
}

/* The name at the end of "https://HOST/ACCOUNT/NAME". */
static int check_url(const struct client *client, struct bytes url, struct bytes *name,
                     struct err *err)
{
    bool plain = bytes_starts(url, "http://");
    struct bytes host, rest = bytes_from(url, plain ? 7 : 8);
    if (plain && !client->endpoint.configured)
        return err_set(err, "BadPlace", "a queue URL is https:// unless an endpoint is configured");
    if (url.len > QUEUE_URL_MAX)
        return err_set(err, "BadPlace", "the queue URL is longer than %d bytes", QUEUE_URL_MAX);
    host = bytes_cut(rest, '/', &rest);
    if (memchr(host.at, '@', host.len))          /* it would stand in every line of the log */
        return err_set(err, "BadPlace", "a queue URL holds no user or password");
    *name = BYTES("");
    while (rest.len)
        *name = bytes_cut(rest, '/', &rest);
    if (!host.len || check_name(*name, err))
        return err_set(err, "BadPlace", "a queue URL is https://HOST/ACCOUNT/NAME");
    compare_region(client, host);
    return 0;
}

struct queue *sqs_queue(struct client *client, struct bytes name_or_url, struct err *err)
{
    bool by_url = bytes_starts(name_or_url, "https://") || bytes_starts(name_or_url, "http://");
    struct bytes name = bytes_from(name_or_url, bytes_starts(name_or_url, "sqs://") ? 6 : 0);
    struct sqs *sqs;
    if (by_url ? check_url(client, name_or_url, &name, err) : check_name(name, err))
        return NULL;
    sqs = mem_new(sizeof *sqs);
    sqs->base.ops = &ops;
    sqs->client = client;
    sqs->name = mem_slice(name.at, name.len);
    sqs->fifo = is_fifo(name);
    if (by_url) {
        sqs->queue_url = mem_slice(name_or_url.at, name_or_url.len);
        sqs->base.url = mem_text(sqs->queue_url);
    } else {
        size_t size = name.len + sizeof "sqs://";
        sqs->base.url = mem_array(size, 1);
        snprintf(sqs->base.url, size, "sqs://%s", sqs->name);
    }
    return &sqs->base;
}
