#include "delivery/consumer_state.h"

#include "base/log.h"

#include <string.h>

enum { DEFAULT_RECEIVES = 5, DEFAULT_VISIBILITY_S = 30 };

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

/* One of its group is on its way back: this one must not overtake it. */
static bool behind_failed(const struct consumer *c, const struct delivery *d)
{
    const struct delivery *at = cache_first(&c->cache, DELIVERY_SETTLING);
    if (!c->cache.ordered || cache_leads(&c->cache, d))
        return false;
    for (; at; at = cache_after(&c->cache, at))
        if (settlement_goes_back(at) && at->message->group_id &&
            strcmp(at->message->group_id, d->message->group_id) == 0)
            return true;
    return false;
}

static void taken(struct intake *in, struct message *m, struct monotime asked_at,
                  struct monotime now)
{
    static const struct verdict back = {.kind = VERDICT_RELEASE};
    struct consumer *c = in->owner;
    struct delivery *d = cache_twin(&c->cache, m);
    c->settlement.ledger.received++;
    if (d) {                             /* its handler must not run twice at once */
        settlement_renew(&c->settlement, d, m);
        if (!settlement_goes_back(d))
            heartbeat_add(&c->heartbeat, d, asked_at, now);
        return;
    }
    d = cache_add(&c->cache, m);
    heartbeat_add(&c->heartbeat, d, asked_at, now);
    if (behind_failed(c, d))
        settlement_verdict(&c->settlement, d, &back, now);
    else if (!settlement_again(&c->settlement, d, now))
        slots_take(c, d);
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
    c->runtime_end = NEVER;
    if (options->max_runtime_us >= 0)
        c->runtime_end = monotime_after(now, options->max_runtime_us);
    cache_init(&c->cache);
    intake_init(&c->intake, source, options->wait_s, options->visibility_s);
    c->intake.taken = taken;
    c->intake.owner = c;
    breaker_init(&c->breaker);
    heartbeat_init(&c->heartbeat, source);
    c->heartbeat.lost = slots_lost;
    c->heartbeat.owner = c;
    settlement_init(&c->settlement, source, &c->cache, &c->lanes);
    ask_settings(c, now);
    return c;
}

void consumer_free(struct consumer *c)
{
    if (!c)
        return;
    intake_free(&c->intake);
    queue_op_free(&c->settings);
    heartbeat_free(&c->heartbeat);
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
                 "%s has no place to park: what cannot be handled goes back again and again, until "
                 "it gets a dead-letter queue or another place to park is named",
                 c->source->url);
}

/* The lease that was asked for, else the source's own; one that is not known, or is none at all, is
 * replaced by one of ours. */
static void choose_lease(struct consumer *c, bool denied)
{
    int own_s = denied ? -1 : c->settings.settings.visibility_s;
    c->lease_s = c->options.visibility_s > 0 ? c->options.visibility_s : own_s;
    if (c->lease_s <= 0) {
        c->lease_s = c->intake.visibility_s = DEFAULT_VISIBILITY_S;
        log_line(LOG_WARN, "%s tells no visibility timeout: asking for %d s at each receive",
                 c->source->url, DEFAULT_VISIBILITY_S);
    }
    c->heartbeat.window_s = c->lease_s;
}

/* For a queue whose settings may not be read: a FIFO queue must be named so. */
static bool is_fifo(const char *url)
{
    size_t len = strlen(url);
    return len > 5 && strcmp(url + len - 5, ".fifo") == 0;
}

static void begin(struct consumer *c)
{
    const struct queue_settings *s = &c->settings.settings;
    bool denied = err_is(&c->settings.op.err, "AccessDenied") ||
                  err_is(&c->settings.op.err, "AccessDeniedException");
    int receives = c->options.max_receives;
    if (err_any(&c->settings.op.err) && !denied) {
        end_with_error(c, &c->settings.op.err);
        return;
    }
    c->cache.ordered = s->fifo || is_fifo(c->source->url);
    choose_park(c);
    choose_lease(c, denied);
    if (c->intake.wait_s > c->lease_s * 2 / 3)
        c->intake.wait_s = c->lease_s * 2 / 3;   /* what a poll brings at its end has lease left */
    if (!receives)
        receives = s->max_receives > 1 ? s->max_receives - 1 : DEFAULT_RECEIVES;
    settlement_park_to(&c->settlement, c->park, receives);
    c->phase = RUNNING;
}

