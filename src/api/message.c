#include "api/message.h"

#include "api/place.h"
#include "delivery/parking.h"
#include "host/host.h"

#include <lauxlib.h>

#define CLASS "tidegate.message"
#define LEASE_END "lease_end_us"

/* Seconds that are left of the lease; negative when it is over. */
static int f_lease_left(lua_State *L)
{
    struct monotime end = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getfield(L, 1, LEASE_END) != LUA_TNUMBER)
        return luaL_error(L, "lease_left: call it as message:lease_left()");
    end.us = lua_tointeger(L, -1);
    lua_pushnumber(L, (lua_Number)monotime_until(loop_now(host_of(L)->loop), end) / SECOND_US);
    return 1;
}

void message_open_class(lua_State *L)
{
    luaL_newmetatable(L, CLASS);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_lease_left);
    lua_setfield(L, -2, "lease_left");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void message_push(lua_State *L, const struct message *m, struct monotime lease_end,
                  const char *source)
{
    lua_createtable(L, 0, 10);
    field_string(L, "id", m->id);
    field_string(L, "source", source);
    field_string(L, "group_id", m->group_id);
    lua_pushlstring(L, m->body.at, m->body.len);
    lua_setfield(L, -2, "body");
    pairs_push(L, &m->attributes);
    lua_setfield(L, -2, "attributes");
    pairs_push(L, &m->system);
    lua_setfield(L, -2, "system");
    lua_pushnumber(L, (lua_Number)parking_first_sent(m).us / SECOND_US);
    lua_setfield(L, -2, "sent_at");
    lua_pushinteger(L, m->receive_count);
    lua_setfield(L, -2, "receive_count");
    lua_pushinteger(L, lease_end.us);
    lua_setfield(L, -2, LEASE_END);
    luaL_setmetatable(L, CLASS);
}
