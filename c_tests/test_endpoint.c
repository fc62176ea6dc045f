#include "aws/endpoint.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *service, *region, *host;
} regional[] = {
    {"s3", "us-east-1", "s3.us-east-1.amazonaws.com"},
    {"sqs", "us-east-1", "sqs.us-east-1.amazonaws.com"},
    {"sqs", "eu-central-1", "sqs.eu-central-1.amazonaws.com"},
    {"dynamodb", "eu-west-1", "dynamodb.eu-west-1.amazonaws.com"},
    {"dynamodb", "cn-north-1", "dynamodb.cn-north-1.amazonaws.com.cn"},
    {"s3", "cn-north-1", "s3.cn-north-1.amazonaws.com.cn"},
    {"sqs", "cn-northwest-1", "sqs.cn-northwest-1.amazonaws.com.cn"},
    {"s3", "us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"},
    {"sqs", "eusc-de-east-1", "sqs.eusc-de-east-1.amazonaws.eu"},
    {"s3", "us-iso-east-1", "s3.us-iso-east-1.c2s.ic.gov"},
    {"s3", "us-isob-east-1", "s3.us-isob-east-1.sc2s.sgov.gov"},
    {"s3", "eu-isoe-west-1", "s3.eu-isoe-west-1.cloud.adc-e.uk"},
    {"s3", "us-isof-south-1", "s3.us-isof-south-1.csp.hci.ic.gov"},
    {"sqs", "moon-base-7", "sqs.moon-base-7.amazonaws.com"},
    {"s3", "mars", "s3.mars.amazonaws.com"},
};

static void regions_have_their_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof regional / sizeof *regional; i++) {
        struct endpoint got;
        struct err err;
        assert_int_equal(endpoint_resolve(regional[i].service, regional[i].region,
                                          i % 2 ? "" : NULL, &got, &err), 0);
        assert_string_equal(got.scheme, "https");
        assert_string_equal(got.host, regional[i].host);
        assert_string_equal(got.path, "");
        assert_false(got.configured);
    }
}

static void regions_must_be_labels(void **state)
{
    static const char *const refused[] = {
        NULL, "", "a b", "us-east-1.evil.test", "us_east_1", "-us", "us-", "us/east", "us-east-1\n",
        "\xc3\xbc", "@", "0123456789012345678901234567890123456789012345678901234567890123",
    };
    struct endpoint got;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(endpoint_resolve("s3", refused[i], NULL, &got, &err), -1);
        assert_string_equal(err.code, "BadRegion");
        assert_int_equal(endpoint_resolve("s3", refused[i], "http://h", &got, &err), -1);
        assert_string_equal(err.code, "BadRegion");
    }
    assert_int_equal(endpoint_resolve("s3", "012345678901234567890123456789012345678901234567890"
                                      "123456789012", NULL, &got, &err), 0);
}

static const struct {
    const char *url, *scheme, *host, *path;
} configured[] = {
    {"http://localhost:9324", "http", "localhost:9324", ""},
    {"http://localhost:9324/", "http", "localhost:9324", ""},
    {"https://s3.example.com", "https", "s3.example.com", ""},
    {"HTTPS://S3.Example.COM:443/", "https", "s3.example.com", ""},
    {"http://127.0.0.1:80/a/b-c_d.e~f//", "http", "127.0.0.1", "/a/b-c_d.e~f"},
    {"http://h:443", "http", "h:443", ""},
    {"https://h:80", "https", "h:80", ""},
    {"http://h:0443", "http", "h:443", ""},
    {"http://[::1]:4566/x", "http", "[::1]:4566", "/x"},
    {"https://[FD00::1]", "https", "[fd00::1]", ""},
    {"http://my_minio:9000", "http", "my_minio:9000", ""},
    {" http://h ", "http", "h", ""},
    {"http://h:65535", "http", "h:65535", ""},
};

static void configured_urls_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof configured / sizeof *configured; i++) {
        struct endpoint got;
        struct err err = {0};
        if (endpoint_resolve("sqs", "us-east-1", configured[i].url, &got, &err))
            fail_msg("%s: %s", configured[i].url, err.message);
        assert_string_equal(got.scheme, configured[i].scheme);
        assert_string_equal(got.host, configured[i].host);
        assert_string_equal(got.path, configured[i].path);
        assert_true(got.configured);
    }
}

static const struct {
    const char *url, *says;
} refused_urls[] = {
    {"localhost:9324", "http://"},
    {"ftp://h", "http://"},
    {"http:/h", "http://"},
    {"http//h", "http://"},
    {"http://", "http://"},
    {"//h", "http://"},
    {"file:///etc", "http://"},
    {"http:///path", "host"},
    {"http://:80", "host"},
    {"http://u:hush@h", "user name"},
    {"http://hush@h", "user name"},
    {"http://h/p@hush", "user name"},
    {"http://h?x=hush", "query"},
    {"http://h/p?x=hush", "query"},
    {"http://h#hush", "query"},
    {"http://h:", "port"},
    {"http://h:0", "port"},
    {"http://h:65536", "port"},
    {"http://h:99999999999999999999", "port"},
    {"http://h:8o", "port"},
    {"http://h:-1", "port"},
    {"http://h:+80", "port"},
    {"http://h:80:80", "port"},
    {"http://a b", "host"},
    {"http://a\tb", "host"},
    {"http://h\r\nX: y", "host"},
    {"http://\xc3\xbc", "host"},
    {"http://.h", "host"},
    {"http://-h", "host"},
    {"http://[::1", "host"},
    {"http://[::1]x", "host"},
    {"http://[hello]", "host"},
    {"http://[]", "host"},
    {"http://::1", "host"},
    {"http://h/a//b", "path"},
    {"http://h/../b", "path"},
    {"http://h/./b", "path"},
    {"http://h/a%20b", "path"},
    {"http://h/a b", "path"},
    {"http://h/\xc3\xbc", "path"},
};

