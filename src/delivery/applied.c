#include "delivery/applied.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

static size_t place_of(const char *id)
{
    return bytes_hash(bytes_of(id)) % APPLIED_PLACES;
}

void applied_add(struct applied *a, const char *id)
{
    if (strlen(id) <= APPLIED_ID)
        snprintf(a->ids[place_of(id)], APPLIED_ID + 1, "%s", id);
}

bool applied_has(const struct applied *a, const char *id)
{
    return id[0] && strcmp(a->ids[place_of(id)], id) == 0;
}
