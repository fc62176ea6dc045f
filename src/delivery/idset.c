#include "delivery/idset.h"

#include "base/mem.h"

#include <search.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void idset_add(struct idset *s, const char *id)
{
    char *copy;
    if (tfind(id, &s->tree, compare))
        return;
    copy = mem_text(id);
    if (!tsearch(copy, &s->tree, compare))
        mem_exhausted();
    s->count++;
}

void idset_free(struct idset *s)
{
    tdestroy(s->tree, mem_free);
    *s = (struct idset){0};
}
