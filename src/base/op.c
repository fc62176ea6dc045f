#include "base/op.h"

#include <stddef.h>

void op_begin(struct op *op, void *provider, void (*abort)(struct op *op))
{
    err_clear(&op->err);
    op->done = false;
    op->provider = provider;
    op->abort = abort;
}

void op_finish(struct op *op)
{
    op->done = true;
    op->provider = NULL;
    op->abort = NULL;
    if (op->notify)
        op->notify(op);
}

void op_abort(struct op *op)
{
    void (*abort)(struct op *) = op->abort;
    op->abort = NULL;
    if (abort)
        abort(op);
    op->provider = NULL;
}
