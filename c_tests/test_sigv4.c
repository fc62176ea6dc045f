#include "aws/sigv4.h"
#include "base/url.h"

#include "leak_check.h"
#include "shared_data.h"
#include "sigv4_vectors.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HELLO_SHA256 "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define S3_HOST "examplebucket.s3.amazonaws.com"
#define S3_SCOPE "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
#define EXAMPLE_ID "AKIAIOSFODNN7EXAMPLE"
#define EXAMPLE_SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* The four requests that AWS publishes with all intermediate results: Amazon S3 API Reference,
 * "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk". */
static const struct {
    const char *name, *request, *body, *canonical, *to_sign, *signature;
} examples[] = {
    {"GET object",
     "GET /test.txt HTTP/1.1\nHost:" S3_HOST "\nRange:bytes=0-9\n"
     "x-amz-content-sha256:" EMPTY_SHA256 "\nx-amz-date:20130524T000000Z\n\n", "",
     "GET\n/test.txt\n\nhost:" S3_HOST "\nrange:bytes=0-9\nx-amz-content-sha256:" EMPTY_SHA256
     "\nx-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n" EMPTY_SHA256,
     S3_SCOPE "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT object",
     "PUT /test%24file.text HTTP/1.1\nHost:" S3_HOST "\nDate:Fri, 24 May 2013 00:00:00 GMT\n"
     "x-amz-storage-class:REDUCED_REDUNDANCY\nx-amz-content-sha256:" HELLO_SHA256
     "\nx-amz-date:20130524T000000Z\n\n", "Welcome to Amazon S3.",
     "PUT\n/test%24file.text\n\ndate:Fri, 24 May 2013 00:00:00 GMT\nhost:" S3_HOST
     "\nx-amz-content-sha256:" HELLO_SHA256 "\nx-amz-date:20130524T000000Z\n"
     "x-amz-storage-class:REDUCED_REDUNDANCY\n\n"
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class\n" HELLO_SHA256,
     S3_SCOPE "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET bucket lifecycle",
     "GET /?lifecycle HTTP/1.1\nHost:" S3_HOST "\nx-amz-content-sha256:" EMPTY_SHA256
     "\nx-amz-date:20130524T000000Z\n\n", "",
     "GET\n/\nlifecycle=\nhost:" S3_HOST "\nx-amz-content-sha256:" EMPTY_SHA256
     "\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n" EMPTY_SHA256,
     S3_SCOPE "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET bucket, list objects",
     "GET /?max-keys=2&prefix=J HTTP/1.1\nHost:" S3_HOST "\nx-amz-content-sha256:" EMPTY_SHA256
     "\nx-amz-date:20130524T000000Z\n\n", "",
     "GET\n/\nmax-keys=2&prefix=J\nhost:" S3_HOST "\nx-amz-content-sha256:" EMPTY_SHA256
     "\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n" EMPTY_SHA256,
     S3_SCOPE "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

/* Prints what differs, by name; true when the steps and sigv4_sign() give what the suite gives. */
static bool agrees(const struct vector *v, size_t *signed_whole)
{
    bool steps = vector_steps_agree(v);
    bool fits = vector_fits_sign(v);
    *signed_whole += fits;
    return (!fits || vector_sign_agrees(v)) && steps;
}

static void use_example_keys(struct vector *v)
{
    snprintf(v->access_key_id, sizeof v->access_key_id, EXAMPLE_ID);
    snprintf(v->secret, sizeof v->secret, EXAMPLE_SECRET);
    snprintf(v->token, sizeof v->token, "%s",
             pairs_value(&v->headers, "X-Amz-Security-Token").at);
    snprintf(v->region, sizeof v->region, "us-east-1");
    v->at = vector_time("20130524T000000Z");
}

static void the_four_examples_of_aws(void **state)
{
    size_t good = 0, count = sizeof examples / sizeof *examples, signed_whole = 0;
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct vector v;
        vector_init(&v, examples[i].name);
        assert_true(vector_read_request(&v, bytes_of(examples[i].request)));
        use_example_keys(&v);
        snprintf(v.service, sizeof v.service, "s3");
        buf_text(&v.body, examples[i].body);
        buf_text(&v.canonical, examples[i].canonical);
        buf_text(&v.to_sign, examples[i].to_sign);
        buf_text(&v.signature, examples[i].signature);
        good += agrees(&v, &signed_whole);
        vector_free(&v);
    }
    assert_int_equal(count, 4);
    assert_int_equal(good, 4);
    assert_int_equal(signed_whole, 4);
}

/* All cases that a pattern under the shared data finds, each read by `read`. */
static size_t run_suite(const char *pattern, bool (*read)(struct vector *, const char *),
                        size_t *good, size_t *signed_whole)
{
    struct buf path;
    glob_t found = {0};
    size_t count;
    buf_init(&path, 4096);
    shared_path(pattern, &path);
    glob(buf_string(&path), 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *dir = found.gl_pathv[i];
        struct vector v;
        *(strrchr(dir, '.') > strrchr(dir, '/') ? strrchr(dir, '.') : strchr(dir, 0)) = 0;
        vector_init(&v, strrchr(dir, '/') + 1);
        if (!read(&v, dir))
            printf("%s: cannot be read\n", v.name);
        else
            *good += agrees(&v, signed_whole);
        vector_free(&v);
    }
    count = found.gl_pathc;
    globfree(&found);
    buf_free(&path);
    return count;
}

/* Four cases cannot be asked of sigv4_sign(): see vector_fits_sign(). */
static void the_suite_of_aws_c_auth(void **state)
{
    size_t good = 0, signed_whole = 0, count;
    (void)state;
    if (!shared_has("the_suite_of_aws_c_auth", "sigv4/v4"))
        skip();
    count = run_suite("sigv4/v4/*-*", vector_read_case, &good, &signed_whole);
    printf("%zu of %zu cases of aws-c-auth, %zu of them through sigv4_sign too\n", good, count,
           signed_whole);
    assert_int_equal(count, 38);
    assert_int_equal(good, 38);
    assert_int_equal(signed_whole, 34);
}

static void the_suite_of_botocore(void **state)
{
    size_t good = 0, signed_whole = 0, count;
    (void)state;
    if (!shared_has("the_suite_of_botocore", "sigv4/aws4_testsuite"))
        skip();
    count = run_suite("sigv4/aws4_testsuite/*/*.req", vector_read_botocore, &good, &signed_whole);
    count += run_suite("sigv4/aws4_testsuite/*/*/*.req", vector_read_botocore, &good,
                       &signed_whole);
    printf("%zu of %zu cases of botocore\n", good, count);
    assert_int_equal(count, 5);
    assert_int_equal(good, 5);
    assert_int_equal(signed_whole, 5);
}

/* ---- the extra vectors ---- */

/* The path is '/' and the encoded key. */
static bool path_agrees(const struct vector *v)
{
    struct buf path;
    bool same;
    buf_init(&path, 4096);
    buf_char(&path, '/');
    url_encode(&path, buf_bytes(&v->object_key), true);
    same = bytes_equal(buf_bytes(&path), buf_bytes(&v->path));
    if (!same)
        printf("%s: path %s, expected %s\n", v->name, buf_string(&path), buf_string(&v->path));
    buf_free(&path);
    return same;
}

struct tally {
    size_t cases, good, keys_encoded, signing_keys, good_keys;
};

static void read_cases(struct json *j, struct tally *t)
{
    size_t ignored = 0;
    for (json_array(j); json_item(j);) {
        struct vector v;
        bool encoded;
        vector_init(&v, "(unnamed)");
        vector_read_json(&v, j);
        use_example_keys(&v);
        encoded = !v.object_key.len || path_agrees(&v);
        t->cases++;
        t->keys_encoded += v.object_key.len > 0;
        t->good += agrees(&v, &ignored) && encoded;
        vector_free(&v);
    }
}

static bool key_agrees(struct json *j)
{
    char secret[64] = "", date[16] = "", region[32] = "", service[32] = "", hex[SHA256_HEX] = "";
    char got[SHA256_HEX];
    unsigned char key[SHA256_BYTES];
    const struct {
        const char *name;
        char *out;
        size_t size;
    } parts[] = {{"secret_access_key", secret, sizeof secret}, {"date", date, sizeof date},
                 {"region", region, sizeof region}, {"service", service, sizeof service},
                 {"hex", hex, sizeof hex}};
    struct sigv4_scope scope = {region, service, {0}};
    json_object(j);
    while (json_member(j)) {
        size_t i = 0;
        struct bytes text = BYTES("");
        while (i < 5 && !json_named(j, parts[i].name))
            i++;
        text = json_text(j);
        if (i < 5)
            snprintf(parts[i].out, parts[i].size, "%.*s", (int)text.len, text.at);
    }
    scope.at = vector_time(date);
    sigv4_signing_key(secret, &scope, key);
    digest_hex(key, sizeof key, got);
    if (strcmp(got, hex) != 0)
        printf("signing key %s/%s/%s: %s, expected %s\n", date, region, service, got, hex);
    return strcmp(got, hex) == 0;
}

static void the_extra_vectors(void **state)
{
    struct buf text, scratch;
    struct tally t = {0};
    struct json j;
    (void)state;
    if (!shared_has("the_extra_vectors", "sigv4/extra-vectors.json"))
        skip();
    buf_init(&text, 1 << 20);
    buf_init(&scratch, 1 << 20);
    assert_true(shared_read("sigv4/extra-vectors.json", &text));
    json_init(&j, buf_bytes(&text), &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "cases"))
            read_cases(&j, &t);
        else if (json_named(&j, "signing_keys"))
            for (json_array(&j); json_item(&j); t.signing_keys++)
                t.good_keys += key_agrees(&j);
        else
            json_skip(&j);
    assert_true(json_end(&j));
    buf_free(&text);
    buf_free(&scratch);
    printf("%zu of %zu extra vectors, %zu object keys encoded, %zu of %zu signing keys\n", t.good,
           t.cases, t.keys_encoded, t.good_keys, t.signing_keys);
    assert_int_equal(t.cases, 13);
    assert_int_equal(t.good, 13);
    assert_int_equal(t.keys_encoded, 9);
    assert_int_equal(t.signing_keys, 2);
    assert_int_equal(t.good_keys, 2);
}

