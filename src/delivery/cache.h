/* Cache: the messages in our hands, each with its lease and its place on the way from received to
 * settled. It owns its deliveries and their messages; cache_remove() gives both back. Time is an
 * argument. It never talks to a queue and never decides a verdict. */
#ifndef TIDEGATE_DELIVERY_CACHE_H
#define TIDEGATE_DELIVERY_CACHE_H

#include "base/list.h"
#include "base/queue.h"
#include "delivery/verdict.h"

enum {
    CACHE_BUCKETS = 256,
    CACHE_BYTES_MAX = 64 * 1024 * 1024   /* of all messages in hand: then no more are asked for */
};

enum delivery_state {
    DELIVERY_READY,          /* waits for a free slot */
    DELIVERY_RUNNING,        /* its handler runs or waits on the world */
    DELIVERY_BLOCKED,        /* its handler began, and another message of the same lane is ahead */
    DELIVERY_GRANTED,        /* the lane is its own now; waits for a free slot */
    DELIVERY_HELD,           /* its store fails; it waits to begin anew, and keeps its lane */
    DELIVERY_SETTLING,       /* it has a verdict that is not confirmed yet */
    DELIVERY_STATES
};

struct lane;

/* A delivery of the same message that came before; calls and tasks may still point at it. */
struct superseded {
    struct message *message;
    struct superseded *next;
};

struct delivery {
    enum delivery_state state;
    struct message *message;         /* the newest delivery of it */
    struct superseded *older;
    struct monotime lease_end;
    struct monotime lease_limit;     /* it cannot be hidden beyond this */
    struct monotime *lease_shown;    /* the host's copy of lease_end; NULL: it has none */
    bool unextendable;               /* its lease runs out as it is */
    bool lost;                       /* its lease is over: its source may have given it again */
    struct monotime begun;           /* RUNNING: since then */
    struct verdict verdict;
    bool unparkable;     /* meant for parking, but no place takes it: goes back instead */
    struct op *entering; /* BLOCKED, GRANTED: what its handler waits on; the handler's */
    void *task, *host;               /* the host's */

    struct link link;                /* in the cache's list of its state */
    struct link id_link;             /* in the cache's list of its id's hash */
    struct link group_link;          /* ... and of its group's, in receive order */
    struct lane *lane;               /* NULL: in none */
    struct link lane_link;           /* in its lane's queue while BLOCKED */
    struct link batch_link;          /* in a batcher's queue while it waits for a call */
    struct monotime beat_at;         /* the heartbeat's: when it looks at this one */
    struct link beat_link;           /* ... and its place among those that wait for that */
    struct delivery **beat_slot;     /* ... and its place in a call under way; NULL: in none */
    struct monotime not_before;      /* SETTLING: no call before this; HELD: no start */
    struct monotime due;             /* SETTLING: no reason to wait for company beyond this */
    int tries;                       /* SETTLING: calls that did not settle it */
    int holds;                       /* how often its store failed */
    bool delicate;                   /* one of those that start one at a time */
    int detail;                      /* parking: how much its copy says (parking.h) */
};

struct cache {
    struct list ids[CACHE_BUCKETS];
    struct list groups[CACHE_BUCKETS];           /* by the hash of their group */
    bool ordered;                    /* groups have an order; else they mean nothing here */
    struct list lists[DELIVERY_STATES];
    size_t counts[DELIVERY_STATES];
    size_t delicate, begun;          /* those that are marked; of them those not READY any more */
    size_t bytes;                    /* of all messages, superseded ones too */
    size_t usual_bytes;              /* of one: a mean in which the last ones count most, and the
                                        largest that SQS gives before any has come */
};

void cache_init(struct cache *c);
/* Takes the message over; the delivery is READY, behind all others, and has no lease yet. */
struct delivery *cache_add(struct cache *c, struct message *m);
/* The one that holds an earlier delivery of the same message, id and body, or NULL. */
struct delivery *cache_twin(const struct cache *c, const struct message *m);
/* Takes a newer delivery of its message over: from now on its receipt counts. */
void cache_renew(struct cache *c, struct delivery *d, struct message *m);
/* Does nothing of its group stand in front of it? */
bool cache_leads(const struct cache *c, const struct delivery *d);
/* The first READY one of its group behind it, or NULL. */
struct delivery *cache_follower(const struct cache *c, const struct delivery *d);
void cache_move(struct cache *c, struct delivery *d, enum delivery_state state);
/* A READY one. */
void cache_mark_delicate(struct cache *c, struct delivery *d);
void cache_remove(struct cache *c, struct delivery *d);
/* The next one in its list, or NULL. */
struct delivery *cache_after(const struct cache *c, const struct delivery *d);
struct delivery *cache_first(const struct cache *c, enum delivery_state state); /* NULL when there
                                                                                   is none */
size_t cache_total(const struct cache *c);
/* How many more of the usual size fit into CACHE_BYTES_MAX; an empty cache has room for one. */
size_t cache_room(const struct cache *c);

#endif
