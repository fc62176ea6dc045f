/* Transfer: one HTTP/1.1 exchange, question and answer, on a kept-alive connection.
 * The waiter owns the transfer; method, url, headers and body are borrowed until it is done.
 * transfer_free() aborts what is under way and frees the answer.
 * It never follows a redirect, never retries, never adds a header that was not asked for except
 * Content-Length, and never calls an answer good that was cut: success means that libcurl said so,
 * and the header block ended, and the body was framed (Content-Length matched, chunked ended, or
 * 204, 304, HEAD). libcurl itself checks only the first. It does send a question again, once or
 * more, when a reused connection dies before the first byte of the answer: nothing can forbid it.
 *
 * Errors of the op: "connect" (refused, unreachable, DNS, a TLS handshake that was cut), "tls"
 * (verification or handshake; not retryable), "timeout", "incomplete" (cut, empty or unframed
 * answer), "too_large" (head or body over its cap; not retryable), "protocol" (no HTTP/1 answer,
 * two different Content-Length, Content-Length together with chunked, unasked content encoding),
 * "request" (a header or URL that cannot be sent as it stands; not retryable), "network"
 * (everything else). All but those marked are retryable. An HTTP status of 400 or more is not an
 * error here: the caller reads it. */
#ifndef TIDEGATE_NET_TRANSFER_H
#define TIDEGATE_NET_TRANSFER_H

#include "base/buf.h"
#include "base/op.h"
#include "base/pairs.h"
#include "net/head.h"
#include "net/loop.h"

enum {
    TRANSFER_HEAD_MAX = 64 * 1024,       /* all header lines of an answer, 1xx and trailers too */
    TRANSFER_CONNECT_MS = 3100           /* connect and TLS; the SDKs' "standard" default */
};

struct transfer {
    struct op op;

    /* the question, borrowed until it is done */
    const char *method;                  /* GET, HEAD, PUT, POST, DELETE */
    const char *url;                     /* whole and encoded: sent as it stands, dots and all */
    const struct pairs *headers;         /* Host included, sent first; the others in this order */
    struct bytes body;
    int64_t timeout_us;                  /* of the whole exchange, 0: none */
    int64_t idle_us;                     /* under a byte a second for so long ends it, 0: never;
                                          * whole seconds; told up to 5 s late once bytes came */

    /* the answer */
    int status;                          /* 0 until a whole final header block came */
    struct buf head;                     /* the final header block, status line first, as it came */
    struct buf content;                  /* its maximum is set by transfer_init() */
    bool reused;                         /* it went over a connection that had been used before */
    bool resent;                         /* libcurl sent the question more than once */

    /* the transfer's own, while it is under way */
    struct framing framing;
    size_t head_seen;
    bool head_ended;
};

/* body_max: the largest answer body that is accepted. */
void transfer_init(struct transfer *t, size_t body_max);
/* Drops an earlier answer and asks. It never notifies before it returns. */
void transfer_start(struct loop *l, struct transfer *t);
/* A header of the answer, trimmed; empty when absent. Trailers are not kept. */
struct bytes transfer_header(const struct transfer *t, const char *name);
void transfer_free(struct transfer *t);  /* may be called twice */

#endif
