#include "aws/sigv4.h"

#include <string.h>

enum { DAY_CHARS = 8 };                  /* "20150830" of "20150830T123600Z" */

/* The day and the second of one clock read, written once: formatting costs as much as a hash. */
struct stamp {
    char text[CLOCK_TEXT];
};

static struct stamp stamp_of(const struct sigv4_scope *scope)
{
    struct stamp stamp;
    walltime_basic(scope->at, stamp.text);
    return stamp;
}

static struct bytes day_of(const struct stamp *stamp)
{
    return (struct bytes){stamp->text, DAY_CHARS};
}

/* "20150830/us-east-1/s3/aws4_request" */
static void add_scope(struct buf *out, const struct stamp *stamp, const struct sigv4_scope *scope)
{
    buf_add(out, day_of(stamp));
    buf_char(out, '/');
    buf_text(out, scope->region);
    buf_char(out, '/');
    buf_text(out, scope->service);
    buf_add(out, BYTES("/aws4_request"));
}

static int string_to_sign(const struct stamp *stamp, const struct sigv4_scope *scope,
                          struct bytes canonical_request, struct buf *out)
{
    char hash[SHA256_HEX];
    digest_sha256_hex(canonical_request, hash);
    buf_add(out, BYTES("AWS4-HMAC-SHA256\n"));
    buf_text(out, stamp->text);
    buf_char(out, '\n');
    add_scope(out, stamp, scope);
    buf_char(out, '\n');
    return buf_add(out, (struct bytes){hash, SHA256_HEX - 1});
}

int sigv4_string_to_sign(const struct sigv4_scope *scope, struct bytes canonical_request,
                         struct buf *out)
{
    struct stamp stamp = stamp_of(scope);
    return string_to_sign(&stamp, scope, canonical_request, out);
}

static void hmac_next(unsigned char key[SHA256_BYTES], struct bytes data)
{
    digest_hmac_sha256((struct bytes){(const char *)key, SHA256_BYTES}, data, key);
}

static void signing_key(const char *secret, const struct stamp *stamp,
                        const struct sigv4_scope *scope, unsigned char key[SHA256_BYTES])
{
    size_t len = strlen("AWS4") + strlen(secret);
    char *first = mem_array(len + 1, 1);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret, len - 4);
    digest_hmac_sha256((struct bytes){first, len}, day_of(stamp), key);
    digest_wipe(first, len);
    mem_free(first);
    hmac_next(key, bytes_of(scope->region));
    hmac_next(key, bytes_of(scope->service));
    hmac_next(key, BYTES("aws4_request"));
}

void sigv4_signing_key(const char *secret_access_key, const struct sigv4_scope *scope,
                       unsigned char key[SHA256_BYTES])
{
    struct stamp stamp = stamp_of(scope);
    signing_key(secret_access_key, &stamp, scope, key);
}

void sigv4_signature(const unsigned char key[SHA256_BYTES], struct bytes string_to_sign,
                     char out[SHA256_HEX])
{
    unsigned char raw[SHA256_BYTES];
    digest_hmac_sha256((struct bytes){(const char *)key, SHA256_BYTES}, string_to_sign, raw);
    digest_hex(raw, sizeof raw, out);
}

/* The last line but one of a canonical request. */
static struct bytes signed_names(struct bytes canonical)
{
    const char *end = canonical.len ? memrchr(canonical.at, '\n', canonical.len) : NULL;
    size_t before = end ? (size_t)(end - canonical.at) : 0;
    const char *start = before ? memrchr(canonical.at, '\n', before) : NULL;
    return start ? (struct bytes){start + 1, (size_t)(end - start) - 1} : BYTES("");
}

static int authorization(const char *access_key_id, const struct stamp *stamp,
                         const struct sigv4_scope *scope, struct bytes canonical_request,
                         const char *signature, struct buf *out)
{
    buf_add(out, BYTES("AWS4-HMAC-SHA256 Credential="));
    buf_text(out, access_key_id);
    buf_char(out, '/');
    add_scope(out, stamp, scope);
    buf_add(out, BYTES(", SignedHeaders="));
    buf_add(out, signed_names(canonical_request));
    buf_add(out, BYTES(", Signature="));
    return buf_text(out, signature);
}

int sigv4_authorization(const char *access_key_id, const struct sigv4_scope *scope,
                        struct bytes canonical_request, const char *signature, struct buf *out)
{
    struct stamp stamp = stamp_of(scope);
    return authorization(access_key_id, &stamp, scope, canonical_request, signature, out);
}

/* ---- the whole of it ---- */

void sigv4_cache_wipe(struct sigv4_cache *cache)
{
    digest_wipe(cache, sizeof *cache);
}

