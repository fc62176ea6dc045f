/* Memory bucket: a bucket in memory that answers only when it is told to, for tests of who waits.
 * Owns its objects and remembers what it was asked; what is asked is answered from the state at the
 * moment of the answer. Errors can be put on a key or on listings.
 * It is single and small: nothing in it is fast. */
#ifndef TIDEGATE_TESTS_MEMORY_BUCKET_H
#define TIDEGATE_TESTS_MEMORY_BUCKET_H

#include "base/bucket.h"

enum { MEMORY_OBJECTS = 4096, MEMORY_PENDING = 64 };

struct memory_object {
    char *key;
    char *body;
    size_t len;
    char content_type[128];
    struct pairs metadata;
    int version;
};

struct memory_bucket {
    struct bucket bucket;
    struct memory_object objects[MEMORY_OBJECTS];        /* in the order of their keys */
    size_t count;
    int versions;
    struct bucket_op *pending[MEMORY_PENDING];           /* oldest first */
    size_t pending_count;

    size_t asked[BUCKET_LIST + 1];                       /* questions by verb */
    size_t aborted;
    const char *bad_key;                                 /* calls about it fail with `bad` */
    bool bad_list;                                       /* a LIST fails with `bad` */
    struct err bad;
};

struct memory_bucket *memory_bucket_new(void);
/* Answers the oldest question that waits; false when none does. */
bool memory_bucket_step(struct memory_bucket *m);
void memory_bucket_pump(struct memory_bucket *m);        /* until none waits */
/* Answers the newest one first. */
bool memory_bucket_step_back(struct memory_bucket *m);

#endif
