/* Table: where items live, as one contract that dynamodb:// and sqlite: both keep.
 * The waiter owns the operation with its question and its answer; the question's bytes must stay
 * alive until it is done. A table has one key, a string. It never writes against a condition that
 * was given.
 *
 * Conditions, the same on every backend, at most one of them: `if_absent`: no item has the key;
 * `if_exists`: one has; `if_equal`: one has, and each attribute that is listed has the listed
 * value in it, and none that `if_lacks` lists is in it. A condition that fails answers
 * ConditionalCheckFailedException (status 400) with the item that stands there in `item`; `found`
 * is false when none does. GET of what is absent answers NoSuchItem (404). UPDATE of what is absent
 * makes it, and DELETE of what is absent succeeds, unless a condition says otherwise. An item over
 * ITEM_MAX bytes answers ItemTooLarge; a table that is not there ResourceNotFoundException. */
#ifndef TIDEGATE_BASE_TABLE_H
#define TIDEGATE_BASE_TABLE_H

#include "base/item.h"
#include "base/op.h"

enum table_verb { TABLE_GET, TABLE_PUT, TABLE_UPDATE, TABLE_DELETE };

struct table_op {
    struct op op;
    enum table_verb verb;

    /* the question, borrowed from the waiter */
    struct bytes key;                /* GET, UPDATE, DELETE; PUT: stands in the item */
    const struct pairs *put;         /* PUT: the whole item, its key attribute included */
    const struct pairs *set;         /* UPDATE: attributes that get a value; NULL: none */
    const struct pairs *remove;      /* UPDATE: names that go, values not looked at; NULL: none */
    bool if_absent, if_exists;       /* PUT, UPDATE, DELETE (if_exists only) */
    const struct pairs *if_equal;    /* PUT, UPDATE, DELETE; NULL: not asked. At most 100 names */
    const struct pairs *if_lacks;    /* beside if_equal: names, values not looked at; NULL: none */

    /* the answer, owned by the operation, given back by table_op_free() */
    bool found;
    struct pairs item;
};

struct table;

struct table_ops {
    void (*start)(struct table *t, struct table_op *op);
    void (*free)(struct table *t);
};

struct table {
    const struct table_ops *ops;
    char *url;                       /* as messages name it: "dynamodb://widgets" */
    char *key_name;                  /* the attribute that is the key: "id" */
};

enum {
    TABLE_EQUAL_MAX = 100,           /* attributes of if_equal and if_lacks */
    TABLE_CHANGES_MAX = 300          /* attributes that UPDATE sets and removes: what DynamoDB's
                                      * 4 KB of an expression hold */
};

/* Checks the question (key, size, names, that UPDATE leaves the key alone) and starts it; a refused
 * one finishes at once with its error: InvalidKey, ItemTooLarge, BadItem, BadCondition. */
void table_start(struct table *t, struct table_op *op);
void table_op_init(struct table_op *op, enum table_verb verb);
void table_op_free(struct table_op *op);         /* aborts what is under way and frees the answer;
                                                    may be called twice */
void table_free(struct table *t);                /* NULL is fine; no operation may be under way */

/* The key attribute of the item as text, for mem_free(); NULL when it has none, or no string. */
char *table_key_of(const struct table *t, const struct pairs *item, size_t *len);

#endif
