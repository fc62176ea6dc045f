/* Parking: what a message that is put aside says of itself, so that a person can judge it.
 * Borrows the delivery and adds to the caller's pairs. Values can be sent to any place: no control
 * characters, no broken UTF-8.
 * It never changes the body. */
#ifndef TIDEGATE_DELIVERY_PARKING_H
#define TIDEGATE_DELIVERY_PARKING_H

#include "delivery/cache.h"

/* How much of it comes along: a place that refuses a copy may take a smaller one. */
enum parking_detail { PARKING_ALL, PARKING_OURS, PARKING_BARE };

/* ALL: tidegate-reason, -error (if there is one), -source, -receive-count, -sent-at, then the
 * sender's own as far as SQS has room. OURS: without the sender's own. BARE: nothing. */
void parking_describe(struct pairs *out, const struct delivery *d, const char *source,
                      enum parking_detail detail);
/* When the message was first sent: one that was parked and sent again remembers. */
struct walltime parking_first_sent(const struct message *m);

#endif
