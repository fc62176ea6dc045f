/* Shared data: the vectors that stand beside the repository, for the tests that read them.
 * Found through TIDEGATE_SHARED, else at ../shared; a test skips by name where they are absent.
 * It owns nothing: what it reads goes into the caller's buffer. */
#ifndef TIDEGATE_TESTS_SHARED_DATA_H
#define TIDEGATE_TESTS_SHARED_DATA_H

#include "base/buf.h"

/* Whether that file or directory is there; prints a line saying what is skipped when it is not. */
bool shared_has(const char *test, const char *path);
/* Reads the file into `out` (initialised by the caller, its maximum is the limit); false when there
 * is no such file or it does not fit. */
bool shared_read(const char *path, struct buf *out);
/* The same for any path, and for a file that must be there. */
bool read_whole(const char *path, struct buf *out);
/* "SHARED/path", into `out`. */
void shared_path(const char *path, struct buf *out);

#endif
