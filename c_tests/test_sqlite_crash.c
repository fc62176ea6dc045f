/* A SQLite queue whose process is killed: at each write of its short life, and at any point of a
 * long one. What was confirmed stands, what was not may. */
#include "sqlite_world.h"

#include "base/random.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBERS = 100 * 1000, LIVES = 40 };

/* ---- what a worker said of itself ---- */

/* It says 's' or 'd' and the number before it sends or deletes the message, 'S' or 'D' when that
 * was confirmed. */
struct word {
    char what;
    int number;
};

static unsigned char said[NUMBERS];
enum { MAY_STAND = 1, STANDS = 2, MAY_BE_GONE = 4, IS_GONE = 8 };

static void note(struct word w)
{
    assert_in_range(w.number, 1, NUMBERS - 1);
    said[w.number] |= w.what == 's' ? MAY_STAND : w.what == 'S' ? STANDS
                      : w.what == 'd' ? MAY_BE_GONE : IS_GONE;
}

static int out;

static void say(char what, int number)
{
    struct word w;
    memset(&w, 0, sizeof w);
    w.what = what;
    w.number = number;
    if (write(out, &w, sizeof w) != sizeof w)
        _exit(9);
}

/* The file against all that was said so far. */
static void assert_nothing_lost(void)
{
    static bool found[NUMBERS];
    char *rest, *list = mem_text(world_sql("q.db", "SELECT body FROM requests"));
    memset(found, 0, sizeof found);
    for (char *one = strtok_r(list, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
        long number = strtol(one, NULL, 10);
        assert_in_range(number, 1, NUMBERS - 1);
        assert_false(found[number]);
        found[number] = true;
        assert_true(said[number] & MAY_STAND);
        assert_false(said[number] & IS_GONE);
    }
    for (int i = 0; i < NUMBERS; i++)
        if ((said[i] & STANDS) && !(said[i] & MAY_BE_GONE))
            assert_true(found[i]);
    mem_free(list);
    assert_string_equal(world_sql("q.db", "PRAGMA integrity_check"), "ok");
}

/* ---- the worker ---- */

static void send_number(struct queue *q, int number)
{
    char body[16];
    snprintf(body, sizeof body, "%d", number);
    say('s', number);
    if (world_send(q, body, 0)[0])
        _exit(8);
    say('S', number);
}

/* Takes the oldest and deletes it. */
static void delete_oldest(struct queue *q)
{
    const char *text = world_receive(q, 1, 30);
    int number = (int)strtol(text, NULL, 10);
    if (text[0] == '!')
        _exit(7);
    if (!text[0])
        return;
    say('d', number);
    if (world_delete(q, world.receipts[0])[0])
        _exit(6);
    say('D', number);
}

static struct queue *own_queue(void)
{
    struct err err;
    struct queue *q = sqlite_queue_open(world_at("q.db"), true, world_clock(), &err);
    if (!q)
        _exit(5);
    return q;
}

/* ---- killed at each write ---- */

static int writes, kill_at;
static int syncs;
static bool unsynced;                /* something was written since the last one */

/* These stand in for the C library's. */
int fdatasync(int fd)
{
    syncs++;
    unsynced = false;
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fdatasync(fd);
}

static void gate(void)
{
    if (++writes == kill_at)
        kill(getpid(), SIGKILL);
}

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_open)(const char *, int, int);

static ssize_t gated_pwrite(int fd, const void *data, size_t len, off_t at)
{
    gate();
    unsynced = true;
    return real_pwrite(fd, data, len, at);
}

static int gated_ftruncate(int fd, off_t len)
{
    gate();
    return real_ftruncate(fd, len);
}

static int gated_unlink(const char *path)
{
    gate();
    return real_unlink(path);
}

static int gated_open(const char *path, int flags, int mode)
{
    gate();
    return real_open(path, flags, mode);
}

static void put_gates(void)
{
    sqlite3_vfs *v = sqlite3_vfs_find(NULL);
    const char *pwrite_name = v->xGetSystemCall(v, "pwrite64") ? "pwrite64" : "pwrite";
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))v->xGetSystemCall(v, pwrite_name);
    real_ftruncate = (int (*)(int, off_t))v->xGetSystemCall(v, "ftruncate");
    real_unlink = (int (*)(const char *))v->xGetSystemCall(v, "unlink");
    real_open = (int (*)(const char *, int, int))v->xGetSystemCall(v, "open");
    v->xSetSystemCall(v, pwrite_name, (sqlite3_syscall_ptr)gated_pwrite);
    v->xSetSystemCall(v, "ftruncate", (sqlite3_syscall_ptr)gated_ftruncate);
    v->xSetSystemCall(v, "unlink", (sqlite3_syscall_ptr)gated_unlink);
    v->xSetSystemCall(v, "open", (sqlite3_syscall_ptr)gated_open);
}

