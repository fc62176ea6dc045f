#include "bucket_contract.h"

#include "leak_check.h"

#include <stdio.h>
#include <string.h>

/* ---- one object ---- */

static const struct object *find(const struct bucket_op *list, const char *key)
{
    for (size_t i = 0; i < list->listed_count; i++)
        if (strcmp(list->listed[i].key, key) == 0)
            return &list->listed[i];
    fail_msg("%s is not listed", key);
    return NULL;
}

static void get_gives_what_put_took(struct bucket *b)
{
    struct pairs metadata = {0};
    struct bucket_op op;
    char all[256], etag[160];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    pairs_set(&metadata, "request", "r-1");
    pairs_set(&metadata, "x-2", "a b=\"c\"; %41~!");
    assert_string_equal(bucket_put_as(b, (struct put){"k", {all, sizeof all}, "text/plain", NULL,
                                                      NULL, &metadata, etag}), "");
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    bucket_run(b, &op);
    assert_string_equal(op.op.err.code, "");
    assert_int_equal(op.content.len, sizeof all);
    assert_memory_equal(op.content.at, all, sizeof all);
    assert_int_equal(op.object.size, sizeof all);
    assert_string_equal(op.object.content_type, "text/plain");
    assert_string_equal(op.object.etag, etag);
    assert_true(op.object.key == NULL);
    assert_true(op.object.modified.us > 1577836800 * SECOND_US);
    assert_int_equal(op.object.metadata.count, 2);
    assert_true(bytes_is(pairs_value(&op.object.metadata, "request"), "r-1"));
    assert_true(bytes_is(pairs_value(&op.object.metadata, "x-2"), "a b=\"c\"; %41~!"));
    bucket_op_free(&op);
    pairs_free(&metadata);
}

static void an_etag_is_quoted_and_the_same_everywhere(struct bucket *b)
{
    struct bucket_op op;
    char etag[160];
    assert_string_equal(bucket_put_as(b, (struct put){.key = "dir/k", .body = BYTES("hello"),
                                                      .etag = etag}), "");
    assert_true(strlen(etag) > 2);
    assert_int_equal(etag[0], '"');
    assert_int_equal(etag[strlen(etag) - 1], '"');
    assert_string_equal(bucket_etag(b, "dir/k"), etag);
    bucket_op_init(&op, BUCKET_LIST);
    bucket_run(b, &op);
    assert_string_equal(find(&op, "dir/k")->etag, etag);
    assert_int_equal(find(&op, "dir/k")->size, 5);
    assert_true(find(&op, "dir/k")->modified.us > 1577836800 * SECOND_US);
    assert_int_equal(find(&op, "dir/k")->metadata.count, 0);
    bucket_op_free(&op);
}

static void head_gives_all_but_the_content(struct bucket *b)
{
    struct pairs metadata = {0};
    struct bucket_op op;
    pairs_set(&metadata, "a", "1");
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .body = BYTES("four"),
                                                      .type = "application/json",
                                                      .metadata = &metadata}), "");
    bucket_op_init(&op, BUCKET_HEAD);
    op.key = BYTES("k");
    bucket_run(b, &op);
    assert_string_equal(op.op.err.code, "");
    assert_int_equal(op.content.len, 0);
    assert_int_equal(op.object.size, 4);
    assert_string_equal(op.object.content_type, "application/json");
    assert_true(bytes_is(pairs_value(&op.object.metadata, "a"), "1"));
    bucket_op_free(&op);
    pairs_free(&metadata);
}

static void an_empty_body_is_a_body(struct bucket *b)
{
    assert_string_equal(bucket_put(b, "empty", ""), "");
    assert_string_equal(bucket_text(b, "empty"), "");
    assert_int_equal(bucket_etag(b, "empty")[0], '"');
    assert_string_equal(bucket_keys(b, "", "", 1000), "empty");
}

static void a_type_that_was_not_said_is_octets(struct bucket *b)
{
    struct bucket_op op;
    assert_string_equal(bucket_put(b, "k", "x"), "");
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("k");
    bucket_run(b, &op);
    assert_string_equal(op.object.content_type, "application/octet-stream");
    assert_int_equal(op.object.metadata.count, 0);
    bucket_op_free(&op);
}

