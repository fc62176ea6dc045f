/* Profiles: what ~/.aws/config and ~/.aws/credentials say, parsed and merged.
 * The set owns copies of everything; profile_set_free() wipes and frees them and may be called
 * twice.
 * Pure: it is handed the files' bytes and never opens one. It never puts a file's content into an
 * error, only its name and the line.
 * Rules: SDKs and Tools Reference Guide, "Shared config and credentials files". */
#ifndef TIDEGATE_AWS_PROFILE_H
#define TIDEGATE_AWS_PROFILE_H

#include "base/err.h"

enum profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };

enum profile_kind { PROFILE_KEYS, PROFILE_SSO_SESSION, PROFILE_SERVICES };  /* [profile x], … */

struct profile_property {
    char *name;                           /* in lower case */
    char *value;                          /* continued lines are joined with '\n' */
    enum profile_file file;
    int line;
};

struct profile {
    enum profile_kind kind;
    char *name;
    enum profile_file file;               /* where it was met first */
    int line;
    bool prefixed;                        /* "[profile default]", which outranks "[default]" */
    struct profile_property *properties;
    size_t count, cap;
};

struct profile_set {
    struct profile *profiles;
    size_t count, cap;
    char *paths[2];                       /* by enum profile_file; NULL for a file not parsed */
};

/* Adds a file's sections; parse the config file first, because what the credentials file says
 * wins. `path` is for messages. -1 with err "BadProfile" naming path and line. */
int profile_parse(struct profile_set *set, struct bytes text, enum profile_file file,
                  const char *path, struct err *err) MUSTCHECK;
/* NULL when there is none. Both borrow from the set. */
const struct profile *profile_find(const struct profile_set *set, enum profile_kind kind,
                                   const char *name);
const struct profile_property *profile_property(const struct profile *profile, const char *name);
void profile_set_free(struct profile_set *set);

#endif
