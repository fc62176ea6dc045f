/* Attribute values that Lua has no type of its own for: tide.binary and tide.decimal.
 * They are userdata that never change; what they hold belongs to Lua. Sets, which are tables, are
 * made by item_encode.h; nothing here knows of a table. */
#ifndef TIDEGATE_API_ATTRIBUTE_H
#define TIDEGATE_API_ATTRIBUTE_H

#include "base/err.h"

#include <lua.h>

/* Metatables, there once attribute_install() has run. */
#define TIDE_BINARY "tide.binary"
#define TIDE_DECIMAL "tide.decimal"

enum { NUMBER_TEXT = 64 };               /* bytes of a canonical number, at most */

/* Sets binary and decimal in the table at the top. [-0, +0, m] */
void attribute_install(lua_State *L);
/* A binary or a decimal, by the name of its metatable; the decimal's text is canonical already.
 * [-0, +1, m] */
void attribute_push(lua_State *L, const char *class, struct bytes content);
/* What the binary or decimal at `index` holds: Lua's. [-0, +0, -] */
struct bytes attribute_content(lua_State *L, int index);

/* The canonical text of a JSON number; -1 with err ("BadNumber"). It holds no memory when it
 * returns. */
int attribute_number(struct bytes number, char out[NUMBER_TEXT], size_t *len,
                     struct err *err) MUSTCHECK;

#endif
