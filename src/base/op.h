/* Operation: one thing that was asked of the world and is not answered yet.
 * The waiter owns it and embeds it; the provider (a store, a queue, a transfer) borrows it from
 * start until it calls op_finish() or until the waiter calls op_abort(). After either, the provider
 * has forgotten it. It never runs Lua: `notify` marks, and the loop goes on. */
#ifndef TIDEGATE_BASE_OP_H
#define TIDEGATE_BASE_OP_H

#include "base/err.h"

struct op {
    struct err err; /* the provider fills it before op_finish(); an empty code means success */
    bool done;
    void (*notify)(struct op *op); /* the waiter's, may be NULL; called once by op_finish(), perhaps
                                      before start returns */
    void *waiter;                    /* the waiter's own */
    void (*abort)(struct op *op);    /* the provider's, set while something is under way */
    void *provider;                  /* the provider's own */
};

/* Begins: the provider says how it can be stopped. */
void op_begin(struct op *op, void *provider, void (*abort)(struct op *op));
/* Ends: the result is in place. The waiter may free the operation inside `notify`, so touch nothing
 * of it afterwards. */
void op_finish(struct op *op);
/* Stops what is under way, without notify. Does nothing when nothing is; may be called twice. */
void op_abort(struct op *op);

#endif
