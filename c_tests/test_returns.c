#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "delivery/returns.h"

static struct returns returns;

static bool explains(const char *id, int receive_count)
{
    struct message m = {.id = (char *)id, .receive_count = receive_count};
    return returns_explain(&returns, &m);
}

static void add(const char *id, int receive_count)
{
    struct message m = {.id = (char *)id, .receive_count = receive_count};
    returns_add(&returns, &m);
}

static void explains_the_next_receive_and_no_other(void **state)
{
    (void)state;
    add("a", 2);
    assert_true(explains("a", 3));
    assert_false(explains("a", 2));
    assert_false(explains("a", 4));
    assert_false(explains("b", 3));
    add("a", 3);
    assert_true(explains("a", 4));
    assert_false(explains("a", 3));
}

static void knows_nothing_of_what_it_never_saw(void **state)
{
    (void)state;
    assert_false(explains("never", 1));
    assert_false(explains("never", 2));
    assert_false(explains("", 1));
}

/* Newer ones take the places of older ones; most of the newest are known. */
static void remembers_what_is_new(void **state)
{
    enum { MANY = 100 * 1000, NEW = 1000 };
    int known = 0;
    char id[32];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "message-%d", i);
        add(id, 1);
        assert_true(explains(id, 2));
    }
    for (int i = MANY - NEW; i < MANY; i++) {
        snprintf(id, sizeof id, "message-%d", i);
        known += explains(id, 2);
    }
    assert_true(known > NEW / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_the_next_receive_and_no_other),
        cmocka_unit_test(knows_nothing_of_what_it_never_saw),
        cmocka_unit_test(remembers_what_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
