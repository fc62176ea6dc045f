#include "aws/credentials.h"
#include "base/json.h"

#include "leak_check.h"
#include "place.h"
#include "shared_data.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- a home folder ---- */

static struct place place;
static const char *const home = place.dir;

static const char *in_home(const char *path)
{
    return place_path(&place, path);
}

static int make_home(void **state)
{
    place_make(&place);
    place_dir(&place, ".aws");
    return leak_check_begin(state);
}

static int remove_home(void **state)
{
    place_remove(&place);
    return leak_check_end(state);
}

static void write_file(const char *path, struct bytes text)
{
    FILE *file = fopen(in_home(path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void write_files(const char *config, const char *secrets)
{
    unlink(in_home(".aws/config"));
    unlink(in_home(".aws/credentials"));
    if (config)
        write_file(".aws/config", bytes_of(config));
    if (secrets)
        write_file(".aws/credentials", bytes_of(secrets));
}

/* ---- what comes out ---- */

struct outcome {
    const char *id, *secret, *token, *region, *source;     /* of credentials that were found */
    const char *code, *says, *says_too;                     /* of an error; NULL: there is none */
};

static void assert_text(const char *got, const char *expected)
{
    if (expected)
        assert_string_equal(got ? got : "(none)", expected);
    else
        assert_null(got);
}

/* "%H" in an expected sentence stands for the home folder. */
static void assert_says(const struct err *err, const char *expected)
{
    char text[PLACE_PATH + 256];
    if (!expected)
        return;
    if (strncmp(expected, "%H", 2) == 0)
        snprintf(text, sizeof text, "%s%s", home, expected + 2);
    else
        snprintf(text, sizeof text, "%s", expected);
    if (!strstr(err->message, text))
        fail_msg("'%s' does not say '%s'", err->message, text);
}

static void assert_outcome(const struct credentials_env *env, const struct outcome *expected)
{
    struct credentials got;
    struct err err = {0};
    int rc = credentials_load(env, &got, &err);
    assert_string_equal(err.code, expected->code ? expected->code : "");
    assert_int_equal(rc, expected->code ? -1 : 0);
    assert_text(got.access_key_id, expected->id);
    assert_text(got.secret_access_key, expected->secret);
    assert_text(got.session_token, expected->token);
    assert_text(got.region, expected->region);
    assert_text(got.source, expected->source);
    assert_says(&err, expected->says);
    assert_says(&err, expected->says_too);
    assert_null(strstr(err.message, "HUSH"));
    credentials_free(&got);
    credentials_free(&got);
}

/* ---- the environment ---- */

#define NOTHING {NULL, NULL, NULL, NULL, NULL, "NoCredentials", "AWS_ACCESS_KEY_ID", NULL}
#define REFUSED(code, says, says_too) {NULL, NULL, NULL, NULL, NULL, code, says, says_too}

static const struct {
    struct credentials_env env;
    struct outcome expected;
} environments[] = {
    {{.access_key_id = "AK", .secret_access_key = "HUSH"},
     {"AK", "HUSH", NULL, NULL, "environment", NULL, NULL, NULL}},
    {{.access_key_id = "AK", .secret_access_key = "HUSH", .session_token = "T"},
     {"AK", "HUSH", "T", NULL, "environment", NULL, NULL, NULL}},
    {{.access_key_id = "AK", .secret_access_key = "HUSH", .session_token = " "},
     {"AK", "HUSH", NULL, NULL, "environment", NULL, NULL, NULL}},
    {{.access_key_id = "AK"},
     REFUSED("BadCredentials", "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not", NULL)},
    {{.access_key_id = "AK", .secret_access_key = " \t"},
     REFUSED("BadCredentials", "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not", NULL)},
    {{.secret_access_key = "HUSH"},
     REFUSED("BadCredentials", "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not", NULL)},
    {{.access_key_id = "AK", .secret_access_key = "HUSH\n"},
     REFUSED("BadCredentials", "AWS_SECRET_ACCESS_KEY holds", NULL)},
    {{.access_key_id = "A K", .secret_access_key = "HUSH"},
     REFUSED("BadCredentials", "AWS_ACCESS_KEY_ID holds", NULL)},
    {{.access_key_id = "AK", .secret_access_key = "HUSH", .session_token = "T\r"},
     REFUSED("BadCredentials", "AWS_SESSION_TOKEN holds", NULL)},
    {{.session_token = "T"}, NOTHING},
    {{.access_key_id = "", .secret_access_key = " "}, NOTHING},
    {{.access_key_id = NULL}, NOTHING},
    {{.access_key_id = "AK", .secret_access_key = "HUSH", .profile_named_by_flag = true}, NOTHING},
};

static void keys_in_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++)
        assert_outcome(&environments[i].env, &environments[i].expected);
}

/* The region is the profile's, wherever the keys come from; its own keys are not looked at. */
static void the_environment_wins_but_for_the_region(void **state)
{
    struct credentials_env env = {.access_key_id = "AK", .secret_access_key = "HUSH",
                                  .home = home};
    (void)state;
    write_files("[default]\nregion = eu-west-1\nrole_arn = r\n[profile p]\nregion = sa-east-1\n",
                "[default]\naws_access_key_id = OTHER\n");
    assert_outcome(&env, &(struct outcome){"AK", "HUSH", NULL, "eu-west-1", "environment",
                                           NULL, NULL, NULL});
    env.profile = "p";
    assert_outcome(&env, &(struct outcome){"AK", "HUSH", NULL, "sa-east-1", "environment",
                                           NULL, NULL, NULL});
    env.profile = "missing";
    assert_outcome(&env, &(struct outcome){"AK", "HUSH", NULL, NULL, "environment", NULL, NULL,
                                           NULL});
    env.profile_named_by_flag = true;
    assert_outcome(&env, &(struct outcome)REFUSED("BadProfile", "no profile 'missing'", NULL));
}

static void files_are_not_needed_beside_the_environment(void **state)
{
    struct credentials_env env = {.access_key_id = "AK", .secret_access_key = "HUSH",
                                  .home = home, .config_file = home};
    (void)state;
    assert_outcome(&env, &(struct outcome){"AK", "HUSH", NULL, NULL, "environment", NULL, NULL,
                                           NULL});
    write_files("[default]\nregion\n", NULL);            /* but a broken one is told */
    env.config_file = NULL;
    assert_outcome(&env, &(struct outcome)REFUSED("BadProfile", "%H/.aws/config line 2: ", NULL));
}

/* ---- profiles ---- */

#define KEYS "aws_access_key_id = AK\naws_secret_access_key = HUSH\n"

static const struct {
    const char *config, *secrets, *profile;
    struct outcome expected;
} profiles[] = {
    {NULL, "[default]\n" KEYS, NULL, {"AK", "HUSH", NULL, NULL, "profile", NULL, NULL, NULL}},
    {"[default]\n" KEYS "region = r\n", NULL, NULL,
     {"AK", "HUSH", NULL, "r", "profile", NULL, NULL, NULL}},
    {"[profile p]\nregion = r\n", "[p]\n" KEYS "aws_session_token = T\n", "p",
     {"AK", "HUSH", "T", "r", "profile", NULL, NULL, NULL}},
    {"[profile p]\naws_access_key_id = OLD\naws_secret_access_key = OLD\n", "[p]\n" KEYS, "p",
     {"AK", "HUSH", NULL, NULL, "profile", NULL, NULL, NULL}},
    {NULL, "[default]\nAWS_ACCESS_KEY_ID=AK\r\nAws_Secret_Access_Key=HUSH\r\n", " ",
     {"AK", "HUSH", NULL, NULL, "profile", NULL, NULL, NULL}},
    {"[default]\nregion =\n" KEYS, NULL, NULL,
     {"AK", "HUSH", NULL, NULL, "profile", NULL, NULL, NULL}},
    {NULL, NULL, NULL, NOTHING},
    {"", "", NULL, NOTHING},
    {"[profile p]\n" KEYS, NULL, NULL, NOTHING},
    {"[default]\nregion = r\n", NULL, NULL,
     REFUSED("NoCredentials", "%H/.aws/config line 1: profile 'default' holds no keys", NULL)},
    {"[default]\naws_access_key_id =\naws_secret_access_key =\n", NULL, NULL,
     REFUSED("NoCredentials", "profile 'default' holds no keys", NULL)},
    {"[default]\n" KEYS, NULL, "p",
     REFUSED("BadProfile", "there is no profile 'p' in ", "%H/.aws/config or ")},
    {"[p]\n" KEYS, NULL, "p", REFUSED("BadProfile", "there is no profile 'p'", NULL)},
    {NULL, "#\n[p]\naws_access_key_id = AK\n", "p",
     REFUSED("BadProfile", "%H/.aws/credentials line 3: profile 'p' has aws_access_key_id but no "
             "aws_secret_access_key", NULL)},
    {NULL, "[p]\naws_secret_access_key = HUSH\n", "p",
     REFUSED("BadProfile", "%H/.aws/credentials line 2: profile 'p' has aws_secret_access_key but "
             "no aws_access_key_id", NULL)},
    {NULL, "[default]\naws_access_key_id = AK\naws_secret_access_key = HUSH\n  more\n", NULL,
     REFUSED("BadProfile", "%H/.aws/credentials line 3: aws_secret_access_key of profile 'default' "
             "holds", NULL)},
    {NULL, "[default]\naws_access_key_id = A K\naws_secret_access_key = HUSH\n", NULL,
     REFUSED("BadProfile", "line 2: aws_access_key_id of profile 'default' holds", NULL)},
    {NULL, "[p]\n" KEYS "aws_session_token = T\n  HUSH\n", "p",
     REFUSED("BadProfile", "line 4: aws_session_token of profile 'p' holds", NULL)},
    {"[default]\n" KEYS "HUSH\n", NULL, NULL,
     REFUSED("BadProfile", "%H/.aws/config line 4: ", NULL)},
    {"[default]\nregion = r\n", "[default\n", NULL,
     REFUSED("BadProfile", "%H/.aws/credentials line 1: ", NULL)},
};

static void profiles_with_static_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        struct credentials_env env = {.home = home, .profile = profiles[i].profile};
        write_files(profiles[i].config, profiles[i].secrets);
        assert_outcome(&env, &profiles[i].expected);
    }
}

