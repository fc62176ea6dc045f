#include "aws_rig.h"

#include "../src/aws/sqs.c"

#define ADDRESS "http://sqs.local/1/q"
#define FOUND ANSWER("200 OK", "", "{\"QueueUrl\":\"" ADDRESS "\"}")
#define NOTHING ANSWER("200 OK", "", "{}")

static struct queue *open_queue(struct rig *r, const char *name)
{
    struct err err;
    struct queue *q = sqs_queue(&r->client, bytes_of(name), &err);
    assert_non_null(q);
    return q;
}

static void run(struct rig *r, struct queue *q, struct queue_op *op)
{
    queue_start(q, op, (struct monotime){1});
    rig_wait(r, &op->op);
}

/* Asks a queue by its URL, and expects that outcome after so many requests in all. */
static void expect(struct rig *r, struct queue_op *op, const char *code, int requests)
{
    struct queue *q = open_queue(r, ADDRESS);
    run(r, q, op);
    assert_code(&op->op.err, code);
    assert_int_equal(server_requests(&r->server), requests);
    queue_free(q);
}

static void receive_init(struct queue_op *op)
{
    queue_op_init(op, QUEUE_RECEIVE);
    op->want = 10;
    op->wait_s = 1;
}

static void batch_init(struct queue_op *op, enum queue_verb verb, size_t count)
{
    queue_op_init(op, verb);
    op->entry_count = count;
    for (size_t i = 0; i < count; i++)
        op->entries[i] = (struct queue_entry){.receipt = BYTES("r"), .body = BYTES("b")};
}

static void assert_asked(const struct rig *r, size_t n, const char *target, const char *body)
{
    assert_string_equal(rig_header(r, n, "X-Amz-Target"), target);
    assert_int_equal(r->server.log->seen[n].body_len, strlen(body));
    assert_int_equal(r->server.log->seen[n].body_sum, body_sum(0, body, strlen(body)));
}

/* ---- the place ---- */

static void names_itself(void **state)
{
    static const char *const cases[][3] = {
        {"q", "sqs://q", NULL},
        {"sqs://widget-requests_1", "sqs://widget-requests_1", NULL},
        {"q.fifo", "sqs://q.fifo", NULL},
        {ADDRESS, ADDRESS, ADDRESS},
        {"https://sqs.us-east-1.amazonaws.com/1/q.fifo",
         "https://sqs.us-east-1.amazonaws.com/1/q.fifo",
         "https://sqs.us-east-1.amazonaws.com/1/q.fifo"},
    };
    struct rig *r = *state;
    rig_client(r, "sqs", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct queue *q = open_queue(r, cases[i][0]);
        const struct sqs *sqs = (struct sqs *)q;
        assert_string_equal(q->url, cases[i][1]);
        assert_string_equal(sqs->queue_url ? sqs->queue_url : "none",
                            cases[i][2] ? cases[i][2] : "none");
        assert_int_equal(sqs->fifo, strstr(cases[i][0], ".fifo") != NULL);
        queue_free(q);
    }
}

static void refuses_bad_places(void **state)
{
    static const struct bytes bad[] = {
        {"", 0}, {"sqs://", 6}, {"a b", 3}, {"a/b", 3}, {"a.b", 3}, {".fifo", 5}, {"a\0b", 3},
        {"http://", 7}, {"https://h", 9}, {"https://h/", 10}, {"https:///1/q", 12},
        {"https://h/1/q?x=1", 17}, {"https://h/1/a\nb", 15}, {"https://h/1/a\"b", 15},
        {"ftp://h/1/q", 11}, {"https://u:p@h/1/q", 17},
        {"0123456789012345678901234567890123456789012345678901234567890123456789012345678901", 82},
    };
    struct rig *r = *state;
    struct err err = {0};
    rig_client(r, "sqs", 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(sqs_queue(&r->client, bad[i], &err));
        assert_code(&err, "BadPlace");
    }
    r->client.endpoint.configured = false;
    assert_null(sqs_queue(&r->client, BYTES(ADDRESS), &err));
    assert_code(&err, "BadPlace");
}

static void warns_of_another_region(void **state)
{
    static const struct {
        const char *url;
        bool configured, warned;
    } cases[] = {
        {"https://sqs.eu-west-1.amazonaws.com/1/q", false, true},
        {"https://sqs.us-east-1.amazonaws.com/1/q", false, false},
        {"https://sqs.eu-west-1.amazonaws.com/1/q", true, false},
        {"q", false, false},
    };
    struct rig *r = *state;
    rig_client(r, "sqs", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capture capture;
        char log[1024];
        r->client.endpoint.configured = cases[i].configured;
        capture = capture_log(LOG_WARN);
        queue_free(open_queue(r, cases[i].url));
        fputs("\n", stderr);
        captured_log(&capture, log, sizeof log);
        assert_int_equal(strstr(log, "names sqs.eu-west-1.amazonaws.com") != NULL, cases[i].warned);
    }
}

