#include "api/queue_call.h"

#include "api/error.h"
#include "api/options.h"
#include "host/host.h"
#include "host/task.h"

#include <stddef.h>
#include <stdio.h>

#include <lauxlib.h>

#define CLASS "tidegate.queue"
#define OP_CLASS "tidegate.queue_op"

/* ---- the handle ---- */

static int f_collect(lua_State *L)
{
    place_queue_free(luaL_checkudata(L, 1, CLASS));
    return 0;
}

struct place_queue *queue_new(lua_State *L)
{
    struct place_queue *q = lua_newuserdatauv(L, sizeof *q, 0);
    *q = (struct place_queue){0};
    luaL_setmetatable(L, CLASS);
    return q;
}

struct open_options {
    bool create;
    int shard;
};

static const struct option open_table[] = {
    {"create", OPTION_BOOLEAN, offsetof(struct open_options, create), 0, 0},
    {"shard",  OPTION_VALUE,   offsetof(struct open_options, shard),  0, 0},
};

/* "2/4" or { 2, 4 }. What is neither is misuse. */
static struct shard read_shard(lua_State *L, int index)
{
    struct shard shard = {0};
    struct err err;
    int64_t part[2] = {0, 0};
    int rc;
    if (lua_istable(L, index)) {
        for (int i = 0; i < 2; i++)
            part[i] = lua_rawgeti(L, index, i + 1) == LUA_TNUMBER ? lua_tointeger(L, -1) : 0;
        lua_pop(L, 2);
        rc = shard_make(part[0], part[1], &shard, &err);
    } else {
        struct bytes text = {"", 0};
        if (lua_type(L, index) == LUA_TSTRING)
            text.at = lua_tolstring(L, index, &text.len);
        rc = shard_read(text, &shard, &err);
    }
    if (rc)
        luaL_error(L, "tide.queue: option 'shard': %s", err.message);
    return shard;
}

int f_queue(lua_State *L)
{
    struct bytes url = string_argument(L, 1);
    struct place_queue *q;
    struct open_options opts = {0};
    struct shard shard = {0};
    struct err err = {0};
    int rc;
    lua_settop(L, 2);
    OPTIONS_READ(L, 2, open_table, &opts, "tide.queue");
    if (opts.shard)
        shard = read_shard(L, opts.shard);
    q = queue_new(L);
    rc = opts.shard ? place_queue_shard(host_of(L), url, opts.create, shard, q, &err)
                    : place_queue(host_of(L), url, opts.create, q, &err);
    return rc ? error_push(L, &err, "") : 1;
}

struct place_queue *queue_check(lua_State *L, int index)
{
    struct place_queue *q = luaL_checkudata(L, index, CLASS);
    luaL_argcheck(L, q->queue, index, "the queue is closed");
    return q;
}

/* ---- calls ---- */

static int f_collect_call(lua_State *L)
{
    struct queue_call *c = luaL_checkudata(L, 1, OP_CLASS);
    queue_op_free(&c->op);
    for (size_t i = 0; i < QUEUE_BATCH; i++)
        pairs_free(&c->attributes[i]);
    return 0;
}

struct queue_call *queue_call_new(lua_State *L, struct place_queue *q, enum queue_verb verb,
                                  const char *name)
{
    struct queue_call *c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (struct queue_call){.place = q, .verb = name};
    queue_op_init(&c->op, verb);
    luaL_setmetatable(L, OP_CLASS);
    return c;
}

int queue_call_start(lua_State *L, struct queue_call *c, lua_KFunction k)
{
    char what[64];
    snprintf(what, sizeof what, "queue:%s", c->verb);
    task_arm(L, &c->op.op, what);
    queue_start(c->place->queue, &c->op, loop_now(host_of(L)->loop));
    return task_wait(L, &c->op.op, (lua_KContext)c, k);
}

int queue_call_problem(lua_State *L, const struct queue_call *c, const struct err *err)
{
    char what[1400];
    snprintf(what, sizeof what, "%s %s", c->verb, c->place->queue->url);
    return error_push(L, err, what);
}

int queue_call_done(lua_State *L, int status, lua_KContext ctx)
{
    struct queue_call *c = (struct queue_call *)ctx;
    (void)status;
    if (err_any(&c->op.op.err))
        return queue_call_problem(L, c, &c->op.op.err);
    if (err_any(&c->op.entries[0].err))
        return queue_call_problem(L, c, &c->op.entries[0].err);
    lua_pushboolean(L, true);
    return 1;
}

/* ---- the class ---- */

static int f_tostring(lua_State *L)
{
    const struct place_queue *q = luaL_checkudata(L, 1, CLASS);
    lua_pushfstring(L, "queue %s", q->queue ? q->queue->url : "(closed)");
    return 1;
}

/* queue.url, queue.kind, and the methods */
static int f_index(lua_State *L)
{
    const struct place_queue *q = queue_check(L, 1);
    return place_index(L, q->queue->url, q->kind);
}

static const luaL_Reg methods[] = {
    {"send",       f_queue_send},
    {"send_batch", f_queue_send_batch},
    {"receive",    f_queue_receive},
    {"delete",     f_queue_delete},
    {"release",    f_queue_release},
    {"settings",   f_queue_settings},
    {"parked",     f_queue_parked},
    {NULL,         NULL},
};

static const struct place_class class = {
    .name = CLASS,
    .collect = f_collect,
    .tostring = f_tostring,
    .index = f_index,
    .methods = methods,
    .op_name = OP_CLASS,
    .collect_op = f_collect_call,
};

void queue_open_class(lua_State *L)
{
    place_open_class(L, &class);
    lua_pop(L, 1);
}
