#include "delivery/cache.h"

void cache_init(struct cache *c)
{
    *c = (struct cache){0};
    for (size_t i = 0; i < DELIVERY_STATES; i++)
        list_init(&c->lists[i]);
}

struct delivery *cache_add(struct cache *c, struct message *m)
{
    struct delivery *d = mem_new(sizeof *d);
    d->message = m;
    d->lease_end = NEVER;
    d->state = DELIVERY_READY;
    list_push(&c->lists[DELIVERY_READY], &d->link);
    c->counts[DELIVERY_READY]++;
    return d;
}

void cache_move(struct cache *c, struct delivery *d, enum delivery_state state)
{
    list_remove(&d->link);
    c->counts[d->state]--;
    c->begun += d->delicate && d->state == DELIVERY_READY;
    d->state = state;
    list_push(&c->lists[state], &d->link);
    c->counts[state]++;
}

void cache_mark_delicate(struct cache *c, struct delivery *d)
{
    d->delicate = true;
    c->delicate++;
}

void cache_remove(struct cache *c, struct delivery *d)
{
    c->delicate -= d->delicate;
    c->begun -= d->delicate && d->state != DELIVERY_READY;
    list_remove(&d->link);
    list_remove(&d->lane_link);
    list_remove(&d->batch_link);
    list_remove(&d->beat_link);
    if (d->beat_slot)
        *d->beat_slot = NULL;
    c->counts[d->state]--;
    message_free(d->message);
    mem_free(d);
}

struct delivery *cache_first(const struct cache *c, enum delivery_state state)
{
    struct link *first = list_first(&c->lists[state]);
    return first ? LIST_ITEM(first, struct delivery, link) : NULL;
}

struct delivery *cache_after(const struct cache *c, const struct delivery *d)
{
    struct link *next = list_after(&c->lists[d->state], &d->link);
    return next ? LIST_ITEM(next, struct delivery, link) : NULL;
}

size_t cache_total(const struct cache *c)
{
    size_t total = 0;
    for (size_t i = 0; i < DELIVERY_STATES; i++)
        total += c->counts[i];
    return total;
}
