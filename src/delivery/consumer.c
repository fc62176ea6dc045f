#include "delivery/consumer.h"

#include "base/log.h"
#include "delivery/intake.h"
#include "delivery/settlement.h"

enum {
    PREFETCH = QUEUE_BATCH, /* messages cached beyond the slots, so that a slot never waits for a
                               receive */
    SETTLING_MAX = 10,      /* times what may be in hand */
    DEFAULT_RECEIVES = 5,
    HOPELESS_FAILURES = 3,
    DEFAULT_VISIBILITY_S = 30
};

static const int64_t intake_grace_us =
    SECOND_US; /* a receive under way may still bring messages: wait for it */
static const int64_t settle_grace_us =
    2 * SECOND_US; /* after the drain deadline: for giving back */

enum phase { STARTING, RUNNING, DRAINING, FINISHED };

struct consumer {
    struct queue *source, *park;
    struct consumer_options options;
    struct consumer_host host;
    enum phase phase;
    int lease_s;
    struct queue_op settings;
    bool asking;                     /* `settings` is under way */
    bool answered;                   /* … and answered, not looked at */
    struct intake intake;
    struct cache cache;
    struct lanes lanes;
    struct settlement settlement;
    struct err err;
    struct monotime deadline;        /* DRAINING: cancel what runs */
    struct monotime intake_end;      /* DRAINING: abandon receives */
    bool cut;
    int64_t left;
};

static void settings_landed(struct op *op)
{
    struct consumer *c = op->waiter;
    c->answered = true;
}

static void ask_settings(struct consumer *c, struct monotime now)
{
    queue_op_free(&c->settings);
    queue_op_init(&c->settings, QUEUE_SETTINGS);
    c->settings.op.notify = settings_landed;
    c->settings.op.waiter = c;
    c->asking = true;
    c->answered = false;
    c->intake.empty = false;             /* a later check needs a later empty answer */
    queue_start(c->source, &c->settings, now);
}

static void taken(struct intake *in, struct message *m, struct monotime asked_at)
{
    struct consumer *c = in->owner;
    c->settlement.ledger.received++;
    cache_add(&c->cache, m, monotime_after(asked_at, c->lease_s * SECOND_US));
}

struct consumer *consumer_new(struct queue *source, struct queue *park,
                              const struct consumer_options *options,
                              const struct consumer_host *host, struct monotime now)
{
    struct consumer *c = mem_new(sizeof *c);
    c->source = source;
    c->park = park;
    c->options = *options;
    c->host = *host;
    cache_init(&c->cache);
    intake_init(&c->intake, source, options->wait_s, options->visibility_s);
    c->intake.taken = taken;
    c->intake.owner = c;
    settlement_init(&c->settlement, source, &c->cache, &c->lanes);
    ask_settings(c, now);
    return c;
}

static bool has_task(const struct delivery *d)
{
    return d->state == DELIVERY_RUNNING || d->state == DELIVERY_BLOCKED ||
           d->state == DELIVERY_GRANTED;
}

void consumer_free(struct consumer *c)
{
    if (!c)
        return;
    intake_free(&c->intake);
    queue_op_free(&c->settings);
    settlement_free(&c->settlement);
    for (int state = 0; state < DELIVERY_STATES; state++) {
        struct delivery *d;
        while ((d = cache_first(&c->cache, (enum delivery_state)state)) != NULL) {
            if (has_task(d))
                c->host.cancel(c->host.self, d);
            lanes_leave(&c->lanes, d);
            cache_remove(&c->cache, d);
        }
    }
    mem_free(c);
}

static void stop_with(struct consumer *c, const struct err *err)
{
    c->err = *err;
    c->phase = FINISHED;
}

/* The parking place: the one that was given, else the source's dead-letter queue, else none. */
static void choose_park(struct consumer *c)
{
    const struct queue_settings *s = &c->settings.settings;
    struct err err = {0};
    char text[512];
    if (!c->park && s->dead_letter)
        c->park = c->host.dead_letter(c->host.self, s->dead_letter, &err);
    if (err_any(&err)) {
        err_text(&err, s->dead_letter, text, sizeof text);
        log_line(LOG_WARN, "the dead-letter queue cannot be used: %s", text);
    }
    if (!c->park)
        log_line(LOG_WARN,
                 "%s has no place to park: what cannot be handled goes back again and again",
                 c->source->url);
}

