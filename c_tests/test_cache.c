#include "delivery/cache.h"

#include "leak_check.h"

static struct message *message_of(const char *id, size_t bytes)
{
    struct message *m = mem_new(sizeof *m);
    m->id = mem_text(id);
    m->receipt = mem_text(id);
    m->body = (struct bytes){mem_array(bytes, 1), bytes};
    return m;
}

static void an_empty_cache_has_room_for_one_of_any_size(void **state)
{
    struct cache c;
    (void)state;
    cache_init(&c);
    assert_int_equal(cache_room(&c), CACHE_BYTES_MAX / QUEUE_MESSAGE_MAX);
    c.usual_bytes = 2 * (size_t)CACHE_BYTES_MAX;
    assert_int_equal(cache_room(&c), 1);
}

static void large_messages_leave_no_room(void **state)
{
    struct cache c;
    struct delivery *d[2];
    (void)state;
    cache_init(&c);
    d[0] = cache_add(&c, message_of("a", CACHE_BYTES_MAX / 2));
    assert_in_range(cache_room(&c), 1, 16);
    d[1] = cache_add(&c, message_of("b", CACHE_BYTES_MAX / 2));
    assert_int_equal(cache_room(&c), 0);
    cache_remove(&c, d[0]);
    cache_remove(&c, d[1]);
    assert_true(cache_room(&c) >= 1);
}

static void what_was_given_twice_counts_twice(void **state)
{
    struct cache c;
    struct delivery *d;
    (void)state;
    cache_init(&c);
    d = cache_add(&c, message_of("a", CACHE_BYTES_MAX / 2));
    cache_renew(&c, d, message_of("a", CACHE_BYTES_MAX / 2));
    assert_int_equal(cache_room(&c), 0);
    cache_remove(&c, d);
    assert_int_equal(c.bytes, 0);
}

static void the_usual_size_follows_what_comes(void **state)
{
    struct cache c;
    (void)state;
    cache_init(&c);
    for (int i = 0; i < 200; i++)
        cache_remove(&c, cache_add(&c, message_of("a", 1000)));
    assert_in_range(c.usual_bytes, 990, 1010);
    assert_in_range(cache_room(&c), 60000, 70000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(an_empty_cache_has_room_for_one_of_any_size),
        CHECKED(large_messages_leave_no_room),
        CHECKED(what_was_given_twice_counts_twice),
        CHECKED(the_usual_size_follows_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
