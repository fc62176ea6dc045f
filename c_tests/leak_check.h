/* Leak check: each test ends with as many memory blocks as it began with.
 * A test listed as CHECKED(name) fails in its teardown otherwise.
 * It sees base/mem.h only; what libraries allocate is for the address sanitizer. */
#ifndef TIDEGATE_TESTS_LEAK_CHECK_H
#define TIDEGATE_TESTS_LEAK_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int leak_check_begin(void **state);
int leak_check_end(void **state);

#define CHECKED(test) cmocka_unit_test_setup_teardown(test, leak_check_begin, leak_check_end)

#endif
