/* Error: what went wrong in the world, said where it happened and printed where it matters.
 * A plain value: no ownership, copied by assignment; an empty code means that nothing is wrong.
 * It never holds a secret and never describes misuse of the API: misuse raises in Lua. */
#ifndef TIDEGATE_BASE_ERR_H
#define TIDEGATE_BASE_ERR_H

#include "base/bytes.h"
#include "base/mem.h"

struct err {
    char code[64]; /* the service's name for it ("SlowDown"), or ours ("timeout", "connect") */
    int status;            /* HTTP status, 0 when no answer came */
    bool retryable;        /* the same call may go well later */
    char request_id[96];   /* the service's id of the call, "" when unknown */
    char message[360];     /* a sentence for people, may be "" */
};

/* Fills the error (not retryable, no status) and returns -1, so that a caller can write `return
 * err_set(…)`. */
int err_set(struct err *e, const char *code, const char *fmt, ...) PRINTF(3, 4);
void err_clear(struct err *e);
bool err_any(const struct err *e);
bool err_is(const struct err *e, const char *code);

/* Writes "what: 503 SlowDown: message (request ID)" without the parts that are unknown; control
 * characters become '?'. */
void err_text(const struct err *e, const char *what, char *out, size_t size);

#endif
