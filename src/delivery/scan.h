/* Scan: goes round the keys of a bucket, page by page, and begins again after the last one.
 * Borrows the bucket; owns the page it stands on. Several waiters may share it: one listing is
 * under way at a time, and the next key is given once. Keys under parked/ are left out, or are the
 * only ones; those of other shards are left out. It lists once a page, never once a key. */
#ifndef TIDEGATE_DELIVERY_SCAN_H
#define TIDEGATE_DELIVERY_SCAN_H

#include "base/bucket.h"
#include "base/list.h"
#include "delivery/shard.h"

#define SCAN_PARKED "parked/"

struct scan {
    struct bucket *bucket;
    bool parked;                     /* only keys under parked/; else all but these */
    struct shard shard;              /* set before the first load; all keys when it is not */
    struct bucket_op page;
    size_t at;                       /* the next key of the page */
    int64_t size;                    /* bytes of the object whose key was given last */
    char *after;                     /* what the next page begins behind; NULL: at the beginning */
    bool ended;                      /* the page is the last one of its round */
    bool loading, starting;
    uint64_t rounds;                 /* begun so far */
    struct list waiting;
};

struct scan_wait {
    struct link link;
    void (*ready)(struct scan_wait *w, const struct err *err);   /* err, if any: there is no page */
};

void scan_init(struct scan *s, struct bucket *bucket, bool parked);
/* The next key, valid until the next page is loaded; empty when the page is used up. */
struct bytes scan_next(struct scan *s);
/* Is the page used up and the last one of its round? The next load begins a new round. */
bool scan_at_end(const struct scan *s);
/* Loads the next page: 1 it is there, -1 failed with err, 0 `w` waits and ready() is called. */
int scan_load(struct scan *s, struct scan_wait *w, struct err *err);
/* Waits no more. When nobody does, the listing is aborted. Fine for who does not wait. */
void scan_leave(struct scan *s, struct scan_wait *w);
void scan_free(struct scan *s);

#endif
