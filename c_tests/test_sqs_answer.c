#include "leak_check.h"

#include "aws/sqs_answer.h"
#include "base/log.h"

#include <string.h>

#define URL "https://sqs.us-east-1.amazonaws.com/1/q"

/* ---- received ---- */

#define MD5_ABC "900150983cd24fb0d6963f7d28e17f72"
#define MESSAGE "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r\\/1\",\"MD5OfBody\":\"" MD5_ABC "\"," \
    "\"Body\":\"abc\",\"Attributes\":{\"SentTimestamp\":\"1795383241123\"," \
    "\"ApproximateReceiveCount\":\"3\",\"MessageGroupId\":\"g\",\"SenderId\":\"A\\u0042\"}," \
    "\"MD5OfMessageAttributes\":\"x\",\"MessageAttributes\":{" \
    "\"text\":{\"DataType\":\"String\",\"StringValue\":\"v\\n\"}," \
    "\"number\":{\"StringValue\":\"1.50\",\"DataType\":\"Number\"}," \
    "\"bytes\":{\"DataType\":\"Binary\",\"BinaryValue\":\"AAE=\"}}}"

static void check_pair(const struct pairs *pairs, const char *name, const char *value)
{
    assert_string_equal(pairs_value(pairs, name).at, value);
}

static void reads_all_of_a_message(void **state)
{
    struct queue_op op;
    struct err err = {0};
    const struct message *m;
    (void)state;
    queue_op_init(&op, QUEUE_RECEIVE);
    assert_int_equal(sqs_read_receive(BYTES("{\"Messages\":[" MESSAGE "],\"x\":[{}]}"), &op, &err),
                     0);
    assert_int_equal(op.received_count, 1);
    m = op.received[0];
    assert_string_equal(m->id, "m1");
    assert_string_equal(m->receipt, "r/1");
    assert_string_equal(m->body.at, "abc");
    assert_int_equal(m->body.len, 3);
    assert_int_equal(m->receive_count, 3);
    assert_true(m->sent_at.us == 1795383241123000);
    assert_string_equal(m->group_id, "g");
    check_pair(&m->system, "SenderId", "AB");
    check_pair(&m->attributes, "text", "v\n");
    check_pair(&m->attributes, "number", "1.50");
    check_pair(&m->attributes, "bytes", "AAE=");
    assert_int_equal(m->attributes.count, 3);
    queue_op_free(&op);
}

#define PLAIN(id, body) "{\"MessageId\":\"" id "\",\"ReceiptHandle\":\"r\",\"Body\":\"" body "\"}"
#define TEN PLAIN("0", "x") "," PLAIN("1", "x") "," PLAIN("2", "x") "," PLAIN("3", "x") "," \
    PLAIN("4", "x") "," PLAIN("5", "x") "," PLAIN("6", "x") "," PLAIN("7", "x") "," \
    PLAIN("8", "x") "," PLAIN("9", "x")

struct receive_case {
    const char *answer;
    int count;                       /* -1: refused */
    const char *ids;
};

