#include "delivery/returns.h"

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h;
}

void returns_add(struct returns *r, const struct message *m)
{
    uint64_t h = hash(m->id);
    r->at[h % RETURNS_PLACES].message = h;
    r->at[h % RETURNS_PLACES].receive_count = m->receive_count;
}

bool returns_explain(const struct returns *r, const struct message *m)
{
    uint64_t h = hash(m->id);
    return r->at[h % RETURNS_PLACES].message == h && m->receive_count > 1 &&
           r->at[h % RETURNS_PLACES].receive_count == m->receive_count - 1;
}
