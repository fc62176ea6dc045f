/* S3 listing: the question of ListObjectsV2 and its answer.
 * Pure; what it reads goes to the operation, which owns it.
 * Pages are asked for by start-after, so that a caller may go on from any key; hence a page out of
 * byte order, or one that begins before the place it was to begin, is refused instead of looped on.
 * A document that was cut is an error, never a shorter listing. */
#ifndef TIDEGATE_AWS_S3_LIST_H
#define TIDEGATE_AWS_S3_LIST_H

#include "base/bucket.h"

/* Appends the query, names in order. `root` is what all keys of the place begin with: "" or
 * "PREFIX/". `token` names the page that a page without keys pointed to, or is NULL. */
int s3_list_query(struct buf *out, const char *root, const struct bucket_op *op,
                  const char *token) MUSTCHECK;
/* Fills listed (keys without root), listed_count and more; *next is the token of the next page, or
 * NULL, and the caller's to free. -1 with err "bad_answer", and nothing is filled. */
int s3_list_read(struct bytes document, const char *root, struct bucket_op *op, char **next,
                 struct err *err) MUSTCHECK;

#endif