/* Each text goes into the hash with its NUL, so that no two scopes run into one another. */
static const unsigned char *cached_key(struct sigv4_cache *cache, const char *secret,
                                       const struct stamp *stamp, const struct sigv4_scope *scope)
{
    unsigned char id[SHA256_BYTES];
    struct bytes parts[] = {
        {secret, strlen(secret) + 1},
        {scope->region, strlen(scope->region) + 1},
        {scope->service, strlen(scope->service) + 1},
        day_of(stamp),
    };
    digest_sha256_parts(parts, sizeof parts / sizeof *parts, id);
    if (!cache->filled || memcmp(id, cache->id, sizeof id) != 0) {
        signing_key(secret, stamp, scope, cache->key);
        memcpy(cache->id, id, sizeof id);
        cache->filled = true;
    }
    return cache->key;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 9110 §5.6.2 */
static bool is_token(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_letter_or_digit(name.at[i]) &&
            (!name.at[i] || !strchr("-_.!#$%&'*+^`|~", name.at[i])))
            return false;
    return name.len > 0;
}

static bool is_field_value(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') || value.at[i] == 127)
            return false;
    return true;
}

static bool is_ours(struct bytes name)
{
    return bytes_is_nocase(name, "Authorization") || bytes_is_nocase(name, "X-Amz-Date") ||
           bytes_is_nocase(name, "X-Amz-Security-Token") ||
           bytes_is_nocase(name, "X-Amz-Content-Sha256");
}

static int check_header(const struct pair *header, struct err *err)
{
    if (!is_token(header->name) || !is_field_value(header->value))
        return err_set(err, "BadRequest", "the header '%.60s' holds characters that no header may",
                       header->name.at);
    if (is_ours(header->name))
        return err_set(err, "BadRequest", "the header %s is added by signing; do not pass it in",
                       header->name.at);
    return 0;
}

static bool has_signature(struct bytes query)
{
    while (query.len) {
        struct bytes value, name = bytes_cut(bytes_cut(query, '&', &query), '=', &value);
        if (bytes_is_nocase(name, "X-Amz-Signature"))
            return true;
    }
    return false;
}

static int check(const struct sigv4_secret *secret, const struct sigv4_request *r,
                 const struct pairs *headers, struct err *err)
{
    const char *token = secret->session_token ? secret->session_token : "";
    if (!secret->access_key_id || !secret->access_key_id[0] || !secret->secret_access_key ||
        !secret->secret_access_key[0])
        return err_set(err, "NoCredentials", "there is no key to sign with");
    if (!is_field_value(bytes_of(secret->access_key_id)) || !is_field_value(bytes_of(token)))
        return err_set(err, "BadRequest", "the access key id or the session token holds a line "
                       "break or a control character");
    for (size_t i = 0; i < headers->count; i++)
        if (check_header(&headers->at[i], err))
            return -1;
    if (!pairs_find(headers, "Host"))
        return err_set(err, "BadRequest", "a request without a Host header cannot be signed");
    if (has_signature(r->query))
        return err_set(err, "BadRequest", "the query is signed already (X-Amz-Signature)");
    return 0;
}

static void add_own_headers(const struct stamp *stamp, const struct sigv4_secret *secret,
                            const struct sigv4_scope *scope, const char *payload_hash,
                            struct pairs *headers)
{
    pairs_set(headers, "X-Amz-Date", stamp->text);
    if (secret->session_token && secret->session_token[0])
        pairs_set(headers, "X-Amz-Security-Token", secret->session_token);
    if (strcmp(scope->service, "s3") == 0)
        pairs_set(headers, "X-Amz-Content-Sha256", payload_hash);
}

/* Leaves the value of the Authorization header in `line`, which holds the string to sign before. */
static int run_steps(struct sigv4_cache *cache, const struct sigv4_secret *secret,
                     const struct stamp *stamp, const struct sigv4_scope *scope,
                     const struct sigv4_request *r, struct buf *canonical, struct buf *line)
{
    char signature[SHA256_HEX];
    if (sigv4_canonical_request(r, canonical) ||
        string_to_sign(stamp, scope, buf_bytes(canonical), line))
        return -1;
    sigv4_signature(cached_key(cache, secret->secret_access_key, stamp, scope), buf_bytes(line),
                    signature);
    buf_clear(line);
    return authorization(secret->access_key_id, stamp, scope, buf_bytes(canonical), signature,
                         line);
}

int sigv4_sign(struct sigv4_cache *cache, const struct sigv4_secret *secret,
               const struct sigv4_scope *scope, const struct sigv4_request *r, struct bytes payload,
               struct pairs *headers, struct err *err)
{
    struct stamp stamp = stamp_of(scope);
    struct sigv4_request full = *r;
    char payload_hash[SHA256_HEX];
    struct buf canonical, line;
    int rc;
    if (check(secret, r, headers, err))
        return -1;
    digest_sha256_hex(payload, payload_hash);
    add_own_headers(&stamp, secret, scope, payload_hash, headers);
    full.headers = headers;
    full.payload_hash = (struct bytes){payload_hash, SHA256_HEX - 1};
    buf_init(&canonical, SIGV4_CANONICAL_MAX);
    buf_init(&line, SIGV4_CANONICAL_MAX);
    rc = run_steps(cache, secret, &stamp, scope, &full, &canonical, &line);
    if (rc == 0)
        pairs_add(headers, BYTES("Authorization"), buf_bytes(&line));
    else
        err_set(err, "BadRequest", "the request is too large to sign, or its query is not encoded");
    buf_free(&canonical);
    buf_free(&line);
    return rc;
}
