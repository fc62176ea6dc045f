#include "host/scripts.h"

#include "base/bytes.h"
#include "host/embedded.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

enum { PATH_BYTES = 1024 };

#define BUILTIN "tidegate.builtin."
#define LIBRARY "tidegate."

static const struct embedded_script *embedded(const char *folder, const char *name)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s%s", folder, name);
    for (const struct embedded_script *e = embedded_scripts; e->name; e++)
        if (strcmp(e->name, path) == 0)
            return e;
    return NULL;
}

static int load_embedded(lua_State *L, const struct embedded_script *e)
{
    char chunk[PATH_BYTES];
    snprintf(chunk, sizeof chunk, "@builtin/%s.lua", e->name);
    return luaL_loadbufferx(L, e->text, e->len, chunk, "t");
}

static bool in_folder(const struct scripts *s, const char *name, char path[PATH_BYTES])
{
    int len;
    if (!s->dir)
        return false;
    len = snprintf(path, PATH_BYTES, "%s/%s.lua", s->dir, name);
    return len > 0 && len < PATH_BYTES && access(path, F_OK) == 0;
}

static enum scripts_found loaded(int status)
{
    return status == LUA_OK ? SCRIPT_LOADED : SCRIPT_BROKEN;
}

enum scripts_found scripts_program(lua_State *L, const struct scripts *s, const char *name)
{
    const struct embedded_script *e;
    char path[PATH_BYTES];
    size_t len = strlen(name);
    if (strchr(name, '/') || (len > 4 && strcmp(name + len - 4, ".lua") == 0))
        return loaded(luaL_loadfilex(L, name, "t"));
    if (in_folder(s, name, path))
        return loaded(luaL_loadfilex(L, path, "t"));
    e = embedded("", name);
    if (!e)
        e = embedded("tools/", name);
    return e ? loaded(load_embedded(L, e)) : SCRIPT_UNKNOWN;
}

/* "a.b" names a/b; anything that could name a path outside the folder is no module. */
static bool module_path(const char *module, char path[PATH_BYTES])
{
    size_t i;
    for (i = 0; module[i] && i < PATH_BYTES - 1; i++) {
        char c = module[i];
        bool dot = c == '.';
        if (c == '/' || (dot && (i == 0 || module[i - 1] == '.' || !module[i + 1])))
            return false;
        path[i] = dot ? '/' : c;
    }
    path[i] = 0;
    return i > 0 && !module[i];
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The built-in of that module name, or NULL. Built-ins that are commands' tools or libraries have
 * names of their own. */
static const struct embedded_script *builtin_module(const char *module)
{
    char path[PATH_BYTES];
    if (begins(module, BUILTIN))
        return module_path(module + sizeof BUILTIN - 1, path) ? embedded("", path) : NULL;
    if (begins(module, LIBRARY))
        return module_path(module + sizeof LIBRARY - 1, path) ? embedded("lib/", path) : NULL;
    if (!module_path(module, path) || begins(path, "tools/") || begins(path, "lib/"))
        return NULL;
    return embedded("", path);
}

/* A package searcher: the loader and its origin, or a sentence why not. */
static int f_search(lua_State *L)
{
    const struct scripts *s = lua_touserdata(L, lua_upvalueindex(1));
    const char *module = luaL_checkstring(L, 1);
    char path[PATH_BYTES], name[PATH_BYTES];
    const struct embedded_script *e = builtin_module(module);
    bool own = !begins(module, LIBRARY) && module_path(module, name);
    int status;
    if (own && in_folder(s, name, path)) {
        status = luaL_loadfilex(L, path, "t");
    } else if (e) {
        snprintf(path, sizeof path, "builtin/%s.lua", e->name);
        status = load_embedded(L, e);
    } else {
        lua_pushfstring(L, "no script '%s' in %s, and no built-in of that name", module,
                        s->dir ? s->dir : "--scripts");
        return 1;
    }
    if (status != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, path);
    return 2;
}

void scripts_install(lua_State *L, const struct scripts *s, bool system)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
        if (system)
            lua_rawgeti(L, -1, i);
        else
            lua_pushnil(L);
        lua_rawseti(L, -2, system ? i + 1 : i);
    }
    lua_pushlightuserdata(L, (void *)s);
    lua_pushcclosure(L, f_search, 1);
    lua_rawseti(L, -2, 2);
    lua_pop(L, 2);
}
