#include "api/api.h"

#include "api/error.h"
#include "api/handling.h"
#include "api/options.h"
#include "api/place.h"
#include "base/log.h"
#include "host/overlap.h"

#include <lauxlib.h>

#define CLASS "tidegate.consumption"

/* One tide.consume() under way: the engine, and what its handlers need. Lives on the stack of the
 * task that called it. */
struct consumption {
    struct engine engine;
    struct op op;                        /* what the caller waits on */
    struct handling handling;
    struct place_queue dead_letter;      /* opened for the source's own dead-letter queue */
    int64_t drain_us;
    struct consumer *consumer;
};

struct consume_options {
    int64_t concurrency, wait_us, visibility_us, deadline_us, max_receives, drain_us;
    int64_t max_messages, max_runtime_us;
    bool until_empty;
    int lane, park;
};

static const struct option option_table[] = {
    {"concurrency", OPTION_INTEGER, offsetof(struct consume_options, concurrency), 1, 10000},
    {"until_empty", OPTION_BOOLEAN, offsetof(struct consume_options, until_empty), 0, 0},
    {"drain_timeout", OPTION_SECONDS, offsetof(struct consume_options, drain_us), 0, 86400},
    {"wait", OPTION_SECONDS, offsetof(struct consume_options, wait_us), 0, QUEUE_WAIT_MAX_S},
    {"visibility", OPTION_SECONDS, offsetof(struct consume_options, visibility_us), 1,
     QUEUE_VISIBILITY_MAX_S},
    {"deadline", OPTION_SECONDS, offsetof(struct consume_options, deadline_us), 0, 86400},
    {"max_receives", OPTION_INTEGER, offsetof(struct consume_options, max_receives), 1, 1000},
    {"max_messages", OPTION_INTEGER, offsetof(struct consume_options, max_messages), 1,
     1000000000},
    {"max_runtime", OPTION_SECONDS, offsetof(struct consume_options, max_runtime_us), 0, 100000000},
    {"lane", OPTION_VALUE, offsetof(struct consume_options, lane), 0, 0},
    {"park", OPTION_VALUE, offsetof(struct consume_options, park), 0, 0},
};

static struct consumption *from_engine(struct engine *e)
{
    return (struct consumption *)(void *)((char *)e - offsetof(struct consumption, engine));
}

/* ---- what the engine asks of its host ---- */

static void start(void *self, struct delivery *d)
{
    handling_start(self, d);
}

static void cancel(void *self, struct delivery *d)
{
    (void)self;
    handling_cancel(d);
}

static struct queue *dead_letter(void *self, const char *url, struct err *err)
{
    struct handling *h = self;
    struct consumption *c =
        (struct consumption *)(void *)((char *)h - offsetof(struct consumption, handling));
    return place_queue(h->host, bytes_of(url), false, &c->dead_letter, err) ? NULL
                                                                            : c->dead_letter.queue;
}

/* ---- what the host's loop asks of the engine ---- */

static void turn(struct engine *e, struct monotime now)
{
    struct consumption *c = from_engine(e);
    consumer_turn(c->consumer, now);
    if (!consumer_finished(c->consumer))
        return;
    list_remove(&e->link);
    op_finish(&c->op);
}

static struct monotime next(struct engine *e)
{
    return consumer_next(from_engine(e)->consumer);
}

static void drain(struct engine *e, struct monotime now)
{
    struct consumption *c = from_engine(e);
    consumer_drain(c->consumer, now, c->drain_us);
}

static void tell(struct engine *e)
{
    const struct consumption *c = from_engine(e);
    struct consumer_report r = consumer_report(c->consumer);
    log_line(LOG_INFO,
             "%s: received=%llu done=%llu skipped=%llu retried=%llu parked=%llu released=%llu "
             "running=%zu "
             "waiting=%zu",
             c->handling.source, (unsigned long long)r.ledger.received,
             (unsigned long long)r.ledger.done, (unsigned long long)r.ledger.skipped,
             (unsigned long long)r.ledger.retried, (unsigned long long)r.ledger.parked,
             (unsigned long long)r.ledger.released, r.running, r.waiting);
}

static void count_in(struct engine *e, struct host_counters *sum)
{
    struct consumer_report r = consumer_report(from_engine(e)->consumer);
    sum->received += r.ledger.received;
    sum->done += r.ledger.done;
    sum->skipped += r.ledger.skipped;
    sum->retried += r.ledger.retried;
    sum->parked += r.ledger.parked;
    sum->released += r.ledger.released;
    sum->running += r.running;
    sum->waiting += r.waiting;
}

/* ---- life ---- */

static void stop(struct consumption *c)
{
    list_remove(&c->engine.link);
    consumer_free(c->consumer);
    c->consumer = NULL;
    place_queue_free(&c->dead_letter);
}

/* The task that called tide.consume() is being cancelled. */
static void aborted(struct op *op)
{
    stop(op->provider);
}

