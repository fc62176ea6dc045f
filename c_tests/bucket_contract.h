/* Bucket contract: one suite that every kind of bucket is held to (base/bucket.h says what).
 * Each case gets a bucket of its own, empty, and gives it back; the suite owns nothing else.
 * It never asks more than the contract says: where servers may differ, each answer is accepted. */
#ifndef TIDEGATE_TESTS_BUCKET_CONTRACT_H
#define TIDEGATE_TESTS_BUCKET_CONTRACT_H

#include "bucket_calls.h"

struct bucket_backend {
    const char *name;
    struct bucket *(*open)(void *world);                 /* a fresh place with nothing in it */
    void (*close)(void *world, struct bucket *b);        /* frees the bucket, removes the place */
    void (*turn)(void *world, struct bucket *b);         /* NULL when it answers inside the call */
    void *world;
    bool keeps_memory;               /* connections outlive a bucket: no check per case */
};

/* Runs all cases as one cmocka group; the number that failed. */
int bucket_contract_run(const struct bucket_backend *backend);

#endif
