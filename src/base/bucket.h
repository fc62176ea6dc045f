/* Bucket: where objects live, as one contract that s3:// and file: both keep.
 * The waiter owns the operation with its question and its answer; the bytes of the question must
 * stay alive until it is done. A bucket never knows what its objects mean, and never overwrites
 * against a condition that was given.
 *
 * Conditions, the same on every backend: `if_none_match` ("*") writes only what is absent;
 * `if_match` (an ETag with its quotes) writes or deletes only what still has that ETag. A condition
 * that fails answers PreconditionFailed (412), or NoSuchKey (404) when the object is gone: read
 * again in both cases, servers differ. GET and HEAD of what is absent answer NoSuchKey (404). A
 * plain delete of what is absent succeeds. */
#ifndef TIDEGATE_BASE_BUCKET_H
#define TIDEGATE_BASE_BUCKET_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/op.h"
#include "base/pairs.h"

enum {
    BUCKET_KEY_MAX = 1024,              /* bytes, S3's limit, kept on every store */
    BUCKET_COMPONENT_MAX = 255,         /* bytes between two slashes: what a file system takes */
    BUCKET_BODY_MAX = 64 * 1024 * 1024, /* a larger object is refused on read: bodies are held in
                                           memory */
    BUCKET_METADATA_MAX = 2048,         /* S3's limit on all user metadata of an object */
    BUCKET_PAGE = 1000
};

enum bucket_verb { BUCKET_GET, BUCKET_HEAD, BUCKET_PUT, BUCKET_DELETE, BUCKET_LIST };

struct object {
    char *key;                       /* in a listing; NULL in the answer to GET and HEAD */
    char etag[160];                  /* with its quotes; opaque */
    char content_type[128];
    int64_t size;
    struct walltime modified;
    struct pairs metadata; /* user metadata, names in lower case without a prefix; not in a listing
                            */
};

struct bucket_op {
    struct op op;
    enum bucket_verb verb;

    /* the question, borrowed from the waiter */
    struct bytes key; /* LIST: the prefix; a key is relative to the place (its PREFIX is not part of
                         it) */
    struct bytes start_after;        /* LIST: only keys behind this one, in byte order */
    int max_keys;                    /* LIST: at most so many, 1 to BUCKET_PAGE */
    struct bytes body;               /* PUT */
    struct bytes content_type;       /* PUT; empty: application/octet-stream */
    struct bytes if_match;           /* PUT, DELETE; empty: no condition */
    struct bytes if_none_match;      /* PUT; empty or "*" */
    const struct pairs *metadata;    /* PUT; NULL: none. Names [a-z0-9-], values printable ASCII */

    /* the answer, owned by the operation, given back by bucket_op_free() */
    struct object object;            /* GET, HEAD; after PUT its etag */
    struct buf content;              /* GET */
    struct object *listed;           /* LIST, in byte order of the keys */
    size_t listed_count;
    bool more;                       /* LIST: keys are left behind the last one */
};

struct bucket;

struct bucket_ops {
    void (*start)(struct bucket *b, struct bucket_op *op);
    void (*free)(struct bucket *b);
};

struct bucket {
    const struct bucket_ops *ops;
    char *url;                       /* as messages name it: "s3://widgets/prefix", "file:out" */
};

/* Checks the question (key and metadata rules included) and starts it; a refused one finishes at
 * once with its error. */
void bucket_start(struct bucket *b, struct bucket_op *op);
void bucket_op_init(struct bucket_op *op, enum bucket_verb verb);
void bucket_op_free(struct bucket_op *op); /* aborts what is under way and frees the answer; may be
                                              called twice */
void bucket_free(struct bucket *b);              /* NULL is fine; no operation may be under way */

/* The rule for keys on every store: 1 to 1024 bytes of UTF-8 without NUL or control characters, no
 * component over 255 bytes, none empty, "." or "..". Fills err with InvalidKey and returns -1. */
int bucket_key_check(struct bytes key, struct err *err);

#endif
