#include "bucket_contract.h"
#include "file_fixture.h"
#include "local/file_bucket.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELLO_ETAG "\"5d41402abc4b2a76b9719d911017c592\""

/* ---- the contract ---- */

static struct bucket *contract_open(void *world)
{
    struct err err;
    place_make(world);
    return file_fixture_open(((struct place *)world)->dir, true, &err);
}

static void contract_close(void *world, struct bucket *b)
{
    bucket_free(b);
    place_remove(world);
}

/* ---- opening ---- */

static void a_source_must_be_there(void **state)
{
    struct err err;
    (void)state;
    assert_null(file_fixture_open(place_path(&place, "missing"), false, &err));
    assert_string_equal(err.code, "NoSuchBucket");
    assert_non_null(strstr(err.message, "missing\" (No such file or directory)"));
    place_write(&place, "file", "");
    assert_null(file_fixture_open(place_path(&place, "file"), false, &err));
    assert_string_equal(err.code, "NoSuchBucket");
    assert_null(file_fixture_open(place_path(&place, "file"), true, &err));
    assert_string_equal(err.code, "NoSuchBucket");
    assert_null(file_fixture_open("", true, &err));
    assert_string_equal(err.code, "NoSuchBucket");
    assert_null(file_bucket_open(BYTES("a\0b"), true, &err));
    assert_string_equal(err.code, "NoSuchBucket");
}

static void a_store_is_made_with_what_is_above_it(void **state)
{
    const char *dir = place_path(&place, "made/for/it");
    struct err err;
    struct bucket *b = file_fixture_open(dir, true, &err);
    char url[PLACE_PATH];
    (void)state;
    assert_non_null(b);
    snprintf(url, sizeof url, "file:%s", dir);
    assert_string_equal(b->url, url);
    assert_false(place_has(&place, "made/for/it/.tidegate"));
    assert_string_equal(bucket_put(b, "k", "x"), "");
    assert_string_equal(place_text(&place, "made/for/it/k"), "x");
    bucket_free(b);
}

static void the_place_itself_may_be_a_link(void **state)
{
    struct err err;
    struct bucket *b;
    (void)state;
    place_write(&place, "one/k", "first");
    place_write(&place, "two/k", "second");
    assert_int_equal(symlink("one", place_path(&place, "link")), 0);
    b = file_fixture_open(place_path(&place, "link"), false, &err);
    assert_string_equal(bucket_text(b, "k"), "first");
    assert_int_equal(unlink(place_path(&place, "link")), 0);
    assert_string_equal(bucket_text(b, "k"), "!NoSuchBucket");
    assert_string_equal(bucket_put(b, "k", "x"), "NoSuchBucket");
    assert_string_equal(bucket_keys(b, "", "", 10), "!NoSuchBucket");
    assert_int_equal(symlink("two", place_path(&place, "link")), 0);
    assert_string_equal(bucket_text(b, "k"), "second");
    bucket_free(b);
}

/* ---- files that people see ---- */

static void an_object_is_a_plain_file(void **state)
{
    (void)state;
    assert_string_equal(bucket_put(bucket, "dir/k", "hello"), "");
    assert_string_equal(place_text(&place, "dir/k"), "hello");
    assert_string_equal(bucket_etag(bucket, "dir/k"), HELLO_ETAG);
    assert_int_equal(place_files(&place, ".tidegate/meta"), 1);
    assert_int_equal(place_files(&place, ".tidegate/tmp"), 0);
}

static void a_file_put_there_by_hand_is_an_object(void **state)
{
    struct bucket_op op;
    (void)state;
    place_write(&place, "by/hand", "hello");
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("by/hand");
    bucket_run(bucket, &op);
    assert_string_equal(buf_string(&op.content), "hello");
    assert_string_equal(op.object.etag, HELLO_ETAG);
    assert_string_equal(op.object.content_type, "application/octet-stream");
    bucket_op_free(&op);
    assert_false(place_has(&place, ".tidegate"));
    assert_string_equal(bucket_delete(bucket, "by/hand", HELLO_ETAG), "");
    assert_false(place_has(&place, "by"));
}

