#include "sqlite_world.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { TEXTS = 8, TEXT_MAX = 64 * 1024 };

struct sqlite_world world;

static size_t descriptors_before;
static int64_t memory_before;

static char *text(void)
{
    static char texts[TEXTS][TEXT_MAX];
    static size_t next;
    char *t = texts[next++ % TEXTS];
    t[0] = 0;
    return t;
}

static size_t count_names(const char *dir, const char *ending)
{
    DIR *list = opendir(dir);
    size_t count = 0;
    assert_non_null(list);
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        size_t len = strlen(e->d_name), tail = strlen(ending);
        count += len >= tail && strcmp(e->d_name + len - tail, ending) == 0;
    }
    closedir(list);
    return count;
}

int sqlite_world_begin(void **state)
{
    leak_check_begin(state);
    world = (struct sqlite_world){.now_ms = 1700000000000};
    place_make(&world.place);
    sqlite3_initialize();
    memory_before = sqlite3_memory_used();
    descriptors_before = count_names("/proc/self/fd", "");
    return 0;
}

static void assert_whole(const char *dir)
{
    DIR *list = opendir(dir);
    assert_int_equal(count_names(dir, "-wal") + count_names(dir, "-shm"), 0);
    for (struct dirent *e; !world.rubbish && (e = readdir(list)) != NULL;)
        if (e->d_type == DT_REG)
            assert_string_equal(world_sql(e->d_name, "PRAGMA integrity_check"), "ok");
    closedir(list);
}

int sqlite_world_end(void **state)
{
    assert_whole(world.place.dir);
    assert_int_equal(sqlite3_memory_used(), memory_before);
    assert_int_equal(count_names("/proc/self/fd", ""), descriptors_before);
    place_remove(&world.place);
    return leak_check_end(state);
}

/* ---- opening ---- */

struct bytes world_at(const char *place)
{
    return bytes_of(place_path(&world.place, place));
}

static struct walltime now(void *self)
{
    return (struct walltime){((struct sqlite_world *)self)->now_ms * 1000};
}

struct sqlite_clock world_clock(void)
{
    return (struct sqlite_clock){now, &world};
}

static struct queue *opened(struct queue *q, const struct err *err)
{
    if (!q)
        fail_msg("%s: %s", err->code, err->message);
    return q;
}

struct queue *world_queue(const char *place)
{
    struct err err;
    return opened(sqlite_queue_open(world_at(place), true, world_clock(), &err), &err);
}

struct queue *world_parked(const char *place)
{
    struct err err;
    return opened(sqlite_queue_parked(world_at(place), world_clock(), &err), &err);
}

struct err world_refused(const char *place, bool create, char said[512])
{
    struct err err = {0};
    assert_null(sqlite_queue_open(world_at(place), create, world_clock(), &err));
    if (said)
        err_text(&err, "", said, 512);
    return err;
}

/* ---- calls ---- */

static void count_one(struct op *op)
{
    ++*(int *)op->waiter;
}

static void run(struct queue *q, struct queue_op *op)
{
    int notified = 0;
    op->op.notify = count_one;
    op->op.waiter = &notified;
    queue_start(q, op, (struct monotime){0});
    assert_true(op->op.done);
    assert_int_equal(notified, 1);
}

const char *world_receive(struct queue *q, int want, int visibility_s)
{
    struct queue_op op;
    char *t = text();
    size_t at = 0;
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = want;
    op.visibility_s = visibility_s;
    run(q, &op);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    for (size_t i = 0; i < op.received_count; i++) {
        const struct message *m = op.received[i];
        at += (size_t)snprintf(t + at, TEXT_MAX - at, "%s%s*%d", i ? " " : "", m->body.at,
                               m->receive_count);
        snprintf(world.receipts[i], WORLD_RECEIPT, "%s", m->receipt);
    }
    queue_op_free(&op);
    return t;
}

static const char *one(struct queue *q, enum queue_verb verb, struct queue_entry entry)
{
    struct queue_op op;
    char *t = text();
    queue_op_init(&op, verb);
    op.entries[0] = entry;
    op.entry_count = 1;
    run(q, &op);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    else
        snprintf(t, TEXT_MAX, "%s", op.entries[0].err.code);
    queue_op_free(&op);
    return t;
}

const char *world_send_entry(struct queue *q, struct queue_entry entry)
{
    return one(q, QUEUE_SEND, entry);
}

const char *world_send(struct queue *q, const char *body, int delay_s)
{
    return one(q, QUEUE_SEND, (struct queue_entry){.body = bytes_of(body), .delay_s = delay_s});
}

const char *world_delete(struct queue *q, const char *receipt)
{
    return one(q, QUEUE_DELETE, (struct queue_entry){.receipt = bytes_of(receipt)});
}

const char *world_release(struct queue *q, const char *receipt, int delay_s)
{
    struct queue_entry entry = {.receipt = bytes_of(receipt), .delay_s = delay_s};
    return one(q, QUEUE_RELEASE, entry);
}

const char *world_extend(struct queue *q, const char *receipt, int delay_s)
{
    struct queue_entry entry = {.receipt = bytes_of(receipt), .delay_s = delay_s};
    return one(q, QUEUE_EXTEND, entry);
}

const char *world_counts(struct queue *q)
{
    struct queue_op op;
    char *t = text();
    queue_op_init(&op, QUEUE_SETTINGS);
    run(q, &op);
    if (err_any(&op.op.err))
        snprintf(t, TEXT_MAX, "!%s", op.op.err.code);
    else
        snprintf(t, TEXT_MAX, "%d/%d/%d", (int)op.settings.visible, (int)op.settings.in_flight,
                 (int)op.settings.delayed);
    queue_op_free(&op);
    return t;
}

/* ---- sqlite3 ---- */

static void tell_rows(sqlite3 *db, const char **sql, char *t)
{
    sqlite3_stmt *s;
    size_t at = strlen(t);
    if (sqlite3_prepare_v2(db, *sql, -1, &s, sql))
        fail_msg("%s", sqlite3_errmsg(db));
    while (s && sqlite3_step(s) == SQLITE_ROW)
        at += (size_t)snprintf(t + at, TEXT_MAX - at, "%s%s", at ? " " : "",
                               (const char *)sqlite3_column_text(s, 0));
    if (sqlite3_finalize(s))
        fail_msg("%s", sqlite3_errmsg(db));
}

const char *world_sql(const char *file, const char *sql)
{
    sqlite3 *db;
    char *t = text();
    assert_int_equal(sqlite3_open(place_path(&world.place, file), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    while (sql[0])
        tell_rows(db, &sql, t);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return t;
}
