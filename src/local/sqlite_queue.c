#include "local/sqlite_queue.h"

#include "base/random.h"
#include "local/sqlite_file.h"
#include "local/sqlite_message.h"

enum {
    VISIBILITY_S = 30,               /* of a new queue, as with SQS */
    LAPSED_MAX = 1000,               /* leases that one receive ends */
    CLOCK_STEP_MS = 1000             /* how exactly the newest time is written down */
};

enum { SETTINGS, SET_CLOCK, SHIFT, LAPSE, NEXT, LEASE, SEND, DELETE, HIDE, VISIBLE, HIDDEN };

/* A visible_ms of 0 says "now", so that what is ready stands together in the index, in the order
 * of n, the order in which messages were sent. The defaults let a person send with INSERT, and the
 * checks keep out what could never be received. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS tidegate_queues ("
    "  name TEXT PRIMARY KEY COLLATE NOCASE,"
    "  visibility_s INTEGER NOT NULL DEFAULT 30,"
    "  clock_ms INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "INSERT OR IGNORE INTO tidegate_queues (name) VALUES ('%1$s');"
    "CREATE TABLE \"%1$s\" ("
    "  n INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),"
    "  body TEXT NOT NULL CHECK (body <> ''),"
    "  attributes TEXT NOT NULL DEFAULT '{}',"
    "  group_id TEXT,"
    "  sent_ms INTEGER NOT NULL DEFAULT (strftime('%%s', 'now') * 1000),"
    "  visible_ms INTEGER NOT NULL DEFAULT 0 CHECK (visible_ms >= 0),"
    "  receives INTEGER NOT NULL DEFAULT 0,"
    "  receipt TEXT"
    ") STRICT;"
    "CREATE INDEX \"%1$s.visible\" ON \"%1$s\" (visible_ms);";

static const char *const statements[] = {
    [SETTINGS] = "SELECT visibility_s, clock_ms FROM tidegate_queues WHERE name = '%1$s'",
    [SET_CLOCK] = "INSERT INTO tidegate_queues (name, clock_ms) VALUES ('%1$s', ?1)"
                  " ON CONFLICT (name) DO UPDATE SET clock_ms = excluded.clock_ms",
    [SHIFT] = "UPDATE \"%1$s\" SET visible_ms = max(visible_ms - ?1, 1) WHERE visible_ms > 0",
    [LAPSE] = "UPDATE \"%1$s\" SET visible_ms = 0 WHERE n IN (SELECT n FROM \"%1$s\""
              " WHERE visible_ms > 0 AND visible_ms <= ?1 ORDER BY visible_ms LIMIT ?2)",
    [NEXT] = "SELECT " SQLITE_MESSAGE_COLUMNS " FROM \"%1$s\""
             " WHERE visible_ms = 0 ORDER BY n LIMIT ?1",
    [LEASE] = "UPDATE \"%1$s\" SET visible_ms = ?2, receives = ?3, receipt = ?4 WHERE n = ?1",
    [SEND] = "INSERT INTO \"%1$s\" (id, body, attributes, group_id, sent_ms, visible_ms)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [DELETE] = "DELETE FROM \"%1$s\" WHERE n = ?1 AND receipt = ?2",
    [HIDE] = "UPDATE \"%1$s\" SET visible_ms = ?3 WHERE n = ?1 AND receipt = ?2",
    [VISIBLE] = "SELECT count(*) FROM \"%1$s\" WHERE visible_ms <= ?1",
    [HIDDEN] = "SELECT count(*), count(*) FILTER (WHERE receives > 0) FROM \"%1$s\""
               " WHERE visible_ms > ?1",
    NULL,
};

static const struct sqlite_kind kind = {
    .noun = "queue",
    .missing = "NoSuchQueue",
    .columns = "n,id,body,attributes,group_id,sent_ms,visible_ms,receives,receipt",
    .schema = schema,
    .statements = statements,
};

struct sqlite_queue {
    struct queue queue;
    struct sqlite_file file;
    struct sqlite_clock clock;
    struct random random;
    bool parked;                     /* may be missing: then there is nothing in it */
};

