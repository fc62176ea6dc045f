#include "host/runaway.h"

#include "base/clock.h"
#include "base/log.h"
#include "host/restart.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>

enum { TICK_US = 20 * 1000 };

struct runaway {
    timer_t timer;
    int soft, hard;                      /* in ticks */
};

/* Shared with the signal handler, which can be handed no argument it may trust. */
static lua_State *volatile running;
static const struct runaway_subject *volatile subject;
static volatile sig_atomic_t ticks, soft_ticks, hard_ticks;

static void stop(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, stop, LUA_MASKCOUNT, 1); /* sticky: the error may be caught, the next instruction
                                               raises again */
    luaL_error(L, "stopped: it used more than %d ms of CPU time without waiting",
               (int)soft_ticks * (TICK_US / 1000));
}

/* What could be more than text in last words becomes '?'. */
static size_t add(char *out, size_t len, size_t max, const char *text)
{
    for (; *text && len < max; text++) {
        bool plain = *text >= ' ' && *text < 127 && *text != '"' && *text != '\\';
        out[len++] = plain ? *text : '?';
    }
    return len;
}

/* Async-signal-safe. */
static void end(void)
{
    enum { SHOWN = 180, ROOM = 220 };
    const struct runaway_subject *s = subject;
    char words[ROOM];
    size_t len = add(words, 0, SHOWN, "a script computes without end and cannot be stopped");
    if (s && s->message) {
        len = add(words, len, SHOWN, " (message ");
        len = add(words, len, SHOWN, s->message);
        len = add(words, len, ROOM - 1, ")");
    }
    len = add(words, len, ROOM - 1, s && s->uncounted ? "; starting anew" : "; exiting");
    words[len] = 0;
    log_last_words(words);
    if (s && s->message && s->uncounted)
        restart_after(s->message, s->uncounted);
    _exit(70);
}

/* lua_sethook is the one Lua function that may be called from a signal handler (lua.c does the
 * same). */
static void tick(int signo)
{
    int saved = errno;
    lua_State *L = running;
    (void)signo;
    if (!L)
        return;
    ticks++;
    if (ticks >= hard_ticks)
        end();
    if (ticks >= soft_ticks)
        lua_sethook(L, stop, LUA_MASKCOUNT, 1);
    errno = saved;
}

static int start_timer(struct runaway *r, struct err *err)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    struct itimerspec every = {.it_interval = {.tv_nsec = TICK_US * 1000},
                               .it_value = {.tv_nsec = TICK_US * 1000}};
    struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
    sigset_t ours;
    event._sigev_un._tid = gettid();
    sigaction(SIGRTMIN, &action, NULL);
    sigemptyset(&ours);
    sigaddset(&ours, SIGRTMIN);
    sigprocmask(SIG_UNBLOCK, &ours, NULL);   /* it is blocked where its handler started us */
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &r->timer))
        return err_set(err, "timer", "no CPU timer can be had: %s", strerror(errno));
    timer_settime(r->timer, 0, &every, NULL);
    return 0;
}

struct runaway *runaway_new(int64_t soft_us, int64_t hard_us, struct err *err)
{
    struct runaway *r = mem_new(sizeof *r);
    soft_ticks = (int)(soft_us / TICK_US > 0 ? soft_us / TICK_US : 1);
    hard_ticks = (int)(hard_us / TICK_US > soft_ticks ? hard_us / TICK_US : soft_ticks + 1);
    if (start_timer(r, err)) {
        mem_free(r);
        return NULL;
    }
    return r;
}

void runaway_free(struct runaway *r)
{
    if (!r)
        return;
    running = NULL;
    timer_delete(r->timer);
    mem_free(r);
}

void runaway_enter(struct runaway *r, lua_State *co, const struct runaway_subject *about)
{
    (void)r;
    ticks = 0;
    subject = about;
    running = co;
}

/* A task that was stopped is over; one that finished in the very tick must not carry the hook into
 * its close handlers. */
void runaway_leave(struct runaway *r, lua_State *co)
{
    (void)r;
    running = NULL;
    if (ticks >= soft_ticks)
        lua_sethook(co, NULL, 0, 0);
}

lua_State *runaway_switch(lua_State *co)
{
    lua_State *caller = running;
    if (caller)
        running = co;
    return caller;
}

/* When the share is used up the caller is to stop as well: the hook moves on to it. */
void runaway_switch_back(lua_State *co, lua_State *caller)
{
    running = caller;
    if (!caller || ticks < soft_ticks)
        return;
    lua_sethook(co, NULL, 0, 0);
    lua_sethook(caller, stop, LUA_MASKCOUNT, 1);
}
