#include "leak_check.h"

#include "aws/answer.h"

#include <string.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define SLOW XML "<Error><Code>SlowDown</Code><Message>Please &lt;reduce&gt;</Message>" \
    "<RequestId>R1</RequestId><HostId>h</HostId></Error>"
#define HTML "<html><body><h1>503 Service Temporarily Unavailable</h1><hr></body></html>"
#define BOMB "<!DOCTYPE Error [<!ENTITY a \"SlowDown\">]><Error><Code>&a;</Code></Error>"

struct refusal {
    const char *name;
    int status;
    bool to_head;
    const char *body, *request_id, *query_error, *bucket_region;
    const char *code, *message, *id;
    bool retryable;
};

static const struct refusal xml_refusals[] = {
    {"throttled", 503, false, SLOW, "H1", "", "", "SlowDown", "Please <reduce>", "H1", true},
    {"id in the body", 503, false, SLOW, "", "", "", "SlowDown", "Please <reduce>", "R1", true},
    {"with a name space", 404, false,
     "<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Code>NoSuchBucket</Code></Error>",
     "", "", "", "NoSuchBucket", "", "", false},
    {"nested parts do not count", 400, false,
     "<Error><Code>BadDigest</Code><Detail><Code>Other</Code></Detail></Error>", "", "", "",
     "BadDigest", "", "", true},
    {"the canonical request is not kept", 403, false,
     "<Error><Code>SignatureDoesNotMatch</Code><Message>No match.\nx-amz-security-token:T</Message>"
     "</Error>", "", "", "", "SignatureDoesNotMatch", "No match.", "", false},
    {"lost race", 409, false, "<Error><Code>ConditionalRequestConflict</Code></Error>", "", "", "",
     "ConditionalRequestConflict", "", "", true},
    {"no code", 403, false, "<Error><Message>m</Message></Error>", "", "", "", "AccessDenied", "m",
     "", false},
    {"page of a proxy", 503, false, HTML, "", "", "", "ServiceUnavailable", "", "", true},
    {"page under 404 is no object's absence", 404, false, HTML, "", "", "", "NotFound", "", "",
     false},
    {"other root", 500, false, "<Other><Code>X</Code></Other>", "", "", "", "InternalError", "",
     "", true},
    {"entities are not grown", 500, false, BOMB, "", "", "", "InternalError", "", "", true},
    {"not XML", 502, false, "upstream said no", "", "", "", "BadGateway", "", "", true},
    {"empty 500", 500, false, "", "H2", "", "", "InternalError", "", "H2", true},
    {"empty 404", 404, false, "", "", "", "", "NoSuchKey", "", "", false},
    {"empty 429", 429, false, "", "", "", "", "TooManyRequests", "", "", true},
    {"unknown status", 418, false, "", "", "", "", "Http418", "", "", false},
    {"HEAD 404", 404, true, "", "H3", "", "", "NoSuchKey", "", "H3", false},
    {"HEAD 412", 412, true, "", "", "", "", "PreconditionFailed", "", "", false},
    {"HEAD 403", 403, true, "", "", "", "", "AccessDenied", "", "", false},
    {"HEAD 301", 301, true, "", "", "", "eu-west-1", "PermanentRedirect",
     "the bucket is in region eu-west-1", "", false},
    {"wrong region", 400, false, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>", "",
     "", "eu-west-1", "AuthorizationHeaderMalformed", "the bucket is in region eu-west-1", "",
     false},
};

#define SQS "com.amazonaws.sqs#"

