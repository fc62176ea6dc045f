#include "aws/sigv4.h"
#include "base/url.h"

#include <stdlib.h>

/* ---- path ---- */

/* Drops empty and "." segments, lets ".." take the one before it, and keeps a final '/'. */
static int add_normalized(struct buf *out, struct bytes path)
{
    struct bytes *kept = mem_array(path.len + 1, sizeof *kept);
    struct bytes rest = path;
    size_t count = 0;
    while (rest.len) {
        struct bytes segment = bytes_cut(rest, '/', &rest);
        if (bytes_is(segment, ".."))
            count -= count > 0;
        else if (segment.len && !bytes_is(segment, "."))
            kept[count++] = segment;
    }
    for (size_t i = 0; i < count; i++) {
        buf_char(out, '/');
        buf_add(out, kept[i]);
    }
    if (!count || path.at[path.len - 1] == '/')
        buf_char(out, '/');
    mem_free(kept);
    return out->failed ? -1 : 0;
}

static int add_path(struct buf *out, const struct sigv4_request *r)
{
    struct buf normal;
    struct bytes path = r->path.len ? r->path : BYTES("/");
    int rc = 0;
    buf_init(&normal, SIGV4_CANONICAL_MAX);
    if (r->normalize_path) {
        rc = add_normalized(&normal, path);
        path = buf_bytes(&normal);
    }
    if (rc == 0)
        rc = r->encode_path_twice ? url_encode(out, path, true) : buf_add(out, path);
    buf_free(&normal);
    return rc;
}

/* ---- query ---- */

struct param {
    size_t name_len, value_len;          /* of the encoded text, value right behind the name */
    struct bytes name, value;            /* set once that text has stopped moving */
};

/* Decodes and encodes again, so that however the wire spells it, it is signed in one spelling. */
static int add_recoded(struct buf *text, struct buf *scratch, struct bytes wire, size_t *len)
{
    size_t start = text->len;
    buf_clear(scratch);
    if (url_decode(scratch, wire, false) || url_encode(text, buf_bytes(scratch), false))
        return -1;
    *len = text->len - start;
    return 0;
}

/* Appends all names and values to `text` and notes their lengths; how many parameters, or -1. */
static int read_params(struct bytes query, struct buf *text, struct param *params)
{
    struct buf scratch;
    int count = 0;
    buf_init(&scratch, query.len);
    while (query.len && count >= 0) {
        struct bytes value, name = bytes_cut(bytes_cut(query, '&', &query), '=', &value);
        struct param *p = &params[count];
        if (!name.len && !value.len)
            continue;
        count++;
        if (add_recoded(text, &scratch, name, &p->name_len) ||
            add_recoded(text, &scratch, value, &p->value_len))
            count = -1;
    }
    buf_free(&scratch);
    return count;
}

/* By name, then by value: whole "name=value" texts would put "a-b=" before "a=". */
static int by_name_then_value(const void *left, const void *right)
{
    const struct param *a = left, *b = right;
    int order = bytes_compare(a->name, b->name);
    return order ? order : bytes_compare(a->value, b->value);
}

static void write_params(struct buf *out, struct bytes text, struct param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct param *p = &params[i];
        p->name = (struct bytes){text.at, p->name_len};
        p->value = (struct bytes){text.at + p->name_len, p->value_len};
        text = bytes_from(text, p->name_len + p->value_len);
    }
    qsort(params, count, sizeof *params, by_name_then_value);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_char(out, '&');
        buf_add(out, params[i].name);
        buf_char(out, '=');
        buf_add(out, params[i].value);
    }
}

static size_t count_of(struct bytes text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == c;
    return count;
}

static int add_query(struct buf *out, struct bytes query)
{
    struct param *params;
    struct buf text;
    int count;
    if (!query.len)
        return 0;
    params = mem_array(count_of(query, '&') + 1, sizeof *params);
    buf_init(&text, SIGV4_CANONICAL_MAX);
    count = read_params(query, &text, params);
    if (count > 0)
        write_params(out, buf_bytes(&text), params, (size_t)count);
    buf_free(&text);
    mem_free(params);
    return count < 0 ? -1 : 0;
}

/* ---- headers ---- */

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

/* What a proxy may change, drop or add on the way. */
static bool is_unsigned(struct bytes name)
{
    static const char *const names[] = {
        "baggage", "connection", "expect", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "traceparent", "tracestate", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    };
    unsigned char first = name.len ? lower(name.at[0]) : 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (first == (unsigned char)names[i][0] && bytes_is_nocase(name, names[i]))
            return true;
    return false;
}

static int compare_names(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return lower(a.at[i]) < lower(b.at[i]) ? -1 : 1;
    return a.len < b.len ? -1 : a.len > b.len;
}

/* Repeated names stay in the order sent, which is their order in the array. */
static int by_lower_name(const void *left, const void *right)
{
    const struct pair *a = *(const struct pair *const *)left;
    const struct pair *b = *(const struct pair *const *)right;
    int order = compare_names(a->name, b->name);
    return order ? order : (a > b) - (a < b);
}

static void add_lower(struct buf *out, struct bytes name)
{
    char *c;
    if (buf_add(out, name))
        return;
    c = out->at + out->len - name.len;
    for (size_t i = 0; i < name.len; i++)
        c[i] = (char)lower(c[i]);
}

static bool space(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || (c >= '\t' && c <= '\r'));
}

/* Trims both ends and makes one space of each run of white space, folded lines included. */
static void add_collapsed(struct buf *out, struct bytes value)
{
    bool first = true;
    size_t i = 0;
    while (i < value.len) {
        size_t start;
        while (i < value.len && space(value.at[i]))
            i++;
        start = i;
        while (i < value.len && !space(value.at[i]))
            i++;
        if (i > start && !first)
            buf_char(out, ' ');
        buf_add(out, (struct bytes){value.at + start, i - start});
        first = first && i == start;
    }
}

static size_t sorted_headers(const struct pairs *headers, const struct pair **sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (!is_unsigned(headers->at[i].name))
            sorted[count++] = &headers->at[i];
    qsort(sorted, count, sizeof *sorted, by_lower_name);
    return count;
}

/* The canonical lines, an empty line, and the list of names. */
static void add_headers(struct buf *out, const struct pairs *headers)
{
    const struct pair **sorted = mem_array(headers->count, sizeof *sorted);
    size_t count = sorted_headers(headers, sorted), names = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0;
        if (!again) {
            buf_text(out, i ? "\n" : "");
            add_lower(out, sorted[i]->name);
            sorted[names++] = sorted[i];
        }
        buf_char(out, again ? ',' : ':');
        add_collapsed(out, sorted[i]->value);
    }
    buf_text(out, count ? "\n\n" : "\n");
    for (size_t i = 0; i < names; i++) {
        if (i)
            buf_char(out, ';');
        add_lower(out, sorted[i]->name);
    }
    mem_free(sorted);
}

int sigv4_canonical_request(const struct sigv4_request *r, struct buf *out)
{
    buf_text(out, r->method);
    buf_char(out, '\n');
    if (add_path(out, r))
        return -1;
    buf_char(out, '\n');
    if (add_query(out, r->query))
        return -1;
    buf_char(out, '\n');
    add_headers(out, r->headers);
    buf_char(out, '\n');
    return buf_add(out, r->payload_hash);
}
