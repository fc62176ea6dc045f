#include "delivery/lanes.h"

#include <search.h>

struct lane {
    struct bytes name;               /* owned */
    struct delivery *holder;
    struct list queue;               /* of deliveries, by lane_link */
};

static int compare(const void *a, const void *b)
{
    return bytes_compare(((const struct lane *)a)->name, ((const struct lane *)b)->name);
}

static struct lane *find_or_add(struct lanes *l, struct bytes name)
{
    struct lane probe = {.name = name}, *lane;
    void *hit = tfind(&probe, &l->tree, compare);
    if (hit)
        return *(struct lane **)hit;
    lane = mem_new(sizeof *lane);
    lane->name = (struct bytes){mem_slice(name.at, name.len), name.len};
    list_init(&lane->queue);
    if (!tsearch(lane, &l->tree, compare))
        mem_exhausted();
    l->count++;
    return lane;
}

static void drop(struct lanes *l, struct lane *lane)
{
    tdelete(lane, &l->tree, compare);
    mem_free((void *)lane->name.at);
    mem_free(lane);
    l->count--;
}

bool lanes_enter(struct lanes *l, struct bytes name, struct delivery *d)
{
    struct lane *lane = find_or_add(l, name);
    d->lane = lane;
    if (!lane->holder) {
        lane->holder = d;
        return true;
    }
    list_push(&lane->queue, &d->lane_link);
    return false;
}

bool lanes_holds(const struct delivery *d, struct bytes name)
{
    return d->lane && d->lane->holder == d && bytes_compare(d->lane->name, name) == 0;
}

struct delivery *lanes_leave(struct lanes *l, struct delivery *d)
{
    struct lane *lane = d->lane;
    struct delivery *heir;
    struct link *next;
    d->lane = NULL;
    if (!lane)
        return NULL;
    list_remove(&d->lane_link);
    if (lane->holder != d)
        return NULL;
    next = list_pop(&lane->queue);
    heir = next ? LIST_ITEM(next, struct delivery, lane_link) : NULL;
    lane->holder = heir;
    if (!heir)
        drop(l, lane);
    return heir;
}

bool lanes_awaited(const struct delivery *d)
{
    return d->lane && d->lane->holder == d && !list_empty(&d->lane->queue);
}
