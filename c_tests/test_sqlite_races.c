/* Several processes on one SQLite file at once. */
#include "sqlite_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNERS = 4, MESSAGES = 300, ROUNDS = 60 };

struct race {
    pid_t runners[RUNNERS];
    int start[2];                    /* closed to let them all go */
    int words[2];                    /* what they say, each word whole and in order of time */
};

static int out;

static void race_begin(struct race *r, int (*task)(int id))
{
    char go;
    assert_int_equal(pipe(r->start), 0);
    assert_int_equal(pipe(r->words), 0);
    for (int i = 0; i < RUNNERS; i++) {
        r->runners[i] = fork();
        assert_true(r->runners[i] >= 0);
        if (r->runners[i] == 0) {
            close(r->start[1]);
            close(r->words[0]);
            out = r->words[1];
            _exit(read(r->start[0], &go, 1) == 0 ? task(i) : 255);
        }
    }
    close(r->start[0]);
    close(r->start[1]);
    close(r->words[1]);
}

static void race_end(struct race *r)
{
    close(r->words[0]);
    for (int i = 0; i < RUNNERS; i++) {
        int status;
        assert_int_equal(waitpid(r->runners[i], &status, 0), r->runners[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

struct word {
    char what;
    int number, by;
};

static void say(char what, int number, int by)
{
    struct word w;
    memset(&w, 0, sizeof w);
    w = (struct word){what, number, by};
    if (write(out, &w, sizeof w) != sizeof w)
        _exit(254);
}

static bool hear(const struct race *r, struct word *w)
{
    return read(r->words[0], w, sizeof *w) == sizeof *w;
}

/* An answer that may be "busy" for once, on a machine that has much to do. */
static bool failed(const char *code)
{
    if (!code[0] || strcmp(code, "!busy") == 0)
        return false;
    fprintf(stderr, "%s\n", code);
    return true;
}

/* ---- a new file ---- */

static int open_and_send(int id)
{
    char body[16];
    for (int i = 0; i < ROUNDS; i++) {
        struct err err;
        char file[16];
        struct queue *q;
        snprintf(file, sizeof file, "q%d.db", i);
        q = sqlite_queue_open(world_at(file), true, world_clock(), &err);
        snprintf(body, sizeof body, "%d", id);
        if (!q || world_send(q, body, 0)[0]) {
            fprintf(stderr, "%s %s\n", q ? "send" : err.code, q ? "" : err.message);
            return 1;
        }
        queue_free(q);
    }
    return 0;
}

static void all_may_make_the_file(void **state)
{
    struct race r;
    (void)state;
    race_begin(&r, open_and_send);
    race_end(&r);
    for (int i = 0; i < ROUNDS; i++) {
        char file[16];
        snprintf(file, sizeof file, "q%d.db", i);
        assert_string_equal(world_sql(file, "SELECT body FROM requests ORDER BY body"), "0 1 2 3");
    }
}

/* ---- one queue ---- */

/* Says '+' when it holds a message, '-' before it gives it back, 'x' when it has deleted it. */
static bool handle_one(struct queue *q, int number, const char *receipt, bool give_back, int id)
{
    const char *code;
    say('+', number, id);
    if (give_back)
        say('-', number, id);
    do
        code = give_back ? world_release(q, receipt, 0) : world_delete(q, receipt);
    while (strcmp(code, "!busy") == 0);
    if (!give_back)
        say('x', number, id);
    return code[0] == 0;
}

static bool handle_all(struct queue *q, const char *text, int id)
{
    char receipts[QUEUE_BATCH][WORLD_RECEIPT], *after;
    memcpy(receipts, world.receipts, sizeof receipts);
    for (int i = 0; text[0]; i++) {
        int number = (int)strtol(text, &after, 10);
        long deliveries = strtol(after + 1, &after, 10);
        text = after + (after[0] == ' ');
        if (!handle_one(q, number, receipts[i], deliveries < 3 && (number + id) % 3 == 0, id))
            return false;
    }
    return true;
}

static int consume(int id)
{
    struct err err;
    struct queue *q = sqlite_queue_open(world_at("q.db"), false, world_clock(), &err);
    if (!q)
        return 1;
    while (strcmp(world_counts(q), "0/0/0") != 0) {
        const char *text = world_receive(q, 1 + id * 3, 1000);
        if (failed(text[0] == '!' ? text : "") || (text[0] != '!' && !handle_all(q, text, id)))
            return 2;
    }
    queue_free(q);
    return 0;
}

static void send_numbers(struct queue *q)
{
    char body[16];
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(body, sizeof body, "%d", i);
        assert_string_equal(world_send(q, body, 0), "");
    }
}

static void two_never_hold_one_message(void **state)
{
    static int holder[MESSAGES], deleted[MESSAGES];
    struct queue *q = world_queue("q.db");
    struct race r;
    struct word w;
    int given_back = 0;
    (void)state;
    memset(holder, -1, sizeof holder);
    memset(deleted, 0, sizeof deleted);
    send_numbers(q);
    race_begin(&r, consume);
    while (hear(&r, &w)) {
        assert_in_range(w.number, 0, MESSAGES - 1);
        assert_int_equal(deleted[w.number], 0);
        assert_int_equal(holder[w.number], w.what == '+' ? -1 : w.by);
        holder[w.number] = w.what == '+' ? w.by : -1;
        deleted[w.number] += w.what == 'x';
        given_back += w.what == '-';
    }
    race_end(&r);
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(deleted[i], 1);
    assert_true(given_back > MESSAGES / 6);
    assert_string_equal(world_counts(q), "0/0/0");
    queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(all_may_make_the_file),
        IN_WORLD(two_never_hold_one_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
