#include "file_fixture.h"

#include "local/file_bucket.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- limits ---- */

static void sparse(const char *name, off_t size)
{
    int fd = open(place_path(&place, name), O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void a_body_over_the_limit_is_too_large(void **state)
{
    struct bucket_op op;
    (void)state;
    sparse("big", BUCKET_BODY_MAX + 1);
    assert_string_equal(bucket_text(bucket, "big"), "!too_large");
    assert_string_equal(bucket_etag(bucket, "big"), "!too_large");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "big", .if_match = "\"x\""}),
                        "too_large");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k",
                                                           .body = {"", BUCKET_BODY_MAX + 1}}),
                        "too_large");
    bucket_op_init(&op, BUCKET_LIST);
    bucket_run(bucket, &op);
    assert_int_equal(op.listed_count, 1);
    assert_int_equal(op.listed[0].size, BUCKET_BODY_MAX + 1);
    bucket_op_free(&op);
    assert_string_equal(bucket_put(bucket, "big", "small"), "");
}

static void a_listed_etag_is_true_or_fails_every_condition(void **state)
{
    struct bucket_op op;
    (void)state;
    sparse("1-small", 1024 * 1024);
    sparse("2-large", 1024 * 1024 + 1);
    bucket_op_init(&op, BUCKET_LIST);
    bucket_run(bucket, &op);
    assert_int_equal(op.listed_count, 2);
    assert_string_equal(op.listed[0].etag, bucket_etag(bucket, "1-small"));
    assert_string_not_equal(op.listed[1].etag, bucket_etag(bucket, "2-large"));
    assert_string_equal(bucket_delete(bucket, "2-large", op.listed[1].etag), "PreconditionFailed");
    bucket_op_free(&op);
}

static void pages_of_a_large_directory(void **state)
{
    char key[32], after[32] = "";
    int seen = 0;
    bool more = true;
    (void)state;
    for (int i = 0; i < 2300; i++) {
        snprintf(key, sizeof key, "%s%05d", i < 1500 ? "" : "x/", i);
        place_write(&place, key, "x");
    }
    while (more) {
        struct bucket_op op;
        bucket_op_init(&op, BUCKET_LIST);
        op.start_after = bytes_of(after);
        bucket_run(bucket, &op);
        for (size_t i = 0; i < op.listed_count; i++, seen++) {
            snprintf(key, sizeof key, "%s%05d", seen < 1500 ? "" : "x/", seen);
            assert_string_equal(op.listed[i].key, key);
        }
        assert_int_equal(op.listed_count, seen <= 2000 ? BUCKET_PAGE : 300);
        snprintf(after, sizeof after, "%s", key);
        more = op.more;
        bucket_op_free(&op);
    }
    assert_int_equal(seen, 2300);
}

static void a_content_type_must_come_back(void **state)
{
    char longest[128], longer[129];
    (void)state;
    memset(longest, 't', sizeof longest);
    memset(longer, 't', sizeof longer);
    longest[127] = longer[128] = 0;
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .type = longest}), "");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .type = "a\nkey: b"}),
                        "InvalidMetadata");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .type = "caf\xc3\xa9"}),
                        "InvalidMetadata");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .type = longer}),
                        "InvalidMetadata");
}

/* ---- what the system refuses ---- */

static int tight(void *context)
{
    const struct rlimit few = {3, 3};
    struct bucket_op op;
    (void)context;
    setrlimit(RLIMIT_NOFILE, &few);
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("dir/k");
    bucket_start(bucket, &op);
    return strcmp(op.op.err.code, "io") == 0 && op.op.err.retryable &&
           strstr(op.op.err.message, "Too many open files") ? 0 : 1;
}

static void no_descriptor_left_is_retryable(void **state)
{
    (void)state;
    assert_string_equal(bucket_put(bucket, "dir/k", "x"), "");
    assert_int_equal(in_child(tight, NULL, false), 0);
}

/* Bits of what went as it should. */
static int as_somebody_else(void *context)
{
    struct bucket_op op;
    struct err err;
    int good = 0;
    (void)context;
    good |= strcmp(bucket_text(bucket, "open"), "x") == 0;
    good |= (strcmp(bucket_text(bucket, "shut"), "!access_denied") == 0) << 1;
    good |= (strcmp(bucket_text(bucket, "locked/k"), "!access_denied") == 0) << 2;
    good |= (strcmp(bucket_delete(bucket, "open", NULL), "access_denied") == 0) << 3;
    good |= (strcmp(bucket_keys(bucket, "", "", 10), "!access_denied") == 0) << 4;
    good |= (strcmp(bucket_keys(bucket, "s", "", 10), "shut") == 0) << 5;
    bucket_op_init(&op, BUCKET_PUT);
    op.key = BYTES("new");
    bucket_start(bucket, &op);
    good |= (strcmp(op.op.err.message, ".tidegate/lock: Permission denied") == 0) << 6;
    bucket_op_free(&op);
    if (!file_bucket_open(bytes_of(place_path(&place, "new/store")), true, &err))
        good |= err_is(&err, "access_denied") << 7;
    return good;
}

static void a_right_that_is_missing_is_access_denied(void **state)
{
    (void)state;
    place_write(&place, "open", "x");
    place_write(&place, "shut", "x");
    place_write(&place, "locked/k", "x");
    assert_int_equal(chmod(place_path(&place, "open"), 0444), 0);
    assert_int_equal(chmod(place_path(&place, "shut"), 0), 0);
    assert_int_equal(chmod(place_path(&place, "locked"), 0), 0);
    assert_int_equal(chmod(place.dir, 0555), 0);
    assert_int_equal(in_child(as_somebody_else, NULL, true), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_body_over_the_limit_is_too_large),
        IN_PLACE(a_listed_etag_is_true_or_fails_every_condition),
        IN_PLACE(pages_of_a_large_directory),
        IN_PLACE(a_content_type_must_come_back),
        IN_PLACE(no_descriptor_left_is_retryable),
        IN_PLACE(a_right_that_is_missing_is_access_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
