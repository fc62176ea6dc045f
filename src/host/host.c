#include "host/host.h"

#include "base/console.h"
#include "base/log.h"
#include "host/restart.h"
#include "host/runaway.h"
#include "host/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static const char registry_key;

struct host *host_of(lua_State *L)
{
    struct host *h;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key);
    h = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return h;
}

struct aws *host_aws(struct host *h, struct err *err)
{
    struct aws_settings settings = {
        .region = h->options.region,
        .profile = h->options.profile,
        .profile_named_by_flag = h->options.profile != NULL,
        .endpoint_url = h->options.endpoint_url,
    };
    if (!h->aws)
        h->aws = aws_new(h->loop, &settings, err);
    return h->aws;
}

int64_t host_next_ms(struct host *h)
{
    int64_t now = loop_wall(h->loop).us / 1000;
    h->last_ms = now > h->last_ms ? now : h->last_ms + 1;
    return h->last_ms;
}

void host_add_engine(struct host *h, struct engine *e)
{
    list_push(&h->engines, &e->link);
    if (h->draining)
        e->drain(e, loop_now(h->loop));
}

struct host_counters host_count(struct host *h)
{
    struct host_counters sum = {0};
    for (struct link *at = list_first(&h->engines); at; at = list_after(&h->engines, at)) {
        struct engine *e = LIST_ITEM(at, struct engine, link);
        e->count(e, &sum);
    }
    return sum;
}

/* ---- the loop ---- */

static void engines_turn(struct host *h)
{
    struct link *at = list_first(&h->engines), *next;
    for (; at; at = next) {
        struct engine *e = LIST_ITEM(at, struct engine, link);
        next = list_after(&h->engines, at);
        e->turn(e, loop_now(h->loop));
    }
}

static int64_t until_next(struct host *h)
{
    struct monotime next = NEVER;
    int64_t wait;
    if (!tasks_idle(&h->tasks))
        return 0;
    for (struct link *at = list_first(&h->engines); at; at = list_after(&h->engines, at)) {
        struct engine *e = LIST_ITEM(at, struct engine, link);
        next = monotime_earlier(next, e->next(e));
    }
    wait = monotime_until(loop_now(h->loop), next);
    return wait > 0 ? wait : 0;
}

/* The first TERM or INT drains what consumes and ends every other program; the second ends all of
 * them where they stand. */
static void stop(struct host *h, int signo)
{
    if (h->draining || list_empty(&h->engines)) {
        log_line(LOG_WARN, "%s: stopping at once",
                 h->draining ? "second signal" : strsignal(signo));
        h->exit_code = h->draining ? EXIT_CUT : 128 + signo;
        h->over = true;
        return;
    }
    log_line(LOG_INFO, "%s: finishing what is in hand; a second one stops at once",
             strsignal(signo));
    h->draining = true;
    for (struct link *at = list_first(&h->engines); at; at = list_after(&h->engines, at)) {
        struct engine *e = LIST_ITEM(at, struct engine, link);
        e->drain(e, loop_now(h->loop));
    }
}

static void tell(struct host *h)
{
    struct loop_counts counts = loop_counts(h->loop);
    log_line(LOG_INFO, "tasks=%zu transfers=%zu timers=%zu connections=%zu lua_kib=%zu",
             h->tasks.count, counts.transfers, counts.timers, counts.connections,
             h->memory.used / 1024);
    for (struct link *at = list_first(&h->engines); at; at = list_after(&h->engines, at)) {
        struct engine *e = LIST_ITEM(at, struct engine, link);
        e->tell(e);
    }
}

static void take_signals(struct host *h)
{
    int signo;
    while ((signo = loop_take_signal(h->loop)) != 0) {
        if (signo == SIGTERM || signo == SIGINT)
            stop(h, signo);
        else if (signo == SIGUSR1)
            tell(h);
        else if (signo == SIGHUP)
            log_reopen();
    }
}

