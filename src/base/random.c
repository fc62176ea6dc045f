#include "base/random.h"

#include <stdio.h>
#include <sys/random.h>

struct random random_seeded(uint64_t seed)
{
    return (struct random){seed};
}

struct random random_fresh(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)(uintptr_t)&seed;
    return random_seeded(seed);
}

/* splitmix64 (Steele, Lea, Flood 2014): one addition and three mixes, any seed is a good one. */
uint64_t random_next(struct random *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double random_unit(struct random *r)
{
    return (double)(random_next(r) >> 11) * 0x1.0p-53;
}

int64_t random_below(struct random *r, int64_t end)
{
    return end < 1 ? 0 : (int64_t)(random_unit(r) * (double)end);
}

void random_uuid(struct random *r, char out[37])
{
    uint64_t a = (random_next(r) & 0xFFFFFFFFFFFF0FFFu) | 0x4000u;
    uint64_t b = (random_next(r) & 0x3FFFFFFFFFFFFFFFu) | 0x8000000000000000u;
    snprintf(out, 37, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xFFFF), (unsigned)(a & 0xFFFF), (unsigned)(b >> 48),
             (unsigned long long)(b & 0xFFFFFFFFFFFFu));
}
