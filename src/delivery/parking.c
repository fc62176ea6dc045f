#include "delivery/parking.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define REASON        "tidegate-reason"
#define ERROR         "tidegate-error"
#define SOURCE        "tidegate-source"
#define RECEIVE_COUNT "tidegate-receive-count"
#define SENT_AT       "tidegate-sent-at"

enum { SQS_ATTRIBUTES_MAX = 10 };

static const int64_t ms_max = INT64_MAX / 1000;

static void add_number(struct pairs *p, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    pairs_set(p, name, text);
}

/* It may quote bad data, or be cut in the middle of a character. */
static void add_text(struct pairs *p, const char *name, const char *said, const char *otherwise)
{
    char text[VERDICT_REASON_MAX > VERDICT_ERROR_MAX ? VERDICT_REASON_MAX : VERDICT_ERROR_MAX];
    struct bytes sound;
    snprintf(text, sizeof text, "%s", said);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    sound = bytes_of(text);
    sound.len = utf8_check(sound);
    pairs_add(p, bytes_of(name), sound.len ? sound : bytes_of(otherwise));
}

/* Of an earlier parking: they tell of that one, not of this. */
static bool is_ours(struct bytes name)
{
    static const char *const ours[] = {REASON, ERROR, SOURCE, RECEIVE_COUNT, SENT_AT};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (bytes_is_nocase(name, ours[i]))
            return true;
    return false;
}

static void add_senders_own(struct pairs *out, const struct pairs *attributes)
{
    for (size_t i = 0; i < attributes->count && out->count < SQS_ATTRIBUTES_MAX; i++) {
        const struct pair *a = &attributes->at[i];
        if (a->value.len && !is_ours(a->name) && !pairs_find(out, a->name.at))
            pairs_add(out, a->name, a->value);
    }
}

void parking_describe(struct pairs *out, const struct delivery *d, const char *source,
                      enum parking_detail detail)
{
    const struct message *m = d->message;
    if (detail == PARKING_BARE)
        return;
    add_text(out, REASON, d->verdict.reason, "parked");
    if (d->verdict.error[0])
        add_text(out, ERROR, d->verdict.error, "unknown");
    pairs_set(out, SOURCE, source);
    add_number(out, RECEIVE_COUNT, m->receive_count);
    add_number(out, SENT_AT, parking_first_sent(m).us / 1000);
    if (detail == PARKING_ALL)
        add_senders_own(out, &m->attributes);
}

struct walltime parking_first_sent(const struct message *m)
{
    int64_t ms;
    if (bytes_to_int64(pairs_value(&m->attributes, SENT_AT), &ms) && ms > 0 && ms <= ms_max)
        return (struct walltime){ms * 1000};
    return m->sent_at;
}
