#include "delivery/intake.h"

#include "base/log.h"

enum {
    CALLS_MAX = 64,
    EMPTY_PAUSE_US = 100 * 1000,
    BACKOFF_FIRST_US = 200 * 1000,
    BACKOFF_LAST_US = 20 * 1000 * 1000
};

struct flight {
    struct queue_op op;
    struct intake *intake;
    struct link link;
};

void intake_init(struct intake *in, struct queue *queue, int wait_s, int visibility_s)
{
    *in = (struct intake){.queue = queue, .wait_s = wait_s, .visibility_s = visibility_s};
    in->random = random_fresh();
    list_init(&in->flights);
    list_init(&in->landed);
}

static void flight_free(struct flight *f)
{
    struct intake *in = f->intake;
    list_remove(&f->link);
    in->calls--;
    in->reserved -= (size_t)f->op.want;
    queue_op_free(&f->op);
    mem_free(f);
}

static void landed(struct op *op)
{
    struct flight *f = op->waiter;
    list_remove(&f->link);
    list_push(&f->intake->landed, &f->link);
}

static void back_off(struct intake *in, const struct err *err, struct monotime now)
{
    char text[512];
    int64_t most = BACKOFF_FIRST_US;
    for (int i = 0; i < in->failures && most < BACKOFF_LAST_US; i++)
        most *= 2;
    if (most > BACKOFF_LAST_US)
        most = BACKOFF_LAST_US;
    in->failures++;
    in->err = *err;
    in->not_before = monotime_after(now, most / 2 + random_below(&in->random, most / 2));
    err_text(err, in->queue->url, text, sizeof text);
    log_line(LOG_WARN, "receive failed, %d in a row: %s", in->failures, text);
}

static void hand_over(struct intake *in, struct flight *f, struct monotime now)
{
    struct queue_op *op = &f->op;
    if (err_any(&op->op.err)) {
        back_off(in, &op->op.err, now);
        return;
    }
    in->answered = true;
    in->failures = 0;
    in->scarce = op->received_count < (size_t)op->want;
    in->empty = op->received_count == 0;
    if (in->empty)
        in->not_before = monotime_after(op->asked_at, EMPTY_PAUSE_US);
    for (size_t i = 0; i < op->received_count; i++) {
        struct message *m = op->received[i];
        op->received[i] = NULL;
        in->taken(in, m, op->asked_at, now);
    }
}

static void ask(struct intake *in, size_t want, struct monotime now)
{
    struct flight *f = mem_new(sizeof *f);
    queue_op_init(&f->op, QUEUE_RECEIVE);
    f->intake = in;
    f->op.want = (int)want;
    f->op.wait_s = in->wait_s;
    f->op.visibility_s = in->visibility_s;
    f->op.op.notify = landed;
    f->op.op.waiter = f;
    in->calls++;
    in->reserved += want;
    list_push(&in->flights, &f->link);
    queue_start(in->queue, &f->op, now);
}

void intake_collect(struct intake *in, struct monotime now)
{
    struct link *at;
    while ((at = list_pop(&in->landed)) != NULL) {
        struct flight *f = LIST_ITEM(at, struct flight, link);
        hand_over(in, f, now);
        flight_free(f);
    }
}

/* How many to ask for next, 0 for no call: a full ten while others are under way, and few only when
 * asked alone and eagerly. */
static size_t next_want(const struct intake *in, size_t room, bool eager)
{
    size_t want = room > in->reserved ? room - in->reserved : 0;
    if (in->calls >= CALLS_MAX)
        return 0;
    if (in->calls && (in->scarce || in->failures || want < QUEUE_BATCH))
        return 0;
    if (want < QUEUE_BATCH && !eager)
        return 0;
    return want < QUEUE_BATCH ? want : QUEUE_BATCH;
}

void intake_ask(struct intake *in, size_t room, bool eager, struct monotime now)
{
    size_t want = next_want(in, room, eager);
    while (want && monotime_reached(in->not_before, now)) {
        ask(in, want, now);
        if (!list_empty(&in->landed))
            return;                      /* answered at once: what it brought changes the room */
        want = next_want(in, room, eager);
    }
}

struct monotime intake_next(const struct intake *in, size_t room, bool eager)
{
    if (!list_empty(&in->landed))
        return (struct monotime){0};
    return next_want(in, room, eager) ? in->not_before : NEVER;
}

void intake_free(struct intake *in)
{
    struct link *at;
    while ((at = list_first(&in->flights)) != NULL || (at = list_first(&in->landed)) != NULL)
        flight_free(LIST_ITEM(at, struct flight, link));
}