/* Static keys beside such a property do not help: in the SDKs the property wins. */
static void profiles_of_other_kinds_are_refused(void **state)
{
    static const char *const kinds[] = {
        "role_arn", "web_identity_token_file", "credential_process", "credential_source",
        "sso_session", "sso_start_url", "login_session",
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
        const char *kind = kinds[i / 2];
        struct credentials_env env = {.home = home, .profile = "p"};
        char config[256], where[128];
        snprintf(config, sizeof config, "[profile p]\nregion = r\n%s = HUSH-x\n", kind);
        snprintf(where, sizeof where, "%%H/.aws/config line 3: profile 'p' uses %s; this kind of "
                 "profile is not supported", kind);
        write_files(config, i % 2 ? "[p]\n" KEYS : NULL);
        assert_outcome(&env, &(struct outcome)REFUSED("BadProfile", where, NULL));
        snprintf(config, sizeof config, "[profile p]\n%s =\n", kind);     /* blank: not there */
        write_files(config, "[p]\n" KEYS);
        assert_outcome(&env, &(struct outcome){"AK", "HUSH", NULL, NULL, "profile", NULL, NULL,
                                               NULL});
    }
}

/* ---- where the files are ---- */

static void files_may_be_named(void **state)
{
    struct credentials_env env = {.home = home, .credentials_file = "~/other"};
    struct outcome found = {"AK", "HUSH", NULL, NULL, "profile", NULL, NULL, NULL};
    struct outcome missing = NOTHING;
    (void)state;
    write_file("other", BYTES("[default]\n" KEYS));
    assert_outcome(&env, &found);
    env.credentials_file = in_home("other");
    assert_outcome(&env, &found);
    env.home = NULL;
    assert_outcome(&env, &found);
    env.credentials_file = "~/other";                    /* no home to stand for it */
    assert_outcome(&env, &missing);
    env.home = home;
    env.credentials_file = "/nowhere/at/all";
    assert_outcome(&env, &missing);
    env.credentials_file = "~other";
    assert_outcome(&env, &missing);
    env.credentials_file = in_home("other/below");        /* below a file there is none */
    assert_outcome(&env, &missing);
    env.credentials_file = " ";
    assert_outcome(&env, &missing);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct credentials_env env = {.home = home, .credentials_file = home};
    static char large[CREDENTIALS_FILE_MAX + 1];
    (void)state;
    assert_outcome(&env, &(struct outcome)REFUSED("BadProfile", "cannot read ", "%H: "));
    env.credentials_file = NULL;
    memset(large, '#', sizeof large);
    write_file(".aws/config", (struct bytes){large, sizeof large});
    assert_outcome(&env, &(struct outcome)REFUSED("BadProfile", "%H/.aws/config: ", NULL));
    write_file(".aws/config", (struct bytes){large, sizeof large - 1});
    assert_outcome(&env, &(struct outcome)NOTHING);
}

