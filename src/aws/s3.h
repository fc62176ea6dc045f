/* S3: a bucket of that service, as the contract of base/bucket.h.
 * Owns its endpoint and its prefix; borrows the client, which outlives it.
 * It never lets an answer without an ETag pass for an object: that is what conditions stand on. */
#ifndef TIDEGATE_AWS_S3_H
#define TIDEGATE_AWS_S3_H

#include "aws/call.h"
#include "base/bucket.h"

/* `prefix` may be empty, and may end in a slash. NULL with err "BadBucket" or "InvalidKey". */
struct bucket *s3_bucket(struct client *client, struct bytes name, struct bytes prefix,
                         struct err *err);

#endif
