/* Returns: which messages this process gave back itself, and at which receive, as far as it
 * remembers. A plain value of fixed size, owned by its settlement; newer messages take the places
 * of older ones. It tells a message whose handler answered "later" from one whose handler may have
 * ended a process: forgetting one, or taking one for another, only makes that less exact. */
#ifndef TIDEGATE_DELIVERY_RETURNS_H
#define TIDEGATE_DELIVERY_RETURNS_H

#include "base/queue.h"

enum { RETURNS_PLACES = 4096 };

struct returns {
    struct {
        uint64_t message;                /* hash of its id */
        int receive_count;               /* 0: nobody stands here */
    } at[RETURNS_PLACES];
};

void returns_add(struct returns *r, const struct message *m);
/* Was the receive before this one answered here? */
bool returns_explain(const struct returns *r, const struct message *m);

#endif
