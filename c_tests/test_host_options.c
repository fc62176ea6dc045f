#include "host/options.h"

#include "leak_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS = 12 };

static const char *const variables[] = {"TIDEGATE_SCRIPTS", "TIDEGATE_LOG_LEVEL",
                                        "TIDEGATE_LOG_FILE", "TIDEGATE_LOG_FORMAT",
                                        "TIDEGATE_CPU_LIMIT", "TIDEGATE_MEMORY_LIMIT",
                                        "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"};

static int clear_environment(void **state)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return leak_check_begin(state);
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, clear_environment, leak_check_end)

static int parse(const char *const *args, struct host_options *out, struct err *err)
{
    char *argv[ARGS + 2] = {(char *)"tidegate"};
    int argc = 1;
    for (; args[argc - 1]; argc++)
        argv[argc] = (char *)args[argc - 1];
    return options_read_host(argc, argv, out, err);
}

/* The script's own arguments with a space between them. */
static const char *rest(const struct host_options *o)
{
    static char text[200];
    size_t len = 0;
    text[0] = 0;
    for (int i = 0; i < o->argc; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", o->argv[i]);
    return text;
}

static const struct {
    const char *args[ARGS];
    const char *command, *rest, *region, *log_level;
} lines[] = {
    {{NULL}, "help", "", NULL, "info"},
    {{"peek", "file:in"}, "peek", "file:in", NULL, "info"},
    {{"--region", "eu-west-1", "peek", "file:in"}, "peek", "file:in", "eu-west-1", "info"},
    {{"peek", "--region", "eu-west-1", "file:in"}, "peek", "file:in", "eu-west-1", "info"},
    {{"peek", "file:in", "--region=eu-west-1"}, "peek", "file:in", "eu-west-1", "info"},
    {{"--log-level=debug", "peek", "--region=r"}, "peek", "", "r", "debug"},
    {{"--region=a", "peek", "--region=b"}, "peek", "", "b", "info"},
    {{"--region=a=b", "peek"}, "peek", "", "a=b", "info"},
    {{"--region", "--x", "peek"}, "peek", "", "--x", "info"},
    {{"peek", "--", "--region", "r"}, "peek", "-- --region r", NULL, "info"},
    {{"--regions=r", "peek"}, "consume", "--regions=r peek", NULL, "info"},
    {{"--regio", "r"}, "consume", "--regio r", NULL, "info"},
    {{"-rb", "bucket", "--region=r"}, "consume", "-rb bucket", "r", "info"},
    {{"--", "peek"}, "consume", "-- peek", NULL, "info"},
    {{"--region=r"}, "help", "", "r", "info"},
    {{"--help"}, "help", "", NULL, "info"},
    {{"-h", "peek"}, "help", "peek", NULL, "info"},
    {{"--version"}, "version", "", NULL, "info"},
    {{"peek", "--help"}, "peek", "--help", NULL, "info"},
    {{"./mine.lua", "-x"}, "./mine.lua", "-x", NULL, "info"},
    {{"--region=", "peek"}, "peek", "", NULL, "info"},
    {{"-r", "r", "peek"}, "peek", "", "r", "info"},
    {{"peek", "-r=r", "-p=x", "file:in"}, "peek", "file:in", "r", "info"},
    {{"-rq", "queue", "-r", "r"}, "consume", "-rq queue", "r", "info"},
    {{"-pr", "x"}, "consume", "-pr x", NULL, "info"},
    {{"--log-level=", "peek"}, "peek", "", NULL, "info"},
};

static void flags_command_and_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct host_options o;
        struct err err = {0};
        assert_int_equal(parse(lines[i].args, &o, &err), 0);
        assert_string_equal(o.command, lines[i].command);
        assert_string_equal(rest(&o), lines[i].rest);
        assert_string_equal(o.log_level, lines[i].log_level);
        assert_string_equal(o.region ? o.region : "none",
                            lines[i].region ? lines[i].region : "none");
        options_free(&o);
    }
}

