/* SQLite table: items kept in one file, the embedded stand-in for DynamoDB with the same contract.
 * Owns its connection. A row is a key and the item as JSON, as DynamoDB writes it, so that people
 * can look at it with sqlite3 and its JSON functions. Each operation is one transaction, on the
 * disk before it is confirmed, and ends inside its start; one that fails has changed nothing. It
 * never blocks for longer than its busy timeout (3 s, while another process writes), then answers
 * "busy" (retryable). Files, their space and their errors: sqlite_file.h.
 *
 * Attributes keep the text they were given, and `if_equal` compares texts: a value that a person
 * wrote with other spaces, or a set in another order, is another value. A row that is no item
 * answers BadItem, which a PUT without condition or a DELETE puts right. */
#ifndef TIDEGATE_LOCAL_SQLITE_TABLE_H
#define TIDEGATE_LOCAL_SQLITE_TABLE_H

#include "base/table.h"

#define SQLITE_TABLE_NAME "widgets"      /* of sqlite:FILE without #NAME */

/* `place` is FILE or FILE#NAME, `key_name` the attribute that is the key. `create`: makes the file
 * and the table when they are missing; else a missing one is the error ResourceNotFoundException,
 * as is a missing directory in both cases. "BadPlace" for a name that is none or belongs to a
 * queue, "BadItem" for a key_name that is no attribute's name. */
struct table *sqlite_table_open(struct bytes place, struct bytes key_name, bool create,
                                struct err *err);

#endif