static void what_is_absent_is_no_such_key(struct bucket *b)
{
    static const enum bucket_verb verbs[] = {BUCKET_GET, BUCKET_HEAD};
    assert_string_equal(bucket_put(b, "there", "x"), "");
    for (size_t i = 0; i < 2; i++) {
        struct bucket_op op;
        bucket_op_init(&op, verbs[i]);
        op.key = BYTES("not/there");
        bucket_run(b, &op);
        assert_string_equal(op.op.err.code, "NoSuchKey");
        assert_int_equal(op.op.err.status, 404);
        assert_false(op.op.err.retryable);
        assert_int_equal(op.content.len, 0);
        bucket_op_free(&op);
    }
    assert_string_equal(bucket_delete(b, "not/there", NULL), "");
    assert_string_equal(bucket_text(b, "there"), "x");
}

static void a_put_replaces_all_of_the_old_one(struct bucket *b)
{
    struct pairs metadata = {0};
    char first[160];
    pairs_set(&metadata, "only-first", "1");
    assert_string_equal(bucket_put_as(b, (struct put){"k", BYTES("one"), "text/plain", NULL, NULL,
                                                      &metadata, first}), "");
    assert_string_equal(bucket_put(b, "k", "two"), "");
    assert_string_equal(bucket_text(b, "k"), "two");
    assert_string_not_equal(bucket_etag(b, "k"), first);
    assert_string_equal(bucket_metadata(b, "k", "only-first"), "(none)");
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .body = BYTES("two"),
                                                      .metadata = &metadata}), "");
    assert_string_equal(bucket_metadata(b, "k", "only-first"), "1");
    pairs_free(&metadata);
}

static void a_deleted_object_is_gone(struct bucket *b)
{
    assert_string_equal(bucket_put(b, "d/k", "x"), "");
    assert_string_equal(bucket_delete(b, "d/k", NULL), "");
    assert_string_equal(bucket_text(b, "d/k"), "!NoSuchKey");
    assert_string_equal(bucket_keys(b, "", "", 1000), "");
    assert_string_equal(bucket_put(b, "d", "a plain key again"), "");
    assert_string_equal(bucket_text(b, "d"), "a plain key again");
}

static void a_mebibyte_goes_there_and_back(struct bucket *b)
{
    const size_t len = 1024 * 1024 + 3;
    char *body = mem_array(len, 1);
    struct bucket_op op;
    for (size_t i = 0; i < len; i++)
        body[i] = (char)(i * 7 + i / 251);
    assert_string_equal(bucket_put_as(b, (struct put){.key = "big", .body = {body, len}}), "");
    bucket_op_init(&op, BUCKET_GET);
    op.key = BYTES("big");
    bucket_run(b, &op);
    assert_int_equal(op.content.len, len);
    assert_int_equal(memcmp(op.content.at, body, len), 0);
    bucket_op_free(&op);
    mem_free(body);
}

static void metadata_may_take_two_kilobytes(struct bucket *b)
{
    struct pairs metadata = {0};
    char value[BUCKET_METADATA_MAX + 1];
    memset(value, 'v', sizeof value);
    value[BUCKET_METADATA_MAX - 1] = 0;
    pairs_set(&metadata, "m", value);
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .metadata = &metadata}), "");
    assert_string_equal(bucket_metadata(b, "k", "m"), value);
    pairs_set(&metadata, "n", "");
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .metadata = &metadata}),
                        "MetadataTooLarge");
    pairs_free(&metadata);
}

/* ---- conditions ---- */

static void if_none_match_writes_only_what_is_absent(struct bucket *b)
{
    struct bucket_op op;
    char etag[160];
    struct put once = {.key = "k", .body = BYTES("first"), .if_none_match = "*", .etag = etag};
    assert_string_equal(bucket_put_as(b, once), "");
    assert_string_equal(bucket_etag(b, "k"), etag);
    bucket_op_init(&op, BUCKET_PUT);
    op.key = BYTES("k");
    op.body = BYTES("second");
    op.if_none_match = BYTES("*");
    bucket_run(b, &op);
    assert_string_equal(op.op.err.code, "PreconditionFailed");
    assert_int_equal(op.op.err.status, 412);
    assert_false(op.op.err.retryable);
    bucket_op_free(&op);
    assert_string_equal(bucket_text(b, "k"), "first");
    assert_string_equal(bucket_delete(b, "k", NULL), "");
    assert_string_equal(bucket_put_as(b, once), "");
}

