#include "api/api.h"

#include "api/attribute.h"
#include "api/error.h"
#include "api/item_encode.h"
#include "api/json.h"
#include "api/message.h"
#include "api/options.h"
#include "api/place.h"
#include "api/verdict.h"
#include "base/digest.h"
#include "base/random.h"
#include "host/host.h"
#include "host/overlap.h"

#include <stdlib.h>

#include <lauxlib.h>
#include <lua-cjson.h>

/* Not the time of the loop's turn: scripts measure with it, and a place on the disk answers within
 * one turn. */
static int f_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_wall().us / SECOND_US);
    return 1;
}

/* real_path(path): absolute, links followed; nil when it leads nowhere */
static int f_real_path(lua_State *L)
{
    char path[PATH_MAX];
    if (!overlap_real_path(luaL_checkstring(L, 1), path))
        return 0;
    lua_pushstring(L, path);
    return 1;
}

/* feeds(a, b): would what is put into the place `a` come out of the place `b`? */
static int f_feeds(lua_State *L)
{
    lua_pushboolean(L, overlap_feeds(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return 1;
}

static int f_sha256(lua_State *L)
{
    char hex[SHA256_HEX];
    digest_sha256_hex(string_argument(L, 1), hex);
    lua_pushstring(L, hex);
    return 1;
}

static int f_uuid(lua_State *L)
{
    static struct random random;
    char text[37];
    if (!random.state)
        random = random_fresh();
    random_uuid(&random, text);
    lua_pushstring(L, text);
    return 1;
}

/* nil when it is unset or empty */
static int f_env(lua_State *L)
{
    const char *value = getenv(luaL_checkstring(L, 1));
    if (!value || !*value)
        return 0;
    lua_pushstring(L, value);
    return 1;
}

/* The host options in force, as strings. */
static int f_host(lua_State *L)
{
    struct option_told told;
    lua_newtable(L);
    for (size_t i = 0; options_tell(&host_of(L)->options, i, &told); i++) {
        if (!told.set)
            continue;
        lua_pushstring(L, told.value);
        lua_setfield(L, -2, told.name);
    }
    return 1;
}

static void count(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

/* The sum over what is being consumed now. */
static int f_counters(lua_State *L)
{
    struct host_counters sum = host_count(host_of(L));
    lua_createtable(L, 0, 8);
    count(L, "received", sum.received);
    count(L, "done", sum.done);
    count(L, "skipped", sum.skipped);
    count(L, "retried", sum.retried);
    count(L, "parked", sum.parked);
    count(L, "released", sum.released);
    count(L, "running", sum.running);
    count(L, "waiting", sum.waiting);
    return 1;
}

static int f_exit_code(lua_State *L)
{
    struct err err;
    error_read(L, 1, &err);
    lua_pushinteger(L, exit_code_of(&err));
    return 1;
}

static const luaL_Reg lib[] = {
    {"bucket",    f_bucket},
    {"table",     f_table},
    {"queue",     f_queue},
    {"consume",   f_consume},
    {"lock",      f_lock},
    {"error",     f_error},
    {"exit_code", f_exit_code},
    {"now",       f_now},
    {"real_path", f_real_path},
    {"feeds",     f_feeds},
    {"sha256",    f_sha256},
    {"uuid",      f_uuid},
    {"env",       f_env},
    {"host",      f_host},
    {"counters",  f_counters},
    {NULL,        NULL},
};

static void open_classes(lua_State *L)
{
    bucket_open_class(L);
    table_open_class(L);
    queue_open_class(L);
    message_open_class(L);
    consume_open_class(L);
    lock_open_class(L);
}

/* Methods of buckets and tables that are written in Lua: they combine what the core offers.
 * [-0, +0, e] */
static void add_lua_methods(lua_State *L, const char *methods)
{
    lua_getfield(L, LUA_REGISTRYINDEX, methods);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidegate.change");
    lua_call(L, 1, 1);
    lua_setfield(L, -2, "change");
    lua_pop(L, 1);
}

static int luaopen_tidegate(lua_State *L)
{
    luaL_newlib(L, lib);
    lua_pushliteral(L, TIDEGATE_VERSION);
    lua_setfield(L, -2, "version");
    json_install(L);
    attribute_install(L);
    item_encoder_open(L);
    verdict_open(L);
    log_open(L);
    terminal_open(L);
    wait_open(L);
    return 1;
}

int api_open(lua_State *L)
{
    struct host *h = lua_touserdata(L, 1);
    open_classes(L);
    luaL_requiref(L, "tidegate", luaopen_tidegate, 0);
    luaL_requiref(L, "cjson", luaopen_cjson, 0);
    if (h->everything)
        luaL_requiref(L, "tidegate.inspect", luaopen_tidegate_inspect, 0);
    lua_settop(L, 0);
    add_lua_methods(L, BUCKET_METHODS);
    add_lua_methods(L, TABLE_METHODS);
    return 0;
}
