#include "api/json.h"

#include "api/json_encode.h"
#include "api/writer.h"
#include "base/decimal.h"
#include "base/json.h"
#include "base/json_text.h"

#include <stdio.h>

#include <lauxlib.h>

/* Upvalues of every function here. */
enum { MARK = 1, ENCODER };

enum { PATH_SHOWN = 120 };               /* bytes of a path in a problem */

/* Decoding holds nothing outside the Lua stack, so an error of memory leaves nothing behind. */
struct decoder {
    struct json j;
    int members[JSON_DEPTH_MAX + 1];     /* of the last object at a depth: siblings are alike */
    bool objected;                       /* to a value that JSON knows and Lua cannot keep */
    char path[PATH_SHOWN];               /* to that value, written from its end */
    size_t path_at;
};

static bool push_value(lua_State *L, struct decoder *d);

void json_push_text(lua_State *L, const struct json *j)
{
    luaL_Buffer b;
    if (!j->escaped) {
        lua_pushlstring(L, j->text.at, j->text.len);
        return;
    }
    luaL_buffinitsize(L, &b, j->text.len);
    luaL_pushresultsize(&b, json_unescape(j->text, luaL_buffaddr(&b)));
}

/* ---- the path to what cannot be kept ---- */

/* Puts a step in front; what does not fit is left out. */
static void step(struct decoder *d, struct bytes text)
{
    if (!d->objected)
        return;
    if (text.len > d->path_at)
        text.len = 0;
    d->path_at -= text.len;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        d->path[d->path_at + i] = c >= ' ' && c < 127 ? c : '?';
    }
}

static struct bytes path(const struct decoder *d)
{
    struct bytes whole = {d->path + d->path_at, sizeof d->path - d->path_at};
    return bytes_starts(whole, ".") ? bytes_from(whole, 1) : whole;
}

/* The name is on the stack at `index`. [-0, +0, -] */
static void step_member(lua_State *L, struct decoder *d, int index)
{
    struct bytes name;
    name.at = lua_tolstring(L, index, &name.len);
    step(d, writer_shortened(name));
    step(d, BYTES("."));
}

/* Counted from 0, as jq and JSONPath count. */
static void step_item(struct decoder *d, lua_Integer index)
{
    char text[24];
    int len = snprintf(text, sizeof text, "[%lld]", (long long)index);
    step(d, (struct bytes){text, (size_t)len});
}

/* ---- values ---- */

/* [-0, +1, -] Nothing is pushed when it returns false. */
static bool push_number(lua_State *L, struct decoder *d)
{
    struct json *j = &d->j;
    int64_t whole;
    double value;
    struct bytes shown = writer_shortened(j->text);
    bool minus_zero = bytes_is(j->text, "-0");
    if (j->integer && !minus_zero && bytes_to_int64(j->text, &whole)) {
        lua_pushinteger(L, whole);
        return true;
    }
    if (decimal_to_double(j->text, &value)) {
        lua_pushnumber(L, value);
        return true;
    }
    d->objected = true;
    json_refuse(j, "number %.*s%s cannot be kept exactly", (int)shown.len, shown.at,
                shown.len < j->text.len ? "…" : "");
    return false;
}

/* [-1, +0, -] Takes the copy of a name and looks whether the table at `object` has it. */
static bool is_new(lua_State *L, int object, struct decoder *d)
{
    struct bytes name = writer_shortened(d->j.key);
    bool found = lua_rawget(L, object) != LUA_TNIL;
    lua_pop(L, 1);
    d->objected = found;
    if (found)
        json_refuse(&d->j, "duplicate member \"%.*s%s\"", (int)name.len, name.at,
                    name.len < d->j.key.len ? "…" : "");
    return !found;
}

/* [-0, +1, m] */
static bool push_object(lua_State *L, struct decoder *d)
{
    int depth = d->j.depth, object, count = 0;
    lua_createtable(L, 0, d->members[depth]);
    object = lua_gettop(L);
    while (json_next(&d->j) == JSON_KEY) {
        json_push_text(L, &d->j);
        lua_pushvalue(L, -1);
        if (!is_new(L, object, d))
            return false;
        if (!push_value(L, d)) {
            step_member(L, d, object + 1);
            return false;
        }
        lua_rawset(L, object);
        count++;
    }
    d->members[depth] = count;
    return d->j.event == JSON_OBJECT_END;
}

/* [-0, +1, m] */
static bool push_array(lua_State *L, struct decoder *d)
{
    lua_Integer count = 0;
    lua_newtable(L);
    lua_pushvalue(L, lua_upvalueindex(MARK));
    lua_setmetatable(L, -2);
    while (json_item(&d->j)) {
        if (!push_value(L, d)) {
            step_item(d, count);
            return false;
        }
        lua_rawseti(L, -2, ++count);
    }
    return d->j.event == JSON_ARRAY_END;
}

/* [-0, +1, m] False after an objection; then what was pushed is of no use. */
static bool push_value(lua_State *L, struct decoder *d)
{
    luaL_checkstack(L, 8, "JSON");
    switch (json_next(&d->j)) {
    case JSON_OBJECT:
        return push_object(L, d);
    case JSON_ARRAY:
        return push_array(L, d);
    case JSON_STRING:
        json_push_text(L, &d->j);
        return true;
    case JSON_NUMBER:
        return push_number(L, d);
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, d->j.event == JSON_TRUE);
        return true;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        return true;
    default:
        return false;
    }
}

/* decode(text) -> value | nil, problem */
static int f_decode(lua_State *L)
{
    struct decoder d = {.path_at = PATH_SHOWN};
    struct bytes text, where;
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 1);
    text.at = lua_tolstring(L, 1, &text.len);
    json_init(&d.j, text, NULL);
    if (push_value(L, &d) && json_end(&d.j))
        return 1;
    where = path(&d);
    lua_pushnil(L);
    lua_pushlstring(L, where.at, where.len);
    lua_pushfstring(L, where.len ? "%s: %s" : "%s%s", lua_tostring(L, -1), d.j.problem);
    lua_replace(L, -2);
    return 2;
}

/* encode(value) -> text | nil, problem */
static int f_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (json_encode(L, lua_touserdata(L, lua_upvalueindex(ENCODER)), lua_upvalueindex(MARK)))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* array(table) -> the same table, which is an array from here on */
static int f_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getmetatable(L, 1) && !lua_rawequal(L, -1, lua_upvalueindex(MARK)))
        return luaL_argerror(L, 1, "a table with a metatable of its own cannot become an array");
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(MARK));
    lua_setmetatable(L, 1);
    return 1;
}

/* is_array(value) -> whether encode would write it as an array */
static int f_is_array(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, lua_istable(L, 1) && writer_is_array(L, 1, lua_upvalueindex(MARK)));
    return 1;
}

static const luaL_Reg json_lib[] = {
    {"decode", f_decode},
    {"encode", f_encode},
    {NULL, NULL},
};

static const luaL_Reg tide_lib[] = {
    {"array",    f_array},
    {"is_array", f_is_array},
    {NULL, NULL},
};

int luaopen_tide_json(lua_State *L)
{
    luaL_newlibtable(L, json_lib);
    luaL_newmetatable(L, TIDE_ARRAY);
    json_encoder_push(L);
    luaL_setfuncs(L, json_lib, 2);
    return 1;
}

void json_install(lua_State *L)
{
    luaopen_tide_json(L);
    lua_setfield(L, -2, "json");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    luaL_getmetatable(L, TIDE_ARRAY);
    luaL_setfuncs(L, tide_lib, 1);
}
