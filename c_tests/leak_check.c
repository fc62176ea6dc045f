#include "leak_check.h"

#include "base/mem.h"

#include <stdio.h>

static size_t before;

int leak_check_begin(void **state)
{
    (void)state;
    before = mem_live();
    return 0;
}

int leak_check_end(void **state)
{
    (void)state;
    if (mem_live() == before)
        return 0;
    printf("%zu blocks at the start, %zu at the end\n", before, mem_live());
    return -1;
}
