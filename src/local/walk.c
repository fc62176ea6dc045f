#include "local/walk.h"

#include "base/bucket.h"
#include "base/log.h"
#include "local/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { WINDOW = 1024 };              /* names of a directory that are kept at a time */

/* The first WINDOW paths of a directory that are wanted and behind `bound`, in order. A
 * directory's path ends in a slash, so that comparing paths puts it where its keys belong. */
struct window {
    struct bytes *at;
    size_t count, cap;
    bool cut;                        /* there are more behind the last one */
};

static bool is_dir(struct bytes path)
{
    return path.at[path.len - 1] == '/';
}

static bool begins(struct bytes text, struct bytes with)
{
    return text.len >= with.len && bytes_equal((struct bytes){text.at, with.len}, with);
}

/* Could the path be a key that was asked for, or a directory that holds one? */
static bool asked_for(const struct walk *w, struct bytes path)
{
    bool below = begins(path, w->prefix) || (is_dir(path) && begins(w->prefix, path));
    bool behind = bytes_compare(path, w->start_after) > 0 ||
                  (is_dir(path) && begins(w->start_after, path));
    return below && behind;
}

static bool valid(struct bytes path)
{
    struct bytes key = {path.at, path.len - is_dir(path)};
    struct err why;
    if (bucket_key_check(key, &why) == 0)
        return true;
    log_line(LOG_DEBUG, "%.*s is not listed: %s", (int)key.len, key.at, why.message);
    return false;
}

static int by_path(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void window_sort(struct window *win)
{
    if (win->count)
        qsort(win->at, win->count, sizeof *win->at, by_path);
    win->cut = win->cut || win->count > WINDOW;
    while (win->count > WINDOW)
        mem_free((void *)win->at[--win->count].at);
}

static void window_add(struct window *win, struct bytes path)
{
    if (win->cut && bytes_compare(path, win->at[WINDOW - 1]) > 0)
        return;
    if (win->count == win->cap) {
        win->cap = win->cap ? win->cap * 2 : 8;
        win->at = mem_resize(win->at, win->cap, sizeof *win->at);
    }
    win->at[win->count++] = (struct bytes){mem_slice(path.at, path.len), path.len};
    if (win->count == 2 * WINDOW)
        window_sort(win);
}

static void window_free(struct window *win)
{
    while (win->count)
        mem_free((void *)win->at[--win->count].at);
    mem_free(win->at);
}

/* 'd' a directory, 'f' a plain file, 0 anything else. */
static char kind_of(int dir, const struct dirent *e)
{
    struct stat st;
    if (e->d_type == DT_DIR)
        return 'd';
    if (e->d_type != DT_UNKNOWN)
        return e->d_type == DT_REG ? 'f' : 0;
    if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
        return 0;
    return S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : 0;
}

static void consider(const struct walk *w, struct window *win, struct bytes above,
                     struct bytes bound, int dir, const struct dirent *e)
{
    struct bytes name = bytes_of(e->d_name), path;
    char kind = kind_of(dir, e);
    struct buf whole;
    if (!kind || bytes_is(name, ".") || bytes_is(name, ".."))
        return;
    if (!above.len && bytes_equal(name, w->skip))
        return;
    buf_init(&whole, BUCKET_KEY_MAX + TREE_NAME + 1);
    buf_add(&whole, above);
    buf_add(&whole, name);
    if (kind == 'd')
        buf_char(&whole, '/');
    path = buf_bytes(&whole);
    if (asked_for(w, path) && bytes_compare(path, bound) > 0 && valid(path))
        window_add(win, path);
    buf_free(&whole);
}

/* A directory that is gone since it was seen has no keys; one that cannot be read is an error. */
static int window_read(const struct walk *w, struct window *win, struct bytes path,
                       struct bytes bound, struct err *err)
{
    DIR *list = tree_list(w->top, (struct bytes){path.at, path.len ? path.len - 1 : 0});
    const struct dirent *e;
    if (!list && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0;
    if (!list)
        return tree_err(err, path, errno);
    errno = 0;
    for (e = readdir(list); e; e = readdir(list)) {
        consider(w, win, path, bound, dirfd(list), e);
        errno = 0;
    }
    if (errno)
        tree_err(err, path, errno);
    closedir(list);
    window_sort(win);
    return err_any(err) ? -1 : 0;
}

static int walk_dir(const struct walk *w, struct bytes path, struct err *err);

/* One window's keys, what is in its directories included. 1 goes on behind *bound, 0 nothing is
 * left, -1 failed or ended. */
static int walk_window(const struct walk *w, struct bytes path, struct buf *bound, struct err *err)
{
    struct window win = {0};
    int rc = window_read(w, &win, path, buf_bytes(bound), err);
    for (size_t i = 0; rc == 0 && i < win.count; i++) {
        if (is_dir(win.at[i]))
            rc = walk_dir(w, win.at[i], err);
        else
            rc = w->found(w->context, win.at[i]) ? 0 : -1;
    }
    buf_clear(bound);
    if (rc == 0 && win.cut) {
        buf_add(bound, win.at[win.count - 1]);
        rc = 1;
    }
    window_free(&win);
    return rc;
}

static int walk_dir(const struct walk *w, struct bytes path, struct err *err)
{
    struct buf bound;
    int rc;
    buf_init(&bound, BUCKET_KEY_MAX + 1);
    do
        rc = walk_window(w, path, &bound, err);
    while (rc == 1);
    buf_free(&bound);
    return rc;
}

int walk_keys(const struct walk *w, struct err *err)
{
    err_clear(err);
    return walk_dir(w, BYTES(""), err) && err_any(err) ? -1 : 0;
}
