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

#endif
