#include "aws/profile.h"
#include "base/json.h"
#include "base/random.h"

#include "leak_check.h"
#include "shared_data.h"

#include <stdio.h>
#include <string.h>

static int parse_both(struct profile_set *set, struct bytes config, struct bytes secrets,
                      struct err *err)
{
    if (profile_parse(set, config, PROFILE_CONFIG, "/h/.aws/config", err))
        return -1;
    return profile_parse(set, secrets, PROFILE_CREDENTIALS, "/h/.aws/credentials", err);
}

/* ---- the SDKs' cases ---- */

struct parser_case {
    char name[160];
    struct buf config, secrets;
};

static void keep_name(struct json *j, char *out, size_t size)
{
    struct bytes text = json_text(j);
    snprintf(out, size, "%.*s", (int)text.len, text.at);
}

static void read_input(struct json *j, struct parser_case *c)
{
    json_object(j);
    while (json_member(j))
        if (json_named(j, "configFile"))
            buf_add(&c->config, json_text(j));
        else if (json_named(j, "credentialsFile"))
            buf_add(&c->secrets, json_text(j));
        else
            json_skip(j);
}

/* All properties of one profile: each expected one is there, and their number is the same. */
static bool properties_agree(struct json *j, const struct profile *profile)
{
    bool same = profile != NULL;
    size_t count = 0;
    json_object(j);
    while (json_member(j)) {
        char name[128];
        const struct profile_property *got;
        struct bytes value;
        snprintf(name, sizeof name, "%.*s", (int)j->key.len, j->key.at);
        value = json_text(j);
        got = profile ? profile_property(profile, name) : NULL;
        same = same && got && bytes_is(value, got->value) && strcmp(got->name, name) == 0;
        count++;
    }
    return same && profile->count == count;
}

static bool sections_agree(struct json *j, const struct profile_set *set, enum profile_kind kind)
{
    bool same = true;
    size_t expected = 0, got = 0;
    json_object(j);
    while (json_member(j)) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)j->key.len, j->key.at);
        same = properties_agree(j, profile_find(set, kind, name)) && same;
        expected++;
    }
    for (size_t i = 0; i < set->count; i++)
        got += set->profiles[i].kind == kind;
    return same && got == expected;
}

static bool config_agrees(struct json *j, const struct profile_set *set)
{
    bool same = true;
    json_object(j);
    while (json_member(j))
        if (json_named(j, "profiles"))
            same = sections_agree(j, set, PROFILE_KEYS) && same;
        else if (json_named(j, "sso_sessions"))
            same = sections_agree(j, set, PROFILE_SSO_SESSION) && same;
        else
            same = false;
    return same;
}

static bool error_agrees(struct json *j, int rc, const struct err *err)
{
    struct bytes part = json_text(j);
    return rc == -1 && err_is(err, "BadProfile") && strstr(err->message, "/h/.aws/config line ") &&
           memmem(err->message, strlen(err->message), part.at, part.len);
}

static bool output_agrees(struct json *j, const struct parser_case *c)
{
    struct profile_set set = {0};
    struct err err = {0};
    int rc = parse_both(&set, buf_bytes(&c->config), buf_bytes(&c->secrets), &err);
    bool same = true;
    json_object(j);
    while (json_member(j))
        if (json_named(j, "errorContaining"))
            same = error_agrees(j, rc, &err) && same;
        else if (json_named(j, "config"))
            same = rc == 0 && config_agrees(j, &set) && same;
        else
            same = false;
    if (!same)
        printf("%s: differs; %s\n", c->name, err.message);
    profile_set_free(&set);
    return same;
}

/* A case is {name, input, output}, in that order. */
static bool case_agrees(struct json *j)
{
    struct parser_case c = {.name = ""};
    bool same = false;
    buf_init(&c.config, 4096);
    buf_init(&c.secrets, 4096);
    json_object(j);
    while (json_member(j))
        if (json_named(j, "name"))
            keep_name(j, c.name, sizeof c.name);
        else if (json_named(j, "input"))
            read_input(j, &c);
        else if (json_named(j, "output"))
            same = output_agrees(j, &c);
        else
            json_skip(j);
    buf_free(&c.config);
    buf_free(&c.secrets);
    return same;
}

