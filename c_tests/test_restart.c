/* Notes of messages that ended a process, as the next life reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNITTEST
#include "host/restart.c"

#include <stdio.h>

static const char *listed(void)
{
    static char out[NOTES_MAX];
    size_t at = 0, len = 0;
    struct bytes key;
    int receives;
    out[0] = 0;
    while (restart_note(&at, &key, &receives))
        len += (size_t)snprintf(out + len, sizeof out - len, "%.*s=%d;", (int)key.len, key.at,
                                receives);
    return out;
}

static void empty(void)
{
    notes[NAME] = 0;
}

static void notes_are_read_as_they_were_written(void **state)
{
    (void)state;
    empty();
    assert_string_equal(listed(), "");
    note("a key", 1);
    note("b", 12);
    assert_string_equal(listed(), "a key=1;b=12;");
    note("a key", 2);
    assert_string_equal(listed(), "b=12;a key=2;");
    note("c", 999);
    assert_string_equal(listed(), "b=12;a key=2;c=999;");
}

static void what_does_not_fit_pushes_out_the_oldest(void **state)
{
    char key[1025], first[32];
    (void)state;
    empty();
    for (int i = 0; i < 20; i++) {
        memset(key, 'k', 1024);
        key[1024] = 0;
        snprintf(first, sizeof first, "%02d", i);
        memcpy(key, first, 2);
        note(key, 3);
        assert_true(strlen(notes) < NOTES_MAX);
    }
    assert_memory_equal(listed(), "13", 2);
    assert_non_null(strstr(listed(), "19k"));
    assert_null(strstr(listed(), "12k"));
}

static void takes_over_from_the_environment(void **state)
{
    char a[] = "A=1", b[] = "B=2";
    char variable[] = VARIABLE "4 old\nnonsense\n0 none\n99999 most\n5 last";
    char *before[] = {a, variable, b, NULL};
    char **saved = environ;
    (void)state;
    environ = before;
    restart_prepare(NULL);
    environ = saved;
    assert_string_equal(listed(), "old=4;=0;none=0;most=0;last=5;");
    assert_string_equal(surroundings[0], "A=1");
    assert_string_equal(surroundings[1], "B=2");
    assert_ptr_equal(surroundings[2], notes);
    assert_null(surroundings[3]);
    mem_free(surroundings);
}

static void does_nothing_for_who_did_not_prepare(void **state)
{
    (void)state;
    arguments = NULL;
    restart_after("key", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_read_as_they_were_written),
        cmocka_unit_test(what_does_not_fit_pushes_out_the_oldest),
        cmocka_unit_test(takes_over_from_the_environment),
        cmocka_unit_test(does_nothing_for_who_did_not_prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
