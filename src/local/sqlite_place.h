/* SQLite place: FILE or FILE#NAME, taken apart. FILE is all before the first '#' and may hold any
 * other byte but NUL; NAME, 1 to 80 of A-Z a-z 0-9 _ - (the ending "-parked" not counted), is what
 * the SQL table in it is called, where upper and lower case are the same. Owns its text. It only
 * looks at the file and never opens it: closing a descriptor of a file that SQLite has open would
 * give SQLite's locks away. */
#ifndef TIDEGATE_LOCAL_SQLITE_PLACE_H
#define TIDEGATE_LOCAL_SQLITE_PLACE_H

#include "base/err.h"

enum {
    SQLITE_NAME_LEN = 80,
    SQLITE_PATH_LEN = 500            /* SQLite takes 512 bytes, "./" in front included */
};

struct sqlite_place {
    char *path;                      /* for SQLite, to which "file:x" and ":memory:" are no paths */
    const char *file;                /* within it: as it was given, for people */
    char *name;
    char *url;                       /* "sqlite:FILE#NAME" */
};

/* `usual` is NAME where none stands; `ending` is put behind it. -1 with err: BadPlace. */
int sqlite_place_read(struct sqlite_place *p, struct bytes text, const char *usual,
                      const char *ending, struct err *err) MUSTCHECK;
void sqlite_place_free(struct sqlite_place *p);          /* may be called twice */

/* 1: there is a file; 0: there is none, but its directory, and with `create` it may be written; -1
 * with err: `missing` when the directory is not there, BadPlace when something else than a file is,
 * access_denied, io. */
int sqlite_place_look(const struct sqlite_place *p, bool create, const char *missing,
                      struct err *err) MUSTCHECK;

#endif
