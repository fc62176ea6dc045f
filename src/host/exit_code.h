/* Exit code: what a program that ended tells who started it, after sysexits.h.
 * Plain values; nothing is owned. It never guesses from a sentence: the code of an error decides,
 * then its status. */
#ifndef TIDEGATE_HOST_EXIT_CODE_H
#define TIDEGATE_HOST_EXIT_CODE_H

#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 64,
    EXIT_DATA = 65,
    EXIT_UNREACHABLE = 69,
    EXIT_INTERNAL = 70,
    EXIT_CUT = 75,
    EXIT_DENIED = 77,
    EXIT_CONFIG = 78
};

/* Which one an error stands for. */
int exit_code_of(const struct err *err);

#endif
