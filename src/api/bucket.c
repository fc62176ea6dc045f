#include "api/place.h"

#include "api/error.h"
#include "api/options.h"
#include "host/host.h"
#include "host/task.h"

#include <stdio.h>

#include <lauxlib.h>

#define CLASS "tidegate.bucket"
#define OP_CLASS "tidegate.bucket_op"

enum { WHAT_BYTES = 1400 };

struct handle {
    struct bucket *bucket;               /* NULL: closed */
};

/* A wait on a bucket: the operation, and what it needs kept. */
struct wait {
    struct bucket_op op;
    struct pairs metadata;
    const char *verb;
    struct bucket *bucket;
};

static int f_collect(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, CLASS);
    bucket_free(h->bucket);
    h->bucket = NULL;
    return 0;
}

int f_bucket(lua_State *L)
{
    struct bytes url = string_argument(L, 1);
    struct err err = {0};
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->bucket = NULL;
    luaL_setmetatable(L, CLASS);
    h->bucket = place_bucket(host_of(L), url, true, &err);
    return h->bucket ? 1 : error_push(L, &err, "");
}

static struct bucket *check(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, CLASS);
    luaL_argcheck(L, h->bucket, 1, "the bucket is closed");
    return h->bucket;
}

static void wait_free(struct wait *w)
{
    bucket_op_free(&w->op);
    pairs_free(&w->metadata);
}

static int f_collect_wait(lua_State *L)
{
    wait_free(luaL_checkudata(L, 1, OP_CLASS));
    return 0;
}

/* Guard before resource: collectable before it holds anything. [-0, +1, m] */
static struct wait *new_wait(lua_State *L, enum bucket_verb verb, const char *name)
{
    struct wait *w = lua_newuserdatauv(L, sizeof *w, 0);
    *w = (struct wait){.verb = name};
    bucket_op_init(&w->op, verb);
    luaL_setmetatable(L, OP_CLASS);
    return w;
}

static int start(lua_State *L, struct bucket *b, struct wait *w, lua_KFunction k)
{
    char what[64];
    snprintf(what, sizeof what, "bucket:%s", w->verb);
    task_arm(L, &w->op.op, what);
    w->bucket = b;
    bucket_start(b, &w->op);
    return task_wait(L, &w->op.op, (lua_KContext)w, k);
}

/* nil, err for an operation that failed: "put s3://b/k: 503 SlowDown". [-0, +2, m] */
static int push_problem(lua_State *L, struct wait *w)
{
    char what[WHAT_BYTES];
    snprintf(what, sizeof what, "%s %s/%.*s", w->verb, w->bucket->url, (int)w->op.key.len,
             w->op.key.at);
    return error_push(L, &w->op.op.err, what);
}

/* { etag, content_type, size, last_modified, metadata } [-0, +1, m] */
static void push_object(lua_State *L, const struct object *o)
{
    lua_createtable(L, 0, 5);
    field_string(L, "etag", o->etag[0] ? o->etag : NULL);
    field_string(L, "content_type", o->content_type[0] ? o->content_type : NULL);
    lua_pushinteger(L, o->size);
    lua_setfield(L, -2, "size");
    if (o->modified.us) {
        lua_pushnumber(L, (lua_Number)o->modified.us / SECOND_US);
        lua_setfield(L, -2, "last_modified");
    }
    pairs_push(L, &o->metadata);
    lua_setfield(L, -2, "metadata");
}

static int k_get(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w);
    lua_pushlstring(L, buf_string(&w->op.content), w->op.content.len);
    push_object(L, &w->op.object);
    wait_free(w);
    return 2;
}

/* A question that is a key and nothing else. */
static int ask(lua_State *L, enum bucket_verb verb, const char *name, lua_KFunction k)
{
    struct bucket *b = check(L);
    struct bytes key = string_argument(L, 2);
    struct wait *w;
    lua_settop(L, 2);
    w = new_wait(L, verb, name);
    w->op.key = key;
    return start(L, b, w, k);
}

static int f_get(lua_State *L)
{
    return ask(L, BUCKET_GET, "get", k_get);
}

static int k_object(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w);
    push_object(L, &w->op.object);
    return 1;
}

static int f_head(lua_State *L)
{
    return ask(L, BUCKET_HEAD, "head", k_object);
}

/* Empty is no ETag: the core would take it for no condition at all. */
static void check_etag(lua_State *L, struct bytes etag, int argument)
{
    luaL_argcheck(L, !etag.at || etag.len, argument, "if_match is empty; it takes an ETag");
}

struct put_options {
    struct bytes content_type, if_match, if_none_match;
    int metadata;
};

static const struct option put_table[] = {
    {"content_type",  OPTION_STRING, offsetof(struct put_options, content_type), 0, 0},
    {"if_match",      OPTION_STRING, offsetof(struct put_options, if_match), 0, 0},
    {"if_none_match", OPTION_STRING, offsetof(struct put_options, if_none_match), 0, 0},
    {"metadata",      OPTION_VALUE,  offsetof(struct put_options, metadata), 0, 0},
};

