#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE_US = 100 * 1000,        /* at once; it grows again with the time that passes */
    PATIENCE_SHARE = 20,
    PAGE = 4096,
    NO_WAIT = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
};

int outlet_open(struct outlet *o, const char *path)
{
    *o = (struct outlet){.owned = true, .patience_us = PATIENCE_US};
    o->fd = open(path, NO_WAIT | O_CREAT, 0644);
    return o->fd < 0 ? errno : 0;
}

void outlet_borrow(struct outlet *o, int fd)
{
    char path[32];
    struct stat info;
    *o = (struct outlet){.fd = fd, .patience_us = PATIENCE_US};
    if (fstat(fd, &info))
        return;
    o->socket = S_ISSOCK(info.st_mode);
    if (!S_ISFIFO(info.st_mode) && !isatty(fd))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fd = open(path, NO_WAIT);
    o->blocks = fd < 0;
    if (o->blocks)
        return;
    o->fd = fd;
    o->owned = true;
}

void outlet_close(struct outlet *o)
{
    if (o->owned && o->fd >= 0)
        close(o->fd);
    o->fd = -1;
}

/* ---- writing ---- */

/* Waits for room, as long as its patience lasts. */
static int wait_for_room(struct outlet *o)
{
    struct pollfd ask = {.fd = o->fd, .events = POLLOUT};
    struct monotime before = clock_monotonic();
    int ready;
    o->patience_us += monotime_until(o->seen, before) / PATIENCE_SHARE;
    if (o->patience_us > PATIENCE_US)
        o->patience_us = PATIENCE_US;
    ready = poll(&ask, 1, (int)(o->patience_us / 1000));
    o->seen = clock_monotonic();
    o->patience_us -= monotime_until(before, o->seen);
    if (o->patience_us < 0)
        o->patience_us = 0;
    return ready > 0 || (ready < 0 && errno == EINTR) ? 0 : EAGAIN;
}

/* What is said to have room takes a page without waiting. */
static ssize_t put_if_ready(int fd, struct bytes text)
{
    struct pollfd ask = {.fd = fd, .events = POLLOUT};
    if (poll(&ask, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, text.at, text.len < PAGE ? text.len : PAGE);
}

static ssize_t put(const struct outlet *o, struct bytes text)
{
    if (o->blocks)
        return put_if_ready(o->fd, text);
    return o->socket ? send(o->fd, text.at, text.len, MSG_DONTWAIT | MSG_NOSIGNAL)
                     : write(o->fd, text.at, text.len);
}

static int put_all(struct outlet *o, struct bytes text, size_t *done)
{
    for (*done = 0; *done < text.len;) {
        ssize_t sent = put(o, bytes_from(text, *done));
        if (sent >= 0)
            *done += (size_t)sent;
        else if (errno != EINTR && (errno != EAGAIN || wait_for_room(o)))
            return errno;
    }
    return 0;
}

int outlet_write(struct outlet *o, struct bytes text)
{
    size_t done;
    int problem = o->torn ? put_all(o, BYTES("\n"), &done) : 0;
    if (problem)
        return problem;
    o->torn = false;
    problem = put_all(o, text, &done);
    o->torn = problem && done;
    return problem;
}
