#include "local/file_object.h"

#include "base/digest.h"
#include "base/random.h"
#include "local/sidecar.h"
#include "local/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    READ_TRIES = 100,                /* an object may be replaced while it is read: then again */
    PLACE_TRIES = 16,                /* so may its directory be removed while it is written */
    TEMP_NAME = 17
};

static int absent(struct err *err)
{
    err_set(err, "NoSuchKey", "%s", "");
    err->status = 404;
    return -1;
}

int file_object_too_large(struct err *err)
{
    return err_set(err, "too_large", "the object has more than %d bytes", BUCKET_BODY_MAX);
}

static int read_err(struct err *err, struct bytes key, int number)
{
    if (number == ENOENT)
        return absent(err);
    return number == EFBIG ? file_object_too_large(err) : tree_err(err, key, number);
}

bool file_object_exists(int top, struct bytes key)
{
    struct stat st;
    return tree_stat(top, key, &st) == 0;
}

/* ---- reading ---- */

static void set_etag(struct object *out, struct bytes body)
{
    char hex[MD5_HEX];
    digest_md5_hex(body, hex);
    snprintf(out->etag, sizeof out->etag, "\"%s\"", hex);
}

static void describe(struct object *out, const struct stat *st)
{
    out->size = st->st_size;
    out->modified.us = (int64_t)st->st_mtim.tv_sec * SECOND_US + st->st_mtim.tv_nsec / 1000;
}

static bool still_there(int top, struct bytes key, const struct stat *was)
{
    struct stat is;
    return tree_stat(top, key, &is) == 0 && is.st_ino == was->st_ino && is.st_dev == was->st_dev;
}

/* 1 the object with its own sidecar (or it has none), 0 it was replaced meanwhile, -1 failed. */
static int read_open(int top, struct bytes key, int fd, const struct stat *st, struct buf *body,
                     struct object *out, struct err *err)
{
    int rc;
    buf_clear(body);
    if (tree_read(fd, body))
        return read_err(err, key, errno);
    describe(out, st);
    set_etag(out, buf_bytes(body));
    snprintf(out->content_type, sizeof out->content_type, "application/octet-stream");
    rc = sidecar_read(top, key, out, err);
    return rc == 0 && still_there(top, key, st) ? 1 : rc;
}

/* The file stays open for the whole try: its inode number cannot come back as another file's. */
static int read_once(int top, struct bytes key, struct buf *body, struct object *out,
                     struct err *err)
{
    struct stat st;
    int fd = tree_open(top, key, &st), rc;
    if (fd < 0)
        return read_err(err, key, errno);
    rc = read_open(top, key, fd, &st, body, out, err);
    close(fd);
    return rc;
}

int file_object_read(int top, struct bytes key, struct buf *body, struct object *out,
                     struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < READ_TRIES; i++)
        rc = read_once(top, key, body, out, err);
    if (rc == 0)
        tree_err(err, key, EBUSY);
    if (rc <= 0)
        buf_clear(body);
    return rc > 0 ? 0 : -1;
}

/* What was not read gets an ETag that no object has: an empty one would be no condition at all. */
static void list_etag(int fd, struct object *out)
{
    struct buf body;
    buf_init(&body, FILE_OBJECT_LISTED_MAX);
    if (fd >= 0 && out->size <= FILE_OBJECT_LISTED_MAX && tree_read(fd, &body) == 0)
        set_etag(out, buf_bytes(&body));
    else
        snprintf(out->etag, sizeof out->etag, "\"unread-%lld-%lld\"", (long long)out->size,
                 (long long)out->modified.us);
    buf_free(&body);
}

bool file_object_list(int top, struct bytes key, struct object *out)
{
    struct stat st;
    int fd = tree_open(top, key, &st);
    if (fd < 0 && (errno == ENOENT || tree_stat(top, key, &st)))
        return false;
    describe(out, &st);
    list_etag(fd, out);
    if (fd >= 0)
        close(fd);
    return true;
}

/* ---- writing ---- */

static int conflict(struct err *err, const char *why)
{
    return err_set(err, "KeyConflict", "%s", why);
}

