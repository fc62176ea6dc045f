#include "aws/sigv4.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

#define DAY_US (24 * 3600 * SECOND_US)

static const struct sigv4_secret plain = {"AKID", "secret", NULL};
static const struct sigv4_request put = {.method = "PUT", .path = {"/k", 2}};
static const struct walltime noon = {1792756800LL * SECOND_US};          /* 2026-10-23 */

/* Signs a PUT of "{}" with these headers and a Host. */
static int sign(struct sigv4_cache *cache, const struct sigv4_secret *secret,
                const struct sigv4_scope *scope, struct pairs *headers, struct err *err)
{
    if (!pairs_find(headers, "Host"))
        pairs_set(headers, "Host", "b.s3.us-east-1.amazonaws.com");
    return sigv4_sign(cache, secret, scope, &put, BYTES("{}"), headers, err);
}

/* The signature of that request alone. */
static void signature_of(struct sigv4_cache *cache, const struct sigv4_secret *secret,
                         const struct sigv4_scope *scope, char out[SHA256_HEX])
{
    struct pairs headers = {0};
    struct bytes value;
    struct err err;
    assert_int_equal(sign(cache, secret, scope, &headers, &err), 0);
    value = pairs_value(&headers, "Authorization");
    snprintf(out, SHA256_HEX, "%s", bytes_from(value, value.len - (SHA256_HEX - 1)).at);
    pairs_free(&headers);
}

static size_t count_named(const struct pairs *headers, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        count += bytes_is_nocase(headers->at[i].name, name);
    return count;
}

static bool signs_header(const struct pairs *headers, const char *lower_name)
{
    const char *list = strstr(pairs_value(headers, "Authorization").at, "SignedHeaders=");
    char *names;
    bool found = false;
    struct bytes rest;
    assert_non_null(list);
    names = mem_text(list + strlen("SignedHeaders="));
    rest = bytes_cut(bytes_of(names), ',', &(struct bytes){0});
    while (rest.len && !found)
        found = bytes_is(bytes_cut(rest, ';', &rest), lower_name);
    mem_free(names);
    return found;
}

static const struct {
    const char *name, *value;
} refused_headers[] = {
    {"Authorization", "x"},
    {"authorization", "x"},
    {"X-Amz-Date", "20130524T000000Z"},
    {"x-amz-date", ""},
    {"X-AMZ-SECURITY-TOKEN", "t"},
    {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
    {"X-Evil", "a\r\nX-Other: b"},
    {"X-Evil", "a\nb"},
    {"X-Evil", "a\x01" "b"},
    {"X-Evil", "a\x7f"},
    {"X Evil", "a"},
    {"X-Evil:", "a"},
    {"X-\xc3\xbc", "a"},
    {"", "a"},
};

static void refuses_headers_that_it_adds_or_that_break_the_block(void **state)
{
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    (void)state;
    for (size_t i = 0; i < sizeof refused_headers / sizeof *refused_headers; i++) {
        struct sigv4_cache cache = {0};
        struct pairs headers = {0};
        struct err err;
        pairs_set(&headers, refused_headers[i].name, refused_headers[i].value);
        assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), -1);
        assert_string_equal(err.code, "BadRequest");
        assert_true(err.message[0]);
        assert_false(cache.filled);
        assert_int_equal(headers.count, 2);              /* nothing was added */
        pairs_free(&headers);
    }
}

static void takes_values_of_any_language(void **state)
{
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_cache cache = {0};
    struct pairs headers = {0};
    struct err err;
    (void)state;
    pairs_set(&headers, "x-amz-meta-name", "\xc3\xbc\ta");
    assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), 0);
    assert_true(signs_header(&headers, "x-amz-meta-name"));
    pairs_free(&headers);
}

static int sign_request(const struct sigv4_request *r, const struct sigv4_secret *secret,
                        const char *host, const char *more, struct err *err)
{
    struct sigv4_scope scope = {"us-east-1", "sqs", noon};
    struct sigv4_cache cache = {0};
    struct pairs headers = {0};
    int rc;
    pairs_set(&headers, "Host", host);
    pairs_set(&headers, "X-More", more);
    rc = sigv4_sign(&cache, secret, &scope, r, BYTES(""), &headers, err);
    if (rc)
        assert_null(pairs_find(&headers, "Authorization"));
    pairs_free(&headers);
    return rc;
}

