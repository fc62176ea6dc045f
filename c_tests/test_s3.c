#include "aws_rig.h"

#include "aws/s3.h"

#define OBJECT_HEADERS "ETag: \"e1\"\r\nLast-Modified: Sun, 22 Nov 2026 21:34:01 GMT\r\n"
#define GOOD ANSWER("200 OK", OBJECT_HEADERS, "good")
#define STORED ANSWER("200 OK", "ETag: \"e2\"\r\n", "")
#define GONE ANSWER("404 Not Found", "", "")

static struct bucket *open_bucket(struct rig *r, const char *prefix)
{
    struct err err;
    struct bucket *b = s3_bucket(&r->client, BYTES("bkt"), bytes_of(prefix), &err);
    assert_non_null(b);
    return b;
}

static void run(struct rig *r, struct bucket *b, struct bucket_op *op)
{
    bucket_start(b, op);
    rig_wait(r, &op->op);
}

/* Asks, and expects that outcome after so many requests in all. */
static void expect(struct rig *r, struct bucket_op *op, const char *code, int requests)
{
    struct bucket *b = open_bucket(r, "in/");
    run(r, b, op);
    assert_code(&op->op.err, code);
    assert_int_equal(server_requests(&r->server), requests);
    bucket_free(b);
}

static void assert_asked(const struct rig *r, size_t n, const char *line)
{
    const char *seen = rig_seen(r, n);
    if (strncmp(seen, line, strlen(line)) != 0)
        print_error("%s\n", seen);
    assert_int_equal(strncmp(seen, line, strlen(line)), 0);
}

/* ---- the place ---- */

static void names_itself(void **state)
{
    static const char *const cases[][2] = {
        {"", "s3://bkt"}, {"in", "s3://bkt/in"}, {"in/", "s3://bkt/in"}, {"a/b/", "s3://bkt/a/b"},
    };
    struct rig *r = *state;
    rig_client(r, "s3", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bucket *b = open_bucket(r, cases[i][0]);
        assert_string_equal(b->url, cases[i][1]);
        bucket_free(b);
    }
}

static void refuses_bad_places(void **state)
{
    static const struct {
        struct bytes name, prefix;
        const char *code;
    } cases[] = {
        {{"", 0}, {"", 0}, "BadBucket"},
        {{"a b", 3}, {"", 0}, "BadBucket"},
        {{"bkt\0x", 5}, {"", 0}, "BadBucket"},
        {{"bkt", 3}, {"../x", 4}, "InvalidKey"},
        {{"bkt", 3}, {"//", 2}, "InvalidKey"},
        {{"bkt", 3}, {"\xFF", 1}, "InvalidKey"},
    };
    struct rig *r = *state;
    rig_client(r, "s3", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_null(s3_bucket(&r->client, cases[i].name, cases[i].prefix, &err));
        assert_code(&err, cases[i].code);
    }
}

/* ---- get and head ---- */

static void gets_an_object(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("200 OK", OBJECT_HEADERS "Content-Type: text/x\r\n"
                              "x-amz-meta-Book: {\"a\": 1}\r\nX-AMZ-META-b: \r\nx-amz-meta-: no\r\n"
                              "x-amz-id-2: no\r\n", "good"));
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("a b/+\xC3\xA9%~");
    expect(r, &op, "", 1);
    assert_asked(r, 0, "GET /bkt/in/a%20b/%2B%C3%A9%25~ HTTP/1.1\r\n");
    assert_string_equal(buf_string(&op.content), "good");
    assert_int_equal(op.content.max, BUCKET_BODY_MAX);
    assert_string_equal(op.object.etag, "\"e1\"");
    assert_string_equal(op.object.content_type, "text/x");
    assert_int_equal(op.object.size, 4);
    assert_true(op.object.modified.us == 1795383241 * SECOND_US);
    assert_int_equal(op.object.metadata.count, 2);
    assert_string_equal(op.object.metadata.at[0].name.at, "book");
    assert_string_equal(op.object.metadata.at[0].value.at, "{\"a\": 1}");
    assert_string_equal(op.object.metadata.at[1].name.at, "b");
    bucket_op_free(&op);
}

