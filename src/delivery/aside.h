/* Aside: one object put under the first name of its own that is free: KEY, KEY~1, KEY~2 …
 * Its owner embeds it, says how many names may be tried, and keeps body and metadata alive until
 * `done`; the bucket is borrowed. An object of the same bytes that already stands there is success:
 * an answer that got lost is asked for again. It never writes over anything. */
#ifndef TIDEGATE_DELIVERY_ASIDE_H
#define TIDEGATE_DELIVERY_ASIDE_H

#include "base/bucket.h"

enum { ASIDE_NAMES = 100 };              /* the most that make sense */

struct aside {
    struct bucket *bucket;
    struct bytes body;
    const struct pairs *metadata;
    int names;                           /* to try, 1 for KEY alone; when they are taken it
                                            fails: PreconditionFailed for 1, else NoFreeName */
    void (*done)(struct aside *a);       /* once; perhaps before aside_start() returns */
    void *owner;

    struct err err;                      /* the answer; empty: it is there */
    struct buf key;                      /* under this name */
    size_t stem;                         /* length of its first name */
    int number;                          /* of the name */
    int steps;
    struct bucket_op call;
};

/* bucket, body, metadata, names, done and owner are set. */
void aside_start(struct aside *a, struct bytes key);
void aside_free(struct aside *a);        /* aborts; may be called twice, and on a zeroed one */

#endif
