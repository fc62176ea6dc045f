/* SQLite world: a directory, a clock that the test sets, and calls to queues and tables in SQLite
 * files, each run to its end, its answer as text that a test can compare. The world owns the
 * directory; what a test opens it closes. After a test listed as IN_WORLD(name) no memory, neither
 * ours nor SQLite's, and no descriptor is left, and every file in the directory is a whole database
 * without a log beside it. */
#ifndef TIDEGATE_TESTS_SQLITE_WORLD_H
#define TIDEGATE_TESTS_SQLITE_WORLD_H

#include "base/queue.h"
#include "leak_check.h"
#include "local/sqlite_queue.h"
#include "place.h"

enum { WORLD_RECEIPT = 80 };

struct sqlite_world {
    struct place place;
    int64_t now_ms;                              /* what the clock says */
    char receipts[QUEUE_BATCH][WORLD_RECEIPT];   /* of the last receive */
    bool rubbish;                                /* not all files are databases */
};

extern struct sqlite_world world;

int sqlite_world_begin(void **state);
int sqlite_world_end(void **state);

#define IN_WORLD(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, sqlite_world_begin, sqlite_world_end)

/* Whole path of a file in the world, with what stands behind it: "q.db#NAME". */
struct bytes world_at(const char *place);
struct sqlite_clock world_clock(void);
/* Must be opened; made when it is missing. */
struct queue *world_queue(const char *place);
struct queue *world_parked(const char *place);
/* Must not be opened: the error, which is printed into `text` with err_text() unless it is NULL. */
struct err world_refused(const char *place, bool create, char text[512]);

/* "body*count body*count", or "!" and the code of the error. */
const char *world_receive(struct queue *q, int want, int visibility_s);
/* The code of the error, "!" in front when it is that of the whole call; "" is success. */
const char *world_send(struct queue *q, const char *body, int delay_s);
const char *world_send_entry(struct queue *q, struct queue_entry entry);
const char *world_delete(struct queue *q, const char *receipt);
const char *world_release(struct queue *q, const char *receipt, int delay_s);
const char *world_extend(struct queue *q, const char *receipt, int delay_s);
/* "visible/in flight/delayed" */
const char *world_counts(struct queue *q);

/* What a person with sqlite3 does: runs SQL, and tells the first column of the rows, spaces between
 * them. */
const char *world_sql(const char *file, const char *sql);

#endif