static void heads_an_object(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", {"HTTP/1.1 200 OK\r\n" OBJECT_HEADERS "Content-Length: 70\r\n\r\n", 0,
                        KEEP});
    bucket_op_init(&op, BUCKET_HEAD);
    op.key = BYTES("k");
    expect(r, &op, "", 1);
    assert_asked(r, 0, "HEAD /bkt/in/k HTTP/1.1\r\n");
    assert_int_equal(op.object.size, 70);
    assert_int_equal(op.content.len, 0);
    bucket_op_free(&op);
}

static void gets_once_more_after_a_cut(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", {"HTTP/1.1 200 OK\r\n" OBJECT_HEADERS "x-amz-meta-a: 1\r\n"
                        "Content-Length: 9\r\n\r\nhalf", 0, CLOSE}, GOOD);
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    expect(r, &op, "", 2);
    assert_string_equal(buf_string(&op.content), "good");
    assert_int_equal(op.object.metadata.count, 0);
    bucket_op_free(&op);
}

/* An object may itself be what S3 says of errors. */
static void takes_an_error_document_for_an_object(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("200 OK", OBJECT_HEADERS, "<Error/>"));
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    expect(r, &op, "", 1);
    bucket_op_free(&op);
}

#define REFUSED(name, verb, code, requests, ...)                                                   \
    static void name(void **state)                                                                 \
    {                                                                                              \
        struct rig *r = *state;                                                                    \
        struct bucket_op op;                                                                       \
        RIG_SERVE(r, "s3", __VA_ARGS__);                                                           \
        bucket_op_init(&op, verb);                                                                 \
        op.key = BYTES("k");                                                                       \
        expect(r, &op, code, requests);                                                            \
        bucket_op_free(&op);                                                                       \
    }

REFUSED(get_of_nothing, BUCKET_GET, "NoSuchKey", 1,
        ANSWER("404 Not Found", "", "<Error><Code>NoSuchKey</Code></Error>"))
REFUSED(get_without_bucket, BUCKET_GET, "NoSuchBucket", 1,
        ANSWER("404 Not Found", "", "<Error><Code>NoSuchBucket</Code></Error>"))
REFUSED(get_behind_a_proxy, BUCKET_GET, "NotFound", 1,
        ANSWER("404 Not Found", "", "<html></html>"))
REFUSED(head_of_nothing, BUCKET_HEAD, "NoSuchKey", 1, GONE)
REFUSED(get_without_etag, BUCKET_GET, "bad_answer", 3,
        ANSWER("200 OK", "Last-Modified: Sun, 22 Nov 2026 21:34:01 GMT\r\n", ""))
REFUSED(get_without_date, BUCKET_GET, "bad_answer", 3, ANSWER("200 OK", "ETag: \"e\"\r\n", ""))
REFUSED(get_of_a_part, BUCKET_GET, "bad_answer", 3,
        ANSWER("206 Partial Content", OBJECT_HEADERS, "good"))
REFUSED(put_without_etag, BUCKET_PUT, "bad_answer", 3, ANSWER("200 OK", "", ""))
REFUSED(put_with_error_under_200, BUCKET_PUT, "SlowDown", 3,
        ANSWER("200 OK", "ETag: \"e\"\r\n", "<Error><Code>SlowDown</Code></Error>"))
REFUSED(put_that_lost, BUCKET_PUT, "PreconditionFailed", 1,
        ANSWER("412 Precondition Failed", "", ""))
REFUSED(put_that_met_another, BUCKET_PUT, "", 2,
        ANSWER("409 Conflict", "", "<Error><Code>ConditionalRequestConflict</Code></Error>"),
        STORED)
