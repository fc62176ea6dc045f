#include "host/coroutines.h"

#include "host/runaway.h"
#include "host/task.h"

#include <lauxlib.h>
#include <lualib.h>

/* Upvalues: Lua's own function, and for f_wrapped the coroutine. */
enum { UP_THEIRS = 1, UP_COROUTINE };

static void refuse_tasks(lua_State *L, lua_State *co)
{
    bool main;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    main = lua_tothread(L, -1) == co;
    lua_pop(L, 1);
    if (main || task_current(co))
        luaL_error(L, "this coroutine is a task: it is resumed and ended by tidegate alone");
}

/* Calls Lua's own function with all that is on the stack, whose first is the coroutine. Protected,
 * so that the limit is back with the caller whatever happens. */
static int call_theirs(lua_State *L, lua_State *co)
{
    lua_State *caller;
    int status;
    lua_pushvalue(L, lua_upvalueindex(UP_THEIRS));
    lua_insert(L, 1);
    caller = runaway_switch(co);
    status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    runaway_switch_back(co, caller);
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* resume and close */
static int f_guarded(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    refuse_tasks(L, co);
    return call_theirs(L, co);
}

/* An error goes on to the caller, with the place where it came out, as Lua's own wrap does. */
static int f_wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(UP_COROUTINE));
    int count;
    lua_pushvalue(L, lua_upvalueindex(UP_COROUTINE));
    lua_insert(L, 1);
    count = call_theirs(L, co);
    if (lua_toboolean(L, 1))
        return count - 1;
    if (lua_type(L, 2) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, 2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int f_wrap(lua_State *L)
{
    lua_State *co;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    co = lua_newthread(L);
    lua_insert(L, 1);
    lua_xmove(L, co, 1);
    lua_pushvalue(L, lua_upvalueindex(UP_THEIRS));
    lua_insert(L, 1);
    lua_pushcclosure(L, f_wrapped, 2);
    return 1;
}

void coroutines_install(lua_State *L)
{
    static const struct {
        const char *name, *theirs;
        lua_CFunction ours;
    } rows[] = {
        {"wrap", "resume", f_wrap},
        {"resume", "resume", f_guarded},
        {"close", "close", f_guarded},
    };
    lua_getglobal(L, LUA_COLIBNAME);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lua_getfield(L, -1, rows[i].theirs);
        lua_pushcclosure(L, rows[i].ours, 1);
        lua_setfield(L, -2, rows[i].name);
    }
    lua_pop(L, 1);
}