static void look_at_settings(struct consumer *c)
{
    if (!c->answered)
        return;
    c->asking = c->answered = false;
    if (c->phase == STARTING)
        begin(c);
    else if (c->phase == RUNNING)
        end_judge_empty(c);
}

void consumer_enter(struct consumer *c, struct delivery *d, struct bytes name, struct op *op)
{
    op_begin(op, NULL, NULL);
    if (lanes_holds(d, name)) {          /* it was held, and begins anew */
        op_finish(op);
        return;
    }
    settlement_leave_lane(&c->settlement, d);
    if (lanes_enter(&c->lanes, name, d)) {
        op_finish(op);
        return;
    }
    d->entering = op;
    breaker_forget(&c->breaker, d);
    cache_move(&c->cache, d, DELIVERY_BLOCKED);
}

void consumer_verdict(struct consumer *c, struct delivery *d, const struct verdict *v,
                      struct monotime now)
{
    if (breaker_hear(&c->breaker, d, v, now))
        slots_free_held(c, now);
    if (v->kind == VERDICT_RETRY && v->outage && c->phase == RUNNING && !d->lost)
        slots_hold(c, d, v, now);
    else
        settlement_verdict(&c->settlement, d, v, now);
}

static bool eager(const struct consumer *c)
{
    return c->cache.counts[DELIVERY_READY] == 0 || (c->cache.ordered && !slots_ready(c));
}

/* Nobody will come to share the call, or somebody waits for its end. */
static bool hurry(const struct consumer *c)
{
    return c->cache.ordered || (c->cache.counts[DELIVERY_RUNNING] == 0 &&
           (c->cache.counts[DELIVERY_READY] == 0 || c->cache.begun));
}

static void take(struct consumer *c, struct monotime now)
{
    if (monotime_reached(breaker_pause_end(&c->breaker), now))
        intake_ask(&c->intake, slots_room(c), eager(c), now);
}

/* While stores fail, one more is taken for each try, and before what is held may fail once more. */
static void running_turn(struct consumer *c, struct monotime now)
{
    if (c->breaker.open)
        take(c, now);
    slots_fill(c, now);
    settlement_turn(&c->settlement, now, hurry(c));
    end_check(c, now);
    if (end_asks(c))
        ask_settings(c, now);
    if (!c->breaker.open)
        take(c, now);
}

void consumer_turn(struct consumer *c, struct monotime now)
{
    look_at_settings(c);
    if (c->phase == RUNNING || c->phase == DRAINING) {
        intake_collect(&c->intake, now);
        heartbeat_turn(&c->heartbeat, now);
        slots_stop_late(c, now);
    }
    if (c->phase == STARTING || c->phase == RUNNING)
        end_check(c, now);
    if (c->phase == RUNNING)
        running_turn(c, now);
    if (c->phase == DRAINING)
        end_drain_turn(c, now);
}

static struct monotime later(struct monotime a, struct monotime b)
{
    return a.us > b.us ? a : b;
}

struct monotime consumer_next(const struct consumer *c)
{
    struct monotime next = end_next(c);
    if (c->answered || c->phase == FINISHED)
        return (struct monotime){0};
    if (c->phase == STARTING)
        return next;
    next = monotime_earlier(next, slots_next(c));
    next = monotime_earlier(next, slots_deadline(c));
    next = monotime_earlier(next, heartbeat_next(&c->heartbeat));
    next = monotime_earlier(next, settlement_next(&c->settlement));
    return monotime_earlier(next, later(intake_next(&c->intake, slots_room(c), eager(c)),
                                        breaker_pause_end(&c->breaker)));
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
        .ended = c->ended,
        .running = c->cache.counts[DELIVERY_RUNNING],
        .waiting = slots_in_hand(c) - c->cache.counts[DELIVERY_RUNNING],
    };
}
