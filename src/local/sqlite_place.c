#include "local/sqlite_place.h"

#include "base/buf.h"
#include "local/sqlite_queue.h"
#include "local/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Names of this program's own tables and of SQLite's. */
static const char *const reserved[] = {"sqlite_", "tidegate_"};

static bool is_reserved(struct bytes name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        size_t len = strlen(reserved[i]);
        if (name.len >= len && bytes_is_nocase((struct bytes){name.at, len}, reserved[i]))
            return true;
    }
    return false;
}

static bool may_stand(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

/* A parking place has its queue's name, which may be as long as any, with its ending. */
static size_t length_that_counts(struct bytes name)
{
    size_t len = sizeof SQLITE_PARKED - 1;
    bool ends = name.len > len && bytes_is(bytes_from(name, name.len - len), SQLITE_PARKED);
    return ends ? name.len - len : name.len;
}

static int check_name(struct bytes name, struct err *err)
{
    if (!name.len || length_that_counts(name) > SQLITE_NAME_LEN)
        return err_set(err, "BadPlace", "the name behind # has 1 to %d characters",
                       SQLITE_NAME_LEN);
    for (size_t i = 0; i < name.len; i++)
        if (!may_stand(name.at[i]))
            return err_set(err, "BadPlace", "\"%.*s\" cannot stand behind #: a name may hold A-Z, "
                           "a-z, 0-9, - and _", (int)name.len, name.at);
    if (is_reserved(name))
        return err_set(err, "BadPlace", "\"%.*s\" cannot stand behind #: names that begin with "
                       "sqlite_ or tidegate_ are taken", (int)name.len, name.at);
    return 0;
}

static int check_file(struct bytes file, struct err *err)
{
    if (!file.len || memchr(file.at, 0, file.len))
        return err_set(err, "BadPlace", "sqlite: needs the path of a file");
    if (file.len > SQLITE_PATH_LEN)
        return err_set(err, "BadPlace", "the path has %zu bytes, over the limit of %d", file.len,
                       SQLITE_PATH_LEN);
    return 0;
}

static char *joined(const char *before, struct bytes text, const char *between, struct bytes more,
                    const char *ending)
{
    struct buf b;
    char *out;
    buf_init(&b, SIZE_MAX / 2);
    buf_text(&b, before);
    buf_add(&b, text);
    buf_text(&b, between);
    buf_add(&b, more);
    buf_text(&b, ending);
    out = mem_text(buf_string(&b));
    buf_free(&b);
    return out;
}

int sqlite_place_read(struct sqlite_place *p, struct bytes text, const char *usual,
                      const char *ending, struct err *err)
{
    struct bytes name, file = bytes_cut(text, '#', &name);
    const char *before = bytes_starts(file, "/") ? "" : "./";
    *p = (struct sqlite_place){0};
    if (file.len == text.len)
        name = bytes_of(usual);
    if (check_file(file, err) || check_name(name, err))
        return -1;
    p->path = joined(before, file, "", BYTES(""), "");
    p->file = p->path + strlen(before);
    p->name = joined("", name, ending, BYTES(""), "");
    p->url = joined("sqlite:", file, "#", name, ending);
    return 0;
}

void sqlite_place_free(struct sqlite_place *p)
{
    mem_free(p->path);
    mem_free(p->name);
    mem_free(p->url);
    *p = (struct sqlite_place){0};
}

static int look_above(const struct sqlite_place *p, bool create, const char *missing,
                      struct err *err)
{
    struct bytes above = tree_dirname(bytes_of(p->path));
    char *dir = mem_slice(p->path, above.len ? above.len : 1);
    struct stat st;
    int rc = 0;
    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
        rc = err_set(err, missing, "there is no directory \"%.200s\" for the file", dir);
        err->status = 400;
    } else if (create && faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS)) {
        rc = tree_err(err, bytes_of(p->file), errno);
    }
    mem_free(dir);
    return rc;
}

int sqlite_place_look(const struct sqlite_place *p, bool create, const char *missing,
                      struct err *err)
{
    struct stat st;
    if (stat(p->path, &st) == 0)
        return S_ISREG(st.st_mode) ? 1 : err_set(err, "BadPlace", "\"%.200s\" is not a file",
                                                 p->file);
    if (errno != ENOENT && errno != ENOTDIR)
        return tree_err(err, bytes_of(p->file), errno);
    return look_above(p, create, missing, err);
}
