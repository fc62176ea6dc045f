/* Outlet: a descriptor that text goes out through, and that cannot hold up the work.
 * A plain value. outlet_open() owns a descriptor of its own, outlet_borrow() uses somebody else's.
 * Who reads too slowly is waited for a little, a twentieth of the time at most; then what does not
 * fit is dropped, and told to the caller. It never changes the mode of a descriptor that others
 * share. */
#ifndef TIDEGATE_BASE_OUTLET_H
#define TIDEGATE_BASE_OUTLET_H

#include "base/bytes.h"
#include "base/clock.h"

struct outlet {
    int fd;                          /* -1: there is none */
    bool owned;
    bool socket;                     /* it takes a flag with each text that says not to wait */
    bool blocks;                     /* a pipe or terminal that could only be borrowed */
    bool torn;                       /* the last text was cut: the next begins on a new line */
    int64_t patience_us;             /* what it may still wait */
    struct monotime seen;            /* when that was reckoned */
};

/* Lines are added at the end of the file, which is made if it is not there. 0, or the errno. */
int outlet_open(struct outlet *o, const char *path);
/* The descriptor itself; when it is a pipe or a terminal, by a way of its own that never blocks. */
void outlet_borrow(struct outlet *o, int fd);
/* Writes all of the text: 0, or the errno of what stopped it (EAGAIN: nobody reads). */
int outlet_write(struct outlet *o, struct bytes text);
void outlet_close(struct outlet *o);             /* may be called twice */

#endif