static void assert_refused_when_gone(const char *code)
{
    if (strcmp(code, "NoSuchKey") != 0)
        assert_string_equal(code, "PreconditionFailed");
}

static void if_match_writes_only_what_is_unchanged(struct bucket *b)
{
    char one[160], two[160];
    struct put put = {.key = "k", .body = BYTES("one"), .etag = one};
    assert_string_equal(bucket_put_as(b, put), "");
    put = (struct put){.key = "k", .body = BYTES("two"), .if_match = one, .etag = two};
    assert_string_equal(bucket_put_as(b, put), "");
    assert_string_equal(bucket_etag(b, "k"), two);
    put = (struct put){.key = "k", .body = BYTES("three"), .if_match = one};
    assert_string_equal(bucket_put_as(b, put), "PreconditionFailed");
    assert_string_equal(bucket_text(b, "k"), "two");
    assert_string_equal(bucket_delete(b, "k", NULL), "");
    put.if_match = two;
    assert_refused_when_gone(bucket_put_as(b, put));
    assert_string_equal(bucket_text(b, "k"), "!NoSuchKey");
}

static void if_match_deletes_only_what_is_unchanged(struct bucket *b)
{
    char one[160], two[160];
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .body = BYTES("one"),
                                                      .etag = one}), "");
    assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .body = BYTES("two"),
                                                      .etag = two}), "");
    assert_string_equal(bucket_delete(b, "k", one), "PreconditionFailed");
    assert_string_equal(bucket_text(b, "k"), "two");
    assert_string_equal(bucket_delete(b, "k", two), "");
    assert_string_equal(bucket_text(b, "k"), "!NoSuchKey");
    assert_refused_when_gone(bucket_delete(b, "k", two));
}

/* ---- keys ---- */

static const char *const odd_keys[] = {
    " ", "a b", "a+b", "a%2Fb", "%", "a?b=c&d", "a#b", "'\"<>&;", "\\", "*", "~!@$^()[]{}|", "-rf",
    "...", ".hidden", "..a/b..", ":", "caf\xc3\xa9", "cafe\xcc\x81", "\xe6\x97\xa5\xe6\x9c\xac",
    "\xf0\x9f\x8c\x99/\xf0\x9f\x8c\x8a", "\xc4\xb0stanbul", "a/b/c/d/e/f/g/h", "UPPER", "upper",
    "end.", "end ", "soap", "widgets/mary-matthews/8123f304-f23f-440b-a6d3-80e979fa4cd6",
};

static void odd_keys_are_keys(struct bucket *b)
{
    const size_t count = sizeof odd_keys / sizeof *odd_keys;
    struct bucket_op op;
    for (size_t i = 0; i < count; i++)
        assert_string_equal(bucket_put(b, odd_keys[i], odd_keys[i]), "");
    bucket_op_init(&op, BUCKET_LIST);
    bucket_run(b, &op);
    assert_int_equal(op.listed_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(find(&op, odd_keys[i]));
        assert_string_equal(bucket_text(b, odd_keys[i]), odd_keys[i]);
        assert_string_equal(bucket_delete(b, odd_keys[i], NULL), "");
    }
    bucket_op_free(&op);
    assert_string_equal(bucket_keys(b, "", "", 1000), "");
}

static void long_keys_are_keys(struct bucket *b)
{
    char key[BUCKET_KEY_MAX + 2];
    memset(key, 'k', sizeof key);
    for (size_t i = BUCKET_COMPONENT_MAX; i < sizeof key; i += BUCKET_COMPONENT_MAX + 1)
        key[i] = '/';
    key[BUCKET_KEY_MAX - 1] = 'z';   /* 1,024 = 4 * 256: it would end in a slash */
    key[BUCKET_KEY_MAX - 2] = '/';
    key[BUCKET_KEY_MAX] = 0;
    assert_string_equal(bucket_put(b, key, "long"), "");
    assert_string_equal(bucket_text(b, key), "long");
    assert_string_equal(bucket_keys(b, "", "", 1000), key);
    assert_string_equal(bucket_delete(b, key, NULL), "");
    key[BUCKET_KEY_MAX] = 'x';
    key[BUCKET_KEY_MAX + 1] = 0;
    assert_string_equal(bucket_put(b, key, "too long"), "InvalidKey");
}

