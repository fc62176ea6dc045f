/* Place URL: the text that names a place, cut into what stands behind its scheme and the parameters
 * behind the first '?'. Borrows the text and keeps nothing. It never guesses: a parameter that this
 * kind of place does not know, or that stands there twice or empty, is refused by name. */
#ifndef TIDEGATE_HOST_PLACE_URL_H
#define TIDEGATE_HOST_PLACE_URL_H

#include "base/err.h"

struct place_url {
    struct bytes rest;       /* behind the scheme, before the first '?'; never empty */
    struct bytes key;        /* ?key=NAME as it stands, nothing decoded; "id" unless it is given */
};

/* `url` begins with `scheme`. A place of items takes ?key=NAME, any other no parameter at all.
 * -1 with err "BadPlace". */
int place_url_read(struct bytes url, const char *scheme, bool items, struct place_url *out,
                   struct err *err) MUSTCHECK;
/* "URL" and why it cannot be used; always -1. */
int place_url_refuse(struct err *err, struct bytes url, const char *why);

#endif
