#include "net/transfer.h"

#include "net/easy.h"

#include <string.h>

/* ---- as the answer comes in ---- */

static int final_block_ended(struct transfer *t)
{
    const struct framing *f = &t->framing;
    t->head_ended = true;
    t->status = f->status;
    if (!framing_known(f))
        return err_set(&t->op.err, "incomplete", "the answer does not say where its body ends");
    if (!f->bodyless && f->length > 0 && (uint64_t)f->length > t->content.max)
        return err_set(&t->op.err, "too_large", "the answer has %lld bytes, more than %zu",
                       (long long)f->length, t->content.max);
    return 0;
}

static int block_ended(struct transfer *t)
{
    bool asked_head = strcmp(t->method, "HEAD") == 0;
    if (head_framing(buf_bytes(&t->head), asked_head, &t->framing, &t->op.err))
        return -1;
    if (!t->framing.interim)
        return final_block_ended(t);
    buf_clear(&t->head);
    return 0;
}

/* libcurl hands over whole lines and takes a leading CR or LF for the end of the block. */
static int take_line(struct transfer *t, struct bytes line)
{
    t->head_seen += line.len;
    if (t->head_seen > TRANSFER_HEAD_MAX)
        return err_set(&t->op.err, "too_large", "the answer's headers are longer than %d bytes",
                       TRANSFER_HEAD_MAX);
    if (t->head_ended)
        return 0;
    buf_add(&t->head, line);
    return line.at[0] == '\r' || line.at[0] == '\n' ? block_ended(t) : 0;
}

static size_t on_header(char *at, size_t size, size_t count, void *owner)
{
    size_t len = size * count;
    return take_line(owner, (struct bytes){at, len}) ? 0 : len;
}

static size_t on_content(char *at, size_t size, size_t count, void *owner)
{
    struct transfer *t = owner;
    size_t len = size * count;
    if (!buf_add(&t->content, (struct bytes){at, len}))
        return len;
    err_set(&t->op.err, "too_large", "the answer is longer than %zu bytes", t->content.max);
    return 0;
}

/* ---- when it is over ---- */

struct fault {
    CURLcode code;
    const char *name;
};

static const struct fault faults[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "connect"},
    {CURLE_COULDNT_RESOLVE_PROXY, "connect"},
    {CURLE_COULDNT_CONNECT, "connect"},
    {CURLE_PROXY, "connect"},
    {CURLE_SSL_CONNECT_ERROR, "tls"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls"},
    {CURLE_SSL_CACERT_BADFILE, "tls"},
    {CURLE_SSL_CERTPROBLEM, "tls"},
    {CURLE_SSL_CIPHER, "tls"},
    {CURLE_SSL_CLIENTCERT, "tls"},
    {CURLE_SSL_ISSUER_ERROR, "tls"},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls"},
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_PARTIAL_FILE, "incomplete"},
    {CURLE_GOT_NOTHING, "incomplete"},
    {CURLE_UNSUPPORTED_PROTOCOL, "protocol"},
    {CURLE_WEIRD_SERVER_REPLY, "protocol"},
    {CURLE_URL_MALFORMAT, "request"},
    {CURLE_LOGIN_DENIED, "request"},
    {CURLE_OUT_OF_MEMORY, "too_large"},      /* so it calls one header line over 100 KiB */
};

/* A handshake that the network cut, as against one on which the peers do not agree. Both are one
 * code; only the text tells that reading or writing failed. */
static bool handshake_cut(const struct easy *e, CURLcode code)
{
    static const char *const signs[] = {"Recv failure", "Send failure", "unexpected eof",
                                        "SSL_ERROR_SYSCALL"};
    if (code != CURLE_SSL_CONNECT_ERROR)
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strstr(e->error, signs[i]))
            return true;
    return false;
}

static const char *fault_name(const struct easy *e, CURLcode code)
{
    const struct transfer *t = e->owner;
    if (handshake_cut(e, code))
        return "connect";
    if (code == CURLE_RECV_ERROR && t->head_seen)
        return "incomplete";
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].code == code)
            return faults[i].name;
    return "network";
}

static bool retryable(const struct err *err)
{
    return !err_is(err, "tls") && !err_is(err, "too_large") && !err_is(err, "request");
}

/* An error of our own comes first: libcurl only reports that a callback refused. */
static void judge(struct easy *e, CURLcode code)
{
    struct transfer *t = e->owner;
    struct err *err = &t->op.err;
    if (!err_any(err) && code)
        err_set(err, fault_name(e, code), "%s",
                e->error[0] ? e->error : curl_easy_strerror(code));
    if (!err_any(err) && (!t->head_ended || !framing_whole(&t->framing, t->content.len)))
        err_set(err, "incomplete", "the answer was cut");
    if (err_any(err))
        err->retryable = retryable(err);
    t->reused = !err_any(err) && e->connects == 0;
    t->resent = e->sends > 1;
}

/* ---- public ---- */

static void stop(struct op *op)
{
    loop_give_back(op->provider);
}

static void forget_answer(struct transfer *t)
{
    buf_clear(&t->head);
    buf_clear(&t->content);
    t->status = 0;
    t->reused = false;
    t->resent = false;
    t->framing = (struct framing){0};
    t->head_seen = 0;
    t->head_ended = false;
}

void transfer_init(struct transfer *t, size_t body_max)
{
    *t = (struct transfer){0};
    buf_init(&t->head, TRANSFER_HEAD_MAX);
    buf_init(&t->content, body_max);
}

void transfer_start(struct loop *l, struct transfer *t)
{
    struct easy *e = loop_take(l);
    op_begin(&t->op, e, stop);
    forget_answer(t);
    e->op = &t->op;
    e->owner = t;
    e->judge = judge;
    if (easy_ask(e, t, &t->op.err)) {
        loop_conclude(e);
        return;
    }
    curl_easy_setopt(e->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e->curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e->curl, CURLOPT_WRITEFUNCTION, on_content);
    curl_easy_setopt(e->curl, CURLOPT_WRITEDATA, t);
    loop_begin(e);
}

struct bytes transfer_header(const struct transfer *t, const char *name)
{
    return head_value(buf_bytes(&t->head), name);
}

void transfer_free(struct transfer *t)
{
    op_abort(&t->op);
    buf_free(&t->head);
    buf_free(&t->content);
}
