#include "api/place.h"

#include "api/error.h"
#include "api/item_decode.h"
#include "api/item_encode.h"
#include "api/options.h"
#include "host/host.h"
#include "host/task.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#define CLASS "tidegate.table"
#define OP_CLASS "tidegate.table_op"

enum { WHAT_BYTES = 2400 };

struct handle {
    struct table *table;                 /* NULL: closed */
};

/* A wait on a table: the operation, and what it needs kept. */
struct wait {
    struct table_op op;
    struct pairs put, set, remove, equal, lacks;
    const char *verb;
    struct table *table;
};

static int f_collect(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, CLASS);
    table_free(h->table);
    h->table = NULL;
    return 0;
}

int f_table(lua_State *L)
{
    struct bytes url = string_argument(L, 1);
    struct err err = {0};
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->table = NULL;
    luaL_setmetatable(L, CLASS);
    h->table = place_table(host_of(L), url, &err);
    return h->table ? 1 : error_push(L, &err, "");
}

static struct table *check(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, CLASS);
    luaL_argcheck(L, h->table, 1, "the table is closed");
    return h->table;
}

static int f_collect_wait(lua_State *L)
{
    struct wait *w = luaL_checkudata(L, 1, OP_CLASS);
    table_op_free(&w->op);
    pairs_free(&w->put);
    pairs_free(&w->set);
    pairs_free(&w->remove);
    pairs_free(&w->equal);
    pairs_free(&w->lacks);
    return 0;
}

/* Guard before resource: collectable before it holds anything. [-0, +1, m] */
static struct wait *new_wait(lua_State *L, struct table *t, enum table_verb verb, const char *name)
{
    struct wait *w = lua_newuserdatauv(L, sizeof *w, 0);
    *w = (struct wait){.verb = name, .table = t};
    table_op_init(&w->op, verb);
    luaL_setmetatable(L, OP_CLASS);
    return w;
}

static int start(lua_State *L, struct wait *w, lua_KFunction k)
{
    char what[64];
    snprintf(what, sizeof what, "items:%s", w->verb);
    task_arm(L, &w->op.op, what);
    table_start(w->table, &w->op);
    return task_wait(L, &w->op.op, (lua_KContext)w, k);
}

/* "put dynamodb://widgets/KEY" */
static void describe(const struct wait *w, char what[WHAT_BYTES])
{
    struct bytes key = w->op.key;
    char *own = NULL;
    if (w->op.verb == TABLE_PUT) {
        own = table_key_of(w->table, &w->put, &key.len);
        key.at = own;
    }
    snprintf(what, WHAT_BYTES, "%s %s/%.*s", w->verb, w->table->url, key.at ? (int)key.len : 0,
             key.at ? key.at : "");
    mem_free(own);
}

/* nil, err for an operation that failed; err.item is what stands there. [-0, +2, m] */
static int push_problem(lua_State *L, struct wait *w)
{
    char what[WHAT_BYTES];
    describe(w, what);
    error_push(L, &w->op.op.err, what);
    if (!w->op.found)
        return 2;
    if (item_push(L, &w->op.item))
        lua_setfield(L, -2, "item");
    else
        lua_pop(L, 1);                   /* unreadable: as if the service had not said it */
    return 2;
}

static int k_get(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    struct err err = {0};
    char what[WHAT_BYTES];
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w);
    if (item_push(L, &w->op.item))
        return 1;
    describe(w, what);
    err_set(&err, "BadItem", "%s", lua_tostring(L, -1));
    return error_push(L, &err, what);
}

static int f_get(lua_State *L)
{
    struct table *t = check(L);
    struct bytes key = string_argument(L, 2);
    struct wait *w;
    lua_settop(L, 2);
    w = new_wait(L, t, TABLE_GET, "get");
    w->op.key = key;
    return start(L, w, k_get);
}

/* ---- writing ---- */

/* The names of the array at `index`, as pairs without values. [-0, +0, e] */
static void read_names(lua_State *L, int index, struct pairs *out, const char *what)
{
    lua_Integer count;
    if (!lua_istable(L, index))
        luaL_error(L, "%s must be a list of names, not %s", what, luaL_typename(L, index));
    count = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        struct bytes name;
        if (lua_rawgeti(L, index, i) != LUA_TSTRING)
            luaL_error(L, "%s must be a list of names, not of %s values", what,
                       luaL_typename(L, -1));
        name.at = lua_tolstring(L, -1, &name.len);
        pairs_add(out, name, BYTES(""));
        lua_pop(L, 1);
    }
}

struct conditions {
    bool if_absent, if_exists;
    int if_equal, if_lacks;
};

