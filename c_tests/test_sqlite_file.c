/* What a SQLite place may be called, and files that are missing, foreign, damaged, guarded, in
 * use, full or gone. */
#include "sqlite_world.h"

#include "local/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define TEN "0123456789"
#define EIGHTY TEN TEN TEN TEN TEN TEN TEN TEN

/* ---- places ---- */

static const struct {
    struct bytes text;
    const char *path, *name, *url;               /* of a good one */
    const char *problem;
} places[] = {
    {TEXT("q.db"), "./q.db", "usual", "sqlite:q.db#usual", NULL},
    {TEXT("q.db#N_1-a"), "./q.db", "N_1-a", "sqlite:q.db#N_1-a", NULL},
    {TEXT("/a b/%41?x&é.db#n"), "/a b/%41?x&é.db", "n", "sqlite:/a b/%41?x&é.db#n", NULL},
    {TEXT(":memory:"), "./:memory:", "usual", "sqlite::memory:#usual", NULL},
    {TEXT("file:x?mode=memory#n"), "./file:x?mode=memory", "n", "sqlite:file:x?mode=memory#n",
     NULL},
    {TEXT("q#" EIGHTY), "./q", EIGHTY, "sqlite:q#" EIGHTY, NULL},
    {TEXT("q#" EIGHTY "-parked"), "./q", EIGHTY "-parked", "sqlite:q#" EIGHTY "-parked", NULL},
    {TEXT(""), NULL, NULL, NULL, "path of a file"},
    {TEXT("#n"), NULL, NULL, NULL, "path of a file"},
    {TEXT("a\0b"), NULL, NULL, NULL, "path of a file"},
    {TEXT("q#"), NULL, NULL, NULL, "1 to 80 characters"},
    {TEXT("q#" EIGHTY "1"), NULL, NULL, NULL, "1 to 80 characters"},
    {TEXT("q#a#b"), NULL, NULL, NULL, "\"a#b\" cannot stand"},
    {TEXT("q#a.b"), NULL, NULL, NULL, "\"a.b\" cannot stand"},
    {TEXT("q#a\"b"), NULL, NULL, NULL, "cannot stand"},
    {TEXT("q#a\0b"), NULL, NULL, NULL, "cannot stand"},
    {TEXT("q#\xC3\xA9"), NULL, NULL, NULL, "cannot stand"},
    {TEXT("q#SQLite_master"), NULL, NULL, NULL, "are taken"},
    {TEXT("q#tidegate_queues"), NULL, NULL, NULL, "are taken"},
};

static void places_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct sqlite_place p;
        struct err err = {0};
        int rc = sqlite_place_read(&p, places[i].text, "usual", "", &err);
        assert_int_equal(rc, places[i].problem ? -1 : 0);
        assert_string_equal(err.code, places[i].problem ? "BadPlace" : "");
        if (places[i].problem) {
            assert_non_null(strstr(err.message, places[i].problem));
            continue;
        }
        assert_string_equal(p.path, places[i].path);
        assert_string_equal(p.name, places[i].name);
        assert_string_equal(p.url, places[i].url);
        sqlite_place_free(&p);
    }
}

static void a_path_may_not_be_too_long(void **state)
{
    char path[SQLITE_PATH_LEN + 2];
    struct sqlite_place p;
    struct err err;
    (void)state;
    memset(path, 'a', sizeof path);
    assert_int_equal(sqlite_place_read(&p, (struct bytes){path, SQLITE_PATH_LEN + 1}, "n", "",
                                       &err), -1);
    assert_string_equal(err.code, "BadPlace");
    assert_int_equal(sqlite_place_read(&p, (struct bytes){path, SQLITE_PATH_LEN}, "n", "", &err),
                     0);
    sqlite_place_free(&p);
    sqlite_place_free(&p);
}

static void any_path_is_a_file(void **state)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%41&'\".db", "é"};
    char here[PLACE_PATH];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(world.place.dir), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err err;
        struct queue *q = sqlite_queue_open(bytes_of(names[i]), true, world_clock(), &err);
        assert_non_null(q);
        assert_true(place_has(&world.place, names[i]));
        queue_free(q);
    }
    assert_int_equal(chdir(here), 0);
    world.rubbish = true;            /* sqlite3 itself needs other names for them */
}

/* ---- missing ---- */

