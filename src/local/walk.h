/* Walk: the keys of a directory tree in the order S3 lists them: bytes of whole keys, the slash
 * being a byte like any other. Borrows everything for the call; holds the names of one window of
 * each directory on its way down, however large it is. It follows no symbolic link, shows only
 * plain files whose path is a valid key, and never opens them. */
#ifndef TIDEGATE_LOCAL_WALK_H
#define TIDEGATE_LOCAL_WALK_H

#include "base/err.h"

struct walk {
    int top;                         /* the directory */
    struct bytes skip;               /* a name in `top` to leave out */
    struct bytes prefix;             /* only keys that begin so */
    struct bytes start_after;        /* only keys behind this one */
    bool (*found)(void *context, struct bytes key);          /* false ends the walk */
    void *context;
};

/* -1 with err when a directory cannot be read: a list that leaves something out in silence would
 * be worse. */
int walk_keys(const struct walk *w, struct err *err);

#endif