/* ---- the URL ---- */

static void looks_its_url_up_once(void **state)
{
    struct rig *r = *state;
    struct queue *q;
    struct queue_op op;
    RIG_SERVE(r, "sqs", FOUND, NOTHING);
    q = open_queue(r, "q");
    for (int i = 0; i < 2; i++) {
        batch_init(&op, QUEUE_DELETE, 1);
        run(r, q, &op);
        assert_code(&op.op.err, "");
        assert_code(&op.entries[0].err, "unconfirmed");
        queue_op_free(&op);
    }
    assert_int_equal(server_requests(&r->server), 3);
    assert_asked(r, 0, "AmazonSQS.GetQueueUrl", "{\"QueueName\":\"q\"}");
    for (size_t n = 1; n < 3; n++)
        assert_asked(r, n, "AmazonSQS.DeleteMessageBatch", "{\"QueueUrl\":\"" ADDRESS
                     "\",\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"r\"}]}");
    assert_string_equal(rig_header(r, 1, "Content-Type"), "application/x-amz-json-1.0");
    assert_string_equal(rig_header(r, 1, "x-amzn-query-mode"), "true");
    assert_ptr_equal(strstr(rig_seen(r, 1), "POST / HTTP/1.1\r\n"), rig_seen(r, 1));
    queue_free(q);
}

static void looks_up_for_each_that_cannot_wait(void **state)
{
    struct rig *r = *state;
    struct queue *q;
    struct queue_op a, b;
    size_t lookups = 0;
    RIG_SERVE(r, "sqs", FOUND);          /* to a receive it says: no messages */
    q = open_queue(r, "q");
    receive_init(&a);
    receive_init(&b);
    queue_start(q, &a, (struct monotime){1});
    queue_start(q, &b, (struct monotime){1});
    rig_wait(r, &a.op);
    rig_wait(r, &b.op);
    assert_code(&a.op.err, "");
    assert_code(&b.op.err, "");
    assert_int_equal(server_requests(&r->server), 4);
    for (int i = 0; i < 4; i++)
        lookups += strstr(rig_seen(r, i), "AmazonSQS.GetQueueUrl") != NULL;
    assert_int_equal(lookups, 2);
    queue_free(q);
}

static void says_that_there_is_no_such_queue(void **state)
{
    struct rig *r = *state;
    struct queue *q;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("400 Bad Request", "x-amzn-query-error: "
                               "AWS.SimpleQueueService.NonExistentQueue;Sender\r\n", "{}"));
    q = open_queue(r, "q");
    queue_op_init(&op, QUEUE_SETTINGS);
    run(r, q, &op);
    assert_code(&op.op.err, "QueueDoesNotExist");
    assert_false(op.op.err.retryable);
    assert_int_equal(server_requests(&r->server), 1);
    queue_free(q);
}

/* ---- receive ---- */

#define MESSAGE "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"b\"}"

static void receives(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("500 Oops", "", ""),
              ANSWER("200 OK", "", "{\"Messages\":[" MESSAGE "]}"));
    receive_init(&op);
    expect(r, &op, "", 2);
    assert_int_equal(op.received_count, 1);
    assert_string_equal(op.received[0]->id, "m");
    assert_true(op.asked_at.us > 1 && op.asked_at.us <= loop_now(r->loop).us);
    assert_asked(r, 0, "AmazonSQS.ReceiveMessage", "{\"QueueUrl\":\"" ADDRESS
                 "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":1,"
                 "\"MessageSystemAttributeNames\":[\"All\"],\"AttributeNames\":[\"All\"],"
                 "\"MessageAttributeNames\":[\"All\"]}");
    queue_op_free(&op);
}

static void does_not_take_nonsense_for_nothing(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("200 OK", "", "{\"Messages\":[" MESSAGE ","),
              ANSWER("200 OK", "", "[]"), ANSWER("200 OK", "", ""));
    receive_init(&op);
    expect(r, &op, "bad_answer", 3);
    assert_int_equal(op.received_count, 0);
    assert_true(op.op.err.retryable);
    queue_op_free(&op);
}

static void waits_longer_than_the_queue(void **state)
{
    struct queue_op op;
    (void)state;
    receive_init(&op);
    op.wait_s = 20;
    assert_true(time_for(&op) == 30 * SECOND_US);
    op.wait_s = 0;
    assert_true(time_for(&op) == 10 * SECOND_US);
    op.verb = QUEUE_DELETE;
    assert_true(time_for(&op) == 30 * SECOND_US);
}

/* ---- batches ---- */

