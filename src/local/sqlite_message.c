#include "local/sqlite_message.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/log.h"
#include "local/sqlite_file.h"

#include <limits.h>
#include <stdio.h>

enum { N, ID, BODY, ATTRIBUTES, GROUP_ID, SENT_MS, RECEIVES };
enum { NUMBER_TEXT = 24, RECEIPT_TEXT = 72 };

static char *copy(struct bytes text)
{
    return mem_slice(text.at, text.len);
}

static void read_attributes(struct message *m, struct bytes text)
{
    struct buf scratch;
    struct json j;
    buf_init(&scratch, text.len + 1);
    json_init(&j, text, &scratch);
    json_object(&j);
    while (json_member(&j))
        if (json_next(&j) == JSON_STRING)
            pairs_add(&m->attributes, j.key, j.text);
        else
            json_refuse(&j, "an attribute is a string");
    if (!json_end(&j))
        log_line(LOG_WARN, "message %s: its attributes cannot all be read: %s", m->id, j.problem);
    buf_free(&scratch);
}

static void add_number(struct pairs *p, const char *name, long long value)
{
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%lld", value);
    pairs_set(p, name, text);
}

static void describe(struct message *m, int64_t sent_ms)
{
    add_number(&m->system, "ApproximateReceiveCount", m->receive_count);
    add_number(&m->system, "SentTimestamp", sent_ms);
    pairs_set(&m->system, "MessageGroupId", m->group_id);
}

static int64_t within(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

struct message *sqlite_message_read(sqlite3_stmt *row, const char *unique, int64_t *n)
{
    struct message *m = mem_new(sizeof *m);
    int64_t sent_ms = within(sqlite3_column_int64(row, SENT_MS), INT64_MAX / 1000);
    struct bytes body = sqlite_column(row, BODY), group = sqlite_column(row, GROUP_ID);
    char receipt[RECEIPT_TEXT];
    *n = sqlite3_column_int64(row, N);
    snprintf(receipt, sizeof receipt, "%lld/%s", (long long)*n, unique);
    m->receipt = mem_text(receipt);
    m->id = copy(sqlite_column(row, ID));
    m->body = (struct bytes){copy(body), body.len};
    m->group_id = group.len ? copy(group) : NULL;
    m->receive_count = (int)within(sqlite3_column_int64(row, RECEIVES), INT_MAX - 1) + 1;
    m->sent_at.us = sent_ms * 1000;
    read_attributes(m, sqlite_column(row, ATTRIBUTES));
    describe(m, sent_ms);
    return m;
}

int64_t sqlite_message_number(struct bytes receipt)
{
    struct bytes unique;
    int64_t n;
    return bytes_to_int64(bytes_cut(receipt, '/', &unique), &n) && n > 0 ? n : -1;
}

int sqlite_message_write(struct buf *out, const struct pairs *attributes)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    for (size_t i = 0; attributes && i < attributes->count; i++) {
        json_write_key(&w, attributes->at[i].name);
        json_write_string(&w, attributes->at[i].value);
    }
    json_write_object_end(&w);
    return w.problem ? -1 : 0;
}