REFUSED(delete_of_nothing, BUCKET_DELETE, "", 1, GONE)
REFUSED(list_that_is_cut, BUCKET_LIST, "bad_answer", 3, ANSWER("200 OK", "", "<ListBucketResult"))
REFUSED(list_with_error_under_200, BUCKET_LIST, "InternalError", 3,
        ANSWER("200 OK", "", "<Error><Code>InternalError</Code></Error>"))

/* ---- put and delete ---- */

static void puts_an_object(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    struct pairs metadata = {0};
    RIG_SERVE(r, "s3", STORED);
    pairs_set(&metadata, "tidegate-book", "{\"n\": 1}");
    pairs_set(&metadata, "empty", "");
    bucket_op_init(&op, BUCKET_PUT);
    op.key = BYTES("k");
    op.body = BYTES("abc");
    op.content_type = BYTES("application/json");
    op.if_match = BYTES("\"e1\"");
    op.metadata = &metadata;
    expect(r, &op, "", 1);
    assert_asked(r, 0, "PUT /bkt/in/k HTTP/1.1\r\n");
    assert_string_equal(rig_header(r, 0, "Content-Type"), "application/json");
    assert_string_equal(rig_header(r, 0, "If-Match"), "\"e1\"");
    assert_string_equal(rig_header(r, 0, "If-None-Match"), "");
    assert_string_equal(rig_header(r, 0, "x-amz-meta-tidegate-book"), "{\"n\": 1}");
    assert_non_null(strstr(rig_seen(r, 0), "\r\nx-amz-meta-empty:\r\n"));
    assert_string_equal(rig_header(r, 0, "Content-Length"), "3");
    assert_non_null(strstr(rig_header(r, 0, "Authorization"), "content-type;host;if-match;"
                           "x-amz-content-sha256;x-amz-date;x-amz-meta-empty;"));
    assert_string_equal(op.object.etag, "\"e2\"");
    pairs_free(&metadata);
    bucket_op_free(&op);
}

static void puts_an_empty_object_that_must_be_new(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", STORED);
    bucket_op_init(&op, BUCKET_PUT);
    op.key = BYTES("k");
    op.if_none_match = BYTES("*");
    expect(r, &op, "", 1);
    assert_string_equal(rig_header(r, 0, "Content-Type"), "application/octet-stream");
    assert_string_equal(rig_header(r, 0, "If-None-Match"), "*");
    assert_string_equal(rig_header(r, 0, "Content-Length"), "0");
    bucket_op_free(&op);
}

/* What would end the header block never leaves. */
static void refuses_a_header_with_a_line_break(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", STORED);
    bucket_op_init(&op, BUCKET_PUT);
    op.key = BYTES("k");
    op.content_type = BYTES("a\r\nX-Evil: 1");
    expect(r, &op, "BadRequest", 0);
    bucket_op_free(&op);
}

static void deletes_under_a_condition(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", {"HTTP/1.1 204 No Content\r\n\r\n", 0, KEEP}, GONE);
    bucket_op_init(&op, BUCKET_DELETE);
    op.key = BYTES("k");
    op.if_match = BYTES("\"e1\"");
    expect(r, &op, "", 1);
    assert_asked(r, 0, "DELETE /bkt/in/k HTTP/1.1\r\n");
    assert_string_equal(rig_header(r, 0, "If-Match"), "\"e1\"");
    expect(r, &op, "NoSuchKey", 2);
    bucket_op_free(&op);
}

static void refuses_keys_too_long_together_with_the_prefix(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    char key[BUCKET_KEY_MAX];
    RIG_SERVE(r, "s3", GOOD);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = i % 200 == 199 ? '/' : 'k';
    bucket_op_init(&op, BUCKET_GET);
    op.key = (struct bytes){key, sizeof key};
    expect(r, &op, "InvalidKey", 0);
    op.key.len -= strlen("in/");
    expect(r, &op, "", 1);
    bucket_op_free(&op);
}

/* ---- list ---- */

#define PAGE(truncated, rest) "<ListBucketResult><IsTruncated>" truncated "</IsTruncated>" rest \
    "</ListBucketResult>"

