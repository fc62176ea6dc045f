#include "host/overlap.h"

#include "delivery/scan.h"
#include "local/sqlite_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes without_slashes(struct bytes path)
{
    while (path.len > 1 && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Is `inner` the place `outer` or below it, and not below what `outer` never reads? */
static bool read_by(struct bytes inner, struct bytes outer)
{
    struct bytes below;
    inner = without_slashes(inner);
    outer = without_slashes(outer);
    if (inner.len < outer.len || memcmp(inner.at, outer.at, outer.len))
        return false;
    below = bytes_from(inner, outer.len);
    if (below.len && below.at[0] != '/' && !bytes_is(outer, "/"))
        return false;
    if (below.len && below.at[0] == '/')
        below = bytes_from(below, 1);
    return !bytes_starts(below, SCAN_PARKED) && !bytes_is(below, "parked");
}

/* Goes on by one part of a path, which does not exist: as it reads. */
static bool go_on(char path[PATH_MAX], const char *part)
{
    size_t len = strlen(path), room = PATH_MAX - len;
    if (strcmp(part, "") == 0 || strcmp(part, ".") == 0)
        return true;
    if (strcmp(part, "..") == 0) {
        char *slash = strrchr(path, '/');
        slash[slash == path] = 0;
        return true;
    }
    return snprintf(path + len, room, "%s%s", len > 1 ? "/" : "", part) < (int)room;
}

bool overlap_real_path(const char *path, char out[PATH_MAX])
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (realpath(path, out))
        return true;
    if (len >= PATH_MAX || strcmp(path, "/") == 0 || !*path)
        return false;
    memcpy(parent, path, len);
    parent[len] = 0;
    return overlap_real_path(len ? parent : slash ? "/" : ".", out) &&
           go_on(out, slash ? slash + 1 : path);
}

static bool directories(const char *park, const char *source)
{
    char inner[PATH_MAX], outer[PATH_MAX];
    return overlap_real_path(park, inner) && overlap_real_path(source, outer) &&
           read_by(bytes_of(inner), bytes_of(outer));
}

/* To SQLite names are the same in either case. */
static bool tables(const char *park, const char *source)
{
    const char *const urls[] = {park, source};
    char files[2][PATH_MAX], path[PATH_MAX];
    struct bytes names[2];
    for (size_t i = 0; i < 2; i++) {
        struct bytes file = bytes_cut(bytes_of(urls[i]), '#', &names[i]);
        if (file.len >= PATH_MAX)
            return false;
        memcpy(path, file.at, file.len);
        path[file.len] = 0;
        if (!overlap_real_path(path, files[i]))
            return false;
        if (!names[i].len)
            names[i] = BYTES(SQLITE_QUEUE_NAME);
    }
    return strcmp(files[0], files[1]) == 0 && bytes_is_nocase(names[0], names[1].at);
}

static const char *last_part(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash ? slash + 1 : url;
}

/* One by its name, the other by its URL: which account and region the name means is not known. */
static bool queues(const char *park, const char *source)
{
    bool named = strncmp(park, "sqs://", 6) == 0 || strncmp(source, "sqs://", 6) == 0;
    return strcmp(park, source) == 0 || (named && strcmp(last_part(park), last_part(source)) == 0);
}

static bool is_both(const char *park, const char *source, const char *scheme)
{
    size_t len = strlen(scheme);
    return strncmp(park, scheme, len) == 0 && strncmp(source, scheme, len) == 0;
}

static bool is_queue(const char *url)
{
    return strncmp(url, "sqs://", 6) == 0 || strncmp(url, "http", 4) == 0;
}

bool overlap_feeds(const char *park, const char *source)
{
    if (is_both(park, source, "file:"))
        return directories(park + 5, source + 5);
    if (is_both(park, source, "sqlite:"))
        return tables(park + 7, source + 7);
    if (is_both(park, source, "s3://"))
        return read_by(bytes_of(park), bytes_of(source));
    if (is_queue(park) && is_queue(source))
        return queues(park, source);
    return strcmp(park, source) == 0;
}
