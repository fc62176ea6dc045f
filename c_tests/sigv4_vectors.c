#include "sigv4_vectors.h"

#include "shared_data.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PART_MAX = 64 * 1024 };

void vector_init(struct vector *v, const char *name)
{
    struct buf *parts[] = {&v->path, &v->query, &v->body, &v->object_key, &v->canonical,
                           &v->to_sign, &v->signature, &v->authorization};
    *v = (struct vector){0};
    snprintf(v->name, sizeof v->name, "%s", name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_init(parts[i], PART_MAX);
}

void vector_free(struct vector *v)
{
    struct buf *parts[] = {&v->path, &v->query, &v->body, &v->object_key, &v->canonical,
                           &v->to_sign, &v->signature, &v->authorization};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_free(parts[i]);
    pairs_free(&v->headers);
}

struct walltime vector_time(const char *text)
{
    char digits[15] = "";
    struct tm c = {0};
    size_t len = 0;
    for (; *text && len < 14; text++)
        if (*text >= '0' && *text <= '9')
            digits[len++] = *text;
    sscanf(digits, "%4d%2d%2d%2d%2d%2d", &c.tm_year, &c.tm_mon, &c.tm_mday, &c.tm_hour, &c.tm_min,
           &c.tm_sec);
    c.tm_year -= 1900;
    c.tm_mon -= 1;
    return (struct walltime){(int64_t)timegm(&c) * SECOND_US};
}

/* ---- requests as text ---- */

static bool read_request_line(struct vector *v, struct bytes line)
{
    struct bytes query, path, target, method = bytes_cut(line, ' ', &target);
    static const char protocol[] = " HTTP/1.1";
    size_t tail = sizeof protocol - 1;
    if (target.len < tail || memcmp(target.at + target.len - tail, protocol, tail) != 0)
        return false;
    target.len -= tail;
    path = bytes_cut(target, '?', &query);
    snprintf(v->method, sizeof v->method, "%.*s", (int)method.len, method.at);
    return buf_add(&v->path, path) == 0 && buf_add(&v->query, query) == 0;
}

bool vector_read_request(struct vector *v, struct bytes text)
{
    bool good = read_request_line(v, bytes_cut(text, '\n', &text));
    while (text.len) {
        struct bytes value, name, line = bytes_cut(text, '\n', &text);
        if (!line.len)
            break;
        while (text.len && text.at[0] == ' ') {          /* a folded line belongs to the value */
            struct bytes more = bytes_cut(text, '\n', &text);
            line.len += 1 + more.len;
        }
        name = bytes_cut(line, ':', &value);
        pairs_add(&v->headers, name, value);
    }
    return buf_add(&v->body, text) == 0 && good;
}

/* ---- aws-c-auth ---- */

static void keep_text(struct json *j, char *out, size_t size)
{
    struct bytes text = json_text(j);
    snprintf(out, size, "%.*s", (int)text.len, text.at);
}

static void read_keys(struct vector *v, struct json *j)
{
    json_object(j);
    while (json_member(j))
        if (json_named(j, "access_key_id"))
            keep_text(j, v->access_key_id, sizeof v->access_key_id);
        else if (json_named(j, "secret_access_key"))
            keep_text(j, v->secret, sizeof v->secret);
        else if (json_named(j, "token"))
            keep_text(j, v->token, sizeof v->token);
        else
            json_skip(j);
}

static bool read_context(struct vector *v, struct bytes text)
{
    struct json j;
    struct buf scratch;
    char timestamp[32] = "";
    bool good;
    buf_init(&scratch, PART_MAX);
    json_init(&j, text, &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "credentials"))
            read_keys(v, &j);
        else if (json_named(&j, "region"))
            keep_text(&j, v->region, sizeof v->region);
        else if (json_named(&j, "service"))
            keep_text(&j, v->service, sizeof v->service);
        else if (json_named(&j, "timestamp"))
            keep_text(&j, timestamp, sizeof timestamp);
        else if (json_named(&j, "normalize"))
            v->normalize = json_bool(&j);
        else if (json_named(&j, "sign_body"))
            v->sign_body = json_bool(&j);
        else if (json_named(&j, "omit_session_token"))
            v->omit_token = json_bool(&j);
        else
            json_skip(&j);
    good = json_end(&j);
    v->at = vector_time(timestamp);
    buf_free(&scratch);
    return good;
}

static bool read_part(const char *dir, const char *file, struct buf *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", dir, file);
    return read_whole(path, out);
}

/* What the runner adds before it signs. */
static void add_runner_headers(struct vector *v)
{
    char stamp[CLOCK_TEXT], hash[SHA256_HEX];
    walltime_basic(v->at, stamp);
    digest_sha256_hex(buf_bytes(&v->body), hash);
    pairs_set(&v->headers, "X-Amz-Date", stamp);
    if (v->token[0] && !v->omit_token)
        pairs_set(&v->headers, "X-Amz-Security-Token", v->token);
    if (v->sign_body)
        pairs_set(&v->headers, "x-amz-content-sha256", hash);
}

