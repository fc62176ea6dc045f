#include "aws/s3.h"

#include "aws/s3_list.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>

enum {
    ANSWER_MAX = 16 * 1024 * 1024,       /* a page of 1000 keys of 1024 bytes, all escaped */
    IDLE_US = 10 * SECOND_US,
    METADATA_NAME_MAX = BUCKET_METADATA_MAX + 16,
    EMPTY_PAGES_MAX = 100
};

struct s3 {
    struct bucket base;
    struct client *client;
    struct endpoint endpoint;
    char *root;                          /* what all keys begin with: "" or "PREFIX/" */
};

/* One operation under way. */
struct task {
    struct call call;
    struct s3 *s3;
    struct bucket_op *op;
    char *token;                         /* LIST: of the next page */
    int empty_pages;
};

static const struct task *task_of(const struct call *c)
{
    return (const struct task *)(const void *)c;
}

/* ---- headers of the question ---- */

static void add_given(struct pairs *headers, const char *name, struct bytes value)
{
    if (value.len)
        pairs_add(headers, bytes_of(name), value);
}

static void put_headers(const struct call *c, struct pairs *headers)
{
    const struct bucket_op *op = task_of(c)->op;
    char name[METADATA_NAME_MAX];
    add_given(headers, "Content-Type",
              op->content_type.len ? op->content_type : BYTES("application/octet-stream"));
    add_given(headers, "If-Match", op->if_match);
    add_given(headers, "If-None-Match", op->if_none_match);
    for (size_t i = 0; op->metadata && i < op->metadata->count; i++) {
        snprintf(name, sizeof name, "x-amz-meta-%s", op->metadata->at[i].name.at);
        pairs_add(headers, bytes_of(name), op->metadata->at[i].value);
    }
}

static void delete_headers(const struct call *c, struct pairs *headers)
{
    add_given(headers, "If-Match", task_of(c)->op->if_match);
}

/* ---- what an answer says ---- */

static int unusable(struct err *err, const char *what)
{
    err_set(err, "bad_answer", "the answer %s", what);
    err->retryable = true;
    return -1;
}

/* Under 200, S3 may still say <Error>, where there is no object in the body: a failure of its own
 * that another attempt may not meet. */
static int check_body(const struct call *c, struct err *err)
{
    struct answer a = {.status = 500, .body = buf_bytes(&c->transfer.content),
                       .request_id = call_request_id(c)};
    if (!a.body.len || !answer_is_xml_error(a.body))
        return 0;
    answer_read_xml(&a, err);
    return -1;
}

static int check_status(const struct call *c, struct err *err)
{
    int status = c->transfer.status;
    bool may_be_empty = strcmp(c->kind->method, "DELETE") == 0;
    if (status == 200 || (status == 204 && may_be_empty))
        return 0;
    err_set(err, "bad_answer", "the answer has status %d, which S3 does not give here", status);
    err->retryable = true;
    return -1;
}

static int read_etag(const struct call *c, struct object *object, struct err *err)
{
    struct bytes etag = transfer_header(&c->transfer, "ETag");
    if (!etag.len || etag.len >= sizeof object->etag)
        return unusable(err, etag.len ? "has an ETag that is too long" : "has no ETag");
    snprintf(object->etag, sizeof object->etag, "%.*s", (int)etag.len, etag.at);
    return 0;
}

