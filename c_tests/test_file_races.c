/* Several processes on the directory of one file bucket at once. */
#include "file_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNERS = 4, KEYS = 20, INCREMENTS = 25, ROUNDS = 60 };

struct race {
    pid_t runners[RUNNERS];
    int start[2];                    /* closed to let them all go */
};

/* Each runner opens the bucket for itself, waits for the start, and tells a small number. */
static int run(struct race *r, int (*task)(struct bucket *b, int id), int id)
{
    struct err err;
    struct bucket *own = file_fixture_open(place.dir, false, &err);
    char go;
    close(r->start[1]);
    if (!own || read(r->start[0], &go, 1) != 0)
        return 255;
    return task(own, id);
}

static void race_begin(struct race *r, int (*task)(struct bucket *b, int id))
{
    assert_int_equal(pipe(r->start), 0);
    for (int i = 0; i < RUNNERS; i++) {
        r->runners[i] = fork();
        assert_true(r->runners[i] >= 0);
        if (r->runners[i] == 0)
            _exit(run(r, task, i));
    }
    close(r->start[0]);
    close(r->start[1]);
}

/* The sum of what they told. */
static int race_end(struct race *r)
{
    int sum = 0;
    for (int i = 0; i < RUNNERS; i++) {
        int status;
        if (r->runners[i] == 0)
            continue;
        assert_int_equal(waitpid(r->runners[i], &status, 0), r->runners[i]);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 255);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

/* Whether one of them has ended; then it is waited for and told well of itself. */
static bool one_ended(struct race *r, int id)
{
    int status;
    if (waitpid(r->runners[id], &status, WNOHANG) == 0)
        return false;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    r->runners[id] = 0;
    return true;
}

/* ---- create ---- */

static int create_all(struct bucket *b, int id)
{
    char key[16], body[16];
    int won = 0;
    snprintf(body, sizeof body, "%d", id);
    for (int i = 0; i < KEYS; i++) {
        const char *code;
        snprintf(key, sizeof key, "d%d/k", i);
        code = bucket_put_as(b, (struct put){.key = key, .body = bytes_of(body),
                                             .if_none_match = "*"});
        won += code[0] == 0;
        if (code[0] && strcmp(code, "PreconditionFailed") != 0)
            return 255;
    }
    return won;
}

static void exactly_one_creates(void **state)
{
    struct race r;
    (void)state;
    race_begin(&r, create_all);
    assert_int_equal(race_end(&r), KEYS);
    assert_int_equal(place_files(&place, ".tidegate/meta"), KEYS);
}

/* ---- read, change, write under a condition ---- */

static int increment(struct bucket *b)
{
    struct bucket_op get;
    char body[16];
    const char *code;
    bucket_op_init(&get, BUCKET_GET);
    get.key = BYTES("counter");
    bucket_run(b, &get);
    snprintf(body, sizeof body, "%d", (int)strtol(buf_string(&get.content), NULL, 10) + 1);
    code = bucket_put_as(b, (struct put){.key = "counter", .body = bytes_of(body),
                                         .if_match = get.object.etag});
    bucket_op_free(&get);
    return strcmp(code, "PreconditionFailed") == 0 ? 0 : code[0] ? -1 : 1;
}

static int increment_many(struct bucket *b, int id)
{
    int done = 0;
    (void)id;
    while (done < INCREMENTS) {
        int rc = increment(b);
        if (rc < 0)
            return 255;
        done += rc;
    }
    return 0;
}

static void no_update_is_lost(void **state)
{
    struct race r;
    char sum[16];
    (void)state;
    assert_string_equal(bucket_put(bucket, "counter", "0"), "");
    race_begin(&r, increment_many);
    race_end(&r);
    snprintf(sum, sizeof sum, "%d", RUNNERS * INCREMENTS);
    assert_string_equal(bucket_text(bucket, "counter"), sum);
}

/* Two buckets in one process hold each other off as well. */
static void a_second_bucket_sees_what_the_first_wrote(void **state)
{
    struct err err;
    struct bucket *second = file_fixture_open(place.dir, true, &err);
    char etag[160];
    struct put put = {.key = "k", .body = BYTES("1"), .if_none_match = "*", .etag = etag};
    (void)state;
    assert_string_equal(bucket_put_as(bucket, put), "");
    put.etag = NULL;
    assert_string_equal(bucket_put_as(second, put), "PreconditionFailed");
    put = (struct put){.key = "k", .body = BYTES("2"), .if_match = etag};
    assert_string_equal(bucket_put_as(second, put), "");
    assert_string_equal(bucket_put_as(bucket, put), "PreconditionFailed");
    bucket_free(second);
}

/* ---- reading while others write ---- */

static int overwrite(struct bucket *b, int id)
{
    char body[32];
    for (int i = 0; i < ROUNDS; i++) {
        struct pairs metadata = {0};
        const char *code;
        snprintf(body, sizeof body, "%d of %d", i % 3, id % 2);
        pairs_set(&metadata, "m", body);
        code = bucket_put_as(b, (struct put){.key = "k", .body = bytes_of(body),
                                             .type = body, .metadata = &metadata});
        pairs_free(&metadata);
        if (code[0])
            return 255;
    }
    return 0;
}

static void assert_matched(void)
{
    struct bucket_op op;
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    bucket_run(bucket, &op);
    assert_string_equal(op.op.err.code, "");
    assert_string_equal(op.object.content_type, buf_string(&op.content));
    assert_true(bytes_equal(pairs_value(&op.object.metadata, "m"), buf_bytes(&op.content)));
    bucket_op_free(&op);
}

static void a_reader_gets_bytes_and_metadata_of_one_write(void **state)
{
    struct race r;
    (void)state;
    assert_int_equal(overwrite(bucket, 0), 0);
    race_begin(&r, overwrite);
    do
        assert_matched();
    while (!one_ended(&r, 0));
    race_end(&r);
    assert_matched();
}

/* ---- directories that come and go ---- */

static int come_and_go(struct bucket *b, int id)
{
    char key[16];
    snprintf(key, sizeof key, "d/e/%d", id);
    for (int i = 0; i < ROUNDS; i++)
        if (bucket_put(b, key, "x")[0] || strcmp(bucket_text(b, key), "x") != 0 ||
            bucket_delete(b, key, NULL)[0])
            return 255;
    return 0;
}

static void directories_may_come_and_go(void **state)
{
    struct race r;
    (void)state;
    race_begin(&r, come_and_go);
    do
        assert_int_not_equal(bucket_keys(bucket, "", "", 10)[0], '!');
    while (!one_ended(&r, 0));
    race_end(&r);
    assert_int_equal(place_files(&place, ""), 1);
    assert_false(place_has(&place, "d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(exactly_one_creates),
        IN_PLACE(no_update_is_lost),
        IN_PLACE(a_second_bucket_sees_what_the_first_wrote),
        IN_PLACE(a_reader_gets_bytes_and_metadata_of_one_write),
        IN_PLACE(directories_may_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