static void a_flag_without_its_value(void **state)
{
    static const char *const cases[][3] = {
        {"--region"}, {"peek", "--scripts"}, {"--log-level=debug", "--cpu-limit"}, {"-p"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct host_options o;
        struct err err = {0};
        const char *args[] = {cases[i][0], cases[i][1], NULL};
        assert_int_equal(parse(args, &o, &err), -1);
        assert_string_equal(err.code, "usage");
        assert_non_null(strstr(err.message, "needs a value"));
        options_free(&o);
        options_free(&o);
    }
}

static void flag_then_environment_then_default(void **state)
{
    static const char *const none[] = {"peek", NULL};
    static const char *const all[] = {"peek", "--scripts=f", "--log-level=error", "--cpu-limit=9",
                                      "--memory-limit=7", "--profile=p", "--endpoint-url=u", NULL};
    struct host_options o;
    struct err err = {0};
    (void)state;
    assert_int_equal(parse(none, &o, &err), 0);
    assert_string_equal(o.log_level, "info");
    assert_string_equal(o.cpu_limit, "1");
    assert_string_equal(o.memory_limit, "256");
    assert_null(o.profile);
    assert_null(o.endpoint_url);
    options_free(&o);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], "env", 1);
    assert_int_equal(parse(none, &o, &err), 0);
    assert_string_equal(o.scripts, "env");
    assert_string_equal(o.log_level, "env");
    assert_string_equal(o.log_file, "env");
    assert_string_equal(o.log_format, "env");
    assert_null(o.region);               /* the AWS_ ones are read elsewhere */
    assert_string_equal(o.cpu_limit, "env");
    assert_string_equal(o.memory_limit, "env");
    options_free(&o);
    assert_int_equal(parse(all, &o, &err), 0);
    assert_string_equal(o.scripts, "f");
    assert_string_equal(o.log_level, "error");
    assert_string_equal(o.cpu_limit, "9");
    assert_string_equal(o.memory_limit, "7");
    assert_string_equal(o.profile, "p");
    assert_string_equal(o.endpoint_url, "u");
    options_free(&o);
}

static void an_empty_variable_is_none(void **state)
{
    static const char *const args[] = {"peek", NULL};
    bool mounted = access("/etc/tidegate/scripts", R_OK | X_OK) == 0;
    struct host_options o;
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], "", 1);
    assert_int_equal(parse(args, &o, &err), 0);
    assert_string_equal(o.log_level, "info");
    assert_string_equal(o.cpu_limit, "1");
    assert_string_equal(o.scripts ? o.scripts : "none",
                        mounted ? "/etc/tidegate/scripts" : "none");
    options_free(&o);
}

static void no_arguments_at_all(void **state)
{
    char *argv[] = {NULL};
    struct host_options o;
    struct err err = {0};
    (void)state;
    assert_int_equal(options_read_host(0, argv, &o, &err), 0);
    assert_string_equal(o.command, "help");
    options_free(&o);
}

/* The value of one option as it is told, "unset" when it is not in force. */
static const char *told(const struct host_options *o, const char *name)
{
    static struct option_told t;
    for (size_t i = 0; options_tell(o, i, &t); i++)
        if (strcmp(t.name, name) == 0)
            return t.set ? t.value : "unset";
    return "unknown";
}

static void what_is_told(void **state)
{
    static const char *const args[] = {"peek", "-p", "me", "--log-format=json", NULL};
    struct host_options o;
    struct err err = {0};
    (void)state;
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("AWS_PROFILE", "other", 1);
    assert_int_equal(parse(args, &o, &err), 0);
    assert_string_equal(told(&o, "profile"), "me");
    assert_string_equal(told(&o, "region"), "eu-west-1");
    assert_string_equal(told(&o, "log_format"), "json");
    assert_string_equal(told(&o, "log_file"), "unset");
    assert_string_equal(told(&o, "endpoint_url"), "unset");
    assert_string_equal(told(&o, "memory_limit"), "256");
    assert_string_equal(told(&o, "secret"), "unknown");
    options_free(&o);
}

static void secrets_of_a_url_are_hidden(void **state)
{
    static const struct { const char *url, *told; } cases[] = {
        {"http://user:word@host:9000/x", "http://***@host:9000/x"},
        {"https://token@host", "https://***@host"},
        {"http://a@b:c@host", "http://***@host"},
        {"http://host:9000/a@b", "http://host:9000/a@b"},
        {"http://host?x=a@b", "http://host?x=a@b"},
        {"nonsense@x", "nonsense@x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *args[] = {"peek", "--endpoint-url", cases[i].url, NULL};
        struct host_options o;
        struct err err = {0};
        assert_int_equal(parse(args, &o, &err), 0);
        assert_string_equal(told(&o, "endpoint_url"), cases[i].told);
        options_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(flags_command_and_the_rest),
        CLEAN(a_flag_without_its_value),
        CLEAN(flag_then_environment_then_default),
        CLEAN(an_empty_variable_is_none),
        CLEAN(no_arguments_at_all),
        CLEAN(what_is_told),
        CLEAN(secrets_of_a_url_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