static void begin(struct consumer *c)
{
    const struct queue_settings *s = &c->settings.settings;
    bool denied = err_is(&c->settings.op.err, "AccessDenied") ||
                  err_is(&c->settings.op.err, "AccessDeniedException");
    int receives = c->options.max_receives;
    if (err_any(&c->settings.op.err) && !denied) {
        stop_with(c, &c->settings.op.err);
        return;
    }
    if (denied && c->options.visibility_s < 0)
        log_line(LOG_WARN,
                 "%s: its settings may not be read; assuming a visibility timeout of %d s",
                 c->source->url, DEFAULT_VISIBILITY_S);
    choose_park(c);
    c->lease_s = c->options.visibility_s >= 0 ? c->options.visibility_s : s->visibility_s;
    if (c->lease_s <= 0)
        c->lease_s = DEFAULT_VISIBILITY_S;
    if (c->intake.wait_s > c->lease_s * 2 / 3)
        c->intake.wait_s = c->lease_s * 2 / 3;   /* what a poll brings at its end has lease left */
    if (!receives)
        receives = s->max_receives > 1 ? s->max_receives - 1 : DEFAULT_RECEIVES;
    settlement_park_to(&c->settlement, c->park, receives);
    c->phase = RUNNING;
}

/* --until-empty: nothing in hand, an empty answer, and the source says that nothing else is on its
 * way. */
static void check_empty(struct consumer *c)
{
    const struct queue_settings *s = &c->settings.settings;
    int64_t left = s->visible + s->in_flight + s->delayed;
    bool unknown = s->visible < 0 || err_any(&c->settings.op.err);
    if (cache_total(&c->cache) || c->intake.calls || c->settings.op.err.retryable)
        return;
    if (unknown || left <= (int64_t)c->settlement.unparkable.count) {
        c->left = unknown ? (int64_t)c->settlement.unparkable.count : left;
        c->phase = FINISHED;
    }
}

static void look_at_settings(struct consumer *c)
{
    if (!c->answered)
        return;
    c->asking = c->answered = false;
    if (c->phase == STARTING)
        begin(c);
    else if (c->phase == RUNNING)
        check_empty(c);
}

static size_t in_hand(const struct consumer *c)
{
    return cache_total(&c->cache) - c->cache.counts[DELIVERY_SETTLING];
}

/* Blocked messages hold no slot, yet they are bounded too: at most as many again as all others in
 * hand. So are verdicts that wait for their confirmation. While the source is asked whether it is
 * empty, nothing is taken from it. */
static size_t room(const struct consumer *c)
{
    size_t held = in_hand(c), blocked = c->cache.counts[DELIVERY_BLOCKED];
    size_t most = c->options.concurrency + PREFETCH;
    size_t allowed = most + (blocked < most ? blocked : most);
    bool taking = c->phase == RUNNING && !c->asking;
    return taking && held < allowed && c->cache.counts[DELIVERY_SETTLING] < SETTLING_MAX * most
               ? allowed - held
               : 0;
}

static bool eager(const struct consumer *c)
{
    return c->cache.counts[DELIVERY_READY] == 0;
}

static bool lapsing(const struct consumer *c, const struct delivery *d, struct monotime now)
{
    int64_t margin = c->lease_s * SECOND_US / 10;
    return monotime_until(now, d->lease_end) < (margin < SECOND_US ? margin : SECOND_US);
}

static bool worn_out(const struct consumer *c, const struct delivery *d)
{
    return c->settlement.can_park && d->message->receive_count > c->settlement.max_receives;
}

/* Its source has given it to somebody else by then, or is about to. */
static void let_lapse(struct consumer *c, struct delivery *d)
{
    log_line(LOG_INFO, "message %s: its lease ended before it could be started", d->message->id);
    settlement_forget(&c->settlement, d);
}

static void begin_or_refuse(struct consumer *c, struct delivery *d, struct monotime now)
{
    static const struct verdict park = {.kind = VERDICT_PARK,
                                        .reason = "received too often without a verdict"};
    if (worn_out(c, d)) {
        settlement_verdict(&c->settlement, d, &park, now);
    } else if (lapsing(c, d, now)) {
        let_lapse(c, d);
    } else {
        cache_move(&c->cache, d, DELIVERY_RUNNING);
        c->host.start(c->host.self, d);
    }
}

/* The lane is its own: its handler goes on, unless the lease did not last. */
static void go_on_or_refuse(struct consumer *c, struct delivery *d, struct monotime now)
{
    struct op *op = d->entering;
    if (lapsing(c, d, now)) {
        c->host.cancel(c->host.self, d);
        let_lapse(c, d);
        return;
    }
    d->entering = NULL;
    cache_move(&c->cache, d, DELIVERY_RUNNING);
    op_finish(op);
}

static void fill_slots(struct consumer *c, struct monotime now)
{
    while (c->cache.counts[DELIVERY_RUNNING] < c->options.concurrency) {
        struct delivery *d = cache_first(&c->cache, DELIVERY_GRANTED);
        if (d)
            go_on_or_refuse(c, d, now);
        else if ((d = cache_first(&c->cache, DELIVERY_READY)) != NULL)
            begin_or_refuse(c, d, now);
        else
            return;
    }
}

void consumer_enter(struct consumer *c, struct delivery *d, struct bytes name, struct op *op)
{
    op_begin(op, NULL, NULL);
    if (lanes_enter(&c->lanes, name, d)) {
        op_finish(op);
        return;
    }
    d->entering = op;
    cache_move(&c->cache, d, DELIVERY_BLOCKED);
}

