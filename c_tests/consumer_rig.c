#include "consumer_rig.h"

#include "base/log.h"
#include "leak_check.h"

#include <stdio.h>
#include <string.h>

enum { SPINS_MAX = 4 };

static const int64_t day_us = 24 * 3600 * SECOND_US;

struct verdict verdict_of(enum verdict_kind kind)
{
    return (struct verdict){.kind = kind, .after_us = VERDICT_BACKOFF};
}

/* ---- handlers ---- */

static void running(struct rig *r, struct work *w)
{
    for (size_t i = 0; i < r->work_count && w->lane[0]; i++) {
        const struct work *other = &r->works[i];
        assert_false(other != w && other->state == WORK_RUNNING &&
                     strcmp(other->lane, w->lane) == 0);
        assert_false(other->first < w->first && other->state == WORK_WAITING &&
                     strcmp(other->lane, w->lane) == 0);
    }
    w->state = WORK_RUNNING;
    w->ends = w->takes_us < 0 ? NEVER : monotime_after(r->now, w->takes_us);
}

static void entered(struct op *op)
{
    struct work *w = op->waiter;
    if (w->state == WORK_WAITING) {
        w->rig->running++;
        running(w->rig, w);
    }
}

static void leave(struct work *w, enum work_state state)
{
    if (w->state != WORK_WAITING)
        w->rig->running--;
    w->state = state;
    w->delivery = NULL;
    op_abort(&w->op);
}

static void answer(struct work *w)
{
    struct delivery *d = w->delivery;
    leave(w, WORK_ENDED);
    consumer_verdict(w->rig->consumer, d, &w->verdict, w->rig->now);
}

/* One message is never handled twice at once. */
static bool rig_begun(const struct rig *r, const char *id)
{
    for (size_t i = 0; i < r->work_count; i++)
        if (r->works[i].delivery && strcmp(r->works[i].id, id) == 0)
            return true;
    return false;
}

static void start(void *self, struct delivery *d)
{
    struct rig *r = self;
    struct work *w;
    assert_true(r->work_count < RIG_WORKS);
    assert_false(d->lost);
    assert_false(rig_begun(r, d->message->id));
    assert_true(monotime_until(r->now, d->lease_end) > 0);
    w = &r->works[r->work_count++];
    *w = (struct work){.delivery = d, .rig = r, .begun = r->now, .takes_us = -1};
    w->verdict = verdict_of(VERDICT_DONE);
    if (!d->host)
        d->host = w;
    w->first = d->host;
    snprintf(w->id, sizeof w->id, "%s", d->message->id);
    d->task = w;
    r->running++;
    if (r->running > r->most_running)
        r->most_running = r->running;
    if (r->plan)
        r->plan(r, w);
    if (r->answers_in_start)
        answer(w);
}

static void cancel(void *self, struct delivery *d)
{
    (void)self;
    assert_non_null(d->task);
    leave(d->task, WORK_CANCELLED);
    d->task = NULL;
}

static struct queue *dead_letter(void *self, const char *url, struct err *err)
{
    struct rig *r = self;
    assert_string_equal(url, r->source.settings.dead_letter);
    if (r->opens_dead_letter)
        return &r->park.queue;
    err_set(err, "AccessDenied", "not yours");
    return NULL;
}

/* What a handler does first: asks for its lane. */
static void enter(struct rig *r, struct work *w)
{
    w->op = (struct op){.notify = entered, .waiter = w};
    if (!w->lane[0]) {
        running(r, w);
        return;
    }
    consumer_enter(r->consumer, w->delivery, bytes_of(w->lane), &w->op);
    if (w->op.done) {
        running(r, w);
        return;
    }
    w->state = WORK_WAITING;
    r->running--;
}

/* One handler that has something to do. */
static bool work_one(struct rig *r)
{
    for (size_t i = 0; i < r->work_count; i++) {
        struct work *w = &r->works[i];
        if (w->state == WORK_BEGUN) {
            enter(r, w);
            return true;
        }
        if (w->state == WORK_RUNNING && monotime_reached(w->ends, r->now)) {
            answer(w);
            return true;
        }
    }
    return false;
}

/* ---- time ---- */

static void check(struct rig *r)
{
    struct consumer_report report = consumer_report(r->consumer);
    assert_true(r->running <= r->options.concurrency);
    assert_int_equal(report.running, r->running);
    assert_true(report.ledger.received >= report.ledger.done + report.ledger.skipped +
                                              report.ledger.retried + report.ledger.parked +
                                              report.ledger.released);
}

/* Everything that can be seen of the engine, as one number. */
static uint64_t fingerprint(const struct rig *r)
{
    struct consumer_report p = consumer_report(r->consumer);
    const struct ledger *l = &p.ledger;
    uint64_t f = l->received;
    f = f * 31 + l->done + l->skipped + l->retried + l->parked + l->released;
    f = f * 31 + p.running;
    f = f * 31 + p.waiting;
    f = f * 31 + r->work_count;
    f = f * 31 + r->source.call_count + r->park.call_count;
    return f * 31 + (uint64_t)consumer_finished(r->consumer);
}

