#include "local/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int wait_for(int fd)
{
    int rc;
    do
        rc = flock(fd, LOCK_EX);
    while (rc && errno == EINTR);
    return rc;
}

/* Somebody may have removed the file while we waited: then the lock that counts is another one. */
static bool still_named(int home, const char *name, int fd)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && fstatat(home, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* Opened each time: a lock belongs to an open file, so a kept one would not hold off a second user
 * of it in this process, or a fork. */
int lock_take(int home, const char *name)
{
    for (;;) {
        int fd = openat(home, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
            return -1;
        if (wait_for(fd)) {
            int kept = errno;
            close(fd);
            errno = kept;
            return -1;
        }
        if (still_named(home, name, fd))
            return fd;
        close(fd);
    }
}
