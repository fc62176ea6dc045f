/* Random numbers for jitter and ids, from a seed that a test can choose.
 * A plain value, owned by whoever spreads its load. Not for secrets. */
#ifndef TIDEGATE_BASE_RANDOM_H
#define TIDEGATE_BASE_RANDOM_H

#include "base/bytes.h"

struct random {
    uint64_t state;
};

struct random random_seeded(uint64_t seed); /* the same seed gives the same numbers everywhere */
struct random random_fresh(void);                    /* seeded by the kernel */
uint64_t random_next(struct random *r);
double random_unit(struct random *r);                /* 0 <= x < 1 */
int64_t random_below(struct random *r, int64_t end); /* 0 <= x < end; 0 when end < 1 */
void random_uuid(struct random *r, char out[37]);    /* version 4, lower case (RFC 9562 §5.4) */

#endif
