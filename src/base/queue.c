#include "base/queue.h"

void message_free(struct message *m)
{
    if (!m)
        return;
    mem_free(m->id);
    mem_free(m->receipt);
    mem_free((void *)m->body.at);
    mem_free(m->group_id);
    pairs_free(&m->attributes);
    pairs_free(&m->system);
    mem_free(m);
}

void queue_op_init(struct queue_op *op, enum queue_verb verb)
{
    *op = (struct queue_op){.verb = verb, .visibility_s = -1};
}

void queue_op_free(struct queue_op *op)
{
    op_abort(&op->op);
    for (size_t i = 0; i < QUEUE_BATCH; i++) {
        message_free(op->received[i]);
        op->received[i] = NULL;
    }
    mem_free(op->settings.dead_letter);
    op->settings.dead_letter = NULL;
}

void queue_start(struct queue *q, struct queue_op *op, struct monotime now)
{
    op->asked_at = now;
    q->ops->start(q, op, now);
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    mem_free(q->url);
    q->url = NULL;
    q->ops->free(q);
}
