#include "base/pairs.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void pairs_add(struct pairs *p, struct bytes name, struct bytes value)
{
    char *block = mem_array(name.len + value.len + 2, 1);
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 8;
        p->at = mem_resize(p->at, p->cap, sizeof *p->at);
    }
    if (name.len)
        memcpy(block, name.at, name.len);
    if (value.len)
        memcpy(block + name.len + 1, value.at, value.len);
    p->at[p->count++] = (struct pair){{block, name.len}, {block + name.len + 1, value.len}};
}

void pairs_set(struct pairs *p, const char *name, const char *value)
{
    if (value)
        pairs_add(p, bytes_of(name), bytes_of(value));
}

const struct pair *pairs_find(const struct pairs *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (bytes_is_nocase(p->at[i].name, name))
            return &p->at[i];
    return NULL;
}

bool pairs_has(const struct pairs *p, struct bytes name)
{
    for (size_t i = 0; i < p->count; i++)
        if (bytes_equal(p->at[i].name, name))
            return true;
    return false;
}

struct bytes pairs_value(const struct pairs *p, const char *name)
{
    const struct pair *hit = pairs_find(p, name);
    return hit ? hit->value : BYTES("");
}

static int by_name(const void *a, const void *b)
{
    return bytes_compare(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

void pairs_sort(struct pairs *p)
{
    if (p->count > 1)
        qsort(p->at, p->count, sizeof *p->at, by_name);
}

void pairs_free(struct pairs *p)
{
    for (size_t i = 0; i < p->count; i++)
        mem_free((void *)p->at[i].name.at);
    mem_free(p->at);
    *p = (struct pairs){0};
}
