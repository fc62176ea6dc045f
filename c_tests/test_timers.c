#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/timers.h"

enum { MANY = 500 };

struct fixture {
    struct timers heap;
    struct timer timer[MANY];
    struct timer *fired[MANY * 2];
    size_t fired_count;
    size_t memory;
};

static void record(struct timer *t)
{
    struct fixture *f = t->owner;
    assert_int_equal(t->slot, 0);
    f->fired[f->fired_count++] = t;
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.memory = mem_live()};
    for (size_t i = 0; i < MANY; i++)
        f.timer[i] = (struct timer){.fire = record, .owner = &f};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->heap.count, 0);
    timers_free(&f->heap);
    return mem_live() == f->memory ? 0 : -1;
}

static struct monotime at(int64_t us)
{
    return (struct monotime){us};
}

static void fire_in_order(void **state)
{
    struct fixture *f = *state;
    uint32_t noise = 1;
    for (size_t i = 0; i < MANY; i++) {
        noise = noise * 1664525u + 1013904223u;
        timers_set(&f->heap, &f->timer[i], at(1 + (noise >> 16) % 100));
    }
    timers_fire(&f->heap, at(0));
    assert_int_equal(f->fired_count, 0);
    timers_fire(&f->heap, at(50));
    assert_in_range(f->fired_count, 1, MANY - 1);
    assert_true(timers_next(&f->heap).us > 50);
    timers_fire(&f->heap, at(100));
    assert_int_equal(f->fired_count, MANY);
    for (size_t i = 1; i < MANY; i++) {
        const struct timer *a = f->fired[i - 1], *b = f->fired[i];
        assert_true(a->at.us < b->at.us || (a->at.us == b->at.us && a < b));
    }
}

static void move_and_clear(void **state)
{
    struct fixture *f = *state;
    struct timer *t = f->timer;
    for (int i = 0; i < 5; i++)
        timers_set(&f->heap, &t[i], at(10 * (i + 1)));
    timers_set(&f->heap, &t[0], at(35));
    timers_set(&f->heap, &t[4], at(5));
    timers_clear(&f->heap, &t[1]);
    timers_clear(&f->heap, &t[1]);
    assert_int_equal(f->heap.count, 4);
    assert_int_equal(timers_next(&f->heap).us, 5);
    timers_fire(&f->heap, at(1000));
    assert_int_equal(f->fired_count, 4);
    assert_ptr_equal(f->fired[0], &t[4]);
    assert_ptr_equal(f->fired[1], &t[2]);
    assert_ptr_equal(f->fired[2], &t[0]);
    assert_ptr_equal(f->fired[3], &t[3]);
    assert_int_equal(timers_next(&f->heap).us, NEVER.us);
}

/* Cleared one by one in an order of its own, the heap stays a heap. */
static void any_one_can_leave(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < MANY; i++)
        timers_set(&f->heap, &f->timer[i], at((int64_t)(i * 7919 % MANY) + 1));
    for (size_t i = 0; i < MANY; i += 2)
        timers_clear(&f->heap, &f->timer[i * 3 % MANY]);
    timers_fire(&f->heap, at(MANY));
    assert_in_range(f->fired_count, 1, MANY - 1);
    for (size_t i = 1; i < f->fired_count; i++)
        assert_true(f->fired[i - 1]->at.us < f->fired[i]->at.us);
}

static void clear_the_next(struct timer *t)
{
    struct fixture *f = t->owner;
    record(t);
    timers_clear(&f->heap, t + 1);
}

static void clear_inside_fire(void **state)
{
    struct fixture *f = *state;
    f->timer[0].fire = clear_the_next;
    for (int i = 0; i < 3; i++)
        timers_set(&f->heap, &f->timer[i], at(10));
    timers_fire(&f->heap, at(10));
    assert_int_equal(f->fired_count, 2);
    assert_ptr_equal(f->fired[1], &f->timer[2]);
}

static void again_at_once(struct timer *t)
{
    struct fixture *f = t->owner;
    record(t);
    if (f->fired_count < 10)
        timers_set(&f->heap, t, at(0));
}

/* A timer that sets itself again, even in the past, fires once a round and holds up no other. */
static void set_again_inside_fire(void **state)
{
    struct fixture *f = *state;
    f->timer[0].fire = again_at_once;
    timers_set(&f->heap, &f->timer[0], at(1));
    timers_set(&f->heap, &f->timer[1], at(20));
    timers_fire(&f->heap, at(20));
    assert_int_equal(f->fired_count, 2);
    assert_ptr_equal(f->fired[1], &f->timer[1]);
    assert_int_equal(timers_next(&f->heap).us, 20);
    timers_fire(&f->heap, at(20));
    assert_int_equal(f->fired_count, 3);
    timers_clear(&f->heap, &f->timer[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fire_in_order),
        TEST(move_and_clear),
        TEST(any_one_can_leave),
        TEST(clear_inside_fire),
        TEST(set_again_inside_fire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