static const struct option condition_table[] = {
    {"if_exists", OPTION_BOOLEAN, offsetof(struct conditions, if_exists), 0, 0},
    {"if_equal",  OPTION_VALUE,   offsetof(struct conditions, if_equal), 0, 0},
    {"if_lacks",  OPTION_VALUE,   offsetof(struct conditions, if_lacks), 0, 0},
    {"if_absent", OPTION_BOOLEAN, offsetof(struct conditions, if_absent), 0, 0},
};

enum { CONDITIONS = sizeof condition_table / sizeof *condition_table };

/* The options at `index`: the first `count` of the table. [-0, +n, e] */
static void read_conditions(lua_State *L, int index, size_t count, struct wait *w,
                            const char *what)
{
    struct conditions c = {0};
    options_read(L, index, condition_table, count, &c, what);
    if (c.if_absent + c.if_exists + (c.if_equal != 0) > 1)
        luaL_error(L, "%s: give at most one of if_absent, if_exists and if_equal", what);
    w->op.if_absent = c.if_absent;
    w->op.if_exists = c.if_exists;
    if (c.if_lacks && !c.if_equal)
        luaL_error(L, "%s: if_lacks stands beside if_equal", what);
    if (!c.if_equal)
        return;
    item_encode(L, c.if_equal, &w->equal, what);
    if (!w->equal.count)
        luaL_error(L, "%s: if_equal names no attribute; write if_exists", what);
    if (c.if_lacks)
        read_names(L, c.if_lacks, &w->lacks, "if_lacks");
    if (w->equal.count + w->lacks.count > TABLE_EQUAL_MAX)
        luaL_error(L, "%s: the condition names more than %d attributes", what, TABLE_EQUAL_MAX);
    w->op.if_equal = &w->equal;
    w->op.if_lacks = w->lacks.count ? &w->lacks : NULL;
}

static int k_written(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w);
    lua_pushboolean(L, true);
    return 1;
}

static int f_put(lua_State *L)
{
    struct table *t = check(L);
    struct wait *w;
    lua_settop(L, 3);
    w = new_wait(L, t, TABLE_PUT, "put");
    item_encode(L, 2, &w->put, "items:put");
    read_conditions(L, 3, CONDITIONS, w, "items:put");
    w->op.put = &w->put;
    return start(L, w, k_written);
}

struct changes {
    int set, remove;
};

static const struct option change_table[] = {
    {"set",    OPTION_VALUE, offsetof(struct changes, set), 0, 0},
    {"remove", OPTION_VALUE, offsetof(struct changes, remove), 0, 0},
};

static int f_update(lua_State *L)
{
    struct table *t = check(L);
    struct bytes key = string_argument(L, 2);
    struct changes changes = {0};
    struct wait *w;
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 4);
    w = new_wait(L, t, TABLE_UPDATE, "update");
    OPTIONS_READ(L, 3, change_table, &changes, "items:update");
    if (changes.set)
        item_encode(L, changes.set, &w->set, "items:update");
    if (changes.remove)
        read_names(L, changes.remove, &w->remove, "items:update: remove");
    read_conditions(L, 4, CONDITIONS, w, "items:update");
    w->op.key = key;
    w->op.set = &w->set;
    w->op.remove = &w->remove;
    return start(L, w, k_written);
}

static int f_delete(lua_State *L)
{
    struct table *t = check(L);
    struct bytes key = string_argument(L, 2);
    struct wait *w;
    lua_settop(L, 3);
    w = new_wait(L, t, TABLE_DELETE, "delete");
    read_conditions(L, 3, CONDITIONS - 1, w, "items:delete");
    w->op.key = key;
    return start(L, w, k_written);
}

/* ---- the class ---- */

static int f_tostring(lua_State *L)
{
    const struct handle *h = luaL_checkudata(L, 1, CLASS);
    lua_pushfstring(L, "table %s", h->table ? h->table->url : "(closed)");
    return 1;
}

/* items.url, items.kind, items.key, and the methods */
static int f_index(lua_State *L)
{
    const struct table *t = check(L);
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "key") == 0) {
        lua_pushstring(L, t->key_name);
        return 1;
    }
    return place_index(L, t->url, "table");
}

static const luaL_Reg methods[] = {
    {"get",    f_get},
    {"put",    f_put},
    {"update", f_update},
    {"delete", f_delete},
    {NULL,     NULL},
};

static const struct place_class class = {
    .name = CLASS,
    .collect = f_collect,
    .tostring = f_tostring,
    .index = f_index,
    .methods = methods,
    .op_name = OP_CLASS,
    .collect_op = f_collect_wait,
};

void table_open_class(lua_State *L)
{
    place_open_class(L, &class);
    lua_setfield(L, LUA_REGISTRYINDEX, TABLE_METHODS);
}
