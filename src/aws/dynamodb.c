#include "aws/dynamodb.h"

#include "aws/dynamodb_answer.h"
#include "aws/dynamodb_question.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_MIN_LEN = 3,
    NAME_MAX_LEN = 255,
    KEY_NAME_MAX = 255,
    ANSWER_MAX = DYNAMODB_QUESTION_MAX,
    CALL_US = 30 * SECOND_US
};

struct dynamodb {
    struct table base;
    struct client *client;
    char *name;
};

/* One operation under way. */
struct task {
    struct call call;
    struct dynamodb *table;
    struct table_op *op;
    struct buf body;
};

static struct task *task_of(struct call *c)
{
    return (struct task *)(void *)c;
}

/* ---- kinds ---- */

static void add_headers(const struct call *c, struct pairs *headers)
{
    char target[64];
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", c->kind->operation);
    pairs_set(headers, "Content-Type", "application/x-amz-json-1.0");
    pairs_set(headers, "X-Amz-Target", target);
}

/* As it was sent: the call takes no encoding of it but identity. */
static int check_sum(const struct call *c, struct err *err)
{
    return dynamodb_check_sum(buf_bytes(&c->transfer.content),
                              transfer_header(&c->transfer, "x-amz-crc32"), err);
}

static int read_item(struct call *c, struct err *err)
{
    struct task *task = task_of(c);
    if (check_sum(c, err))
        return -1;
    return dynamodb_read_item(buf_bytes(&c->transfer.content), task->table->base.key_name,
                              &task->op->found, &task->op->item, err);
}

static int read_done(struct call *c, struct err *err)
{
    return check_sum(c, err) ? -1 : dynamodb_read_done(buf_bytes(&c->transfer.content), err);
}

#define POST(operation, read) {operation, "POST", add_headers, read, answer_read_json}

static const struct call_kind kinds[] = {
    [TABLE_GET] = POST("GetItem", read_item),
    [TABLE_PUT] = POST("PutItem", read_done),
    [TABLE_UPDATE] = POST("UpdateItem", read_done),
    [TABLE_DELETE] = POST("DeleteItem", read_done),
};

/* ---- operations ---- */

static void task_free(struct task *task)
{
    call_free(&task->call);
    buf_free(&task->body);
    mem_free(task);
}

static void name_absence(struct err *err)
{
    err_set(err, "NoSuchItem", "the table has no item of that key");
    err->status = 404;
}

static void name_request(const struct call *c, struct err *err)
{
    struct bytes id = call_request_id(c);
    snprintf(err->request_id, sizeof err->request_id, "%.*s",
             id.len < sizeof err->request_id ? (int)id.len : 0, id.at);
}

/* Whose item it was that a condition failed on is the answer's most important part: where it cannot
 * be read, that is the error. */
static void settle(struct task *task)
{
    struct call *c = &task->call;
    struct err unread, *err = &task->op->op.err;
    *err = c->op.err;
    dynamodb_name_refusal(err);
    if (task->op->verb == TABLE_GET && !err_any(err) && !task->op->found)
        name_absence(err);
    if (err_is(err, "ConditionalCheckFailedException") && read_item(c, &unread))
        *err = unread;
    if (err_any(err))
        name_request(c, err);
}

static void on_call(struct op *call_op)
{
    struct task *task = call_op->waiter;
    struct op *op = &task->op->op;
    settle(task);
    task_free(task);
    op_finish(op);
}

static void stop(struct op *op)
{
    task_free(op->provider);
}

static void ask(struct task *task)
{
    struct client *client = task->table->client;
    struct call *c = &task->call;
    call_init(c, client, &kinds[task->op->verb], ANSWER_MAX);
    call_url(c, &client->endpoint);
    buf_char(&c->url, '/');
    c->body = buf_bytes(&task->body);
    c->timeout_us = CALL_US;
    c->op.notify = on_call;
    c->op.waiter = task;
    call_start(c);
}

static void start(struct table *t, struct table_op *op)
{
    struct task *task = mem_new(sizeof *task);
    task->table = (struct dynamodb *)t;
    task->op = op;
    buf_init(&task->body, DYNAMODB_QUESTION_MAX);
    if (dynamodb_ask(&task->body, task->table->name, t->key_name, op) == 0) {
        op_begin(&op->op, task, stop);
        ask(task);
        return;
    }
    err_set(&op->op.err, "ItemTooLarge", "the question to %s has more than %d bytes", t->url,
            DYNAMODB_QUESTION_MAX);
    buf_free(&task->body);
    mem_free(task);
    op_finish(&op->op);
}

/* ---- the place ---- */

static void place_free(struct table *t)
{
    struct dynamodb *table = (struct dynamodb *)t;
    mem_free(table->name);
    mem_free(table);
}

static const struct table_ops ops = {start, place_free};

static int check_name(struct bytes name, struct err *err)
{
    if (name.len < NAME_MIN_LEN || name.len > NAME_MAX_LEN)
        return err_set(err, "BadPlace", "a table's name has %d to %d characters", NAME_MIN_LEN,
                       NAME_MAX_LEN);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.'))
            return err_set(err, "BadPlace", "\"%.*s\" is no table's name: it may hold A-Z, a-z, "
                           "0-9, -, _ and .", (int)name.len, name.at);
    }
    return 0;
}

static int check_key_name(struct bytes name, struct err *err)
{
    if (!name.len || name.len > KEY_NAME_MAX)
        return err_set(err, "BadPlace", "the name of a key has 1 to %d bytes", KEY_NAME_MAX);
    if (utf8_check(name) != name.len || memchr(name.at, 0, name.len))
        return err_set(err, "BadPlace", "the name of a key is UTF-8 without NUL");
    return 0;
}

static char *url_of(const char *name, const char *key_name)
{
    bool usual = strcmp(key_name, "id") == 0;
    size_t size = strlen(name) + strlen(key_name) + sizeof "dynamodb://?key=";
    char *url = mem_array(size, 1);
    snprintf(url, size, "dynamodb://%s%s%s", name, usual ? "" : "?key=", usual ? "" : key_name);
    return url;
}

struct table *dynamodb_table(struct client *client, struct bytes name, struct bytes key_name,
                             struct err *err)
{
    struct dynamodb *table;
    if (check_name(name, err) || check_key_name(key_name, err))
        return NULL;
    table = mem_new(sizeof *table);
    table->base.ops = &ops;
    table->base.key_name = mem_slice(key_name.at, key_name.len);
    table->client = client;
    table->name = mem_slice(name.at, name.len);
    table->base.url = url_of(table->name, table->base.key_name);
    return &table->base;
}
