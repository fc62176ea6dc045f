#include "api/json_encode.h"

#include "api/writer.h"

#include <lauxlib.h>

struct json_encoder {
    struct writer w;
};

static bool write_value(lua_State *L, struct writer *w, int index)
{
    struct bytes text;
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        return writer_table(L, w, index);
    case LUA_TSTRING:
        text.at = lua_tolstring(L, index, &text.len);
        json_write_string(&w->out, text);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            json_write_int64(&w->out, lua_tointeger(L, index));
        else
            json_write_double(&w->out, lua_tonumber(L, index));
        break;
    case LUA_TBOOLEAN:
        json_write_bool(&w->out, lua_toboolean(L, index));
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index))
            return writer_refuse_type(w, "userdata");
        json_write_null(&w->out);
        break;
    default:
        return writer_refuse_type(w, luaL_typename(L, index));
    }
    return writer_written(w);
}

static int f_gc(lua_State *L)
{
    struct json_encoder *e = lua_touserdata(L, 1);
    writer_free(&e->w);
    return 0;
}

void json_encoder_push(lua_State *L)
{
    struct json_encoder *e = lua_newuserdatauv(L, sizeof *e, 0);
    writer_init(&e->w);
    e->w.value = write_value;
    e->w.what = "JSON";
    e->w.depth_max = JSON_DEPTH_MAX;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
}

bool json_encode(lua_State *L, struct json_encoder *e, int mark)
{
    int top = lua_gettop(L);
    struct bytes result;
    bool good;
    writer_clear(&e->w);
    e->w.mark = mark;
    good = write_value(L, &e->w, top);
    lua_settop(L, top);
    result = buf_bytes(good ? &e->w.text : &e->w.problem);
    lua_pushlstring(L, result.at, result.len);
    writer_clear(&e->w);
    return good;
}
