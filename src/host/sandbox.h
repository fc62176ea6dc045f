/* Sandbox: which parts of Lua's own libraries a script sees.
 * Programs and their modules get what cannot block the loop, stop the process or load bytecode;
 * `tidegate test` gets everything, because busted needs it and specs are run by people who own the
 * machine. It is a guard against accidents, not a border against hostile code. */
#ifndef TIDEGATE_HOST_SANDBOX_H
#define TIDEGATE_HOST_SANDBOX_H

#include <stdbool.h>

#include <lua.h>

/* Opens the libraries. `everything`: the full set, with the system's module paths. [-0, +0, m] */
void sandbox_open(lua_State *L, bool everything);

#endif
