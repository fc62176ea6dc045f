#include "local/sqlite_table.h"

#include "local/sqlite_file.h"

enum { GET, PUT, DELETE };

static const char schema[] =
    "CREATE TABLE \"%1$s\" (\"key\" TEXT NOT NULL PRIMARY KEY, item TEXT NOT NULL) STRICT";

static const char *const statements[] = {
    [GET] = "SELECT item FROM \"%1$s\" WHERE \"key\" = ?1",
    [PUT] = "INSERT INTO \"%1$s\" (\"key\", item) VALUES (?1, ?2)"
            " ON CONFLICT (\"key\") DO UPDATE SET item = excluded.item",
    [DELETE] = "DELETE FROM \"%1$s\" WHERE \"key\" = ?1",
    NULL,
};

static const struct sqlite_kind kind = {
    .noun = "table of items",
    .missing = "ResourceNotFoundException",
    .columns = "key,item",
    .schema = schema,
    .statements = statements,
};

struct sqlite_table {
    struct table table;
    struct sqlite_file file;
};

/* ---- rows ---- */

static sqlite3_stmt *ask(struct sqlite_table *t, size_t which, struct bytes key, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&t->file, which, err);
    if (s)
        sqlite_bind_bytes(s, 1, key);
    return s;
}

/* Whether there is one, with its attributes; -1 when they cannot be read: a person wrote them. */
static int read_row(struct sqlite_table *t, struct bytes key, struct pairs *out, struct err *err)
{
    struct err why;
    sqlite3_stmt *s = ask(t, GET, key, err);
    int there = s ? sqlite_file_step(&t->file, s, err) : -1;
    if (there != 1 || item_parse(sqlite_column(s, 0), out, &why) == 0)
        return there;
    return err_set(err, why.code, "what stands under \"%.*s\": %.200s",
                   key.len > 80 ? 80 : (int)key.len, key.at, why.message);
}

/* The most that the item can take as text: each byte of a name may need six. */
static size_t text_max(const struct pairs *item)
{
    size_t max = sizeof "{}";
    for (size_t i = 0; i < item->count; i++)
        max += 6 * item->at[i].name.len + item->at[i].value.len + sizeof "\"\":,";
    return max;
}

static int put_row(struct sqlite_table *t, struct bytes key, struct buf *text, struct err *err)
{
    sqlite3_stmt *s = ask(t, PUT, key, err);
    if (!s)
        return -1;
    sqlite_bind_bytes(s, 2, buf_bytes(text));
    return sqlite_file_step(&t->file, s, err) < 0 ? -1 : 0;
}

static int write_row(struct sqlite_table *t, struct bytes key, const struct pairs *item,
                     struct err *err)
{
    struct json_writer w;
    struct buf text;
    int rc;
    buf_init(&text, text_max(item));
    json_writer_init(&w, &text);
    item_write(&w, item);
    rc = w.problem ? err_set(err, "BadItem", "%s", w.problem) : put_row(t, key, &text, err);
    buf_free(&text);
    return rc;
}

static int delete_row(struct sqlite_table *t, struct bytes key, struct err *err)
{
    sqlite3_stmt *s = ask(t, DELETE, key, err);
    return s && sqlite_file_step(&t->file, s, err) >= 0 ? 0 : -1;
}

/* ---- conditions ---- */

/* A person, or another program, may write a value in a way that is not ours. */
static bool is_equal(const struct pairs *item, const struct pairs *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (!item_same(item_value(item, wanted->at[i].name), wanted->at[i].value))
            return false;
    return true;
}

static bool lacks(const struct pairs *item, const struct pairs *names)
{
    for (size_t i = 0; names && i < names->count; i++)
        if (pairs_has(item, names->at[i].name))
            return false;
    return true;
}

static bool holds(const struct table_op *op, bool there, const struct pairs *item)
{
    if (op->if_absent)
        return !there;
    if (op->if_exists)
        return there;
    return !op->if_equal || (there && is_equal(item, op->if_equal) && lacks(item, op->if_lacks));
}

static bool conditional(const struct table_op *op)
{
    return op->if_absent || op->if_exists || op->if_equal;
}

static int condition_failed(struct table_op *op, bool there, struct pairs *item)
{
    op->found = there;
    op->item = *item;
    *item = (struct pairs){0};
    err_set(&op->op.err, "ConditionalCheckFailedException", "%s", "");
    op->op.err.status = 400;
    return -1;
}

