#include "aws/sqs_answer.h"

#include "aws/answer.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/log.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int unusable(const struct json *j, struct err *err)
{
    err_set(err, "bad_answer", "the answer of SQS cannot be used: %s", j->problem);
    err->retryable = true;
    return -1;
}

static void copy(char *out, size_t size, struct bytes text)
{
    snprintf(out, size, "%.*s", text.len < size ? (int)text.len : (int)size - 1, text.at);
}

/* The next value, a string, for good. The reader has no scratch: escapes are still in it. */
static struct bytes take(struct json *j)
{
    struct bytes text = json_text(j);
    char *out = mem_slice(text.at, text.len);
    if (j->escaped) {
        text.len = json_unescape(text, out);
        out[text.len] = 0;
    }
    return (struct bytes){out, text.len};
}

static void take_into(struct json *j, char **where)
{
    mem_free(*where);
    *where = (char *)take(j).at;
}

static void take_pair(struct json *j, struct pairs *pairs, struct bytes name)
{
    struct bytes value = json_text(j);
    char *plain = NULL;
    if (j->escaped) {
        plain = mem_slice(value.at, value.len);
        value = (struct bytes){plain, json_unescape(value, plain)};
    }
    pairs_add(pairs, name, value);
    mem_free(plain);
}

/* ---- receive ---- */

/* The newest of StringValue and BinaryValue: SQS sends one of them. */
static void read_attribute(struct json *j, struct pairs *attributes)
{
    struct bytes name = j->key;
    json_object(j);
    while (json_member(j))
        if (json_named(j, "StringValue") || json_named(j, "BinaryValue"))
            take_pair(j, attributes, name);
}

static void read_member(struct json *j, struct message *m, char md5[MD5_HEX])
{
    if (json_named(j, "MessageId")) {
        take_into(j, &m->id);
    } else if (json_named(j, "ReceiptHandle")) {
        take_into(j, &m->receipt);
    } else if (json_named(j, "MD5OfBody")) {
        copy(md5, MD5_HEX, json_text(j));
    } else if (json_named(j, "Body")) {
        mem_free((void *)m->body.at);
        m->body = take(j);
    } else if (json_named(j, "Attributes")) {
        for (json_object(j); json_member(j);)
            take_pair(j, &m->system, j->key);
    } else if (json_named(j, "MessageAttributes")) {
        for (json_object(j); json_member(j);)
            read_attribute(j, &m->attributes);
    }
}

static void read_system(struct message *m)
{
    struct bytes group = pairs_value(&m->system, "MessageGroupId");
    int64_t count, ms;
    if (!bytes_to_int64(pairs_value(&m->system, "ApproximateReceiveCount"), &count) || count < 1)
        count = 1;
    m->receive_count = count > INT_MAX ? INT_MAX : (int)count;
    if (bytes_to_int64(pairs_value(&m->system, "SentTimestamp"), &ms) && ms > 0 &&
        ms < INT64_MAX / 1000)
        m->sent_at.us = ms * 1000;
    if (group.len)
        m->group_id = mem_slice(group.at, group.len);
}

/* Whether it can be worked on. */
static bool usable(const struct message *m, const char *md5)
{
    char ours[MD5_HEX];
    if (!m->id || !m->id[0] || !m->receipt || !m->receipt[0] || !m->body.at) {
        log_line(LOG_ERROR, "message %s was skipped: it came without id, receipt or body",
                 m->id ? m->id : "(no id)");
        return false;
    }
    digest_md5_hex(m->body, ours);
    if (!md5[0] || bytes_is_nocase(bytes_of(md5), ours))
        return true;
    log_line(LOG_WARN, "message %s was skipped: its body changed on the way (MD5 %s, sent as %s)",
             m->id, ours, md5);
    return false;
}