static void what_is_missing_is_named_and_not_made(void **state)
{
    char said[512];
    struct err err = world_refused("q.db", false, said);
    (void)state;
    assert_string_equal(err.code, "NoSuchQueue");
    assert_false(err.retryable);
    assert_non_null(strstr(said, "there is no file \"/"));
    assert_non_null(strstr(said, "/q.db\""));
    assert_null(sqlite_queue_parked(world_at("q.db"), world_clock(), &err));
    assert_string_equal(err.code, "NoSuchQueue");
    for (int create = 0; create < 2; create++) {
        assert_string_equal(world_refused("no/such/q.db", create, said).code, "NoSuchQueue");
        assert_non_null(strstr(said, "there is no directory \"/"));
        assert_non_null(strstr(said, "/no/such\""));
    }
    assert_int_equal(place_files(&world.place, ""), 0);
    place_write(&world.place, "empty", "");
    assert_string_equal(world_refused("empty", false, said).code, "NoSuchQueue");
    assert_non_null(strstr(said, "there is no queue \"requests\""));
    assert_string_equal(place_text(&world.place, "empty"), "");
    queue_free(world_queue("empty"));
    queue_free(world_queue("empty#two"));
    assert_string_equal(world_refused("empty#three", false, NULL).code, "NoSuchQueue");
}

/* ---- foreign ---- */

static void what_is_no_database_stays_as_it_is(void **state)
{
    static const char text[] = "This is a letter, and a long one, which nobody wants to lose.";
    char said[512];
    (void)state;
    world.rubbish = true;
    place_write(&world.place, "letter", text);
    place_dir(&world.place, "dir");
    place_write(&world.place, "file", "x");
    assert_int_equal(mkfifo(place_path(&world.place, "pipe"), 0600), 0);
    for (int create = 0; create < 2; create++) {
        assert_string_equal(world_refused("letter", create, said).code, "not_a_database");
        assert_non_null(strstr(said, "letter: file is not a database"));
        assert_string_equal(world_refused("dir", create, said).code, "BadPlace");
        assert_non_null(strstr(said, "is not a file"));
        assert_string_equal(world_refused("pipe", create, NULL).code, "BadPlace");
        assert_string_equal(world_refused("file/q.db", create, said).code, "NoSuchQueue");
        assert_non_null(strstr(said, "there is no directory"));
    }
    assert_string_equal(place_text(&world.place, "letter"), text);
}

static void a_table_of_another_kind_is_left_alone(void **state)
{
    char said[512];
    (void)state;
    world_sql("db", "CREATE TABLE widgets (\"key\" TEXT PRIMARY KEY, item TEXT);"
              "INSERT INTO widgets VALUES ('k', '{}'); CREATE VIEW requests AS SELECT 1 AS one");
    assert_string_equal(world_refused("db#widgets", true, said).code, "BadPlace");
    assert_non_null(strstr(said, "\"widgets\" in \"/"));
    assert_non_null(strstr(said, "is no queue: the SQL table of that name has"
                                 " the columns key,item"));
    assert_string_equal(world_refused("db#WIDGETS", false, NULL).code, "BadPlace");
    assert_string_equal(world_refused("db", true, said).code, "BadPlace");
    assert_string_equal(world_sql("db", "PRAGMA journal_mode"), "delete");
    queue_free(world_queue("db#mine"));
    assert_string_equal(world_sql("db", "SELECT \"key\" FROM widgets"), "k");
}

/* ---- damaged ---- */

static void scribble(const char *file, long offset, uint64_t noise)
{
    int fd = open(place_path(&world.place, file), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &noise, sizeof noise, offset), sizeof noise);
    close(fd);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[64 * 1024];
    int in = open(place_path(&world.place, from), O_RDONLY);
    int out = open(place_path(&world.place, to), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t len = read(in, bytes, sizeof bytes);
    assert_true(len > 0 && len < (ssize_t)sizeof bytes);
    assert_int_equal(write(out, bytes, (size_t)len), len);
    close(in);
    close(out);
}