/* ---- verbs, inside the transaction ---- */

static int get(struct sqlite_table *t, struct table_op *op)
{
    int there = read_row(t, op->key, &op->item, &op->op.err);
    if (there == 0) {
        err_set(&op->op.err, "NoSuchItem", "%s", "");
        op->op.err.status = 404;
    }
    op->found = there == 1;
    return op->found ? 0 : -1;
}

static bool names(const struct pairs *list, struct bytes name)
{
    return list && pairs_has(list, name);
}

/* What the update makes of the item, an absent one being only its key. */
static void updated(const struct sqlite_table *t, const struct table_op *op, bool there,
                    const struct pairs *old, struct pairs *out)
{
    if (!there)
        item_add_string(out, bytes_of(t->table.key_name), op->key);
    for (size_t i = 0; i < old->count; i++)
        if (!names(op->set, old->at[i].name) && !names(op->remove, old->at[i].name))
            pairs_add(out, old->at[i].name, old->at[i].value);
    for (size_t i = 0; op->set && i < op->set->count; i++)
        pairs_add(out, op->set->at[i].name, op->set->at[i].value);
}

static int update(struct sqlite_table *t, struct table_op *op, bool there, const struct pairs *old)
{
    struct pairs new = {0};
    int rc;
    updated(t, op, there, old, &new);
    rc = item_check(&new, &op->op.err) || write_row(t, op->key, &new, &op->op.err) ? -1 : 0;
    pairs_free(&new);
    return rc;
}

static int change_under(struct sqlite_table *t, struct table_op *op, struct bytes key, bool there,
                        struct pairs *old)
{
    if (!holds(op, there, old))
        return condition_failed(op, there, old);
    if (op->verb == TABLE_PUT)
        return write_row(t, key, op->put, &op->op.err);
    return op->verb == TABLE_UPDATE ? update(t, op, there, old) : delete_row(t, key, &op->op.err);
}

static int change(struct sqlite_table *t, struct table_op *op, struct bytes key)
{
    struct pairs old = {0};
    bool look = op->verb == TABLE_UPDATE || conditional(op);
    int there = look ? read_row(t, key, &old, &op->op.err) : 0;
    int rc = there < 0 ? -1 : change_under(t, op, key, there, &old);
    pairs_free(&old);
    return rc;
}

/* ---- the table ---- */

static int act(struct sqlite_table *t, struct table_op *op)
{
    char *key = NULL;
    struct bytes at = op->key;
    int there = sqlite_file_has_table(&t->file, &op->op.err), rc;
    if (there < 1)
        return there < 0 ? -1 : sqlite_file_no_table(&t->file, &op->op.err);
    if (op->verb == TABLE_GET)
        return get(t, op);
    if (op->verb == TABLE_PUT) {
        key = table_key_of(&t->table, op->put, &at.len);
        at.at = key;
    }
    rc = change(t, op, at);
    mem_free(key);
    return rc;
}

static void start(struct table *base, struct table_op *op)
{
    struct sqlite_table *t = (struct sqlite_table *)base;
    struct err *err = &op->op.err;
    if (sqlite_file_begin(&t->file, op->verb != TABLE_GET, err) == 0)
        sqlite_file_end(&t->file, act(t, op), err);
    op_finish(&op->op);
}

static void release(struct table *base)
{
    struct sqlite_table *t = (struct sqlite_table *)base;
    sqlite_file_close(&t->file);
    mem_free(t);
}

static const struct table_ops ops = {start, release};

struct table *sqlite_table_open(struct bytes place, struct bytes key_name, bool create,
                                struct err *err)
{
    struct sqlite_table *t;
    struct sqlite_place at;
    if (item_name_check(key_name, err) ||
        sqlite_place_read(&at, place, SQLITE_TABLE_NAME, "", err))
        return NULL;
    t = mem_new(sizeof *t);
    t->table.ops = &ops;
    t->table.url = mem_text(at.url);
    t->table.key_name = mem_slice(key_name.at, key_name.len);
    if (sqlite_file_open(&t->file, at, &kind, create ? SQLITE_MISSING_MAKE : SQLITE_MISSING_FAIL,
                         err) == 0)
        return &t->table;
    table_free(&t->table);
    return NULL;
}