/* Makes the queue when it is the first, and does a little of everything. */
static void short_life(int first)
{
    struct queue *q;
    put_gates();
    q = own_queue();
    for (int i = 0; i < 3; i++)
        send_number(q, first + i);
    for (int i = 0; i < 2; i++)
        delete_oldest(q);
    queue_free(q);
    _exit(0);
}

static void long_life(int first)
{
    struct queue *q = own_queue();
    for (int i = first;; i++) {
        send_number(q, i);
        send_number(q, ++i);
        delete_oldest(q);
        if (i % 7 == 0) {
            delete_oldest(q);
            queue_free(q);
            q = own_queue();
        }
    }
}

/* ---- the one who watches ---- */

struct life {
    pid_t pid;
    int in;
};

static struct life begin(void (*live)(int first), int first)
{
    struct life l;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    l.pid = fork();
    assert_true(l.pid >= 0);
    if (l.pid == 0) {
        close(ends[0]);
        out = ends[1];
        live(first);
    }
    close(ends[1]);
    l.in = ends[0];
    return l;
}

static bool hear(const struct life *l)
{
    struct word w;
    ssize_t got = read(l->in, &w, sizeof w);
    if (got != sizeof w)
        return false;
    note(w);
    return true;
}

/* Hears it out; whether it was killed. */
static bool end(struct life *l)
{
    int status;
    while (hear(l))
        ;
    close(l->in);
    assert_int_equal(waitpid(l->pid, &status, 0), l->pid);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

/* Each life begins where there is nothing yet. */
static void killed_at_any_write_of_a_new_queue(void **state)
{
    bool killed = true;
    (void)state;
    for (kill_at = 1; killed; kill_at++) {
        struct life l;
        memset(said, 0, sizeof said);
        l = begin(short_life, 1);
        killed = end(&l);
        queue_free(own_queue());
        assert_nothing_lost();
        assert_int_equal(unlink(place_path(&world.place, "q.db")), 0);
    }
    assert_true(kill_at > 20);
    queue_free(own_queue());
}

/* Each life goes on where the one before was ended. */
static void killed_at_any_write_of_an_old_queue(void **state)
{
    bool killed = true;
    int first = 1;
    (void)state;
    memset(said, 0, sizeof said);
    queue_free(own_queue());
    for (kill_at = 1; killed; kill_at++, first += 3) {
        struct life l = begin(short_life, first);
        killed = end(&l);
        assert_nothing_lost();
        world.now_ms += 60000;
    }
    assert_true(kill_at > 15);
    queue_free(own_queue());
}

static void killed_at_any_point(void **state)
{
    struct random r = random_seeded(7);
    int first = 1;
    (void)state;
    memset(said, 0, sizeof said);
    queue_free(own_queue());
    for (int i = 0; i < LIVES; i++) {
        struct life l = begin(long_life, first);
        for (int64_t words = random_below(&r, 60); words >= 0; words--)
            assert_true(hear(&l));
        kill(l.pid, SIGKILL);
        assert_true(end(&l));
        assert_nothing_lost();
        while (first < NUMBERS && said[first])
            first++;
        world.now_ms += 60000;
    }
    assert_in_range(first, LIVES, NUMBERS / 2);
    queue_free(own_queue());
}

/* ---- power failure ---- */

/* As far as it can be seen without one. */
static void assert_synced(const char *answer)
{
    assert_string_equal(answer, "");
    assert_false(unsynced);
    assert_true(syncs > 0);
    syncs = 0;
}

static void what_is_confirmed_was_synced(void **state)
{
    struct queue *q;
    (void)state;
    kill_at = 0;
    put_gates();
    q = own_queue();
    for (int i = 0; i < 300; i++) {
        assert_synced(world_send(q, "a body that fills the log now and then", 0));
        assert_string_not_equal(world_receive(q, 1, 30), "");
        assert_synced("");
        assert_synced(i % 2 ? world_release(q, world.receipts[0], 0)
                            : world_delete(q, world.receipts[0]));
    }
    assert_string_equal(world_counts(q), "150/0/0");
    assert_int_equal(syncs, 0);
    queue_free(q);
    sqlite3_vfs_find(NULL)->xSetSystemCall(sqlite3_vfs_find(NULL), NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(killed_at_any_write_of_a_new_queue),
        IN_WORLD(killed_at_any_write_of_an_old_queue),
        IN_WORLD(killed_at_any_point),
        IN_WORLD(what_is_confirmed_was_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