static bool known(const char *code)
{
    static const char *const codes[] = {"", "!damaged", "!not_a_database", "!NoSuchQueue", "!io",
                                        "!BadPlace"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

/* All calls to a file with eight bytes of noise in it; true when one of them objected. */
static bool objects(long offset, uint64_t noise)
{
    struct err err = {0};
    struct queue *q;
    const char *text;
    bool objected = false;
    copy_file("good", "bad");
    scribble("bad", offset, noise);
    q = sqlite_queue_open(world_at("bad"), true, world_clock(), &err);
    if (!q)
        return true;
    text = world_receive(q, 10, 30);
    assert_true(text[0] != '!' || known(text));
    objected = objected || text[0] == '!';
    text = world_delete(q, world.receipts[0]);
    assert_true(known(text));
    objected = objected || text[0] == '!';
    text = world_send(q, "more", 0);
    assert_true(known(text));
    objected = objected || text[0] == '!';
    queue_free(q);
    return objected;
}

static void a_damaged_file_is_an_error_and_no_more(void **state)
{
    struct queue *q = world_queue("good");
    struct stat st;
    int objected = 0;
    (void)state;
    world.rubbish = true;
    for (int i = 0; i < 40; i++)
        assert_string_equal(world_send(q, "a body of some length, so that there are pages", 0), "");
    queue_free(q);
    assert_int_equal(stat(place_path(&world.place, "good"), &st), 0);
    for (long offset = 0; offset + 8 <= st.st_size; offset += offset % 4096 < 128 ? 8 : 408) {
        objected += objects(offset, 0);
        objected += objects(offset, UINT64_MAX);
        objected += objects(offset, 0x8000000100000401u * (uint64_t)(offset + 1));
    }
    assert_true(objected > 20);
    assert_int_equal(truncate(place_path(&world.place, "good"), 5000), 0);
    assert_string_equal(world_refused("good", true, NULL).code, "damaged");
}

/* ---- guarded ---- */

static int open_guarded(void *context)
{
    struct err err = {0};
    struct queue *q = sqlite_queue_open(world_at(context), true, world_clock(), &err);
    return !q && err_is(&err, "access_denied") && !err.retryable && err.message[0] ? 0 : 1;
}

static void what_may_not_be_written_is_denied(void **state)
{
    char file[] = "d/q.db", new[] = "d/new.db";
    (void)state;
    place_dir(&world.place, "d");
    queue_free(world_queue(file));
    assert_int_equal(chmod(world.place.dir, 0755), 0);
    assert_int_equal(chmod(place_path(&world.place, "d"), 0777), 0);
    assert_int_equal(chmod(place_path(&world.place, file), 0444), 0);
    assert_int_equal(in_child(open_guarded, file, true), 0);
    assert_int_equal(chmod(place_path(&world.place, file), 0), 0);
    assert_int_equal(in_child(open_guarded, file, true), 0);
    assert_int_equal(chmod(place_path(&world.place, file), 0666), 0);
    assert_int_equal(chmod(place_path(&world.place, "d"), 0555), 0);
    assert_int_equal(in_child(open_guarded, file, true), 0);
    assert_int_equal(in_child(open_guarded, new, true), 0);
    assert_int_equal(chmod(place_path(&world.place, "d"), 0), 0);
    assert_int_equal(in_child(open_guarded, file, true), 0);
    assert_int_equal(chmod(place_path(&world.place, "d"), 0755), 0);
    assert_int_equal(place_files(&world.place, ""), 1);
}

/* ---- in use ---- */

static void a_writer_that_stays_is_waited_for_and_then_named_busy(void **state)
{
    struct queue *q = world_queue("q.db");
    struct queue_op op;
    sqlite3 *other;
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_int_equal(sqlite3_open(place_path(&world.place, "q.db"), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 1;
    queue_start(q, &op, (struct monotime){0});
    assert_string_equal(op.op.err.code, "busy");
    assert_true(op.op.err.retryable);
    assert_non_null(strstr(op.op.err.message, "q.db: database is locked"));
    assert_int_equal(op.received_count, 0);
    queue_op_free(&op);
    assert_string_equal(world_counts(q), "1/0/0");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_string_equal(world_receive(q, 1, 30), "a*1");
    queue_free(q);
}

/* ---- full, broken ---- */

static int failing;                  /* the errno of every write, 0: none */
static ssize_t (*real_pwrite)(int fd, const void *data, size_t len, off_t at);

static ssize_t gated_pwrite(int fd, const void *data, size_t len, off_t at)
{
    errno = failing;
    return failing ? -1 : real_pwrite(fd, data, len, at);
}

static const char *pwrite_name(sqlite3_vfs *vfs)
{
    return vfs->xGetSystemCall(vfs, "pwrite64") ? "pwrite64" : "pwrite";
}

static struct err send_failing(struct queue *q, int number)
{
    struct queue_op op;
    struct err err;
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 1;
    op.entries[0].body = BYTES("lost?");
    failing = number;
    queue_start(q, &op, (struct monotime){0});
    failing = 0;
    err = op.op.err;
    queue_op_free(&op);
    return err;
}

static void a_full_disk_is_said_and_may_pass(void **state)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct queue *q = world_queue("q.db");
    struct err err;
    (void)state;
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))vfs->xGetSystemCall(
        vfs, pwrite_name(vfs));
    vfs->xSetSystemCall(vfs, pwrite_name(vfs), (sqlite3_syscall_ptr)gated_pwrite);
    assert_string_equal(world_send(q, "a", 0), "");
    err = send_failing(q, ENOSPC);
    assert_string_equal(err.code, "disk_full");
    assert_true(err.retryable);
    err = send_failing(q, EIO);
    assert_string_equal(err.code, "io");
    assert_true(err.retryable);
    assert_non_null(strstr(err.message, "q.db: disk I/O error"));
    failing = ENOSPC;
    assert_string_equal(world_receive(q, 1, 30), "!disk_full");
    failing = 0;
    assert_string_equal(world_counts(q), "1/0/0");
    assert_string_equal(world_send(q, "b", 0), "");
    assert_string_equal(world_receive(q, 10, 30), "a*1 b*1");
    queue_free(q);
    vfs->xSetSystemCall(vfs, NULL, NULL);
}

/* ---- gone ---- */

static void a_file_that_went_away_is_noticed(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_int_equal(rename(place_path(&world.place, "q.db"), place_path(&world.place, "old")), 0);
    assert_string_equal(world_send(q, "b", 0), "!NoSuchQueue");
    assert_string_equal(world_receive(q, 1, 30), "!NoSuchQueue");
    place_write(&world.place, "q.db", "");
    assert_string_equal(world_counts(q), "!NoSuchQueue");
    assert_int_equal(rename(place_path(&world.place, "old"), place_path(&world.place, "q.db")), 0);
    assert_string_equal(world_send(q, "b", 0), "");
    queue_free(q);
}

static int use_after_fork(void *context)
{
    struct queue *q = context;
    struct err err;
    struct queue *own;
    int rc;
    if (strcmp(world_send(q, "child", 0), "!io") != 0)
        return 1;
    queue_free(q);
    own = sqlite_queue_open(world_at("q.db"), false, world_clock(), &err);
    if (!own)
        return 2;
    rc = strcmp(world_receive(own, 1, 30), "a*1") == 0 ? 0 : 3;
    queue_free(own);
    return rc;
}

static void a_fork_must_open_its_own(void **state)
{
    struct queue *q = world_queue("q.db");
    (void)state;
    assert_string_equal(world_send(q, "a", 0), "");
    assert_int_equal(in_child(use_after_fork, q, false), 0);
    assert_string_equal(world_counts(q), "0/1/0");
    assert_string_equal(world_send(q, "b", 0), "");
    assert_string_equal(world_receive(q, 10, 30), "b*1");
    queue_free(q);
}

/* ---- space ---- */

static long size_after_round(struct queue *q)
{
    struct stat st;
    for (int i = 0; i < 50; i++)
        assert_string_equal(world_send(q, "a body of some length, so that there are pages", 0), "");
    while (world_receive(q, 1, 30)[0])
        assert_string_equal(world_delete(q, world.receipts[0]), "");
    assert_int_equal(stat(place_path(&world.place, "q.db"), &st), 0);
    return (long)st.st_size;
}

static void what_is_deleted_makes_room(void **state)
{
    struct queue *q = world_queue("q.db");
    long pages;
    (void)state;
    size_after_round(q);
    world_sql("q.db", "PRAGMA wal_checkpoint(TRUNCATE)");
    pages = size_after_round(q);
    for (int i = 0; i < 20; i++)
        size_after_round(q);
    world_sql("q.db", "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(size_after_round(q), pages);
    queue_free(q);
}

static void an_open_file_keeps_its_log_until_the_last_one_closes(void **state)
{
    struct queue *one = world_queue("q.db"), *two = world_queue("q.db#two");
    (void)state;
    assert_string_equal(world_send(one, "a", 0), "");
    queue_free(one);
    assert_int_equal(place_files(&world.place, ""), 3);
    queue_free(two);
    assert_int_equal(place_files(&world.place, ""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(places_are_taken_apart),
        CHECKED(a_path_may_not_be_too_long),
        IN_WORLD(any_path_is_a_file),
        IN_WORLD(what_is_missing_is_named_and_not_made),
        IN_WORLD(what_is_no_database_stays_as_it_is),
        IN_WORLD(a_table_of_another_kind_is_left_alone),
        IN_WORLD(a_damaged_file_is_an_error_and_no_more),
        IN_WORLD(what_may_not_be_written_is_denied),
        IN_WORLD(a_writer_that_stays_is_waited_for_and_then_named_busy),
        IN_WORLD(a_full_disk_is_said_and_may_pass),
        IN_WORLD(a_file_that_went_away_is_noticed),
        IN_WORLD(a_fork_must_open_its_own),
        IN_WORLD(what_is_deleted_makes_room),
        IN_WORLD(an_open_file_keeps_its_log_until_the_last_one_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