static void lists_below_the_prefix(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("200 OK", "", PAGE("true", "<Contents><Key>in/w/1</Key>"
                              "</Contents><Contents><Key>in/w/2</Key></Contents>")));
    bucket_op_init(&op, BUCKET_LIST);
    op.key = BYTES("w/");
    op.start_after = BYTES("w/0");
    op.max_keys = 2;
    expect(r, &op, "", 1);
    assert_asked(r, 0, "GET /bkt?encoding-type=url&list-type=2&max-keys=2&prefix=in%2Fw%2F&"
                 "start-after=in%2Fw%2F0 HTTP/1.1\r\n");
    assert_int_equal(op.listed_count, 2);
    assert_string_equal(op.listed[0].key, "w/1");
    assert_string_equal(op.listed[1].key, "w/2");
    assert_true(op.more);
    bucket_op_free(&op);
}

#define EMPTY_PAGE "<NextContinuationToken>t/2</NextContinuationToken>"

static void goes_on_behind_an_empty_page(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("200 OK", "", PAGE("true", EMPTY_PAGE)),
              ANSWER("200 OK", "", PAGE("false", "<Contents><Key>in/k</Key></Contents>")));
    bucket_op_init(&op, BUCKET_LIST);
    expect(r, &op, "", 2);
    assert_asked(r, 1, "GET /bkt?continuation-token=t%2F2&encoding-type=url&list-type=2&");
    assert_int_equal(op.listed_count, 1);
    assert_false(op.more);
    bucket_op_free(&op);
}

static void does_not_go_on_for_ever(void **state)
{
    struct rig *r = *state;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("200 OK", "", PAGE("true", EMPTY_PAGE)));
    bucket_op_init(&op, BUCKET_LIST);
    expect(r, &op, "bad_answer", 100);
    bucket_op_free(&op);
}

/* ---- aborts ---- */

static void stops_when_told(void **state)
{
    struct rig *r = *state;
    struct bucket *b;
    struct bucket_op op;
    RIG_SERVE(r, "s3", ANSWER("500 Oops", "x-amz-retry-after: 4000\r\n", ""),
              {"HTTP/1.1 200 OK\r\n\r\n", 0, HOLD});
    b = open_bucket(r, "");
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    bucket_start(b, &op);
    while (!loop_counts(r->loop).timers)
        loop_turn(r->loop, INT64_MAX);
    bucket_op_free(&op);
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    bucket_start(b, &op);
    while (server_requests(&r->server) < 2)
        loop_turn(r->loop, 1000);
    bucket_op_free(&op);
    bucket_op_free(&op);
    bucket_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(names_itself),
        RIG_TEST(refuses_bad_places),
        RIG_TEST(gets_an_object),
        RIG_TEST(heads_an_object),
        RIG_TEST(gets_once_more_after_a_cut),
        RIG_TEST(takes_an_error_document_for_an_object),
        RIG_TEST(get_of_nothing),
        RIG_TEST(get_without_bucket),
        RIG_TEST(get_behind_a_proxy),
        RIG_TEST(head_of_nothing),
        RIG_TEST(get_without_etag),
        RIG_TEST(get_without_date),
        RIG_TEST(get_of_a_part),
        RIG_TEST(put_without_etag),
        RIG_TEST(put_with_error_under_200),
        RIG_TEST(put_that_lost),
        RIG_TEST(put_that_met_another),
        RIG_TEST(delete_of_nothing),
        RIG_TEST(list_that_is_cut),
        RIG_TEST(list_with_error_under_200),
        RIG_TEST(puts_an_object),
        RIG_TEST(puts_an_empty_object_that_must_be_new),
        RIG_TEST(refuses_a_header_with_a_line_break),
        RIG_TEST(deletes_under_a_condition),
        RIG_TEST(refuses_keys_too_long_together_with_the_prefix),
        RIG_TEST(lists_below_the_prefix),
        RIG_TEST(goes_on_behind_an_empty_page),
        RIG_TEST(does_not_go_on_for_ever),
        RIG_TEST(stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
