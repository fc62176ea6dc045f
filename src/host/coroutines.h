/* Coroutines of scripts: resume, close and wrap as Lua has them, but for two things.
 * A task is resumed and ended by the loop alone, so a script that got hold of one is refused; and
 * what a script's own coroutine computes counts against the task that resumes it. Nothing here
 * waits. */
#ifndef TIDEGATE_HOST_COROUTINES_H
#define TIDEGATE_HOST_COROUTINES_H

#include <lua.h>

/* Replaces the three in the library `coroutine`, which is open. [-0, +0, e] */
void coroutines_install(lua_State *L);

#endif
