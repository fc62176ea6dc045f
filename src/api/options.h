/* Options: the arguments of an API function, a string or a table `{ name = value }` that is read
 * into a struct by a table of what there is. Strings stay Lua's: they are left on the stack, so
 * that they live as long as the frame. It never ignores a name that it does not know. */
#ifndef TIDEGATE_API_OPTIONS_H
#define TIDEGATE_API_OPTIONS_H

#include "base/bytes.h"

#include <lua.h>

/* The string at `index`; anything else is an argument error. [-0, +0, e] */
struct bytes string_argument(lua_State *L, int index);

enum option_kind {
    OPTION_STRING,  /* struct bytes */
    OPTION_INTEGER, /* int64_t */
    OPTION_SECONDS, /* int64_t, microseconds; the script gives seconds */
    OPTION_BOOLEAN, /* bool */
    OPTION_VALUE    /* int: stack index of the value, which is left there; 0 when absent */
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    int64_t least, most;             /* INTEGER and SECONDS (in seconds); both 0: any */
};

/* Reads the table at `index` (nil and none: no options) into `out`, whose defaults stay where
 * nothing is said.
 * [-0, +n, e]: raises for what is no table, an unknown name (listing the known ones), a wrong type
 * or range. */
void options_read(lua_State *L, int index, const struct option *table, size_t count, void *out,
                  const char *what);

#define OPTIONS_READ(L, index, table, out, what) \
    options_read(L, index, table, sizeof(table) / sizeof *(table), out, what)

#endif
