#include "local/sidecar.h"

#include "base/digest.h"
#include "base/log.h"
#include "local/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_HEX = 2,                   /* spreads the keys over 256 directories */
    PATH_BYTES = sizeof SIDECAR_HOME "/meta/x/" + SHA256_HEX,
    SIDECAR_MAX = 64 * 1024
};

#define FIRST_LINE "tidegate object 1"
#define LAST_LINE "end"

static void path_of(struct bytes key, char out[PATH_BYTES])
{
    char hex[SHA256_HEX];
    digest_sha256_hex(key, hex);
    snprintf(out, PATH_BYTES, "%s/meta/%.*s/%s", SIDECAR_HOME, FIRST_HEX, hex, hex + FIRST_HEX);
}

/* The ETag without its quotes. */
static void name_of(const char *etag, char out[MD5_HEX])
{
    snprintf(out, MD5_HEX, "%.*s", MD5_HEX - 1, etag + 1);
}

int sidecar_check(struct bytes content_type, struct err *err)
{
    const size_t room = sizeof((struct object *)NULL)->content_type;
    if (content_type.len >= room)
        return err_set(err, "InvalidMetadata", "a content type of %zu bytes, over the limit of %zu",
                       content_type.len, room - 1);
    for (size_t i = 0; i < content_type.len; i++)
        if (content_type.at[i] < 32 || content_type.at[i] > 126)
            return err_set(err, "InvalidMetadata", "a content type is printable ASCII");
    return 0;
}

static void add_line(struct buf *out, const char *name, struct bytes value)
{
    buf_text(out, name);
    buf_text(out, ": ");
    buf_add(out, value);
    buf_char(out, '\n');
}

static void compose(struct buf *out, const struct bucket_op *put)
{
    buf_text(out, FIRST_LINE "\n");
    add_line(out, "key", put->key);
    if (put->content_type.len)
        add_line(out, "content-type", put->content_type);
    for (size_t i = 0; put->metadata && i < put->metadata->count; i++) {
        buf_text(out, "meta ");
        add_line(out, put->metadata->at[i].name.at, put->metadata->at[i].value);
    }
    buf_text(out, LAST_LINE "\n");
}

static int place(int top, const char *path, const char *name, const char *temp,
                 struct bytes content)
{
    int from = tree_dir(top, BYTES(SIDECAR_TEMP), true), to = -1, rc = -1, kept;
    if (from >= 0 && tree_write(from, temp, content) == 0) {
        to = tree_dir(top, bytes_of(path), true);
        rc = to < 0 ? -1 : renameat(from, temp, to, name);
    }
    kept = errno;
    if (rc && from >= 0)
        unlinkat(from, temp, 0);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    errno = kept;
    return rc;
}

int sidecar_write(int top, const struct bucket_op *put, const char *etag, const char *temp,
                  struct err *err)
{
    char path[PATH_BYTES], name[MD5_HEX];
    struct buf text;
    int rc;
    path_of(put->key, path);
    name_of(etag, name);
    buf_init(&text, SIDECAR_MAX);
    compose(&text, put);
    rc = text.failed ? err_set(err, "MetadataTooLarge", "the metadata has too many names") : 0;
    if (rc == 0 && place(top, path, name, temp, buf_bytes(&text)))
        rc = tree_err(err, bytes_of(path), errno);
    buf_free(&text);
    return rc;
}

static void read_line(struct bytes line, struct object *out)
{
    struct bytes value, name = bytes_cut(line, ':', &value);
    value = bytes_from(value, 1);
    if (bytes_is(name, "content-type"))
        snprintf(out->content_type, sizeof out->content_type, "%.*s", (int)value.len, value.at);
    else if (bytes_starts(name, "meta "))
        pairs_add(&out->metadata, bytes_from(name, strlen("meta ")), value);
}

/* Without its first or last line it is not one of ours, or was cut by a power failure. */
static bool whole(struct bytes text)
{
    const size_t tail = strlen("\n" LAST_LINE "\n");
    return bytes_starts(text, FIRST_LINE "\n") && text.len > tail &&
           bytes_is(bytes_from(text, text.len - tail), "\n" LAST_LINE "\n");
}

static int parse(struct bytes text, const char *path, struct object *out)
{
    if (!whole(text)) {
        log_line(LOG_WARN, "%s is damaged: its object stands without metadata", path);
        return 0;
    }
    while (text.len)
        read_line(bytes_cut(text, '\n', &text), out);
    return 1;
}

int sidecar_read(int top, struct bytes key, struct object *out, struct err *err)
{
    char path[PATH_BYTES + MD5_HEX], dir[PATH_BYTES], name[MD5_HEX];
    struct buf text;
    struct stat st;
    int fd, rc = 0;
    path_of(key, dir);
    name_of(out->etag, name);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = tree_open(top, bytes_of(path), &st);
    if (fd < 0)
        return errno == ENOENT ? 0 : tree_err(err, bytes_of(path), errno);
    buf_init(&text, SIDECAR_MAX);
    if (tree_read(fd, &text) && errno != EFBIG)
        rc = tree_err(err, bytes_of(path), errno);
    else
        rc = parse(buf_bytes(&text), path, out);
    buf_free(&text);
    close(fd);
    return rc;
}

void sidecar_keep(int top, struct bytes key, const char *etag)
{
    char path[PATH_BYTES], name[MD5_HEX] = "";
    const struct dirent *e;
    DIR *list;
    path_of(key, path);
    if (etag)
        name_of(etag, name);
    list = tree_list(top, bytes_of(path));
    if (!list)
        return;
    for (e = readdir(list); e; e = readdir(list))
        if (strcmp(e->d_name, name) != 0)
            unlinkat(dirfd(list), e->d_name, 0);
    closedir(list);
    if (!etag)
        tree_prune(top, bytes_of(path));
}
