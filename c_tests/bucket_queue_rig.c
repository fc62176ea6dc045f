#include "bucket_queue_rig.h"

#include "local/file_bucket.h"
#include "place.h"

static struct place place;
struct rig rig;

static void turn(void *world, struct bucket *b)
{
    (void)world;
    memory_bucket_step((struct memory_bucket *)b);
}

int begin_file(void **state)
{
    struct err err;
    leak_check_begin(state);
    place_make(&place);
    rig = (struct rig){.bucket = file_bucket_open(bytes_of(place.dir), false, &err)};
    if (!rig.bucket)
        return -1;
    rig.queue = bucket_queue_new(rig.bucket);
    return 0;
}

int end_file(void **state)
{
    queue_free(rig.queue);
    place_remove(&place);
    return leak_check_end(state);
}

int begin_memory(void **state)
{
    leak_check_begin(state);
    bucket_calls_pump((struct bucket_pump){turn, NULL});
    rig = (struct rig){.memory = memory_bucket_new()};
    rig.bucket = &rig.memory->bucket;
    rig.queue = bucket_queue_new(rig.bucket);
    return 0;
}

int end_memory(void **state)
{
    queue_free(rig.queue);
    return leak_check_end(state);
}

void put_all(const char *const *keys)
{
    for (; *keys; keys++)
        assert_string_equal(bucket_put(rig.bucket, *keys, *keys), "");
}
