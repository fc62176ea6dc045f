#include "aws/s3_list.h"

#include "aws/xml.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the question ---- */

static void add_key(struct buf *out, const char *name, const char *root, struct bytes key)
{
    if (!*root && !key.len)
        return;
    buf_printf(out, "&%s=", name);
    url_encode(out, bytes_of(root), false);
    url_encode(out, key, false);
}

/* Sent even without a start_after: it leaves out the object that is named like the root itself,
 * which some tools make to show a folder. */
int s3_list_query(struct buf *out, const char *root, const struct bucket_op *op, const char *token)
{
    if (token) {
        buf_text(out, "continuation-token=");
        url_encode(out, bytes_of(token), false);
        buf_char(out, '&');
    }
    buf_printf(out, "encoding-type=url&list-type=2&max-keys=%d", op->max_keys);
    add_key(out, "prefix", root, op->key);
    add_key(out, "start-after", root, op->start_after);
    return out->failed ? -1 : 0;
}

/* ---- the answer ---- */

struct page {
    struct object *objects;
    size_t count, cap;
    bool in_object;
    bool encoded;                    /* encoding-type=url was honoured */
    bool said_truncated, truncated;
    char *token;
};

static void page_free(struct page *p)
{
    for (size_t i = 0; i < p->count; i++)
        mem_free(p->objects[i].key);
    mem_free(p->objects);
    mem_free(p->token);
}

/* "2026-11-22T21:34:00.000Z"; the fraction is not kept. */
static bool read_date(struct bytes text, struct walltime *out)
{
    struct tm c = {0};
    char copy[40];
    int end = 0;
    if (text.len >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.at);
    if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%2d%n", &c.tm_year, &c.tm_mon, &c.tm_mday, &c.tm_hour,
               &c.tm_min, &c.tm_sec, &end) != 6)
        return false;
    if (copy[end] == '.')
        end += 1 + (int)strspn(copy + end + 1, "0123456789");
    if (strcmp(copy + end, "Z") != 0)
        return false;
    c.tm_year -= 1900;
    c.tm_mon -= 1;
    out->us = (int64_t)timegm(&c) * SECOND_US;
    return true;
}

static void object_begin(struct page *p)
{
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        p->objects = mem_resize(p->objects, p->cap, sizeof *p->objects);
    }
    p->objects[p->count++] = (struct object){.size = -1};
    p->in_object = true;
}

static void object_part(struct xml *x, struct object *o, const char *name, struct bytes text)
{
    if (strcmp(name, "Key") == 0 && !o->key)
        o->key = mem_slice(text.at, text.len);
    else if (strcmp(name, "Size") == 0 && (!bytes_to_int64(text, &o->size) || o->size < 0))
        xml_refuse(x, "a Size is not a number");
    else if (strcmp(name, "LastModified") == 0 && !read_date(text, &o->modified))
        xml_refuse(x, "a LastModified is not a date");
    else if (strcmp(name, "ETag") == 0 && text.len >= sizeof o->etag)
        xml_refuse(x, "an ETag is too long");
    else if (strcmp(name, "ETag") == 0)
        snprintf(o->etag, sizeof o->etag, "%.*s", (int)text.len, text.at);
}

static void object_end(struct xml *x, struct page *p)
{
    p->in_object = false;
    if (!p->objects[p->count - 1].key)
        xml_refuse(x, "an object has no Key");
}

static void page_part(struct xml *x, struct page *p, const char *name, struct bytes text)
{
    if (strcmp(name, "IsTruncated") == 0) {
        p->said_truncated = true;
        p->truncated = bytes_is(text, "true");
        if (!p->truncated && !bytes_is(text, "false"))
            xml_refuse(x, "IsTruncated is neither true nor false");
    } else if (strcmp(name, "EncodingType") == 0) {
        p->encoded = bytes_is(text, "url");
    } else if (strcmp(name, "NextContinuationToken") == 0 && !p->token) {
        p->token = mem_slice(text.at, text.len);
    }
}

static void on_open(struct xml *x, const char *name)
{
    if (x->depth == 1 && strcmp(name, "ListBucketResult") != 0)
        xml_refuse(x, "the root is not ListBucketResult");
    else if (x->depth == 2 && strcmp(name, "Contents") == 0)
        object_begin(x->owner);
}

static void on_close(struct xml *x, const char *name, struct bytes text)
{
    struct page *p = x->owner;
    if (x->depth == 3 && p->in_object)
        object_part(x, &p->objects[p->count - 1], name, text);
    else if (x->depth == 2 && p->in_object)
        object_end(x, p);
    else if (x->depth == 2)
        page_part(x, p, name, text);
}

/* ---- keys ---- */

/* Replaces the key as it was listed by the key below the root. */
static const char *key_settle(struct object *o, bool encoded, const char *root, struct buf *scratch)
{
    struct bytes key = bytes_of(o->key);
    char *settled;
    buf_clear(scratch);
    if (encoded && url_decode(scratch, key, true))
        return "a key is not in the URL encoding that was asked for";
    if (encoded)
        key = buf_bytes(scratch);
    if (memchr(key.at, 0, key.len))
        return "a key holds a NUL";
    if (!bytes_starts(key, root))
        return "a key does not begin with the prefix that was asked for";
    key = bytes_from(key, strlen(root));
    settled = mem_slice(key.at, key.len);
    mem_free(o->key);
    o->key = settled;
    return NULL;
}

static const char *keys_settle(struct page *p, const char *root, struct bytes after)
{
    const char *problem = NULL;
    struct buf scratch;
    buf_init(&scratch, BUCKET_KEY_MAX * 4);
    for (size_t i = 0; i < p->count && !problem; i++) {
        problem = key_settle(&p->objects[i], p->encoded, root, &scratch);
        if (!problem && bytes_compare(bytes_of(p->objects[i].key), after) <= 0)
            problem = "its keys are not in byte order behind the one asked for";
        after = bytes_of(p->objects[i].key);
    }
    buf_free(&scratch);
    return problem;
}

static const char *page_settle(struct page *p, const char *root, const struct bucket_op *op)
{
    if (!p->said_truncated)
        return "it does not say whether there is more";
    if (p->truncated && !p->count && !p->token)
        return "it says that there is more, and not where";
    return keys_settle(p, root, op->start_after);
}

int s3_list_read(struct bytes document, const char *root, struct bucket_op *op, char **next,
                 struct err *err)
{
    struct page p = {0};
    struct xml x = {.open = on_open, .close = on_close, .owner = &p};
    const char *problem = xml_walk(&x, document) ? x.problem : page_settle(&p, root, op);
    if (problem) {
        page_free(&p);
        err_set(err, "bad_answer", "the listing cannot be used: %s", problem);
        err->retryable = true;
        return -1;
    }
    op->listed = p.objects;
    op->listed_count = p.count;
    op->more = p.truncated;
    *next = p.token;
    return 0;
}