static const struct receive_case receives[] = {
    {"{}", 0, ""},
    {" {\"Messages\":[]} ", 0, ""},
    {"{\"Other\":{\"Messages\":[1]}}", 0, ""},
    {"{\"Messages\":[" PLAIN("a", "") "," PLAIN("b", "\\u0000") "]}", 2, "ab"},
    {"{\"Messages\":[" TEN "," PLAIN("X", "x") "]}", 10, "0123456789"},
    {"{\"Messages\":[{\"MessageId\":\"a\",\"ReceiptHandle\":\"r\"}," PLAIN("b", "x") "]}", 1, "b"},
    {"{\"Messages\":[{\"MessageId\":\"a\",\"Body\":\"x\"}," PLAIN("b", "x") "]}", 1, "b"},
    {"{\"Messages\":[{\"ReceiptHandle\":\"a\",\"Body\":\"x\"},{}," PLAIN("b", "x") "]}", 1, "b"},
    {"{\"Messages\":[{\"MessageId\":\"a\",\"ReceiptHandle\":\"r\",\"Body\":\"abd\","
     "\"MD5OfBody\":\"" MD5_ABC "\"}," MESSAGE "]}", 1, "m1"},
    {"{\"Messages\":[{\"MessageId\":\"a\",\"ReceiptHandle\":\"r\",\"Body\":\"abc\","
     "\"MD5OfBody\":\"900150983CD24FB0D6963F7D28E17F72\",\"Attributes\":{"
     "\"ApproximateReceiveCount\":\"many\"}}]}", 1, "a"},
    {"", -1, ""},
    {"[]", -1, ""},
    {"null", -1, ""},
    {"{\"Messages\":null}", -1, ""},
    {"{\"Messages\":{}}", -1, ""},
    {"{\"Messages\":[null]}", -1, ""},
    {"{\"Messages\":[[]]}", -1, ""},
    {"{\"Messages\":[" PLAIN("a", "x") ",{\"MessageId\":1}]}", -1, ""},
    {"{\"Messages\":[{\"Body\":null}]}", -1, ""},
    {"{\"Messages\":[{\"Attributes\":[]}]}", -1, ""},
    {"{\"Messages\":[{\"MessageAttributes\":{\"a\":\"b\"}}]}", -1, ""},
    {"{\"Messages\":[" PLAIN("a", "\\ud800") "]}", -1, ""},
    {"{} {}", -1, ""},
    {"<html>", -1, ""},
};

static void check_received(const struct receive_case *c)
{
    struct queue_op op;
    struct err err = {0};
    char ids[64] = "";
    queue_op_init(&op, QUEUE_RECEIVE);
    if (sqs_read_receive(bytes_of(c->answer), &op, &err) != (c->count < 0 ? -1 : 0))
        fail_msg("%s: %s", c->answer, err.message);
    assert_int_equal(op.received_count, c->count < 0 ? 0 : c->count);
    for (size_t i = 0; i < op.received_count; i++)
        strncat(ids, op.received[i]->id, sizeof ids - strlen(ids) - 1);
    assert_string_equal(ids, c->ids);
    assert_string_equal(err.code, c->count < 0 ? "bad_answer" : "");
    assert_int_equal(err.retryable, c->count < 0);
    queue_op_free(&op);
}

static void reads_what_was_received(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof receives / sizeof *receives; i++)
        check_received(&receives[i]);
}

static void keeps_the_bytes_of_a_body(void **state)
{
    struct queue_op op;
    struct err err;
    (void)state;
    queue_op_init(&op, QUEUE_RECEIVE);
    assert_int_equal(sqs_read_receive(BYTES("{\"Messages\":["
                                            PLAIN("a", "x\\u0000\\\"\\ud83d\\ude00") "]}"),
                                      &op, &err), 0);
    assert_int_equal(op.received[0]->body.len, 7);
    assert_memory_equal(op.received[0]->body.at, "x\0\"\xF0\x9F\x98\x80", 8);
    assert_int_equal(op.received[0]->receive_count, 1);
    assert_null(op.received[0]->group_id);
    queue_op_free(&op);
}

/* ---- batches ---- */

#define SENDER_FAULT ",\"SenderFault\":true"

struct batch_case {
    const char *answer;
    const char *codes[3];            /* of the entries 0, 1 and 2, of which 2 was not asked */
    bool retryable[2];
};