/* A stop that was asked for before the program began: it takes nothing, and owes nothing. */
static void take_early_signals(struct host *h)
{
    int signo;
    loop_read_signals(h->loop);
    while ((signo = loop_take_signal(h->loop)) != 0) {
        if (signo != SIGTERM && signo != SIGINT)
            continue;
        log_line(LOG_INFO, "%s before the start: nothing was begun", strsignal(signo));
        h->over = true;
    }
}

static void run(struct host *h)
{
    take_early_signals(h);
    while (!h->over) {
        tasks_run(&h->tasks);
        engines_turn(h);
        if (h->over)
            break;
        loop_turn(h->loop, until_next(h));
        take_signals(h);
    }
}

/* ---- the program ---- */

static void program_ended(struct task *t, const char *problem)
{
    struct host *h = t->owner;
    h->program = NULL;
    h->over = true;
    if (!problem)
        return;
    log_line(LOG_ERROR, "%s: %s", h->options.command, problem);
    h->exit_code = EXIT_CONFIG;
}

/* What the main chunk returned becomes the exit code. [-1, +0, e] */
static int k_program(lua_State *L, int status, lua_KContext ctx)
{
    struct host *h = (struct host *)ctx;
    int is_integer = 1;
    (void)status;
    h->exit_code = lua_isnoneornil(L, -1) ? EXIT_DONE : (int)lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || h->exit_code < 0 || h->exit_code > 255)
        return luaL_error(L, "%s must return an exit code (0 to 255) or nothing, not %s",
                          h->options.command, luaL_tolstring(L, -1, NULL));
    return 0;
}

static int program(lua_State *L)
{
    struct host *h = host_of(L);
    int nargs = lua_gettop(L) - 1;
    lua_callk(L, nargs, 1, (lua_KContext)h, k_program);
    return k_program(L, LUA_OK, (lua_KContext)h);
}

/* Leaves the exit code on the stack. Lua knows what there is. [-0, +1, e] */
static void refuse_command(lua_State *L, const char *command)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidegate.commands");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "refuse");
    lua_pushstring(L, command);
    lua_call(L, 1, 1);
}

/* Everything that can raise at start-up, protected: opens libraries and API, loads the program,
 * makes its task. Argument 1: the API's opener. Returns nothing, or an exit code. */
static int prepare(lua_State *L)
{
    struct host *h = host_of(L);
    lua_CFunction open_api = lua_tocfunction(L, 1);
    sandbox_open(L, h->everything);
    scripts_install(L, &h->scripts, h->everything);
    lua_pushcfunction(L, open_api);
    lua_pushlightuserdata(L, h);
    lua_call(L, 1, 0);
    lua_pushcfunction(L, program);
    switch (scripts_program(L, &h->scripts, h->options.command)) {
    case SCRIPT_UNKNOWN:
        refuse_command(L, h->options.command);
        return 1;
    case SCRIPT_BROKEN:
        return lua_error(L);
    case SCRIPT_LOADED:
        break;
    }
    luaL_checkstack(L, h->options.argc, "too many arguments");
    for (int i = 0; i < h->options.argc; i++)
        lua_pushstring(L, h->options.argv[i]);
    h->program = task_begin(L, &h->tasks, h->options.argc + 1);
    h->program->ended = program_ended;
    h->program->owner = h;
    return 0;
}

static void start(struct host *h, lua_CFunction open_api)
{
    lua_pushcfunction(h->L, prepare);
    lua_pushcfunction(h->L, open_api);
    if (lua_pcall(h->L, 1, 1, 0) != LUA_OK) {
        const char *text = lua_tostring(h->L, -1);
        log_line(LOG_ERROR, "%s", text ? text : "out of memory");
        h->exit_code = EXIT_CONFIG;
        h->over = true;
    } else if (lua_isinteger(h->L, -1)) {
        h->exit_code = (int)lua_tointeger(h->L, -1);
        h->over = true;
    }
    lua_settop(h->L, 0);
}

/* ---- set-up ---- */

static int panic(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    log_line(LOG_ERROR, "unprotected error in Lua: %s", text ? text : "?");
    log_end();
    return 0;                            /* Lua aborts */
}

