/* Runaway: stops Lua that computes for too long in one go.
 * One a process: it owns a timer on the thread's CPU time, which costs nothing while tasks behave:
 * no hook is installed until a resume has used its share. The hook then raises, again and again, so
 * that no pcall outlives it. What no hook can reach (a pathological pattern in C) ends the process
 * with 70, or starts it anew where nobody else remembers what it died of (host/restart): the
 * message was not acknowledged and goes back. It never touches a state that is not being
 * resumed. */
#ifndef TIDEGATE_HOST_RUNAWAY_H
#define TIDEGATE_HOST_RUNAWAY_H

#include "base/err.h"

#include <lua.h>

struct runaway;

/* What a resume works on, for the last words about it. */
struct runaway_subject {
    const char *message;                 /* id of a message, borrowed; NULL: none */
    int uncounted; /* its receives, if nobody but this process counts them: then it starts anew */
};

/* soft_us: CPU time of one resume before it is stopped by an error; hard_us: before the process
 * ends. NULL with err filled when the system gives no timer. */
struct runaway *runaway_new(int64_t soft_us, int64_t hard_us, struct err *err);
void runaway_free(struct runaway *r);
void runaway_enter(struct runaway *r, lua_State *co, const struct runaway_subject *about);
void runaway_leave(struct runaway *r, lua_State *co);

/* Around a coroutine that a task resumes itself: its time is the task's. Fine where no limit is.
 * Returns what to give back. */
lua_State *runaway_switch(lua_State *co);
void runaway_switch_back(lua_State *co, lua_State *caller);

#endif
