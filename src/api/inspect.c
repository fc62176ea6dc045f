#include "api/api.h"

#include "host/host.h"

#include <lauxlib.h>

/* { tasks, transfers, timers, connections, lua_bytes, blocks } after a full collection: what is
 * alive right here. */
static int f_alive(lua_State *L)
{
    struct host *h = host_of(L);
    struct loop_counts counts = loop_counts(h->loop);
    const struct {
        const char *name;
        size_t value;
    } rows[] = {
        {"tasks", h->tasks.count},     {"transfers", counts.transfers},
        {"timers", counts.timers},     {"connections", counts.connections},
        {"lua_bytes", h->memory.used},
    };
    lua_gc(L, LUA_GCCOLLECT);
    lua_gc(L, LUA_GCCOLLECT);
    lua_createtable(L, 0, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lua_pushinteger(L, (lua_Integer)rows[i].value);
        lua_setfield(L, -2, rows[i].name);
    }
    return 1;
}

/* fail_allocation(n): the n-th allocation by message tasks and spawned tasks fails; 0: none. */
static int f_fail_allocation(lua_State *L)
{
    struct host *h = host_of(L);
    h->memory.fail_at = (long)luaL_checkinteger(L, 1);
    h->memory.failed = false;
    return 0;
}

/* Has the injected failure happened? */
static int f_failed(lua_State *L)
{
    lua_pushboolean(L, host_of(L)->memory.failed);
    return 1;
}

/* set_memory_limit(bytes): the ceiling of this state; 0: none. */
static int f_set_memory_limit(lua_State *L)
{
    host_of(L)->memory.ceiling = (size_t)luaL_checkinteger(L, 1);
    return 0;
}

static const luaL_Reg lib[] = {
    {"alive",            f_alive},
    {"fail_allocation",  f_fail_allocation},
    {"failed",           f_failed},
    {"set_memory_limit", f_set_memory_limit},
    {NULL,               NULL},
};

int luaopen_tidegate_inspect(lua_State *L)
{
    luaL_newlib(L, lib);
    return 1;
}