static void the_parser_cases_of_the_sdks(void **state)
{
    struct buf text, scratch;
    struct json j;
    size_t count = 0, good = 0;
    (void)state;
    if (!shared_has("the_parser_cases_of_the_sdks", "credentials/profile-parser-tests.json"))
        skip();
    buf_init(&text, 1 << 20);
    buf_init(&scratch, 1 << 20);
    assert_true(shared_read("credentials/profile-parser-tests.json", &text));
    json_init(&j, buf_bytes(&text), &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "tests"))
            for (json_array(&j); json_item(&j); count++)
                good += case_agrees(&j);
        else
            json_skip(&j);
    assert_string_equal(j.problem, "");
    assert_true(json_end(&j));
    buf_free(&text);
    buf_free(&scratch);
    printf("%zu of %zu parser cases\n", good, count);
    assert_int_equal(count, 65);
    assert_int_equal(good, 65);
}

/* ---- what they do not ask ---- */

static const struct {
    const char *config, *secrets, *name, *property, *value;      /* value NULL: not there */
} lookups[] = {
    {"[default]\nregion = r\n", "", "default", "region", "r"},
    {"[default]\nregion = r", "[default]\nregion = s", "default", "region", "s"},
    {"[profile default]\nregion = r", "[default]\nkey = k", "default", "region", "r"},
    {"[profile a]\nk = 1\n  # a comment\n  ; another\nl = 2", "", "a", "k", "1"},
    {"[profile a]\ns3 =\n  # a comment\n  x = y", "", "a", "s3", "\nx = y"},
    {"[profile a]\r\nk = 1\r\n more\r\n\r\n", "", "a", "k", "1\nmore"},
    {"[profile a]\nurl = http://h/#frag;x", "", "a", "url", "http://h/#frag;x"},
    {"[profile a]\nk = \t ; nothing", "", "a", "k", ""},
    {"[profile a]\nk = v\n[profile b]\nk = w\n[profile a]\nk = x", "", "a", "k", "x"},
    {"[profile A]\nk = v", "", "a", "k", NULL},
    {"[default ]\nk = v", "", "default", "k", "v"},
    {"[profile a]\nk = v\n[services a]\nk = w", "", "a", "k", "v"},
    {"[PROFILE a]\nk = v", "", "a", "k", NULL},
    {"[profile]\nk = v", "", "profile", "k", NULL},
    {"", "[a]\nk = v\n[b]", "a", "k", "v"},
    {"", "[]\nk = v\n[a]\nk = w", "a", "k", "w"},
    {"\n\n", "", "default", "region", NULL},
};

static void finds_what_was_said_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        struct profile_set set = {0};
        const struct profile *profile;
        const struct profile_property *got;
        struct err err = {0};
        assert_int_equal(parse_both(&set, bytes_of(lookups[i].config), bytes_of(lookups[i].secrets),
                                    &err), 0);
        profile = profile_find(&set, PROFILE_KEYS, lookups[i].name);
        got = profile ? profile_property(profile, lookups[i].property) : NULL;
        if (!lookups[i].value)
            assert_null(got);
        else
            assert_string_equal(got ? got->value : "(none)", lookups[i].value);
        profile_set_free(&set);
    }
}

#define TEXT(literal) {literal, sizeof(literal) - 1}

static const struct {
    struct bytes text;
    int line;
} broken[] = {
    {TEXT("name = value"), 1},
    {TEXT("\n\n# c\n[profile x"), 4},
    {TEXT("["), 1},
    {TEXT("[]x"), 1},
    {TEXT("[profile x]\nsecret"), 2},
    {TEXT("[profile x]\n= secret"), 2},
    {TEXT("[profile x]\n  secret"), 2},
    {TEXT("[in valid]\nsecret"), 2},
    {TEXT("[profile x]\ns3 =\n  secret"), 3},
    {TEXT("[profile x]\ns3 =\n  = secret"), 3},
    {TEXT("[profile x]\nk = a\0secret"), 2},
    {TEXT("\xff\xfe[\0d\0"), 1},
    {TEXT(" [profile x]"), 1},
};

static void says_where_but_not_what(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct profile_set set = {0};
        struct err err = {0};
        char where[64];
        snprintf(where, sizeof where, "/h/c line %d: ", broken[i].line);
        assert_int_equal(profile_parse(&set, broken[i].text, PROFILE_CONFIG, "/h/c", &err), -1);
        assert_string_equal(err.code, "BadProfile");
        assert_non_null(strstr(err.message, where));
        assert_null(strstr(err.message, "secret"));
        profile_set_free(&set);
        profile_set_free(&set);
    }
}

