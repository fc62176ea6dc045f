/* The log: one event is one line, whatever is in it. */
#include "base/log.h"

#include "leak_check.h"
#include "place.h"

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

/* ---- the file ---- */

static struct place place;
static int kept_stderr;

static int begin(void **state)
{
    leak_check_begin(state);
    place_make(&place);
    kept_stderr = dup(STDERR_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    return 0;
}

static int end(void **state)
{
    log_end();
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    place_remove(&place);
    return leak_check_end(state);
}

static void open_log(enum event_format format, const char *path)
{
    struct err err = {0};
    assert_int_equal(log_begin(format, path, &err), 0);
}

/* How many lines of the file hold these words. */
static int lines_with(const char *file, const char *words)
{
    static char text[1 << 20];
    FILE *f = fopen(place_path(&place, file), "r");
    int count = 0;
    assert_non_null(f);
    while (fgets(text, sizeof text, f))
        count += strstr(text, words) != NULL;
    fclose(f);
    return count;
}

static void the_file_gets_every_line(void **state)
{
    char path[300];
    (void)state;
    snprintf(path, sizeof path, "%s/log", place.dir);
    open_log(EVENT_JSON, path);
    log_line(LOG_INFO, "one %d", 1);
    log_line(LOG_DEBUG, "not this");
    log_last_words("the end");
    assert_int_equal(lines_with("log", "\"level\":\"info\",\"msg\":\"one 1\"}"), 1);
    assert_int_equal(lines_with("log", "{\"level\":\"error\",\"msg\":\"the end\"}"), 1);
    assert_int_equal(lines_with("log", ""), 2);
}

static void a_file_that_cannot_be_opened(void **state)
{
    struct err err = {0};
    char path[300];
    (void)state;
    snprintf(path, sizeof path, "%s/no/log", place.dir);
    assert_int_equal(log_begin(EVENT_TEXT, path, &err), -1);
    assert_string_equal(err.code, "BadLog");
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, "No such file or directory"));
}

static void a_file_that_was_moved_away_is_made_anew(void **state)
{
    char path[300], moved[300];
    (void)state;
    snprintf(path, sizeof path, "%s/d/log", place.dir);
    snprintf(moved, sizeof moved, "%s/moved", place.dir);
    place_dir(&place, "d");
    open_log(EVENT_TEXT, path);
    log_line(LOG_INFO, "one");
    assert_int_equal(rename(path, moved), 0);
    log_line(LOG_INFO, "two");
    log_reopen();
    log_line(LOG_INFO, "three");
    assert_int_equal(lines_with("moved", "one") + lines_with("moved", "two"), 2);
    assert_int_equal(lines_with("d/log", "three"), 1);
    assert_int_equal(lines_with("d/log", ""), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(place_path(&place, "d")), 0);
    log_reopen();                        /* there is no directory: the old file goes on */
    log_line(LOG_INFO, "four");
    place_dir(&place, "d");
    log_reopen();
    log_line(LOG_INFO, "five");
    assert_int_equal(lines_with("d/log", "five"), 1);
}

/* A disk that was full: the file is a link, so that a reopened one can be another. */
static void dropped_lines_are_counted_and_told(void **state)
{
    char path[300];
    (void)state;
    snprintf(path, sizeof path, "%s/log", place.dir);
    place_write(&place, "real", "");
    assert_int_equal(symlink("/dev/full", path), 0);
    open_log(EVENT_TEXT, path);
    for (int i = 0; i < 5; i++)
        log_line(LOG_INFO, "lost");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("real", path), 0);
    log_reopen();
    log_line(LOG_INFO, "kept");
    log_line(LOG_INFO, "kept");
    assert_int_equal(lines_with("real", "5 lines of the log could not be written here: "
                                        "No space left on device"), 1);
    assert_int_equal(lines_with("real", "kept"), 2);
    assert_int_equal(lines_with("real", ""), 3);
}

#define ON_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(quotes_and_escapes),
        CHECKED(keeps_to_its_level),
        CHECKED(never_grows_without_end),
        ON_FILE(the_file_gets_every_line),
        ON_FILE(a_file_that_cannot_be_opened),
        ON_FILE(a_file_that_was_moved_away_is_made_anew),
        ON_FILE(dropped_lines_are_counted_and_told),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
