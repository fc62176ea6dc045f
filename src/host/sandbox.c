#include "host/sandbox.h"

#include "host/coroutines.h"

#include <lauxlib.h>
#include <lualib.h>

/* What is taken away from scripts: it reads code from anywhere, blocks the loop, ends the process
 * or reaches under the limits. */
static const struct {
    const char *library;
    const char *names[12];
} withheld[] = {
    {LUA_GNAME, {"dofile", "load", "loadfile", "collectgarbage"}},
    {LUA_STRLIBNAME, {"dump"}},
    {LUA_OSLIBNAME, {"execute", "exit", "remove", "rename", "setlocale", "tmpname"}},
    {LUA_LOADLIBNAME, {"loadlib", "searchpath", "cpath", "path"}},
};

static const luaL_Reg for_scripts[] = {
    {LUA_GNAME, luaopen_base},
    {LUA_LOADLIBNAME, luaopen_package},
    {LUA_COLIBNAME, luaopen_coroutine},
    {LUA_TABLIBNAME, luaopen_table},
    {LUA_OSLIBNAME, luaopen_os},
    {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},
    {LUA_UTF8LIBNAME, luaopen_utf8},
    {NULL, NULL},
};

static void withhold(lua_State *L)
{
    for (size_t i = 0; i < sizeof withheld / sizeof *withheld; i++) {
        lua_getglobal(L, withheld[i].library);
        for (const char *const *name = withheld[i].names; *name; name++) {
            lua_pushnil(L);
            lua_setfield(L, -2, *name);
        }
        lua_pop(L, 1);
    }
}

void sandbox_open(lua_State *L, bool everything)
{
    if (everything) {
        luaL_openlibs(L);
        coroutines_install(L);
        return;
    }
    for (const luaL_Reg *lib = for_scripts; lib->func; lib++) {
        luaL_requiref(L, lib->name, lib->func, 1);
        lua_pop(L, 1);
    }
    coroutines_install(L);
    withhold(L);
}
