#include "api/api.h"

#include "api/error.h"
#include "api/options.h"
#include "base/console.h"

#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

/* terminal "stdout"|"stderr": its columns, or nil when it is no terminal */
static int f_terminal(lua_State *L)
{
    static const char *const names[] = {"stdout", "stderr", NULL};
    static const int fds[] = {STDOUT_FILENO, STDERR_FILENO};
    int columns = console_columns(fds[luaL_checkoption(L, 1, NULL, names)]);
    if (columns)
        lua_pushinteger(L, columns);
    else
        lua_pushnil(L);
    return 1;
}

/* status(text|nil): the live line */
static int f_status(lua_State *L)
{
    console_status(lua_isnoneornil(L, 1) ? BYTES("") : string_argument(L, 1));
    return 0;
}

/* stdout(bytes): true, or nil and why not */
static int f_stdout(lua_State *L)
{
    struct err err;
    int problem = console_stdout(string_argument(L, 1));
    if (problem) {
        err_set(&err, strerrorname_np(problem), "%s", strerror(problem));
        return error_push(L, &err, "write to stdout");
    }
    lua_pushboolean(L, true);
    return 1;
}

/* Lua's print, by a way that knows of the live line. */
static int f_print(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&line, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_addchar(&line, '\n');
    luaL_pushresult(&line);
    console_stdout(string_argument(L, -1));
    return 0;
}

static int f_stderr(lua_State *L)
{
    console_write(string_argument(L, 1));
    return 0;
}

static const luaL_Reg lib[] = {
    {"terminal", f_terminal},
    {"status",   f_status},
    {"stdout",   f_stdout},
    {"stderr",   f_stderr},
    {NULL,       NULL},
};

void terminal_open(lua_State *L)
{
    luaL_setfuncs(L, lib, 0);
    lua_pushcfunction(L, f_print);
    lua_setglobal(L, "print");
}
