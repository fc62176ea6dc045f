#include "local/sqlite_file.h"

#include "base/buf.h"
#include "local/tree.h"

#include <errno.h>
#include <unistd.h>

enum { SQL_MAX = 4096, COLUMNS_MAX = 64 * 1024, WAL_PAUSE_MS = 20 };

enum { BEGIN, BEGIN_WRITE, COMMIT, ROLLBACK, COLUMNS, OWN };

static const char *const own[OWN] = {
    [BEGIN] = "BEGIN",
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [COLUMNS] = "SELECT group_concat(name) FROM"
                " (SELECT name FROM pragma_table_info('%1$s') ORDER BY cid)",
};

/* ---- errors ---- */

static const struct trouble {
    int number;
    const char *code;
    bool retryable;
} troubles[] = {
    {SQLITE_BUSY, "busy", true},
    {SQLITE_LOCKED, "busy", true},
    {SQLITE_FULL, "disk_full", true},
    {SQLITE_IOERR, "io", true},
    {SQLITE_CANTOPEN, "io", true},
    {SQLITE_READONLY, "access_denied", false},
    {SQLITE_PERM, "access_denied", false},
    {SQLITE_NOTADB, "not_a_database", false},
};

static int missing(const struct sqlite_file *f, const char *fmt, struct err *err)
{
    err_set(err, f->kind->missing, fmt, f->place.file, f->place.name, f->kind->noun);
    err->status = 400;               /* as the services answer that */
    return -1;
}

static const char no_file[] = "there is no file \"%1$.250s\"";
static const char no_table[] = "in \"%1$.180s\" there is no %3$s \"%2$s\"";
static const char moved_away[] = "\"%1$.250s\" was removed or replaced while it was open";

/* What the system said, where that explains what SQLite says; else it may be of something else. */
static int system_problem(sqlite3 *db)
{
    int number = sqlite3_errcode(db) & 0xFF, system = sqlite3_system_errno(db);
    if (number != SQLITE_IOERR && number != SQLITE_CANTOPEN)
        return 0;
    return system == ENOSPC || system == EDQUOT || system == EACCES || system == EPERM ||
                   system == EROFS ? system : 0;
}

/* Says what went wrong in the last call. */
static int problem(struct sqlite_file *f, struct err *err)
{
    int number = sqlite3_errcode(f->db) & 0xFF, system = system_problem(f->db);
    struct trouble found = {number, "damaged", false};
    if (number == SQLITE_NOMEM)
        mem_exhausted();
    if (system)
        return tree_err(err, bytes_of(f->place.file), system);
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (troubles[i].number == number)
            found = troubles[i];
    err_set(err, found.code, "%.200s: %s", f->place.file, sqlite3_errmsg(f->db));
    err->retryable = found.retryable;
    return -1;
}

/* ---- statements ---- */

/* Prepared when it is first asked for, and kept. */
static sqlite3_stmt *statement(struct sqlite_file *f, size_t at, struct err *err)
{
    struct buf sql;
    if (f->kept[at])
        return f->kept[at];
    buf_init(&sql, SQL_MAX);
    buf_printf(&sql, at < OWN ? own[at] : f->kind->statements[at - OWN], f->place.name);
    if (sqlite3_prepare_v3(f->db, buf_string(&sql), -1, SQLITE_PREPARE_PERSISTENT, &f->kept[at],
                           NULL))
        problem(f, err);
    buf_free(&sql);
    return f->kept[at];
}

