/* A file bucket whose process is killed, or whose system calls fail, at each step of a write. */
#include "file_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- system calls with a gate in front ---- */

static struct gate {
    int passed;                      /* changing calls so far */
    int kill_at, fail_at;            /* the number of the call, 0: none */
    bool spare_unlink;               /* what tidies up does not fail */
    void (*before_rename)(const char *to);
    int locks;                       /* taken so far */
    bool lose_lock;                  /* the first one is removed while it is waited for */
} gate;

/* Whether the call is to fail. */
static bool stopped(bool unlinking)
{
    gate.passed++;
    if (gate.passed == gate.kill_at)
        kill(getpid(), SIGKILL);
    if (gate.passed != gate.fail_at || (unlinking && gate.spare_unlink))
        return false;
    errno = ENOSPC;
    return true;
}

/* These stand in for the C library's. */
int renameat(int from, const char *old, int to, const char *name)
{
    if (gate.before_rename)
        gate.before_rename(name);
    return stopped(false) ? -1 : (int)syscall(SYS_renameat2, from, old, to, name, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
    return stopped(true) ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
    return stopped(false) ? -1 : (int)syscall(SYS_mkdirat, dir, name, mode);
}

int fdatasync(int fd)
{
    return stopped(false) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int flock(int fd, int how)
{
    if (gate.locks++ == 0 && gate.lose_lock)
        unlink(place_path(&place, ".tidegate/lock"));
    return (int)syscall(SYS_flock, fd, how);
}

/* ---- killed at each step ---- */

static const char *put_with(struct bucket *b, const char *body)
{
    struct pairs metadata = {0};
    const char *code;
    pairs_set(&metadata, "m", body);
    code = bucket_put_as(b, (struct put){.key = "d/e/k", .body = bytes_of(body),
                                         .metadata = &metadata});
    pairs_free(&metadata);
    return code;
}

static int put_new(void *context)
{
    (void)context;
    return put_with(bucket, "new")[0] != 0;
}

static int put_the_same(void *context)
{
    struct pairs metadata = {0};
    (void)context;
    pairs_set(&metadata, "m", "other");
    return bucket_put_as(bucket, (struct put){.key = "d/e/k", .body = BYTES("old"),
                                              .metadata = &metadata})[0] != 0;
}

static int delete_it(void *context)
{
    (void)context;
    return bucket_delete(bucket, "d/e/k", NULL)[0] != 0;
}

struct death {
    bool old_one;                    /* is there an object before? */
    int (*act)(void *context);
    const char *texts[2];            /* what may be found afterwards */
    const char *metadata[2];         /* and what goes with it, each */
};

static const struct death deaths[] = {
    {false, put_new, {"!NoSuchKey", "new"}, {"!NoSuchKey", "new"}},
    {true, put_new, {"old", "new"}, {"old", "new"}},
    {true, put_the_same, {"old", "old"}, {"old", "other"}},
    {true, delete_it, {"old", "!NoSuchKey"}, {"old", "!NoSuchKey"}},
};

static void assert_whole(const struct death *d)
{
    const char *text = bucket_text(bucket, "d/e/k"), *m = bucket_metadata(bucket, "d/e/k", "m");
    for (int i = 0; i < 2; i++)
        if (strcmp(text, d->texts[i]) == 0 && strcmp(m, d->metadata[i]) == 0)
            return;
    fail_msg("found \"%s\" with the metadata \"%s\"", text, m);
}

/* The next writer clears what the dead one left. */
static void assert_tidy_after_next(void)
{
    struct err err;
    struct bucket *next = file_fixture_open(place.dir, true, &err);
    assert_string_equal(put_with(next, "next"), "");
    assert_string_equal(bucket_text(bucket, "d/e/k"), "next");
    assert_string_equal(bucket_keys(bucket, "", "", 10), "d/e/k");
    assert_int_equal(place_files(&place, ".tidegate/tmp"), 0);
    assert_int_equal(place_files(&place, ".tidegate/meta"), 1);
    assert_string_equal(bucket_delete(next, "d/e/k", NULL), "");
    assert_false(place_has(&place, "d"));
    assert_false(place_has(&place, ".tidegate/meta"));
    bucket_free(next);
}

/* One life that ends at the given step; false when it got to its own end. */
static bool die_once(const struct death *d, int step)
{
    int how;
    gate = (struct gate){0};
    if (d->old_one)
        assert_string_equal(put_with(bucket, "old"), "");
    gate = (struct gate){.kill_at = step};
    how = in_child(d->act, NULL, false);
    gate = (struct gate){0};
    assert_in_range(how + 1, 0, 1);
    assert_whole(d);
    if (how == 0)
        assert_string_equal(bucket_metadata(bucket, "d/e/k", "m"), d->metadata[1]);
    assert_tidy_after_next();
    return how != 0;
}

static void killed_anywhere_it_leaves_a_whole_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        int steps = 1;
        while (die_once(&deaths[i], steps))
            steps++;
        assert_true(steps > 3);
    }
}

