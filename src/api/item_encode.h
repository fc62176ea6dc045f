/* Item encoder: a Lua table becomes an item of base/item.h, its values as DynamoDB speaks them.
 * Each state has one encoder, which its registry owns; the pairs are the caller's. Numbers stay
 * exact, names and members of sets are sorted, so that equal values are equal texts. What cannot be
 * an attribute is misuse: it raises and names the path. */
#ifndef TIDEGATE_API_ITEM_ENCODE_H
#define TIDEGATE_API_ITEM_ENCODE_H

#include "base/pairs.h"

#include <lua.h>

/* The metatable of sets, there once item_encoder_open() has run. */
#define TIDE_SET "tide.set"

/* Once for each state; sets `set` in the table at the top: tide.set(list), a new table with its
 * members in order and each once. [-0, +0, m] */
void item_encoder_open(lua_State *L);
/* Adds the attributes of the table at `index` to `out`; `out` must be collectable already, and
 * `what` begins the sentence of an error. [-0, +0, e] */
void item_encode(lua_State *L, int index, struct pairs *out, const char *what);
/* Makes a set of the array at the top: sorted, each member once. [-1, +1, e] */
void item_set(lua_State *L, const char *what);

#endif
