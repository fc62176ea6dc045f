/* Host: one process of tidegate: its loop, its Lua state, its tasks, and the engines that feed
 * them. It owns all of these, made in that order and freed in the other. Its one loop is: let
 * engines take their turn, resume what is ready, wait for the world. It knows no binding: the API
 * is opened by a function that main() hands in. */
#ifndef TIDEGATE_HOST_HOST_H
#define TIDEGATE_HOST_HOST_H

#include "aws/aws.h"
#include "host/exit_code.h"
#include "host/memory.h"
#include "host/options.h"
#include "host/scripts.h"
#include "host/task.h"
#include "net/loop.h"

/* What the engines at work have in hand and have settled. */
struct host_counters {
    uint64_t received, done, skipped, retried, parked, released;
    size_t running, waiting;
};

/* Something that works between the tasks: a consumer. Embedded by its owner, listed while it is at
 * work. */
struct engine {
    struct link link;
    void (*turn)(struct engine *e, struct monotime now);
    struct monotime (*next)(struct engine *e); /* when it wants a turn, if nothing else happens
                                                  first */
    void (*drain)(struct engine *e, struct monotime now);
    void (*tell)(struct engine *e);                  /* one log line of counters */
    void (*count)(struct engine *e, struct host_counters *sum);      /* adds its own */
};

struct host {
    struct host_options options;
    struct loop *loop;
    struct aws *aws;                     /* NULL until the first place of AWS is opened */
    struct lua_memory memory;
    struct scripts scripts;
    struct runaway *runaway;
    lua_State *L;
    struct tasks tasks;
    struct list engines;
    struct task *program;
    bool everything;                     /* the program is `test`: full libraries, no limits */
    int64_t last_ms;                     /* the last key that host_next_ms() gave out */
    bool draining;
    bool over;
    int exit_code;
};

/* Runs the program that the command line names, to its end, and returns the exit code. `open_api`
 * is a lua_CFunction that registers the API in package.preload; the host is the light userdata that
 * it is called with. */
int host_main(int argc, char **argv, lua_CFunction open_api);

struct host *host_of(lua_State *L);
/* Credentials, region and endpoints, read when first needed. NULL with err. */
struct aws *host_aws(struct host *h, struct err *err);
/* The wall time in milliseconds, never the same twice: the key of a message that is written into a
 * bucket. */
int64_t host_next_ms(struct host *h);
void host_add_engine(struct host *h, struct engine *e);
struct host_counters host_count(struct host *h);

#endif
