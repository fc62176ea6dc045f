/* Memory of a Lua state: counted, and bounded.
 * A plain struct that its state's owner keeps for the state's life. Over the ceiling, Lua sees an
 * allocation fail and raises "not enough memory" in the task that asked; its neighbours go on. It
 * never fails a shrink or a free. */
#ifndef TIDEGATE_HOST_MEMORY_H
#define TIDEGATE_HOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct lua_memory {
    size_t used, peak;
    size_t ceiling;                  /* bytes; 0: none */
    /* Fault injection, for tests: while `counting` is set, the fail_at-th allocation fails, and the
     * next one too, because Lua tries once more after an emergency collection. 0: off. */
    long fail_at;
    bool failed; /* the injected failure happened; clear it before the next one */
    bool counting;
};

/* A lua_Alloc; ud is the struct lua_memory. */
void *memory_allocate(void *ud, void *block, size_t old_size, size_t new_size);

#endif
