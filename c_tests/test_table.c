#include "leak_check.h"

#include "base/table.h"

#include <stdio.h>
#include <string.h>

/* ---- a backend that counts what comes through ---- */

struct fake {
    struct table base;
    int started, freed;
};

static void fake_start(struct table *t, struct table_op *op)
{
    ((struct fake *)t)->started++;
    op->found = true;
    item_add_string(&op->item, BYTES("id"), BYTES("theirs"));
    op_finish(&op->op);
}

static void fake_free(struct table *t)
{
    ((struct fake *)t)->freed++;
}

static const struct table_ops fake_ops = {fake_start, fake_free};

static struct fake fake_new(void)
{
    return (struct fake){{&fake_ops, mem_text("fake:t"), mem_text("id")}, 0, 0};
}

/* Starts it, expects that outcome, and that only a good question reached the backend. */
static void expect(struct table_op *op, const char *code)
{
    struct fake fake = fake_new();
    table_start(&fake.base, op);
    if (!err_is(&op->op.err, code))
        print_error("%s: %s\n", op->op.err.code, op->op.err.message);
    assert_string_equal(op->op.err.code, code);
    assert_true(op->op.done);
    assert_int_equal(fake.started, !code[0]);
    assert_int_equal(op->found, !code[0]);
    assert_int_equal(op->item.count, !code[0]);
    table_op_free(op);
    table_free(&fake.base);
    assert_int_equal(fake.freed, 1);
}

static struct table_op question(enum table_verb verb)
{
    struct table_op op;
    table_op_init(&op, verb);
    op.key = verb == TABLE_PUT ? BYTES("") : BYTES("w1");
    return op;
}

/* Two attributes; a NULL name ends them. */
static struct pairs attributes(const char *a, const char *a_value, const char *b)
{
    struct pairs p = {0};
    pairs_set(&p, a, a_value);
    if (b)
        item_add_string(&p, bytes_of(b), BYTES("v"));
    return p;
}

/* ---- keys ---- */

static void checks_the_key(void **state)
{
    static const enum table_verb verbs[] = {TABLE_GET, TABLE_UPDATE, TABLE_DELETE};
    char *key = mem_array(ITEM_KEY_MAX + 1, 1);
    (void)state;
    memset(key, 'k', ITEM_KEY_MAX + 1);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const struct {
            struct bytes key;
            const char *code;
        } keys[] = {
            {BYTES("w1"), ""}, {BYTES("a/\xC3\xA9 \n"), ""}, {{key, ITEM_KEY_MAX}, ""},
            {{key, ITEM_KEY_MAX + 1}, "InvalidKey"}, {BYTES(""), "InvalidKey"},
            {BYTES("\xC3"), "InvalidKey"},
        };
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            struct table_op op = question(verbs[i]);
            op.key = keys[k].key;
            expect(&op, keys[k].code);
        }
    }
    mem_free(key);
}

