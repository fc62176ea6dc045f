#include "shared_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

void shared_path(const char *path, struct buf *out)
{
    const char *root = getenv("TIDEGATE_SHARED");
    buf_printf(out, "%s/%s", root && root[0] ? root : "../shared", path);
}

bool shared_has(const char *test, const char *path)
{
    struct buf full;
    bool found;
    buf_init(&full, PATH_BYTES);
    shared_path(path, &full);
    found = access(buf_string(&full), R_OK) == 0;
    if (!found)
        printf("skipped: %s (%s is not there)\n", test, buf_string(&full));
    buf_free(&full);
    return found;
}

bool read_whole(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    char block[4096];
    size_t len;
    bool whole;
    if (!file)
        return false;
    for (len = 1; len;) {
        len = fread(block, 1, sizeof block, file);
        buf_add(out, (struct bytes){block, len});
    }
    whole = !ferror(file) && !out->failed;
    fclose(file);
    return whole;
}

bool shared_read(const char *path, struct buf *out)
{
    struct buf full;
    bool read;
    buf_init(&full, PATH_BYTES);
    shared_path(path, &full);
    read = read_whole(buf_string(&full), out);
    buf_free(&full);
    return read;
}
