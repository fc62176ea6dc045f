/* SQLite file: one connection to a database file, and in it the one SQL table that a queue or a
 * table of items is kept in. Owns the connection and its prepared statements, which belong to the
 * process that opened them: in a fork all calls are refused, and closing leaves the file alone. It
 * waits for somebody else's write once in a transaction, SQLITE_BUSY_MS at most, and the only
 * thread stands still meanwhile; after such a wait in vain it asks without waiting, until it may
 * write again.
 *
 * What was committed is on the disk (write-ahead log, synchronous=FULL): it survives a kill at any
 * point, and power failure where the disk keeps its word. The next one to open the file repairs
 * what a dead process left. All that share a file must be on one machine. While it is open FILE-wal
 * and FILE-shm stand beside it; the last one that closes it writes the log back and removes both.
 * Pages that deletes free are used again; the file itself does not shrink (VACUUM does that), and
 * its log is cut back to SQLITE_LOG_BYTES. A file that was removed or replaced while it is open is
 * seen at the next transaction.
 *
 * Its errors: busy, disk_full, io (retryable); access_denied; not_a_database for other files;
 * "damaged" for what SQLite cannot read any more, or whose other tables are not as they were made;
 * BadPlace where the SQL table is of another kind; the kind's own where it is missing. */
#ifndef TIDEGATE_LOCAL_SQLITE_FILE_H
#define TIDEGATE_LOCAL_SQLITE_FILE_H

#include "local/sqlite_place.h"

#include <sqlite3.h>
#include <sys/types.h>

enum {
    SQLITE_BUSY_MS = 3000,
    SQLITE_LOG_BYTES = 4 * 1024 * 1024,
    SQLITE_KEPT_MAX = 20             /* statements, five of them the file's own */
};

/* What is kept in the SQL table. In SQL, %1$s is NAME. */
struct sqlite_kind {
    const char *noun;                /* "queue" */
    const char *missing;             /* the error where it is not there */
    const char *columns;             /* "key,item": by these the SQL table is known */
    const char *schema;              /* makes it and what belongs to it */
    const char *const *statements;   /* ended by NULL */
};

/* What to do about a missing SQL table. A missing file is made with MAKE only. */
enum sqlite_missing { SQLITE_MISSING_FAIL, SQLITE_MISSING_MAKE, SQLITE_MISSING_LATER };

struct sqlite_file {
    sqlite3 *db;
    struct sqlite_place place;
    const struct sqlite_kind *kind;
    sqlite3_stmt *kept[SQLITE_KEPT_MAX];
    pid_t owner;
    bool there;                      /* the SQL table was seen, or made */
    bool held;                       /* the last wait to write was in vain */
};

/* Takes over `place`, whatever comes of it; after -1 there is nothing to close. */
int sqlite_file_open(struct sqlite_file *f, struct sqlite_place place,
                     const struct sqlite_kind *kind, enum sqlite_missing missing,
                     struct err *err) MUSTCHECK;
void sqlite_file_close(struct sqlite_file *f);           /* may be called twice */

/* Begins a transaction, to write or only to read; to be ended even when what came next failed:
 * `rc` 0 commits, anything else undoes. Each says 0, or -1 with err; end says -1 too when rc was
 * not 0, and leaves that error alone. */
int sqlite_file_begin(struct sqlite_file *f, bool write, struct err *err) MUSTCHECK;
int sqlite_file_end(struct sqlite_file *f, int rc, struct err *err);

/* Inside a transaction. 1: the SQL table is there; 0: it is not; -1 with err. */
int sqlite_file_has_table(struct sqlite_file *f, struct err *err) MUSTCHECK;
/* The kind's error for one that is not there; -1. */
int sqlite_file_no_table(const struct sqlite_file *f, struct err *err);
/* Makes it when it is not there. */
int sqlite_file_make_table(struct sqlite_file *f, struct err *err) MUSTCHECK;

/* The kind's statement of that number, with nothing bound; NULL with err. */
sqlite3_stmt *sqlite_file_ask(struct sqlite_file *f, size_t which, struct err *err) MUSTCHECK;
/* 1: a row is there to be read; 0: there are no more; -1 with err. */
int sqlite_file_step(struct sqlite_file *f, sqlite3_stmt *s, struct err *err) MUSTCHECK;

/* Text, borrowed until the statement is asked again or the transaction ends. */
void sqlite_bind_bytes(sqlite3_stmt *s, int at, struct bytes text);
/* Borrowed until the next step; NULL is empty. */
struct bytes sqlite_column(sqlite3_stmt *s, int at);

#endif