/* Runs what answers with no row. */
static int run(struct sqlite_queue *q, sqlite3_stmt *s, struct err *err)
{
    return sqlite_file_step(&q->file, s, err) < 0 ? -1 : 0;
}

/* ---- time ---- */

struct moment {
    int64_t ms;
    int visibility_s;                /* of the queue */
    int64_t newest_ms;               /* the newest time that an operation wrote down */
};

static int read_moment(struct sqlite_queue *q, struct moment *m, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, SETTINGS, err);
    int64_t visibility_s = VISIBILITY_S;
    int rc = s ? sqlite_file_step(&q->file, s, err) : -1;
    *m = (struct moment){.ms = q->clock.now(q->clock.self).us / 1000};
    if (rc == 1) {
        visibility_s = sqlite3_column_int64(s, 0);
        m->newest_ms = sqlite3_column_int64(s, 1);
    }
    if (visibility_s < 0 || visibility_s > QUEUE_VISIBILITY_MAX_S)
        visibility_s = VISIBILITY_S;
    m->visibility_s = (int)visibility_s;
    return rc < 0 ? -1 : 0;
}

static int run_with(struct sqlite_queue *q, size_t which, int64_t value, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, which, err);
    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, value);
    return run(q, s, err);
}

/* The time of this transaction. It is read behind the lock, so that it is never older than what
 * another process wrote down, unless the clock was set back. Then all that is hidden is set back by
 * as much: it comes no earlier for that, and later only by the time that nobody wrote. */
static int look_at_clock(struct sqlite_queue *q, struct moment *m, struct err *err)
{
    int64_t back;
    if (read_moment(q, m, err))
        return -1;
    back = m->newest_ms - m->ms;
    if (back <= 0 && back > -CLOCK_STEP_MS)
        return 0;
    if (back > 0 && run_with(q, SHIFT, back, err))
        return -1;
    return run_with(q, SET_CLOCK, m->ms, err);
}

static int64_t visible_after(const struct moment *m, int seconds)
{
    return seconds > 0 ? m->ms + seconds * 1000LL : 0;
}

/* ---- receive ---- */

static int lapse(struct sqlite_queue *q, const struct moment *m, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, LAPSE, err);
    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, m->ms);
    sqlite3_bind_int(s, 2, LAPSED_MAX);
    return run(q, s, err);
}

static int collect(struct sqlite_queue *q, struct queue_op *op, int64_t numbers[QUEUE_BATCH])
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, NEXT, &op->op.err);
    int want = op->want < 1 ? 1 : op->want > QUEUE_BATCH ? QUEUE_BATCH : op->want, rc;
    char unique[37];
    if (!s)
        return -1;
    sqlite3_bind_int(s, 1, want);
    while ((rc = sqlite_file_step(&q->file, s, &op->op.err)) == 1) {
        random_uuid(&q->random, unique);
        op->received[op->received_count] = sqlite_message_read(s, unique,
                                                               &numbers[op->received_count]);
        op->received_count++;
    }
    return rc;
}

static int lease(struct sqlite_queue *q, struct queue_op *op, const struct moment *m,
                 const int64_t numbers[QUEUE_BATCH])
{
    int seconds = op->visibility_s >= 0 ? op->visibility_s : m->visibility_s;
    for (size_t i = 0; i < op->received_count; i++) {
        sqlite3_stmt *s = sqlite_file_ask(&q->file, LEASE, &op->op.err);
        if (!s)
            return -1;
        sqlite3_bind_int64(s, 1, numbers[i]);
        sqlite3_bind_int64(s, 2, visible_after(m, seconds));
        sqlite3_bind_int(s, 3, op->received[i]->receive_count);
        sqlite_bind_bytes(s, 4, bytes_of(op->received[i]->receipt));
        if (run(q, s, &op->op.err))
            return -1;
    }
    return 0;
}

