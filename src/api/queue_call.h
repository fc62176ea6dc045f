/* Queue call: one operation on a queue that a script waits for; what all methods of a queue share.
 * It is a userdata on the stack of the coroutine that waits, above the queue's handle, and frees
 * its operation when it is collected. */
#ifndef TIDEGATE_API_QUEUE_CALL_H
#define TIDEGATE_API_QUEUE_CALL_H

#include "api/place.h"

struct queue_call {
    struct queue_op op;
    struct place_queue *place;
    const char *verb;                    /* "send" */
    struct pairs attributes[QUEUE_BATCH];
    char ids[QUEUE_BATCH][24];           /* keys for a bucket's messages that have none */
};

/* Guard before resource: collectable before it holds anything. [-0, +1, m] */
struct queue_call *queue_call_new(lua_State *L, struct place_queue *q, enum queue_verb verb,
                                  const char *name);
/* Use as `return queue_call_start(…)`. [-0, +0, e] */
int queue_call_start(lua_State *L, struct queue_call *c, lua_KFunction k);
/* nil, err: "send sqs://q: 503 SlowDown". [-0, +2, m] */
int queue_call_problem(lua_State *L, const struct queue_call *c, const struct err *err);
/* The continuation of a call with one entry: true, or nil, err. */
int queue_call_done(lua_State *L, int status, lua_KContext ctx);

/* The methods. */
int f_queue_send(lua_State *L);
int f_queue_send_batch(lua_State *L);
int f_queue_receive(lua_State *L);
int f_queue_delete(lua_State *L);
int f_queue_release(lua_State *L);
int f_queue_settings(lua_State *L);
int f_queue_parked(lua_State *L);

#endif
