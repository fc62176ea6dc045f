#include "host/memory.h"

#include "base/mem.h"

/* True when this allocation is to fail by injection: the fail_at-th and the one after it. */
static bool injected(struct lua_memory *m)
{
    if (!m->counting || m->fail_at == 0)
        return false;
    if (m->fail_at > 1) {
        m->fail_at--;
        return false;
    }
    if (m->failed)
        m->fail_at = 0;
    m->failed = true;
    return true;
}

void *memory_allocate(void *ud, void *block, size_t old_size, size_t new_size)
{
    struct lua_memory *m = ud;
    size_t had = block ? old_size : 0;
    void *moved;
    if (new_size == 0) {
        mem_free(block);
        m->used -= had;
        return NULL;
    }
    if (new_size > had) {
        if (m->ceiling && m->used - had + new_size > m->ceiling)
            return NULL;
        if (injected(m))
            return NULL;
    }
    moved = mem_try(block, new_size);
    if (!moved)
        return new_size <= had ? block : NULL;
    m->used += new_size - had;
    if (m->used > m->peak)
        m->peak = m->used;
    return moved;
}