static int receive(struct sqlite_queue *q, struct queue_op *op, const struct moment *m)
{
    int64_t numbers[QUEUE_BATCH];
    if (lapse(q, m, &op->op.err) || collect(q, op, numbers))
        return -1;
    return lease(q, op, m, numbers);
}

/* What was not leased after all is not given out. */
static void forget_received(struct queue_op *op)
{
    for (size_t i = 0; i < op->received_count; i++) {
        message_free(op->received[i]);
        op->received[i] = NULL;
    }
    op->received_count = 0;
}

/* ---- delete, extend, release, send ---- */

/* How many messages that changed, or -1. */
static int settle_one(struct sqlite_queue *q, enum queue_verb verb, const struct queue_entry *e,
                      const struct moment *m, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, verb == QUEUE_DELETE ? DELETE : HIDE, err);
    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, sqlite_message_number(e->receipt));
    sqlite_bind_bytes(s, 2, e->receipt);
    if (verb != QUEUE_DELETE)
        sqlite3_bind_int64(s, 3, visible_after(m, e->delay_s));
    return run(q, s, err) ? -1 : sqlite3_changes(q->file.db);
}

/* A receipt that is not the newest changes nothing and succeeds, as with SQS; only an extension
 * says so. */
static int settle(struct sqlite_queue *q, struct queue_op *op, const struct moment *m)
{
    for (size_t i = 0; i < op->entry_count; i++) {
        int changed = settle_one(q, op->verb, &op->entries[i], m, &op->op.err);
        if (changed < 0)
            return -1;
        if (!changed && op->verb == QUEUE_EXTEND)
            err_set(&op->entries[i].err, QUEUE_NOT_HELD, "the lease is over");
    }
    return 0;
}

static int insert(struct sqlite_queue *q, const struct queue_entry *e, const struct moment *m,
                  struct bytes attributes, struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, SEND, err);
    char id[37];
    if (!s)
        return -1;
    random_uuid(&q->random, id);
    sqlite_bind_bytes(s, 1, bytes_of(id));
    sqlite_bind_bytes(s, 2, e->body);
    sqlite_bind_bytes(s, 3, attributes);
    if (e->group_id.len)
        sqlite_bind_bytes(s, 4, e->group_id);
    sqlite3_bind_int64(s, 5, m->ms);
    sqlite3_bind_int64(s, 6, visible_after(m, e->delay_s));
    return run(q, s, err);
}

static int send_one(struct sqlite_queue *q, struct queue_entry *e, const struct moment *m,
                    struct err *err)
{
    struct buf attributes;
    int rc;
    buf_init(&attributes, SQLITE_ATTRIBUTES_MAX);
    rc = sqlite_message_write(&attributes, e->attributes)
             ? err_set(err, "InvalidMessageContents", "the attributes cannot be kept")
             : insert(q, e, m, buf_bytes(&attributes), err);
    buf_free(&attributes);
    return rc;
}

static int send_all(struct sqlite_queue *q, struct queue_op *op, const struct moment *m)
{
    for (size_t i = 0; i < op->entry_count; i++)
        if (!err_any(&op->entries[i].err) && send_one(q, &op->entries[i], m, &op->op.err))
            return -1;
    return 0;
}

/* ---- settings ---- */

static int count(struct sqlite_queue *q, size_t which, int64_t ms, int64_t out[2], struct err *err)
{
    sqlite3_stmt *s = sqlite_file_ask(&q->file, which, err);
    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, ms);
    if (sqlite_file_step(&q->file, s, err) < 0)
        return -1;
    out[0] = sqlite3_column_int64(s, 0);
    out[1] = sqlite3_column_count(s) > 1 ? sqlite3_column_int64(s, 1) : 0;
    return 0;
}

