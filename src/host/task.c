#include "host/task.h"

#include "host/memory.h"

#include <lauxlib.h>

static struct task **task_of(lua_State *L)
{
    return lua_getextraspace(L);
}

void tasks_init(struct tasks *set, lua_State *main, struct lua_memory *memory,
                struct runaway *runaway)
{
    *set = (struct tasks){.main = main, .memory = memory, .runaway = runaway};
    list_init(&set->all);
    list_init(&set->ready);
    *task_of(main) = NULL; /* coroutines start with a copy of it, and it is uninitialised memory */
}

struct task *task_begin(lua_State *L, struct tasks *set, int nargs)
{
    struct task *t;
    lua_State *co = lua_newthread(L);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    if (!lua_checkstack(co, nargs + 1)) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        luaL_error(L, "out of memory");
    }
    lua_xmove(L, co, nargs + 1);
    t = mem_new(sizeof *t);
    t->co = co;
    t->ref = ref;
    t->set = set;
    *task_of(co) = t;
    list_push(&set->all, &t->link);
    list_push(&set->ready, &t->ready);
    set->count++;
    return t;
}

/* What a script computes outside of a resume: closing, and telling what its error was. */
static void limit(struct tasks *set, lua_State *L, const struct task *t)
{
    if (set->runaway && !set->running)
        runaway_enter(set->runaway, L, &t->subject);
}

static void unlimit(struct tasks *set, lua_State *L)
{
    if (set->runaway && !set->running)
        runaway_leave(set->runaway, L);
}

static void reset_thread(lua_State *co)
{
#if LUA_VERSION_RELEASE_NUM >= 50406
    lua_closethread(co, NULL);
#else
    lua_resetthread(co);
#endif
}

/* Order matters: the op points into memory that the coroutine holds; close handlers may look at it,
 * and must not wait. */
static void dismantle(struct task *t)
{
    struct tasks *set = t->set;
    t->ending = true;
    if (t->waiting)
        op_abort(t->waiting);
    t->waiting = NULL;
    list_remove(&t->link);
    list_remove(&t->ready);
    limit(set, t->co, t);                   /* close handlers, with a share of their own */
    reset_thread(t->co);
    unlimit(set, t->co);
    *task_of(t->co) = NULL;
    luaL_unref(set->main, LUA_REGISTRYINDEX, t->ref);
    set->count--;
    mem_free(t);
}

void task_cancel(struct task *t)
{
    if (t)
        dismantle(t);
}

void tasks_free(struct tasks *set)
{
    struct link *first;
    while ((first = list_first(&set->all)) != NULL)
        dismantle(LIST_ITEM(first, struct task, link));
}

/* Any error value as text, with the traceback of the coroutine that died. [-1, +1, m], in a
 * protected call */
static int describe(lua_State *L)
{
    struct task *t = lua_touserdata(L, 1);
    const char *text;
    lua_settop(L, 0);
    if (lua_status(t->co) == LUA_YIELD) {
        lua_pushliteral(L, "coroutine.yield() was called with nothing to wait for: "
                           "a task waits by calling the tidegate API");
        return 1;
    }
    if (lua_gettop(t->co) == 0)
        lua_pushliteral(L, "unknown error");
    else {
        lua_pushvalue(t->co, -1);
        lua_xmove(t->co, L, 1);
    }
    text = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, t->co, text, 0);
    return 1;
}

static void finish(struct task *t, bool failed)
{
    lua_State *L = t->set->main;
    const char *problem = NULL;
    int top = lua_gettop(L);
    if (failed) {
        lua_pushcfunction(L, describe);
        lua_pushlightuserdata(L, t);
        limit(t->set, L, t);
        lua_pcall(L, 1, 1, 0);           /* when that fails, its own message is the best there is */
        unlimit(t->set, L);
        problem = lua_tostring(L, -1);
    }
    if (t->ended)
        t->ended(t, problem ? problem : failed ? "unknown error" : NULL);
    lua_settop(L, top);
    dismantle(t);
}

static void resume(struct task *t)
{
    struct tasks *set = t->set;
    int results, status;
    bool waits;
    set->running = t;
    set->memory->counting = t->counted;
    t->waiting = NULL;
    if (set->runaway)
        runaway_enter(set->runaway, t->co, &t->subject);
    status = lua_resume(t->co, NULL, lua_status(t->co) == LUA_YIELD ? 0 : lua_gettop(t->co) - 1,
                        &results);
    if (set->runaway)
        runaway_leave(set->runaway, t->co);
    set->running = NULL;
    set->memory->counting = false;
    waits = status == LUA_YIELD && t->waiting;
    if (!waits)
        finish(t, status != LUA_OK);
}

void tasks_run(struct tasks *set)
{
    struct link *at;
    for (int i = 0; i < TASKS_PER_TURN && (at = list_pop(&set->ready)) != NULL; i++)
        resume(LIST_ITEM(at, struct task, ready));
}

bool tasks_idle(const struct tasks *set)
{
    return list_empty(&set->ready);
}

struct task *task_current(lua_State *L)
{
    return *task_of(L);
}

/* An op that ends before its task waits is seen by task_wait(). */
static void wake(struct op *op)
{
    struct task *t = op->waiter;
    if (t->waiting == op)
        list_push(&t->set->ready, &t->ready);
}

void task_arm(lua_State *L, struct op *op, const char *what)
{
    struct task *t = task_current(L);
    if (!t)
        luaL_error(L,
                   "%s: cannot wait here: call it from a handler or a program, not from inside a "
                   "coroutine of your own",
                   what);
    if (t->ending)
        luaL_error(L, "%s: cannot wait here: the task is being stopped", what);
    if (!lua_isyieldable(L))
        luaL_error(L,
                   "%s: cannot wait here: not while a module loads, nor inside a callback of gsub, "
                   "sort or a metamethod "
                   "that runs in C",
                   what);
    op->notify = wake;
    op->waiter = t;
}

int task_wait(lua_State *L, struct op *op, lua_KContext ctx, lua_KFunction k)
{
    struct task *t = task_current(L);
    t->waiting = op;
    if (op->done)
        wake(op);
    return lua_yieldk(L, 0, ctx, k);
}
