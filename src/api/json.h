/* tide.json: exact, strict JSON for scripts, and tide.array, tide.is_array, tide.null beside it.
 * Values belong to Lua; the encoder's buffers belong to a userdata that each state has of its own.
 * It never runs Lua code, metamethods included, and never changes a number: what it cannot keep
 * exactly it refuses. */
#ifndef TIDEGATE_API_JSON_H
#define TIDEGATE_API_JSON_H

#include "base/json.h"

#include <lua.h>

/* The metatable of arrays: luaL_setmetatable(L, TIDE_ARRAY) makes the table at the top one, empty
 * or not. It exists once either function below has run. tide.null is light userdata NULL. */
#define TIDE_ARRAY "tide.array"

/* [-0, +1, m] The table tide.json: decode and encode. */
int luaopen_tide_json(lua_State *L);
/* [-0, +1, m] The string or name that a reader without scratch stands on. */
void json_push_text(lua_State *L, const struct json *j);
/* [-0, +0, m] Sets json, array, is_array and null in the table at the top. */
void json_install(lua_State *L);

#endif
