/* Embedded scripts: every file of scripts/ as it was when the binary was built, in the order of
 * their names; an entry whose name is NULL ends the table. It is constant and belongs to the
 * program: nobody frees or changes it. It knows nothing of the script path and reads no file. */
#ifndef TIDEGATE_HOST_EMBEDDED_H
#define TIDEGATE_HOST_EMBEDDED_H

#include <stddef.h>

struct embedded_script {
    const char *name; /* the path below scripts/ without .lua: "consume", "lib/change" */
    const char *text; /* len bytes, and a final NUL that len does not count */
    size_t len;
};

extern const struct embedded_script embedded_scripts[]; /* written by tools/embed */

#endif