/* The directory that holds the key, made when missing, with nothing but a plain file, or nothing at
 * all, under the key's last part. An empty directory of that name is no object: it gives way. */
static int open_target(int top, struct bytes key, char leaf[TREE_NAME], struct err *err)
{
    int dir = tree_parent(top, key, true, leaf);
    struct stat st;
    if (dir < 0 && (errno == ENOTDIR || errno == ELOOP))
        return conflict(err, "a part of the key's path is an object or a link, not a directory");
    if (dir < 0)
        return tree_err(err, key, errno);
    if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) || S_ISREG(st.st_mode))
        return dir;
    if (S_ISDIR(st.st_mode) && unlinkat(dir, leaf, AT_REMOVEDIR) == 0)
        return dir;
    close(dir);
    return conflict(err, S_ISDIR(st.st_mode) ? "the key is a directory that holds other objects"
                                             : "the key is a link, or no plain file");
}

/* Before anything is written, so that a conflict leaves nothing behind. */
static int check_target(int top, struct bytes key, struct err *err)
{
    char leaf[TREE_NAME];
    int dir = open_target(top, key, leaf, err);
    if (dir >= 0)
        close(dir);
    return dir < 0 ? -1 : 0;
}

/* Gives the temporary file its name: 1, 0 when the directory went away meanwhile, -1 with err. */
static int rename_once(int top, int temp, const char *name, struct bytes key, struct err *err)
{
    char leaf[TREE_NAME];
    int dir = open_target(top, key, leaf, err);
    int rc = dir < 0 ? -1 : 1;
    if (rc > 0 && renameat(temp, name, dir, leaf))
        rc = errno == ENOENT ? 0 : tree_err(err, key, errno);
    if (dir >= 0)
        close(dir);
    return rc;
}

static int rename_into_place(int top, int temp, const char *name, struct bytes key,
                             struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < PLACE_TRIES; i++)
        rc = rename_once(top, temp, name, key, err);
    return rc ? (rc > 0 ? 0 : -1) : tree_err(err, key, ENOENT);
}

/* Body, then sidecar, then the name, then the old sidecars: killed between any two of these, it
 * leaves an object with its own sidecar. */
static int write_steps(int top, int temp, struct bucket_op *put)
{
    struct random random = random_fresh();
    char body[TEMP_NAME], sidecar[TEMP_NAME];
    struct err *err = &put->op.err;
    snprintf(body, sizeof body, "%016llx", (unsigned long long)random_next(&random));
    snprintf(sidecar, sizeof sidecar, "%016llx", (unsigned long long)random_next(&random));
    if (tree_write(temp, body, put->body))
        return tree_err(err, put->key, errno);
    if (sidecar_write(top, put, put->object.etag, sidecar, err) ||
        rename_into_place(top, temp, body, put->key, err)) {
        unlinkat(temp, body, 0);
        return -1;
    }
    sidecar_keep(top, put->key, put->object.etag);
    return 0;
}

int file_object_write(int top, struct bucket_op *put)
{
    int temp = tree_dir(top, BYTES(SIDECAR_TEMP), true), rc;
    if (temp < 0)
        return tree_err(&put->op.err, BYTES(SIDECAR_TEMP), errno);
    set_etag(&put->object, put->body);
    rc = check_target(top, put->key, &put->op.err);
    if (rc == 0)
        rc = write_steps(top, temp, put);
    if (rc) {
        tree_prune(top, tree_dirname(put->key));
        put->object.etag[0] = 0;
    }
    close(temp);
    return rc;
}

int file_object_remove(int top, struct bytes key, struct err *err)
{
    if (tree_unlink(top, key) && errno != ENOENT)
        return tree_err(err, key, errno);
    sidecar_keep(top, key, NULL);
    tree_prune(top, tree_dirname(key));
    return 0;
}

/* Temporary files are made under the lock only: those its holder finds belong to the dead. */
void file_object_sweep(int top)
{
    DIR *list = tree_list(top, BYTES(SIDECAR_TEMP));
    const struct dirent *e;
    if (!list)
        return;
    for (e = readdir(list); e; e = readdir(list))
        unlinkat(dirfd(list), e->d_name, 0);
    closedir(list);
}
