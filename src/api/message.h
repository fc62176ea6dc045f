/* Message, as handlers see it: a table with id, body, attributes, system, sent_at, receive_count,
 * group_id, source and lease_left(). A copy: it stays valid when the delivery is over. */
#ifndef TIDEGATE_API_MESSAGE_H
#define TIDEGATE_API_MESSAGE_H

#include "base/queue.h"

#include <lua.h>

/* Of queue:receive alone: the field that names this delivery. A handler answers with a verdict. */
#define MESSAGE_RECEIPT "receipt"

void message_open_class(lua_State *L);           /* [-0, +0, m] */
/* Pushes its lease and, above it, the message. What is returned is the end of the lease as the
 * message tells it: it may be changed as long as the lease stands on the stack. [-0, +2, m] */
struct monotime *message_push(lua_State *L, const struct message *m, struct monotime lease_end,
                              const char *source);

#endif