static void turn(struct rig *r)
{
    uint64_t before = fingerprint(r);
    bool urgent = monotime_reached(consumer_next(r->consumer), r->now);
    consumer_turn(r->consumer, r->now);
    check(r);
    r->spins = urgent && before == fingerprint(r) ? r->spins + 1 : 0;
    assert_true(r->spins < SPINS_MAX);
}

static struct monotime earliest(const struct rig *r)
{
    struct monotime next = monotime_earlier(fake_next(&r->source), fake_next(&r->park));
    next = monotime_earlier(next, consumer_next(r->consumer));
    for (size_t i = 0; i < r->work_count; i++)
        if (r->works[i].state == WORK_RUNNING)
            next = monotime_earlier(next, r->works[i].ends);
    return next;
}

static void set_time(struct rig *r, struct monotime now)
{
    r->now = r->source.now = r->park.now = now;
    r->spins = 0;
}

/* Does one thing that is due by now. */
static bool act(struct rig *r)
{
    bool something = fake_answer_due(&r->source) || fake_answer_due(&r->park) || work_one(r);
    if (consumer_finished(r->consumer))
        return false;
    if (something || monotime_reached(consumer_next(r->consumer), r->now)) {
        turn(r);
        return true;
    }
    return false;
}

bool rig_step(struct rig *r)
{
    struct monotime next;
    if (act(r))
        return true;
    next = earliest(r);
    if (consumer_finished(r->consumer) || next.us == NEVER.us)
        return false;
    set_time(r, next);
    return true;
}

void rig_turn(struct rig *r)
{
    turn(r);
    while (act(r))
        continue;
}

void rig_pass(struct rig *r, int64_t us)
{
    struct monotime until = monotime_after(r->now, us), next;
    rig_turn(r);
    for (;;) {
        next = earliest(r);
        if (consumer_finished(r->consumer) || !monotime_reached(next, until))
            break;
        set_time(r, next);
        rig_turn(r);
    }
    set_time(r, until);
}

struct consumer_report rig_finish(struct rig *r)
{
    struct monotime limit = monotime_after(r->now, day_us);
    while (!consumer_finished(r->consumer)) {
        assert_true(rig_step(r));
        assert_false(monotime_reached(limit, r->now));
    }
    return consumer_report(r->consumer);
}

/* ---- life ---- */

void rig_open(struct rig *r)
{
    struct monotime now = {1000 * SECOND_US};
    log_set_level(LOG_OFF);
    *r = (struct rig){.now = now, .has_park = true};
    r->options = (struct consumer_options){.concurrency = 4, .wait_s = 0, .visibility_s = -1,
                                           .max_runtime_us = -1};
    r->works = mem_array(RIG_WORKS, sizeof *r->works);
    fake_open(&r->source, "fake:source", now);
    fake_open(&r->park, "fake:park", now);
}

void rig_start(struct rig *r)
{
    struct consumer_host host = {r, start, cancel, dead_letter};
    r->consumer = consumer_new(&r->source.queue, r->has_park ? &r->park.queue : NULL, &r->options,
                               &host, r->now);
}

void rig_extends_nothing(struct rig *r)
{
    struct err denied = fake_error("AccessDenied", false);
    fake_rule(&r->source, (struct fake_rule){QUEUE_EXTEND, 0, FAKE_CALLS, denied, 0, 0});
}

void rig_close(struct rig *r)
{
    consumer_free(r->consumer);
    for (size_t i = 0; i < r->work_count; i++)
        assert_true(r->works[i].state == WORK_ENDED || r->works[i].state == WORK_CANCELLED);
    mem_free(r->works);
    fake_close(&r->source);
    fake_close(&r->park);
}

/* ---- what a test says and asks ---- */

static struct work *find(const struct rig *r, const char *id)
{
    for (size_t i = 0; i < r->work_count; i++)
        if (r->works[i].delivery && r->works[i].state != WORK_WAITING &&
            strcmp(r->works[i].id, id) == 0)
            return &r->works[i];
    return NULL;
}

struct work *rig_work(struct rig *r, const char *id)
{
    struct work *w = find(r, id);
    if (!w)
        fail_msg("no handler works on %s", id);
    return w;
}

bool rig_works_on(const struct rig *r, const char *id)
{
    return find(r, id) != NULL;
}

void rig_end(struct rig *r, const char *id, enum verdict_kind kind)
{
    struct work *w = rig_work(r, id);
    w->verdict.kind = kind;
    answer(w);
    rig_turn(r);
}

void rig_drain(struct rig *r, int64_t drain_us)
{
    consumer_drain(r->consumer, r->now, drain_us);
    rig_turn(r);
}

bool rig_ended(const struct rig *r, const char *why)
{
    const char *ended = consumer_report(r->consumer).ended;
    return ended && strcmp(ended, why) == 0;
}

struct ledger rig_ledger(const struct rig *r)
{
    return consumer_report(r->consumer).ledger;
}
