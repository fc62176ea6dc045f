/* Message, as handlers see it: a table with id, body, attributes, system, sent_at, receive_count,
 * group_id, source and lease_left(). A copy: it stays valid when the delivery is over. */
#ifndef TIDEGATE_API_MESSAGE_H
#define TIDEGATE_API_MESSAGE_H

#include "base/queue.h"

#include <lua.h>

/* Of queue:receive alone: the field that names this delivery. A handler answers with a verdict. */
#define MESSAGE_RECEIPT "receipt"

void message_open_class(lua_State *L);           /* [-0, +0, m] */
/* [-0, +1, m] */
void message_push(lua_State *L, const struct message *m, struct monotime lease_end,
                  const char *source);

#endif
