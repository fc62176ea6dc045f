/* Consumer rig: an engine between two fake queues, with handlers that take the time a test gives
 * them, on a clock that only the rig moves.
 * It owns all of it. Every turn is checked: no more handlers at work than slots, a lane held by one
 * at a time and entered in the order of arrival, and an engine that asks for a turn at once makes
 * progress in it. */
#ifndef TIDEGATE_TESTS_CONSUMER_RIG_H
#define TIDEGATE_TESTS_CONSUMER_RIG_H

#include "delivery/consumer.h"
#include "fake_queue.h"

enum { RIG_WORKS = 2048, RIG_LANE = 8 };

#define MS 1000LL

enum work_state { WORK_BEGUN, WORK_WAITING, WORK_RUNNING, WORK_ENDED, WORK_CANCELLED };

/* One handler, from its start to its verdict or its cancellation. */
struct work {
    struct delivery *delivery;       /* NULL once it is over */
    const struct work *first;        /* of this delivery, which may begin anew */
    struct op op;                    /* its lane */
    enum work_state state;
    char id[FAKE_ID];
    char lane[RIG_LANE];             /* "": none */
    int64_t takes_us;                /* from the moment the lane is its own; -1: until told */
    struct verdict verdict;
    struct monotime begun, ends;
    struct rig *rig;
};

struct rig {
    struct fake_queue source, park;
    bool has_park;
    struct consumer_options options;
    struct consumer *consumer;
    struct monotime now;
    /* Says lane, time and verdict of a handler that begins; without it: no lane, until told. */
    void (*plan)(struct rig *r, struct work *w);
    void *planner;
    bool answers_in_start;           /* the verdict comes inside the call that starts the handler */
    bool opens_dead_letter;          /* the source's dead-letter queue is `park`, if it names one */
    struct work *works;
    size_t work_count;
    size_t running, most_running;
    int spins;                       /* turns that were asked for at once and changed nothing */
};

void rig_open(struct rig *r);                    /* then change what the test needs, then: */
void rig_start(struct rig *r);
void rig_close(struct rig *r);
/* The source refuses to extend leases. */
void rig_extends_nothing(struct rig *r);

/* Everything that happens at this very time. */
void rig_turn(struct rig *r);
/* Everything that happens within so long. */
void rig_pass(struct rig *r, int64_t us);
/* To its end; fails the test when that does not come within a day. */
struct consumer_report rig_finish(struct rig *r);
/* Does one thing; false when nothing is left to happen. */
bool rig_step(struct rig *r);

struct verdict verdict_of(enum verdict_kind kind);
/* The handler that works on this message now; fails the test when there is none. */
struct work *rig_work(struct rig *r, const char *id);
bool rig_works_on(const struct rig *r, const char *id);
/* Its verdict, and what follows from it at this time. */
void rig_end(struct rig *r, const char *id, enum verdict_kind kind);
void rig_drain(struct rig *r, int64_t drain_us);
bool rig_ended(const struct rig *r, const char *why);
struct ledger rig_ledger(const struct rig *r);

#endif
