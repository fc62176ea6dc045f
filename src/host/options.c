#include "host/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNTED_SCRIPTS "/etc/tidegate/scripts"

static const struct {
    const char *flag, *alias;
    const char *variable;
    const char *fallback;
    size_t offset;
} table[] = {
#define AT(member) offsetof(struct host_options, member)
    {"--scripts", NULL, "TIDEGATE_SCRIPTS", NULL, AT(scripts)},
    {"--log-level", NULL, "TIDEGATE_LOG_LEVEL", "info", AT(log_level)},
    {"--log-file", NULL, "TIDEGATE_LOG_FILE", NULL, AT(log_file)},
    {"--log-format", NULL, "TIDEGATE_LOG_FORMAT", "text", AT(log_format)},
    {"--region", "-r", "AWS_REGION", NULL, AT(region)},
    {"--profile", "-p", "AWS_PROFILE", NULL, AT(profile)},
    {"--endpoint-url", NULL, "AWS_ENDPOINT_URL", NULL, AT(endpoint_url)},
    {"--cpu-limit", NULL, "TIDEGATE_CPU_LIMIT", "1", AT(cpu_limit)},
    {"--memory-limit", NULL, "TIDEGATE_MEMORY_LIMIT", "256", AT(memory_limit)},
#undef AT
};

enum { OPTIONS = sizeof table / sizeof *table };

static const char **field(struct host_options *o, size_t i)
{
    return (const char **)(void *)((char *)o + table[i].offset);
}

/* Is `arg` that flag? *value: what stands behind '=', or NULL. */
static bool is_flag(const char *arg, const char *flag, const char **value)
{
    size_t len = flag ? strlen(flag) : 0;
    if (!flag || strncmp(arg, flag, len) || (arg[len] && arg[len] != '='))
        return false;
    *value = arg[len] ? arg + len + 1 : NULL;
    return true;
}

/* Index of the host option that `arg` is, or OPTIONS. */
static size_t match(const char *arg, const char **value)
{
    size_t i = 0;
    while (i < OPTIONS && !is_flag(arg, table[i].flag, value) &&
           !is_flag(arg, table[i].alias, value))
        i++;
    return i;
}

static int take_flags(int argc, char **argv, struct host_options *out, struct err *err)
{
    for (int at = 1; at < argc; at++) {
        const char *value = NULL;
        size_t i = match(argv[at], &value);
        if (strcmp(argv[at], "--") == 0) {
            while (at < argc)
                out->argv[out->argc++] = argv[at++];
            return 0;
        }
        if (i == OPTIONS) {
            out->argv[out->argc++] = argv[at];
            continue;
        }
        if (!value && at + 1 == argc)
            return err_set(err, "usage", "%s needs a value", argv[at]);
        *field(out, i) = value ? value : argv[++at];
    }
    return 0;
}

/* Their variables have rules of their own, and are read where these are known. */
static bool of_aws(size_t i)
{
    return strncmp(table[i].variable, "AWS_", 4) == 0;
}

static void take_environment(struct host_options *out)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const char **where = field(out, i);
        if (!*where && !of_aws(i))
            *where = getenv(table[i].variable);
        if (!*where || !**where)
            *where = table[i].fallback;
    }
    if (!out->scripts && access(MOUNTED_SCRIPTS, R_OK | X_OK) == 0)
        out->scripts = MOUNTED_SCRIPTS;
}

static bool asks_for(const char *arg, const char *name)
{
    return strcmp(arg, name) == 0;
}

/* Takes NAME out of the script's arguments. */
static void take_command(struct host_options *out)
{
    const char *first = out->argc ? out->argv[0] : "help";
    bool help = asks_for(first, "--help") || asks_for(first, "-h"),
         version = asks_for(first, "--version");
    out->command = help ? "help" : version ? "version" : first[0] == '-' ? "consume" : first;
    if (out->argc && (help || version || first[0] != '-')) {
        out->argc--;
        memmove(out->argv, out->argv + 1, (size_t)out->argc * sizeof *out->argv);
    }
}

int options_read_host(int argc, char **argv, struct host_options *out, struct err *err)
{
    *out = (struct host_options){0};
    out->argv = mem_array((size_t)argc + 1, sizeof *out->argv);
    if (take_flags(argc, argv, out, err))
        return -1;
    take_environment(out);
    take_command(out);
    return 0;
}

/* "http://user:word@host" without the user and the word. */
static void hide_user(const char *url, char *out, size_t size)
{
    const char *host = strstr(url, "://");
    const char *end = host ? host + 3 + strcspn(host + 3, "/?#") : url, *at = end;
    while (at > url && *at != '@')
        at--;
    if (host && at > host)
        snprintf(out, size, "%.*s***%s", (int)(host + 3 - url), url, at);
    else
        snprintf(out, size, "%s", url);
}

bool options_tell(const struct host_options *o, size_t i, struct option_told *out)
{
    const char *value;
    if (i >= OPTIONS)
        return false;
    value = *field((struct host_options *)(uintptr_t)o, i);
    if (!value && of_aws(i))
        value = getenv(table[i].variable);
    snprintf(out->name, sizeof out->name, "%s", table[i].flag + 2);
    for (char *c = out->name; *c; c++)
        if (*c == '-')
            *c = '_';
    out->set = value && *value;
    hide_user(out->set ? value : "", out->value, sizeof out->value);
    return true;
}

void options_free(struct host_options *o)
{
    mem_free(o->argv);
    o->argv = NULL;
}
