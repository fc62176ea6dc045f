#include "api/api.h"

#include "base/log.h"
#include "host/host.h"

#include <lauxlib.h>

#define CLASS "tidegate.sleep"

struct nap {
    struct op op;
    struct timer timer;
    struct loop *loop;
};

static void over(struct timer *t)
{
    struct nap *n = t->owner;
    op_finish(&n->op);
}

static void aborted(struct op *op)
{
    struct nap *n = op->provider;
    timer_clear(n->loop, &n->timer);
}

static int f_collect(lua_State *L)
{
    struct nap *n = luaL_checkudata(L, 1, CLASS);
    op_abort(&n->op);
    return 0;
}

static int k_slept(lua_State *L, int status, lua_KContext ctx)
{
    (void)L, (void)status, (void)ctx;
    return 0;
}

static int f_sleep(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);
    struct nap *n;
    luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 1, "a number of seconds, 0 or more");
    n = lua_newuserdatauv(L, sizeof *n, 0);
    *n = (struct nap){.loop = host_of(L)->loop};
    n->timer.fire = over;
    n->timer.owner = n;
    luaL_setmetatable(L, CLASS);
    task_arm(L, &n->op, "tide.sleep");
    op_begin(&n->op, n, aborted);
    timer_set(n->loop, &n->timer,
              monotime_after(loop_now(n->loop), (int64_t)(seconds * SECOND_US)));
    return task_wait(L, &n->op, 0, k_slept);
}

static void spawned_ended(struct task *t, const char *problem)
{
    (void)t;
    if (problem)
        log_line(LOG_ERROR, "a spawned task failed: %s", problem);
}

/* Only enqueues: the new task runs from the loop, when this one waits or is over. */
static int f_spawn(lua_State *L)
{
    struct task *t;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    t = task_begin(L, &host_of(L)->tasks, lua_gettop(L) - 1);
    t->ended = spawned_ended;
    t->counted = true;
    return 0;
}

static const luaL_Reg lib[] = {
    {"sleep", f_sleep},
    {"spawn", f_spawn},
    {NULL,    NULL},
};

void wait_open(lua_State *L)
{
    luaL_newmetatable(L, CLASS);
    lua_pushcfunction(L, f_collect);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_setfuncs(L, lib, 0);
}
