/* Handles of scripts to places: tide.bucket, tide.table and tide.queue.
 * A handle owns the opened place until it is collected; an operation's userdata stands on the stack
 * of the coroutine that waits, above the handle, so neither outlives the other. Nothing here
 * decides anything: arguments, one core call, push. */
#ifndef TIDEGATE_API_PLACE_H
#define TIDEGATE_API_PLACE_H

#include "host/place.h"

#include <lauxlib.h>

/* Registry names of method tables: methods written in Lua are added there. */
#define BUCKET_METHODS "tidegate.bucket.methods"
#define TABLE_METHODS "tidegate.table.methods"

int f_bucket(lua_State *L);                      /* tide.bucket(url) */
void bucket_open_class(lua_State *L);            /* [-0, +0, m] */

int f_table(lua_State *L);                       /* tide.table(url) */
void table_open_class(lua_State *L);             /* [-0, +0, m] */

int f_queue(lua_State *L);                       /* tide.queue(url, opts) */
void queue_open_class(lua_State *L);             /* [-0, +0, m] */
struct place_queue *queue_new(lua_State *L);     /* a handle with nothing in it yet; [-0, +1, m] */
/* The handle at `index`, or an argument error. */
struct place_queue *queue_check(lua_State *L, int index);

struct place_class {
    const char *name;                            /* of the handle's metatable */
    lua_CFunction collect, tostring, index;      /* index gets the methods as its upvalue */
    const luaL_Reg *methods;
    const char *op_name;                         /* of its operations' metatable */
    lua_CFunction collect_op;
};
/* Makes both metatables, and leaves the table of methods on the stack. [-0, +1, m] */
void place_open_class(lua_State *L, const struct place_class *c);

/* An __index: the place's url or kind, else a method of the table in the first upvalue.
 * [-0, +1, m] */
int place_index(lua_State *L, const char *url, const char *kind);

/* Reads { name = value, … } at `index`, all strings, into pairs sorted by name. [-0, +0, e] */
void pairs_read(lua_State *L, int index, struct pairs *out, const char *what);
/* [-0, +1, m] */
void pairs_push(lua_State *L, const struct pairs *p);
/* A string field of a message that may be absent. [-0, +0, m] */
void field_string(lua_State *L, const char *name, const char *value);

#endif
