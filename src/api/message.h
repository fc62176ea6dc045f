/* Message, as handlers see it: a table with id, body, attributes, system, sent_at, receive_count,
 * group_id, source and lease_left(). A copy: it stays valid when the delivery is over. */
#ifndef TIDEGATE_API_MESSAGE_H
#define TIDEGATE_API_MESSAGE_H

#include "delivery/cache.h"

#include <lua.h>

void message_open_class(lua_State *L);           /* [-0, +0, m] */
void message_push(lua_State *L, const struct delivery *d, const char *source);   /* [-0, +1, m] */

#endif
