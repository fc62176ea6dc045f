#include "leak_check.h"

#include "aws/sqs_question.h"
#include "base/buf.h"

#include <string.h>

#define URL "https://sqs.us-east-1.amazonaws.com/1/q"

static void check_text(struct buf *out, const char *expected)
{
    assert_string_equal(buf_string(out), expected);
    buf_clear(out);
}

static void asks_for_one_thing(void **state)
{
    struct queue_op op;
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(sqs_ask_url(&out, "a\"b"), 0);
    check_text(&out, "{\"QueueName\":\"a\\\"b\"}");
    assert_int_equal(sqs_ask_settings(&out, URL), 0);
    check_text(&out, "{\"QueueUrl\":\"" URL "\",\"AttributeNames\":[\"All\"]}");
    queue_op_init(&op, QUEUE_RECEIVE);
    op.want = 10;
    op.wait_s = 20;
    assert_int_equal(sqs_ask_receive(&out, URL, &op), 0);
    check_text(&out, "{\"QueueUrl\":\"" URL "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
               "\"MessageSystemAttributeNames\":[\"All\"],\"AttributeNames\":[\"All\"],"
               "\"MessageAttributeNames\":[\"All\"]}");
    op.visibility_s = 0;
    assert_int_equal(sqs_ask_receive(&out, "u", &op), 0);
    assert_non_null(strstr(buf_string(&out), "\"WaitTimeSeconds\":20,\"VisibilityTimeout\":0,"));
    buf_clear(&out);
    assert_int_equal(sqs_ask_url(&out, "\xFF"), -1);
    buf_free(&out);
}

static void asks_about_entries(void **state)
{
    struct queue_op op;
    struct buf out;
    unsigned left = 7, asked;
    (void)state;
    buf_init(&out, 4096);
    queue_op_init(&op, QUEUE_DELETE);
    op.entry_count = 3;
    for (size_t i = 0; i < 3; i++)
        op.entries[i] = (struct queue_entry){.receipt = BYTES("same"), .delay_s = 10 * (int)i};
    assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
    assert_int_equal(asked, 7);
    assert_int_equal(left, 0);
    check_text(&out, "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"same\"},"
               "{\"Id\":\"1\",\"ReceiptHandle\":\"same\"},"
               "{\"Id\":\"2\",\"ReceiptHandle\":\"same\"}]}");
    for (int i = 0; i < 2; i++) {
        op.verb = i ? QUEUE_RELEASE : QUEUE_EXTEND;
        left = 5;
        assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
        assert_int_equal(asked, 5);
        check_text(&out, "{\"QueueUrl\":\"u\",\"Entries\":["
                   "{\"Id\":\"0\",\"ReceiptHandle\":\"same\",\"VisibilityTimeout\":0},"
                   "{\"Id\":\"2\",\"ReceiptHandle\":\"same\",\"VisibilityTimeout\":20}]}");
    }
    buf_free(&out);
}

/* SHA-256 of "abc" */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void sends_messages(void **state)
{
    struct queue_op op;
    struct pairs attributes = {0};
    struct buf out;
    unsigned left = 3, asked;
    (void)state;
    buf_init(&out, 4096);
    pairs_set(&attributes, "reason", "a\tb");
    pairs_set(&attributes, "from", "\xC3\xA9");
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 2;
    op.entries[0] = (struct queue_entry){.body = BYTES("{\"a\":1}\n"), .id = BYTES("not sent"),
                                         .attributes = &attributes};
    op.entries[1] = (struct queue_entry){.body = BYTES("abc"), .delay_s = 900,
                                         .group_id = BYTES("g")};
    assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
    check_text(&out, "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"0\",\"MessageBody\":"
               "\"{\\\"a\\\":1}\\n\",\"MessageAttributes\":{"
               "\"reason\":{\"DataType\":\"String\",\"StringValue\":\"a\\tb\"},"
               "\"from\":{\"DataType\":\"String\",\"StringValue\":\"\xC3\xA9\"}}},"
               "{\"Id\":\"1\",\"MessageBody\":\"abc\",\"DelaySeconds\":900,"
               "\"MessageGroupId\":\"g\"}]}");
    op.entries[1].delay_s = 0;
    left = 2;
    assert_int_equal(sqs_ask_batch(&out, "u", &op, true, &left, &asked), 0);
    check_text(&out, "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"1\",\"MessageBody\":\"abc\","
               "\"MessageGroupId\":\"g\",\"MessageDeduplicationId\":"
               "\"" ABC "\"}]}");
    op.entries[1] = (struct queue_entry){.body = BYTES("other"), .id = BYTES("abc")};
    left = 2;
    assert_int_equal(sqs_ask_batch(&out, "u", &op, true, &left, &asked), 0);
    check_text(&out, "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"1\",\"MessageBody\":\"other\","
               "\"MessageGroupId\":\"" ABC "\",\"MessageDeduplicationId\":\"" ABC "\"}]}");
    pairs_free(&attributes);
    buf_free(&out);
}

