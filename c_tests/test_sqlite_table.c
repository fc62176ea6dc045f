/* What a SQLite table does: verbs and conditions, rows that people touched, processes at once. */
#include "sqlite_world.h"

#include "local/sqlite_table.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNERS = 4, KEYS = 20, INCREMENTS = 25 };

static struct table *opened(const char *place)
{
    struct err err;
    struct table *t = sqlite_table_open(world_at(place), BYTES("id"), true, &err);
    if (!t)
        fail_msg("%s: %s", err.code, err.message);
    return t;
}

/* ---- calls in short ---- */

/* "name=text name=text", each a string attribute; NULL is no list. */
static const struct pairs *list(struct pairs *p, const char *text)
{
    struct bytes rest = bytes_of(text), value;
    if (!text)
        return NULL;
    while (rest.len) {
        struct bytes one = bytes_cut(rest, ' ', &rest);
        struct bytes name = bytes_cut(one, '=', &value);
        item_add_string(p, name, value);
    }
    return p;
}

struct call {
    enum table_verb verb;
    const char *key, *put, *set, *remove, *if_equal, *if_lacks;
    bool if_absent, if_exists;
};

static const char *told(const struct table_op *op)
{
    static char texts[4][8192];
    static size_t next;
    char *t = texts[next++ % 4];
    size_t at = (size_t)snprintf(t, sizeof texts[0], "%s", op->op.err.code);
    for (size_t i = 0; i < op->item.count; i++) {
        size_t len;
        char *value = item_string(op->item.at[i].value, &len);
        at += (size_t)snprintf(t + at, sizeof texts[0] - at, "%s%s=%s", at ? " " : "",
                               op->item.at[i].name.at, value ? value : "?");
        mem_free(value);
    }
    assert_int_equal(op->found, op->item.count > 0);
    return t;
}

/* The code of the error and the item that was answered: "Code id=k a=1". */
static const char *run(struct table *t, struct call c)
{
    struct pairs lists[5] = {0};
    struct table_op op;
    const char *text;
    table_op_init(&op, c.verb);
    op.key = bytes_of(c.key);
    op.put = list(&lists[0], c.put);
    op.set = list(&lists[1], c.set);
    op.remove = list(&lists[2], c.remove);
    op.if_equal = list(&lists[3], c.if_equal);
    op.if_lacks = list(&lists[4], c.if_lacks);
    op.if_absent = c.if_absent;
    op.if_exists = c.if_exists;
    table_start(t, &op);
    assert_true(op.op.done);
    if (err_is(&op.op.err, "ConditionalCheckFailedException"))
        assert_int_equal(op.op.err.status, 400);
    if (err_is(&op.op.err, "NoSuchItem"))
        assert_int_equal(op.op.err.status, 404);
    text = told(&op);
    table_op_free(&op);
    for (size_t i = 0; i < 5; i++)
        pairs_free(&lists[i]);
    return text;
}

static const char *get(struct table *t, const char *key)
{
    return run(t, (struct call){TABLE_GET, .key = key});
}

static const char *put(struct table *t, const char *item)
{
    return run(t, (struct call){TABLE_PUT, .put = item});
}

/* ---- verbs ---- */

static void an_item_is_kept_changed_and_removed(void **state)
{
    struct table *t = opened("t.db");
    (void)state;
    assert_string_equal(get(t, "k"), "NoSuchItem");
    assert_string_equal(put(t, "a=1 id=k b=2"), "");
    assert_string_equal(put(t, "id=K a=other"), "");
    assert_string_equal(get(t, "k"), "a=1 id=k b=2");
    assert_string_equal(put(t, "id=k c=3 A=4 a=5"), "");
    assert_string_equal(get(t, "k"), "id=k c=3 A=4 a=5");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "k", .set = "n=9 a=6",
                                             .remove = "c= none="}), "");
    assert_string_equal(get(t, "k"), "id=k A=4 n=9 a=6");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "k"}), "");
    assert_string_equal(get(t, "k"), "id=k A=4 n=9 a=6");
    assert_string_equal(run(t, (struct call){TABLE_DELETE, .key = "k"}), "");
    assert_string_equal(get(t, "k"), "NoSuchItem");
    assert_string_equal(run(t, (struct call){TABLE_DELETE, .key = "k"}), "");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "k", .set = "a=1",
                                             .remove = "b="}), "");
    assert_string_equal(get(t, "k"), "id=k a=1");
    assert_string_equal(get(t, "K"), "id=K a=other");
    table_free(t);
}