static void rest(sqlite3_stmt *s)
{
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

static int step(struct sqlite_file *f, sqlite3_stmt *s, struct err *err)
{
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        problem(f, err);
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

static int run(struct sqlite_file *f, size_t at, struct err *err)
{
    sqlite3_stmt *s = statement(f, at, err);
    int rc = s ? step(f, s, err) : -1;
    if (rc == 1)
        sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

static int run_text(struct sqlite_file *f, const char *text, struct err *err)
{
    struct buf sql;
    int rc;
    buf_init(&sql, SQL_MAX);
    buf_printf(&sql, text, f->place.name);
    rc = sqlite3_exec(f->db, buf_string(&sql), NULL, NULL, NULL) ? problem(f, err) : 0;
    buf_free(&sql);
    return rc;
}

/* An SQL table that went away says so in an error of SQL. */
static int vanished(struct sqlite_file *f, struct err *err)
{
    if (sqlite3_errcode(f->db) != SQLITE_ERROR)
        return -1;
    f->there = false;
    return sqlite_file_has_table(f, err) == 0 ? sqlite_file_no_table(f, err) : -1;
}

sqlite3_stmt *sqlite_file_ask(struct sqlite_file *f, size_t which, struct err *err)
{
    sqlite3_stmt *s = statement(f, OWN + which, err);
    if (s)
        rest(s);
    else
        vanished(f, err);
    return s;
}

int sqlite_file_step(struct sqlite_file *f, sqlite3_stmt *s, struct err *err)
{
    int rc = step(f, s, err);
    return rc < 0 ? vanished(f, err) : rc;
}

void sqlite_bind_bytes(sqlite3_stmt *s, int at, struct bytes text)
{
    sqlite3_bind_text64(s, at, text.at ? text.at : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct bytes sqlite_column(sqlite3_stmt *s, int at)
{
    const char *text = (const char *)sqlite3_column_text(s, at);
    return (struct bytes){text ? text : "", text ? (size_t)sqlite3_column_bytes(s, at) : 0};
}

/* ---- transactions ---- */

/* A file that is not where it was takes writes that nobody will ever find. */
static int check_file(struct sqlite_file *f, struct err *err)
{
    int moved = 0;
    if (f->owner != getpid())
        return err_set(err, "io", "%.200s: it was opened by another process, before the fork",
                       f->place.file);
    if (sqlite3_file_control(f->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) || !moved)
        return 0;
    return missing(f, moved_away, err);
}

/* Who has waited once for somebody that stays must not wait again for each of many handlers: the
 * signals, the leases and all other places wait with it. */
static int begin_write(struct sqlite_file *f, struct err *err)
{
    int rc;
    sqlite3_busy_timeout(f->db, f->held ? 0 : SQLITE_BUSY_MS);
    rc = run(f, BEGIN_WRITE, err);
    f->held = rc && err_is(err, "busy");
    sqlite3_busy_timeout(f->db, SQLITE_BUSY_MS);
    return rc;
}

int sqlite_file_begin(struct sqlite_file *f, bool write, struct err *err)
{
    if (check_file(f, err))
        return -1;
    return write ? begin_write(f, err) : run(f, BEGIN, err);
}

int sqlite_file_end(struct sqlite_file *f, int rc, struct err *err)
{
    struct err unused;
    for (size_t i = 0; i < SQLITE_KEPT_MAX; i++)
        if (f->kept[i])
            rest(f->kept[i]);
    if (rc == 0)
        rc = run(f, COMMIT, err);
    if (rc && !sqlite3_get_autocommit(f->db))
        run(f, ROLLBACK, &unused);
    return rc ? -1 : 0;
}

/* ---- the SQL table ---- */

static int other_kind(const struct sqlite_file *f, struct bytes columns, struct err *err)
{
    return err_set(err, "BadPlace", "\"%s\" in \"%.120s\" is no %s: the SQL table of that name has "
                   "the columns %.*s", f->place.name, f->place.file, f->kind->noun,
                   columns.len > 80 ? 80 : (int)columns.len, columns.at);
}

int sqlite_file_has_table(struct sqlite_file *f, struct err *err)
{
    sqlite3_stmt *s = f->there ? NULL : statement(f, COLUMNS, err);
    struct bytes columns;
    int rc;
    if (f->there)
        return 1;
    if (!s || step(f, s, err) < 0)
        return -1;
    columns = sqlite_column(s, 0);
    f->there = bytes_is(columns, f->kind->columns);
    rc = f->there ? 1 : columns.len ? other_kind(f, columns, err) : 0;
    sqlite3_reset(s);
    return rc;
}

int sqlite_file_no_table(const struct sqlite_file *f, struct err *err)
{
    return missing(f, no_table, err);
}

int sqlite_file_make_table(struct sqlite_file *f, struct err *err)
{
    int there = sqlite_file_has_table(f, err);
    if (there)
        return there < 0 ? -1 : 0;
    if (run_text(f, f->kind->schema, err))
        return -1;
    return sqlite_file_has_table(f, err) == 1 ? 0 : -1;
}

/* ---- opening and closing ---- */

static int connect(struct sqlite_file *f, bool create, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(f->place.path, &f->db, flags, NULL))
        return problem(f, err);
    if (sqlite3_db_readonly(f->db, "main") == 1)
        return err_set(err, "access_denied", "%.200s: the file may not be written", f->place.file);
    sqlite3_busy_timeout(f->db, SQLITE_BUSY_MS);
    return 0;
}

/* Two that open a new file at once get in each other's way here, and SQLite does not wait by
 * itself, since one of them might hold what the other needs. */
static int write_ahead(struct sqlite_file *f, struct err *err)
{
    int rc = SQLITE_BUSY;
    sqlite3_busy_timeout(f->db, 0);
    for (int left = SQLITE_BUSY_MS / WAL_PAUSE_MS; rc == SQLITE_BUSY && left > 0; left--) {
        rc = sqlite3_exec(f->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) & 0xFF;
        if (rc == SQLITE_BUSY && left > 1)
            sqlite3_sleep(WAL_PAUSE_MS);
    }
    if (rc)
        return problem(f, err);
    sqlite3_busy_timeout(f->db, SQLITE_BUSY_MS);
    return 0;
}

static int set_up(struct sqlite_file *f, struct err *err)
{
    struct buf sql;
    int rc;
    if (write_ahead(f, err))
        return -1;
    buf_init(&sql, SQL_MAX);
    buf_printf(&sql, "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=%d", SQLITE_LOG_BYTES);
    rc = run_text(f, buf_string(&sql), err);
    buf_free(&sql);
    return rc;
}

static int find_table(struct sqlite_file *f, enum sqlite_missing how, struct err *err)
{
    int there = sqlite_file_has_table(f, err);
    if (there == 0 && how == SQLITE_MISSING_FAIL)
        return sqlite_file_no_table(f, err);
    if (there < 0 || set_up(f, err))
        return -1;
    if (there || how == SQLITE_MISSING_LATER)
        return 0;
    if (sqlite_file_begin(f, true, err))
        return -1;
    return sqlite_file_end(f, sqlite_file_make_table(f, err), err);
}

int sqlite_file_open(struct sqlite_file *f, struct sqlite_place place,
                     const struct sqlite_kind *kind, enum sqlite_missing how, struct err *err)
{
    bool create = how == SQLITE_MISSING_MAKE;
    int there, rc = -1;
    *f = (struct sqlite_file){.place = place, .kind = kind, .owner = getpid()};
    there = sqlite_place_look(&f->place, create, kind->missing, err);
    if (there == 0 && !create)
        missing(f, no_file, err);
    else if (there >= 0)
        rc = connect(f, create, err) || find_table(f, how, err) ? -1 : 0;
    if (rc)
        sqlite_file_close(f);
    return rc;
}

void sqlite_file_close(struct sqlite_file *f)
{
    if (f->db && f->owner == getpid()) {
        for (size_t i = 0; i < SQLITE_KEPT_MAX; i++)
            sqlite3_finalize(f->kept[i]);
        sqlite3_close(f->db);
    }
    sqlite_place_free(&f->place);
    *f = (struct sqlite_file){0};
}
