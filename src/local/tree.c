#include "local/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RACE_TRIES = 16,                 /* for a directory that somebody removes as we make it */
    READ_STEP = 16 * 1024,
    PATH_SHOWN = 256                 /* leaves room for the reason in a message */
};

/* For a directory that was just made and is already gone again: made anew, a few times. */
static int step(int dir, const char *name, bool create)
{
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, name, flags);
    for (int i = 0; fd < 0 && errno == ENOENT && create && i < RACE_TRIES; i++) {
        if (mkdirat(dir, name, 0777) && errno != EEXIST)
            return -1;
        fd = openat(dir, name, flags);
    }
    return fd;
}

static void close_quietly(int fd)
{
    int kept = errno;
    close(fd);
    errno = kept;
}

int tree_dir(int top, struct bytes path, bool create)
{
    char name[TREE_NAME];
    int dir = step(top, ".", false);
    while (dir >= 0 && path.len) {
        struct bytes part = bytes_cut(path, '/', &path);
        int next;
        snprintf(name, sizeof name, "%.*s", (int)part.len, part.at);
        next = step(dir, name, create);
        close_quietly(dir);
        dir = next;
    }
    return dir;
}

struct bytes tree_dirname(struct bytes key)
{
    const char *slash = key.len ? memrchr(key.at, '/', key.len) : NULL;
    return (struct bytes){key.at, slash ? (size_t)(slash - key.at) : 0};
}

int tree_parent(int top, struct bytes key, bool create, char leaf[TREE_NAME])
{
    struct bytes above = tree_dirname(key);
    struct bytes last = above.len ? bytes_from(key, above.len + 1) : key;
    snprintf(leaf, TREE_NAME, "%.*s", (int)last.len, last.at);
    return tree_dir(top, above, create);
}

DIR *tree_list(int top, struct bytes path)
{
    int dir = tree_dir(top, path, false);
    int fd = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (dir >= 0)
        close_quietly(dir);
    if (fd >= 0 && !list)
        close_quietly(fd);
    return list;
}

/* Whatever stands in the way of a plain file means that there is none. */
static int absent_as_enoent(int rc)
{
    if (rc < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENXIO))
        errno = ENOENT;
    return rc;
}

static int plain(struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return 0;
    errno = ENOENT;
    return -1;
}

static int stat_leaf(int dir, const char *leaf, struct stat *st)
{
    return fstatat(dir, leaf, st, AT_SYMLINK_NOFOLLOW) ? absent_as_enoent(-1) : plain(st);
}

int tree_stat(int top, struct bytes key, struct stat *st)
{
    char leaf[TREE_NAME];
    int dir = absent_as_enoent(tree_parent(top, key, false, leaf));
    int rc = dir < 0 ? -1 : stat_leaf(dir, leaf, st);
    if (dir >= 0)
        close_quietly(dir);
    return rc;
}

/* Looked at before it is opened, since opening a pipe or a device can do things, and again after,
 * since it may have changed. */
static int open_leaf(int dir, const char *leaf, struct stat *st)
{
    int fd;
    if (stat_leaf(dir, leaf, st))
        return -1;
    fd = absent_as_enoent(openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd >= 0 && (fstat(fd, st) || plain(st))) {
        close_quietly(fd);
        return -1;
    }
    return fd;
}

int tree_open(int top, struct bytes key, struct stat *st)
{
    char leaf[TREE_NAME];
    int dir = absent_as_enoent(tree_parent(top, key, false, leaf));
    int fd = dir < 0 ? -1 : open_leaf(dir, leaf, st);
    if (dir >= 0)
        close_quietly(dir);
    return fd;
}

int tree_unlink(int top, struct bytes key)
{
    char leaf[TREE_NAME];
    struct stat st;
    int dir = absent_as_enoent(tree_parent(top, key, false, leaf));
    int rc = dir < 0 || stat_leaf(dir, leaf, &st) ? -1 : unlinkat(dir, leaf, 0);
    if (dir >= 0)
        close_quietly(dir);
    return rc;
}

int tree_read(int fd, struct buf *out)
{
    char part[READ_STEP];
    for (;;) {
        ssize_t got = read(fd, part, sizeof part);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0 && buf_add(out, (struct bytes){part, (size_t)got})) {
            errno = EFBIG;
            return -1;
        }
    }
}

static int write_all(int fd, struct bytes content)
{
    while (content.len) {
        ssize_t put = write(fd, content.at, content.len);
        if (put < 0 && errno != EINTR)
            return -1;
        content = bytes_from(content, put > 0 ? (size_t)put : 0);
    }
    return fdatasync(fd);
}

int tree_write(int dir, const char *name, struct bytes content)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int rc, kept;
    if (fd < 0)
        return -1;
    rc = write_all(fd, content);
    kept = errno;
    if (close(fd) && rc == 0) {
        rc = -1;
        kept = errno;
    }
    if (rc)
        unlinkat(dir, name, 0);
    errno = kept;
    return rc;
}

static int remove_dir(int top, struct bytes path)
{
    char leaf[TREE_NAME];
    int dir = tree_parent(top, path, false, leaf);
    int rc = dir < 0 ? -1 : unlinkat(dir, leaf, AT_REMOVEDIR);
    if (dir >= 0)
        close(dir);
    return rc;
}

void tree_prune(int top, struct bytes path)
{
    while (path.len && remove_dir(top, path) == 0)
        path = tree_dirname(path);
}

static const struct trouble {
    int number;
    const char *code;
    bool retryable;
} troubles[] = {
    {ENOSPC, "disk_full", true},
    {EDQUOT, "disk_full", true},
    {EACCES, "access_denied", false},
    {EPERM, "access_denied", false},
    {EROFS, "access_denied", false},
    {EFBIG, "too_large", false},
    {ENAMETOOLONG, "InvalidKey", false},
};

int tree_err(struct err *err, struct bytes path, int number)
{
    struct trouble found = {number, "io", true};     /* the disk is at fault, not the request */
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (troubles[i].number == number)
            found = troubles[i];
    if (path.len == 0)
        path = BYTES(".");
    if (path.len > PATH_SHOWN)
        path.len = PATH_SHOWN;
    err_set(err, found.code, "%.*s: %s", (int)path.len, path.at, strerror(number));
    err->retryable = found.retryable;
    return -1;
}
