#include "file_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void its_own_directory_is_not_for_keys(void **state)
{
    static const enum bucket_verb verbs[] = {BUCKET_GET, BUCKET_HEAD, BUCKET_PUT, BUCKET_DELETE};
    static const char *const keys[] = {".tidegate", ".tidegate/lock", ".tidegate/meta/x/y"};
    (void)state;
    assert_string_equal(bucket_put(bucket, "a/.tidegate", "not at the top"), "");
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            struct bucket_op op;
            bucket_op_init(&op, verbs[v]);
            op.key = bytes_of(keys[k]);
            bucket_run(bucket, &op);
            assert_string_equal(op.op.err.code, "InvalidKey");
            bucket_op_free(&op);
        }
    assert_string_equal(bucket_keys(bucket, "", "", 10), "a/.tidegate");
    assert_string_equal(bucket_keys(bucket, ".tidegate", "", 10), "");
    assert_string_equal(bucket_put(bucket, ".tidegate2", "x"), "");
}

static void a_key_cannot_be_file_and_directory(void **state)
{
    (void)state;
    assert_string_equal(bucket_put(bucket, "a", "file"), "");
    assert_string_equal(bucket_put(bucket, "b/c/d", "deep"), "");
    assert_conflict("a/x", "an object or a link");
    assert_conflict("a/x/y/z", "an object or a link");
    assert_conflict("b", "directory that holds other objects");
    assert_conflict("b/c", "directory that holds other objects");
    assert_string_equal(bucket_text(bucket, "a/x"), "!NoSuchKey");
    assert_string_equal(bucket_text(bucket, "b"), "!NoSuchKey");
    assert_string_equal(bucket_delete(bucket, "b", NULL), "");
    assert_string_equal(bucket_delete(bucket, "a/x", NULL), "");
    assert_string_equal(bucket_keys(bucket, "", "", 10), "a b/c/d");
    assert_int_equal(place_files(&place, ".tidegate/tmp"), 0);
    assert_int_equal(place_files(&place, ".tidegate/meta"), 2);
    place_dir(&place, "empty");
    assert_string_equal(bucket_put(bucket, "empty", "gives way"), "");
    assert_string_equal(bucket_text(bucket, "empty"), "gives way");
}

static void links_lead_nowhere(void **state)
{
    struct place outside;
    (void)state;
    place_make(&outside);
    place_write(&outside, "secret", "kept");
    place_write(&place, "real", "x");
    assert_int_equal(symlink(place_path(&outside, "secret"), place_path(&place, "file")), 0);
    assert_int_equal(symlink(outside.dir, place_path(&place, "dir")), 0);
    assert_int_equal(symlink("real", place_path(&place, "inside")), 0);
    assert_int_equal(symlink("nowhere", place_path(&place, "dangling")), 0);
    assert_string_equal(bucket_keys(bucket, "", "", 10), "real");
    assert_string_equal(bucket_text(bucket, "file"), "!NoSuchKey");
    assert_string_equal(bucket_etag(bucket, "inside"), "!NoSuchKey");
    assert_string_equal(bucket_text(bucket, "dir/secret"), "!NoSuchKey");
    assert_conflict("file", "a link");
    assert_conflict("inside", "a link");
    assert_conflict("dangling", "a link");
    assert_conflict("dir/new", "an object or a link");
    assert_string_equal(bucket_delete(bucket, "file", NULL), "");
    assert_string_equal(bucket_delete(bucket, "dir/secret", NULL), "");
    assert_true(place_has(&place, "file"));
    assert_string_equal(place_text(&outside, "secret"), "kept");
    assert_int_equal(place_files(&outside, ""), 1);
    place_remove(&outside);
}

static void its_own_directory_may_not_be_a_link(void **state)
{
    static const char *const parts[] = {".tidegate", ".tidegate/lock", ".tidegate/tmp",
                                        ".tidegate/meta"};
    struct place outside;
    (void)state;
    place_make(&outside);
    place_write(&place, "k", "x");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i == 1)
            place_dir(&place, ".tidegate");
        assert_int_equal(symlink(outside.dir, place_path(&place, parts[i])), 0);
        assert_string_equal(bucket_put(bucket, "k", "y"), "io");
        assert_string_equal(bucket_text(bucket, "k"), "x");
        assert_int_equal(place_files(&outside, ""), 0);
        assert_int_equal(unlink(place_path(&place, parts[i])), 0);
    }
    assert_string_equal(bucket_put(bucket, "k", "y"), "");
    place_remove(&outside);
}

static void what_is_no_plain_file_is_absent(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(place_path(&place, "pipe"), 0600), 0);
    assert_string_equal(bucket_text(bucket, "pipe"), "!NoSuchKey");
    assert_string_equal(bucket_keys(bucket, "", "", 10), "");
    assert_conflict("pipe", "no plain file");
    assert_string_equal(bucket_delete(bucket, "pipe", NULL), "");
    assert_true(place_has(&place, "pipe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(its_own_directory_is_not_for_keys),
        IN_PLACE(a_key_cannot_be_file_and_directory),
        IN_PLACE(links_lead_nowhere),
        IN_PLACE(its_own_directory_may_not_be_a_link),
        IN_PLACE(what_is_no_plain_file_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