/* ---- what no suite asks ---- */

static const struct {
    const char *path, *query;
    bool s3;
    const char *canonical_path, *canonical_query;
} spellings[] = {
    {"", "", true, "/", ""},
    {"", "", false, "/", ""},
    {"/a/../b//./c", "", true, "/a/../b//./c", ""},
    {"/a/../b//./c", "", false, "/b/c", ""},
    {"/a%20b", "", true, "/a%20b", ""},
    {"/a%20b", "", false, "/a%2520b", ""},
    {"/../../a/", "", false, "/a/", ""},
    {"/", "b=2&a=1", true, "/", "a=1&b=2"},
    {"/", "a-b=1&a=2&a=1&a", true, "/", "a=&a=1&a=2&a-b=1"},
    {"/", "k=a%2fb&k=%61", true, "/", "k=a&k=a%2Fb"},
    {"/", "k=a=b&&", true, "/", "k=a%3Db"},
    {"/", "list-type=2&prefix=%C3%BC%2F", true, "/", "list-type=2&prefix=%C3%BC%2F"},
    {"/", "=v", true, "/", "=v"},
};

static void paths_and_queries(void **state)
{
    struct pairs headers = {0};
    (void)state;
    pairs_set(&headers, "Host", "h");
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct sigv4_request r = {.method = "GET", .path = bytes_of(spellings[i].path),
                                  .query = bytes_of(spellings[i].query), .headers = &headers,
                                  .payload_hash = BYTES("x"),
                                  .normalize_path = !spellings[i].s3,
                                  .encode_path_twice = !spellings[i].s3};
        struct buf got;
        char expected[256];
        buf_init(&got, 256);
        snprintf(expected, sizeof expected, "GET\n%s\n%s\nhost:h\n\nhost\nx",
                 spellings[i].canonical_path, spellings[i].canonical_query);
        assert_int_equal(sigv4_canonical_request(&r, &got), 0);
        assert_string_equal(buf_string(&got), expected);
        buf_free(&got);
    }
    pairs_free(&headers);
}

