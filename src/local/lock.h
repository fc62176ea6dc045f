/* Lock: one writer at a time in a directory, whoever else has it open, in this process or
 * another. The holder owns a file descriptor; closing it, or dying, gives the lock back. It waits
 * for as long as one write of somebody else takes. It never blocks a reader. */
#ifndef TIDEGATE_LOCAL_LOCK_H
#define TIDEGATE_LOCAL_LOCK_H

/* Waits for the lock file `name` in the directory `home`, which is made when it is missing.
 * The descriptor, or -1 with errno. */
int lock_take(int home, const char *name);

#endif