static void values_come_back_as_they_were_written(void **state)
{
    static const char text[] =
        "{\"id\":{\"S\":\"k\"},\"n\":{\"N\":\"12345678901234567890.5\"},\"t\":{\"BOOL\":true},"
        "\"z\":{\"NULL\":true},\"l\":{\"L\":[{\"S\":\"\\\"\\u00e9\xC3\xA9\"},{\"L\":[]}]},"
        "\"m\":{\"M\":{\"x.y\":{\"N\":\"0\"}}},\"b\":{\"B\":\"AP8=\"},"
        "\"ss\":{\"SS\":[\"a\",\"b\"]},"
        "\"a \\\"quoted\\\" \xF0\x9F\x8C\x8A\":{\"S\":\"\"}}";
    struct table *t = opened("t.db");
    struct table_op op;
    struct pairs item = {0};
    struct err err;
    (void)state;
    assert_int_equal(item_parse(bytes_of(text), &item, &err), 0);
    table_op_init(&op, TABLE_PUT);
    op.put = &item;
    table_start(t, &op);
    assert_string_equal(op.op.err.code, "");
    assert_string_equal(world_sql("t.db", "SELECT item FROM widgets"), text);
    table_op_free(&op);
    table_op_init(&op, TABLE_GET);
    op.key = BYTES("k");
    table_start(t, &op);
    assert_int_equal(op.item.count, item.count);
    for (size_t i = 0; i < item.count; i++) {
        assert_true(bytes_equal(op.item.at[i].name, item.at[i].name));
        assert_true(bytes_equal(op.item.at[i].value, item.at[i].value));
    }
    table_op_free(&op);
    pairs_free(&item);
    assert_string_equal(world_sql("t.db", "SELECT json_extract(item, '$.n.N') FROM widgets"),
                        "12345678901234567890.5");
    table_free(t);
}

static void any_key_finds_its_own_item(void **state)
{
    static const char *const keys[] = {"a", "A", "'", "\"", "%", "\xC3\xA9", "e\xCC\x81", "?1", "1",
                                       "1.0", "NULL", "\xF0\x9F\x8C\x8A"};
    enum { COUNT = sizeof keys / sizeof *keys };
    struct table *t = opened("t.db");
    char item[64];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(item, sizeof item, "id=%s n=%zu", keys[i], i);
        assert_string_equal(put(t, item), "");
    }
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(item, sizeof item, "id=%s n=%zu", keys[i], i);
        assert_string_equal(get(t, keys[i]), item);
    }
    table_free(t);
}

/* ---- conditions ---- */

#define FAILED "ConditionalCheckFailedException"

/* Each is asked where nothing stands and where "id=k a=1 b=2" does: what is answered, what stands
 * then ("-": nothing). */
