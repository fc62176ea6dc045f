#include "api/place.h"

#include "api/error.h"
#include "api/options.h"
#include "host/host.h"
#include "host/task.h"

#include <stdio.h>

#include <lauxlib.h>

#define CLASS "tidegate.queue"
#define OP_CLASS "tidegate.queue_op"

struct wait {
    struct queue_op op;
    struct queue *queue;
    struct pairs attributes[QUEUE_BATCH];
    char ids[QUEUE_BATCH][24];           /* keys for a bucket's messages that have none */
};

static int f_collect(lua_State *L)
{
    place_queue_free(luaL_checkudata(L, 1, CLASS));
    return 0;
}

int f_queue(lua_State *L)
{
    struct bytes url;
    struct place_queue *q;
    struct err err = {0};
    url.at = luaL_checklstring(L, 1, &url.len);
    q = lua_newuserdatauv(L, sizeof *q, 0);
    *q = (struct place_queue){0};
    luaL_setmetatable(L, CLASS);
    return place_queue(host_of(L), url, q, &err) ? error_push(L, &err, "") : 1;
}

struct place_queue *queue_check(lua_State *L, int index)
{
    struct place_queue *q = luaL_checkudata(L, index, CLASS);
    luaL_argcheck(L, q->queue, index, "the queue is closed");
    return q;
}

static int f_collect_wait(lua_State *L)
{
    struct wait *w = luaL_checkudata(L, 1, OP_CLASS);
    queue_op_free(&w->op);
    for (size_t i = 0; i < QUEUE_BATCH; i++)
        pairs_free(&w->attributes[i]);
    return 0;
}

static struct wait *new_wait(lua_State *L, struct queue *q)
{
    struct wait *w = lua_newuserdatauv(L, sizeof *w, 0);
    *w = (struct wait){.queue = q};
    queue_op_init(&w->op, QUEUE_SEND);
    luaL_setmetatable(L, OP_CLASS);
    return w;
}

struct send_options {
    int64_t delay_us;
    struct bytes group, id, body;
    int attributes;
};

/* send_batch() reads the body from the entry's table, send() from its argument. */
static const struct option send_table[] = {
    {"delay",      OPTION_SECONDS, offsetof(struct send_options, delay_us), 0, QUEUE_DELAY_MAX_S},
    {"group",      OPTION_STRING,  offsetof(struct send_options, group), 0, 0},
    {"id",         OPTION_STRING,  offsetof(struct send_options, id), 0, 0},
    {"attributes", OPTION_VALUE,   offsetof(struct send_options, attributes), 0, 0},
    {"body",       OPTION_STRING,  offsetof(struct send_options, body), 0, 0},
};

enum { SEND_OPTIONS = sizeof send_table / sizeof *send_table };

/* One more entry. The strings stay on the stack. [-0, +n, e] */
static void add_entry(lua_State *L, struct wait *w, const struct send_options *o)
{
    size_t at = w->op.entry_count++;
    struct queue_entry *e = &w->op.entries[at];
    e->body = o->body;
    e->delay_s = (int)((o->delay_us + SECOND_US - 1) / SECOND_US);
    e->group_id = o->group;
    e->id = o->id;
    e->attributes = &w->attributes[at];
    if (o->attributes)
        pairs_read(L, o->attributes, &w->attributes[at], "queue:send attributes");
    if (e->id.len == 0) {
        snprintf(w->ids[at], sizeof w->ids[at], "%lld", (long long)host_next_ms(host_of(L)));
        e->id = bytes_of(w->ids[at]);
    }
}

static int start(lua_State *L, struct wait *w, lua_KFunction k)
{
    task_arm(L, &w->op.op, "queue:send");
    queue_start(w->queue, &w->op, loop_now(host_of(L)->loop));
    return task_wait(L, &w->op.op, (lua_KContext)w, k);
}

static int push_problem(lua_State *L, const struct wait *w, const struct err *err)
{
    char what[1400];
    snprintf(what, sizeof what, "send %s", w->queue->url);
    return error_push(L, err, what);
}

static int k_send(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    (void)status;
    if (err_any(&w->op.op.err))
        return push_problem(L, w, &w->op.op.err);
    if (err_any(&w->op.entries[0].err))
        return push_problem(L, w, &w->op.entries[0].err);
    lua_pushboolean(L, true);
    return 1;
}

static int f_send(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct send_options options = {0};
    struct wait *w;
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_settop(L, 3);
    options_read(L, 3, send_table, SEND_OPTIONS - 1, &options, "queue:send");
    options.body.at = lua_tolstring(L, 2, &options.body.len);
    w = new_wait(L, q->queue);
    add_entry(L, w, &options);
    return start(L, w, k_send);
}

/* How many went well, and the first error. */
static int k_send_batch(lua_State *L, int status, lua_KContext ctx)
{
    struct wait *w = (struct wait *)ctx;
    const struct err *first = NULL;
    lua_Integer sent = 0;
    (void)status;
    if (err_any(&w->op.op.err))
        first = &w->op.op.err;
    for (size_t i = 0; !err_any(&w->op.op.err) && i < w->op.entry_count; i++) {
        if (!err_any(&w->op.entries[i].err))
            sent++;
        else if (!first)
            first = &w->op.entries[i].err;
    }
    if (!first) {
        lua_pushinteger(L, sent);
        return 1;
    }
    push_problem(L, w, first);
    lua_pushinteger(L, sent);
    lua_replace(L, -3);
    return 2;
}

static int f_send_batch(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct wait *w;
    lua_Integer count;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    count = luaL_len(L, 2);
    luaL_argcheck(L, count >= 1 && count <= QUEUE_BATCH, 2, "a batch has 1 to 10 entries");
    w = new_wait(L, q->queue);
    for (lua_Integer i = 1; i <= count; i++) {
        struct send_options options = {0};
        lua_geti(L, 2, i);
        luaL_argcheck(L, lua_istable(L, -1), 2, "each entry of a batch is a table with a body");
        OPTIONS_READ(L, -1, send_table, &options, "queue:send_batch");
        luaL_argcheck(L, options.body.at, 2, "each entry of a batch is a table with a body");
        add_entry(L, w, &options);
    }
    return start(L, w, k_send_batch);
}

static int f_tostring(lua_State *L)
{
    const struct place_queue *q = luaL_checkudata(L, 1, CLASS);
    lua_pushfstring(L, "queue %s", q->queue ? q->queue->url : "(closed)");
    return 1;
}

/* queue.url, and the methods */
static int f_index(lua_State *L)
{
    return place_index(L, queue_check(L, 1)->queue->url);
}

static const luaL_Reg methods[] = {
    {"send",       f_send},
    {"send_batch", f_send_batch},
    {NULL,         NULL},
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

void queue_open_class(lua_State *L)
{
    place_open_class(L, &class);
    lua_pop(L, 1);
}
