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

/* The file of FILE#NAME, and its name, which ends in a NUL. */
static bool real_file(const char *place, char out[PATH_MAX], struct bytes *name)
{
    char path[PATH_MAX];
    struct bytes file = bytes_cut(bytes_of(place), '#', name);
    if (file.len >= sizeof path)
        return false;
    memcpy(path, file.at, file.len);
    path[file.len] = 0;
    if (!name->len)
        *name = BYTES(SQLITE_QUEUE_NAME);
    return overlap_real_path(path, out);
}

static bool tables(const char *park, const char *source)
{
    char files[2][PATH_MAX];
    struct bytes names[2];
    return real_file(park, files[0], &names[0]) && real_file(source, files[1], &names[1]) &&
           strcmp(files[0], files[1]) == 0 && bytes_is_nocase(names[0], names[1].at);
}

/* A file of SQLite in a directory of requests is read as one of them. */
static bool file_in(const char *park, const char *directory)
{
    char inner[PATH_MAX], outer[PATH_MAX];
    struct bytes name;
    return real_file(park, inner, &name) && overlap_real_path(directory, outer) &&
           read_by(bytes_of(inner), bytes_of(outer));
}

/* What stands behind the scheme; NULL when the URL has another one. */
static const char *behind(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);
    return strncmp(url, scheme, len) ? NULL : url + len;
}

static const char *last_part(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash ? slash + 1 : url;
}

/* One by its name, the other by its URL: which account and region the name means is not known. */
static bool queues(const char *park, const char *source)
{
    bool named = behind(park, "sqs://") || behind(source, "sqs://");
    return strcmp(park, source) == 0 || (named && strcmp(last_part(park), last_part(source)) == 0);
}

static bool is_queue(const char *url)
{
    return behind(url, "sqs://") || behind(url, "http");
}

bool overlap_feeds(const char *park, const char *source)
{
    const char *file = behind(park, "file:"), *directory = behind(source, "file:");
    const char *db = behind(park, "sqlite:"), *source_db = behind(source, "sqlite:");
    if (file && directory)
        return directories(file, directory);
    if (db && source_db)
        return tables(db, source_db);
    if (db && directory)
        return file_in(db, directory);
    if (behind(park, "s3://") && behind(source, "s3://"))
        return read_by(bytes_of(park), bytes_of(source));
    if (is_queue(park) && is_queue(source))
        return queues(park, source);
    return strcmp(park, source) == 0;
}
