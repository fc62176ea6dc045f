#include "aws/dynamodb_question.h"

#include <stdio.h>

enum { EXPRESSION_MAX = 4096, ALIAS_MAX = 24 };

/* One question under way. Names are numbered as they stand in `lists`, one list behind the other,
 * and the key's, where a condition needs it, comes last: #n0, #n1, … with the values :v0, :v1, … */
struct asking {
    struct json_writer w;
    const struct table_op *op;
    const char *key_name;
    const struct pairs *lists[4];        /* set, remove, equal, lacks; NULL: none */
    size_t from[5];                      /* the number that each begins with, and of the key */
    bool conditioned;
    struct buf expression;
};

enum { SET, REMOVE, EQUAL, LACKS, KEY };

static size_t count_of(const struct pairs *p)
{
    return p ? p->count : 0;
}

static void asking_init(struct asking *a, struct buf *out, const char *key_name,
                        const struct table_op *op)
{
    bool update = op->verb == TABLE_UPDATE, get = op->verb == TABLE_GET;
    *a = (struct asking){.op = op, .key_name = key_name};
    a->lists[SET] = update ? op->set : NULL;
    a->lists[REMOVE] = update ? op->remove : NULL;
    a->lists[EQUAL] = get ? NULL : op->if_equal;
    a->lists[LACKS] = get ? NULL : op->if_lacks;
    for (size_t i = 0; i < KEY; i++)
        a->from[i + 1] = a->from[i] + count_of(a->lists[i]);
    a->conditioned = !get && (op->if_absent || op->if_exists || op->if_equal);
    json_writer_init(&a->w, out);
    buf_init(&a->expression, EXPRESSION_MAX);
}

static void write_member(struct json_writer *w, const char *name, struct bytes text)
{
    json_write_key(w, bytes_of(name));
    json_write_string(w, text);
}

/* ---- expressions ---- */

static void write_expression(struct asking *a, const char *name)
{
    if (a->expression.failed)
        a->w.problem = "the expression is too long";
    if (a->expression.len)
        write_member(&a->w, name, buf_bytes(&a->expression));
    buf_clear(&a->expression);
}

static void write_update(struct asking *a)
{
    struct buf *e = &a->expression;
    for (size_t n = a->from[SET]; n < a->from[REMOVE]; n++)
        buf_printf(e, "%s#n%zu=:v%zu", n == a->from[SET] ? "SET " : ",", n, n);
    for (size_t n = a->from[REMOVE]; n < a->from[EQUAL]; n++)
        buf_printf(e, "%s#n%zu", n > a->from[REMOVE] ? "," : n ? " REMOVE " : "REMOVE ", n);
    write_expression(a, "UpdateExpression");
}

/* An item that is not there equals nothing: that it is, stands first. */
static void write_condition(struct asking *a)
{
    struct buf *e = &a->expression;
    if (!a->conditioned)
        return;
    buf_printf(e, "attribute_%s(#n%zu)", a->op->if_absent ? "not_exists" : "exists", a->from[KEY]);
    for (size_t n = a->from[EQUAL]; n < a->from[LACKS]; n++)
        buf_printf(e, " AND #n%zu=:v%zu", n, n);
    for (size_t n = a->from[LACKS]; n < a->from[KEY]; n++)
        buf_printf(e, " AND attribute_not_exists(#n%zu)", n);
    write_expression(a, "ConditionExpression");
    write_member(&a->w, "ReturnValuesOnConditionCheckFailure", BYTES("ALL_OLD"));
}

/* ---- aliases ---- */

static void write_alias(struct json_writer *w, char kind, size_t n)
{
    char text[ALIAS_MAX];
    int len = snprintf(text, sizeof text, "%c%c%zu", kind, kind == '#' ? 'n' : 'v', n);
    json_write_key(w, (struct bytes){text, (size_t)len});
}

static void write_names(struct asking *a)
{
    if (!a->from[KEY] && !a->conditioned)
        return;
    json_write_key(&a->w, BYTES("ExpressionAttributeNames"));
    json_write_object(&a->w);
    for (size_t list = 0; list < KEY; list++)
        for (size_t i = 0; i < count_of(a->lists[list]); i++) {
            write_alias(&a->w, '#', a->from[list] + i);
            json_write_string(&a->w, a->lists[list]->at[i].name);
        }
    if (a->conditioned) {
        write_alias(&a->w, '#', a->from[KEY]);
        json_write_string(&a->w, bytes_of(a->key_name));
    }
    json_write_object_end(&a->w);
}

static bool has_values(size_t list)
{
    return list == SET || list == EQUAL;
}

static void write_values(struct asking *a)
{
    if (!count_of(a->lists[SET]) && !count_of(a->lists[EQUAL]))
        return;
    json_write_key(&a->w, BYTES("ExpressionAttributeValues"));
    json_write_object(&a->w);
    for (size_t list = 0; list < KEY; list++)
        for (size_t i = 0; has_values(list) && i < count_of(a->lists[list]); i++) {
            write_alias(&a->w, ':', a->from[list] + i);
            json_write_raw(&a->w, a->lists[list]->at[i].value);
        }
    json_write_object_end(&a->w);
}

/* ---- questions ---- */

static void write_key(struct asking *a)
{
    json_write_key(&a->w, BYTES("Key"));
    json_write_object(&a->w);
    json_write_key(&a->w, bytes_of(a->key_name));
    json_write_object(&a->w);
    write_member(&a->w, "S", a->op->key);
    json_write_object_end(&a->w);
    json_write_object_end(&a->w);
}

static void write_subject(struct asking *a)
{
    if (a->op->verb != TABLE_PUT) {
        write_key(a);
    } else {
        json_write_key(&a->w, BYTES("Item"));
        item_write(&a->w, a->op->put);
    }
    if (a->op->verb == TABLE_GET) {
        json_write_key(&a->w, BYTES("ConsistentRead"));
        json_write_bool(&a->w, true);
    }
}

int dynamodb_ask(struct buf *out, const char *name, const char *key_name,
                 const struct table_op *op)
{
    struct asking a;
    asking_init(&a, out, key_name, op);
    json_write_object(&a.w);
    write_member(&a.w, "TableName", bytes_of(name));
    write_subject(&a);
    write_update(&a);
    write_condition(&a);
    write_names(&a);
    write_values(&a);
    json_write_object_end(&a.w);
    buf_free(&a.expression);
    return a.w.problem ? -1 : 0;
}