static int64_t positive(const char *text, struct err *err, const char *flag)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value > 0) || value > 1e6)
        return err_set(err, "usage", "%s takes a number above 0, not \"%.40s\"", flag, text);
    return (int64_t)(value * SECOND_US);
}

static int set_limits(struct host *h, struct err *err)
{
    int64_t cpu = positive(h->options.cpu_limit, err, "--cpu-limit");
    int64_t memory = positive(h->options.memory_limit, err, "--memory-limit");
    if (cpu < 0 || memory < 0)
        return -1;
    if (h->everything)
        return 0;
    h->memory.ceiling = (size_t)((double)memory / SECOND_US * (1 << 20));
    h->runaway = runaway_new(cpu, 5 * cpu, err);
    return h->runaway ? 0 : -1;
}

static int set_log(struct host *h, struct err *err)
{
    enum log_level level;
    bool json = strcmp(h->options.log_format, "json") == 0;
    if (!json && strcmp(h->options.log_format, "text"))
        return err_set(err, "usage", "--log-format takes text or json, not \"%.40s\"",
                       h->options.log_format);
    if (!log_level_parse(bytes_of(h->options.log_level), &level))
        return err_set(err, "usage",
                       "--log-level takes debug, info, warn, error or off, not \"%.40s\"",
                       h->options.log_level);
    log_set_level(level);
    return log_begin(json ? EVENT_JSON : EVENT_TEXT, h->options.log_file, err);
}

/* A folder that is not there would silently run the built-in policy instead of the user's. */
static int set_scripts(struct host *h, struct err *err)
{
    struct stat info;
    const char *dir = h->options.scripts;
    h->scripts.dir = dir;
    if (dir && (stat(dir, &info) || !S_ISDIR(info.st_mode)))
        return err_set(err, "BadScripts", "--scripts: there is no folder \"%.200s\"", dir);
    return 0;
}

static int set_up(struct host *h, int argc, char **argv, struct err *err)
{
    list_init(&h->engines);
    if (options_read_host(argc, argv, &h->options, err) || set_log(h, err))
        return -1;
    if (set_scripts(h, err))
        return -1;
    h->everything = strcmp(h->options.command, "test") == 0;
    if (set_limits(h, err))
        return -1;
    h->loop = loop_new(err);
    if (!h->loop)
        return -1;
    h->L = lua_newstate(memory_allocate, &h->memory);
    if (!h->L)
        return err_set(err, "memory", "no memory for a Lua state");
    lua_atpanic(h->L, panic);
    tasks_init(&h->tasks, h->L, &h->memory, h->runaway);
    lua_pushlightuserdata(h->L, h);
    lua_rawsetp(h->L, LUA_REGISTRYINDEX, &registry_key);
    return 0;
}

static void tear_down(struct host *h)
{
    if (h->L) {
        tasks_free(&h->tasks);
        lua_close(h->L);
    }
    runaway_free(h->runaway);
    aws_free(h->aws);
    loop_free(h->loop);
    log_end();
    options_free(&h->options);
}

/* What is opened later must not become the stdin, stdout or stderr that we were started without. */
static void fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* The command line is at fault: said plainly, as the programs do; all else goes into the log. */
static void tell_problem(const struct err *err)
{
    char text[512];
    int len = snprintf(text, sizeof text, "tidegate: %s\nMore: tidegate help host-options\n",
                       err->message);
    if (err_is(err, "usage"))
        console_write((struct bytes){text, (size_t)len});
    else
        log_line(LOG_ERROR, "%s", err->message);
}

int host_main(int argc, char **argv, lua_CFunction open_api)
{
    struct host h = {0};
    struct err err = {0};
    restart_prepare(argv);
    fill_standard_streams();
    loop_block_signals();
    if (set_up(&h, argc, argv, &err)) {
        tell_problem(&err);
        h.exit_code = exit_code_of(&err);
    } else {
        start(&h, open_api);
        run(&h);
    }
    tear_down(&h);
    return h.exit_code;
}
