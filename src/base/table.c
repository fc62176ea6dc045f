#include "base/table.h"

#include "base/utf8.h"

#include <stdlib.h>

void table_op_init(struct table_op *op, enum table_verb verb)
{
    *op = (struct table_op){.verb = verb};
}

static void forget_answer(struct table_op *op)
{
    op->found = false;
    pairs_free(&op->item);
}

void table_op_free(struct table_op *op)
{
    op_abort(&op->op);
    forget_answer(op);
}

char *table_key_of(const struct table *t, const struct pairs *item, size_t *len)
{
    return item_string(item_value(item, bytes_of(t->key_name)), len);
}

/* ---- the key ---- */

static int key_check(struct bytes key, struct err *err)
{
    if (key.len == 0)
        return err_set(err, "InvalidKey", "the key is empty");
    if (key.len > ITEM_KEY_MAX)
        return err_set(err, "InvalidKey", "the key has %zu bytes, over the limit of %d", key.len,
                       ITEM_KEY_MAX);
    if (utf8_check(key) != key.len)
        return err_set(err, "InvalidKey", "the key is not valid UTF-8 at byte %zu",
                       utf8_check(key) + 1);
    return 0;
}

static int item_key_check(const struct table *t, const struct pairs *item, struct err *err)
{
    size_t len;
    char *key = table_key_of(t, item, &len);
    int rc = key ? key_check((struct bytes){key, len}, err)
                 : err_set(err, "InvalidKey", "the item has no string \"%.60s\", which is the key",
                           t->key_name);
    mem_free(key);
    return rc;
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static size_t count_of(const struct pairs *p)
{
    return p ? p->count : 0;
}

/* That no name stands twice in the two lists, either of which may be NULL. */
static int names_once(const struct pairs *a, const struct pairs *b, struct err *err)
{
    size_t first = count_of(a), count = first + count_of(b), i = 1;
    struct bytes *names = mem_array(count + 1, sizeof *names);
    int rc = 0;
    for (size_t n = 0; n < count; n++)
        names[n] = n < first ? a->at[n].name : b->at[n - first].name;
    qsort(names, count, sizeof *names, by_name);
    while (i < count && !bytes_equal(names[i - 1], names[i]))
        i++;
    if (i < count)
        rc = err_set(err, "BadItem", "attribute \"%.60s\" is named twice", names[i].at);
    mem_free(names);
    return rc;
}

static int names_check(const struct pairs *names, struct err *err)
{
    for (size_t i = 0; i < count_of(names); i++)
        if (item_name_check(names->at[i].name, err))
            return -1;
    return 0;
}

static int leaves_key(const struct table *t, const struct pairs *changes, struct err *err)
{
    for (size_t i = 0; i < count_of(changes); i++)
        if (bytes_is(changes->at[i].name, t->key_name))
            return err_set(err, "BadItem", "an update cannot change \"%.60s\", which is the key",
                           t->key_name);
    return 0;
}

/* ---- questions ---- */

static int condition_check(const struct table_op *op, struct err *err)
{
    int asked = op->if_absent + op->if_exists + (op->if_equal != NULL);
    size_t compared = count_of(op->if_equal) + count_of(op->if_lacks);
    if (asked > 1)
        return err_set(err, "BadCondition", "there is more than one condition");
    if (asked && op->verb == TABLE_GET)
        return err_set(err, "BadCondition", "to read an item takes no condition");
    if (op->if_absent && op->verb == TABLE_DELETE)
        return err_set(err, "BadCondition", "to delete what is absent makes no sense");
    if (op->if_lacks && !op->if_equal)
        return err_set(err, "BadCondition", "what an item lacks is asked beside what it equals");
    if (compared > TABLE_EQUAL_MAX)
        return err_set(err, "BadCondition", "the condition has %zu attributes, over the limit of "
                       "%d", compared, TABLE_EQUAL_MAX);
    if (!op->if_equal)
        return 0;
    if (item_check(op->if_equal, err) || names_check(op->if_lacks, err))
        return -1;
    return names_once(op->if_equal, op->if_lacks, err);
}

static int put_check(const struct table *t, const struct table_op *op, struct err *err)
{
    if (item_check(op->put, err) || names_once(op->put, NULL, err))
        return -1;
    return item_key_check(t, op->put, err);
}

static int update_check(const struct table *t, const struct table_op *op, struct err *err)
{
    size_t count = count_of(op->set) + count_of(op->remove);
    if (count > TABLE_CHANGES_MAX)
        return err_set(err, "BadItem", "the update names %zu attributes, over the limit of %d",
                       count, TABLE_CHANGES_MAX);
    if (op->set && item_check(op->set, err))
        return -1;
    if (names_check(op->remove, err))
        return -1;
    if (leaves_key(t, op->set, err) || leaves_key(t, op->remove, err))
        return -1;
    return names_once(op->set, op->remove, err);
}

static int question_check(const struct table *t, struct table_op *op)
{
    struct err *err = &op->op.err;
    if (condition_check(op, err))
        return -1;
    if (op->verb == TABLE_PUT)
        return put_check(t, op, err);
    if (key_check(op->key, err))
        return -1;
    return op->verb == TABLE_UPDATE ? update_check(t, op, err) : 0;
}

void table_start(struct table *t, struct table_op *op)
{
    op_begin(&op->op, NULL, NULL);
    forget_answer(op);
    if (question_check(t, op))
        op_finish(&op->op);
    else
        t->ops->start(t, op);
}

void table_free(struct table *t)
{
    if (!t)
        return;
    mem_free(t->url);
    mem_free(t->key_name);
    t->url = NULL;
    t->key_name = NULL;
    t->ops->free(t);
}
