/* Fake queue: a queue in memory that answers inside the call, after a time, or only when told to,
 * and fails as its rules say; it keeps a record of every call.
 * It owns its messages and records; the clock is the number its test writes into `now`. A message
 * that is received is hidden for its lease and comes again unless deleted, with a new receipt; one
 * id may stand for several messages, and "g/1" is of the group "g". */
#ifndef TIDEGATE_TESTS_FAKE_QUEUE_H
#define TIDEGATE_TESTS_FAKE_QUEUE_H

#include "base/list.h"
#include "base/queue.h"
#include "base/random.h"

enum { FAKE_ID = 24, FAKE_MESSAGES = 256, FAKE_CALLS = 8192, FAKE_RULES = 8, FAKE_REASON = 96 };
enum { QUEUE_VERBS = QUEUE_SETTINGS + 1 };

#define FAKE_HELD (-1) /* as latency: answered only by fake_answer() */

struct fake_message {
    char id[FAKE_ID];
    int receive_count;
    int serial;                      /* of its newest receipt */
    struct monotime visible_at;
    struct monotime received_at;     /* the last time */
    bool gone, delayed;              /* deleted; hidden by a release, not by a receive */
    int deletes;                     /* times its delete was asked with the newest receipt */
    char reason[FAKE_REASON];        /* SEND: the attribute tidegate-reason */
    char error[FAKE_REASON];         /* ... and tidegate-error */
    size_t attributes;               /* it was sent with so many */
};

enum fake_end { FAKE_UNDER_WAY, FAKE_ANSWERED, FAKE_ABORTED };

struct fake_call {
    enum queue_verb verb;
    struct monotime at;
    int want, wait_s, visibility_s;
    size_t count;                    /* entries, or messages received */
    char ids[QUEUE_BATCH][FAKE_ID];
    int delays[QUEUE_BATCH];
    enum fake_end end;
};

/* Holds for the calls number `first` to `last` of its verb, counted from 0. */
struct fake_rule {
    enum queue_verb verb;
    size_t first, last;
    struct err err;                  /* of the whole call, or of the entries in `mask` */
    unsigned mask;
    int limit;                       /* RECEIVE: no more than so many; 0: no limit */
};

struct fake_queue {
    struct queue queue;
    struct monotime now;
    struct queue_settings settings;  /* what it tells; counts are real ones unless `fixed_counts` */
    bool fixed_counts;
    int64_t latency_us[QUEUE_VERBS];

    /* Chance, for random schedules: off while max_latency_us is 0. */
    struct random random;
    int64_t max_latency_us;
    int fail_percent, entry_fail_percent, short_percent;

    struct fake_message *messages;
    size_t message_count;
    struct fake_call *calls;
    size_t call_count;
    size_t counts[QUEUE_VERBS];      /* calls of each verb */
    size_t stale;                    /* entries with a receipt that was not the newest */
    struct fake_rule rules[FAKE_RULES];
    size_t rule_count;
    struct list pending;
};

void fake_open(struct fake_queue *q, const char *url, struct monotime now);
void fake_close(struct fake_queue *q);           /* fails the test when a call is under way */

void fake_add(struct fake_queue *q, const char *id);
/* `count` of them: "prefix0", "prefix1" … */
void fake_add_many(struct fake_queue *q, const char *prefix, int count);
struct fake_message *fake_find(struct fake_queue *q, const char *id);

struct err fake_error(const char *code, bool retryable);
void fake_rule(struct fake_queue *q, struct fake_rule rule);

/* Answers the oldest call of that verb that is under way; false when there is none. */
bool fake_answer(struct fake_queue *q, enum queue_verb verb);
/* Answers what is due; returns how many. */
size_t fake_answer_due(struct fake_queue *q);
struct monotime fake_next(const struct fake_queue *q);           /* when the next answer is due */
size_t fake_under_way(const struct fake_queue *q, enum queue_verb verb);
/* The question of the oldest call under way; fails the test when there is none. */
const struct queue_op *fake_oldest(const struct fake_queue *q);
/* The call number `at` of its verb; fails the test when there was none. */
const struct fake_call *fake_call(const struct fake_queue *q, enum queue_verb verb, size_t at);
/* Its ids with a space between them. */
const char *fake_ids(const struct fake_queue *q, enum queue_verb verb, size_t at);

#endif
