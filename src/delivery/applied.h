/* Applied: the ids of messages that were handled here to their end, as far as it remembers, so that
 * one that its queue gives once more needs nothing but its delete.
 * A plain value of fixed size, owned by its settlement; newer ids take the places of older ones,
 * and ids over APPLIED_ID are not remembered. It never takes one message for another. It is only
 * for queues whose ids are used once: a key of a bucket may be written again. */
#ifndef TIDEGATE_DELIVERY_APPLIED_H
#define TIDEGATE_DELIVERY_APPLIED_H

#include <stdbool.h>

enum { APPLIED_PLACES = 2048, APPLIED_ID = 47 };

struct applied {
    char ids[APPLIED_PLACES][APPLIED_ID + 1];
};

void applied_add(struct applied *a, const char *id);
bool applied_has(const struct applied *a, const char *id);

#endif
