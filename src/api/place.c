#include "api/place.h"

#include <string.h>

#include <lauxlib.h>

void pairs_read(lua_State *L, int index, struct pairs *out, const char *what)
{
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        luaL_error(L, "%s: expected a table of names and strings, got %s", what,
                   luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index)) {
        struct bytes name, value;
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s: names and values must be strings", what);
        name.at = lua_tolstring(L, -2, &name.len);
        value.at = lua_tolstring(L, -1, &value.len);
        pairs_add(out, name, value);
        lua_pop(L, 1);
    }
    pairs_sort(out);
}

void pairs_push(lua_State *L, const struct pairs *p)
{
    lua_createtable(L, 0, (int)p->count);
    for (size_t i = 0; i < p->count; i++) {
        lua_pushlstring(L, p->at[i].name.at, p->at[i].name.len);
        lua_pushlstring(L, p->at[i].value.at, p->at[i].value.len);
        lua_rawset(L, -3);
    }
}

void field_string(lua_State *L, const char *name, const char *value)
{
    if (!value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

int place_index(lua_State *L, const char *url, const char *kind)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "url") == 0) {
        lua_pushstring(L, url);
    } else if (strcmp(name, "kind") == 0) {
        lua_pushstring(L, kind);
    } else {
        lua_pushvalue(L, 2);
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}

static void set_function(lua_State *L, const char *name, lua_CFunction f)
{
    lua_pushcfunction(L, f);
    lua_setfield(L, -2, name);
}

void place_open_class(lua_State *L, const struct place_class *c)
{
    luaL_newmetatable(L, c->op_name);
    set_function(L, "__gc", c->collect_op);
    luaL_newmetatable(L, c->name);
    set_function(L, "__gc", c->collect);
    set_function(L, "__tostring", c->tostring);
    lua_pushboolean(L, false);           /* __gc is not for scripts: it frees what is waited for */
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    luaL_setfuncs(L, c->methods, 0);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, c->index, 1);
    lua_setfield(L, -3, "__index");
    lua_replace(L, -3);
    lua_pop(L, 1);
}
