#include "api/api.h"

#include "api/options.h"
#include "base/list.h"
#include "base/mem.h"
#include "host/host.h"

#include <search.h>

#include <lauxlib.h>

#define CLASS "tidegate.lock"

/* Somebody who holds a lock or waits for it: a userdata on the stack of its task. */
struct claim {
    struct op op;
    struct lock *lock;                   /* NULL: holds nothing */
    struct link link;                    /* in the lock's queue while it waits */
};

/* A lock exists while somebody claims it. Locks are this process's alone. */
struct lock {
    struct bytes key;                    /* owned */
    struct claim *holder;
    struct list queue;
};

static void *locks;                      /* of struct lock, by key (tsearch) */

static int compare(const void *a, const void *b)
{
    return bytes_compare(((const struct lock *)a)->key, ((const struct lock *)b)->key);
}

static struct lock *find_or_add(struct bytes key)
{
    struct lock probe = {.key = key}, *lock;
    void *hit = tfind(&probe, &locks, compare);
    if (hit)
        return *(struct lock **)hit;
    lock = mem_new(sizeof *lock);
    lock->key = (struct bytes){mem_slice(key.at, key.len), key.len};
    list_init(&lock->queue);
    if (!tsearch(lock, &locks, compare))
        mem_exhausted();
    return lock;
}

/* Gives it up, or stops waiting for it; fine for one that holds nothing. */
static void release(struct claim *c)
{
    struct lock *lock = c->lock;
    struct link *heir;
    c->lock = NULL;
    list_remove(&c->link);
    if (!lock || lock->holder != c)
        return;
    heir = list_pop(&lock->queue);
    lock->holder = heir ? LIST_ITEM(heir, struct claim, link) : NULL;
    if (heir) {
        op_finish(&lock->holder->op);
        return;
    }
    tdelete(lock, &locks, compare);
    mem_free((void *)lock->key.at);
    mem_free(lock);
}

static void aborted(struct op *op)
{
    release(op->provider);
}

static int f_release(lua_State *L)
{
    struct claim *c = luaL_checkudata(L, 1, CLASS);
    op_abort(&c->op);
    release(c);
    return 0;
}

static int k_locked(lua_State *L, int status, lua_KContext ctx)
{
    (void)status, (void)ctx;
    lua_settop(L, 2);
    return 1;
}

/* tide.lock(key): waits until nobody else of this process holds it; the result gives it up when
 * closed or collected. */
int f_lock(lua_State *L)
{
    struct bytes key = string_argument(L, 1);
    struct claim *c;
    lua_settop(L, 1);
    c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (struct claim){0};
    luaL_setmetatable(L, CLASS);
    task_arm(L, &c->op, "tide.lock");
    op_begin(&c->op, c, aborted);
    c->lock = find_or_add(key);
    if (c->lock->holder) {
        list_push(&c->lock->queue, &c->link);
    } else {
        c->lock->holder = c;
        op_finish(&c->op);
    }
    return task_wait(L, &c->op, 0, k_locked);
}

void lock_open_class(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc",    f_release},
        {"__close", f_release},
        {"__index", NULL},
        {NULL,      NULL},
    };
    luaL_newmetatable(L, CLASS);
    luaL_setfuncs(L, metamethods, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_release);
    lua_setfield(L, -2, "close");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
