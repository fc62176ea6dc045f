/* DynamoDB answer: what DynamoDB says, in JSON 1.0.
 * Pure; what it reads goes to the caller's pairs, which own it.
 * An answer that is cut, or of another shape than the API's, is the error "bad_answer" (retryable)
 * and never "no item"; members that are not known are ignored. */
#ifndef TIDEGATE_AWS_DYNAMODB_ANSWER_H
#define TIDEGATE_AWS_DYNAMODB_ANSWER_H

#include "base/item.h"

/* `header` is x-amz-crc32, the checksum of the body; one that is empty says nothing. */
int dynamodb_check_sum(struct bytes body, struct bytes header, struct err *err) MUSTCHECK;

/* The member Item of an answer to GetItem, or of a condition that failed; *found says whether there
 * is one. An item without the key attribute is no item of the table. */
int dynamodb_read_item(struct bytes body, const char *key_name, bool *found, struct pairs *item,
                       struct err *err) MUSTCHECK;
/* An answer that says no more than that it went well. */
int dynamodb_read_done(struct bytes body, struct err *err) MUSTCHECK;

/* DynamoDB has no code of its own for an item that is too large: only its sentence says so. That
 * becomes the code ItemTooLarge. */
void dynamodb_name_refusal(struct err *err);

#endif
