/* Task: one Lua coroutine that may wait on the world.
 * The set owns its tasks from task_begin() until they end; a task owns its coroutine and nothing
 * else. Only the loop resumes, from tasks_run(); only task_wait() yields, and it yields to the
 * loop. The loop never pushes onto a coroutine: results are built by the continuation inside it, so
 * that an error while building them, out of memory included, stays in that task. */
#ifndef TIDEGATE_HOST_TASK_H
#define TIDEGATE_HOST_TASK_H

#include "base/list.h"
#include "base/op.h"
#include "host/runaway.h"

#include <lua.h>

enum { TASKS_PER_TURN = 64 };            /* resumes before the sockets are looked at again */

struct lua_memory;

struct task {
    lua_State *co;
    int ref;                             /* of the coroutine, in the registry */
    struct tasks *set;
    struct link link;                    /* in the set */
    struct link ready;                   /* in the ready list */
    struct op *waiting;                  /* what it waits on; NULL while it runs */
    bool ending;                         /* its close handlers run: it cannot wait any more */
    struct runaway_subject subject;      /* what it works on; all zero: nothing of note */
    bool counted;                        /* its allocations count for fault injection (tests) */
    /* Its end, told once from the loop, before it is freed: `problem` is NULL when it returned,
     * else the error with its traceback, borrowed for the call. Not told of a task that is
     * cancelled. */
    void (*ended)(struct task *t, const char *problem);
    void *owner;
};

struct tasks {
    lua_State *main;
    struct list all, ready;
    size_t count;
    struct task *running;
    struct lua_memory *memory;           /* told while a counted task runs */
    struct runaway *runaway;             /* NULL: no limit on the time of a resume */
};

/* Call once, before the first coroutine of this state is made. */
void tasks_init(struct tasks *set, lua_State *main, struct lua_memory *memory,
                struct runaway *runaway);
/* Cancels what is left. */
void tasks_free(struct tasks *set);

/* Makes a task of the function and its n arguments on top of L; it runs from the loop, later.
 * [-(n+1), +0, m]: may raise out of memory, then nothing was made. */
struct task *task_begin(lua_State *L, struct tasks *set, int nargs);
/* Stops it: aborts what it waits on, runs its close handlers, frees it. NULL is fine. */
void task_cancel(struct task *t);

/* Resumes ready tasks, each once, at most TASKS_PER_TURN. */
void tasks_run(struct tasks *set);
bool tasks_idle(const struct tasks *set);        /* none is ready */

/* The three beats of every wait. First: raises when this code cannot wait (`what` names the call:
 * "bucket:get"), else the op will wake this task. [-0, +0, e] */
void task_arm(lua_State *L, struct op *op, const char *what);
/* Second: the caller starts the op; nothing may raise from task_arm() to here.
 * Third: waits for it, even when it is done already, so that every store interleaves alike; then
 * `k` runs with the status LUA_YIELD and `ctx`. The op must be kept alive by the coroutine's own
 * stack. Use as `return task_wait(…)`. [-0, +0, e] */
int task_wait(lua_State *L, struct op *op, lua_KContext ctx, lua_KFunction k);

/* The task that runs this code, or NULL: at load time, in a nested coroutine. */
struct task *task_current(lua_State *L);

#endif
