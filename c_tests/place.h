/* Place: a directory of its own for one test, and plain looks at what is in it. The test owns it
 * and removes it. Paths are relative to it; all calls fail the test when they cannot do what they
 * say. It knows no bucket: it is how a test looks at the files behind one. */
#ifndef TIDEGATE_TESTS_PLACE_H
#define TIDEGATE_TESTS_PLACE_H

#include "base/bytes.h"

enum { PLACE_PATH = 4096 };

struct place {
    char dir[256];
};

void place_make(struct place *p);                /* under TMPDIR, else where files are in memory */
void place_remove(struct place *p);              /* with all that is in it, whatever its modes */
/* The whole path, valid until a few calls later; "" is the place itself. */
const char *place_path(const struct place *p, const char *path);
void place_dir(const struct place *p, const char *path);                       /* those above too */
void place_write(const struct place *p, const char *path, const char *text);   /* those above too */
/* The file's first bytes as text, or "!" when there is none. */
const char *place_text(const struct place *p, const char *path);
bool place_has(const struct place *p, const char *path);
/* Files and links below the path, at any depth; 0 when it is not there. */
size_t place_files(const struct place *p, const char *path);

/* Runs it in a process of its own, without root's rights; its answer, or -1 when it died. */
int in_child(int (*run)(void *context), void *context, bool without_root);

#endif