static int f_put(lua_State *L)
{
    struct bucket *b = check(L);
    struct put_options options = {0};
    struct bytes key = string_argument(L, 2), body = string_argument(L, 3);
    struct wait *w;
    lua_settop(L, 4);
    OPTIONS_READ(L, 4, put_table, &options, "bucket:put");
    luaL_argcheck(L, !options.if_none_match.len || bytes_is(options.if_none_match, "*"), 4,
                  "if_none_match can only be \"*\"");
    check_etag(L, options.if_match, 4);
    w = new_wait(L, BUCKET_PUT, "put");
    if (options.metadata)
        pairs_read(L, options.metadata, &w->metadata, "bucket:put metadata");
    w->op.key = key;
    w->op.body = body;
    w->op.content_type = options.content_type;
    w->op.if_match = options.if_match;
    w->op.if_none_match = options.if_none_match;
    w->op.metadata = &w->metadata;
    return start(L, b, w, k_object);
}

static int k_delete(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w);
    lua_pushboolean(L, true);
    return 1;
}

static const struct option delete_table[] = {
    {"if_match", OPTION_STRING, 0, 0, 0},
};

static int f_delete(lua_State *L)
{
    struct bucket *b = check(L);
    struct bytes key = string_argument(L, 2), if_match = {0};
    struct wait *w;
    lua_settop(L, 3);
    OPTIONS_READ(L, 3, delete_table, &if_match, "bucket:delete");
    check_etag(L, if_match, 3);
    w = new_wait(L, BUCKET_DELETE, "delete");
    w->op.key = key;
    w->op.if_match = if_match;
    return start(L, b, w, k_delete);
}

/* ---- each: an iterator that waits for a page when the one it has is used up ---- */

enum { EACH_BUCKET = 1, EACH_PREFIX, EACH_WAIT, EACH_NEXT, EACH_AFTER };     /* upvalues */

/* The entry at EACH_NEXT of the page in EACH_WAIT. [-0, +1, m] */
static int push_entry(lua_State *L, struct wait *w, lua_Integer at)
{
    const struct object *o = &w->op.listed[at];
    lua_pushinteger(L, at + 1);
    lua_replace(L, lua_upvalueindex(EACH_NEXT));
    lua_pushstring(L, o->key);
    lua_pushvalue(L, -1);
    lua_replace(L, lua_upvalueindex(EACH_AFTER));
    push_object(L, o);
    lua_insert(L, -2);
    lua_setfield(L, -2, "key");
    return 1;
}

static int k_page(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err)) {
        push_problem(L, w);
        return lua_error(L);
    }
    lua_pushinteger(L, 0);
    lua_replace(L, lua_upvalueindex(EACH_NEXT));
    return w->op.listed_count ? push_entry(L, w, 0) : 0;
}

static int f_next(lua_State *L)
{
    struct wait *w = lua_touserdata(L, lua_upvalueindex(EACH_WAIT));
    struct handle *h = lua_touserdata(L, lua_upvalueindex(EACH_BUCKET));
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(EACH_NEXT));
    struct bytes prefix, after;
    if (w && (size_t)at < w->op.listed_count)
        return push_entry(L, w, at);
    if (w && !w->op.more)
        return 0;
    lua_settop(L, 0);
    prefix.at = lua_tolstring(L, lua_upvalueindex(EACH_PREFIX), &prefix.len);
    after.at = lua_tolstring(L, lua_upvalueindex(EACH_AFTER), &after.len);
    w = new_wait(L, BUCKET_LIST, "list");
    w->op.key = prefix;
    w->op.start_after = after;
    lua_pushvalue(L, -1);
    lua_replace(L, lua_upvalueindex(EACH_WAIT));
    return start(L, h->bucket, w, k_page);
}

static const struct option each_table[] = {
    {"prefix", OPTION_STRING, 0, 0, 0},
};

static int f_each(lua_State *L)
{
    struct bytes prefix = BYTES("");
    check(L);
    lua_settop(L, 2);
    OPTIONS_READ(L, 2, each_table, &prefix, "bucket:each");
    lua_pushvalue(L, 1);
    lua_pushlstring(L, prefix.at, prefix.len);
    lua_pushnil(L);
    lua_pushinteger(L, 0);
    lua_pushliteral(L, "");
    lua_pushcclosure(L, f_next, 5);
    return 1;
}

static int f_tostring(lua_State *L)
{
    const struct handle *h = luaL_checkudata(L, 1, CLASS);
    lua_pushfstring(L, "bucket %s", h->bucket ? h->bucket->url : "(closed)");
    return 1;
}

/* bucket.url, and the methods */
static int f_index(lua_State *L)
{
    return place_index(L, check(L)->url, "bucket");
}

static const luaL_Reg methods[] = {
    {"get",    f_get},
    {"head",   f_head},
    {"put",    f_put},
    {"delete", f_delete},
    {"each",   f_each},
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

void bucket_open_class(lua_State *L)
{
    place_open_class(L, &class);
    lua_setfield(L, LUA_REGISTRYINDEX, BUCKET_METHODS);
}