/* The value of the Authorization header in a signed request. */
static void keep_authorization(struct vector *v, struct bytes signed_request)
{
    static const char name[] = "\nAuthorization:";
    const char *hit = memmem(signed_request.at, signed_request.len, name, sizeof name - 1);
    struct bytes rest, from = {hit, 0};
    if (!hit)
        return;
    from.len = signed_request.len - (size_t)(hit - signed_request.at);
    buf_add(&v->authorization, bytes_cut(bytes_from(from, sizeof name - 1), '\n', &rest));
}

bool vector_read_case(struct vector *v, const char *dir)
{
    struct buf context, request, signed_request;
    bool good;
    buf_init(&context, PART_MAX);
    buf_init(&request, PART_MAX);
    buf_init(&signed_request, PART_MAX);
    good = read_part(dir, "/context.json", &context) && read_part(dir, "/request.txt", &request) &&
           read_part(dir, "/header-canonical-request.txt", &v->canonical) &&
           read_part(dir, "/header-string-to-sign.txt", &v->to_sign) &&
           read_part(dir, "/header-signature.txt", &v->signature) &&
           read_part(dir, "/header-signed-request.txt", &signed_request) &&
           read_context(v, buf_bytes(&context)) && vector_read_request(v, buf_bytes(&request));
    if (good) {
        add_runner_headers(v);
        keep_authorization(v, buf_bytes(&signed_request));
    }
    buf_free(&context);
    buf_free(&request);
    buf_free(&signed_request);
    return good && v->authorization.len > 0;
}

/* ---- botocore ---- */

