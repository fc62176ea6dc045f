#include "api/message.h"

#include "api/place.h"
#include "delivery/parking.h"
#include "host/host.h"

#include <lauxlib.h>

#define CLASS "tidegate.message"
#define LEASE_CLASS "tidegate.lease"
#define LEASE "lease"                            /* a userdata: struct monotime, its end */

/* Seconds that are left of the lease; negative when it is over. */
static int f_lease_left(lua_State *L)
{
    const struct monotime *end;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, LEASE);
    end = luaL_testudata(L, -1, LEASE_CLASS);
    if (!end)
        return luaL_error(L, "lease_left: call it as message:lease_left()");
    lua_pushnumber(L, (lua_Number)monotime_until(loop_now(host_of(L)->loop), *end) / SECOND_US);
    return 1;
}

void message_open_class(lua_State *L)
{
    luaL_newmetatable(L, LEASE_CLASS);
    lua_pop(L, 1);
    luaL_newmetatable(L, CLASS);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_lease_left);
    lua_setfield(L, -2, "lease_left");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

struct monotime *message_push(lua_State *L, const struct message *m, struct monotime lease_end,
                              const char *source)
{
    struct monotime *lease = lua_newuserdatauv(L, sizeof *lease, 0);
    *lease = lease_end;
    luaL_setmetatable(L, LEASE_CLASS);
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
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, LEASE);
    luaL_setmetatable(L, CLASS);
    return lease;
}