static void a_secret_is_lent_for_signing(void **state)
{
    struct credentials c = {.access_key_id = mem_text("AK"), .secret_access_key = mem_text("HUSH"),
                            .session_token = mem_text("T")};
    struct sigv4_secret lent = credentials_secret(&c);
    (void)state;
    assert_ptr_equal(lent.access_key_id, c.access_key_id);
    assert_ptr_equal(lent.secret_access_key, c.secret_access_key);
    assert_ptr_equal(lent.session_token, c.session_token);
    credentials_free(&c);
    assert_null(c.secret_access_key);
}

/* ---- the SDKs' folders ---- */

struct folder {
    char id[64], secret[64], profile[64];                 /* AWS_… of env.json */
    char expected_id[64], expected_secret[64];            /* of test-case.json */
};

static const char *in_folder(const char *folder, const char *file)
{
    static char path[256];
    snprintf(path, sizeof path, "credentials/default-credential-provider-chain/%s/%s", folder,
             file);
    return path;
}

static void read_members(const char *path, struct folder *f)
{
    const struct {
        const char *name;
        char *out;
    } parts[] = {{"AWS_ACCESS_KEY_ID", f->id}, {"AWS_SECRET_ACCESS_KEY", f->secret},
                 {"AWS_PROFILE", f->profile}, {"access_key_id", f->expected_id},
                 {"secret_access_key", f->expected_secret}};
    struct buf text, scratch;
    struct json j;
    char *out = NULL;
    buf_init(&text, 65536);
    buf_init(&scratch, 65536);
    assert_true(shared_read(path, &text));
    json_init(&j, buf_bytes(&text), &scratch);
    while (json_next(&j) > JSON_END) {                    /* their nesting does not matter */
        if (j.event == JSON_STRING && out)
            snprintf(out, 64, "%.*s", (int)j.text.len, j.text.at);
        out = NULL;
        for (size_t i = 0; i < 5 && j.event == JSON_KEY; i++)
            if (json_named(&j, parts[i].name))
                out = parts[i].out;
    }
    assert_int_equal(j.event, JSON_END);
    buf_free(&text);
    buf_free(&scratch);
}

