/* Tree: the files beneath one directory, reached part by part without following a symbolic link.
 * Borrows the directory it starts from and gives back plain file descriptors, which the caller
 * closes. Its calls answer like system calls, -1 with errno; tree_err() turns that into an error
 * for people. It never leaves the directory and never looks at what a name means. */
#ifndef TIDEGATE_LOCAL_TREE_H
#define TIDEGATE_LOCAL_TREE_H

#include "base/buf.h"
#include "base/err.h"

#include <dirent.h>
#include <sys/stat.h>

enum { TREE_NAME = 256 };            /* one part of a path and its NUL */

/* Opens the directory at `path` ("": `top` itself), only to reach what is in it. ENOTDIR or ELOOP
 * when a part of the path is something else, a symbolic link included. `create` makes what is
 * missing. */
int tree_dir(int top, struct bytes path, bool create);
/* Opens the directory that holds `key` and copies the last part of the key. */
int tree_parent(int top, struct bytes key, bool create, char leaf[TREE_NAME]);
/* Opens the directory at `path` to read its names; closedir() it. NULL with errno. */
DIR *tree_list(int top, struct bytes path);
/* Looks at the plain file of that name; ENOENT when there is none or when it is anything else. */
int tree_stat(int top, struct bytes key, struct stat *st);
/* Opens it for reading, under the same rule. */
int tree_open(int top, struct bytes key, struct stat *st);
/* Removes it, under the same rule. */
int tree_unlink(int top, struct bytes key);
/* Appends the rest of the file; EFBIG when it is more than `out` takes. */
int tree_read(int fd, struct buf *out);
/* Makes a file that is not there yet, with its bytes on the disk; removes it again when that
 * fails. */
int tree_write(int dir, const char *name, struct bytes content);
/* Removes the directory at `path` and those above it for as long as they are empty; `top` stays. */
void tree_prune(int top, struct bytes path);
/* The part of the key before its last slash. */
struct bytes tree_dirname(struct bytes key);

/* Fills err from a number of errno, naming the path, and returns -1. */
int tree_err(struct err *err, struct bytes path, int number);

#endif
