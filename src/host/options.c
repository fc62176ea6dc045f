#include "host/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNTED_SCRIPTS "/etc/tidegate/scripts"

static const struct {
    const char *flag;
    const char *variable; /* NULL: read elsewhere (the AWS_… ones have rules of their own) */
    const char *fallback;
    size_t offset;
} table[] = {
    {"--scripts", "TIDEGATE_SCRIPTS", NULL, offsetof(struct host_options, scripts)},
    {"--log-level", "TIDEGATE_LOG_LEVEL", "info", offsetof(struct host_options, log_level)},
    {"--region", NULL, NULL, offsetof(struct host_options, region)},
    {"--profile", NULL, NULL, offsetof(struct host_options, profile)},
    {"--endpoint-url", NULL, NULL, offsetof(struct host_options, endpoint_url)},
    {"--cpu-limit", "TIDEGATE_CPU_LIMIT", "1", offsetof(struct host_options, cpu_limit)},
    {"--memory-limit", "TIDEGATE_MEMORY_LIMIT", "256", offsetof(struct host_options, memory_limit)},
};

enum { OPTIONS = sizeof table / sizeof *table };

static const char **field(struct host_options *o, size_t i)
{
    return (const char **)(void *)((char *)o + table[i].offset);
}

/* Index of the host option that `arg` begins with, or OPTIONS; *value: what stands behind '=', or
 * NULL. */
static size_t match(const char *arg, const char **value)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        size_t len = strlen(table[i].flag);
        if (strncmp(arg, table[i].flag, len))
            continue;
        *value = arg[len] == '=' ? arg + len + 1 : NULL;
        if (arg[len] == 0 || arg[len] == '=')
            return i;
    }
    return OPTIONS;
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

static void take_environment(struct host_options *out)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const char **where = field(out, i);
        if (!*where && table[i].variable)
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

void options_free(struct host_options *o)
{
    mem_free(o->argv);
    o->argv = NULL;
}
