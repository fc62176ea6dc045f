#include "file_fixture.h"

#include "local/file_bucket.h"

#include <string.h>

struct place place;
struct bucket *bucket;

struct bucket *file_fixture_open(const char *dir, bool create, struct err *err)
{
    return file_bucket_open(bytes_of(dir), create, err);
}

int file_fixture_begin(void **state)
{
    struct err err;
    leak_check_begin(state);
    bucket_calls_pump((struct bucket_pump){0});
    place_make(&place);
    bucket = file_fixture_open(place.dir, true, &err);
    return bucket ? 0 : -1;
}

int file_fixture_end(void **state)
{
    bucket_free(bucket);
    place_remove(&place);
    return leak_check_end(state);
}

void assert_conflict(const char *key, const char *why)
{
    struct bucket_op op;
    bucket_op_init(&op, BUCKET_PUT);
    op.key = bytes_of(key);
    bucket_run(bucket, &op);
    assert_string_equal(op.op.err.code, "KeyConflict");
    assert_false(op.op.err.retryable);
    assert_non_null(strstr(op.op.err.message, why));
    assert_string_equal(op.object.etag, "");
    bucket_op_free(&op);
}
