/* Call: one signed question to a service with all its attempts, until it is answered or given up.
 * The waiter owns the call and embeds it; the call owns its URL, its transfer and its timer, and
 * borrows the body and the client. Each attempt is signed anew; between attempts it waits on the
 * loop. It never follows a redirect and never calls an answer good that does not have the shape
 * that its kind expects. */
#ifndef TIDEGATE_AWS_CALL_H
#define TIDEGATE_AWS_CALL_H

#include "aws/answer.h"
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "net/transfer.h"

/* What all calls to one service share. */
struct client {
    struct loop *loop;
    const char *service;                 /* "s3", "sqs", "dynamodb": as it is signed */
    const char *region;
    struct sigv4_secret secret;          /* borrowed */
    struct random *random;
    struct endpoint endpoint;
    struct sigv4_cache cache;
    struct retry_budget budget;
};

struct call;

/* One operation of a service. */
struct call_kind {
    const char *operation;               /* "PutObject": for the log */
    const char *method;
    /* Adds the operation's own headers; NULL: none. Asked for each attempt. */
    void (*headers)(const struct call *c, struct pairs *headers);
    /* Takes what an answer with status 2xx says. -1 with err when it is not what was expected: the
     * attempt failed, `retryable` says whether another may help. It may be asked again then. */
    int (*read)(struct call *c, struct err *err);
    /* Says what an answer with another status means: answer_read_xml, answer_read_json. */
    void (*refused)(const struct answer *a, struct err *err);
};

struct call {
    struct op op;                        /* of the waiter; its err is that of the last attempt */

    /* the question; body and kind are borrowed until it is done */
    struct client *client;
    const struct call_kind *kind;
    const char *host;                    /* borrowed, like the endpoint it stands in */
    bool configured;                     /* that endpoint is not AWS: no request id is demanded */
    struct buf url;
    size_t path_at, query_at;            /* in url; the query begins behind its '?' */
    struct bytes body;
    int64_t timeout_us, idle_us;         /* of one attempt; 0: none */

    /* the answer, good until call_free() */
    struct transfer transfer;
    struct monotime asked_at;            /* when the last attempt left */

    /* the call's own */
    struct pairs headers;
    struct timer timer;
    int attempt;
    int cost;                            /* of the last retry, for the refund */
    char invocation[37];                 /* the same in all attempts, for the service's log */
};

void call_init(struct call *c, struct client *client, const struct call_kind *kind,
               size_t answer_max);
/* The URL is built in place, so that what is signed is what is sent: call_url() writes scheme, host
 * and the endpoint's path; the caller appends the rest of the path, already encoded, to c->url;
 * after call_query() it appends the query. */
void call_url(struct call *c, const struct endpoint *endpoint);
void call_query(struct call *c);
/* Notifies c->op, perhaps before it returns. */
void call_start(struct call *c);
struct bytes call_request_id(const struct call *c);
/* Aborts what is under way, at whatever point, and frees all; may be called twice. */
void call_free(struct call *c);

#endif
