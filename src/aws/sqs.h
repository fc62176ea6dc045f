/* SQS: a queue of that service, as the contract of base/queue.h.
 * Owns its name and, once looked up, its URL; borrows the client, which outlives it.
 * A queue URL travels in the body of each call; calls go to the client's endpoint, never to the
 * host that stands in the URL. */
#ifndef TIDEGATE_AWS_SQS_H
#define TIDEGATE_AWS_SQS_H

#include "aws/call.h"
#include "base/queue.h"

/* A name, "sqs://NAME" or a queue URL. NULL with err "BadQueue". */
struct queue *sqs_queue(struct client *client, struct bytes name_or_url, struct err *err);

#endif
