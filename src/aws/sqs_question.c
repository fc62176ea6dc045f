#include "aws/sqs_question.h"

#include "base/digest.h"
#include "base/json_write.h"

static void write_member(struct json_writer *w, const char *name, struct bytes text)
{
    json_write_key(w, bytes_of(name));
    json_write_string(w, text);
}

static void write_number(struct json_writer *w, const char *name, int value)
{
    json_write_key(w, bytes_of(name));
    json_write_int64(w, value);
}

static void write_all(struct json_writer *w, const char *name)
{
    json_write_key(w, bytes_of(name));
    json_write_array(w);
    json_write_string(w, BYTES("All"));
    json_write_array_end(w);
}

static void begin(struct json_writer *w, struct buf *out, const char *url)
{
    json_writer_init(w, out);
    json_write_object(w);
    if (url)
        write_member(w, "QueueUrl", bytes_of(url));
}

static int end(struct json_writer *w)
{
    json_write_object_end(w);
    return w->problem ? -1 : 0;
}

int sqs_ask_url(struct buf *out, const char *name)
{
    struct json_writer w;
    begin(&w, out, NULL);
    write_member(&w, "QueueName", bytes_of(name));
    return end(&w);
}

int sqs_ask_settings(struct buf *out, const char *url)
{
    struct json_writer w;
    begin(&w, out, url);
    write_all(&w, "AttributeNames");
    return end(&w);
}

/* The system attributes are asked for under both their names: small servers know the old one. */
int sqs_ask_receive(struct buf *out, const char *url, const struct queue_op *op)
{
    struct json_writer w;
    begin(&w, out, url);
    write_number(&w, "MaxNumberOfMessages", op->want);
    write_number(&w, "WaitTimeSeconds", op->wait_s);
    if (op->visibility_s >= 0)
        write_number(&w, "VisibilityTimeout", op->visibility_s);
    write_all(&w, "MessageSystemAttributeNames");
    write_all(&w, "AttributeNames");
    write_all(&w, "MessageAttributeNames");
    return end(&w);
}

/* ---- batches ---- */

static void write_attributes(struct json_writer *w, const struct pairs *attributes)
{
    json_write_key(w, BYTES("MessageAttributes"));
    json_write_object(w);
    for (size_t i = 0; i < attributes->count; i++) {
        json_write_key(w, attributes->at[i].name);
        json_write_object(w);
        write_member(w, "DataType", BYTES("String"));
        write_member(w, "StringValue", attributes->at[i].value);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* A message with an id of its own is that of another queue, put aside or sent on: it is told from
 * others by that, not by a body which may be the same, and is a group of its own unless it has
 * one. */
static void write_fifo(struct json_writer *w, const struct queue_entry *e)
{
    char hash[SHA256_HEX];
    digest_sha256_hex(e->id.len ? e->id : e->body, hash);
    if (!e->group_id.len && e->id.len)
        write_member(w, "MessageGroupId", (struct bytes){hash, SHA256_HEX - 1});
    write_member(w, "MessageDeduplicationId", bytes_of(hash));
}

/* A delay of 0 is left out: FIFO queues refuse one for a single message. */
static void write_message(struct json_writer *w, const struct queue_entry *e, bool fifo)
{
    write_member(w, "MessageBody", e->body);
    if (e->delay_s > 0)
        write_number(w, "DelaySeconds", e->delay_s);
    if (e->attributes && e->attributes->count)
        write_attributes(w, e->attributes);
    if (e->group_id.len)
        write_member(w, "MessageGroupId", e->group_id);
    if (fifo)
        write_fifo(w, e);
}

static void write_entry(struct json_writer *w, const struct queue_op *op, size_t at, bool fifo)
{
    const struct queue_entry *e = &op->entries[at];
    char id = (char)('0' + at);
    json_write_object(w);
    write_member(w, "Id", (struct bytes){&id, 1});
    if (op->verb == QUEUE_SEND)
        write_message(w, e, fifo);
    else
        write_member(w, "ReceiptHandle", e->receipt);
    if (op->verb == QUEUE_EXTEND || op->verb == QUEUE_RELEASE)
        write_number(w, "VisibilityTimeout", e->delay_s);
    json_write_object_end(w);
}

int sqs_ask_batch(struct buf *out, const char *url, struct queue_op *op, bool fifo, unsigned *left,
                  unsigned *asked)
{
    struct json_writer w;
    size_t size = 0;
    *asked = 0;
    begin(&w, out, url);
    json_write_key(&w, BYTES("Entries"));
    json_write_array(&w);
    for (size_t i = 0; i < op->entry_count; i++) {
        struct queue_entry *e = &op->entries[i];
        if (!(*left >> i & 1))
            continue;
        if (op->verb == QUEUE_SEND && queue_entry_check(e)) {
            *left &= ~(1u << i);
            continue;
        }
        size += queue_entry_size(e);
        if (size > SQS_BATCH_MAX)
            break;
        write_entry(&w, op, i, fifo);
        *left &= ~(1u << i);
        *asked |= 1u << i;
    }
    json_write_array_end(&w);
    return end(&w);
}
