/* Shards of a bucket: which keys are whose, and what a queue that takes one shard sees. */
#include "delivery/shard.h"

#include "bucket_queue_rig.h"

#include <stdio.h>
#include <string.h>

static void a_key_keeps_its_shard_for_ever(void **state)
{
    static const struct { const char *key; int of_2, of_3, of_1000; } cases[] = {
        {"1612306368338", 1, 1, 219},
        {"parked", 1, 3, 783},
        {"a", 1, 2, 251},
        {"folder/b", 1, 3, 393},
        {"\xc3\xa9", 2, 1, 52},
        {"0001", 2, 2, 188},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes key = bytes_of(cases[i].key);
        assert_true(shard_has((struct shard){cases[i].of_2, 2}, key));
        assert_true(shard_has((struct shard){cases[i].of_3, 3}, key));
        assert_true(shard_has((struct shard){cases[i].of_1000, 1000}, key));
    }
}

static void every_key_is_in_exactly_one_shard(void **state)
{
    (void)state;
    for (int count = 1; count <= 7; count++) {
        int taken[8] = {0};
        for (int i = 0; i < 700; i++) {
            char key[32];
            int owners = 0;
            snprintf(key, sizeof key, "16123063%05d", i);
            for (int index = 1; index <= count; index++) {
                bool mine = shard_has((struct shard){index, count}, bytes_of(key));
                owners += mine;
                taken[index] += mine;
            }
            assert_int_equal(owners, 1);
        }
        for (int index = 1; index <= count; index++)
            assert_in_range(taken[index], 700 / count / 2, 2 * 700 / count);
    }
}

static void no_shard_has_all_keys(void **state)
{
    (void)state;
    assert_true(shard_has((struct shard){0}, BYTES("a")));
    assert_true(shard_has((struct shard){1, 1}, BYTES("a")));
}

static void what_is_no_shard_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "/", "1", "1/", "/2", "0/2", "3/2", "-1/2", "+1/2", "1/+2", "1/-2", "1/0", "1/1001",
        " 1/2", "1/2 ", "1/2/3", "a/b", "1.0/2", "0x1/2", "1/99999999999999999999",
    };
    struct shard shard = {7, 8};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(shard_read(bytes_of(bad[i]), &shard, &err), -1);
        assert_string_equal(err.code, "BadShard");
    }
    assert_int_equal(shard.index, 7);
    assert_int_equal(shard_read(BYTES("1000/1000"), &shard, &err), 0);
    assert_int_equal(shard.index, 1000);
    assert_int_equal(shard_read(BYTES("01/02"), &shard, &err), 0);
    assert_int_equal(shard.count, 2);
}

/* ---- a queue of one shard ---- */

/* Puts keys of shard `index` of 2 into the bucket, the first at or behind number `from`. */
static void put_of(int index, int from, int count)
{
    for (int i = from; count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%05d", i);
        if (!shard_has((struct shard){index, 2}, bytes_of(key)))
            continue;
        assert_string_equal(bucket_put(rig.bucket, key, key), "");
        count--;
    }
}

static void take(int index)
{
    bucket_queue_shard(rig.queue, (struct shard){index, 2});
}

static void only_its_own_are_received(void **state)
{
    (void)state;
    put_of(1, 0, 3);
    put_of(2, 0, 3);
    take(2);
    assert_string_equal(RECEIVE(10, 0), "00001*1 00004*1 00005*1");
    assert_string_equal(RECEIVE(10, 0), "");
    assert_string_equal(RECEIVE(10, 30), "00001*2 00004*2 00005*2");
}

static void pages_without_one_of_its_own_are_passed(void **state)
{
    char last[16];
    (void)state;
    put_of(1, 0, 2500);
    put_of(2, 90000, 1);
    take(2);
    snprintf(last, sizeof last, "%s", RECEIVE(10, 0));
    assert_int_equal(strncmp(last, "900", 3), 0);
    assert_int_equal(rig.memory->asked[BUCKET_LIST], 3);
    assert_int_equal(rig.memory->asked[BUCKET_GET], 1);
}

static void it_is_empty_when_its_shard_is(void **state)
{
    (void)state;
    put_of(1, 0, 1500);
    take(2);
    assert_string_equal(RECEIVE(10, 0), "");
    assert_string_equal(queue_counts(&rig, 0), "0/0/0");
    put_of(2, 0, 1);
    assert_string_equal(queue_counts(&rig, 0), "1/0/0");
}

static void what_is_parked_is_in_no_shard(void **state)
{
    struct queue *parked = bucket_queue_parked(rig.bucket);
    struct rig all = {.queue = parked, .bucket = rig.bucket, .memory = rig.memory};
    (void)state;
    PUT("parked/a", "parked/b", "parked/c", "parked/d");
    take(1);
    assert_string_equal(RECEIVE(10, 0), "");
    assert_string_equal(queue_receive(&all, 10, -1, 0), "a*1 b*1 c*1 d*1");
    queue_free(parked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_keeps_its_shard_for_ever),
        cmocka_unit_test(every_key_is_in_exactly_one_shard),
        cmocka_unit_test(no_shard_has_all_keys),
        cmocka_unit_test(what_is_no_shard_is_refused),
        BOTH(only_its_own_are_received),
        LATER(pages_without_one_of_its_own_are_passed),
        BOTH(it_is_empty_when_its_shard_is),
        BOTH(what_is_parked_is_in_no_shard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