static void remembers_file_and_line(void **state)
{
    struct profile_set set = {0};
    struct err err = {0};
    const struct profile *profile;
    const struct profile_property *property;
    (void)state;
    assert_int_equal(parse_both(&set, BYTES("#\n[profile a]\nregion = r\nkey = c\n"),
                                BYTES("[a]\n\nkey = s\n"), &err), 0);
    profile = profile_find(&set, PROFILE_KEYS, "a");
    assert_non_null(profile);
    assert_int_equal(profile->file, PROFILE_CONFIG);
    assert_int_equal(profile->line, 2);
    property = profile_property(profile, "region");
    assert_int_equal(property->file, PROFILE_CONFIG);
    assert_int_equal(property->line, 3);
    property = profile_property(profile, "KEY");
    assert_int_equal(property->file, PROFILE_CREDENTIALS);
    assert_int_equal(property->line, 3);
    profile_set_free(&set);
}

/* Parses a copy that ends where the block ends, so that a read beyond it is caught. */
static void parse_exactly(struct bytes text, enum profile_file file)
{
    struct profile_set set = {0};
    struct err err = {0};
    char *exact = mem_array(text.len, 1);
    int rc;
    if (text.len)
        memcpy(exact, text.at, text.len);
    rc = profile_parse(&set, (struct bytes){exact, text.len}, file, "f", &err);
    assert_true(rc == 0 || (rc == -1 && err_is(&err, "BadProfile") && err.message[0]));
    mem_free(exact);
    profile_set_free(&set);
}

static void survives_a_cut_at_any_byte(void **state)
{
    static const char whole[] =
        "# comment\r\n[default]\nregion = us-east-1 ; c\n[profile default]\nregion=eu\n"
        "[profile a]\naws_access_key_id = AK\n  continued # x\ns3 =\n  addressing = path\n\n"
        "[sso-session s]\nsso_region = r\n[services v]\nsqs =\n endpoint_url = http://h\n[x y z]\n";
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        parse_exactly((struct bytes){whole, len}, PROFILE_CONFIG);
        parse_exactly((struct bytes){whole, len}, PROFILE_CREDENTIALS);
        parse_exactly((struct bytes){whole + len, sizeof whole - 1 - len}, PROFILE_CONFIG);
    }
}

static void survives_garbage(void **state)
{
    static const char *const pieces[] = {"[", "]", "=", "#", ";", "\n", "\r", "\r\n", " ", "\t",
                                         "profile ", "default", "[profile a]\n", "k = v\n", " c\n",
                                         "k =\n", "\xff", "[default]\n", "x", "services ", "\""};
    struct random r = random_seeded(1);
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct buf text;
        int64_t count = random_below(&r, 30);
        buf_init(&text, 4096);
        for (int64_t i = 0; i < count; i++)
            buf_text(&text, pieces[random_below(&r, sizeof pieces / sizeof *pieces)]);
        if (random_below(&r, 10) == 0)
            buf_char(&text, 0);
        parse_exactly(buf_bytes(&text), PROFILE_CONFIG);
        parse_exactly(buf_bytes(&text), PROFILE_CREDENTIALS);
        buf_free(&text);
    }
}

static void holds_many_profiles_and_properties(void **state)
{
    struct profile_set set = {0};
    struct err err = {0};
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    for (int p = 0; p < 50; p++) {
        buf_printf(&text, "[profile p%d]\n", p);
        for (int k = 0; k < 20; k++)
            buf_printf(&text, "key%d = %d\n", k, p * 100 + k);
    }
    assert_int_equal(profile_parse(&set, buf_bytes(&text), PROFILE_CONFIG, "f", &err), 0);
    assert_int_equal(set.count, 50);
    assert_string_equal(
        profile_property(profile_find(&set, PROFILE_KEYS, "p49"), "key19")->value, "4919");
    profile_set_free(&set);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(the_parser_cases_of_the_sdks),
        CHECKED(finds_what_was_said_last),
        CHECKED(says_where_but_not_what),
        CHECKED(remembers_file_and_line),
        CHECKED(survives_a_cut_at_any_byte),
        CHECKED(survives_garbage),
        CHECKED(holds_many_profiles_and_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