static void refuses_requests_that_cannot_be_signed(void **state)
{
    static char long_value[SIGV4_CANONICAL_MAX + 1];
    const struct {
        struct sigv4_request request;
        struct sigv4_secret secret;
        const char *host, *more, *code;
    } cases[] = {
        {put, plain, NULL, NULL, "BadRequest"},
        {put, plain, "h", long_value, "BadRequest"},
        {{.method = "GET", .path = {"/", 1}, .query = {"a=%2", 4}}, plain, "h", NULL, "BadRequest"},
        {{.method = "GET", .path = {"/", 1}, .query = {"a=1&X-Amz-Signature=f", 21}}, plain, "h",
         NULL, "BadRequest"},
        {{.method = "GET", .path = {"/", 1}, .query = {"x-amz-signature", 15}}, plain, "h", NULL,
         "BadRequest"},
        {put, {NULL, "secret", NULL}, "h", NULL, "NoCredentials"},
        {put, {"", "secret", NULL}, "h", NULL, "NoCredentials"},
        {put, {"AKID", NULL, NULL}, "h", NULL, "NoCredentials"},
        {put, {"AKID", "", NULL}, "h", NULL, "NoCredentials"},
        {put, {"AKID\n", "secret", NULL}, "h", NULL, "BadRequest"},
        {put, {"AKID", "secret", "to\r\nken"}, "h", NULL, "BadRequest"},
    };
    struct err err;
    (void)state;
    memset(long_value, 'v', SIGV4_CANONICAL_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(sign_request(&cases[i].request, &cases[i].secret, cases[i].host,
                                      cases[i].more, &err), -1);
        assert_string_equal(err.code, cases[i].code);
        assert_true(err.message[0]);
        assert_null(strstr(err.message, "secret"));
    }
    assert_int_equal(sign_request(&put, &plain, "h", NULL, &err), 0);
}

static void sends_and_signs_the_token(void **state)
{
    struct sigv4_secret secret = {"AKID", "secret", "TOKEN"};
    struct sigv4_scope scope = {"us-east-1", "sqs", noon};
    struct sigv4_cache cache = {0};
    struct pairs headers = {0};
    struct err err;
    (void)state;
    assert_int_equal(sign(&cache, &secret, &scope, &headers, &err), 0);
    assert_string_equal(pairs_value(&headers, "X-Amz-Security-Token").at, "TOKEN");
    assert_int_equal(count_named(&headers, "X-Amz-Security-Token"), 1);
    assert_true(signs_header(&headers, "x-amz-security-token"));
    pairs_free(&headers);
    secret.session_token = "";
    assert_int_equal(sign(&cache, &secret, &scope, &headers, &err), 0);
    assert_null(pairs_find(&headers, "X-Amz-Security-Token"));
    pairs_free(&headers);
}

static void only_s3_gets_the_payload_header(void **state)
{
    static const struct {
        const char *service;
        bool expected;
    } services[] = {{"s3", true}, {"sqs", false}, {"dynamodb", false}};
    char hash[SHA256_HEX];
    (void)state;
    digest_sha256_hex(BYTES("{}"), hash);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        struct sigv4_scope scope = {"us-east-1", services[i].service, noon};
        struct sigv4_cache cache = {0};
        struct pairs headers = {0};
        struct err err;
        assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), 0);
        assert_int_equal(count_named(&headers, "X-Amz-Content-Sha256"), services[i].expected);
        assert_int_equal(signs_header(&headers, "x-amz-content-sha256"), services[i].expected);
        if (services[i].expected)
            assert_string_equal(pairs_value(&headers, "X-Amz-Content-Sha256").at, hash);
        pairs_free(&headers);
    }
}

static void leaves_what_proxies_change_unsigned(void **state)
{
    static const char *const names[] = {"User-Agent", "Expect", "Connection", "X-Amzn-Trace-Id",
                                        "Transfer-Encoding", "traceparent"};
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_cache cache = {0};
    struct pairs headers = {0};
    char bare[SHA256_HEX];
    struct bytes value;
    struct err err;
    (void)state;
    signature_of(&cache, &plain, &scope, bare);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        pairs_set(&headers, names[i], "x");
    assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), 0);
    value = pairs_value(&headers, "Authorization");
    assert_string_equal(bytes_from(value, value.len - (SHA256_HEX - 1)).at, bare);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(count_named(&headers, names[i]), 1);     /* they are still sent */
    pairs_free(&headers);
}

static void order_and_case_of_headers_do_not_matter(void **state)
{
    static const char *const orders[][3] = {
        {"Host", "Content-Type", "x-amz-meta-a"},
        {"X-AMZ-META-A", "HOST", "content-type"},
        {"content-TYPE", "x-Amz-Meta-A", "host"},
    };
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_cache cache = {0};
    char first[512] = "";
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pairs headers = {0};
        struct err err;
        for (size_t k = 0; k < 3; k++)
            pairs_set(&headers, orders[i][k], "v");
        assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), 0);
        if (i == 0)
            snprintf(first, sizeof first, "%s", pairs_value(&headers, "Authorization").at);
        assert_string_equal(pairs_value(&headers, "Authorization").at, first);
        pairs_free(&headers);
    }
}

/* ---- the cache ---- */

