#include "delivery/lanes.h"

#include "leak_check.h"

static void a_free_lane_is_entered_and_a_held_one_queues(void **state)
{
    struct lanes lanes = {0};
    struct delivery d[3] = {0};
    (void)state;
    assert_true(lanes_enter(&lanes, BYTES("a"), &d[0]));
    assert_false(lanes_awaited(&d[0]));
    assert_false(lanes_enter(&lanes, BYTES("a"), &d[1]));
    assert_false(lanes_enter(&lanes, BYTES("a"), &d[2]));
    assert_true(lanes_awaited(&d[0]));
    assert_false(lanes_awaited(&d[1]));
    assert_int_equal(lanes.count, 1);
    assert_ptr_equal(lanes_leave(&lanes, &d[0]), &d[1]);
    assert_ptr_equal(lanes_leave(&lanes, &d[1]), &d[2]);
    assert_false(lanes_awaited(&d[2]));
    assert_null(lanes_leave(&lanes, &d[2]));
    assert_int_equal(lanes.count, 0);
}

static void leaving_the_queue_leaves_the_lane_alone(void **state)
{
    struct lanes lanes = {0};
    struct delivery d[3] = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        lanes_enter(&lanes, BYTES("a"), &d[i]);
    assert_null(lanes_leave(&lanes, &d[1]));
    assert_null(d[1].lane);
    assert_null(lanes_leave(&lanes, &d[1]));
    assert_ptr_equal(lanes_leave(&lanes, &d[0]), &d[2]);
    assert_null(lanes_leave(&lanes, &d[2]));
    assert_int_equal(lanes.count, 0);
}

static void who_is_in_no_lane_may_leave_it(void **state)
{
    struct lanes lanes = {0};
    struct delivery d = {0};
    (void)state;
    assert_null(lanes_leave(&lanes, &d));
    assert_false(lanes_awaited(&d));
}

static void names_are_any_bytes(void **state)
{
    static const struct bytes names[] = {
        {"", 0}, {"a", 1}, {"b", 1}, {"a\0", 2}, {"a\0b", 3}, {"\xff", 1}, {"A", 1},
    };
    enum { NAMES = sizeof names / sizeof *names };
    struct lanes lanes = {0};
    struct delivery first[NAMES] = {0}, second[NAMES] = {0};
    (void)state;
    for (size_t i = 0; i < NAMES; i++)
        assert_true(lanes_enter(&lanes, names[i], &first[i]));
    assert_int_equal(lanes.count, NAMES);
    for (size_t i = 0; i < NAMES; i++)
        assert_false(lanes_enter(&lanes, names[i], &second[i]));
    for (size_t i = 0; i < NAMES; i++)
        assert_ptr_equal(lanes_leave(&lanes, &first[i]), &second[i]);
    for (size_t i = 0; i < NAMES; i++)
        assert_null(lanes_leave(&lanes, &second[i]));
    assert_int_equal(lanes.count, 0);
}

static void the_name_is_a_copy(void **state)
{
    struct lanes lanes = {0};
    struct delivery d[2] = {0};
    char name[] = "a";
    (void)state;
    assert_true(lanes_enter(&lanes, bytes_of(name), &d[0]));
    name[0] = 'b';
    assert_false(lanes_enter(&lanes, BYTES("a"), &d[1]));
    lanes_leave(&lanes, &d[0]);
    lanes_leave(&lanes, &d[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(a_free_lane_is_entered_and_a_held_one_queues),
        CHECKED(leaving_the_queue_leaves_the_lane_alone),
        CHECKED(who_is_in_no_lane_may_leave_it),
        CHECKED(names_are_any_bytes),
        CHECKED(the_name_is_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
