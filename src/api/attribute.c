#include "api/attribute.h"

#include "base/item.h"

#include <string.h>

#include <lauxlib.h>

struct content {
    size_t len;
    char at[];
};

void attribute_push(lua_State *L, const char *class, struct bytes content)
{
    struct content *c = lua_newuserdatauv(L, sizeof *c + content.len, 0);
    c->len = content.len;
    if (content.len)
        memcpy(c->at, content.at, content.len);
    luaL_setmetatable(L, class);
}

struct bytes attribute_content(lua_State *L, int index)
{
    const struct content *c = lua_touserdata(L, index);
    return (struct bytes){c->at, c->len};
}

/* binary(bytes) */
static int f_binary(lua_State *L)
{
    struct bytes content;
    luaL_checktype(L, 1, LUA_TSTRING);
    content.at = lua_tolstring(L, 1, &content.len);
    attribute_push(L, TIDE_BINARY, content);
    return 1;
}

int attribute_number(struct bytes number, char out[NUMBER_TEXT], size_t *len, struct err *err)
{
    struct buf text;
    int result;
    buf_init(&text, NUMBER_TEXT);
    result = item_number(number, &text, err);
    *len = text.len;
    if (!result)
        memcpy(out, text.at, text.len);
    buf_free(&text);
    return result;
}

/* decimal(text) */
static int f_decimal(lua_State *L)
{
    char text[NUMBER_TEXT];
    struct bytes number;
    struct err err = {0};
    size_t len;
    luaL_checktype(L, 1, LUA_TSTRING);
    number.at = lua_tolstring(L, 1, &number.len);
    if (attribute_number(number, text, &len, &err))
        return luaL_argerror(L, 1, lua_pushstring(L, err.message));
    attribute_push(L, TIDE_DECIMAL, (struct bytes){text, len});
    return 1;
}

static int f_tostring(lua_State *L)
{
    struct bytes content = attribute_content(L, 1);
    lua_pushlstring(L, content.at, content.len);
    return 1;
}

static int f_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)attribute_content(L, 1).len);
    return 1;
}

/* Lua asks when at least one of two userdata is of our class: the other may be anybody's. */
static int f_equal(lua_State *L)
{
    bool alike = lua_getmetatable(L, 1) && lua_getmetatable(L, 2) && lua_rawequal(L, -1, -2);
    lua_pushboolean(L, alike && bytes_equal(attribute_content(L, 1), attribute_content(L, 2)));
    return 1;
}

/* The metatable is hidden: its functions trust their argument. */
static void open_class(lua_State *L, const char *class, bool has_length)
{
    static const luaL_Reg metamethods[] = {
        {"__tostring", f_tostring},
        {"__eq",       f_equal},
        {NULL,         NULL},
    };
    luaL_newmetatable(L, class);
    luaL_setfuncs(L, metamethods, 0);
    if (has_length) {
        lua_pushcfunction(L, f_len);
        lua_setfield(L, -2, "__len");
    }
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static const luaL_Reg lib[] = {
    {"binary",  f_binary},
    {"decimal", f_decimal},
    {NULL,      NULL},
};

void attribute_install(lua_State *L)
{
    open_class(L, TIDE_BINARY, true);
    open_class(L, TIDE_DECIMAL, false);
    luaL_setfuncs(L, lib, 0);
}
