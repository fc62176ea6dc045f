/* Pairs: a list of names and values in the order they were added: headers, metadata, attributes.
 * It owns copies of both; pairs_free() gives them back and may be called twice. Names may repeat.
 * It never changes the case of a name; pairs_find() ignores ASCII case. */
#ifndef TIDEGATE_BASE_PAIRS_H
#define TIDEGATE_BASE_PAIRS_H

#include "base/bytes.h"

struct pair {
    struct bytes name;       /* both end in a NUL that their lengths do not count */
    struct bytes value;
};

struct pairs {
    struct pair *at;
    size_t count;
    size_t cap;
};

void pairs_add(struct pairs *p, struct bytes name, struct bytes value);
void pairs_set(struct pairs *p, const char *name, const char *value);   /* adds; a NULL value adds
                                                                           nothing */
const struct pair *pairs_find(const struct pairs *p, const char *name); /* the first of that name,
                                                                           or NULL */
bool pairs_has(const struct pairs *p, struct bytes name);               /* that very name */
struct bytes pairs_value(const struct pairs *p, const char *name); /* empty when there is none */
void pairs_sort(struct pairs *p);         /* by name, as bytes */
void pairs_free(struct pairs *p);

#endif
