#include "api/verdict.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#define CLASS "tidegate.verdict"

static const char *const names[] = {
    [VERDICT_DONE] = "done",
    [VERDICT_SKIP] = "skip",
    [VERDICT_RETRY] = "retry",
    [VERDICT_PARK] = "park",
};

enum { KINDS = sizeof names / sizeof *names, AFTER_MAX_S = 43200 };

/* A verdict table of that kind with what is on the stack: reason and outcome at these indices, 0
 * for none. [-0, +1, e] */
static int make(lua_State *L, enum verdict_kind kind, int reason, int outcome)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, names[kind]);
    lua_setfield(L, -2, "verdict");
    if (reason && !lua_isnoneornil(L, reason)) {
        luaL_tolstring(L, reason, NULL);
        lua_setfield(L, -2, "reason");
    }
    if (outcome && !lua_isnoneornil(L, outcome)) {
        luaL_checkstring(L, outcome);
        lua_pushvalue(L, outcome);
        lua_setfield(L, -2, "outcome");
    }
    luaL_setmetatable(L, CLASS);
    return 1;
}

static int f_done(lua_State *L)
{
    lua_settop(L, 1);
    return make(L, VERDICT_DONE, 0, 1);
}

static int f_skip(lua_State *L)
{
    lua_settop(L, 2);
    return make(L, VERDICT_SKIP, 1, 2);
}

static int f_park(lua_State *L)
{
    lua_settop(L, 2);
    luaL_argcheck(L, !lua_isnil(L, 1), 1, "say why: tide.park \"reason\"");
    return make(L, VERDICT_PARK, 1, 2);
}

/* [-0, +0, e]: only these names, so that `tide.retry { afer = 5 }` is told */
static void check_retry_names(lua_State *L)
{
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(name, "after") && strcmp(name, "reason") && strcmp(name, "outcome"))
            luaL_error(L, "tide.retry: unknown option '%s' (expected: after, reason, outcome)",
                       name);
        lua_pop(L, 1);
    }
}

static int f_retry(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_retry_names(L);
    lua_getfield(L, 1, "reason");
    lua_getfield(L, 1, "outcome");
    make(L, VERDICT_RETRY, 2, 3);
    if (lua_getfield(L, 1, "after") != LUA_TNIL) {
        lua_Number after = luaL_checknumber(L, -1);
        if (!(after >= 0 && after <= AFTER_MAX_S))
            return luaL_error(L, "tide.retry: 'after' must be 0 to %d seconds", AFTER_MAX_S);
    }
    lua_setfield(L, 4, "after");
    return 1;
}

/* [-0, +0, m] */
static bool is_verdict(lua_State *L, int index)
{
    int top = lua_gettop(L);
    bool is = lua_istable(L, index) && lua_getmetatable(L, index) && luaL_getmetatable(L, CLASS) &&
              lua_rawequal(L, -1, -2);
    lua_settop(L, top);
    return is;
}

static int f_is_verdict(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, is_verdict(L, 1));
    return 1;
}

/* [-0, +0, m] */
static bool read_kind(lua_State *L, int index, enum verdict_kind *out)
{
    const char *name = lua_getfield(L, index, "verdict") == LUA_TSTRING ? lua_tostring(L, -1) : "";
    size_t kind = 0;
    while (kind < KINDS && strcmp(names[kind], name))
        kind++;
    lua_pop(L, 1);
    *out = (enum verdict_kind)kind;
    return kind < KINDS;
}

static int f_tostring(lua_State *L)
{
    struct verdict v;
    if (verdict_read(L, 1, &v))
        lua_pushfstring(L, "%s%s%s", names[v.kind], v.reason[0] ? ": " : "", v.reason);
    else
        lua_pushliteral(L, "(a broken verdict)");
    return 1;
}

static const luaL_Reg lib[] = {
    {"done",       f_done},
    {"skip",       f_skip},
    {"retry",      f_retry},
    {"park",       f_park},
    {"is_verdict", f_is_verdict},
    {NULL,         NULL},
};

void verdict_open(lua_State *L)
{
    luaL_newmetatable(L, CLASS);
    lua_pushcfunction(L, f_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    luaL_setfuncs(L, lib, 0);
}

/* Control characters would be refused by a queue and would break a log line. */
static void read_text(lua_State *L, int index, const char *name, char *out, size_t size)
{
    if (lua_getfield(L, index, name) == LUA_TSTRING)
        snprintf(out, size, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
    for (; *out; out++)
        if ((unsigned char)*out < 32 || *out == 127)
            *out = ' ';
}

bool verdict_read(lua_State *L, int index, struct verdict *out)
{
    index = lua_absindex(L, index);
    *out = (struct verdict){.after_us = VERDICT_BACKOFF};
    if (!is_verdict(L, index) || !read_kind(L, index, &out->kind))
        return false;
    read_text(L, index, "reason", out->reason, sizeof out->reason);
    read_text(L, index, "outcome", out->outcome, sizeof out->outcome);
    if (lua_getfield(L, index, "after") == LUA_TNUMBER)
        out->after_us = (int64_t)ceil(lua_tonumber(L, -1) * SECOND_US);
    lua_pop(L, 1);
    return true;
}
