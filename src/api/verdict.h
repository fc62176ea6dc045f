/* Verdicts, as scripts make them: tide.done, tide.skip, tide.retry, tide.park.
 * Plain tables with a class of their own, so that they can be compared, printed and built in a
 * test. */
#ifndef TIDEGATE_API_VERDICT_H
#define TIDEGATE_API_VERDICT_H

#include "delivery/verdict.h"

#include <stdbool.h>

#include <lua.h>

/* Adds done, skip, retry, park and is_verdict to the table on top. [-0, +0, m] */
void verdict_open(lua_State *L);
/* Reads the verdict at `index`; false when it is none. [-0, +0, m] */
bool verdict_read(lua_State *L, int index, struct verdict *out);

#endif