static void tells_of_each_entry(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs",
              ANSWER("200 OK", "", "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\","
                     "\"Code\":\"ReceiptHandleIsInvalid\",\"SenderFault\":true}]}"));
    batch_init(&op, QUEUE_RELEASE, 2);
    err_set(&op.entries[0].err, "old", "left from before");
    expect(r, &op, "", 1);
    assert_code(&op.entries[0].err, "");
    assert_code(&op.entries[1].err, "ReceiptHandleIsInvalid");
    assert_string_equal(rig_header(r, 0, "X-Amz-Target"), "AmazonSQS.ChangeMessageVisibilityBatch");
    queue_op_free(&op);
}

static void tells_of_a_batch_that_failed_as_one(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("403 Forbidden", "", "{\"__type\":\"AccessDenied\"}"));
    batch_init(&op, QUEUE_DELETE, 2);
    expect(r, &op, "AccessDenied", 1);
    queue_op_free(&op);
}

static void asks_nothing_about_nothing(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", NOTHING);
    batch_init(&op, QUEUE_DELETE, 0);
    expect(r, &op, "", 0);
    batch_init(&op, QUEUE_SEND, 1);
    op.entries[0].body = BYTES("\x01");
    expect(r, &op, "", 0);
    assert_code(&op.entries[0].err, "InvalidMessageContents");
    queue_op_free(&op);
}

/* Three messages of 600 KB are three calls; what became of the first is not forgotten when the
 * second fails. */
static void sends_a_large_batch_in_parts(void **state)
{
    static char body[600 * 1000];
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("200 OK", "", "{\"Successful\":[{\"Id\":\"0\"}]}"),
              ANSWER("200 OK", "", "{\"Successful\":[{\"Id\":\"1\"}]}"),
              ANSWER("200 OK", "", "{\"Successful\":[{\"Id\":\"2\"}]}"),
              ANSWER("200 OK", "", "{\"Successful\":[{\"Id\":\"0\"}]}"),
              ANSWER("403 Forbidden", "", "{\"__type\":\"AccessDenied\"}"));
    memset(body, 'x', sizeof body);
    batch_init(&op, QUEUE_SEND, 3);
    for (size_t i = 0; i < 3; i++)
        op.entries[i].body = (struct bytes){body, sizeof body};
    expect(r, &op, "", 3);
    for (size_t i = 0; i < 3; i++)
        assert_code(&op.entries[i].err, "");
    expect(r, &op, "", 5);
    assert_code(&op.entries[0].err, "");
    assert_code(&op.entries[1].err, "AccessDenied");
    assert_code(&op.entries[2].err, "AccessDenied");
    queue_op_free(&op);
}

static void reads_settings(void **state)
{
    struct rig *r = *state;
    struct queue_op op;
    RIG_SERVE(r, "sqs", ANSWER("200 OK", "", "{\"Attributes\":{\"VisibilityTimeout\":\"7\"}}"));
    queue_op_init(&op, QUEUE_SETTINGS);
    expect(r, &op, "", 1);
    assert_int_equal(op.settings.visibility_s, 7);
    assert_asked(r, 0, "AmazonSQS.GetQueueAttributes",
                 "{\"QueueUrl\":\"" ADDRESS "\",\"AttributeNames\":[\"All\"]}");
    queue_op_free(&op);
}

/* ---- aborts ---- */

static void stops_when_told(void **state)
{
    struct rig *r = *state;
    struct queue *q;
    struct queue_op op;
    RIG_SERVE(r, "sqs", FOUND, {"HTTP/1.1 200 OK\r\n\r\n", 0, HOLD});
    q = open_queue(r, "q");
    receive_init(&op);
    queue_start(q, &op, (struct monotime){1});
    queue_op_free(&op);
    receive_init(&op);
    queue_start(q, &op, (struct monotime){1});
    while (server_requests(&r->server) < 2)
        loop_turn(r->loop, 1000);
    queue_op_free(&op);
    queue_op_free(&op);
    queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(names_itself),
        RIG_TEST(refuses_bad_places),
        RIG_TEST(warns_of_another_region),
        RIG_TEST(looks_its_url_up_once),
        RIG_TEST(looks_up_for_each_that_cannot_wait),
        RIG_TEST(says_that_there_is_no_such_queue),
        RIG_TEST(receives),
        RIG_TEST(does_not_take_nonsense_for_nothing),
        RIG_TEST(waits_longer_than_the_queue),
        RIG_TEST(tells_of_each_entry),
        RIG_TEST(tells_of_a_batch_that_failed_as_one),
        RIG_TEST(asks_nothing_about_nothing),
        RIG_TEST(sends_a_large_batch_in_parts),
        RIG_TEST(reads_settings),
        RIG_TEST(stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
