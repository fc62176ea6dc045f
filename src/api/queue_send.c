#include "api/queue_call.h"

#include "api/options.h"
#include "host/host.h"

#include <stdio.h>

#include <lauxlib.h>

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
static void add_entry(lua_State *L, struct queue_call *c, const struct send_options *o)
{
    size_t at = c->op.entry_count++;
    struct queue_entry *e = &c->op.entries[at];
    e->body = o->body;
    e->delay_s = (int)((o->delay_us + SECOND_US - 1) / SECOND_US);
    e->group_id = o->group;
    e->id = o->id;
    e->attributes = &c->attributes[at];
    if (o->attributes)
        pairs_read(L, o->attributes, &c->attributes[at], "queue:send attributes");
    if (e->id.len == 0) {
        snprintf(c->ids[at], sizeof c->ids[at], "%lld", (long long)host_next_ms(host_of(L)));
        e->id = bytes_of(c->ids[at]);
    }
}

int f_queue_send(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct send_options options = {0};
    struct queue_call *c;
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_settop(L, 3);
    options_read(L, 3, send_table, SEND_OPTIONS - 1, &options, "queue:send");
    options.body.at = lua_tolstring(L, 2, &options.body.len);
    c = queue_call_new(L, q, QUEUE_SEND, "send");
    add_entry(L, c, &options);
    return queue_call_start(L, c, queue_call_done);
}

/* How many went well, and the first error. */
static int k_send_batch(lua_State *L, int status, lua_KContext ctx)
{
    struct queue_call *c = (struct queue_call *)ctx;
    const struct err *first = NULL;
    lua_Integer sent = 0;
    (void)status;
    if (err_any(&c->op.op.err))
        first = &c->op.op.err;
    for (size_t i = 0; !err_any(&c->op.op.err) && i < c->op.entry_count; i++) {
        if (!err_any(&c->op.entries[i].err))
            sent++;
        else if (!first)
            first = &c->op.entries[i].err;
    }
    if (!first) {
        lua_pushinteger(L, sent);
        return 1;
    }
    queue_call_problem(L, c, first);
    lua_pushinteger(L, sent);
    lua_replace(L, -3);
    return 2;
}

int f_queue_send_batch(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct queue_call *c;
    lua_Integer count;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    count = luaL_len(L, 2);
    luaL_argcheck(L, count >= 1 && count <= QUEUE_BATCH, 2, "a batch has 1 to 10 entries");
    c = queue_call_new(L, q, QUEUE_SEND, "send");
    for (lua_Integer i = 1; i <= count; i++) {
        struct send_options options = {0};
        lua_geti(L, 2, i);
        luaL_argcheck(L, lua_istable(L, -1), 2, "each entry of a batch is a table with a body");
        OPTIONS_READ(L, -1, send_table, &options, "queue:send_batch");
        luaL_argcheck(L, options.body.at, 2, "each entry of a batch is a table with a body");
        add_entry(L, c, &options);
    }
    return queue_call_start(L, c, k_send_batch);
}