static const struct batch_case batches[] = {
    {"{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}", {"", "", "old"}, {false, false}},
    {"{\"Successful\":[{\"Id\":\"1\",\"MessageId\":\"m\"}],\"Failed\":[{\"Id\":\"0\",\"Code\":"
     "\"InternalError\",\"Message\":\"m\",\"SenderFault\":false}]}",
     {"InternalError", "", "old"}, {true, false}},
    {"{\"Failed\":[{\"Id\":\"0\",\"Code\":\"ReceiptHandleIsInvalid\"" SENDER_FAULT "},"
     "{\"Id\":\"1\",\"Code\":\"AWS.SimpleQueueService.MessageNotInflight\",\"Message\":null"
     SENDER_FAULT "}],\"Successful\":[]}",
     {"ReceiptHandleIsInvalid", "MessageNotInflight", "old"}, {false, false}},
    {"{\"Successful\":[{\"Id\":\"0\"}]}", {"", "unconfirmed", "old"}, {false, true}},
    {"{}", {"unconfirmed", "unconfirmed", "old"}, {true, true}},
    {"{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}],\"Failed\":[{\"Id\":\"0\",\"Code\":\"X\"}]}",
     {"X", "", "old"}, {true, false}},
    {"{\"Failed\":[{\"Id\":\"0\",\"Code\":\"X\"}],\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}",
     {"X", "", "old"}, {true, false}},
    {"{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"},{\"Id\":\"2\"},{\"Id\":\"9\"},{\"Id\":\"x\"},"
     "{\"Id\":\"-1\"},{\"Id\":\"99999999999\"},{}]}", {"", "", "old"}, {false, false}},
    {"{\"Failed\":[{\"Id\":\"1\"}]}", {"unconfirmed", "Failed", "old"}, {true, true}},
};

static const char *const bad_batches[] = {
    "", "[]", "null", "{\"Successful\":null}", "{\"Successful\":{}}", "{\"Successful\":[\"0\"]}",
    "{\"Successful\":[{\"Id\":0}]}", "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":\"true\"}]}",
    "{\"Failed\":[{\"Id\":\"0\",\"Code\":null}]}",
    "{\"Failed\":[{\"Id\":\"0\",\"Message\":{\"Id\":\"1\"}}]}",
};

static void init_batch(struct queue_op *op)
{
    queue_op_init(op, QUEUE_DELETE);
    op->entry_count = 3;
    for (size_t i = 0; i < 3; i++)
        err_set(&op->entries[i].err, "old", "left from before");
}

static void reads_each_entry(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        const struct batch_case *c = &batches[i];
        struct queue_op op;
        struct err err = {0};
        init_batch(&op);
        assert_int_equal(sqs_read_batch(bytes_of(c->answer), &op, 3, &err), 0);
        for (size_t n = 0; n < 3; n++)
            assert_string_equal(op.entries[n].err.code, c->codes[n]);
        for (size_t n = 0; n < 2; n++)
            assert_int_equal(op.entries[n].err.retryable, c->retryable[n]);
    }
}

static void refuses_batches_of_another_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_batches / sizeof *bad_batches; i++) {
        struct queue_op op;
        struct err err = {0};
        init_batch(&op);
        if (sqs_read_batch(bytes_of(bad_batches[i]), &op, 3, &err) == 0)
            fail_msg("%s was taken", bad_batches[i]);
        assert_string_equal(err.code, "bad_answer");
        assert_true(err.retryable);
        assert_string_equal(op.entries[0].err.code, "unconfirmed");
    }
}

/* ---- the queue ---- */

#define ARN "arn:aws:sqs:us-east-1:123456789012:widgets-dead"
#define SETTINGS "{\"Attributes\":{\"VisibilityTimeout\":\"45\",\"FifoQueue\":\"true\"," \
    "\"ApproximateNumberOfMessages\":\"12\",\"ApproximateNumberOfMessagesNotVisible\":\"3\"," \
    "\"ApproximateNumberOfMessagesDelayed\":\"0\",\"QueueArn\":\"a:b\",\"RedrivePolicy\":" \
    "\"{\\\"deadLetterTargetArn\\\":\\\"" ARN "\\\",\\\"maxReceiveCount\\\":\\\"5\\\"}\"}}"

