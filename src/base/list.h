/* List: intrusive and doubly linked; the link lives inside what is listed.
 * It owns nothing. A link is in one list at most; removing it twice is fine. It never allocates. */
#ifndef TIDEGATE_BASE_LIST_H
#define TIDEGATE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *prev, *next;        /* both NULL while it is in no list */
};

struct list {
    struct link head;
};

/* From the link back to what holds it. */
#define LIST_ITEM(link_at, type, member)                                                           \
    ((type *)(void *)((char *)(link_at)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
    l->head.prev = l->head.next = &l->head;
}

static inline bool list_empty(const struct list *l)
{
    return l->head.next == &l->head;
}

static inline struct link *list_first(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.next;
}

static inline struct link *list_last(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.prev;
}

/* The one behind `at`, or NULL at the end. */
static inline struct link *list_after(const struct list *l, const struct link *at)
{
    return at->next == &l->head ? NULL : at->next;
}

/* The one in front of `at`, or NULL at the beginning. */
static inline struct link *list_before(const struct list *l, const struct link *at)
{
    return at->prev == &l->head ? NULL : at->prev;
}

/* Right behind `after`, or first of all when that is NULL. */
static inline void list_insert(struct list *l, struct link *after, struct link *at)
{
    at->prev = after ? after : &l->head;
    at->next = at->prev->next;
    at->next->prev = at;
    at->prev->next = at;
}

static inline void list_push(struct list *l, struct link *at)
{
    list_insert(l, list_last(l), at);
}

static inline void list_remove(struct link *at)
{
    if (!at->next)
        return;
    at->prev->next = at->next;
    at->next->prev = at->prev;
    at->prev = at->next = NULL;
}

static inline struct link *list_pop(struct list *l)
{
    struct link *first = list_first(l);
    if (first)
        list_remove(first);
    return first;
}

#endif
