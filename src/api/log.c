#include "api/api.h"

#include "base/log.h"

#include <lauxlib.h>

#define CLASS "tidegate.fields"

static int f_collect(lua_State *L)
{
    pairs_free(luaL_checkudata(L, 1, CLASS));
    return 0;
}

/* The fields as text, sorted by name so that lines can be compared. [-0, +1, m]: the userdata that
 * owns them */
static struct pairs *read_fields(lua_State *L, int index)
{
    struct pairs *fields = lua_newuserdatauv(L, sizeof *fields, 0);
    *fields = (struct pairs){0};
    luaL_setmetatable(L, CLASS);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        struct bytes name, value;
        name.at = luaL_tolstring(L, -2, &name.len);
        value.at = luaL_tolstring(L, -2, &value.len);
        pairs_add(fields, name, value);
        lua_pop(L, 3);
    }
    pairs_sort(fields);
    return fields;
}

static int write_line(lua_State *L, enum log_level level)
{
    struct pairs *fields = NULL;
    struct bytes text;
    if (!log_wants(level))
        return 0;
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        fields = read_fields(L, 2);
    }
    text.at = luaL_tolstring(L, 1, &text.len);
    log_event(level, text, fields);
    if (fields)
        pairs_free(fields);
    return 0;
}

static int f_debug(lua_State *L)
{
    return write_line(L, LOG_DEBUG);
}

static int f_info(lua_State *L)
{
    return write_line(L, LOG_INFO);
}

static int f_warn(lua_State *L)
{
    return write_line(L, LOG_WARN);
}

static int f_error_line(lua_State *L)
{
    return write_line(L, LOG_ERROR);
}

static const luaL_Reg lib[] = {
    {"debug", f_debug},
    {"info",  f_info},
    {"warn",  f_warn},
    {"error", f_error_line},
    {NULL,    NULL},
};

void log_open(lua_State *L)
{
    luaL_newmetatable(L, CLASS);
    lua_pushcfunction(L, f_collect);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, lib);
    lua_setfield(L, -2, "log");
}
