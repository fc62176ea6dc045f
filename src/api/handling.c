#include "api/handling.h"

#include "api/message.h"
#include "api/verdict.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

/* The coroutine's stack: what every step of a message finds. */
enum { SLOT_HANDLING = 1, SLOT_DELIVERY, SLOT_LEASE, SLOT_MESSAGE, SLOT_OP };

static struct handling *handling_at(lua_State *L)
{
    return lua_touserdata(L, SLOT_HANDLING);
}

static struct delivery *delivery_at(lua_State *L)
{
    return lua_touserdata(L, SLOT_DELIVERY);
}

/* The task has ended, or is about to: nothing of it may be touched through the delivery. */
static void let_go(struct delivery *d)
{
    d->task = NULL;
    d->lease_shown = NULL;
}

/* nil and an error is what a store answers, handed on as it came. */
static int refuse_results(lua_State *L, int results)
{
    const char *what = results == 0 ? "nothing" : results == 1 ? luaL_typename(L, -1)
                                                               : "several values";
    if (results == 2 && lua_isnil(L, -2))
        what = lua_pushfstring(L, "nil and an error (%s)", luaL_tolstring(L, -1, NULL));
    return luaL_error(L,
                      "the handler returned %s; it must return exactly one verdict: "
                      "tide.done(), tide.skip(), tide.retry {} or tide.park(reason)",
                      what);
}

static int k_handled(lua_State *L, int status, lua_KContext ctx)
{
    struct handling *h = handling_at(L);
    struct delivery *d = delivery_at(L);
    struct verdict v;
    int results = lua_gettop(L) - SLOT_OP;
    (void)status, (void)ctx;
    if (results != 1 || !verdict_read(L, -1, &v))
        return refuse_results(L, results);
    task_current(L)->subject = (struct runaway_subject){0};
    task_current(L)->owner = NULL;       /* answered: the end of the task says nothing more */
    let_go(d);
    consumer_verdict(h->consumer, d, &v, loop_now(h->host->loop));
    return 0;
}

static int call_handler(lua_State *L)
{
    lua_settop(L, SLOT_OP);
    lua_rawgeti(L, LUA_REGISTRYINDEX, handling_at(L)->handler);
    lua_pushvalue(L, SLOT_MESSAGE);
    lua_callk(L, 1, LUA_MULTRET, 0, k_handled);
    return k_handled(L, LUA_OK, 0);
}

static int k_entered(lua_State *L, int status, lua_KContext ctx)
{
    (void)status, (void)ctx;
    return call_handler(L);
}

/* The lane function answered: a name, or nil for no lane. */
static int enter_lane(lua_State *L)
{
    struct handling *h = handling_at(L);
    struct bytes name;
    struct op *op;
    if (lua_isnil(L, -1))
        return call_handler(L);
    if (lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L, "the lane function returned %s; it must return a string or nil",
                          luaL_typename(L, -1));
    name.at = lua_tolstring(L, -1, &name.len);
    op = lua_newuserdatauv(L, sizeof *op, 0);
    *op = (struct op){0};
    lua_replace(L, SLOT_OP);
    task_arm(L, op, "lane");
    consumer_enter(h->consumer, delivery_at(L), name, op);
    return task_wait(L, op, 0, k_entered);
}

/* The task: light handling, light delivery. */
static int handle(lua_State *L)
{
    struct handling *h = handling_at(L);
    struct delivery *d = delivery_at(L);
    d->lease_shown = message_push(L, d->message, d->lease_end, h->source);
    lua_pushnil(L);                      /* SLOT_OP */
    if (h->lane == LUA_NOREF)
        return call_handler(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, h->lane);
    lua_pushvalue(L, SLOT_MESSAGE);
    lua_call(L, 1, 1);                   /* it cannot wait: lanes are entered in receive order */
    return enter_lane(L);
}

static void fail(struct handling *h, struct delivery *d, const char *problem)
{
    struct verdict v = {.kind = VERDICT_RETRY, .after_us = VERDICT_BACKOFF};
    size_t line = strcspn(problem, "\n");
    log_line(LOG_ERROR, "message %s failed: %s", d->message->id, problem);
    snprintf(v.reason, sizeof v.reason, "the handler failed");
    snprintf(v.error, sizeof v.error, "%.*s", (int)line, problem);
    let_go(d);
    consumer_verdict(h->consumer, d, &v, loop_now(h->host->loop));
}

static void ended(struct task *t, const char *problem)
{
    struct delivery *d = t->owner;
    if (d)                               /* a task that returned has answered: then there is none */
        fail(d->host, d, problem);
}

/* Protected: [-2, +1, m] */
static int begin(lua_State *L)
{
    struct handling *h = lua_touserdata(L, 1);
    struct delivery *d = lua_touserdata(L, 2);
    struct task *t;
    lua_pushcfunction(L, handle);
    lua_insert(L, 1);
    t = task_begin(L, &h->host->tasks, 2);
    t->ended = ended;
    t->owner = d;
    t->counted = true;
    t->subject = (struct runaway_subject){d->message->id,
                                          h->uncounted ? d->message->receive_count : 0};
    d->task = t;
    return 0;
}

void handling_start(struct handling *h, struct delivery *d)
{
    lua_State *L = h->host->L;
    d->host = h;
    lua_pushcfunction(L, begin);
    lua_pushlightuserdata(L, h);
    lua_pushlightuserdata(L, d);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        fail(h, d, lua_tostring(L, -1) ? lua_tostring(L, -1) : "out of memory");
        lua_pop(L, 1);
    }
}

void handling_cancel(struct delivery *d)
{
    struct task *t = d->task;
    let_go(d);
    task_cancel(t);
}
