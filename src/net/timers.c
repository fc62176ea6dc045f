#include "net/timers.h"

#include "base/mem.h"

static bool before(const struct timer *a, const struct timer *b)
{
    return a->at.us < b->at.us || (a->at.us == b->at.us && a->order < b->order);
}

static void put(struct timers *h, size_t slot, struct timer *t)
{
    h->heap[slot] = t;
    t->slot = slot;
}

static void rise(struct timers *h, struct timer *t)
{
    size_t slot = t->slot;
    while (slot > 1 && before(t, h->heap[slot / 2])) {
        put(h, slot, h->heap[slot / 2]);
        slot /= 2;
    }
    put(h, slot, t);
}

static size_t earlier_child(const struct timers *h, size_t slot)
{
    size_t child = slot * 2;
    if (child < h->count && before(h->heap[child + 1], h->heap[child]))
        child++;
    return child;
}

static void sink(struct timers *h, struct timer *t)
{
    size_t slot = t->slot;
    while (slot * 2 <= h->count) {
        size_t child = earlier_child(h, slot);
        if (!before(h->heap[child], t))
            break;
        put(h, slot, h->heap[child]);
        slot = child;
    }
    put(h, slot, t);
}

static void append(struct timers *h, struct timer *t)
{
    if (h->count + 1 >= h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->heap = mem_resize(h->heap, h->cap, sizeof *h->heap);
    }
    put(h, ++h->count, t);
}

void timers_set(struct timers *h, struct timer *t, struct monotime at)
{
    timers_clear(h, t);
    t->at = monotime_earlier(at, h->round).us == at.us ? h->round : at;
    t->order = h->orders++;
    append(h, t);
    rise(h, t);
}

void timers_clear(struct timers *h, struct timer *t)
{
    size_t slot = t->slot;
    struct timer *last;
    if (!slot)
        return;
    t->slot = 0;
    last = h->heap[h->count--];
    if (last == t)
        return;
    put(h, slot, last);
    rise(h, last);
    sink(h, last);
}

struct monotime timers_next(const struct timers *h)
{
    return h->count ? h->heap[1]->at : NEVER;
}

void timers_fire(struct timers *h, struct monotime now)
{
    uint64_t end = h->orders;
    h->round = now;
    /* What is set meanwhile is due at `now` at the earliest and its order is `end` or more, so it
     * stands behind all that was due before. */
    while (h->count && monotime_reached(h->heap[1]->at, now) && h->heap[1]->order < end) {
        struct timer *t = h->heap[1];
        timers_clear(h, t);
        t->fire(t);
    }
}

void timers_free(struct timers *h)
{
    mem_free(h->heap);
    *h = (struct timers){0};
}
