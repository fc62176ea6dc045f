/* DynamoDB: a table of that service, as the contract of base/table.h.
 * Owns its name; borrows the client, which outlives it.
 * It never scans, and never reads what may be old: reads are consistent ones. */
#ifndef TIDEGATE_AWS_DYNAMODB_H
#define TIDEGATE_AWS_DYNAMODB_H

#include "aws/call.h"
#include "base/table.h"

/* NULL with err "BadPlace" when the name cannot be a table's, or key_name an attribute's. */
struct table *dynamodb_table(struct client *client, struct bytes name, struct bytes key_name,
                             struct err *err);

#endif