static const struct {
    struct call call;
    const char *absent, *after_absent;
    const char *present, *after_present;
} conditions[] = {
    {{TABLE_PUT, .put = "id=k n=9"}, "", "id=k n=9", "", "id=k n=9"},
    {{TABLE_PUT, .put = "id=k n=9", .if_absent = true}, "", "id=k n=9", FAILED " id=k a=1 b=2",
     "id=k a=1 b=2"},
    {{TABLE_PUT, .put = "id=k n=9", .if_exists = true}, FAILED, "-", "", "id=k n=9"},
    {{TABLE_PUT, .put = "id=k n=9", .if_equal = "b=2 a=1"}, FAILED, "-", "", "id=k n=9"},
    {{TABLE_PUT, .put = "id=k n=9", .if_equal = ""}, FAILED, "-", "", "id=k n=9"},
    {{TABLE_PUT, .put = "id=k n=9", .if_equal = "a=1 b=3"}, FAILED, "-", FAILED " id=k a=1 b=2",
     "id=k a=1 b=2"},
    {{TABLE_PUT, .put = "id=k n=9", .if_equal = "c=1"}, FAILED, "-", FAILED " id=k a=1 b=2",
     "id=k a=1 b=2"},
    {{TABLE_PUT, .put = "id=k n=9", .if_equal = "A=1"}, FAILED, "-", FAILED " id=k a=1 b=2",
     "id=k a=1 b=2"},
    {{TABLE_UPDATE, .key = "k", .set = "n=9"}, "", "id=k n=9", "", "id=k a=1 b=2 n=9"},
    {{TABLE_UPDATE, .key = "k", .set = "n=9", .if_absent = true}, "", "id=k n=9",
     FAILED " id=k a=1 b=2", "id=k a=1 b=2"},
    {{TABLE_UPDATE, .key = "k", .set = "n=9", .remove = "a=", .if_exists = true}, FAILED, "-", "",
     "id=k b=2 n=9"},
    {{TABLE_UPDATE, .key = "k", .set = "a=9", .if_equal = "a=1"}, FAILED, "-", "", "id=k b=2 a=9"},
    {{TABLE_UPDATE, .key = "k", .set = "a=9", .if_equal = "a=9"}, FAILED, "-",
     FAILED " id=k a=1 b=2", "id=k a=1 b=2"},
    {{TABLE_UPDATE, .key = "k", .set = "c=9", .if_equal = "a=1", .if_lacks = "c="}, FAILED, "-", "",
     "id=k a=1 b=2 c=9"},
    {{TABLE_UPDATE, .key = "k", .set = "c=9", .if_equal = "a=1", .if_lacks = "c= b="}, FAILED, "-",
     FAILED " id=k a=1 b=2", "id=k a=1 b=2"},
    {{TABLE_DELETE, .key = "k"}, "", "-", "", "-"},
    {{TABLE_DELETE, .key = "k", .if_exists = true}, FAILED, "-", "", "-"},
    {{TABLE_DELETE, .key = "k", .if_equal = "id=k"}, FAILED, "-", "", "-"},
    {{TABLE_DELETE, .key = "k", .if_equal = "a=2"}, FAILED, "-", FAILED " id=k a=1 b=2",
     "id=k a=1 b=2"},
};

static void assert_stands(struct table *t, const char *item)
{
    assert_string_equal(get(t, "k"), strcmp(item, "-") == 0 ? "NoSuchItem" : item);
}

static void nothing_is_written_against_a_condition(void **state)
{
    struct table *t = opened("t.db");
    (void)state;
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        assert_string_equal(run(t, (struct call){TABLE_DELETE, .key = "k"}), "");
        assert_string_equal(run(t, conditions[i].call), conditions[i].absent);
        assert_stands(t, conditions[i].after_absent);
        assert_string_equal(put(t, "id=k a=1 b=2"), "");
        assert_string_equal(run(t, conditions[i].call), conditions[i].present);
        assert_stands(t, conditions[i].after_present);
    }
    table_free(t);
}

/* ---- limits ---- */

static struct err update_with(struct table *t, const char *name, size_t len)
{
    char *text = mem_array(len + 1, 1);
    struct pairs set = {0};
    struct table_op op;
    struct err err;
    memset(text, '"', len);
    item_add_string(&set, bytes_of(name), (struct bytes){text, len});
    table_op_init(&op, TABLE_UPDATE);
    op.key = BYTES("k");
    op.set = &set;
    table_start(t, &op);
    err = op.op.err;
    table_op_free(&op);
    pairs_free(&set);
    mem_free(text);
    return err;
}