void consumer_verdict(struct consumer *c, struct delivery *d, const struct verdict *v,
                      struct monotime now)
{
    settlement_verdict(&c->settlement, d, v, now);
}

void consumer_drain(struct consumer *c, struct monotime now, int64_t drain_us)
{
    if (c->phase != RUNNING && c->phase != STARTING)
        return;
    c->phase = c->phase == STARTING ? FINISHED : DRAINING;
    c->deadline = monotime_after(now, drain_us);
    c->intake_end = monotime_after(now, intake_grace_us < drain_us ? intake_grace_us : drain_us);
}

static void give_back_all(struct consumer *c, enum delivery_state state, struct monotime now)
{
    static const struct verdict back = {.kind = VERDICT_RELEASE};
    struct delivery *d;
    while ((d = cache_first(&c->cache, state)) != NULL) {
        if (has_task(d))
            c->host.cancel(c->host.self, d);
        settlement_verdict(&c->settlement, d, &back, now);
    }
}

static void forget_all(struct consumer *c)
{
    struct delivery *d;
    settlement_free(&c->settlement);
    while ((d = cache_first(&c->cache, DELIVERY_SETTLING)) != NULL) {
        c->cut = true;
        settlement_forget(&c->settlement, d);
    }
}

static void drain_turn(struct consumer *c, struct monotime now)
{
    if (monotime_reached(c->intake_end, now))
        intake_free(&c->intake);
    give_back_all(c, DELIVERY_READY, now);
    give_back_all(c, DELIVERY_BLOCKED, now);
    give_back_all(c, DELIVERY_GRANTED, now);
    if (monotime_reached(c->deadline, now) && c->cache.counts[DELIVERY_RUNNING]) {
        c->cut = true;
        give_back_all(c, DELIVERY_RUNNING, now);
    }
    if (monotime_reached(monotime_after(c->deadline, settle_grace_us), now))
        forget_all(c);
    settlement_turn(&c->settlement, now, true);
    if (!cache_total(&c->cache) && !c->intake.calls)
        c->phase = FINISHED;
}

/* A source that never answered is a mistake to be told at once; one that stops answering later is
 * waited for, unless the end is waited for too, and the source says that waiting cannot help. */
static bool hopeless(const struct consumer *c)
{
    const struct intake *in = &c->intake;
    bool gone = in->failures >= HOPELESS_FAILURES && !in->err.retryable && !cache_total(&c->cache);
    return in->failures && (!in->answered || (c->options.until_empty && gone));
}

static void running_turn(struct consumer *c, struct monotime now)
{
    if (hopeless(c)) {
        stop_with(c, &c->intake.err);
        return;
    }
    fill_slots(c, now);
    settlement_turn(&c->settlement, now,
                    c->cache.counts[DELIVERY_RUNNING] == 0 && !c->cache.counts[DELIVERY_READY]);
    if (c->options.until_empty && !cache_total(&c->cache) && !c->intake.calls && c->intake.empty &&
        !c->asking)
        ask_settings(c, now);
    intake_ask(&c->intake, room(c), eager(c), now);
}

void consumer_turn(struct consumer *c, struct monotime now)
{
    look_at_settings(c);
    if (c->phase == STARTING || c->phase == FINISHED)
        return;
    intake_collect(&c->intake, now);
    if (c->phase == RUNNING)
        running_turn(c, now);
    else
        drain_turn(c, now);
}

static struct monotime drain_next(const struct consumer *c)
{
    if (c->intake.calls)
        return c->intake_end;
    return c->cache.counts[DELIVERY_RUNNING] ? c->deadline
                                             : monotime_after(c->deadline, settle_grace_us);
}

struct monotime consumer_next(const struct consumer *c)
{
    struct monotime next = settlement_next(&c->settlement);
    if (c->answered || c->phase == FINISHED)
        return (struct monotime){0};
    if (c->phase == STARTING)
        return NEVER;
    if (c->cache.counts[DELIVERY_RUNNING] < c->options.concurrency &&
        (c->cache.counts[DELIVERY_READY] || c->cache.counts[DELIVERY_GRANTED]))
        return (struct monotime){0};
    if (c->phase == DRAINING)
        next = monotime_earlier(next, drain_next(c));
    return monotime_earlier(next, intake_next(&c->intake, room(c), eager(c)));
}

bool consumer_draining(const struct consumer *c)
{
    return c->phase == DRAINING;
}

bool consumer_finished(const struct consumer *c)
{
    return c->phase == FINISHED;
}

struct consumer_report consumer_report(const struct consumer *c)
{
    return (struct consumer_report){
        .ledger = c->settlement.ledger,
        .err = c->err,
        .cut = c->cut,
        .left = c->left,
        .running = c->cache.counts[DELIVERY_RUNNING],
        .waiting = in_hand(c) - c->cache.counts[DELIVERY_RUNNING],
    };
}
