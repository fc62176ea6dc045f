#include "delivery/parking.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

/* A message that was received three times at second 1,700,000,000. */
static void make(struct delivery *d, struct message *m)
{
    *m = (struct message){.receive_count = 3, .sent_at = {1700000000 * SECOND_US}};
    *d = (struct delivery){.message = m};
    snprintf(d->verdict.reason, sizeof d->verdict.reason, "no owner");
}

/* "name=value name=value" */
static const char *told(const struct delivery *d, enum parking_detail detail)
{
    static char text[4096];
    struct pairs out = {0};
    size_t len = 0;
    text[0] = 0;
    parking_describe(&out, d, "file:in", detail);
    for (size_t i = 0; i < out.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s=%s", i ? " | " : "",
                                out.at[i].name.at, out.at[i].value.at);
    pairs_free(&out);
    return text;
}

#define OURS "tidegate-reason=no owner | tidegate-source=file:in | tidegate-receive-count=3 | "
#define SENT "tidegate-sent-at=1700000000000"

static void what_a_parked_message_says(void **state)
{
    struct delivery d;
    struct message m;
    (void)state;
    make(&d, &m);
    pairs_set(&m.attributes, "colour", "blue");
    pairs_set(&m.attributes, "empty", "");
    assert_string_equal(told(&d, PARKING_ALL), OURS SENT " | colour=blue");
    assert_string_equal(told(&d, PARKING_OURS), OURS SENT);
    assert_string_equal(told(&d, PARKING_BARE), "");
    snprintf(d.verdict.error, sizeof d.verdict.error, "routes.lua:3: no");
    assert_string_equal(told(&d, PARKING_OURS),
                        "tidegate-reason=no owner | tidegate-error=routes.lua:3: no | "
                        "tidegate-source=file:in | tidegate-receive-count=3 | " SENT);
    pairs_free(&m.attributes);
}

/* Of an earlier parking only the time of its first sending is kept. */
static void what_was_parked_before(void **state)
{
    struct delivery d;
    struct message m;
    (void)state;
    make(&d, &m);
    pairs_set(&m.attributes, "Tidegate-Error", "an old one");
    pairs_set(&m.attributes, "tidegate-reason", "an old one");
    pairs_set(&m.attributes, "tidegate-receive-count", "99");
    pairs_set(&m.attributes, "tidegate-sent-at", "1612306374392");
    assert_string_equal(told(&d, PARKING_ALL), OURS "tidegate-sent-at=1612306374392");
    pairs_free(&m.attributes);
}

static void a_sent_time_must_be_one(void **state)
{
    static const struct { const char *value; int64_t us; } cases[] = {
        {"1612306374392", 1612306374392000}, {"", 0}, {"x", 0}, {"-5", 0}, {"0", 0},
        {"9223372036854775807", 0}, {"1e9", 0}, {" 1612306374392", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message m = {.sent_at = {1700000000 * SECOND_US}};
        pairs_set(&m.attributes, "tidegate-sent-at", cases[i].value);
        assert_int_equal(parking_first_sent(&m).us,
                         cases[i].us ? cases[i].us : 1700000000 * SECOND_US);
        pairs_free(&m.attributes);
    }
}

static void values_can_be_sent_anywhere(void **state)
{
    struct delivery d;
    struct message m;
    (void)state;
    make(&d, &m);
    snprintf(d.verdict.reason, sizeof d.verdict.reason, "a\nb\tc caf\xc3");
    snprintf(d.verdict.error, sizeof d.verdict.error, "\xff");
    assert_non_null(strstr(told(&d, PARKING_OURS), "reason=a b c caf | tidegate-error=unknown |"));
    d.verdict.reason[0] = 0;
    assert_non_null(strstr(told(&d, PARKING_OURS), "tidegate-reason=parked |"));
}

static void no_more_attributes_than_sqs_takes(void **state)
{
    struct delivery d;
    struct message m;
    struct pairs out = {0};
    char name[24];
    (void)state;
    make(&d, &m);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        pairs_set(&m.attributes, name, "x");
    }
    parking_describe(&out, &d, "file:in", PARKING_ALL);
    assert_int_equal(out.count, 10);
    pairs_free(&out);
    pairs_free(&m.attributes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(what_a_parked_message_says),
        CHECKED(what_was_parked_before),
        CHECKED(a_sent_time_must_be_one),
        CHECKED(values_can_be_sent_anywhere),
        CHECKED(no_more_attributes_than_sqs_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
