/* Shard: which of N consumers of one bucket an object belongs to. A value of two numbers, borrowed
 * by nobody. It never looks at what an object holds: the key is all that a listing shows.
 *
 * The key, as it is called within the source (behind its prefix), belongs to shard I of N when
 * 1 + h mod N = I, where h is the first 8 bytes of the key's SHA-256, as a big-endian number. Every
 * version counts like that, so that consumers of different versions may share a bucket. Requests
 * for one widget have keys of their own, so they may belong to different shards. */
#ifndef TIDEGATE_DELIVERY_SHARD_H
#define TIDEGATE_DELIVERY_SHARD_H

#include "base/err.h"

enum { SHARD_COUNT_MAX = 1000 };

struct shard {
    int index, count;                /* 1 to count; both 0: all there is */
};

/* -1 with err "BadShard" unless 1 <= index <= count <= SHARD_COUNT_MAX. */
int shard_make(int64_t index, int64_t count, struct shard *out, struct err *err) MUSTCHECK;
/* Of "I/N", in decimal digits alone. -1 with err "BadShard". */
int shard_read(struct bytes text, struct shard *out, struct err *err) MUSTCHECK;
bool shard_has(struct shard s, struct bytes key);

#endif