static void bad_urls_are_refused_without_their_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_urls / sizeof *refused_urls; i++) {
        struct endpoint got;
        struct err err = {0};
        assert_int_equal(endpoint_resolve("s3", "us-east-1", refused_urls[i].url, &got, &err), -1);
        assert_string_equal(err.code, "BadEndpoint");
        if (!strstr(err.message, refused_urls[i].says))
            fail_msg("%s: '%s' does not say '%s'", refused_urls[i].url, err.message,
                     refused_urls[i].says);
        assert_null(strstr(err.message, "hush"));
    }
}

/* Up to each maximum and one beyond: a host of 253 bytes, a path of 200, a URL of 512. */
static void urls_have_a_largest_size(void **state)
{
    static const struct {
        int host, path, rc;
    } sizes[] = {{253, 0, 0}, {254, 0, -1}, {1, 199, 0}, {1, 200, -1}, {253, 199, 0},
                 {400, 400, -1}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char url[1024], host[512], path[512];
        struct endpoint got;
        struct err err;
        memset(host, 'h', sizeof host);
        memset(path, 'p', sizeof path);
        snprintf(url, sizeof url, "http://%.*s:65535/%.*s", sizes[i].host, host, sizes[i].path,
                 path);
        assert_int_equal(endpoint_resolve("s3", "us-east-1", url, &got, &err), sizes[i].rc);
        if (sizes[i].rc == 0)
            assert_int_equal(strlen(got.host), (size_t)sizes[i].host + strlen(":65535"));
    }
}

/* ---- buckets ---- */

static const struct {
    const char *override, *bucket, *host, *path;
} buckets[] = {
    {NULL, "widgets", "widgets.s3.eu-west-1.amazonaws.com", ""},
    {NULL, "a-1", "a-1.s3.eu-west-1.amazonaws.com", ""},
    {NULL, "123", "123.s3.eu-west-1.amazonaws.com", ""},
    {NULL, "with.dots", "s3.eu-west-1.amazonaws.com", "/with.dots"},
    {NULL, "Upper", "s3.eu-west-1.amazonaws.com", "/Upper"},
    {NULL, "under_score", "s3.eu-west-1.amazonaws.com", "/under_score"},
    {NULL, "ends-", "s3.eu-west-1.amazonaws.com", "/ends-"},
    {NULL, "-begins", "s3.eu-west-1.amazonaws.com", "/-begins"},
    {"http://localhost:9000", "widgets", "localhost:9000", "/widgets"},
    {"https://store.test/s3/", "widgets", "store.test", "/s3/widgets"},
    {"https://store.test", "with.dots", "store.test", "/with.dots"},
};

static void buckets_go_into_the_host_or_the_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++) {
        struct endpoint s3, got;
        struct err err;
        assert_int_equal(endpoint_resolve("s3", "eu-west-1", buckets[i].override, &s3, &err), 0);
        assert_int_equal(endpoint_for_bucket(&s3, buckets[i].bucket, &got, &err), 0);
        assert_string_equal(got.host, buckets[i].host);
        assert_string_equal(got.path, buckets[i].path);
        assert_string_equal(got.scheme, s3.scheme);
        assert_int_equal(got.configured, s3.configured);
        assert_int_equal(endpoint_for_bucket(&s3, buckets[i].bucket, &s3, &err), 0);
        assert_string_equal(s3.host, buckets[i].host);
        assert_string_equal(s3.path, buckets[i].path);
    }
}

static void names_of_64_bytes_do_not_fit_a_label(void **state)
{
    char name[ENDPOINT_BUCKET_MAX + 2];
    (void)state;
    for (int len = 62; len <= ENDPOINT_BUCKET_MAX + 1; len++) {
        struct endpoint s3, got;
        struct err err;
        int rc = len <= ENDPOINT_BUCKET_MAX ? 0 : -1;
        memset(name, 'b', (size_t)len);
        name[len] = 0;
        assert_int_equal(endpoint_resolve("s3", "eu-west-1", NULL, &s3, &err), 0);
        assert_int_equal(endpoint_for_bucket(&s3, name, &got, &err), rc);
        if (rc == 0)
            assert_int_equal(got.path[0] == 0, len <= 63);
    }
}

static void other_names_are_no_buckets(void **state)
{
    static const char *const refused[] = {
        NULL, "", "ab", "..", "...", "a..b", ".abc", "abc.", "a/b", "a b", "abc?", "abc#", "a%2fb",
        "abc\n", "\xc3\xbc\xc3\xbc", "a:b", "arn:aws:s3:::b", "a@b", "a\\b",
    };
    struct endpoint s3, got;
    struct err err;
    (void)state;
    assert_int_equal(endpoint_resolve("s3", "eu-west-1", NULL, &s3, &err), 0);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(endpoint_for_bucket(&s3, refused[i], &got, &err), -1);
        assert_string_equal(err.code, "BadBucket");
        assert_true(err.message[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(regions_have_their_hosts),
        CHECKED(regions_must_be_labels),
        CHECKED(configured_urls_are_taken_apart),
        CHECKED(bad_urls_are_refused_without_their_secrets),
        CHECKED(urls_have_a_largest_size),
        CHECKED(buckets_go_into_the_host_or_the_path),
        CHECKED(names_of_64_bytes_do_not_fit_a_label),
        CHECKED(other_names_are_no_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
