/* Easy: a libcurl easy handle on loan from the loop's pool to one exchange at a time.
 * The loop owns it; the exchange that took it says how it is judged and gives it back. What all
 * exchanges have in common is set when it is made, the rest by easy_ask().
 * It never outlives its loop, and only src/net sees it: the one header with libcurl's own. */
#ifndef TIDEGATE_NET_EASY_H
#define TIDEGATE_NET_EASY_H

#include "base/buf.h"
#include "base/op.h"
#include "net/loop.h"
#include "net/transfer.h"

#include <curl/curl.h>

struct link {
    struct link *prev, *next;            /* a ring; a lone link points to itself */
};

struct easy {
    struct link link;                    /* first: in the loop's ring of finished ones, or alone */
    CURL *curl;
    struct loop *loop;
    struct op *op;                       /* told when it is over */
    /* Reads the result into the operation before it is told. */
    void (*judge)(struct easy *e, CURLcode code);
    void *owner;                         /* whoever took it */
    bool running;                        /* libcurl has it */
    uint64_t born;                       /* loop_begin() came after so many rounds of libcurl */
    long connects;                       /* connections opened for it, known when it is over */
    int sends;                           /* how often libcurl sent the question */
    bool straight;                       /* sent once and answered */
    char error[CURL_ERROR_SIZE];
    struct buf lines;                    /* the header lines, each with a final NUL */
    struct curl_slist *nodes;
    size_t node_cap;
    struct easy *next_idle;
};

struct easy *easy_new(struct loop *l);
void easy_rest(struct easy *e);          /* makes it fit for the next exchange */
void easy_free(struct easy *e);
/* Sets the question of the transfer. -1 with err "request" when it cannot be sent as it stands. */
int easy_ask(struct easy *e, const struct transfer *t, struct err *err);

/* The loop's side, for whoever runs an exchange. */
struct easy *loop_take(struct loop *l);              /* idle, counted as a transfer from here on */
void loop_begin(struct easy *e);                     /* hands it to libcurl */
void loop_conclude(struct easy *e);                  /* its op is told in the next turn */
void loop_give_back(struct easy *e);                 /* from any state; the exchange forgets it */

#endif
