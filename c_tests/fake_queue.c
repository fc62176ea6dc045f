#include "fake_queue.h"

#include "leak_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pending {
    struct fake_queue *queue;
    struct queue_op *op;
    struct fake_call *call;
    size_t number;                   /* among the calls of its verb */
    struct monotime due;
    struct link link;
};

/* ---- answers ---- */

static struct message *deliver(struct fake_queue *q, size_t index, int visibility_s)
{
    struct fake_message *m = &q->messages[index];
    struct message *out = mem_new(sizeof *out);
    char receipt[40];
    int lease_s = visibility_s >= 0 ? visibility_s : q->settings.visibility_s;
    m->receive_count++;
    m->serial++;
    m->delayed = false;
    m->visible_at = monotime_after(q->now, lease_s * SECOND_US);
    m->received_at = q->now;
    snprintf(receipt, sizeof receipt, "%zu#%d", index, m->serial);
    out->id = mem_text(m->id);
    out->receipt = mem_text(receipt);
    out->body = (struct bytes){mem_text(m->id), strlen(m->id)};
    out->receive_count = m->receive_count;
    if (strchr(m->id, '/'))
        out->group_id = mem_slice(m->id, (size_t)(strchr(m->id, '/') - m->id));
    pairs_set(&out->attributes, "colour", "blue");
    return out;
}

static bool visible(const struct fake_queue *q, const struct fake_message *m)
{
    return !m->gone && monotime_reached(m->visible_at, q->now);
}

static void receive(struct fake_queue *q, struct queue_op *op, struct fake_call *call, int limit)
{
    size_t most = limit && limit < op->want ? (size_t)limit : (size_t)op->want;
    for (size_t i = 0; i < q->message_count && op->received_count < most; i++) {
        if (!visible(q, &q->messages[i]))
            continue;
        snprintf(call->ids[op->received_count], FAKE_ID, "%s", q->messages[i].id);
        op->received[op->received_count++] = deliver(q, i, op->visibility_s);
    }
    call->count = op->received_count;
}

/* The message of that receipt, or NULL when it is not the newest one. */
static struct fake_message *by_receipt(struct fake_queue *q, struct bytes receipt)
{
    size_t index = 0;
    int serial = 0;
    assert_int_equal(sscanf(receipt.at, "%zu#%d", &index, &serial), 2);
    assert_true(index < q->message_count);
    return q->messages[index].serial == serial ? &q->messages[index] : NULL;
}

/* As SQS does it: an old receipt and a lease that is over are errors. */
static void extend(struct fake_queue *q, struct fake_message *m, struct queue_entry *e)
{
    assert_in_range(e->delay_s, 1, QUEUE_VISIBILITY_MAX_S);
    if (!m || m->gone)
        err_set(&e->err, QUEUE_RECEIPT_INVALID, "an old receipt");
    else if (visible(q, m))
        err_set(&e->err, QUEUE_NOT_HELD, "the lease is over");
    else
        m->visible_at = monotime_after(q->now, e->delay_s * SECOND_US);
}

/* SQS hides a message for 12 h from its receive, and refuses to be asked for more. */
static void check_limit(const struct fake_queue *q, const struct fake_message *m,
                        const struct queue_entry *e)
{
    struct monotime until = monotime_after(q->now, e->delay_s * SECOND_US);
    int64_t held_us = monotime_until(m->received_at, until);
    if (e->delay_s && held_us > QUEUE_VISIBILITY_MAX_S * SECOND_US)
        fail_msg("asked to hide %s for more than 12 h", m->id);
}

static void change(struct fake_queue *q, enum queue_verb verb, struct queue_entry *e)
{
    struct fake_message *m = by_receipt(q, e->receipt);
    if (m && verb != QUEUE_DELETE)
        check_limit(q, m, e);
    if (verb == QUEUE_EXTEND) {
        extend(q, m, e);
        return;
    }
    if (!m || m->gone) {
        q->stale++;
        return;
    }
    if (verb == QUEUE_DELETE) {
        m->gone = true;
        m->deletes++;
        return;
    }
    m->visible_at = monotime_after(q->now, e->delay_s * SECOND_US);
    m->delayed = e->delay_s > 0;
}

static void take_in(struct fake_queue *q, const struct queue_entry *e)
{
    struct fake_message *m;
    fake_add(q, e->id.at);
    m = &q->messages[q->message_count - 1];
    if (!e->attributes)
        return;
    m->attributes = e->attributes->count;
    snprintf(m->reason, sizeof m->reason, "%s", pairs_value(e->attributes, "tidegate-reason").at);
    snprintf(m->error, sizeof m->error, "%s", pairs_value(e->attributes, "tidegate-error").at);
}

