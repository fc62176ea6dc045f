/* Credentials: who signs, from the environment or a static profile.
 * The owner keeps them for the life of the process and wipes them with credentials_free().
 * The first source that is configured decides; one that is configured and incomplete is an error,
 * never a fall-through. They never reach a log or an error text. */
#ifndef TIDEGATE_AWS_CREDENTIALS_H
#define TIDEGATE_AWS_CREDENTIALS_H

#include "aws/sigv4.h"
#include "base/err.h"

enum { CREDENTIALS_FILE_MAX = 256 * 1024 };  /* bytes of a profile file */

struct credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token;                  /* NULL when there is none */
    char *region;                         /* of the profile; NULL when it has none */
    const char *source;                   /* "environment", "profile": for messages */
};

/* What the environment says, read by the caller: pure tests hand in their own. Blank counts as
 * unset, for each of them. */
struct credentials_env {
    const char *access_key_id;            /* AWS_ACCESS_KEY_ID */
    const char *secret_access_key;        /* AWS_SECRET_ACCESS_KEY */
    const char *session_token;            /* AWS_SESSION_TOKEN */
    const char *profile;                  /* --profile or AWS_PROFILE; NULL: "default" */
    const char *config_file;              /* AWS_CONFIG_FILE */
    const char *credentials_file;         /* AWS_SHARED_CREDENTIALS_FILE */
    const char *home;                     /* HOME */
    bool profile_named_by_flag;           /* by --profile: the keys above are not looked at */
};

/* 0, or -1 with err: "NoCredentials" (nothing configured), "BadCredentials" (half a key, or one
 * with a space or line break in it, in the environment), "BadProfile" (names file, profile and
 * line). A missing file is as if empty. When the environment holds the keys the files are read for
 * the region only, and one that cannot be read is passed over. */
int credentials_load(const struct credentials_env *env, struct credentials *out,
                     struct err *err) MUSTCHECK;
struct sigv4_secret credentials_secret(const struct credentials *c);     /* borrows */
void credentials_free(struct credentials *c);   /* wipes; may be called twice */

#endif
