/* SQS answer: what SQS says when a call went well, in JSON 1.0.
 * Pure; what it reads goes to the operation, which owns it.
 * An answer that is cut, or of another shape than the API's, is the error "bad_answer" (retryable)
 * and never "no messages"; members that are not known are ignored. */
#ifndef TIDEGATE_AWS_SQS_ANSWER_H
#define TIDEGATE_AWS_SQS_ANSWER_H

#include "base/queue.h"

/* *url is the caller's to free. */
int sqs_read_url(struct bytes body, char **url, struct err *err) MUSTCHECK;
/* dead_letter is "sqs://NAME": the queue's own account and region, as SQS demands. */
int sqs_read_settings(struct bytes body, struct queue_settings *out, struct err *err) MUSTCHECK;
/* Fills received. A message without id, receipt or body, or whose body is not the one that was sent
 * (MD5), is left out and logged: it comes back. Attributes of type Binary keep the base64 text in
 * which they travel. */
int sqs_read_receive(struct bytes body, struct queue_op *op, struct err *err) MUSTCHECK;
/* Sets the err of each entry that was asked (bit n: entry n); one that the answer does not name
 * failed and may be tried again. */
int sqs_read_batch(struct bytes body, struct queue_op *op, unsigned asked,
                   struct err *err) MUSTCHECK;

#endif
