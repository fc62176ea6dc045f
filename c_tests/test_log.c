/* The log: one event is one line, whatever is in it. */
#include "base/log.h"

#include "leak_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the log writes to stderr for one event, without its date. */
static const char *logged(enum log_level level, struct bytes text, const struct pairs *fields)
{
    static char line[64 * 1024];
    int ends[2], kept = dup(STDERR_FILENO);
    ssize_t len;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    log_event(level, text, fields);
    dup2(kept, STDERR_FILENO);
    len = read(ends[0], line, sizeof line - 1);
    line[len > 0 ? len : 0] = 0;
    close(ends[0]);
    close(ends[1]);
    close(kept);
    return len > 25 ? line + 25 : "";
}

static void quotes_and_escapes(void **state)
{
    struct pairs fields = {0};
    (void)state;
    pairs_set(&fields, "plain", "1612-x");
    pairs_set(&fields, "words", "two \"quoted\" words\\");
    pairs_set(&fields, "empty", "");
    pairs_set(&fields, "evil", "a\nb\x1b[31m");
    assert_string_equal(logged(LOG_WARN, BYTES("line\nbreak"), &fields),
                        "warn  line\\nbreak plain=1612-x words=\"two \\\"quoted\\\" words\\\\\" "
                        "empty=\"\" evil=a\\nb\\x1b[31m\n");
    pairs_free(&fields);
}

static void keeps_to_its_level(void **state)
{
    (void)state;
    assert_string_equal(logged(LOG_DEBUG, BYTES("no"), NULL), "");
    log_set_level(LOG_DEBUG);
    assert_string_equal(logged(LOG_DEBUG, BYTES("yes"), NULL), "debug yes\n");
    log_set_level(LOG_OFF);
    assert_string_equal(logged(LOG_ERROR, BYTES("no"), NULL), "");
    log_set_level(LOG_INFO);
}

static void never_grows_without_end(void **state)
{
    static char big[40 * 1024];
    struct pairs fields = {0};
    (void)state;
    memset(big, 'x', sizeof big - 1);
    assert_int_equal(strlen(logged(LOG_INFO, bytes_of(big), NULL)), 6 + 2048 + 1);
    pairs_set(&fields, "big", big);
    assert_string_equal(logged(LOG_INFO, BYTES("text"), &fields),
                        "info  (a line too long to log)\n");
    pairs_free(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(quotes_and_escapes),
        CHECKED(keeps_to_its_level),
        CHECKED(never_grows_without_end),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
