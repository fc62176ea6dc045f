/* SQS question: the bodies of calls to SQS, in JSON 1.0.
 * Pure; appends to the caller's buffer and keeps nothing.
 * The id of a batch entry is its position: a message may stand twice in a batch, its id may not.
 * It never asks for what SQS would refuse a whole batch for because of one entry. */
#ifndef TIDEGATE_AWS_SQS_QUESTION_H
#define TIDEGATE_AWS_SQS_QUESTION_H

#include "base/queue.h"

enum {
    SQS_BATCH_MAX = QUEUE_MESSAGE_MAX,               /* bytes of all bodies and attributes */
    SQS_QUESTION_MAX = 4 * SQS_BATCH_MAX             /* the same as JSON */
};

/* -1: the name or the URL is not UTF-8. */
int sqs_ask_url(struct buf *out, const char *name) MUSTCHECK;
int sqs_ask_settings(struct buf *out, const char *url) MUSTCHECK;
int sqs_ask_receive(struct buf *out, const char *url, const struct queue_op *op) MUSTCHECK;

/* DELETE, RELEASE or SEND of as many of the entries in *left (bit n: entry n) as fit into one call;
 * sets *asked to them and takes them out of *left. Entries that SQS cannot take get their err and
 * leave *left too; *asked is 0 when no other was there: then there is nothing to ask. To a FIFO
 * queue a message goes with the hash of its body as its deduplication id, which is what the queue
 * itself does where it deduplicates by content. */
int sqs_ask_batch(struct buf *out, const char *url, struct queue_op *op, bool fifo, unsigned *left,
                  unsigned *asked) MUSTCHECK;

#endif
