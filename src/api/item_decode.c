#include "api/item_decode.h"

#include "api/attribute.h"
#include "api/item_encode.h"
#include "api/json.h"
#include "base/base64.h"
#include "base/decimal.h"
#include "base/item.h"
#include "base/json_text.h"

#include <lauxlib.h>

static bool push_value(lua_State *L, struct json *j);

/* ---- one type each: [-0, +1, m], or false and what was pushed is of no use ---- */

static bool push_string(lua_State *L, struct json *j)
{
    json_text(j);
    json_push_text(L, j);
    return true;
}

static void push_number_text(lua_State *L, struct bytes number)
{
    int64_t whole;
    double value;
    if (bytes_to_int64(number, &whole))
        lua_pushinteger(L, whole);
    else if (decimal_to_double(number, &value))
        lua_pushnumber(L, value);
    else
        attribute_push(L, TIDE_DECIMAL, number);
}

static bool push_number(lua_State *L, struct json *j)
{
    char text[NUMBER_TEXT];
    struct bytes number = json_text(j);
    struct err err = {0};
    size_t len;
    if (attribute_number(number, text, &len, &err)) {
        json_refuse(j, "%s", err.message);
        return false;
    }
    push_number_text(L, (struct bytes){text, len});
    return true;
}

/* Some writers put a backslash before each slash. */
static bool push_binary(lua_State *L, struct json *j)
{
    struct bytes text = json_text(j), raw;
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, text.len);
    text = (struct bytes){out, json_unescape(text, out)};
    if (!base64_decode(text, out, &raw.len)) {
        json_refuse(j, "that is not base64");
        return false;
    }
    luaL_pushresultsize(&b, raw.len);
    raw.at = lua_tostring(L, -1);
    attribute_push(L, TIDE_BINARY, raw);
    lua_remove(L, -2);
    return true;
}

static bool push_bool(lua_State *L, struct json *j)
{
    lua_pushboolean(L, json_bool(j));
    return true;
}

static bool push_null(lua_State *L, struct json *j)
{
    json_bool(j);
    lua_pushlightuserdata(L, NULL);
    return true;
}

static bool push_items(lua_State *L, struct json *j, bool (*push)(lua_State *L, struct json *j))
{
    lua_Integer count = 0;
    lua_newtable(L);
    luaL_setmetatable(L, TIDE_ARRAY);
    json_array(j);
    while (json_item(j)) {
        if (!push(L, j))
            return false;
        lua_rawseti(L, -2, ++count);
    }
    return j->event == JSON_ARRAY_END;
}

static bool push_list(lua_State *L, struct json *j)
{
    return push_items(L, j, push_value);
}

static bool push_map(lua_State *L, struct json *j)
{
    lua_newtable(L);
    json_object(j);
    while (json_member(j)) {
        json_push_text(L, j);
        if (!push_value(L, j))
            return false;
        lua_rawset(L, -3);
    }
    return j->event == JSON_OBJECT_END;
}

static bool push_set(lua_State *L, struct json *j, bool (*push)(lua_State *L, struct json *j))
{
    if (!push_items(L, j, push))
        return false;
    if (!lua_rawlen(L, -1)) {
        json_refuse(j, "a set cannot be empty");
        return false;
    }
    item_set(L, "item");
    return true;
}

static bool push_strings(lua_State *L, struct json *j)
{
    return push_set(L, j, push_string);
}

static bool push_numbers(lua_State *L, struct json *j)
{
    return push_set(L, j, push_number);
}

static bool push_binaries(lua_State *L, struct json *j)
{
    return push_set(L, j, push_binary);
}

static const struct {
    const char *name;
    bool (*push)(lua_State *L, struct json *j);
} types[] = {
    {"S", push_string},     {"N", push_number},     {"M", push_map},       {"L", push_list},
    {"BOOL", push_bool},    {"NULL", push_null},    {"B", push_binary},    {"SS", push_strings},
    {"NS", push_numbers},   {"BS", push_binaries},
};

/* {"TYPE":…} */
static bool push_value(lua_State *L, struct json *j)
{
    luaL_checkstack(L, 12, "item");
    if (!json_object(j) || !json_member(j))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (json_named(j, types[i].name))
            return types[i].push(L, j) && !json_member(j) && j->event == JSON_OBJECT_END;
    json_refuse(j, "that is no type of an attribute");
    return false;
}

/* ---- the item ---- */

static bool push_attribute(lua_State *L, struct bytes value, struct json *j)
{
    json_init(j, value, NULL);
    j->depth_max = ITEM_JSON_DEPTH;
    return push_value(L, j) && json_end(j);
}

bool item_push(lua_State *L, const struct pairs *item)
{
    int top = lua_gettop(L);
    struct json j;
    lua_createtable(L, 0, (int)item->count);
    for (size_t i = 0; i < item->count; i++) {
        struct bytes name = item->at[i].name;
        lua_pushlstring(L, name.at, name.len);
        if (!push_attribute(L, item->at[i].value, &j)) {
            lua_settop(L, top);
            lua_pushfstring(L, "attribute %s: %s", name.at,
                            j.problem[0] ? j.problem : "it is no attribute value");
            return false;
        }
        lua_rawset(L, -3);
    }
    return true;
}
