/* Scripts: finds and loads Lua, from the user's folder first and from the binary after.
 * Borrows the folder's name. Only text is loaded, never bytecode. A file in the folder shadows the
 * built-in of its name; the built-in stays reachable as tidegate.builtin.NAME. It never looks
 * anywhere else: not in the working directory, not in LUA_PATH. */
#ifndef TIDEGATE_HOST_SCRIPTS_H
#define TIDEGATE_HOST_SCRIPTS_H

#include <stdbool.h>

#include <lua.h>

struct scripts {
    const char *dir;                 /* --scripts; NULL: none */
};

enum scripts_found { SCRIPT_LOADED, SCRIPT_UNKNOWN, SCRIPT_BROKEN };

/* Loads the program NAME: a command of the script path, or a file when it has a '/' or ends in
 * ".lua". LOADED: its function is pushed; BROKEN: the message is, [-0, +1, m]; UNKNOWN: neither. */
enum scripts_found scripts_program(lua_State *L, const struct scripts *s, const char *name);
/* Makes `require` search the script path, and behind it the system's Lua path if `system`; `s` must
 * outlive L. [-0, +0, m] */
void scripts_install(lua_State *L, const struct scripts *s, bool system);

#endif
