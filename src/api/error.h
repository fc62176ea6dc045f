/* Errors of the world, as scripts see them: nil, err.
 * err is a table with code, status, retryable, request_id and message, and prints as one sentence.
 * Misuse is never told this way: it raises. */
#ifndef TIDEGATE_API_ERROR_H
#define TIDEGATE_API_ERROR_H

#include "base/err.h"

#include <lua.h>

/* Pushes nil and the error; returns 2. `what` begins the printed sentence: "put s3://b/k". [-0, +2,
 * m] */
int error_push(lua_State *L, const struct err *err, const char *what);
/* Reads an error table back, for tide.exit_code(). [-0, +0, m] */
void error_read(lua_State *L, int index, struct err *out);
/* tide.error { code =, message =, … }: for Lua code that reports the world like C does. */
int f_error(lua_State *L);

#endif