static void tell_settings(struct fake_queue *q, struct queue_op *op)
{
    op->settings = q->settings;
    op->settings.dead_letter = mem_text(q->settings.dead_letter);
    if (q->fixed_counts)
        return;
    op->settings.visible = op->settings.in_flight = op->settings.delayed = 0;
    for (size_t i = 0; i < q->message_count; i++) {
        const struct fake_message *m = &q->messages[i];
        op->settings.visible += visible(q, m);
        op->settings.in_flight += !m->gone && !visible(q, m) && !m->delayed;
        op->settings.delayed += !m->gone && !visible(q, m) && m->delayed;
    }
}

static bool chance(struct fake_queue *q, int percent)
{
    return q->max_latency_us && random_below(&q->random, 100) < percent;
}

static struct err random_error(struct fake_queue *q)
{
    return random_below(&q->random, 4) ? fake_error("SlowDown", true) : fake_error("Odd", false);
}

/* What the rules and chance say of this call. */
static struct fake_rule verdict_on(struct fake_queue *q, const struct pending *p)
{
    struct fake_rule what = {.verb = p->op->verb};
    for (size_t i = 0; i < q->rule_count; i++) {
        const struct fake_rule *r = &q->rules[i];
        if (r->verb == p->op->verb && p->number >= r->first && p->number <= r->last)
            return *r;
    }
    if (chance(q, q->fail_percent))
        what.err = random_error(q);
    if (chance(q, q->short_percent))
        what.limit = 1 + (int)random_below(&q->random, QUEUE_BATCH);
    return what;
}

static void change_all(struct fake_queue *q, struct queue_op *op, const struct fake_rule *rule)
{
    for (size_t i = 0; i < op->entry_count; i++) {
        struct queue_entry *e = &op->entries[i];
        err_clear(&e->err);
        if (rule->mask >> i & 1)
            e->err = rule->err;
        else if (chance(q, q->entry_fail_percent))
            e->err = random_error(q);
        else if (op->verb == QUEUE_SEND)
            take_in(q, e);
        else
            change(q, op->verb, e);
    }
}

static void answer(struct pending *p)
{
    struct fake_queue *q = p->queue;
    struct queue_op *op = p->op;
    struct fake_rule rule = verdict_on(q, p);
    if (err_any(&rule.err) && !rule.mask)
        op->op.err = rule.err;
    else if (op->verb == QUEUE_RECEIVE)
        receive(q, op, p->call, rule.limit);
    else if (op->verb == QUEUE_SETTINGS)
        tell_settings(q, op);
    else
        change_all(q, op, &rule);
    p->call->end = FAKE_ANSWERED;
    list_remove(&p->link);
    mem_free(p);
    op_finish(&op->op);
}

/* ---- calls ---- */

static void aborted(struct op *op)
{
    struct pending *p = op->provider;
    p->call->end = FAKE_ABORTED;
    list_remove(&p->link);
    mem_free(p);
}

static void record_entries(struct fake_queue *q, struct fake_call *call, const struct queue_op *op)
{
    call->count = op->entry_count;
    for (size_t i = 0; i < op->entry_count; i++) {
        const struct queue_entry *e = &op->entries[i];
        size_t index = 0;
        if (op->verb != QUEUE_SEND)
            assert_int_equal(sscanf(e->receipt.at, "%zu#", &index), 1);
        snprintf(call->ids[i], FAKE_ID, "%s",
                 op->verb == QUEUE_SEND ? e->id.at : q->messages[index].id);
        call->delays[i] = e->delay_s;
    }
}

static struct fake_call *record(struct fake_queue *q, const struct queue_op *op)
{
    struct fake_call *call;
    assert_true(q->call_count < FAKE_CALLS);
    call = &q->calls[q->call_count++];
    *call = (struct fake_call){.verb = op->verb,
                               .at = q->now,
                               .want = op->want,
                               .wait_s = op->wait_s,
                               .visibility_s = op->visibility_s};
    if (op->verb == QUEUE_RECEIVE)
        assert_in_range(op->want, 1, QUEUE_BATCH);
    else if (op->verb != QUEUE_SETTINGS) {
        assert_in_range(op->entry_count, 1, QUEUE_BATCH);
        record_entries(q, call, op);
    }
    return call;
}

static int64_t latency(struct fake_queue *q, enum queue_verb verb)
{
    if (!q->max_latency_us)
        return q->latency_us[verb];
    return random_below(&q->random, 4) ? random_below(&q->random, q->max_latency_us) : 0;
}

