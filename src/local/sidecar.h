/* Sidecar: what a file cannot say about an object: its content type and its metadata. One small
 * text file for each key and ETag, DIR/.tidegate/meta/<SHA-256 of the key>/<MD5 of the body>,
 * written before the object it describes stands under its name; so the object that a reader finds
 * always has its own. Borrows the directory; the caller holds the lock when it writes or removes.
 * It never touches the object. */
#ifndef TIDEGATE_LOCAL_SIDECAR_H
#define TIDEGATE_LOCAL_SIDECAR_H

#include "base/bucket.h"

#define SIDECAR_HOME ".tidegate"
#define SIDECAR_TEMP ".tidegate/tmp"

/* Refuses (InvalidMetadata) a content type that would not come back as it was. */
int sidecar_check(struct bytes content_type, struct err *err);
/* Writes what the question of a put says; `etag` with its quotes, `temp` a free name in
 * SIDECAR_TEMP. Replaces atomically. */
int sidecar_write(int top, const struct bucket_op *put, const char *etag, const char *temp,
                  struct err *err);
/* Fills content type and metadata: 1. Leaves them alone: 0 when there is no sidecar, -1 with err
 * when it cannot be read. */
int sidecar_read(int top, struct bytes key, struct object *out, struct err *err);
/* Removes all sidecars of the key but the one for `etag` (NULL: that one too). What it cannot
 * remove does no harm. */
void sidecar_keep(int top, struct bytes key, const char *etag);

#endif