static void read_message(struct json *j, struct queue_op *op)
{
    struct message *m = mem_new(sizeof *m);
    char md5[MD5_HEX] = "";
    json_object(j);
    while (json_member(j))
        read_member(j, m, md5);
    read_system(m);
    if (j->event == JSON_ERROR || !usable(m, md5)) {
        message_free(m);
    } else if (op->received_count == QUEUE_BATCH) {
        log_line(LOG_ERROR, "message %s was skipped: SQS sent more than %d", m->id, QUEUE_BATCH);
        message_free(m);
    } else {
        op->received[op->received_count++] = m;
    }
}

static void forget_received(struct queue_op *op)
{
    for (size_t i = 0; i < op->received_count; i++) {
        message_free(op->received[i]);
        op->received[i] = NULL;
    }
    op->received_count = 0;
}

/* Nothing left to receive is {} or an empty list; null is neither. */
int sqs_read_receive(struct bytes body, struct queue_op *op, struct err *err)
{
    struct json j;
    json_init(&j, body, NULL);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "Messages"))
            for (json_array(&j); json_item(&j);)
                read_message(&j, op);
    if (json_end(&j))
        return 0;
    forget_received(op);
    return unusable(&j, err);
}

/* ---- batches ---- */

struct result {
    char id[16];
    bool sender_fault;
    struct err err;
};

static void read_result_member(struct json *j, struct result *r)
{
    if (json_named(j, "Id"))
        copy(r->id, sizeof r->id, json_text(j));
    else if (json_named(j, "Code"))
        answer_set_code(&r->err, json_text(j));
    else if (json_named(j, "Message") && json_next(j) == JSON_STRING)
        copy(r->err.message, sizeof r->err.message, j->text);
    else if (json_named(j, "SenderFault"))
        r->sender_fault = json_bool(j);
}

static struct result read_result(struct json *j)
{
    struct result r = {0};
    json_object(j);
    while (json_member(j))
        read_result_member(j, &r);
    return r;
}

/* The entry of that id, or NULL when it was not asked. */
static struct err *entry_err(struct queue_op *op, unsigned asked, const char *id, size_t *at)
{
    int64_t position;
    if (bytes_to_int64(bytes_of(id), &position) && position >= 0 && position < QUEUE_BATCH &&
        asked >> position & 1) {
        *at = (size_t)position;
        return &op->entries[position].err;
    }
    log_line(LOG_WARN, "SQS answered for batch entry \"%s\", which was not asked", id);
    return NULL;
}

static void read_successful(struct json *j, struct queue_op *op, unsigned asked, unsigned failed)
{
    for (json_array(j); json_item(j);) {
        struct result r = read_result(j);
        size_t at;
        struct err *err = j->event != JSON_ERROR ? entry_err(op, asked, r.id, &at) : NULL;
        if (err && !(failed >> at & 1))
            err_clear(err);
    }
}

static void read_failed(struct json *j, struct queue_op *op, unsigned asked, unsigned *failed)
{
    for (json_array(j); json_item(j);) {
        struct result r = read_result(j);
        size_t at;
        struct err *err = j->event != JSON_ERROR ? entry_err(op, asked, r.id, &at) : NULL;
        if (!err)
            continue;
        *err = r.err;
        err->retryable = !r.sender_fault;
        if (!err->code[0])
            snprintf(err->code, sizeof err->code, "Failed");
        *failed |= 1u << at;
    }
}

static void doubt(struct queue_op *op, unsigned asked)
{
    for (size_t i = 0; i < op->entry_count; i++)
        if (asked >> i & 1) {
            err_set(&op->entries[i].err, "unconfirmed", "SQS did not say what came of it");
            op->entries[i].err.retryable = true;
        }
}

/* An entry in both lists failed, in whatever order they stand. */
int sqs_read_batch(struct bytes body, struct queue_op *op, unsigned asked, struct err *err)
{
    struct json j;
    struct buf scratch;
    unsigned failed = 0;
    bool whole;
    buf_init(&scratch, body.len);
    json_init(&j, body, &scratch);
    doubt(op, asked);
    json_object(&j);
    while (json_member(&j)) {
        if (json_named(&j, "Successful"))
            read_successful(&j, op, asked, failed);
        else if (json_named(&j, "Failed"))
            read_failed(&j, op, asked, &failed);
    }
    whole = json_end(&j);
    buf_free(&scratch);
    if (whole)
        return 0;
    doubt(op, asked);
    return unusable(&j, err);
}

