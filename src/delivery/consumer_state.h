/* Consumer state: what the parts of the consumer share: its turn (consumer.c), its slots
 * (consumer_slots.c) and its end (consumer_end.c). Nobody else includes this.
 * Borrows and owns what consumer.h says. It never decides anything itself. */
#ifndef TIDEGATE_DELIVERY_CONSUMER_STATE_H
#define TIDEGATE_DELIVERY_CONSUMER_STATE_H

#include "delivery/breaker.h"
#include "delivery/consumer.h"
#include "delivery/heartbeat.h"
#include "delivery/intake.h"
#include "delivery/settlement.h"

enum {
    PREFETCH = QUEUE_BATCH           /* messages cached beyond the slots, so that a slot never waits
                                        for a receive */
};

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
    struct heartbeat heartbeat;
    struct breaker breaker;
    struct cache cache;
    struct lanes lanes;
    struct settlement settlement;
    struct err err;
    struct monotime runtime_end;     /* max_runtime; NEVER: none */
    struct monotime deadline;        /* DRAINING: cancel what runs */
    struct monotime intake_end;      /* DRAINING: abandon receives */
    bool cut;
    int64_t left;
    const char *ended;               /* see consumer_report */
};

/* ---- slots: consumer_slots.c ---- */

/* A message that was just taken: is it one of those that start one at a time? */
void slots_take(struct consumer *c, struct delivery *d);
/* Gives free slots to those that wait for one; parks or forgets what must not start. */
void slots_fill(struct consumer *c, struct monotime now);
/* Is there one that was not begun, and may be? */
bool slots_ready(const struct consumer *c);
/* When a free slot and something that may have it meet; NEVER: they do not. */
struct monotime slots_next(const struct consumer *c);
/* Its store could not: it begins anew, later. */
void slots_hold(struct consumer *c, struct delivery *d, const struct verdict *v,
                struct monotime now);
/* The stores work again: what is held may begin. */
void slots_free_held(struct consumer *c, struct monotime now);
/* How many messages may be taken now, those that are asked for included. */
size_t slots_room(const struct consumer *c);
size_t slots_in_hand(const struct consumer *c);  /* without those that have their verdict */
/* Handlers at work beyond their deadline are stopped, and their messages retried. */
void slots_stop_late(struct consumer *c, struct monotime now);
struct monotime slots_deadline(const struct consumer *c);        /* the next; NEVER: none */
bool has_task(const struct delivery *d);
/* The lease of that message is over: what was not begun is dropped. */
void slots_lost(struct heartbeat *h, struct delivery *d);

/* ---- the end: consumer_end.c ---- */

void end_with_error(struct consumer *c, const struct err *err);
/* RUNNING: looks whether it is over, or time to drain. */
void end_check(struct consumer *c, struct monotime now);
/* RUNNING, until_empty: is it time to ask the source whether it is empty? */
bool end_asks(const struct consumer *c);
/* … and it has answered. */
void end_judge_empty(struct consumer *c);
/* DRAINING: one turn of it. */
void end_drain_turn(struct consumer *c, struct monotime now);
/* When one of these has something to do, if nothing else happens first. */
struct monotime end_next(const struct consumer *c);

#endif