static void metadata_belongs_to_the_bytes_it_came_with(void **state)
{
    struct pairs metadata = {0};
    (void)state;
    pairs_set(&metadata, "m", "1");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .body = BYTES("hello"),
                                                           .metadata = &metadata}), "");
    place_write(&place, "k", "edited");
    assert_string_equal(bucket_metadata(bucket, "k", "m"), "(none)");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .body = BYTES("x"),
                                                           .if_match = HELLO_ETAG}),
                        "PreconditionFailed");
    place_write(&place, "k", "hello");
    assert_string_equal(bucket_metadata(bucket, "k", "m"), "1");
    pairs_free(&metadata);
}

static void a_damaged_sidecar_is_no_sidecar(void **state)
{
    struct pairs metadata = {0};
    char path[PLACE_PATH];
    (void)state;
    pairs_set(&metadata, "m", "1");
    assert_string_equal(bucket_put_as(bucket, (struct put){.key = "k", .body = BYTES("hello"),
                                                           .metadata = &metadata}), "");
    /* SHA-256 of "k", its first two digits apart; MD5 of "hello" */
    snprintf(path, sizeof path, ".tidegate/meta/%s/%s", "82/"
             "54c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a",
             "5d41402abc4b2a76b9719d911017c592");
    assert_string_equal(place_text(&place, path),
                        "tidegate object 1\nkey: k\nmeta m: 1\nend\n");
    place_write(&place, path, "tidegate object 1\nkey: k\nmeta m: 1\nen");
    assert_string_equal(bucket_metadata(bucket, "k", "m"), "(none)");
    assert_string_equal(bucket_text(bucket, "k"), "hello");
    pairs_free(&metadata);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(place_path(&place, path), &st), 0);
    return st.st_mode & 07777;
}

static void modes_are_those_of_the_umask(void **state)
{
    static const struct { mode_t mask, file, dir; } cases[] = {
        {022, 0644, 0755}, {077, 0600, 0700}, {002, 0664, 0775}};
    mode_t old = umask(0);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        umask(cases[i].mask);
        assert_string_equal(bucket_put(bucket, "dir/k", "x"), "");
        assert_int_equal(mode_of("dir/k"), cases[i].file);
        assert_int_equal(mode_of("dir"), cases[i].dir);
        assert_string_equal(bucket_delete(bucket, "dir/k", NULL), "");
    }
    umask(old);
}

static void a_delete_leaves_no_trace(void **state)
{
    (void)state;
    assert_string_equal(bucket_put(bucket, "a/b/c/one", "1"), "");
    assert_string_equal(bucket_put(bucket, "a/two", "2"), "");
    assert_string_equal(bucket_delete(bucket, "a/b/c/one", NULL), "");
    assert_false(place_has(&place, "a/b"));
    assert_true(place_has(&place, "a/two"));
    assert_string_equal(bucket_delete(bucket, "a/two", NULL), "");
    assert_false(place_has(&place, "a"));
    assert_false(place_has(&place, ".tidegate/meta"));
    assert_int_equal(place_files(&place, ""), 1);
    assert_true(place_has(&place, ".tidegate/lock"));
}

static void one_sidecar_is_kept(void **state)
{
    char body[32];
    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "body %d", i);
        assert_string_equal(bucket_put(bucket, "k", body), "");
        assert_int_equal(place_files(&place, ".tidegate/meta"), 1);
    }
    assert_int_equal(unlink(place_path(&place, "k")), 0);
    assert_string_equal(bucket_delete(bucket, "k", NULL), "");
    assert_int_equal(place_files(&place, ".tidegate/meta"), 0);
}

int main(void)
{
    static struct place world;
    static const struct bucket_backend backend = {
        .name = "file bucket", .open = contract_open, .close = contract_close, .world = &world};
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_source_must_be_there),
        IN_PLACE(a_store_is_made_with_what_is_above_it),
        IN_PLACE(the_place_itself_may_be_a_link),
        IN_PLACE(an_object_is_a_plain_file),
        IN_PLACE(a_file_put_there_by_hand_is_an_object),
        IN_PLACE(metadata_belongs_to_the_bytes_it_came_with),
        IN_PLACE(a_damaged_sidecar_is_no_sidecar),
        IN_PLACE(modes_are_those_of_the_umask),
        IN_PLACE(a_delete_leaves_no_trace),
        IN_PLACE(one_sidecar_is_kept),
    };
    int failed = bucket_contract_run(&backend);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
