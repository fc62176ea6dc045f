#include "leak_check.h"
#include "place.h"

#include "../src/aws/aws.c"


/* Pairs of name and value, the last name NULL; all that the SDKs read is unset before. */
static void set_environment(const char *const *pairs)
{
    static const char *const all[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS",
        "AWS_ENDPOINT_URL_DYNAMODB", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        unsetenv(all[i]);
    setenv("HOME", "/nonexistent", 1);
    for (; *pairs; pairs += 2)
        setenv(pairs[0], pairs[1], 1);
}

#define KEYS "AWS_ACCESS_KEY_ID", "AKIDTEST", "AWS_SECRET_ACCESS_KEY", "secret"

struct opening {
    struct aws_settings settings;
    const char *environment[12];
    const char *code;                /* "" when it opens */
    const char *region, *s3_host, *sqs_host, *dynamodb_host;
    bool configured;
};

#define AWS_HOSTS(region) region, "s3." region ".amazonaws.com", "sqs." region ".amazonaws.com", \
    "dynamodb." region ".amazonaws.com"

static const struct opening openings[] = {
    {{0}, {KEYS}, "", AWS_HOSTS("us-east-1"), false},
    {{0}, {KEYS, "AWS_DEFAULT_REGION", "eu-west-1"}, "", AWS_HOSTS("eu-west-1"), false},
    {{0}, {KEYS, "AWS_DEFAULT_REGION", "eu-west-1", "AWS_REGION", "eu-west-2"}, "",
     AWS_HOSTS("eu-west-2"), false},
    {{.region = "eu-west-3"}, {KEYS, "AWS_REGION", "eu-west-2"}, "", AWS_HOSTS("eu-west-3"), false},
    {{0}, {KEYS, "AWS_REGION", ""}, "", AWS_HOSTS("us-east-1"), false},
    {{0}, {KEYS, "AWS_ENDPOINT_URL", "http://h:1"}, "", "us-east-1", "h:1", "h:1", "h:1", true},
    {{0}, {KEYS, "AWS_ENDPOINT_URL", "http://h:1", "AWS_ENDPOINT_URL_S3", "http://s"}, "",
     "us-east-1", "s", "h:1", "h:1", true},
    {{0}, {KEYS, "AWS_ENDPOINT_URL_S3", "http://s", "AWS_ENDPOINT_URL_SQS", "https://q",
           "AWS_ENDPOINT_URL_DYNAMODB", "http://d"}, "", "us-east-1", "s", "q", "d", true},
    {{.endpoint_url = "http://f:2"}, {KEYS, "AWS_ENDPOINT_URL_S3", "http://s"}, "", "us-east-1",
     "f:2", "f:2", "f:2", true},
    {{0}, {KEYS, "AWS_ENDPOINT_URL", "http://h:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"},
     "", AWS_HOSTS("us-east-1"), false},
    {{.endpoint_url = "http://f:2"}, {KEYS, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, "",
     "us-east-1", "f:2", "f:2", "f:2", true},
    {{0}, {NULL}, "NoCredentials", NULL, NULL, NULL, NULL, false},
    {{0}, {KEYS, "AWS_REGION", "a b"}, "BadRegion", NULL, NULL, NULL, NULL, false},
    {{0}, {KEYS, "AWS_ENDPOINT_URL", "h:1"}, "BadEndpoint", NULL, NULL, NULL, NULL, false},
    {{0}, {KEYS, "AWS_ENDPOINT_URL_SQS", "h:1"}, "BadEndpoint", NULL, NULL, NULL, NULL, false},
    {{0}, {KEYS, "AWS_ENDPOINT_URL_DYNAMODB", "h:1"}, "BadEndpoint", NULL, NULL, NULL, NULL, false},
};

static void check(const struct opening *o)
{
    struct err err = {0};
    struct aws *a;
    set_environment(o->environment);
    a = aws_new(NULL, &o->settings, &err);
    assert_string_equal(err.code, o->code);
    assert_int_equal(a != NULL, !o->code[0]);
    if (!a)
        return;
    assert_string_equal(aws_region(a), o->region);
    assert_string_equal(a->s3.endpoint.host, o->s3_host);
    assert_string_equal(a->sqs.endpoint.host, o->sqs_host);
    assert_string_equal(a->dynamodb.endpoint.host, o->dynamodb_host);
    assert_int_equal(a->s3.endpoint.configured, o->configured);
    assert_string_equal(a->s3.secret.access_key_id, "AKIDTEST");
    aws_free(a);
}

static void reads_what_it_was_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        check(&openings[i]);
}

static void takes_the_region_of_the_profile(void **state)
{
    const char *environment[] = {"AWS_CONFIG_FILE", NULL, "AWS_PROFILE", "p", NULL};
    static const char profile[] = "[profile p]\nregion = ap-south-1\naws_access_key_id = AKIDP\n"
                                  "aws_secret_access_key = s\n";
    struct place place;
    struct err err;
    struct aws *a;
    (void)state;
    place_make(&place);
    place_write(&place, "config", profile);
    environment[1] = place_path(&place, "config");
    set_environment(environment);
    a = aws_new(NULL, &(struct aws_settings){0}, &err);
    place_remove(&place);
    assert_non_null(a);
    assert_string_equal(aws_region(a), "ap-south-1");
    assert_string_equal(a->sqs.secret.access_key_id, "AKIDP");
    aws_free(a);
}

static void opens_places(void **state)
{
    static const char *const environment[] = {KEYS, NULL};
    struct err err = {0};
    struct bucket *bucket;
    struct queue *queue;
    struct table *table;
    struct aws *a;
    (void)state;
    set_environment(environment);
    a = aws_new(NULL, &(struct aws_settings){0}, &err);
    assert_non_null(a);
    bucket = aws_bucket(a, BYTES("bkt"), BYTES("in"), &err);
    queue = aws_queue(a, BYTES("sqs://q"), &err);
    assert_string_equal(bucket->url, "s3://bkt/in");
    assert_string_equal(queue->url, "sqs://q");
    table = aws_table(a, BYTES("widgets"), BYTES("id"), &err);
    assert_string_equal(table->url, "dynamodb://widgets");
    assert_null(aws_table(a, BYTES("w"), BYTES("id"), &err));
    assert_string_equal(err.code, "BadPlace");
    assert_null(aws_bucket(a, BYTES("B/"), BYTES(""), &err));
    assert_string_equal(err.code, "BadBucket");
    assert_null(aws_queue(a, BYTES("http://h/1/q"), &err));
    assert_string_equal(err.code, "BadPlace");
    bucket_free(bucket);
    queue_free(queue);
    table_free(table);
    aws_free(a);
    aws_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(reads_what_it_was_told),
        CHECKED(takes_the_region_of_the_profile),
        CHECKED(opens_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
