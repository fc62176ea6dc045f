#include "delivery/returns.h"

void returns_add(struct returns *r, const struct message *m)
{
    uint64_t h = bytes_hash(bytes_of(m->id));
    r->at[h % RETURNS_PLACES].message = h;
    r->at[h % RETURNS_PLACES].receive_count = m->receive_count;
}

bool returns_explain(const struct returns *r, const struct message *m)
{
    uint64_t h = bytes_hash(bytes_of(m->id));
    return r->at[h % RETURNS_PLACES].message == h && m->receive_count > 1 &&
           r->at[h % RETURNS_PLACES].receive_count == m->receive_count - 1;
}
