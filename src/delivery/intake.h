/* Intake: asks the queue for messages, as many calls side by side as there is room for.
 * Borrows the queue; owns its calls until their messages are handed over. Slots that were asked for
 * count as taken, a short answer means one call at a time, an empty one a pause, a failing queue a
 * growing one. It never holds a message: what arrives is handed to its owner at once. */
#ifndef TIDEGATE_DELIVERY_INTAKE_H
#define TIDEGATE_DELIVERY_INTAKE_H

#include "base/list.h"
#include "base/queue.h"
#include "base/random.h"

struct intake {
    struct queue *queue;
    int wait_s, visibility_s;
    void (*taken)(struct intake *in, struct message *m, struct monotime asked_at,
                  struct monotime now);          /* takes the message over */
    void *owner;

    struct list flights, landed;
    size_t calls;                    /* under way */
    size_t reserved;                 /* slots that these calls may fill */
    bool scarce;                     /* the last answer was short */
    bool empty;                      /* the last call that ended found nothing */
    bool answered;                   /* at least one call went well */
    int failures;                    /* calls in a row that failed */
    struct err err;                  /* of the last one */
    struct monotime not_before;
    struct random random;
};

void intake_init(struct intake *in, struct queue *queue, int wait_s, int visibility_s);
/* Hands over what arrived. */
void intake_collect(struct intake *in, struct monotime now);
/* Asks for as many as `room` allows (0: asks for nothing). `eager`: even for a few. */
void intake_ask(struct intake *in, size_t room, bool eager, struct monotime now);
/* When one of these two has something to do, if nothing else happens first. */
struct monotime intake_next(const struct intake *in, size_t room, bool eager);
/* Abandons the calls under way. May be called again; the intake stays usable. */
void intake_free(struct intake *in);

#endif
