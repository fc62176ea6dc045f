/* Host options: what the program itself takes from its command line and environment; the rest
 * belongs to the script. Plain values that point into argv and the environment. Order: flag,
 * environment, default. It never looks at what it does not know: unknown options are the script's
 * to refuse. */
#ifndef TIDEGATE_HOST_OPTIONS_H
#define TIDEGATE_HOST_OPTIONS_H

#include "base/err.h"

struct host_options {
    const char *scripts;             /* NULL: none, and /etc/tidegate/scripts does not exist */
    const char *log_level;           /* "info" */
    const char *log_file;            /* NULL: none, stderr alone */
    const char *log_format;          /* "text" */
    const char *region, *profile, *endpoint_url;         /* NULL: not said by flag */
    const char *cpu_limit;           /* seconds of CPU of one resume: "1" */
    const char *memory_limit;        /* MiB of one Lua state: "256" */
    const char *command; /* NAME: "help" when there is no argument at all, "consume" when only
                            options are */
    int argc;                        /* the script's own arguments */
    const char **argv;               /* owned; options_free() */
};

/* -1 with err "usage": a host option without its value. */
int options_read_host(int argc, char **argv, struct host_options *out, struct err *err) MUSTCHECK;
void options_free(struct host_options *o);

struct option_told {
    char name[32];                   /* "log_level" */
    bool set;
    char value[1024];                /* in force; of a URL without its user and password */
};
/* The option number `i`, for a person to read; false when there are no more. The AWS_ variables
 * are looked at, the files of AWS are not. */
bool options_tell(const struct host_options *o, size_t i, struct option_told *out);

#endif
