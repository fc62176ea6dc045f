#include "delivery/cache.h"

#include <string.h>

enum { MEAN_OVER = 8 };              /* messages: what `usual_bytes` is a mean of, about */

void cache_init(struct cache *c)
{
    *c = (struct cache){.usual_bytes = QUEUE_MESSAGE_MAX};
    for (size_t i = 0; i < DELIVERY_STATES; i++)
        list_init(&c->lists[i]);
    for (size_t i = 0; i < CACHE_BUCKETS; i++)
        list_init(&c->ids[i]);
    for (size_t i = 0; i < CACHE_BUCKETS; i++)
        list_init(&c->groups[i]);
}

static size_t bucket_of(const struct message *m)
{
    return bytes_hash(bytes_of(m->id)) % CACHE_BUCKETS;
}

static size_t group_bucket_of(const struct message *m)
{
    return bytes_hash(bytes_of(m->group_id)) % CACHE_BUCKETS;
}

static void count_bytes(struct cache *c, const struct message *m)
{
    size_t size = message_size(m);
    c->bytes += size;
    c->usual_bytes = (c->usual_bytes * (MEAN_OVER - 1) + size) / MEAN_OVER;
}

struct delivery *cache_add(struct cache *c, struct message *m)
{
    struct delivery *d = mem_new(sizeof *d);
    count_bytes(c, m);
    d->message = m;
    d->lease_end = NEVER;
    d->state = DELIVERY_READY;
    list_push(&c->ids[bucket_of(m)], &d->id_link);
    if (c->ordered && m->group_id)
        list_push(&c->groups[group_bucket_of(m)], &d->group_link);
    list_push(&c->lists[DELIVERY_READY], &d->link);
    c->counts[DELIVERY_READY]++;
    return d;
}

struct delivery *cache_twin(const struct cache *c, const struct message *m)
{
    const struct list *bucket = &c->ids[bucket_of(m)];
    for (struct link *at = list_first(bucket); at; at = list_after(bucket, at)) {
        struct delivery *d = LIST_ITEM(at, struct delivery, id_link);
        if (strcmp(d->message->id, m->id) == 0 && bytes_compare(d->message->body, m->body) == 0)
            return d;
    }
    return NULL;
}

static bool same_group(const struct delivery *a, const struct delivery *b)
{
    return strcmp(a->message->group_id, b->message->group_id) == 0;
}

bool cache_leads(const struct cache *c, const struct delivery *d)
{
    const struct link *at = &d->group_link;
    const struct list *group;
    if (!c->ordered || !d->message->group_id)
        return true;
    group = &c->groups[group_bucket_of(d->message)];
    while ((at = list_before(group, at)) != NULL)
        if (same_group(LIST_ITEM(at, struct delivery, group_link), d))
            return false;
    return true;
}

struct delivery *cache_follower(const struct cache *c, const struct delivery *d)
{
    const struct link *at = &d->group_link;
    const struct list *group;
    if (!c->ordered || !d->message->group_id)
        return NULL;
    group = &c->groups[group_bucket_of(d->message)];
    while ((at = list_after(group, at)) != NULL) {
        struct delivery *next = LIST_ITEM(at, struct delivery, group_link);
        if (next->state == DELIVERY_READY && same_group(next, d))
            return next;
    }
    return NULL;
}

void cache_renew(struct cache *c, struct delivery *d, struct message *m)
{
    struct superseded *old = mem_new(sizeof *old);
    count_bytes(c, m);
    *old = (struct superseded){d->message, d->older};
    d->older = old;
    d->message = m;
    d->lost = false;
}

static void forget_messages(struct cache *c, struct delivery *d)
{
    struct superseded *next;
    for (struct superseded *old = d->older; old; old = next) {
        next = old->next;
        c->bytes -= message_size(old->message);
        message_free(old->message);
        mem_free(old);
    }
    c->bytes -= message_size(d->message);
    message_free(d->message);
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
    list_remove(&d->id_link);
    list_remove(&d->group_link);
    list_remove(&d->lane_link);
    list_remove(&d->batch_link);
    list_remove(&d->beat_link);
    if (d->beat_slot)
        *d->beat_slot = NULL;
    c->counts[d->state]--;
    forget_messages(c, d);
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

size_t cache_room(const struct cache *c)
{
    size_t left = c->bytes < CACHE_BYTES_MAX ? CACHE_BYTES_MAX - c->bytes : 0;
    size_t room = left / (c->usual_bytes ? c->usual_bytes : 1);
    return room || cache_total(c) ? room : 1;
}
