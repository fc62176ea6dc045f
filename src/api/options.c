#include "api/options.h"

#include "base/clock.h"

#include <lauxlib.h>

static const struct option *find(const struct option *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_is(bytes_of(name), table[i].name))
            return &table[i];
    return NULL;
}

static int unknown(lua_State *L, const struct option *table, size_t count, const char *name,
                   const char *what)
{
    luaL_Buffer known;
    luaL_buffinit(L, &known);
    for (size_t i = 0; i < count; i++) {
        luaL_addstring(&known, i ? ", " : "");
        luaL_addstring(&known, table[i].name);
    }
    luaL_pushresult(&known);
    return luaL_error(L, "%s: unknown option '%s' (expected: %s)", what, name, lua_tostring(L, -1));
}

/* Every key of the table must be known: [-0, +0, e] */
static void check_names(lua_State *L, int index, const struct option *table, size_t count,
                        const char *what)
{
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s: options are given by name", what);
        if (!find(table, count, lua_tostring(L, -1)))
            unknown(L, table, count, lua_tostring(L, -1), what);
    }
}

static void wrong(lua_State *L, const struct option *o, const char *expected, const char *what)
{
    luaL_error(L, "%s: option '%s' must be %s, not %s", what, o->name, expected,
               luaL_typename(L, -1));
}

static void check_range(lua_State *L, const struct option *o, lua_Number value, const char *what)
{
    if ((o->least || o->most) && !(value >= (lua_Number)o->least && value <= (lua_Number)o->most))
        luaL_error(L, "%s: option '%s' must be between %d and %d", what, o->name, (int)o->least,
                   (int)o->most);
}

/* The value is on top. True when it must stay there. */
static bool store(lua_State *L, const struct option *o, void *out, const char *what)
{
    char *at = (char *)out + o->offset;
    int ok;
    switch (o->kind) {
    case OPTION_STRING:
        if (lua_type(L, -1) != LUA_TSTRING)
            wrong(L, o, "a string", what);
        ((struct bytes *)(void *)at)->at = lua_tolstring(L, -1, &((struct bytes *)(void *)at)->len);
        return true;
    case OPTION_INTEGER:
        *(int64_t *)(void *)at = lua_tointegerx(L, -1, &ok);
        if (!ok || lua_type(L, -1) != LUA_TNUMBER)
            wrong(L, o, "a whole number", what);
        check_range(L, o, (lua_Number)*(int64_t *)(void *)at, what);
        return false;
    case OPTION_SECONDS:
        if (lua_type(L, -1) != LUA_TNUMBER)
            wrong(L, o, "a number of seconds", what);
        check_range(L, o, lua_tonumber(L, -1), what);
        *(int64_t *)(void *)at = (int64_t)(lua_tonumber(L, -1) * SECOND_US);
        return false;
    case OPTION_BOOLEAN:
        if (!lua_isboolean(L, -1))
            wrong(L, o, "true or false", what);
        *(bool *)(void *)at = lua_toboolean(L, -1);
        return false;
    case OPTION_VALUE:
        *(int *)(void *)at = lua_gettop(L);
        return true;
    }
    return false;
}

struct bytes string_argument(lua_State *L, int index)
{
    struct bytes text;
    text.at = luaL_checklstring(L, index, &text.len);
    return text;
}

void options_read(lua_State *L, int index, const struct option *table, size_t count, void *out,
                  const char *what)
{
    if (lua_isnoneornil(L, index))
        return;
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        luaL_error(L, "%s: options must be a table, not %s", what, luaL_typename(L, index));
    check_names(L, index, table, count, what);
    luaL_checkstack(L, (int)count + 4, what);
    for (size_t i = 0; i < count; i++) {
        if (lua_getfield(L, index, table[i].name) == LUA_TNIL || !store(L, &table[i], out, what))
            lua_pop(L, 1);
    }
}