static void what_cannot_be_a_key_is_refused(struct bucket *b)
{
    static const char *const refused[] = {"",    "/",    "/a",      "a/",      "a//b", ".",  "..",
                                          "a/.", "../a", "a/../b",  "a\nb",    "\x7f", "\xff",
                                          "\xc0\xaf", "\xed\xa0\x80"};
    static const enum bucket_verb verbs[] = {BUCKET_GET, BUCKET_HEAD, BUCKET_PUT, BUCKET_DELETE};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            struct bucket_op op;
            bucket_op_init(&op, verbs[v]);
            op.key = bytes_of(refused[i]);
            bucket_run(b, &op);
            assert_string_equal(op.op.err.code, "InvalidKey");
            bucket_op_free(&op);
        }
    assert_string_equal(bucket_keys(b, "", "", 1000), "");
}

static void what_cannot_be_metadata_is_refused(struct bucket *b)
{
    static const struct { const char *name, *value; } refused[] = {
        {"Upper", "v"}, {"a_b", "v"}, {"a:b", "v"}, {"ok", "l\n"}, {"ok", "caf\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct pairs metadata = {0};
        pairs_set(&metadata, refused[i].name, refused[i].value);
        assert_string_equal(bucket_put_as(b, (struct put){.key = "k", .metadata = &metadata}),
                            "InvalidMetadata");
        pairs_free(&metadata);
    }
    assert_string_equal(bucket_text(b, "k"), "!NoSuchKey");
}

/* ---- listing ---- */

static void put_all(struct bucket *b, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(bucket_put(b, keys[i], "x"), "");
}

static void a_listing_is_in_the_order_of_bytes(struct bucket *b)
{
    static const char *const keys[] = {"b", "ab", "a/b", "a-b", "a/b-c/x", "a/b-c-d", "a/B", "A",
                                       "a0", "a/b.c", "\xc3\xa9", "z", "a-", "a/-", "10", "9"};
    put_all(b, keys, sizeof keys / sizeof *keys);
    assert_string_equal(bucket_keys(b, "", "", 1000),
                        "10 9 A a- a-b a/- a/B a/b a/b-c-d a/b-c/x a/b.c a0 ab b z \xc3\xa9");
}

static void a_prefix_is_the_start_of_a_key(struct bucket *b)
{
    static const char *const keys[] = {"wid", "widgets/a/1", "widgets/a/2", "widgets/ab/1",
                                       "widgets2", "x"};
    static const struct { const char *prefix, *keys; } asked[] = {
        {"", "wid widgets/a/1 widgets/a/2 widgets/ab/1 widgets2 x"},
        {"w", "wid widgets/a/1 widgets/a/2 widgets/ab/1 widgets2"},
        {"widgets", "widgets/a/1 widgets/a/2 widgets/ab/1 widgets2"},
        {"widgets/", "widgets/a/1 widgets/a/2 widgets/ab/1"},
        {"widgets/a", "widgets/a/1 widgets/a/2 widgets/ab/1"},
        {"widgets/a/", "widgets/a/1 widgets/a/2"},
        {"widgets/a/1", "widgets/a/1"},
        {"widgets/a/1/", ""},
        {"y", ""},
    };
    put_all(b, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_string_equal(bucket_keys(b, asked[i].prefix, "", 1000), asked[i].keys);
}

static void a_listing_starts_after(struct bucket *b)
{
    static const char *const keys[] = {"a", "b/1", "b/2", "b-", "c"};
    static const struct { const char *prefix, *after, *keys; } asked[] = {
        {"", "a", "b- b/1 b/2 c"},   {"", "b", "b- b/1 b/2 c"}, {"", "b-", "b/1 b/2 c"},
        {"", "b/", "b/1 b/2 c"},     {"", "b/1", "b/2 c"},      {"", "b/10", "b/2 c"},
        {"", "b/2", "c"},            {"", "b0", "c"},           {"", "c", ""},
        {"b/", "a", "b/1 b/2"},      {"b/", "b/1", "b/2"},      {"b/", "z", ""},
    };
    put_all(b, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_string_equal(bucket_keys(b, asked[i].prefix, asked[i].after, 1000), asked[i].keys);
}

static void pages_give_each_key_once(struct bucket *b)
{
    enum { KEYS = 21, PAGE = 7 };
    char key[32], after[32] = "";
    size_t seen = 0;
    bool more = true;
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "p/%c/%02d", 'a' + i % 3, i);
        assert_string_equal(bucket_put(b, key, "x"), "");
    }
    while (more) {
        struct bucket_op op;
        bucket_op_init(&op, BUCKET_LIST);
        op.start_after = bytes_of(after);
        op.max_keys = PAGE;
        bucket_run(b, &op);
        assert_in_range(op.listed_count, 1, PAGE);
        for (size_t i = 0; i < op.listed_count; i++) {
            assert_true(strcmp(op.listed[i].key, after) > 0);
            snprintf(after, sizeof after, "%s", op.listed[i].key);
        }
        seen += op.listed_count;
        more = op.more;
        assert_int_equal(more, seen < KEYS);
        bucket_op_free(&op);
    }
    assert_int_equal(seen, KEYS);
    assert_string_equal(bucket_keys(b, "p/a/", "", 1), "p/a/00 +");
}

/* ---- the operation ---- */

static void never(struct op *op)
{
    (void)op;
    fail_msg("an operation that was given up told of its end");
}

/* One that ends inside its start cannot be given up: it tells at once. */
static void an_operation_may_be_given_up(struct bucket *b)
{
    static const enum bucket_verb verbs[] = {BUCKET_GET, BUCKET_HEAD, BUCKET_PUT, BUCKET_LIST};
    assert_string_equal(bucket_put(b, "other", "x"), "");
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        struct bucket_op op;
        bucket_op_init(&op, verbs[v]);
        op.key = BYTES("k");
        bucket_start(b, &op);
        op.op.notify = never;
        bucket_op_free(&op);
        bucket_op_free(&op);
    }
    assert_string_equal(bucket_text(b, "other"), "x");
}

