#include "aws/credentials.h"

#include "aws/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool given(const char *text)
{
    return text && text[strspn(text, " \t\r\n")] != 0;
}

static void wipe_text(char **text)
{
    if (*text)
        digest_wipe(*text, strlen(*text));
    mem_free(*text);
    *text = NULL;
}

/* ---- files ---- */

/* Where a file is: the configured path, with "~/" at its start for the home folder, or its usual
 * place in the home folder. NULL without either; the caller frees it. */
static char *file_path(const char *configured, const char *home, const char *usual)
{
    struct buf path;
    char *copy = NULL;
    bool from_home = !given(configured) || strncmp(configured, "~/", 2) == 0;
    if (!given(configured) && !given(home))
        return NULL;
    buf_init(&path, FILENAME_MAX);
    if (from_home && given(home)) {
        buf_text(&path, home);
        buf_text(&path, given(configured) ? configured + 1 : usual);
    } else {
        buf_text(&path, configured);
    }
    if (!path.failed)
        copy = mem_text(buf_string(&path));
    buf_free(&path);
    return copy;
}

/* Reads all of a file into `text`, which takes CREDENTIALS_FILE_MAX + 1 bytes: the number of bytes,
 * or -1 with errno. Unbuffered, so that the C library keeps no copy of a secret. */
static long read_file(const char *path, char *text)
{
    FILE *file = fopen(path, "r");
    size_t len;
    int failed;
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    setvbuf(file, NULL, _IONBF, 0);
    errno = 0;
    len = fread(text, 1, CREDENTIALS_FILE_MAX + 1, file);
    failed = ferror(file) ? errno : 0;
    fclose(file);
    if (len > CREDENTIALS_FILE_MAX)
        failed = EFBIG;
    errno = failed;
    return failed ? -1 : (long)len;
}

static int add_file(struct profile_set *set, const char *path, enum profile_file file,
                    bool must_read, struct err *err)
{
    char *text = mem_array(CREDENTIALS_FILE_MAX + 1, 1);
    long len = read_file(path, text);
    int rc = 0;
    if (len >= 0)
        rc = profile_parse(set, (struct bytes){text, (size_t)len}, file, path, err);
    else if (must_read)
        rc = err_set(err, "BadProfile", "cannot read %s: %s", path, strerror(errno));
    digest_wipe(text, CREDENTIALS_FILE_MAX + 1);
    mem_free(text);
    return rc;
}

static int read_profiles(const struct credentials_env *env, bool must_read,
                         struct profile_set *set, struct err *err)
{
    char *config = file_path(env->config_file, env->home, "/.aws/config");
    char *secrets = file_path(env->credentials_file, env->home, "/.aws/credentials");
    int rc = 0;
    if (config)
        rc = add_file(set, config, PROFILE_CONFIG, must_read, err);
    if (rc == 0 && secrets)
        rc = add_file(set, secrets, PROFILE_CREDENTIALS, must_read, err);
    mem_free(config);
    mem_free(secrets);
    return rc;
}

/* ---- sources ---- */

/* A space or a line break in a key is a slip of whoever set it; the server would only speak of a
 * wrong signature. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 127)
            return false;
    return true;
}

static const char *profile_name(const struct credentials_env *env)
{
    return given(env->profile) ? env->profile : "default";
}

static const struct profile_property *property(const struct profile *p, const char *name)
{
    const struct profile_property *hit = profile_property(p, name);
    return hit && given(hit->value) ? hit : NULL;
}

static char *copy_of(const struct profile_property *p)
{
    return p ? mem_text(p->value) : NULL;
}

static int from_environment(const struct credentials_env *env, struct credentials *out,
                            struct err *err)
{
    const struct {
        const char *name, *value;
        char **slot;
        bool needed;
    } parts[] = {
        {"AWS_ACCESS_KEY_ID", env->access_key_id, &out->access_key_id, true},
        {"AWS_SECRET_ACCESS_KEY", env->secret_access_key, &out->secret_access_key, true},
        {"AWS_SESSION_TOKEN", env->session_token, &out->session_token, false},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].needed && !given(parts[i].value))
            return err_set(err, "BadCredentials", "%s is set but %s is not", parts[!i].name,
                           parts[i].name);
        if (!given(parts[i].value))
            continue;
        if (!is_plain(parts[i].value))
            return err_set(err, "BadCredentials", "%s holds a space, a line break or another "
                           "character that no key has", parts[i].name);
        *parts[i].slot = mem_text(parts[i].value);
    }
    out->source = "environment";
    return 0;
}

/* Profiles that get their keys from somewhere else. Such a property wins over static keys in some
 * SDKs and not in others, so a profile with both is refused too: nobody could say whose keys these
 * are. */
