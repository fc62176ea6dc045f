#include "api/error.h"

#include <stdio.h>

#include <lauxlib.h>

#define CLASS "tidegate.error"

static void field(lua_State *L, int index, const char *name, char *out, size_t size)
{
    if (lua_getfield(L, index, name) == LUA_TSTRING)
        snprintf(out, size, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
}

void error_read(lua_State *L, int index, struct err *out)
{
    err_clear(out);
    index = lua_absindex(L, index);
    if (!lua_istable(L, index)) {
        err_set(out, "unknown", "%.300s", luaL_tolstring(L, index, NULL));
        lua_pop(L, 1);
        return;
    }
    field(L, index, "code", out->code, sizeof out->code);
    field(L, index, "message", out->message, sizeof out->message);
    field(L, index, "request_id", out->request_id, sizeof out->request_id);
    lua_getfield(L, index, "status");
    out->status = (int)lua_tointeger(L, -1);
    lua_getfield(L, index, "retryable");
    out->retryable = lua_toboolean(L, -1);
    lua_pop(L, 2);
}

static int f_tostring(lua_State *L)
{
    struct err err;
    char what[1400] = "", text[2048];
    error_read(L, 1, &err);
    field(L, 1, "what", what, sizeof what);
    err_text(&err, what, text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

static void set_class(lua_State *L)
{
    if (luaL_newmetatable(L, CLASS)) {
        lua_pushcfunction(L, f_tostring);
        lua_setfield(L, -2, "__tostring");
    }
    lua_setmetatable(L, -2);
}

int error_push(lua_State *L, const struct err *err, const char *what)
{
    lua_pushnil(L);
    lua_createtable(L, 0, 6);
    lua_pushstring(L, err->code);
    lua_setfield(L, -2, "code");
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    lua_pushstring(L, err->message);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, what);
    lua_setfield(L, -2, "what");
    if (err->status) {
        lua_pushinteger(L, err->status);
        lua_setfield(L, -2, "status");
    }
    if (err->request_id[0]) {
        lua_pushstring(L, err->request_id);
        lua_setfield(L, -2, "request_id");
    }
    set_class(L);
    return 2;
}

int f_error(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "code") != LUA_TSTRING)
        return luaL_error(L, "tide.error: an error needs a code, a string");
    lua_pop(L, 1);
    set_class(L);
    return 1;
}
