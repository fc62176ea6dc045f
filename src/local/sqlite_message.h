/* SQLite message: one row of a SQLite queue as the message it is, and its attributes as the JSON
 * object that stands in the row. Owns nothing: messages are the caller's. It asks no question of
 * the file and never refuses a row: what a person wrote by hand and cannot be read is left out. */
#ifndef TIDEGATE_LOCAL_SQLITE_MESSAGE_H
#define TIDEGATE_LOCAL_SQLITE_MESSAGE_H

#include "base/queue.h"

#include <sqlite3.h>

/* What is read of a row, in the order that sqlite_message_read() wants. */
#define SQLITE_MESSAGE_COLUMNS "n, id, body, attributes, group_id, sent_ms, receives"

/* The message as this delivery gives it: its receive count is one more than in the row. The receipt
 * names the row by its number `n`, so that it is found without an index; `unique` tells deliveries
 * apart. */
struct message *sqlite_message_read(sqlite3_stmt *row, const char *unique, int64_t *n) MUSTCHECK;
/* The number in a receipt, -1 when it is none of ours. */
int64_t sqlite_message_number(struct bytes receipt);

/* More than the attributes of any message that may be sent, as JSON. */
enum { SQLITE_ATTRIBUTES_MAX = 4 * QUEUE_MESSAGE_MAX };

/* The attributes as a JSON object; NULL is none. -1 when they are not UTF-8 or too long. */
int sqlite_message_write(struct buf *out, const struct pairs *attributes) MUSTCHECK;

#endif
