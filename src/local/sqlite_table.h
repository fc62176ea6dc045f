/* SQLite table: items kept in one file, the embedded stand-in for DynamoDB with the same contract.
 * Owns its connection. A row is a key and the item as JSON, as DynamoDB writes it, so that people
 * can look at it with sqlite3 and its JSON functions. Each operation is one transaction, on the
 * disk before it is confirmed, and ends inside its start. It never blocks for longer than its busy
 * timeout, then answers "busy" (retryable). */
#ifndef TIDEGATE_LOCAL_SQLITE_TABLE_H
#define TIDEGATE_LOCAL_SQLITE_TABLE_H

#include "base/table.h"

#define SQLITE_TABLE_NAME "widgets"      /* of sqlite:FILE without #NAME */

/* `place` is FILE or FILE#NAME, `key_name` the attribute that is the key. `create`: makes the file
 * and the table when they are missing; else a missing one is the error ResourceNotFoundException.
 * "BadPlace" for a name that is none or belongs to a queue. */
struct table *sqlite_table_open(struct bytes place, struct bytes key_name, bool create,
                                struct err *err);

#endif
