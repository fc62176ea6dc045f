/* Queue: where messages come from, as one contract that sqs://, a bucket read as a queue, and
 * sqlite: keep. The waiter owns the operation with its question and its answer; received messages
 * pass to whoever takes them out. A queue gives a message at least once: it hides it for a lease,
 * and gives it again unless it was deleted in time. */
#ifndef TIDEGATE_BASE_QUEUE_H
#define TIDEGATE_BASE_QUEUE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/op.h"
#include "base/pairs.h"

enum {
    QUEUE_BATCH = 10,                  /* SQS: at most ten messages a call */
    QUEUE_BODY_MAX = 64 * 1024 * 1024, /* buckets and directories */
    QUEUE_MESSAGE_MAX = 1024 * 1024,   /* SQS and sqlite: body and attributes together */
    QUEUE_WAIT_MAX_S = 20,
    QUEUE_DELAY_MAX_S = 900,
    QUEUE_VISIBILITY_MAX_S = 43200
};

struct message {
    char *id;                        /* the queue's id of the message, or the key of the object */
    char *receipt;                   /* names this delivery; the newest one counts */
    struct bytes body;               /* owned */
    int receive_count;               /* 1 on the first delivery */
    struct walltime sent_at;
    char *group_id;                  /* FIFO queues; NULL elsewhere */
    struct pairs attributes;         /* the sender's */
    struct pairs system;             /* the queue's, by its own names */
};

void message_free(struct message *m);            /* frees what it holds and itself; NULL is fine */
size_t message_size(const struct message *m);    /* bytes of body and attributes */

/* EXTEND: the message stays hidden for `delay_s` from now, and its receipt good. RELEASE: it is
 * given back, and comes again after `delay_s`. */
enum queue_verb {
    QUEUE_RECEIVE,
    QUEUE_DELETE,
    QUEUE_EXTEND,
    QUEUE_RELEASE,
    QUEUE_SEND,
    QUEUE_SETTINGS
};

/* What EXTEND answers for a message that this receipt does not hold any more; never retryable. */
#define QUEUE_NOT_HELD         "MessageNotInflight"
#define QUEUE_RECEIPT_INVALID  "ReceiptHandleIsInvalid"

/* An entry of DELETE, EXTEND, RELEASE or SEND; its position is its id, its own result stands in
 * `err`. */
struct queue_entry {
    struct bytes receipt;            /* DELETE, EXTEND, RELEASE */
    int delay_s; /* EXTEND: the new lease; RELEASE: 0 gives it back at once; SEND: delay of the
                    first delivery */
    struct bytes body;               /* SEND */
    struct bytes id;                 /* SEND to a bucket: the key, required; to a FIFO queue: what
                                         tells it from others, and its group if it has none */
    bool aside;                      /* SEND to a bucket: where another message has the key, the
                                        next free name (KEY~1) will do */
    struct bytes group_id;           /* SEND to a FIFO queue */
    const struct pairs *attributes;  /* SEND; NULL: none */
    struct err err; /* empty when this entry went well; `retryable` says whether another try may
                       help */
};

struct queue_settings {
    int visibility_s;                /* -1 when the queue would not say */
    int max_receives;                /* of its redrive policy; 0 when it has none */
    char *dead_letter; /* a place this program can open (queue URL); NULL when it has none */
    bool fifo;
    int64_t visible, in_flight,
        delayed; /* approximate, by nature; -1 when the queue would not say */
};

struct queue_op {
    struct op op;
    enum queue_verb verb;

    /* the question */
    int want;                        /* RECEIVE: 1 to QUEUE_BATCH */
    int wait_s;                      /* RECEIVE: long poll, 0 to QUEUE_WAIT_MAX_S */
    int visibility_s;                /* RECEIVE: the lease to ask for; -1: the queue's own */
    struct queue_entry entries[QUEUE_BATCH];     /* of the verbs about single messages */
    size_t entry_count;

    /* the answer */
    struct message *received[QUEUE_BATCH];       /* whoever takes one out sets its slot to NULL */
    size_t received_count;
    struct monotime asked_at;        /* when the question left: leases count from here */
    struct queue_settings settings;
};

struct queue;

struct queue_ops {
    void (*start)(struct queue *q, struct queue_op *op, struct monotime now);
    void (*free)(struct queue *q);
};

struct queue {
    const struct queue_ops *ops;
    char *url;                       /* as messages name it: "sqs://widget-requests", "file:in" */
    bool keyed;                      /* an id is a key, under which more than one may be sent */
};

void queue_start(struct queue *q, struct queue_op *op, struct monotime now);
void queue_op_init(struct queue_op *op, enum queue_verb verb);
void queue_op_free(struct queue_op *op); /* aborts what is under way and frees the answer; may be
                                            called twice */

/* What SQS lets a message hold, and sqlite: too: a body and attributes that are not empty, UTF-8
 * without control characters but tab and line ends (the characters of XML 1.0), in at most
 * QUEUE_MESSAGE_MAX bytes. -1 with the entry's err: InvalidMessageContents, MessageTooLong. */
int queue_entry_check(struct queue_entry *e) MUSTCHECK;
/* Bytes of body and attributes as SQS counts them. */
size_t queue_entry_size(const struct queue_entry *e);

void queue_free(struct queue *q);                /* NULL is fine; no operation may be under way */

#endif