static const struct refusal json_refusals[] = {
    {"by its name", 400, false, "{\"__type\":\"" SQS "QueueDoesNotExist\",\"message\":\"gone\"}",
     "Q1", "", "", "QueueDoesNotExist", "gone", "Q1", false},
    {"by its old name", 400, false,
     "{\"__type\":\"AWS.SimpleQueueService.NonExistentQueue\",\"Message\":\"gone\"}", "", "", "",
     "QueueDoesNotExist", "gone", "", false},
    {"with a URL behind", 400, false,
     "{\"__type\":\"" SQS "OverLimit:http://internal/\",\"message\":null}", "", "", "",
     "OverLimit", "", "", false},
    {"old name in the header alone", 400, false, "{}", "",
     "AWS.SimpleQueueService.NonExistentQueue;Sender", "", "QueueDoesNotExist", "", "", false},
    {"the body wins over the header", 400, false, "{\"__type\":\"" SQS "KmsThrottled\"}", "",
     "KMS.ThrottlingException;Sender", "", "KmsThrottled", "", "", true},
    {"key service, old name", 400, false, "{\"message\":\"m\"}", "",
     "KMS.ThrottlingException;Sender", "", "KmsThrottled", "m", "", true},
    {"throttled", 400, false, "{\"__type\":\"ThrottlingException\"}", "", "", "",
     "ThrottlingException", "", "", true},
    {"escapes", 400, false, "{\"__type\":\"A\\u0042\",\"message\":\"a\\tb \\u00e9\"}", "", "", "",
     "AB", "a\tb \xC3\xA9", "", false},
    {"the canonical request is not kept", 403, false,
     "{\"__type\":\"InvalidSignatureException\",\"message\":\"It does not match.\\n\\nThe "
     "Canonical String\\nx-amz-security-token:T\"}", "", "", "", "InvalidSignatureException",
     "It does not match.", "", false},
    {"with an item, from a table", 400, false,
     "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
     "\"Item\":{\"id\":{\"S\":\"a\"},\"message\":{\"S\":\"b\"}},\"Message\":\"failed\"}",
     "", "", "", "ConditionalCheckFailedException", "failed", "", false},
    {"denied", 403, false, "{\"__type\":\"AccessDenied\",\"x\":{\"y\":[1,2]}}", "", "", "",
     "AccessDenied", "", "", false},
    {"wrong types", 500, false, "{\"__type\":{\"a\":1},\"message\":\"m\"}", "", "", "",
     "InternalError", "", "", true},
    {"message of the wrong type", 500, false, "{\"__type\":\"X\",\"message\":[1]}", "", "", "",
     "InternalError", "", "", true},
    {"cut", 503, false, "{\"__type\":\"" SQS "Queue", "", "", "", "ServiceUnavailable", "", "",
     true},
    {"page of a proxy", 502, false, HTML, "", "", "", "BadGateway", "", "", true},
    {"empty", 504, false, "", "", "", "", "GatewayTimeout", "", "", true},
    {"empty 404", 404, false, "", "", "", "", "NotFound", "", "", false},
};

static struct answer answer_of(const struct refusal *r)
{
    return (struct answer){r->status, r->to_head, bytes_of(r->body), bytes_of(r->request_id),
                           bytes_of(r->query_error), bytes_of(r->bucket_region)};
}

static void check(const struct refusal *r, const struct err *err)
{
    if (strcmp(err->code, r->code) != 0)
        print_error("%s: %s\n", r->name, err->code);
    assert_string_equal(err->code, r->code);
    assert_string_equal(err->message, r->message);
    assert_string_equal(err->request_id, r->id);
    assert_int_equal(err->status, r->status);
    assert_int_equal(err->retryable, r->retryable);
}

static void names_what_s3_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof xml_refusals / sizeof *xml_refusals; i++) {
        struct answer a = answer_of(&xml_refusals[i]);
        struct err err = {.code = "before", .message = "before", .request_id = "before"};
        answer_read_xml(&a, &err);
        check(&xml_refusals[i], &err);
    }
}

static void names_what_sqs_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof json_refusals / sizeof *json_refusals; i++) {
        struct answer a = answer_of(&json_refusals[i]);
        struct err err = {.code = "before", .message = "before", .request_id = "before"};
        answer_read_json(&a, &err);
        check(&json_refusals[i], &err);
    }
}

static void does_not_believe_a_cut_document(void **state)
{
    struct bytes whole = BYTES(SLOW);
    (void)state;
    assert_true(answer_is_xml_error(whole));
    for (size_t len = 0; len < whole.len; len++) {
        struct answer a = {.status = 500, .body = {whole.at, len}};
        struct err err;
        answer_read_xml(&a, &err);
        assert_string_equal(err.code, "InternalError");
        assert_string_equal(err.request_id, "");
        assert_false(answer_is_xml_error(a.body));
    }
}

static void knows_an_error_under_200(void **state)
{
    (void)state;
    assert_true(answer_is_xml_error(BYTES("<Error/>")));
    assert_false(answer_is_xml_error(BYTES("")));
    assert_false(answer_is_xml_error(BYTES("<ListBucketResult/>")));
    assert_false(answer_is_xml_error(BYTES("<Error></Error><more/>")));
    assert_false(answer_is_xml_error(BYTES(HTML)));
}

/* What is longer than the error has room for is cut, not run over. */
static void cuts_what_is_too_long(void **state)
{
    char body[2000];
    struct answer a = {.status = 400};
    struct err err;
    (void)state;
    memset(body, 'x', sizeof body);
    memcpy(body, "<Error><Code>", 13);
    memcpy(body + sizeof body - 15, "</Code></Error>", 15);
    a.body = (struct bytes){body, sizeof body};
    answer_read_xml(&a, &err);
    assert_int_equal(strlen(err.code), sizeof err.code - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(names_what_s3_refuses),
        CHECKED(names_what_sqs_refuses),
        CHECKED(does_not_believe_a_cut_document),
        CHECKED(knows_an_error_under_200),
        CHECKED(cuts_what_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
