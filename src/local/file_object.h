/* File object: one object as a plain file under its key, with a sidecar for what the file cannot
 * say. Borrows the directory `top` and fills the caller's object and buffer. Who writes or
 * removes holds the lock of the directory; who reads holds nothing. It compares no conditions. */
#ifndef TIDEGATE_LOCAL_FILE_OBJECT_H
#define TIDEGATE_LOCAL_FILE_OBJECT_H

#include "base/bucket.h"

/* A larger object is listed without reading it: with an ETag that no object has. */
enum { FILE_OBJECT_LISTED_MAX = 1024 * 1024 };

bool file_object_exists(int top, struct bytes key);
/* Body, ETag, size, date, content type and metadata, as they were written together.
 * NoSuchKey, too_large, or the system's errors. */
int file_object_read(int top, struct bytes key, struct buf *body, struct object *out,
                     struct err *err);
/* ETag, size and date for a listing; false when the object is gone. */
bool file_object_list(int top, struct bytes key, struct object *out);
/* Writes what the question of a put says and leaves its ETag in the answer. */
int file_object_write(int top, struct bucket_op *put);
/* Removes the object and the directories that it leaves empty; fine when there is none. */
int file_object_remove(int top, struct bytes key, struct err *err);
/* Removes what writers that died left over. */
void file_object_sweep(int top);

int file_object_too_large(struct err *err);      /* too_large; returns -1 */

#endif