static void start(struct queue *base, struct queue_op *op, struct monotime now)
{
    struct fake_queue *q = (struct fake_queue *)base;
    struct pending *p = mem_new(sizeof *p);
    int64_t after = latency(q, op->verb);
    assert_int_equal(now.us, q->now.us);
    *p = (struct pending){.queue = q, .op = op, .call = record(q, op)};
    p->number = q->counts[op->verb]++;
    p->due = after == FAKE_HELD ? NEVER : monotime_after(now, after);
    list_push(&q->pending, &p->link);
    op_begin(&op->op, p, aborted);
    if (after == 0)
        answer(p);
}

static void release(struct queue *base)
{
    (void)base;
}

static const struct queue_ops ops = {start, release};

void fake_open(struct fake_queue *q, const char *url, struct monotime now)
{
    *q = (struct fake_queue){.queue = {&ops, mem_text(url)}, .now = now};
    q->settings.visibility_s = 30;
    q->messages = mem_array(FAKE_MESSAGES, sizeof *q->messages);
    q->calls = mem_array(FAKE_CALLS, sizeof *q->calls);
    list_init(&q->pending);
}

void fake_close(struct fake_queue *q)
{
    assert_true(list_empty(&q->pending));
    mem_free(q->messages);
    mem_free(q->calls);
    queue_free(&q->queue);
}

/* ---- what the test says and asks ---- */

void fake_add(struct fake_queue *q, const char *id)
{
    struct fake_message *m;
    assert_true(q->message_count < FAKE_MESSAGES);
    m = &q->messages[q->message_count++];
    snprintf(m->id, sizeof m->id, "%s", id);
    m->visible_at = q->now;
}

void fake_add_many(struct fake_queue *q, const char *prefix, int count)
{
    char id[FAKE_ID];
    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%s%d", prefix, i);
        fake_add(q, id);
    }
}

struct fake_message *fake_find(struct fake_queue *q, const char *id)
{
    for (size_t i = 0; i < q->message_count; i++)
        if (strcmp(q->messages[i].id, id) == 0)
            return &q->messages[i];
    fail_msg("no message %s", id);
    return NULL;
}

struct err fake_error(const char *code, bool retryable)
{
    struct err err;
    err_set(&err, code, "as the test said");
    err.retryable = retryable;
    return err;
}

void fake_rule(struct fake_queue *q, struct fake_rule rule)
{
    assert_true(q->rule_count < FAKE_RULES);
    q->rules[q->rule_count++] = rule;
}

bool fake_answer(struct fake_queue *q, enum queue_verb verb)
{
    for (struct link *at = list_first(&q->pending); at; at = list_after(&q->pending, at)) {
        struct pending *p = LIST_ITEM(at, struct pending, link);
        if (p->op->verb != verb)
            continue;
        answer(p);
        return true;
    }
    return false;
}

static struct pending *due(const struct fake_queue *q)
{
    for (struct link *at = list_first(&q->pending); at; at = list_after(&q->pending, at)) {
        struct pending *p = LIST_ITEM(at, struct pending, link);
        if (monotime_reached(p->due, q->now))
            return p;
    }
    return NULL;
}

size_t fake_answer_due(struct fake_queue *q)
{
    size_t count = 0;
    for (struct pending *p = due(q); p; p = due(q), count++)
        answer(p);
    return count;
}

struct monotime fake_next(const struct fake_queue *q)
{
    struct monotime next = NEVER;
    for (struct link *at = list_first(&q->pending); at; at = list_after(&q->pending, at))
        next = monotime_earlier(next, LIST_ITEM(at, struct pending, link)->due);
    return next;
}

size_t fake_under_way(const struct fake_queue *q, enum queue_verb verb)
{
    size_t count = 0;
    for (struct link *at = list_first(&q->pending); at; at = list_after(&q->pending, at))
        count += LIST_ITEM(at, struct pending, link)->op->verb == verb;
    return count;
}

const struct queue_op *fake_oldest(const struct fake_queue *q)
{
    const struct link *at = list_first(&q->pending);
    assert_non_null(at);
    return LIST_ITEM(at, struct pending, link)->op;
}

const struct fake_call *fake_call(const struct fake_queue *q, enum queue_verb verb, size_t at)
{
    for (size_t i = 0; i < q->call_count; i++)
        if (q->calls[i].verb == verb && at-- == 0)
            return &q->calls[i];
    fail_msg("%s was not called so often", q->queue.url);
    return NULL;
}

const char *fake_ids(const struct fake_queue *q, enum queue_verb verb, size_t at)
{
    static char text[QUEUE_BATCH * (FAKE_ID + 1)];
    const struct fake_call *call = fake_call(q, verb, at);
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < call->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", call->ids[i]);
    return text;
}
