/* Hold: what this process knows of an object that is read as a message: is it hidden, and until
 * when, how often was it given, and under which delivery number. The table owns its holds; a hold
 * with calls under way stays where it is, so that these may keep pointing at it. Times are handed
 * in. It knows no bucket and never asks one. */
#ifndef TIDEGATE_DELIVERY_HOLD_H
#define TIDEGATE_DELIVERY_HOLD_H

#include "base/clock.h"

struct hold {
    char *key;
    int busy;                        /* calls under way about this object */
    int receives;                    /* how often it was given */
    int64_t delivery;                /* number of the newest delivery, 0: none */
    char *etag;                      /* of what was delivered then; NULL: unknown */
    struct monotime until;           /* hidden till then */
    bool delayed;                    /* ... by a delay; else by a lease */
    bool gone;                       /* deleted, or found absent */
    bool warned;                     /* that it cannot be read was said */
    bool never;                      /* no bucket takes its key: it will never be read */
};

struct holds {
    struct hold **at;                /* in order of their keys */
    size_t count, cap;
    int64_t deliveries;              /* given so far */
};

struct hold *holds_find(const struct holds *h, struct bytes key);          /* NULL: nothing known */
/* Finds or makes it, and counts one more call under way. */
struct hold *holds_take(struct holds *h, struct bytes key);
/* One call less; forgets what is not worth remembering. */
void holds_put_back(struct holds *h, struct hold *hold);
/* May the object be read by a receive? `hold` may be NULL. */
bool hold_free(const struct hold *hold, struct monotime now);
/* A delivery of what has that ETag: a new number, a new lease. */
void holds_deliver(struct holds *h, struct hold *hold, const char *etag, struct monotime until);
/* Another object has the key now: what was known of the one that was delivered is forgotten. */
void hold_replaced(struct hold *hold);
/* It was received so often before this process: the next receive counts from there. */
void holds_recall(struct holds *h, struct bytes key, int receives);
/* The name of its newest delivery, for mem_free(). */
char *hold_receipt(const struct hold *hold);
/* The hold whose newest delivery that is, or NULL. */
struct hold *holds_by_receipt(const struct holds *h, struct bytes receipt);
/* Its lease goes on till then. */
void hold_extend(struct hold *hold, struct monotime until);
/* Hides it till then, 0 for a lease that was given back at once included. */
void hold_delay(struct hold *hold, struct monotime until);
void holds_count(const struct holds *h, struct monotime now, int64_t *leased, int64_t *delayed);
void holds_free(struct holds *h);

#endif
