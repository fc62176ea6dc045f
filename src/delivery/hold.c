#include "delivery/hold.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first place whose key is not before `key`. */
static size_t place_of(const struct holds *h, struct bytes key)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bytes_compare(bytes_of(h->at[middle]->key), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct hold *holds_find(const struct holds *h, struct bytes key)
{
    size_t at = place_of(h, key);
    return at < h->count && bytes_is(key, h->at[at]->key) ? h->at[at] : NULL;
}

static struct hold *insert(struct holds *h, struct bytes key)
{
    size_t at = place_of(h, key);
    struct hold *hold = mem_new(sizeof *hold);
    if (h->count == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->at = mem_resize(h->at, h->cap, sizeof *h->at);
    }
    memmove(h->at + at + 1, h->at + at, (h->count - at) * sizeof *h->at);
    hold->key = mem_slice(key.at, key.len);
    h->at[at] = hold;
    h->count++;
    return hold;
}

static void forget(struct hold *hold)
{
    mem_free(hold->key);
    mem_free(hold->etag);
    mem_free(hold);
}

static void drop(struct holds *h, struct hold *hold)
{
    size_t at = place_of(h, bytes_of(hold->key));
    h->count--;
    memmove(h->at + at, h->at + at + 1, (h->count - at) * sizeof *h->at);
    forget(hold);
}

struct hold *holds_take(struct holds *h, struct bytes key)
{
    struct hold *hold = holds_find(h, key);
    if (!hold)
        hold = insert(h, key);
    hold->busy++;
    return hold;
}

void holds_put_back(struct holds *h, struct hold *hold)
{
    bool known = hold->receives || hold->delayed || hold->warned || hold->never;
    hold->busy--;
    if (hold->busy == 0 && (hold->gone || !known))
        drop(h, hold);
}

bool hold_free(const struct hold *hold, struct monotime now)
{
    return !hold || (hold->busy == 0 && !hold->never && monotime_reached(hold->until, now));
}

void holds_deliver(struct holds *h, struct hold *hold, const char *etag, struct monotime until)
{
    mem_free(hold->etag);
    hold->etag = etag[0] ? mem_text(etag) : NULL;
    hold->receives++;
    hold->delivery = ++h->deliveries;
    hold->until = until;
    hold->delayed = false;
    hold->warned = false;
}

void hold_replaced(struct hold *hold)
{
    mem_free(hold->etag);
    hold->etag = NULL;
    hold->receives = 0;
    hold->delivery = 0;
    hold->until = (struct monotime){0};
    hold->delayed = false;
}

void holds_recall(struct holds *h, struct bytes key, int receives)
{
    struct hold *hold = holds_find(h, key);
    if (!hold)
        hold = insert(h, key);
    hold->receives = receives;
}

char *hold_receipt(const struct hold *hold)
{
    size_t room = sizeof "-9223372036854775808:" + strlen(hold->key);
    char *receipt = mem_array(room, 1);
    snprintf(receipt, room, "%" PRId64 ":%s", hold->delivery, hold->key);
    return receipt;
}

struct hold *holds_by_receipt(const struct holds *h, struct bytes receipt)
{
    struct bytes key, number = bytes_cut(receipt, ':', &key);
    struct hold *hold = holds_find(h, key);
    int64_t delivery;
    if (!hold || !hold->delivery || !bytes_to_int64(number, &delivery))
        return NULL;
    return hold->delivery == delivery ? hold : NULL;
}

void hold_extend(struct hold *hold, struct monotime until)
{
    hold->until = until;
    hold->delayed = false;
}

void hold_delay(struct hold *hold, struct monotime until)
{
    hold->until = until;
    hold->delayed = true;
}

void holds_count(const struct holds *h, struct monotime now, int64_t *leased, int64_t *delayed)
{
    *leased = *delayed = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct hold *hold = h->at[i];
        if (!hold->gone && !monotime_reached(hold->until, now))
            ++*(hold->delayed ? delayed : leased);
    }
}

void holds_free(struct holds *h)
{
    for (size_t i = 0; i < h->count; i++)
        forget(h->at[i]);
    mem_free(h->at);
    *h = (struct holds){0};
}