static void finds_the_key_in_the_item(void **state)
{
    static const struct {
        const char *name, *value, *code;
    } items[] = {
        {"id", "{\"S\":\"w1\"}", ""},
        {"id", "{\"S\":\"\"}", "InvalidKey"},
        {"id", "{\"N\":\"1\"}", "InvalidKey"},
        {"ID", "{\"S\":\"w1\"}", "InvalidKey"},
        {"other", "{\"S\":\"w1\"}", "InvalidKey"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct table_op op = question(TABLE_PUT);
        struct pairs item = attributes(items[i].name, items[i].value, "color");
        op.put = &item;
        expect(&op, items[i].code);
        pairs_free(&item);
    }
}

static void bounds_the_key_in_the_item(void **state)
{
    char *key = mem_array(ITEM_KEY_MAX + 1, 1);
    (void)state;
    memset(key, '"', ITEM_KEY_MAX + 1);
    for (size_t more = 0; more < 2; more++) {
        struct table_op op = question(TABLE_PUT);
        struct pairs item = {0};
        item_add_string(&item, BYTES("id"), (struct bytes){key, ITEM_KEY_MAX + more});
        op.put = &item;
        expect(&op, more ? "InvalidKey" : "");
        pairs_free(&item);
    }
    mem_free(key);
}

static void tells_the_key_of_an_item(void **state)
{
    struct fake fake = fake_new();
    struct pairs item = attributes("ID", "{\"S\":\"no\"}", NULL);
    size_t len;
    char *key;
    (void)state;
    assert_null(table_key_of(&fake.base, &item, &len));
    item_add_string(&item, BYTES("id"), BYTES("a\0\"b"));
    key = table_key_of(&fake.base, &item, &len);
    assert_int_equal(len, 4);
    assert_memory_equal(key, "a\0\"b", 5);
    mem_free(key);
    pairs_free(&item);
    table_free(&fake.base);
    table_free(NULL);
}

/* ---- items ---- */

#define KEY "{\"S\":\"w1\"}"

static void checks_what_is_put(void **state)
{
    static const struct {
        const char *value, *second, *code;
    } items[] = {
        {KEY, "color", ""},
        {KEY, "_tidegate", ""},
        {KEY, "", "BadItem"},
        {KEY, "\xFF", "BadItem"},
        {KEY, "id", "BadItem"},
        {"w1", "color", "BadItem"},
        {"{\"S\":\"w1\",\"N\":\"1\"}", "color", "BadItem"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct table_op op = question(TABLE_PUT);
        struct pairs item = attributes("id", items[i].value, items[i].second);
        op.put = &item;
        expect(&op, items[i].code);
        pairs_free(&item);
    }
}

static void bounds_what_is_written(void **state)
{
    char *text = mem_array(ITEM_MAX, 1);
    size_t own = sizeof "id" "w1" "t" - 1;
    (void)state;
    memset(text, 'x', ITEM_MAX);
    for (size_t more = 0; more < 2; more++) {
        struct table_op op = question(TABLE_PUT);
        struct pairs item = attributes("id", KEY, NULL), set = {0};
        item_add_string(&item, BYTES("t"), (struct bytes){text, ITEM_MAX - own + more});
        op.put = &item;
        expect(&op, more ? "ItemTooLarge" : "");
        op = question(TABLE_UPDATE);
        item_add_string(&set, BYTES("t"), (struct bytes){text, ITEM_MAX - 1 + more});
        op.set = &set;
        expect(&op, more ? "ItemTooLarge" : "");
        pairs_free(&item);
        pairs_free(&set);
    }
    mem_free(text);
}

/* ---- updates ---- */

static void checks_what_is_changed(void **state)
{
    static const struct {
        const char *set[2], *remove[2], *code;
    } updates[] = {
        {{"a", "b"}, {"c", "d"}, ""},
        {{NULL}, {"c", "d"}, ""},
        {{"a", "A"}, {NULL}, ""},
        {{"a", "a"}, {NULL}, "BadItem"},
        {{NULL}, {"a", "a"}, "BadItem"},
        {{"a", "b"}, {"c", "b"}, "BadItem"},
        {{"id", NULL}, {NULL}, "BadItem"},
        {{NULL}, {"id", NULL}, "BadItem"},
        {{"ID", NULL}, {NULL}, ""},
        {{"", NULL}, {NULL}, "BadItem"},
        {{NULL}, {"", NULL}, "BadItem"},
        {{NULL}, {"\xC3", NULL}, "BadItem"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof updates / sizeof *updates; i++) {
        struct table_op op = question(TABLE_UPDATE);
        struct pairs set = {0}, gone = {0};
        for (size_t n = 0; n < 2; n++) {
            if (updates[i].set[n])
                item_add_string(&set, bytes_of(updates[i].set[n]), BYTES("v"));
            if (updates[i].remove[n])
                pairs_set(&gone, updates[i].remove[n], "");
        }
        op.set = &set;
        op.remove = &gone;
        expect(&op, updates[i].code);
        pairs_free(&set);
        pairs_free(&gone);
    }
}

static void may_change_nothing(void **state)
{
    struct table_op op = question(TABLE_UPDATE);
    (void)state;
    expect(&op, "");
}

static void checks_values_of_an_update(void **state)
{
    struct table_op op = question(TABLE_UPDATE);
    struct pairs set = attributes("a", "{\"N\":\"1e400\"}", "b");
    (void)state;
    op.set = &set;
    expect(&op, "BadItem");
    pairs_free(&set);
}

static struct pairs many(size_t count)
{
    struct pairs p = {0};
    char name[24];
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "a%zu", i);
        item_add_string(&p, bytes_of(name), BYTES("v"));
    }
    return p;
}

static void bounds_how_much_is_changed(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct table_op op = question(TABLE_UPDATE);
        struct pairs set = many(TABLE_CHANGES_MAX - 1 + more), gone = attributes("x", "", NULL);
        op.set = &set;
        op.remove = &gone;
        expect(&op, more ? "BadItem" : "");
        pairs_free(&set);
        pairs_free(&gone);
    }
}

/* ---- conditions ---- */

enum { ABSENT = 1, EXISTS = 2, EQUAL = 4, LACKS = 8 };