/* A clock that was set back counts as it will when the next operation writes. */
static int survey(struct sqlite_queue *q, struct queue_op *op)
{
    int64_t visible[2], hidden[2], ms;
    struct moment m;
    if (read_moment(q, &m, &op->op.err))
        return -1;
    ms = m.ms > m.newest_ms ? m.ms : m.newest_ms;
    if (count(q, VISIBLE, ms, visible, &op->op.err) || count(q, HIDDEN, ms, hidden, &op->op.err))
        return -1;
    op->settings.visibility_s = m.visibility_s;
    op->settings.visible = visible[0];
    op->settings.in_flight = hidden[1];
    op->settings.delayed = hidden[0] - hidden[1];
    return 0;
}

/* ---- the queue ---- */

static int change(struct sqlite_queue *q, struct queue_op *op)
{
    struct moment m;
    if (look_at_clock(q, &m, &op->op.err))
        return -1;
    if (op->verb == QUEUE_RECEIVE)
        return receive(q, op, &m);
    return op->verb == QUEUE_SEND ? send_all(q, op, &m) : settle(q, op, &m);
}

/* Inside the transaction. */
static int act(struct sqlite_queue *q, struct queue_op *op)
{
    int there = op->verb == QUEUE_SEND && q->parked
                    ? (sqlite_file_make_table(&q->file, &op->op.err) ? -1 : 1)
                    : sqlite_file_has_table(&q->file, &op->op.err);
    if (there < 0)
        return -1;
    if (!there)
        return q->parked ? 0 : sqlite_file_no_table(&q->file, &op->op.err);
    return op->verb == QUEUE_SETTINGS ? survey(q, op) : change(q, op);
}

/* Is there anything to do at all? */
static bool prepare(struct queue_op *op)
{
    size_t good = 0;
    op->settings.visibility_s = VISIBILITY_S;
    if (op->verb == QUEUE_RECEIVE || op->verb == QUEUE_SETTINGS)
        return true;
    for (size_t i = 0; i < op->entry_count; i++) {
        err_clear(&op->entries[i].err);
        good += op->verb != QUEUE_SEND || queue_entry_check(&op->entries[i]) == 0;
    }
    return good > 0;
}

static void start(struct queue *base, struct queue_op *op, struct monotime now)
{
    struct sqlite_queue *q = (struct sqlite_queue *)base;
    struct err *err = &op->op.err;
    (void)now;
    op_begin(&op->op, NULL, NULL);
    if (prepare(op) && sqlite_file_begin(&q->file, op->verb != QUEUE_SETTINGS, err) == 0 &&
        sqlite_file_end(&q->file, act(q, op), err))
        forget_received(op);
    op_finish(&op->op);
}

static void release(struct queue *base)
{
    struct sqlite_queue *q = (struct sqlite_queue *)base;
    sqlite_file_close(&q->file);
    mem_free(q);
}

static const struct queue_ops ops = {start, release};

static struct queue *open_queue(struct bytes place, const char *ending, enum sqlite_missing missing,
                                struct sqlite_clock clock, struct err *err)
{
    struct sqlite_queue *q;
    struct sqlite_place at;
    if (sqlite_place_read(&at, place, SQLITE_QUEUE_NAME, ending, err))
        return NULL;
    q = mem_new(sizeof *q);
    q->queue.ops = &ops;
    q->queue.url = mem_text(at.url);
    q->clock = clock;
    q->random = random_fresh();
    q->parked = missing == SQLITE_MISSING_LATER;
    if (sqlite_file_open(&q->file, at, &kind, missing, err) == 0)
        return &q->queue;
    queue_free(&q->queue);
    return NULL;
}

struct queue *sqlite_queue_open(struct bytes place, bool create, struct sqlite_clock clock,
                                struct err *err)
{
    return open_queue(place, "", create ? SQLITE_MISSING_MAKE : SQLITE_MISSING_FAIL, clock, err);
}

struct queue *sqlite_queue_parked(struct bytes place, struct sqlite_clock clock, struct err *err)
{
    return open_queue(place, SQLITE_PARKED, SQLITE_MISSING_LATER, clock, err);
}
