/* Id set: which message ids were seen, each counted once.
 * Owns copies of the ids. It only grows, until idset_free(). */
#ifndef TIDEGATE_DELIVERY_IDSET_H
#define TIDEGATE_DELIVERY_IDSET_H

#include <stddef.h>

struct idset {
    void *tree;                      /* of strings (tsearch) */
    size_t count;
};

void idset_add(struct idset *s, const char *id);
void idset_free(struct idset *s);

#endif