bool vector_read_botocore(struct vector *v, const char *prefix)
{
    struct buf request;
    bool good;
    buf_init(&request, PART_MAX);
    good = read_part(prefix, ".req", &request) && read_part(prefix, ".creq", &v->canonical) &&
           read_part(prefix, ".sts", &v->to_sign) &&
           read_part(prefix, ".authz", &v->authorization) &&
           vector_read_request(v, buf_bytes(&request));
    buf_free(&request);
    snprintf(v->access_key_id, sizeof v->access_key_id, "AKIDEXAMPLE");
    snprintf(v->secret, sizeof v->secret, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    snprintf(v->region, sizeof v->region, "us-east-1");
    snprintf(v->service, sizeof v->service, "service");
    v->at = vector_time("20150830T123600Z");
    v->normalize = true;
    if (v->authorization.len > SHA256_HEX)
        buf_add(&v->signature, bytes_from(buf_bytes(&v->authorization),
                                          v->authorization.len - (SHA256_HEX - 1)));
    return good;
}

/* ---- this project's own ---- */

static void read_headers(struct vector *v, struct json *j)
{
    for (json_array(j); json_item(j);) {
        char name[64] = "", value[1024] = "";
        json_array(j);
        if (json_item(j))
            keep_text(j, name, sizeof name);
        if (json_item(j))
            keep_text(j, value, sizeof value);
        while (json_item(j))
            json_skip(j);
        pairs_set(&v->headers, name, value);
    }
}

void vector_read_json(struct vector *v, struct json *j)
{
    const struct {
        const char *name;
        struct buf *out;
    } parts[] = {
        {"wire_path", &v->path},     {"wire_query", &v->query},         {"body", &v->body},
        {"object_key", &v->object_key}, {"canonical_request", &v->canonical},
        {"string_to_sign", &v->to_sign}, {"signature", &v->signature},
    };
    json_object(j);
    while (json_member(j)) {
        size_t i = 0;
        while (i < sizeof parts / sizeof *parts && !json_named(j, parts[i].name))
            i++;
        if (i < sizeof parts / sizeof *parts)
            buf_add(parts[i].out, json_text(j));
        else if (json_named(j, "name"))
            keep_text(j, v->name, sizeof v->name);
        else if (json_named(j, "service"))
            keep_text(j, v->service, sizeof v->service);
        else if (json_named(j, "method"))
            keep_text(j, v->method, sizeof v->method);
        else if (json_named(j, "headers"))
            read_headers(v, j);
        else
            json_skip(j);
    }
    v->normalize = strcmp(v->service, "s3") != 0;
}

/* ---- the comparison ---- */

static bool same(const struct vector *v, const char *step, const struct buf *got,
                 const struct buf *expected)
{
    if (bytes_equal(buf_bytes(got), buf_bytes(expected)))
        return true;
    printf("%s: %s\n--- got\n%s\n--- expected\n%s\n", v->name, step, buf_string(got),
           buf_string(expected));
    return false;
}

static struct sigv4_scope scope_of(const struct vector *v)
{
    return (struct sigv4_scope){v->region, v->service, v->at};
}

static struct sigv4_request request_of(const struct vector *v)
{
    bool s3 = strcmp(v->service, "s3") == 0;
    return (struct sigv4_request){
        .method = v->method,
        .path = buf_bytes(&v->path),
        .query = buf_bytes(&v->query),
        .headers = &v->headers,
        .normalize_path = v->normalize,
        .encode_path_twice = !s3,
    };
}

static bool canonical_agrees(const struct vector *v)
{
    struct sigv4_request request = request_of(v);
    char hash[SHA256_HEX];
    struct buf got;
    bool agrees;
    buf_init(&got, PART_MAX);
    digest_sha256_hex(buf_bytes(&v->body), hash);
    request.payload_hash = bytes_of(hash);
    agrees = sigv4_canonical_request(&request, &got) == 0 &&
             same(v, "canonical request", &got, &v->canonical);
    buf_free(&got);
    return agrees;
}

static bool to_sign_agrees(const struct vector *v)
{
    struct sigv4_scope scope = scope_of(v);
    struct buf got;
    bool agrees;
    buf_init(&got, PART_MAX);
    agrees = sigv4_string_to_sign(&scope, buf_bytes(&v->canonical), &got) == 0 &&
             same(v, "string to sign", &got, &v->to_sign);
    buf_free(&got);
    return agrees;
}

static bool signature_agrees(const struct vector *v)
{
    struct sigv4_scope scope = scope_of(v);
    unsigned char key[SHA256_BYTES];
    char signature[SHA256_HEX];
    struct buf got;
    bool agrees;
    sigv4_signing_key(v->secret, &scope, key);
    sigv4_signature(key, buf_bytes(&v->to_sign), signature);
    buf_init(&got, PART_MAX);
    buf_text(&got, signature);
    agrees = same(v, "signature", &got, &v->signature);
    buf_free(&got);
    return agrees;
}

static bool authorization_agrees(const struct vector *v)
{
    struct sigv4_scope scope = scope_of(v);
    struct buf got;
    bool agrees;
    if (!v->authorization.len)
        return true;
    buf_init(&got, PART_MAX);
    agrees = sigv4_authorization(v->access_key_id, &scope, buf_bytes(&v->canonical),
                                 buf_string(&v->signature), &got) == 0 &&
             same(v, "Authorization", &got, &v->authorization);
    buf_free(&got);
    return agrees;
}

bool vector_steps_agree(const struct vector *v)
{
    bool canonical = canonical_agrees(v), to_sign = to_sign_agrees(v);
    bool signature = signature_agrees(v), authorization = authorization_agrees(v);
    return canonical && to_sign && signature && authorization;
}

/* sigv4_sign() neither signs a payload header outside S3, nor leaves a token unsigned, nor lets a
 * folded header out. */
bool vector_fits_sign(const struct vector *v)
{
    for (size_t i = 0; i < v->headers.count; i++)
        if (memchr(v->headers.at[i].value.at, '\n', v->headers.at[i].value.len))
            return false;
    return !v->sign_body && !v->omit_token;
}

static bool is_added_by_sign(struct bytes name)
{
    return bytes_is_nocase(name, "X-Amz-Date") || bytes_is_nocase(name, "X-Amz-Security-Token") ||
           bytes_is_nocase(name, "X-Amz-Content-Sha256");
}

bool vector_sign_agrees(const struct vector *v)
{
    struct sigv4_cache cache = {0};
    struct sigv4_scope scope = scope_of(v);
    struct sigv4_request request = request_of(v);
    bool has_token = pairs_find(&v->headers, "X-Amz-Security-Token") != NULL;
    struct sigv4_secret secret = {v->access_key_id, v->secret, has_token ? v->token : NULL};
    struct pairs headers = {0};
    struct bytes got, signature = buf_bytes(&v->signature);
    struct err err;
    bool agrees;
    for (size_t i = 0; i < v->headers.count; i++)
        if (!is_added_by_sign(v->headers.at[i].name))
            pairs_add(&headers, v->headers.at[i].name, v->headers.at[i].value);
    agrees = sigv4_sign(&cache, &secret, &scope, &request, buf_bytes(&v->body), &headers,
                        &err) == 0;
    got = pairs_value(&headers, "Authorization");
    agrees = agrees && got.len > signature.len &&
             bytes_equal(bytes_from(got, got.len - signature.len), signature) &&
             (!v->authorization.len || bytes_equal(got, buf_bytes(&v->authorization)));
    if (!agrees)
        printf("%s: sigv4_sign\n--- got\n%s\n--- expected to end in\n%s\n", v->name, got.at,
               signature.at);
    pairs_free(&headers);
    return agrees;
}