/* One message that SQS would refuse costs the others nothing. */
static void keeps_back_what_cannot_be_sent(void **state)
{
    static const struct {
        struct bytes body;
        const char *code;            /* "": it is sent */
    } bodies[] = {
        {{"", 0}, "InvalidMessageContents"},
        {{"a\0b", 3}, "InvalidMessageContents"},
        {{"\x1b[31m", 5}, "InvalidMessageContents"},
        {{"\xC3", 1}, "InvalidMessageContents"},
        {{"\xED\xA0\x80", 3}, "InvalidMessageContents"},
        {{"x\xEF\xBF\xBE", 4}, "InvalidMessageContents"},
        {{"\xEF\xBF\xBF", 3}, "InvalidMessageContents"},
        {{"\xEF\xBF\xBD \t\r\n\x7f", 8}, ""},
        {{"\xF0\x9F\x98\x80", 4}, ""},
    };
    enum { COUNT = sizeof bodies / sizeof *bodies };
    struct queue_op op;
    struct buf out;
    unsigned left = (1u << COUNT) - 1, asked;
    (void)state;
    buf_init(&out, 4096);
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = COUNT;
    for (size_t i = 0; i < COUNT; i++)
        op.entries[i].body = bodies[i].body;
    assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
    assert_int_equal(left, 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_string_equal(op.entries[i].err.code, bodies[i].code);
        assert_false(op.entries[i].err.retryable);
        assert_int_equal(asked >> i & 1, !bodies[i].code[0]);
    }
    buf_free(&out);
}

static void keeps_back_attributes_without_value(void **state)
{
    struct pairs attributes = {0};
    struct queue_op op;
    struct buf out;
    unsigned left = 1, asked;
    (void)state;
    buf_init(&out, 4096);
    pairs_set(&attributes, "empty", "");
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 1;
    op.entries[0] = (struct queue_entry){.body = BYTES("b"), .attributes = &attributes};
    assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
    assert_int_equal(asked, 0);
    assert_string_equal(op.entries[0].err.code, "InvalidMessageContents");
    pairs_free(&attributes);
    buf_free(&out);
}

/* Five messages of 400 KiB are three calls; one over the limit is none. */
static void splits_by_size(void **state)
{
    static const unsigned calls[] = {3, 12, 16};
    size_t size = 400 * 1024;
    char *body = mem_array(SQS_BATCH_MAX + 1, 1);
    struct queue_op op;
    struct buf out;
    unsigned left = 63, asked;
    (void)state;
    memset(body, '"', SQS_BATCH_MAX + 1);
    queue_op_init(&op, QUEUE_SEND);
    op.entry_count = 6;
    for (size_t i = 0; i < 5; i++)
        op.entries[i].body = (struct bytes){body, size};
    op.entries[5].body = (struct bytes){body, SQS_BATCH_MAX + 1};
    buf_init(&out, SQS_QUESTION_MAX);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        buf_clear(&out);
        assert_int_equal(sqs_ask_batch(&out, "u", &op, false, &left, &asked), 0);
        assert_int_equal(asked, calls[i]);
    }
    assert_int_equal(left, 0);
    assert_string_equal(op.entries[5].err.code, "MessageTooLong");
    buf_free(&out);
    mem_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(asks_for_one_thing),
        CHECKED(asks_about_entries),
        CHECKED(sends_messages),
        CHECKED(keeps_back_what_cannot_be_sent),
        CHECKED(keeps_back_attributes_without_value),
        CHECKED(splits_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