static int f_collect(lua_State *L)
{
    struct consumption *c = luaL_checkudata(L, 1, CLASS);
    op_abort(&c->op);
    stop(c);
    luaL_unref(L, LUA_REGISTRYINDEX, c->handling.handler);
    luaL_unref(L, LUA_REGISTRYINDEX, c->handling.lane);
    c->handling.handler = c->handling.lane = LUA_NOREF;
    return 0;
}

static void count(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void flag(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* { received, done, …, outcomes = { name = count } } [-0, +1, m] */
static void push_summary(lua_State *L, const struct consumer_report *r)
{
    const struct ledger *l = &r->ledger;
    lua_createtable(L, 0, 13);
    count(L, "received", l->received);
    count(L, "done", l->done);
    count(L, "skipped", l->skipped);
    count(L, "retried", l->retried);
    count(L, "parked", l->parked);
    count(L, "released", l->released);
    count(L, "unparkable", l->unparkable);
    count(L, "left", (uint64_t)r->left);
    flag(L, "balanced", ledger_balanced(l));
    flag(L, "drained", !r->cut);
    if (r->ended) {
        lua_pushstring(L, r->ended);
        lua_setfield(L, -2, "ended");
    }
    lua_newtable(L);
    for (size_t i = 0; i < LEDGER_OUTCOMES && l->outcomes[i].name[0]; i++)
        count(L, l->outcomes[i].name, l->outcomes[i].count);
    lua_setfield(L, -2, "outcomes");
}

static int k_finished(lua_State *L, int status, lua_KContext ctx)
{
    struct consumption *c = (struct consumption *)ctx;
    struct consumer_report r = consumer_report(c->consumer);
    (void)status;
    stop(c);
    if (err_any(&r.err)) {
        error_push(L, &r.err, queue_check(L, 1)->queue->url);
        push_summary(L, &r);
        return 3;
    }
    push_summary(L, &r);
    return 1;
}

static struct consumption *new_consumption(lua_State *L)
{
    struct consumption *c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (struct consumption){.handling = {.handler = LUA_NOREF, .lane = LUA_NOREF}};
    luaL_setmetatable(L, CLASS);
    return c;
}

static void begin(struct consumption *c, struct host *host, struct queue *source,
                  struct queue *park, const struct consume_options *o)
{
    struct consumer_options options = {
        .concurrency = (size_t)o->concurrency,
        .wait_s = (int)(o->wait_us / SECOND_US),
        .visibility_s =
            o->visibility_us < 0 ? -1 : (int)((o->visibility_us + SECOND_US - 1) / SECOND_US),
        .deadline_us = o->deadline_us,
        .max_receives = (int)o->max_receives,
        .drain_us = o->drain_us,
        .until_empty = o->until_empty,
        .max_messages = (uint64_t)o->max_messages,
        .max_runtime_us = o->max_runtime_us,
    };
    struct consumer_host engine_host = {&c->handling, start, cancel, dead_letter};
    c->drain_us = o->drain_us;
    c->handling.host = host;
    c->handling.source = source->url;
    c->engine.turn = turn;
    c->engine.next = next;
    c->engine.drain = drain;
    c->engine.tell = tell;
    c->engine.count = count_in;
    op_begin(&c->op, c, aborted);
    c->consumer = consumer_new(source, park, &options, &engine_host, loop_now(host->loop));
    c->handling.consumer = c->consumer;
    host_add_engine(host, &c->engine);
}

/* Where parked messages go: the handle at `option`, which stays on the stack and so alive, or the
 * source's own place. What would be received again from there is refused. [-0, +0, e] */
static struct queue *choose_park(lua_State *L, const struct place_queue *source, int option)
{
    struct queue *park;
    if (!option)
        return source->parked;
    park = queue_check(L, option)->queue;
    if (overlap_feeds(park->url, source->queue->url))
        luaL_error(L, "tide.consume: messages parked in %s would come back to %s", park->url,
                   source->queue->url);
    return park;
}

int f_consume(lua_State *L)
{
    struct place_queue *q = queue_check(L, 1);
    struct consume_options o = {
        .concurrency = 32,
        .wait_us = QUEUE_WAIT_MAX_S * SECOND_US,
        .visibility_us = -1,
        .drain_us = 25 * SECOND_US,
        .max_runtime_us = -1,
    };
    struct consumption *c;
    struct queue *park;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 3);
    OPTIONS_READ(L, 3, option_table, &o, "tide.consume");
    luaL_argcheck(L, !o.lane || lua_isfunction(L, o.lane), 3,
                  "lane must be a function of a message");
    park = choose_park(L, q, o.park);
    c = new_consumption(L);
    c->handling.uncounted = bytes_is(bytes_of(q->kind), "bucket");
    lua_pushvalue(L, 2);
    c->handling.handler = luaL_ref(L, LUA_REGISTRYINDEX);
    if (o.lane) {
        lua_pushvalue(L, o.lane);
        c->handling.lane = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    task_arm(L, &c->op, "tide.consume");
    begin(c, host_of(L), q->queue, park, &o);
    return task_wait(L, &c->op, (lua_KContext)c, k_finished);
}

void consume_open_class(lua_State *L)
{
    luaL_newmetatable(L, CLASS);
    lua_pushcfunction(L, f_collect);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}
