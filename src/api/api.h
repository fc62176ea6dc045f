/* API: what scripts get from `require "tidegate"`, and nothing else.
 * One file a class; this header names the functions that make up the table. Each is arguments, one
 * core call, push. No policy lives here. */
#ifndef TIDEGATE_API_API_H
#define TIDEGATE_API_API_H

#include <lua.h>

/* Registers the modules in package.preload. Argument: the host, a light userdata. */
int api_open(lua_State *L);

int f_consume(lua_State *L);
void consume_open_class(lua_State *L);           /* [-0, +0, m] */

int f_lock(lua_State *L);
void lock_open_class(lua_State *L);              /* [-0, +0, m] */

void log_open(lua_State *L);  /* adds tide.log to the table on top; [-0, +0, m] */
void terminal_open(lua_State *L); /* adds terminal, status, stdout and stderr, and takes print
                                     over; [-0, +0, m] */
void wait_open(lua_State *L); /* adds sleep and spawn to the table on top; [-0, +0, m] */
int luaopen_tidegate_inspect(lua_State *L); /* what is alive, and fault injection: for `tidegate
                                               test` */

#endif
