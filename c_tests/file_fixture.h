/* File fixture: a directory of its own and a file bucket in it, for each test listed as
 * IN_PLACE(name). The fixture owns both; the test may use them as it likes, and leaves no memory
 * behind. It makes nothing in the directory. */
#ifndef TIDEGATE_TESTS_FILE_FIXTURE_H
#define TIDEGATE_TESTS_FILE_FIXTURE_H

#include "bucket_calls.h"
#include "leak_check.h"
#include "place.h"

extern struct place place;
extern struct bucket *bucket;

int file_fixture_begin(void **state);
int file_fixture_end(void **state);
/* Another one in the same place, or NULL with err. */
struct bucket *file_fixture_open(const char *dir, bool create, struct err *err);
/* A put that must be refused with KeyConflict, saying why. */
void assert_conflict(const char *key, const char *why);

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, file_fixture_begin, file_fixture_end)

#endif
