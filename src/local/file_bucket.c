#include "local/file_bucket.h"

#include "local/file_object.h"
#include "local/lock.h"
#include "local/sidecar.h"
#include "local/tree.h"
#include "local/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct file_bucket {
    struct bucket bucket;
    char *dir;                       /* opened by each operation: a link may be switched */
    bool swept;                      /* what dead writers left over was looked for */
};

/* ---- listing ---- */

struct listing {
    int top;
    size_t max, cap;
    struct bucket_op *op;
};

static struct object *next_slot(struct listing *l)
{
    struct bucket_op *op = l->op;
    if (op->listed_count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        op->listed = mem_resize(op->listed, l->cap, sizeof *op->listed);
    }
    return &op->listed[op->listed_count];
}

static bool list_one(void *context, struct bytes key)
{
    struct listing *l = context;
    struct object found = {0};
    if (l->op->listed_count == l->max) {
        l->op->more = file_object_exists(l->top, key);
        return !l->op->more;
    }
    if (!file_object_list(l->top, key, &found))
        return true;                 /* it is gone since its name was read */
    found.key = mem_slice(key.at, key.len);
    *next_slot(l) = found;
    l->op->listed_count++;
    return true;
}

static int list(int top, struct bucket_op *op)
{
    int max = op->max_keys < 1 ? 1 : op->max_keys > BUCKET_PAGE ? BUCKET_PAGE : op->max_keys;
    struct listing l = {.top = top, .max = (size_t)max, .op = op};
    struct walk w = {top, BYTES(SIDECAR_HOME), op->key, op->start_after, list_one, &l};
    return walk_keys(&w, &op->op.err);
}

/* ---- one object ---- */

static int precondition_failed(struct err *err)
{
    err_set(err, "PreconditionFailed", "%s", "");
    err->status = 412;
    return -1;
}

static int head(int top, struct bucket_op *op)
{
    struct buf body;
    int rc;
    buf_init(&body, BUCKET_BODY_MAX);
    rc = file_object_read(top, op->key, &body, &op->object, &op->op.err);
    buf_free(&body);
    return rc;
}

/* Does the object still have the ETag that was named? */
static int match(int top, struct bucket_op *op)
{
    struct object present = {0};
    struct buf body;
    int rc;
    buf_init(&body, BUCKET_BODY_MAX);
    rc = file_object_read(top, op->key, &body, &present, &op->op.err);
    if (rc == 0 && !bytes_is(op->if_match, present.etag))
        rc = precondition_failed(&op->op.err);
    pairs_free(&present.metadata);
    buf_free(&body);
    return rc;
}

static int condition(int top, struct bucket_op *op)
{
    if (op->verb == BUCKET_PUT && op->if_none_match.len && file_object_exists(top, op->key))
        return precondition_failed(&op->op.err);
    return op->if_match.len ? match(top, op) : 0;
}

static int change(int top, struct bucket_op *op)
{
    if (condition(top, op))
        return -1;
    return op->verb == BUCKET_PUT ? file_object_write(top, op)
                                  : file_object_remove(top, op->key, &op->op.err);
}

static int change_locked(struct file_bucket *f, int top, struct bucket_op *op)
{
    int home = tree_dir(top, BYTES(SIDECAR_HOME), true), rc;
    int held = home < 0 ? -1 : lock_take(home, "lock");
    if (held < 0)
        tree_err(&op->op.err, BYTES(SIDECAR_HOME "/lock"), errno);
    if (home >= 0)
        close(home);
    if (held < 0)
        return -1;
    if (!f->swept)
        file_object_sweep(top);
    f->swept = true;
    rc = change(top, op);
    close(held);
    return rc;
}

/* ---- the bucket ---- */

static int refuse(struct bucket_op *op)
{
    struct bytes rest;
    if (op->verb != BUCKET_LIST && bytes_is(bytes_cut(op->key, '/', &rest), SIDECAR_HOME))
        return err_set(&op->op.err, "InvalidKey", "keys under %s are the bucket's own",
                       SIDECAR_HOME);
    if (op->verb == BUCKET_PUT && op->body.len > BUCKET_BODY_MAX)
        return file_object_too_large(&op->op.err);
    return op->verb == BUCKET_PUT ? sidecar_check(op->content_type, &op->op.err) : 0;
}

static int open_place(const char *dir, struct err *err)
{
    int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), number = errno;
    if (top >= 0)
        return top;
    if (number != ENOENT && number != ENOTDIR)
        return tree_err(err, bytes_of(dir), number);
    err_set(err, "NoSuchBucket", "there is no directory \"%.256s\" (%s)", dir, strerror(number));
    err->status = 404;
    return -1;
}

static int act(struct file_bucket *f, int top, struct bucket_op *op)
{
    switch (op->verb) {
    case BUCKET_GET:
        return file_object_read(top, op->key, &op->content, &op->object, &op->op.err);
    case BUCKET_HEAD:
        return head(top, op);
    case BUCKET_LIST:
        return list(top, op);
    case BUCKET_PUT:
    case BUCKET_DELETE:
        break;
    }
    return change_locked(f, top, op);
}

static void start(struct bucket *b, struct bucket_op *op)
{
    int top = refuse(op) ? -1 : open_place(((struct file_bucket *)b)->dir, &op->op.err);
    if (top >= 0) {
        act((struct file_bucket *)b, top, op);
        close(top);
    }
    op_finish(&op->op);
}

static void release(struct bucket *b)
{
    struct file_bucket *f = (struct file_bucket *)b;
    mem_free(f->dir);
    mem_free(f);
}

static const struct bucket_ops ops = {start, release};

static int make_one(const char *dir, int problem)
{
    return mkdir(dir, 0777) && errno != EEXIST && !problem ? errno : problem;
}

/* Makes the directory and those above it: 0, or the errno of the first that is in the way. */
static int make_place(char *dir)
{
    int problem = 0;
    for (char *c = dir + 1; *c; c++)
        if (*c == '/') {
            *c = 0;
            problem = make_one(dir, problem);
            *c = '/';
        }
    return make_one(dir, problem);
}

/* What cannot be opened because it was not made: why that was. */
static int open_made(char *dir, bool create, struct err *err)
{
    int problem = create ? make_place(dir) : 0, top = open_place(dir, err);
    if (top < 0 && problem && problem != ENOENT && problem != ENOTDIR)
        tree_err(err, bytes_of(dir), problem);
    return top;
}

static struct file_bucket *file_bucket_new(struct bytes dir)
{
    struct file_bucket *f = mem_new(sizeof *f);
    struct buf url;
    buf_init(&url, dir.len + sizeof "file:");
    buf_text(&url, "file:");
    buf_add(&url, dir);
    f->bucket.ops = &ops;
    f->bucket.url = mem_text(buf_string(&url));
    f->dir = mem_slice(dir.at, dir.len);
    buf_free(&url);
    return f;
}

struct bucket *file_bucket_open(struct bytes dir, bool create, struct err *err)
{
    struct file_bucket *f;
    int top;
    if (dir.len == 0 || memchr(dir.at, 0, dir.len)) {
        err_set(err, "NoSuchBucket", "file: needs the path of a directory");
        return NULL;
    }
    f = file_bucket_new(dir);
    top = open_made(f->dir, create, err);
    if (top < 0) {
        bucket_free(&f->bucket);
        return NULL;
    }
    close(top);
    return &f->bucket;
}