static void the_folders_of_the_sdks(void **state)
{
    static const char *const names[] = {
        "environment_variables", "environment_variables_blank", "prefer_environment",
        "profile_name", "profile_static_keys", "profile_static_keys_case_insensitive",
    };
    (void)state;
    if (!shared_has("the_folders_of_the_sdks", "credentials/default-credential-provider-chain"))
        skip();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct folder f = {.id = ""};
        struct credentials_env env = {.access_key_id = f.id, .secret_access_key = f.secret,
                                      .profile = f.profile};
        struct credentials got;
        struct err err;
        struct buf where;
        buf_init(&where, 4096);
        read_members(in_folder(names[i], "env.json"), &f);
        read_members(in_folder(names[i], "test-case.json"), &f);
        shared_path(in_folder(names[i], "fs/home"), &where);
        env.home = buf_string(&where);
        assert_int_equal(credentials_load(&env, &got, &err), 0);
        assert_string_equal(got.access_key_id, f.expected_id);
        assert_string_equal(got.secret_access_key, f.expected_secret);
        credentials_free(&got);
        buf_free(&where);
    }
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, make_home, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(keys_in_the_environment),
        AT_HOME(the_environment_wins_but_for_the_region),
        AT_HOME(files_are_not_needed_beside_the_environment),
        AT_HOME(profiles_with_static_keys),
        AT_HOME(profiles_of_other_kinds_are_refused),
        AT_HOME(files_may_be_named),
        AT_HOME(what_cannot_be_read_is_named),
        CHECKED(a_secret_is_lent_for_signing),
        CHECKED(the_folders_of_the_sdks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