static void header_lines(void **state)
{
    struct pairs headers = {0};
    struct sigv4_request r = {.method = "PUT", .path = BYTES("/"), .headers = &headers,
                              .payload_hash = BYTES("x")};
    struct buf got;
    (void)state;
    pairs_set(&headers, "X-B", "  two \t words\r\n folded ");
    pairs_set(&headers, "User-Agent", "me");
    pairs_set(&headers, "x-b", "2");
    pairs_set(&headers, "EXPECT", "100-continue");
    pairs_set(&headers, "X-B-C", "");
    pairs_set(&headers, "HOST", "h");
    pairs_set(&headers, "X-Amzn-Trace-Id", "t");
    pairs_set(&headers, "X-B", "1");
    pairs_set(&headers, "x_b", "\xc3\xbc");
    buf_init(&got, 256);
    assert_int_equal(sigv4_canonical_request(&r, &got), 0);
    assert_string_equal(buf_string(&got), "PUT\n/\n\nhost:h\nx-b:two words folded,2,1\nx-b-c:\n"
                                          "x_b:\xc3\xbc\n\nhost;x-b;x-b-c;x_b\nx");
    buf_free(&got);
    pairs_free(&headers);
}

/* With every maximum below what is needed: -1, never half a request. */
static void buffers_that_are_too_small(void **state)
{
    struct pairs headers = {0};
    struct sigv4_scope scope = {"us-east-1", "s3", {0}};
    struct sigv4_request r = {.method = "GET", .path = BYTES("/a/b"), .query = BYTES("q=%20"),
                              .headers = &headers, .payload_hash = BYTES("hash"),
                              .normalize_path = true, .encode_path_twice = true};
    struct buf got, full;
    (void)state;
    pairs_set(&headers, "Host", "h");
    buf_init(&full, 256);
    assert_int_equal(sigv4_canonical_request(&r, &full), 0);
    for (size_t max = 0; max < full.len; max++) {
        buf_init(&got, max);
        assert_int_equal(sigv4_canonical_request(&r, &got), -1);
        buf_free(&got);
    }
    buf_init(&got, 80);
    assert_int_equal(sigv4_string_to_sign(&scope, buf_bytes(&full), &got), -1);
    assert_int_equal(sigv4_authorization("id", &scope, buf_bytes(&full), "sig", &got), -1);
    buf_free(&got);
    buf_free(&full);
    pairs_free(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(the_four_examples_of_aws),
        CHECKED(the_suite_of_aws_c_auth),
        CHECKED(the_suite_of_botocore),
        CHECKED(the_extra_vectors),
        CHECKED(paths_and_queries),
        CHECKED(header_lines),
        CHECKED(buffers_that_are_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