/* ---- the suite ---- */

static const struct contract_case {
    const char *name;
    void (*run)(struct bucket *b);
} cases[] = {
#define CASE(name) {#name, name}
    CASE(get_gives_what_put_took),
    CASE(an_etag_is_quoted_and_the_same_everywhere),
    CASE(head_gives_all_but_the_content),
    CASE(an_empty_body_is_a_body),
    CASE(a_type_that_was_not_said_is_octets),
    CASE(what_is_absent_is_no_such_key),
    CASE(a_put_replaces_all_of_the_old_one),
    CASE(a_deleted_object_is_gone),
    CASE(a_mebibyte_goes_there_and_back),
    CASE(metadata_may_take_two_kilobytes),
    CASE(if_none_match_writes_only_what_is_absent),
    CASE(if_match_writes_only_what_is_unchanged),
    CASE(if_match_deletes_only_what_is_unchanged),
    CASE(odd_keys_are_keys),
    CASE(long_keys_are_keys),
    CASE(what_cannot_be_a_key_is_refused),
    CASE(what_cannot_be_metadata_is_refused),
    CASE(a_listing_is_in_the_order_of_bytes),
    CASE(a_prefix_is_the_start_of_a_key),
    CASE(a_listing_starts_after),
    CASE(pages_give_each_key_once),
    CASE(an_operation_may_be_given_up),
#undef CASE
};

static const struct bucket_backend *present;
static struct bucket *opened;

static int open_bucket(void **state)
{
    (void)state;
    leak_check_begin(state);
    opened = present->open(present->world);
    return opened ? 0 : -1;
}

static int close_bucket(void **state)
{
    if (opened)
        present->close(present->world, opened);
    opened = NULL;
    return present->keeps_memory ? 0 : leak_check_end(state);
}

static void run_case(void **state)
{
    const struct contract_case *c = *state;
    c->run(opened);
}

int bucket_contract_run(const struct bucket_backend *backend)
{
    enum { COUNT = sizeof cases / sizeof *cases };
    struct CMUnitTest tests[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){cases[i].name, run_case, open_bucket, close_bucket,
                                       (void *)&cases[i]};
    present = backend;
    bucket_calls_pump((struct bucket_pump){backend->turn, backend->world});
    return _cmocka_run_group_tests(backend->name, tests, COUNT, NULL, NULL);
}
