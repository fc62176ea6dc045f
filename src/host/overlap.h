/* Overlap: would what is put into one place come out of another? Judged by their URLs.
 * Borrows both. Directories are followed to where they really are; nothing else is looked at.
 * When two names of a queue may be the same one, it says yes. */
#ifndef TIDEGATE_HOST_OVERLAP_H
#define TIDEGATE_HOST_OVERLAP_H

#include <limits.h>
#include <stdbool.h>

/* Would messages that are parked in `park` be received from `source`? The place parked/ of a bucket
 * is never read by the queue that the bucket is. */
bool overlap_feeds(const char *park, const char *source);

/* Where the path leads; what does not exist yet is taken by its name. False when that is nowhere.
 */
bool overlap_real_path(const char *path, char out[PATH_MAX]);

#endif
