#include "base/queue.h"

#include "base/utf8.h"

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

size_t message_size(const struct message *m)
{
    size_t size = m->body.len;
    for (size_t i = 0; i < m->attributes.count; i++)
        size += m->attributes.at[i].name.len + m->attributes.at[i].value.len;
    return size;
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

/* ---- what may be sent ---- */

static bool sendable(struct bytes text)
{
    if (!text.len || utf8_check(text) != text.len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
            return false;
        if (c == 0xEF && (bytes_starts(bytes_from(text, i), "\xEF\xBF\xBE") ||
                          bytes_starts(bytes_from(text, i), "\xEF\xBF\xBF")))
            return false;
    }
    return true;
}

size_t queue_entry_size(const struct queue_entry *e)
{
    size_t size = e->body.len;
    for (size_t i = 0; e->attributes && i < e->attributes->count; i++)
        size += e->attributes->at[i].name.len + e->attributes->at[i].value.len +
                sizeof "String" - 1;
    return size;
}

int queue_entry_check(struct queue_entry *e)
{
    size_t size = queue_entry_size(e);
    if (!sendable(e->body))
        return err_set(&e->err, "InvalidMessageContents", "a queue takes no message that is empty, "
                       "or not UTF-8, or holds control characters");
    for (size_t i = 0; e->attributes && i < e->attributes->count; i++)
        if (!sendable(e->attributes->at[i].value) || !sendable(e->attributes->at[i].name))
            return err_set(&e->err, "InvalidMessageContents", "a queue does not take the value of "
                           "attribute \"%.60s\"", e->attributes->at[i].name.at);
    if (size > QUEUE_MESSAGE_MAX)
        return err_set(&e->err, "MessageTooLong", "the message has %zu bytes, over the %d that a "
                       "queue takes", size, QUEUE_MESSAGE_MAX);
    return 0;
}

/* ---- the queue ---- */

void queue_free(struct queue *q)
{
    if (!q)
        return;
    mem_free(q->url);
    q->url = NULL;
    q->ops->free(q);
}