/* ---- failing at each step ---- */

/* One put of which one call fails; false when there are not so many calls. */
static bool fail_once(int step, bool old_one)
{
    const char *code;
    bool failed;
    gate = (struct gate){0};
    if (old_one)
        assert_string_equal(put_with(bucket, "old"), "");
    gate = (struct gate){.fail_at = step, .spare_unlink = true};
    code = put_with(bucket, "new");
    failed = gate.passed >= step;
    gate = (struct gate){0};
    if (code[0])
        assert_string_equal(code, "disk_full");
    assert_string_equal(bucket_text(bucket, "d/e/k"),
                        code[0] ? (old_one ? "old" : "!NoSuchKey") : "new");
    assert_string_equal(bucket_metadata(bucket, "d/e/k", "m"),
                        code[0] ? (old_one ? "old" : "!NoSuchKey") : "new");
    assert_int_equal(place_files(&place, ".tidegate/tmp"), 0);
    assert_int_equal(place_has(&place, "d"), old_one || !code[0]);
    assert_tidy_after_next();
    return failed;
}

static void a_full_disk_leaves_the_old_object(void **state)
{
    (void)state;
    for (int old_one = 0; old_one < 2; old_one++) {
        int steps = 1;
        while (fail_once(steps, old_one))
            steps++;
        assert_true(steps > 3);
    }
}

static void a_full_disk_is_said_and_may_pass(void **state)
{
    struct bucket_op op;
    (void)state;
    gate = (struct gate){0};
    assert_string_equal(put_with(bucket, "old"), "");
    gate = (struct gate){.fail_at = 1};
    bucket_op_init(&op, BUCKET_DELETE);
    op.key = BYTES("d/e/k");
    bucket_run(bucket, &op);
    gate = (struct gate){0};
    assert_string_equal(op.op.err.code, "disk_full");
    assert_string_equal(op.op.err.message, "d/e/k: No space left on device");
    assert_true(op.op.err.retryable);
    bucket_op_free(&op);
    assert_string_equal(bucket_text(bucket, "d/e/k"), "old");
}

/* ---- a directory that goes away ---- */

static int removals;

static void remove_directory(const char *to)
{
    if (strcmp(to, "k") != 0 || removals <= 0)
        return;
    removals--;
    rmdir(place_path(&place, "d/e"));
    rmdir(place_path(&place, "d"));
}

static void a_directory_that_goes_away_is_made_again(void **state)
{
    (void)state;
    gate = (struct gate){.before_rename = remove_directory};
    removals = 5;
    assert_string_equal(put_with(bucket, "new"), "");
    assert_int_equal(removals, 0);
    assert_string_equal(bucket_text(bucket, "d/e/k"), "new");
    assert_string_equal(bucket_delete(bucket, "d/e/k", NULL), "");
    removals = 1000;
    assert_string_equal(put_with(bucket, "new"), "io");
    assert_true(removals > 0);
    gate = (struct gate){0};
    assert_int_equal(place_files(&place, ".tidegate/tmp"), 0);
}

/* The one that counts then is another. */
static void a_lock_that_was_removed_is_no_lock(void **state)
{
    (void)state;
    gate = (struct gate){.lose_lock = true};
    assert_string_equal(put_with(bucket, "new"), "");
    assert_int_equal(gate.locks, 2);
    assert_true(place_has(&place, ".tidegate/lock"));
    assert_string_equal(put_with(bucket, "newer"), "");
    assert_int_equal(gate.locks, 3);
    gate = (struct gate){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(killed_anywhere_it_leaves_a_whole_object),
        IN_PLACE(a_full_disk_leaves_the_old_object),
        IN_PLACE(a_full_disk_is_said_and_may_pass),
        IN_PLACE(a_directory_that_goes_away_is_made_again),
        IN_PLACE(a_lock_that_was_removed_is_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
