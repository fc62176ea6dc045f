/* DynamoDB question: the bodies of calls to DynamoDB, in JSON 1.0.
 * Pure; appends to the caller's buffer and keeps nothing.
 * No name and no value ever stands inside an expression: each has an alias, so that neither
 * reserved words nor what somebody wrote into a name can change what is asked. */
#ifndef TIDEGATE_AWS_DYNAMODB_QUESTION_H
#define TIDEGATE_AWS_DYNAMODB_QUESTION_H

#include "base/table.h"

/* An item and a condition as large as one, where most bytes are escaped. */
enum { DYNAMODB_QUESTION_MAX = 16 * ITEM_MAX };

/* What the operation asks of table `name`. A condition that fails is to answer with the item. -1
 * when the buffer is too small or the operation was not checked by table_start(). */
int dynamodb_ask(struct buf *out, const char *name, const char *key_name,
                 const struct table_op *op) MUSTCHECK;

#endif
