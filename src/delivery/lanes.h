/* Lanes: messages about one thing go one at a time, in the order in which they came; different
 * things go side by side. A lane is named by any bytes and exists while somebody is in it; the
 * lanes own themselves and borrow the deliveries. They never start or stop anything: leaving a lane
 * tells who is next. */
#ifndef TIDEGATE_DELIVERY_LANES_H
#define TIDEGATE_DELIVERY_LANES_H

#include "delivery/cache.h"

struct lanes {
    void *tree;                      /* of struct lane, by name (tsearch) */
    size_t count;
};

/* True when the lane was free and is now the delivery's; false when it has to queue. */
bool lanes_enter(struct lanes *l, struct bytes name, struct delivery *d);
/* Is the lane of that name the delivery's own? */
bool lanes_holds(const struct delivery *d, struct bytes name);
/* Leaves the lane, or its queue. Returns the delivery whose lane it is now, or NULL. Fine for a
 * delivery in no lane. */
struct delivery *lanes_leave(struct lanes *l, struct delivery *d);
/* Does somebody queue behind this delivery? */
bool lanes_awaited(const struct delivery *d);

#endif