static int refuse_indirect(const struct profile_set *set, const struct profile *p, struct err *err)
{
    static const char *const names[] = {
        "role_arn", "web_identity_token_file", "credential_process", "credential_source",
        "sso_session", "sso_start_url", "login_session",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct profile_property *hit = property(p, names[i]);
        if (hit)
            return err_set(err, "BadProfile", "%s line %d: profile '%s' uses %s; this kind of "
                           "profile is not supported, only aws_access_key_id with "
                           "aws_secret_access_key", set->paths[hit->file], hit->line, p->name,
                           hit->name);
    }
    return 0;
}

static int check_property(const struct profile_set *set, const struct profile *p,
                          const struct profile_property *hit, struct err *err)
{
    if (!hit || is_plain(hit->value))
        return 0;
    return err_set(err, "BadProfile", "%s line %d: %s of profile '%s' holds a space, a line break "
                   "or another character that no key has", set->paths[hit->file], hit->line,
                   hit->name, p->name);
}

static int take_keys(const struct profile_set *set, const struct profile *p,
                     struct credentials *out, struct err *err)
{
    const struct profile_property *id = property(p, "aws_access_key_id");
    const struct profile_property *secret = property(p, "aws_secret_access_key");
    const struct profile_property *token = property(p, "aws_session_token");
    const struct profile_property *half = id ? id : secret;
    if (refuse_indirect(set, p, err))
        return -1;
    if (!half)
        return err_set(err, "NoCredentials", "%s line %d: profile '%s' holds no keys, and "
                       "AWS_ACCESS_KEY_ID is not set", set->paths[p->file], p->line, p->name);
    if (!id || !secret)
        return err_set(err, "BadProfile", "%s line %d: profile '%s' has %s but no %s",
                       set->paths[half->file], half->line, p->name, half->name,
                       id ? "aws_secret_access_key" : "aws_access_key_id");
    if (check_property(set, p, id, err) || check_property(set, p, secret, err) ||
        check_property(set, p, token, err))
        return -1;
    out->access_key_id = copy_of(id);
    out->secret_access_key = copy_of(secret);
    out->session_token = copy_of(token);
    out->source = "profile";
    return 0;
}

static int no_profile(const struct profile_set *set, const struct credentials_env *env,
                      struct err *err)
{
    const char *config = set->paths[PROFILE_CONFIG], *secrets = set->paths[PROFILE_CREDENTIALS];
    if (!given(env->profile))
        return err_set(err, "NoCredentials", "no AWS credentials: set AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY, or give a profile keys in %s",
                       secrets ? secrets : "~/.aws/credentials");
    return err_set(err, "BadProfile", "there is no profile '%s' in %s or %s", env->profile,
                   config ? config : "~/.aws/config", secrets ? secrets : "~/.aws/credentials");
}

int credentials_load(const struct credentials_env *env, struct credentials *out, struct err *err)
{
    bool by_environment = !env->profile_named_by_flag &&
                          (given(env->access_key_id) || given(env->secret_access_key));
    struct profile_set set = {0};
    const struct profile *profile;
    int rc;
    *out = (struct credentials){0};
    rc = by_environment ? from_environment(env, out, err) : 0;
    if (rc == 0)
        rc = read_profiles(env, !by_environment, &set, err);
    profile = rc == 0 ? profile_find(&set, PROFILE_KEYS, profile_name(env)) : NULL;
    if (rc == 0 && !by_environment)
        rc = profile ? take_keys(&set, profile, out, err) : no_profile(&set, env, err);
    if (rc == 0 && profile)
        out->region = copy_of(property(profile, "region"));
    profile_set_free(&set);
    if (rc)
        credentials_free(out);
    return rc;
}

struct sigv4_secret credentials_secret(const struct credentials *c)
{
    return (struct sigv4_secret){c->access_key_id, c->secret_access_key, c->session_token};
}

void credentials_free(struct credentials *c)
{
    wipe_text(&c->access_key_id);
    wipe_text(&c->secret_access_key);
    wipe_text(&c->session_token);
    mem_free(c->region);
    *c = (struct credentials){0};
}