static void add_metadata(struct pairs *metadata, struct bytes name, struct bytes value)
{
    char lower[METADATA_NAME_MAX];
    for (size_t i = 0; i < name.len && i < sizeof lower; i++) {
        char c = name.at[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    if (name.len <= sizeof lower)
        pairs_add(metadata, (struct bytes){lower, name.len}, value);
}

static void read_metadata(const struct call *c, struct pairs *metadata)
{
    static const char prefix[] = "x-amz-meta-";
    enum { LEN = sizeof prefix - 1 };
    struct bytes name, value, rest = buf_bytes(&c->transfer.head);
    while (head_next(&rest, &name, &value))
        if (name.len > LEN && bytes_is_nocase((struct bytes){name.at, LEN}, prefix))
            add_metadata(metadata, bytes_from(name, LEN), value);
}

static int read_object(struct call *c, struct err *err)
{
    struct object *object = &task_of(c)->op->object;
    const struct transfer *t = &c->transfer;
    struct bytes type = transfer_header(t, "Content-Type");
    if (check_status(c, err) || read_etag(c, object, err))
        return -1;
    if (!walltime_parse_http(transfer_header(t, "Last-Modified"), &object->modified))
        return unusable(err, "has no Last-Modified");
    if (!bytes_to_int64(transfer_header(t, "Content-Length"), &object->size))
        object->size = (int64_t)t->content.len;
    snprintf(object->content_type, sizeof object->content_type, "%.*s",
             type.len < sizeof object->content_type ? (int)type.len : 0, type.at);
    read_metadata(c, &object->metadata);
    return 0;
}

/* The body changes hands, for it may be large. */
static int read_get(struct call *c, struct err *err)
{
    struct buf *content = &task_of(c)->op->content;
    if (read_object(c, err))
        return -1;
    buf_free(content);
    *content = c->transfer.content;
    buf_init(&c->transfer.content, content->max);
    return 0;
}

static int read_put(struct call *c, struct err *err)
{
    if (check_status(c, err) || check_body(c, err))
        return -1;
    return read_etag(c, &task_of(c)->op->object, err);
}

static int read_delete(struct call *c, struct err *err)
{
    return check_status(c, err) || check_body(c, err) ? -1 : 0;
}

static int read_list(struct call *c, struct err *err)
{
    struct task *task = (struct task *)c;
    if (check_status(c, err) || check_body(c, err))
        return -1;
    mem_free(task->token);
    task->token = NULL;
    return s3_list_read(buf_bytes(&c->transfer.content), task->s3->root, task->op, &task->token,
                        err);
}

/* ---- operations ---- */

static const struct call_kind kinds[] = {
    [BUCKET_GET] = {"GetObject", "GET", NULL, read_get, answer_read_xml},
    [BUCKET_HEAD] = {"HeadObject", "HEAD", NULL, read_object, answer_read_xml},
    [BUCKET_PUT] = {"PutObject", "PUT", put_headers, read_put, answer_read_xml},
    [BUCKET_DELETE] = {"DeleteObject", "DELETE", delete_headers, read_delete, answer_read_xml},
    [BUCKET_LIST] = {"ListObjectsV2", "GET", NULL, read_list, answer_read_xml},
};

static void task_free(struct task *task)
{
    call_free(&task->call);
    mem_free(task->token);
    mem_free(task);
}

static void on_call(struct op *op);

static void add_place(struct task *task)
{
    struct buf *url = &task->call.url;
    const struct bucket_op *op = task->op;
    call_url(&task->call, &task->s3->endpoint);
    if (op->verb == BUCKET_LIST) {
        if (!task->s3->endpoint.path[0])
            buf_char(url, '/');
        call_query(&task->call);
        if (s3_list_query(url, task->s3->root, op, task->token))
            url->failed = true;
        return;
    }
    buf_char(url, '/');
    url_encode(url, bytes_of(task->s3->root), true);
    if (url_encode(url, op->key, true))
        url->failed = true;
}

static void ask(struct task *task)
{
    const struct bucket_op *op = task->op;
    struct call *c = &task->call;
    call_init(c, task->s3->client, &kinds[op->verb],
              op->verb == BUCKET_GET ? BUCKET_BODY_MAX : ANSWER_MAX);
    add_place(task);
    c->idle_us = IDLE_US;
    c->body = op->verb == BUCKET_PUT ? op->body : BYTES("");
    c->op.notify = on_call;
    c->op.waiter = task;
    call_start(c);
}

/* A page may be empty though more keys follow; no key says where then, but its token does. */
static bool next_page(struct task *task)
{
    const struct bucket_op *op = task->op;
    if (err_any(&task->call.op.err) || op->verb != BUCKET_LIST || op->listed_count || !op->more)
        return false;
    return ++task->empty_pages < EMPTY_PAGES_MAX;
}

static void on_call(struct op *call_op)
{
    struct task *task = call_op->waiter;
    struct bucket_op *op = task->op;
    if (next_page(task)) {
        call_free(&task->call);
        ask(task);
        return;
    }
    op->op.err = task->call.op.err;
    if (op->verb == BUCKET_LIST && !op->listed_count && op->more)
        unusable(&op->op.err, "has too many empty pages");
    if (op->verb == BUCKET_DELETE && !op->if_match.len && err_is(&op->op.err, "NoSuchKey"))
        err_clear(&op->op.err);          /* S3 itself says 204; some of its relatives do not */
    task_free(task);
    op_finish(&op->op);
}

static void stop(struct op *op)
{
    task_free(op->provider);
}

static void start(struct bucket *b, struct bucket_op *op)
{
    struct s3 *s3 = (struct s3 *)b;
    struct task *task;
    size_t len = strlen(s3->root) + op->key.len;
    if (len > BUCKET_KEY_MAX) {
        err_set(&op->op.err, "InvalidKey", "the key and the prefix of the place have %zu bytes, "
                "over the limit of %d", len, BUCKET_KEY_MAX);
        op_finish(&op->op);
        return;
    }
    task = mem_new(sizeof *task);
    task->s3 = s3;
    task->op = op;
    op_begin(&op->op, task, stop);
    ask(task);
}

/* ---- the place ---- */

static void place_free(struct bucket *b)
{
    struct s3 *s3 = (struct s3 *)b;
    mem_free(s3->root);
    mem_free(s3);
}

static const struct bucket_ops ops = {start, place_free};

static struct bytes without_last_slash(struct bytes prefix)
{
    if (prefix.len && prefix.at[prefix.len - 1] == '/')
        prefix.len--;
    return prefix;
}

static char *joined(const char *a, const char *b, const char *c, const char *d)
{
    struct buf text;
    char *copy;
    buf_init(&text, BUCKET_KEY_MAX + ENDPOINT_URL_MAX);
    buf_printf(&text, "%s%s%s%s", a, b, c, d);
    copy = mem_text(buf_string(&text));
    buf_free(&text);
    return copy;
}

struct bucket *s3_bucket(struct client *client, struct bytes name, struct bytes prefix,
                         struct err *err)
{
    struct s3 *s3 = mem_new(sizeof *s3);
    char *bucket = mem_slice(name.at, name.len), *root = NULL;
    int rc = strlen(bucket) == name.len
                 ? endpoint_for_bucket(&client->endpoint, bucket, &s3->endpoint, err)
                 : err_set(err, "BadBucket", "a bucket's name does not hold a NUL");
    prefix = without_last_slash(prefix);
    if (rc == 0 && prefix.len)
        rc = bucket_key_check(prefix, err);
    if (rc) {
        mem_free(s3);
        s3 = NULL;
    } else {
        root = mem_slice(prefix.at, prefix.len);
        s3->base.ops = &ops;
        s3->base.url = joined("s3://", bucket, prefix.len ? "/" : "", root);
        s3->client = client;
        s3->root = joined(root, prefix.len ? "/" : "", "", "");
    }
    mem_free(bucket);
    mem_free(root);
    return s3 ? &s3->base : NULL;
}
