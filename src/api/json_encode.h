/* JSON encoder: a Lua value becomes strict JSON text, members in byte order of their names.
 * The encoder is a userdata with the buffers; Lua owns it, and one serves all calls of its state.
 * From the first byte to the last, encoding asks Lua for nothing that could raise, collect or run a
 * script. */
#ifndef TIDEGATE_API_JSON_ENCODE_H
#define TIDEGATE_API_JSON_ENCODE_H

#include "base/bytes.h"

#include <lua.h>

struct json_encoder;

void json_encoder_push(lua_State *L);                       /* [-0, +1, m] */
/* [-0, +1, m] Pushes the text of the value at the top; or pushes the problem and returns false.
 * `mark`: index of the metatable of arrays. */
bool json_encode(lua_State *L, struct json_encoder *e, int mark);
/* [-0, +0, -] Would the table at `index` (absolute) become an array? One with the mark would, and
 * one with the keys 1 to n. */
bool json_is_array(lua_State *L, int index, int mark);
/* The start of checked UTF-8, short enough to be quoted in a problem. */
struct bytes json_shortened(struct bytes text);

#endif