static void an_update_may_not_make_an_item_too_large(void **state)
{
    struct table *t = opened("t.db");
    size_t most = ITEM_MAX - sizeof "idk" + 1 - sizeof "a" + 1;
    struct err err;
    (void)state;
    assert_string_equal(put(t, "id=k"), "");
    assert_string_equal(update_with(t, "a", most + 1).code, "ItemTooLarge");
    assert_string_equal(get(t, "k"), "id=k");
    assert_string_equal(update_with(t, "a", most).code, "");
    err = update_with(t, "b", 1);
    assert_string_equal(err.code, "ItemTooLarge");
    assert_false(err.retryable);
    assert_string_equal(update_with(t, "a", most).code, "");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "k", .remove = "a=",
                                             .set = "b=1"}), "");
    assert_string_equal(get(t, "k"), "id=k b=1");
    table_free(t);
}

/* ---- what people do with sqlite3 ---- */

static void rows_that_people_touched(void **state)
{
    struct table *t = opened("t.db#mine");
    (void)state;
    world_sql("t.db", "INSERT INTO mine VALUES"
              " ('k', '{ \"id\" : {\"S\":\"k\"},\"a\":{ \"S\": \"1\" } }');"
              "INSERT INTO mine VALUES ('bad', '{\"id\":7}'), ('worse', ''), ('worst', '{')");
    assert_string_equal(get(t, "k"), "id=k a=1");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "k", .set = "b=2",
                                             .if_equal = "a=1"}), "");
    assert_string_equal(get(t, "bad"), "BadItem");
    assert_string_equal(get(t, "worse"), "BadItem");
    assert_string_equal(get(t, "worst"), "BadItem");
    assert_string_equal(run(t, (struct call){TABLE_UPDATE, .key = "bad", .set = "b=2"}), "BadItem");
    assert_string_equal(put(t, "id=bad"), "");
    assert_string_equal(get(t, "bad"), "id=bad");
    assert_string_equal(run(t, (struct call){TABLE_DELETE, .key = "worst"}), "");
    assert_string_equal(get(t, "worst"), "NoSuchItem");
    world_sql("t.db", "DROP TABLE mine");
    assert_string_equal(get(t, "k"), "ResourceNotFoundException");
    assert_string_equal(put(t, "id=k"), "ResourceNotFoundException");
    table_free(t);
}

static struct err refused(const char *place, const char *key_name, bool create)
{
    struct err err = {0};
    assert_null(sqlite_table_open(world_at(place), bytes_of(key_name), create, &err));
    return err;
}

static void queues_and_tables_stand_side_by_side(void **state)
{
    struct queue *q;
    struct table *t;
    (void)state;
    assert_string_equal(refused("x.db", "id", false).code, "ResourceNotFoundException");
    assert_string_equal(refused("no/x.db", "id", true).code, "ResourceNotFoundException");
    assert_string_equal(refused("x.db", "", true).code, "BadItem");
    assert_int_equal(place_files(&world.place, ""), 0);
    q = world_queue("x.db");
    assert_string_equal(refused("x.db", "id", false).code, "ResourceNotFoundException");
    assert_string_equal(refused("x.db#requests", "id", true).code, "BadPlace");
    t = opened("x.db");
    assert_non_null(strstr(t->url, "/x.db#widgets"));
    assert_string_equal(t->key_name, "id");
    assert_string_equal(world_refused("x.db#widgets", true, NULL).code, "BadPlace");
    assert_string_equal(put(t, "id=k a=1"), "");
    assert_string_equal(world_send(q, "body", 0), "");
    assert_string_equal(get(t, "k"), "id=k a=1");
    assert_string_equal(world_receive(q, 1, 30), "body*1");
    table_free(t);
    queue_free(q);
}

