#include "base/bucket.h"

#include "base/utf8.h"

void bucket_op_init(struct bucket_op *op, enum bucket_verb verb)
{
    *op = (struct bucket_op){.verb = verb, .max_keys = BUCKET_PAGE};
    buf_init(&op->content, BUCKET_BODY_MAX);
}

static void object_free(struct object *o)
{
    mem_free(o->key);
    o->key = NULL;
    pairs_free(&o->metadata);
}

void bucket_op_free(struct bucket_op *op)
{
    op_abort(&op->op);
    object_free(&op->object);
    buf_free(&op->content);
    for (size_t i = 0; i < op->listed_count; i++)
        object_free(&op->listed[i]);
    mem_free(op->listed);
    op->listed = NULL;
    op->listed_count = 0;
}

static int component_check(struct bytes part, struct err *err)
{
    if (part.len == 0)
        return err_set(err, "InvalidKey", "a key has an empty part between its slashes");
    if (part.len > BUCKET_COMPONENT_MAX)
        return err_set(err, "InvalidKey", "a part of the key has %zu bytes, over the limit of %d",
                       part.len, BUCKET_COMPONENT_MAX);
    if (bytes_is(part, ".") || bytes_is(part, ".."))
        return err_set(err, "InvalidKey", "a key has \"%.*s\" between its slashes", (int)part.len,
                       part.at);
    return 0;
}

int bucket_key_check(struct bytes key, struct err *err)
{
    struct bytes rest = key;
    if (key.len == 0)
        return err_set(err, "InvalidKey", "the key is empty");
    if (key.len > BUCKET_KEY_MAX)
        return err_set(err, "InvalidKey", "the key has %zu bytes, over the limit of %d", key.len,
                       BUCKET_KEY_MAX);
    if (utf8_check(key) != key.len)
        return err_set(err, "InvalidKey", "the key is not valid UTF-8 at byte %zu",
                       utf8_check(key) + 1);
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.at[i] < 32 || key.at[i] == 127)
            return err_set(err, "InvalidKey", "the key has a control character at byte %zu", i + 1);
    if (key.at[key.len - 1] == '/')
        return err_set(err, "InvalidKey", "the key ends in a slash");
    while (rest.len)
        if (component_check(bytes_cut(rest, '/', &rest), err))
            return -1;
    return 0;
}

static int metadata_check(const struct pairs *metadata, struct err *err)
{
    size_t total = 0;
    for (size_t i = 0; metadata && i < metadata->count; i++) {
        struct pair p = metadata->at[i];
        for (size_t c = 0; c < p.name.len; c++)
            if (!((p.name.at[c] >= 'a' && p.name.at[c] <= 'z') ||
                  (p.name.at[c] >= '0' && p.name.at[c] <= '9') || p.name.at[c] == '-'))
                return err_set(err, "InvalidMetadata",
                               "metadata name \"%.40s\" may hold only a-z, 0-9 and -", p.name.at);
        for (size_t c = 0; c < p.value.len; c++)
            if (p.value.at[c] < 32 || p.value.at[c] > 126)
                return err_set(err, "InvalidMetadata",
                               "metadata \"%.40s\" may hold only printable ASCII", p.name.at);
        total += p.name.len + p.value.len;
    }
    if (total > BUCKET_METADATA_MAX)
        return err_set(err, "MetadataTooLarge", "metadata of %zu bytes is over the limit of %d",
                       total, BUCKET_METADATA_MAX);
    return 0;
}

static int question_check(struct bucket_op *op)
{
    if (op->verb != BUCKET_LIST && bucket_key_check(op->key, &op->op.err))
        return -1;
    return op->verb == BUCKET_PUT ? metadata_check(op->metadata, &op->op.err) : 0;
}

void bucket_start(struct bucket *b, struct bucket_op *op)
{
    op_begin(&op->op, NULL, NULL);
    if (question_check(op))
        op_finish(&op->op);
    else
        b->ops->start(b, op);
}

void bucket_free(struct bucket *b)
{
    if (!b)
        return;
    mem_free(b->url);
    b->url = NULL;
    b->ops->free(b);
}
