#include "api/queue_call.h"

#include "api/error.h"
#include "api/message.h"
#include "api/options.h"
#include "host/host.h"

#include <string.h>

#include <lauxlib.h>

enum { DEFAULT_VISIBILITY_S = 30 };      /* SQS's, for a queue that would not say its own */

/* ---- receive ---- */

static struct monotime lease_end(const struct queue_call *c)
{
    int lease_s = c->op.visibility_s;
    if (lease_s < 0)
        lease_s = c->place->visibility_s ? c->place->visibility_s : DEFAULT_VISIBILITY_S;
    return monotime_after(c->op.asked_at, lease_s * SECOND_US);
}

static int k_received(lua_State *L, int status, lua_KContext ctx)
{
    struct queue_call *c = (struct queue_call *)ctx;
    (void)status;
    if (err_any(&c->op.op.err))
        return queue_call_problem(L, c, &c->op.op.err);
    lua_createtable(L, (int)c->op.received_count, 0);
    for (size_t i = 0; i < c->op.received_count; i++) {
        const struct message *m = c->op.received[i];
        message_push(L, m, lease_end(c), c->place->queue->url);
        lua_remove(L, -2);
        field_string(L, MESSAGE_RECEIPT, m->receipt);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* The queue said how long its leases are, or would not, perhaps never. The receive to start is at
 * the top. */
static int k_learned(lua_State *L, int status, lua_KContext ctx)
{
    const struct queue_call *settings = (struct queue_call *)ctx;
    int lease_s = settings->op.settings.visibility_s;
    (void)status;
    if (!settings->op.op.err.retryable)
        settings->place->visibility_s =
            err_any(&settings->op.op.err) || lease_s < 0 ? DEFAULT_VISIBILITY_S : lease_s;
    return queue_call_start(L, lua_touserdata(L, -1), k_received);
}

struct receive_options {
    int64_t max, wait_us, visibility_us;
};

static const struct option receive_table[] = {
    {"max",  OPTION_INTEGER, offsetof(struct receive_options, max), 1, QUEUE_BATCH},
    {"wait", OPTION_SECONDS, offsetof(struct receive_options, wait_us), 0, QUEUE_WAIT_MAX_S},
    {"visibility", OPTION_SECONDS, offsetof(struct receive_options, visibility_us), 0,
     QUEUE_VISIBILITY_MAX_S},
};

int f_queue_receive(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct receive_options o = {.max = 1, .visibility_us = -1};
    struct queue_call *settings, *c;
    lua_settop(L, 2);
    OPTIONS_READ(L, 2, receive_table, &o, "queue:receive");
    settings = queue_call_new(L, q, QUEUE_SETTINGS, "receive");
    c = queue_call_new(L, q, QUEUE_RECEIVE, "receive");
    c->op.want = (int)o.max;
    c->op.wait_s = (int)(o.wait_us / SECOND_US);
    if (o.visibility_us >= 0)
        c->op.visibility_s = (int)((o.visibility_us + SECOND_US - 1) / SECOND_US);
    if (c->op.visibility_s < 0 && !q->visibility_s)
        return queue_call_start(L, settings, k_learned);
    return queue_call_start(L, c, k_received);
}

/* ---- delete, release ---- */

/* A call about the message at 2, whose receipt stays on the stack. [-0, +2, e] */
static struct queue_call *settle(lua_State *L, enum queue_verb verb, const char *name)
{
    struct queue_call *c;
    struct bytes receipt;
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, lua_getfield(L, 2, MESSAGE_RECEIPT) == LUA_TSTRING, 2,
                  "a message of queue:receive expected; a handler's is settled by its verdict");
    receipt.at = lua_tolstring(L, -1, &receipt.len);
    c = queue_call_new(L, queue_check(L, 1), verb, name);
    c->op.entry_count = 1;
    c->op.entries[0].receipt = receipt;
    return c;
}

int f_queue_delete(lua_State *L)
{
    queue_check(L, 1);
    lua_settop(L, 2);
    return queue_call_start(L, settle(L, QUEUE_DELETE, "delete"), queue_call_done);
}

static const struct option release_table[] = {
    {"delay", OPTION_SECONDS, 0, 0, QUEUE_VISIBILITY_MAX_S},
};

int f_queue_release(lua_State *L)
{
    int64_t delay_us = 0;
    struct queue_call *c;
    queue_check(L, 1);
    lua_settop(L, 3);
    OPTIONS_READ(L, 3, release_table, &delay_us, "queue:release");
    c = settle(L, QUEUE_RELEASE, "release");
    c->op.entries[0].delay_s = (int)((delay_us + SECOND_US - 1) / SECOND_US);
    return queue_call_start(L, c, queue_call_done);
}

/* ---- settings, parked ---- */

static void field_count(lua_State *L, const char *name, int64_t value, int64_t least)
{
    if (value < least)
        return;
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static int k_settings(lua_State *L, int status, lua_KContext ctx)
{
    struct queue_call *c = (struct queue_call *)ctx;
    const struct queue_settings *s = &c->op.settings;
    (void)status;
    if (err_any(&c->op.op.err))
        return queue_call_problem(L, c, &c->op.op.err);
    lua_createtable(L, 0, 7);
    field_count(L, "visibility", s->visibility_s, 0);
    field_count(L, "max_receives", s->max_receives, 1);
    field_count(L, "visible", s->visible, 0);
    field_count(L, "in_flight", s->in_flight, 0);
    field_count(L, "delayed", s->delayed, 0);
    field_string(L, "dead_letter", s->dead_letter);
    lua_pushboolean(L, s->fifo);
    lua_setfield(L, -2, "fifo");
    return 1;
}

int f_queue_settings(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    lua_settop(L, 1);
    return queue_call_start(L, queue_call_new(L, q, QUEUE_SETTINGS, "settings"), k_settings);
}

static int push_parked(lua_State *L, const struct place_queue *q, const char *dead_letter)
{
    struct place_queue *parked = queue_new(L);
    struct err err = {0};
    return place_parked(host_of(L), q, dead_letter, parked, &err) ? error_push(L, &err, "") : 1;
}

static int k_parked(lua_State *L, int status, lua_KContext ctx)
{
    struct queue_call *c = (struct queue_call *)ctx;
    (void)status;
    if (err_any(&c->op.op.err))
        return queue_call_problem(L, c, &c->op.op.err);
    return push_parked(L, c->place, c->op.settings.dead_letter);
}

/* Only SQS has to be asked. */
int f_queue_parked(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    lua_settop(L, 1);
    if (strcmp(q->kind, "sqs") != 0)
        return push_parked(L, q, NULL);
    return queue_call_start(L, queue_call_new(L, q, QUEUE_SETTINGS, "parked"), k_parked);
}
