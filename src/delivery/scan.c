#include "delivery/scan.h"

/* Behind nearly all parked keys, so that these are jumped over and not listed page by page. */
#define PARKED_LAST SCAN_PARKED "~"

void scan_init(struct scan *s, struct bucket *bucket, bool parked)
{
    *s = (struct scan){.bucket = bucket, .parked = parked, .ended = true};
    bucket_op_init(&s->page, BUCKET_LIST);
    list_init(&s->waiting);
}

static bool used_up(const struct scan *s)
{
    return s->loading || s->at == s->page.listed_count;
}

struct bytes scan_next(struct scan *s)
{
    while (!used_up(s)) {
        const struct object *object = &s->page.listed[s->at++];
        struct bytes key = bytes_of(object->key);
        s->size = object->size;
        if (bytes_starts(key, SCAN_PARKED) == s->parked && shard_has(s->shard, key))
            return key;
    }
    return BYTES("");
}

bool scan_at_end(const struct scan *s)
{
    return !s->loading && s->ended && used_up(s);
}

static void set_after(struct scan *s, const char *key)
{
    struct bytes last = bytes_of(key);
    bool jump = !s->parked && bytes_starts(last, SCAN_PARKED) &&
                bytes_compare(last, BYTES(PARKED_LAST)) < 0;
    mem_free(s->after);
    s->after = mem_text(jump ? PARKED_LAST : key);
}

/* Takes the page over, or leaves things as they were for another try. */
static int landed(struct scan *s, struct err *err)
{
    struct bucket_op *page = &s->page;
    s->loading = false;
    s->at = 0;
    *err = page->op.err;
    if (err_any(err)) {
        bucket_op_free(page);
        return -1;
    }
    s->ended = !page->more || page->listed_count == 0;
    if (page->listed_count)
        set_after(s, page->listed[page->listed_count - 1].key);
    return 1;
}

/* Those who wait are taken off first: what they do may begin the next listing, or end a waiter. */
static void loaded(struct op *op)
{
    struct scan *s = op->waiter;
    struct list due;
    struct link *at;
    struct err err;
    if (s->starting)
        return;
    landed(s, &err);
    list_init(&due);
    for (at = list_pop(&s->waiting); at; at = list_pop(&s->waiting))
        list_push(&due, at);
    for (at = list_pop(&due); at; at = list_pop(&due)) {
        struct scan_wait *w = LIST_ITEM(at, struct scan_wait, link);
        w->ready(w, &err);
    }
}

static void begin(struct scan *s)
{
    if (s->ended) {
        mem_free(s->after);
        s->after = NULL;
        s->ended = false;
        s->rounds++;
    }
    bucket_op_free(&s->page);
    bucket_op_init(&s->page, BUCKET_LIST);
    s->page.key = s->parked ? BYTES(SCAN_PARKED) : BYTES("");
    s->page.start_after = bytes_of(s->after);
    s->page.op.notify = loaded;
    s->page.op.waiter = s;
    s->loading = true;
    s->starting = true;
    bucket_start(s->bucket, &s->page);
    s->starting = false;
}

int scan_load(struct scan *s, struct scan_wait *w, struct err *err)
{
    if (!s->loading) {
        begin(s);
        if (s->page.op.done)
            return landed(s, err);
    }
    list_push(&s->waiting, &w->link);
    return 0;
}

static void stop(struct scan *s)
{
    bucket_op_free(&s->page);
    s->loading = false;
    s->at = 0;
}

void scan_leave(struct scan *s, struct scan_wait *w)
{
    if (!w->link.next)
        return;
    list_remove(&w->link);
    if (s->loading && list_empty(&s->waiting))
        stop(s);
}

void scan_free(struct scan *s)
{
    bucket_op_free(&s->page);
    mem_free(s->after);
    s->after = NULL;
}