static void a_failing_write_leaves_the_old_item(void **state)
{
    struct table *t = opened("t.db");
    sqlite3 *other;
    (void)state;
    assert_string_equal(put(t, "id=k a=1"), "");
    assert_int_equal(sqlite3_open(place_path(&world.place, "t.db"), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; DELETE FROM widgets", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_string_equal(put(t, "id=k a=2"), "busy");
    assert_string_equal(get(t, "k"), "id=k a=1");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_string_equal(get(t, "k"), "id=k a=1");
    table_free(t);
}

/* ---- several processes ---- */

static int create_all(struct table *t)
{
    int won = 0;
    for (int i = 0; i < KEYS; i++) {
        char item[32];
        const char *answer;
        snprintf(item, sizeof item, "id=%d by=%d", i, (int)getpid());
        answer = run(t, (struct call){TABLE_PUT, .put = item, .if_absent = true});
        won += answer[0] == 0;
        if (answer[0] && strncmp(answer, FAILED " id=", sizeof FAILED + 3) != 0)
            return 255;
    }
    return won;
}

/* Reads the counter and writes it under the condition that it still stands; 1 when it did. */
static int increment(struct table *t)
{
    struct bytes text = bytes_of(get(t, "c")), n;
    char old[32], new[32];
    const char *answer;
    int64_t value;
    bytes_cut(text, ' ', &n);
    snprintf(old, sizeof old, "%.*s", (int)n.len, n.at);
    bytes_cut(n, '=', &n);
    if (!bytes_to_int64(n, &value))
        return -1;
    snprintf(new, sizeof new, "n=%d", (int)value + 1);
    answer = run(t, (struct call){TABLE_UPDATE, .key = "c", .set = new, .if_equal = old});
    return answer[0] == 0 ? 1 : strncmp(answer, FAILED, sizeof FAILED - 1) == 0 ? 0 : -1;
}

static int increment_many(struct table *t)
{
    for (int done = 0; done < INCREMENTS;) {
        int rc = increment(t);
        if (rc < 0)
            return 255;
        done += rc;
    }
    return 0;
}

/* The sum of what the runners tell. */
static int race(int (*task)(struct table *t))
{
    pid_t runners[RUNNERS];
    int start[2], sum = 0, status;
    char go;
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < RUNNERS; i++)
        if ((runners[i] = fork()) == 0) {
            struct table *t = opened("t.db");
            close(start[1]);
            _exit(read(start[0], &go, 1) == 0 ? task(t) : 255);
        }
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < RUNNERS; i++) {
        assert_int_equal(waitpid(runners[i], &status, 0), runners[i]);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 255);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static void exactly_one_creates_and_no_update_is_lost(void **state)
{
    struct table *t;
    char sum[32];
    (void)state;
    table_free(opened("t.db"));
    assert_int_equal(race(create_all), KEYS);
    t = opened("t.db");
    assert_string_equal(put(t, "id=c n=0"), "");
    table_free(t);
    assert_int_equal(race(increment_many), 0);
    t = opened("t.db");
    snprintf(sum, sizeof sum, "id=c n=%d", RUNNERS * INCREMENTS);
    assert_string_equal(get(t, "c"), sum);
    table_free(t);
}

static void two_connections_see_each_other_s_writes(void **state)
{
    struct table *one = opened("t.db"), *two = opened("t.db");
    (void)state;
    assert_string_equal(put(one, "id=k v=1"), "");
    assert_string_equal(get(two, "k"), "id=k v=1");
    assert_string_equal(run(two, (struct call){TABLE_PUT, .put = "id=k v=2", .if_equal = "v=1"}),
                        "");
    assert_string_equal(run(one, (struct call){TABLE_PUT, .put = "id=k v=3", .if_equal = "v=1"}),
                        FAILED " id=k v=2");
    assert_string_equal(run(two, (struct call){TABLE_DELETE, .key = "k", .if_exists = true}), "");
    assert_string_equal(run(one, (struct call){TABLE_DELETE, .key = "k", .if_exists = true}),
                        FAILED);
    table_free(one);
    table_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_item_is_kept_changed_and_removed),
        IN_WORLD(values_come_back_as_they_were_written),
        IN_WORLD(any_key_finds_its_own_item),
        IN_WORLD(nothing_is_written_against_a_condition),
        IN_WORLD(an_update_may_not_make_an_item_too_large),
        IN_WORLD(rows_that_people_touched),
        IN_WORLD(queues_and_tables_stand_side_by_side),
        IN_WORLD(a_failing_write_leaves_the_old_item),
        IN_WORLD(exactly_one_creates_and_no_update_is_lost),
        IN_WORLD(two_connections_see_each_other_s_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
