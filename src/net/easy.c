#include "net/easy.h"

#include "base/log.h"
#include "net/proxy.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINES_MAX = 1 << 20,
    CONNECTION_AGE_MAX_S = 20        /* idle; one that the service closed first costs a re-send */
};

/* libcurl refuses these settings only when it was built without them or has no memory left. */
static void must(CURLcode code)
{
    if (!code)
        return;
    log_line(LOG_ERROR, "libcurl: %s", curl_easy_strerror(code));
    abort();
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* A CA directory beside a bundle makes libcurl parse the bundle again for every connection. */
static void set_trust(CURL *c)
{
    const char *bundle = environment("AWS_CA_BUNDLE");
    const char *directory = environment("SSL_CERT_DIR");
    if (!bundle)
        bundle = environment("SSL_CERT_FILE");
    must(curl_easy_setopt(c, CURLOPT_CAPATH, bundle ? NULL : directory));
    if (bundle || directory)
        must(curl_easy_setopt(c, CURLOPT_CAINFO, bundle));
    must(curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L));
    must(curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
}

static int on_send(void *owner, char *theirs, char *ours, int their_port, int our_port)
{
    struct easy *e = owner;
    (void)theirs;
    (void)ours;
    (void)their_port;
    (void)our_port;
    e->sends++;
    return CURL_PREREQFUNC_OK;
}

/* A signature covers the URL and the headers as they were handed over: libcurl changes neither. */
static void set_common(struct easy *e)
{
    CURL *c = e->curl;
    set_trust(c);
    must(curl_easy_setopt(c, CURLOPT_PRIVATE, e));
    must(curl_easy_setopt(c, CURLOPT_ERRORBUFFER, e->error));
    must(curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L));
    must(curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L));
    must(curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https"));
    must(curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L));
    must(curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
    must(curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
    must(curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_MAX_S));
    must(curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)TRANSFER_CONNECT_MS));
    must(curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L));
    must(curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_send));
    must(curl_easy_setopt(c, CURLOPT_PREREQDATA, e));
}

struct easy *easy_new(struct loop *l)
{
    struct easy *e = mem_new(sizeof *e);
    e->link = (struct link){&e->link, &e->link};
    e->loop = l;
    e->curl = curl_easy_init();
    must(e->curl ? CURLE_OK : CURLE_OUT_OF_MEMORY);
    buf_init(&e->lines, LINES_MAX);
    set_common(e);
    return e;
}

/* libcurl 7.88 repeats a question five times in the life of a handle and then no more: only a reset
 * starts that count again. A reset for every exchange would cost a microsecond. */
void easy_rest(struct easy *e)
{
    if (e->straight)
        return;
    curl_easy_reset(e->curl);
    set_common(e);
}

void easy_free(struct easy *e)
{
    curl_easy_cleanup(e->curl);
    buf_free(&e->lines);
    mem_free(e->nodes);
    mem_free(e);
}

/* ---- header lines ---- */

/* What would end the line early, and so begin a header of somebody else's choosing. */
static bool breaks_line(struct bytes text)
{
    return text.len && (memchr(text.at, '\n', text.len) || memchr(text.at, '\r', text.len) ||
                        memchr(text.at, 0, text.len));
}

static bool sendable(struct bytes name, struct bytes value)
{
    return name.len && !memchr(name.at, ':', name.len) && !breaks_line(name) && !breaks_line(value);
}

/* "Name: value"; libcurl spells a header with no value "Name;", since "Name:" removes one. */
static int add_line(struct buf *lines, const struct pair *header, struct err *err)
{
    struct bytes value = bytes_trim(header->value);
    if (!sendable(header->name, value))
        return err_set(err, "request", "the header %.40s cannot be sent: it holds a line break",
                       header->name.at);
    buf_add(lines, header->name);
    if (value.len) {
        buf_text(lines, ": ");
        buf_add(lines, value);
    } else {
        buf_char(lines, ';');
    }
    if (buf_char(lines, 0))
        return err_set(err, "request", "the headers are longer than %d bytes", LINES_MAX);
    return 0;
}

static int write_lines(struct easy *e, const struct pairs *headers, struct err *err)
{
    buf_clear(&e->lines);
    for (size_t i = 0; i < headers->count; i++)
        if (add_line(&e->lines, &headers->at[i], err))
            return -1;
    return 0;
}

/* What libcurl would add unasked; a name with no value keeps it out. */
static struct curl_slist quiet[] = {
    {(char *)"Accept:", &quiet[1]},
    {(char *)"Content-Type:", &quiet[2]},
    {(char *)"Expect:", NULL},
};

/* libcurl only reads the list, so nodes and text are ours: no allocation for each header. */
static struct curl_slist *link_lines(struct easy *e, size_t count)
{
    char *line = e->lines.at;
    if (count > e->node_cap) {
        e->nodes = mem_resize(e->nodes, count, sizeof *e->nodes);
        e->node_cap = count;
    }
    for (size_t i = 0; i < count; i++) {
        e->nodes[i] = (struct curl_slist){line, i + 1 < count ? &e->nodes[i + 1] : quiet};
        line += strlen(line) + 1;
    }
    return count ? e->nodes : quiet;
}

/* ---- the question ---- */

static bool carries_body(const struct transfer *t)
{
    return t->body.len || strcmp(t->method, "PUT") == 0 || strcmp(t->method, "POST") == 0;
}

/* Every body goes as POSTFIELDS under its own method: borrowed, sent together with the head when
 * it is small, and at hand when libcurl sends it again because a reused connection died. */
static void set_method(CURL *c, const struct transfer *t)
{
    if (carries_body(t)) {
        must(curl_easy_setopt(c, CURLOPT_POST, 1L));
        must(curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len));
        must(curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->body.len ? t->body.at : ""));
    } else {
        must(curl_easy_setopt(c, CURLOPT_HTTPGET, 1L));
    }
    if (strcmp(t->method, "HEAD") == 0)
        must(curl_easy_setopt(c, CURLOPT_NOBODY, 1L));
    must(curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, t->method));
}

static long round_up(int64_t us, int64_t unit)
{
    int64_t whole = us / unit + (us % unit > 0);
    return whole > INT32_MAX ? INT32_MAX : (long)whole;
}

int easy_ask(struct easy *e, const struct transfer *t, struct err *err)
{
    CURL *c = e->curl;
    if (write_lines(e, t->headers, err))
        return -1;
    if (curl_easy_setopt(c, CURLOPT_URL, t->url))
        return err_set(err, "request", "the URL is too long");
    set_method(c, t);
    must(curl_easy_setopt(c, CURLOPT_HTTPHEADER, link_lines(e, t->headers->count)));
    must(curl_easy_setopt(c, CURLOPT_NOPROXY, proxy_forbidden(bytes_of(t->url)) ? "*" : NULL));
    must(curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, round_up(t->timeout_us, 1000)));
    must(curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, round_up(t->idle_us, SECOND_US)));
    e->error[0] = 0;
    return 0;
}
