/* Bucket calls: one call to a bucket, run to its end, its answer as text that a test can compare.
 * Texts that are returned stay valid until a few calls later; nothing is left to free.
 * A bucket that answers later is driven by the pump that the test sets. */
#ifndef TIDEGATE_TESTS_BUCKET_CALLS_H
#define TIDEGATE_TESTS_BUCKET_CALLS_H

#include "base/bucket.h"

/* Lets a bucket that answers later go on a little; NULL for one that answers inside the call. */
struct bucket_pump {
    void (*turn)(void *world, struct bucket *b);
    void *world;
};

void bucket_calls_pump(struct bucket_pump pump);

/* Starts it and drives it to its end; the caller frees it. Checks that notify came exactly once. */
void bucket_run(struct bucket *b, struct bucket_op *op);

struct put {
    const char *key;
    struct bytes body;
    const char *type, *if_match, *if_none_match;     /* NULL: not said */
    const struct pairs *metadata;
    char *etag;                      /* of 160 bytes, or NULL */
};

/* These return the code of the error, "" when all went well. */
const char *bucket_put_as(struct bucket *b, struct put put);
const char *bucket_put(struct bucket *b, const char *key, const char *body);
const char *bucket_delete(struct bucket *b, const char *key, const char *if_match);

/* The body, or "!" and the code of the error. */
const char *bucket_text(struct bucket *b, const char *key);
/* The ETag that HEAD tells, or "!" and the code of the error. */
const char *bucket_etag(struct bucket *b, const char *key);
/* The value of the metadata of that name, "(none)", or "!" and the code of the error. */
const char *bucket_metadata(struct bucket *b, const char *key, const char *name);
/* The keys with a blank between them, " +" at the end when there are more, or "!" and the code. */
const char *bucket_keys(struct bucket *b, const char *prefix, const char *after, int max);

#endif