/* A key that was spoilt by hand shows in the signature for as long as the cache trusts it. */
static void the_key_is_reused(void **state)
{
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_cache cache = {0};
    char good[SHA256_HEX], again[SHA256_HEX], spoilt[SHA256_HEX], later[SHA256_HEX];
    (void)state;
    signature_of(&cache, &plain, &scope, good);
    assert_true(cache.filled);
    signature_of(&cache, &plain, &scope, again);
    assert_string_equal(again, good);
    cache.key[0] ^= 1;
    signature_of(&cache, &plain, &scope, spoilt);
    assert_string_not_equal(spoilt, good);
    scope.at.us += 3600 * SECOND_US;                     /* the same day: still the same key */
    signature_of(&cache, &plain, &scope, spoilt);
    signature_of(&(struct sigv4_cache){0}, &plain, &scope, later);
    assert_string_not_equal(spoilt, later);
}

static void the_key_is_derived_anew_when_anything_differs(void **state)
{
    const struct {
        struct sigv4_secret secret;
        struct sigv4_scope scope;
    } other[] = {
        {plain, {"us-east-1", "s3", {noon.us + DAY_US}}},
        {plain, {"us-east-2", "s3", noon}},
        {plain, {"us-east-1", "sqs", noon}},
        {plain, {"us-east-1s", "3", noon}},              /* the same bytes, cut elsewhere */
        {{"AKID", "Secret", NULL}, {"us-east-1", "s3", noon}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct sigv4_cache cache = {0}, fresh = {0};
        char used[SHA256_HEX], expected[SHA256_HEX];
        struct sigv4_scope scope = {"us-east-1", "s3", noon};
        signature_of(&cache, &plain, &scope, used);
        cache.key[0] ^= 1;
        signature_of(&cache, &other[i].secret, &other[i].scope, used);
        signature_of(&fresh, &other[i].secret, &other[i].scope, expected);
        assert_string_equal(used, expected);
    }
}

/* The key does not depend on who it belongs to; the signature's line does. */
static void the_key_id_stands_in_the_header_only(void **state)
{
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_secret other = {"AKOTHER", "secret", NULL};
    struct sigv4_cache cache = {0};
    char a[SHA256_HEX], b[SHA256_HEX];
    (void)state;
    signature_of(&cache, &plain, &scope, a);
    signature_of(&cache, &other, &scope, b);
    assert_string_equal(a, b);
}

static void the_cache_can_be_wiped(void **state)
{
    struct sigv4_scope scope = {"us-east-1", "s3", noon};
    struct sigv4_cache cache = {0};
    unsigned char *byte = (unsigned char *)&cache;
    char signature[SHA256_HEX];
    (void)state;
    signature_of(&cache, &plain, &scope, signature);
    sigv4_cache_wipe(&cache);
    for (size_t i = 0; i < sizeof cache; i++)
        assert_int_equal(byte[i], 0);
}

/* Both dates come from the one time that was handed in, on either side of midnight. */
static void midnight(void **state)
{
    static const struct {
        int64_t offset_us;
        const char *stamp, *scope;
    } sides[] = {
        {-1, "20261022T235959Z", "Credential=AKID/20261022/us-east-1/s3/aws4_request,"},
        {0, "20261023T000000Z", "Credential=AKID/20261023/us-east-1/s3/aws4_request,"},
        {-1, "20261022T235959Z", "Credential=AKID/20261022/us-east-1/s3/aws4_request,"},
    };
    struct sigv4_cache cache = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sigv4_scope scope = {"us-east-1", "s3", {noon.us - DAY_US / 2 + sides[i].offset_us}};
        struct pairs headers = {0};
        char fresh[SHA256_HEX];
        struct err err;
        signature_of(&(struct sigv4_cache){0}, &plain, &scope, fresh);
        assert_int_equal(sign(&cache, &plain, &scope, &headers, &err), 0);
        assert_string_equal(pairs_value(&headers, "X-Amz-Date").at, sides[i].stamp);
        assert_non_null(strstr(pairs_value(&headers, "Authorization").at, sides[i].scope));
        assert_non_null(strstr(pairs_value(&headers, "Authorization").at, fresh));
        pairs_free(&headers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(refuses_headers_that_it_adds_or_that_break_the_block),
        CHECKED(takes_values_of_any_language),
        CHECKED(refuses_requests_that_cannot_be_signed),
        CHECKED(sends_and_signs_the_token),
        CHECKED(only_s3_gets_the_payload_header),
        CHECKED(leaves_what_proxies_change_unsigned),
        CHECKED(order_and_case_of_headers_do_not_matter),
        CHECKED(the_key_is_reused),
        CHECKED(the_key_is_derived_anew_when_anything_differs),
        CHECKED(the_key_id_stands_in_the_header_only),
        CHECKED(the_cache_can_be_wiped),
        CHECKED(midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
