/* Item decoder: an item of base/item.h becomes a Lua table that the encoder would write the same.
 * It holds nothing outside the Lua stack. A number that fits becomes an integer, one that is a
 * double's shortest text a float, and any other a tide.decimal: none is ever changed. */
#ifndef TIDEGATE_API_ITEM_DECODE_H
#define TIDEGATE_API_ITEM_DECODE_H

#include "base/pairs.h"

#include <lua.h>

#include <stdbool.h>

/* Pushes the table; or the problem, as a string, and returns false. [-0, +1, m] */
bool item_push(lua_State *L, const struct pairs *item);

#endif