/* ---- the queue itself ---- */

int sqs_read_url(struct bytes body, char **url, struct err *err)
{
    struct json j;
    char *found = NULL;
    json_init(&j, body, NULL);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "QueueUrl"))
            take_into(&j, &found);
    if (json_end(&j) && found && found[0]) {
        *url = found;
        return 0;
    }
    mem_free(found);
    if (!j.problem[0])
        snprintf(j.problem, sizeof j.problem, "it has no QueueUrl");
    return unusable(&j, err);
}

static void read_number(struct json *j, int64_t *out)
{
    if (!bytes_to_int64(json_text(j), out))
        json_refuse(j, "a number was expected");
}

/* {"deadLetterTargetArn":"arn:aws:sqs:REGION:ACCOUNT:NAME","maxReceiveCount":"5"}; the count stands
 * there as a string or as a number, by whoever wrote it. */
static void read_redrive_member(struct json *j, struct queue_settings *out)
{
    int64_t count = 0;
    if (json_named(j, "deadLetterTargetArn")) {
        struct bytes arn = json_text(j), name = arn;
        while (arn.len)
            name = bytes_cut(arn, ':', &arn);
        mem_free(out->dead_letter);
        out->dead_letter = mem_array(name.len + sizeof "sqs://", 1);
        snprintf(out->dead_letter, name.len + sizeof "sqs://", "sqs://%.*s", (int)name.len,
                 name.at);
    } else if (json_named(j, "maxReceiveCount")) {
        if ((json_next(j) != JSON_NUMBER && j->event != JSON_STRING) ||
            !bytes_to_int64(j->text, &count))
            json_refuse(j, "maxReceiveCount is not a number");
        out->max_receives = count > 0 && count <= INT_MAX ? (int)count : 0;
    }
}

static void read_redrive(struct json *outer, struct queue_settings *out)
{
    struct bytes text = json_text(outer);
    struct json j;
    struct buf scratch;
    if (!text.len)
        return;
    buf_init(&scratch, text.len);
    json_init(&j, text, &scratch);
    json_object(&j);
    while (json_member(&j))
        read_redrive_member(&j, out);
    if (!json_end(&j))
        json_refuse(outer, "RedrivePolicy, %.60s", j.problem);
    buf_free(&scratch);
}

static void read_setting(struct json *j, struct queue_settings *out, int64_t *visibility)
{
    if (json_named(j, "VisibilityTimeout"))
        read_number(j, visibility);
    else if (json_named(j, "ApproximateNumberOfMessages"))
        read_number(j, &out->visible);
    else if (json_named(j, "ApproximateNumberOfMessagesNotVisible"))
        read_number(j, &out->in_flight);
    else if (json_named(j, "ApproximateNumberOfMessagesDelayed"))
        read_number(j, &out->delayed);
    else if (json_named(j, "FifoQueue"))
        out->fifo = bytes_is_nocase(json_text(j), "true");
    else if (json_named(j, "RedrivePolicy"))
        read_redrive(j, out);
}

int sqs_read_settings(struct bytes body, struct queue_settings *out, struct err *err)
{
    struct queue_settings s = {-1, 0, NULL, false, -1, -1, -1};
    int64_t visibility = -1;
    struct json j;
    struct buf scratch;
    bool whole;
    buf_init(&scratch, body.len);
    json_init(&j, body, &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_named(&j, "Attributes"))
            for (json_object(&j); json_member(&j);)
                read_setting(&j, &s, &visibility);
    whole = json_end(&j);
    buf_free(&scratch);
    if (!whole) {
        mem_free(s.dead_letter);
        return unusable(&j, err);
    }
    s.visibility_s = visibility >= 0 && visibility <= QUEUE_VISIBILITY_MAX_S ? (int)visibility : -1;
    mem_free(out->dead_letter);
    *out = s;
    return 0;
}