static void takes_one_condition_where_it_says_something(void **state)
{
    static const struct {
        enum table_verb verb;
        int conditions;
        const char *code;
    } cases[] = {
        {TABLE_GET, 0, ""},
        {TABLE_GET, ABSENT, "BadCondition"},
        {TABLE_GET, EXISTS, "BadCondition"},
        {TABLE_GET, EQUAL, "BadCondition"},
        {TABLE_PUT, ABSENT, ""},
        {TABLE_PUT, EXISTS, ""},
        {TABLE_PUT, EQUAL, ""},
        {TABLE_PUT, ABSENT | EXISTS, "BadCondition"},
        {TABLE_UPDATE, ABSENT, ""},
        {TABLE_UPDATE, EXISTS, ""},
        {TABLE_UPDATE, EQUAL, ""},
        {TABLE_UPDATE, EXISTS | EQUAL, "BadCondition"},
        {TABLE_DELETE, 0, ""},
        {TABLE_DELETE, ABSENT, "BadCondition"},
        {TABLE_DELETE, EXISTS, ""},
        {TABLE_DELETE, EQUAL, ""},
        {TABLE_DELETE, ABSENT | EQUAL, "BadCondition"},
        {TABLE_DELETE, EQUAL | LACKS, ""},
        {TABLE_PUT, EXISTS | LACKS, "BadCondition"},
        {TABLE_GET, LACKS, "BadCondition"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table_op op = question(cases[i].verb);
        struct pairs item = attributes("id", KEY, NULL), equal = many(1);
        struct pairs lacks = attributes("x", "", NULL);
        op.put = &item;
        op.if_absent = cases[i].conditions & ABSENT;
        op.if_exists = cases[i].conditions & EXISTS;
        op.if_equal = cases[i].conditions & EQUAL ? &equal : NULL;
        op.if_lacks = cases[i].conditions & LACKS ? &lacks : NULL;
        expect(&op, cases[i].code);
        pairs_free(&lacks);
        pairs_free(&item);
        pairs_free(&equal);
    }
}

static void checks_what_is_compared(void **state)
{
    static const struct {
        const char *name, *value, *second, *code;
    } cases[] = {
        {"a", KEY, "b", ""},
        {"id", KEY, "b", ""},
        {"a", KEY, "a", "BadItem"},
        {"a", "w1", "b", "BadItem"},
        {"", KEY, "b", "BadItem"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table_op op = question(TABLE_DELETE);
        struct pairs equal = attributes(cases[i].name, cases[i].value, cases[i].second);
        op.if_equal = &equal;
        expect(&op, cases[i].code);
        pairs_free(&equal);
    }
}

static void checks_what_is_lacked(void **state)
{
    static const char *const cases[][2] = {{"x", ""}, {"", "BadItem"}, {"a0", "BadItem"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table_op op = question(TABLE_DELETE);
        struct pairs equal = many(1), lacks = attributes(cases[i][0], "", NULL);
        op.if_equal = &equal;
        op.if_lacks = &lacks;
        expect(&op, cases[i][1]);
        pairs_free(&equal);
        pairs_free(&lacks);
    }
}

static void bounds_what_is_compared(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct table_op op = question(TABLE_UPDATE);
        struct pairs equal = many(TABLE_EQUAL_MAX - 1 + more), lacks = attributes("x", "", NULL);
        op.if_equal = &equal;
        op.if_lacks = &lacks;
        expect(&op, more ? "BadCondition" : "");
        pairs_free(&equal);
        pairs_free(&lacks);
    }
}

/* ---- answers ---- */

static void forgets_the_answer_before(void **state)
{
    struct fake fake = fake_new();
    struct table_op op = question(TABLE_GET);
    (void)state;
    for (int i = 0; i < 2; i++) {
        table_start(&fake.base, &op);
        assert_int_equal(op.item.count, 1);
    }
    op.key = BYTES("");
    table_start(&fake.base, &op);
    assert_string_equal(op.op.err.code, "InvalidKey");
    assert_false(op.found);
    assert_int_equal(op.item.count, 0);
    table_op_free(&op);
    table_op_free(&op);
    table_free(&fake.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(checks_the_key),
        CHECKED(finds_the_key_in_the_item),
        CHECKED(bounds_the_key_in_the_item),
        CHECKED(tells_the_key_of_an_item),
        CHECKED(checks_what_is_put),
        CHECKED(bounds_what_is_written),
        CHECKED(checks_what_is_changed),
        CHECKED(may_change_nothing),
        CHECKED(checks_values_of_an_update),
        CHECKED(bounds_how_much_is_changed),
        CHECKED(takes_one_condition_where_it_says_something),
        CHECKED(checks_what_is_compared),
        CHECKED(checks_what_is_lacked),
        CHECKED(bounds_what_is_compared),
        CHECKED(forgets_the_answer_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
