#include "api/verdict.h"

#include "api/error.h"
#include "api/options.h"
#include "base/clock.h"
#include "host/exit_code.h"

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

/* Where the parts of a verdict stand on the stack; 0: it has none. */
struct parts {
    int reason, error, outcome, after;
};

static const struct option retry_table[] = {
    {"after",   OPTION_VALUE, offsetof(struct parts, after), 0, 0},
    {"reason",  OPTION_VALUE, offsetof(struct parts, reason), 0, 0},
    {"error",   OPTION_VALUE, offsetof(struct parts, error), 0, 0},
    {"outcome", OPTION_VALUE, offsetof(struct parts, outcome), 0, 0},
};

/* The same without `after`, which comes first. */
enum { PARK_OPTIONS = sizeof retry_table / sizeof *retry_table - 1 };

/* Anything that can be told as text. The verdict is on top. [-0, +0, e] */
static void set_text(lua_State *L, int from, const char *name)
{
    if (!from || lua_isnoneornil(L, from))
        return;
    luaL_tolstring(L, from, NULL);
    lua_setfield(L, -2, name);
}

static void set_outcome(lua_State *L, int from)
{
    if (!from || lua_isnoneornil(L, from))
        return;
    if (lua_type(L, from) != LUA_TSTRING)
        luaL_error(L, "the outcome of a verdict must be a string, not %s", luaL_typename(L, from));
    lua_pushvalue(L, from);
    lua_setfield(L, -2, "outcome");
}

static void set_after(lua_State *L, int from)
{
    lua_Number after;
    if (!from)
        return;
    after = lua_type(L, from) == LUA_TNUMBER ? lua_tonumber(L, from) : -1;
    if (!(after >= 0 && after <= AFTER_MAX_S))
        luaL_error(L, "tide.retry: 'after' must be 0 to %d seconds", AFTER_MAX_S);
    lua_pushvalue(L, from);
    lua_setfield(L, -2, "after");
}

/* A verdict table of that kind. [-0, +1, e] */
static int make(lua_State *L, enum verdict_kind kind, const struct parts *p)
{
    lua_createtable(L, 0, 5);
    lua_pushstring(L, names[kind]);
    lua_setfield(L, -2, "verdict");
    set_text(L, p->reason, "reason");
    set_text(L, p->error, "error");
    set_outcome(L, p->outcome);
    set_after(L, p->after);
    luaL_setmetatable(L, CLASS);
    return 1;
}

static int f_done(lua_State *L)
{
    lua_settop(L, 1);
    return make(L, VERDICT_DONE, &(struct parts){.outcome = 1});
}

static int f_skip(lua_State *L)
{
    lua_settop(L, 2);
    return make(L, VERDICT_SKIP, &(struct parts){.reason = 1, .outcome = 2});
}

/* A table that prints itself is a reason: an error of the world. [-0, +0, m] */
static bool is_plain_table(lua_State *L, int index)
{
    if (!lua_istable(L, index) || luaL_getmetafield(L, index, "__tostring") == LUA_TNIL)
        return lua_istable(L, index);
    lua_pop(L, 1);
    return false;
}

/* park(reason, outcome) or park { reason =, error =, outcome = } */
static int f_park(lua_State *L)
{
    struct parts p = {.reason = 1, .outcome = 2};
    lua_settop(L, 2);
    if (is_plain_table(L, 1)) {
        p = (struct parts){0};
        options_read(L, 1, retry_table + 1, PARK_OPTIONS, &p, "tide.park");
    }
    luaL_argcheck(L, p.reason && !lua_isnil(L, p.reason), 1, "say why: tide.park \"reason\"");
    return make(L, VERDICT_PARK, &p);
}

/* What no try can change, but a person can: we may not, or there is no such bucket or table. */
static bool is_barred(const struct err *err)
{
    return exit_code_of(err) == EXIT_DENIED || err_is(err, "NoSuchBucket") ||
           err_is(err, "ResourceNotFoundException");
}

/* The error of a store that may work later: no message is to blame for it. Contention is none:
 * there the store worked. [-0, +0, m] */
static bool is_outage(lua_State *L, int index)
{
    struct err err;
    if (!index || !lua_istable(L, index))
        return false;
    error_read(L, index, &err);
    return err.retryable ? !err_is(&err, "Contended") : is_barred(&err);
}

static int f_retry(lua_State *L)
{
    struct parts p = {0};
    lua_settop(L, 1);
    if (!lua_isnil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    OPTIONS_READ(L, 1, retry_table, &p, "tide.retry");
    make(L, VERDICT_RETRY, &p);
    if (is_outage(L, p.error)) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "outage");
    }
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
    read_text(L, index, "error", out->error, sizeof out->error);
    read_text(L, index, "outcome", out->outcome, sizeof out->outcome);
    if (lua_getfield(L, index, "after") == LUA_TNUMBER)
        out->after_us = (int64_t)ceil(lua_tonumber(L, -1) * SECOND_US);
    out->outage = lua_getfield(L, index, "outage") == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 2);
    return true;
}