static void reads_the_settings(void **state)
{
    struct queue_settings s = {0};
    struct err err;
    (void)state;
    assert_int_equal(sqs_read_settings(BYTES(SETTINGS), &s, &err), 0);
    assert_int_equal(s.visibility_s, 45);
    assert_int_equal(s.max_receives, 5);
    assert_string_equal(s.dead_letter, "sqs://widgets-dead");
    assert_true(s.fifo);
    assert_int_equal(s.visible, 12);
    assert_int_equal(s.in_flight, 3);
    assert_int_equal(s.delayed, 0);
    assert_int_equal(sqs_read_settings(BYTES("{\"Attributes\":{\"RedrivePolicy\":"
                                             "\"{\\\"maxReceiveCount\\\":7}\"}}"), &s, &err), 0);
    assert_int_equal(s.max_receives, 7);
    assert_null(s.dead_letter);
    assert_int_equal(s.visibility_s, -1);
    assert_int_equal(s.visible, -1);
    assert_false(s.fifo);
    assert_int_equal(sqs_read_settings(BYTES("{}"), &s, &err), 0);
    assert_int_equal(s.max_receives, 0);
}

static void refuses_settings_of_another_shape(void **state)
{
    static const char *const bad[] = {
        "", "[]", "{\"Attributes\":null}", "{\"Attributes\":[]}",
        "{\"Attributes\":{\"VisibilityTimeout\":45}}",
        "{\"Attributes\":{\"VisibilityTimeout\":\"soon\"}}",
        "{\"Attributes\":{\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"a\\\"\"}}",
        "{\"Attributes\":{\"RedrivePolicy\":\"{\\\"maxReceiveCount\\\":[5]}\"}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct queue_settings s = {.max_receives = 9};
        struct err err = {0};
        if (sqs_read_settings(bytes_of(bad[i]), &s, &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_string_equal(err.code, "bad_answer");
        assert_int_equal(s.max_receives, 9);
        assert_null(s.dead_letter);
    }
}

static void reads_the_url(void **state)
{
    static const char *const bad[] = {"", "{}", "{\"QueueUrl\":\"\"}", "{\"QueueUrl\":null}", "[]"};
    struct err err = {0};
    char *url = NULL;
    (void)state;
    assert_int_equal(sqs_read_url(BYTES("{\"QueueUrl\":\"http:\\/\\/h\\/1\\/q\"}"), &url, &err), 0);
    assert_string_equal(url, "http://h/1/q");
    mem_free(url);
    url = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sqs_read_url(bytes_of(bad[i]), &url, &err), -1);
        assert_string_equal(err.code, "bad_answer");
        assert_null(url);
    }
}

/* ---- cuts ---- */

static int read_any(size_t kind, struct bytes body, struct err *err)
{
    struct queue_op op;
    char *url = NULL;
    int rc;
    init_batch(&op);
    if (kind == 0)
        rc = sqs_read_receive(body, &op, err);
    else if (kind == 1)
        rc = sqs_read_batch(body, &op, 7, err);
    else if (kind == 2)
        rc = sqs_read_settings(body, &op.settings, err);
    else
        rc = sqs_read_url(body, &url, err);
    mem_free(url);
    queue_op_free(&op);
    return rc;
}

static void refuses_every_cut(void **state)
{
    static const char *const whole[] = {
        "{\"Messages\":[" MESSAGE "," PLAIN("b", "x") "]}",
        "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"Code\":\"X\",\"Message\":"
        "\"m\\n\"" SENDER_FAULT "}]}",
        SETTINGS,
        "{\"QueueUrl\":\"" URL "\"}",
    };
    (void)state;
    for (size_t kind = 0; kind < sizeof whole / sizeof *whole; kind++) {
        struct bytes all = bytes_of(whole[kind]);
        struct err err;
        assert_int_equal(read_any(kind, all, &err), 0);
        for (size_t len = 0; len < all.len; len++) {
            err_clear(&err);
            assert_int_equal(read_any(kind, (struct bytes){all.at, len}, &err), -1);
            assert_string_equal(err.code, "bad_answer");
            assert_true(err.retryable);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(reads_all_of_a_message),
        CHECKED(reads_what_was_received),
        CHECKED(keeps_the_bytes_of_a_body),
        CHECKED(reads_each_entry),
        CHECKED(refuses_batches_of_another_shape),
        CHECKED(reads_the_settings),
        CHECKED(refuses_settings_of_another_shape),
        CHECKED(reads_the_url),
        CHECKED(refuses_every_cut),
    };
    log_set_level(LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
