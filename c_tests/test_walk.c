#include "local/walk.h"

#include "base/bucket.h"
#include "base/random.h"
#include "leak_check.h"
#include "local/tree.h"
#include "place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS_MAX = 4096 };

struct keys {
    char *at[KEYS_MAX];
    size_t count, limit;
};

static void keys_add(struct keys *k, const char *key)
{
    assert_true(k->count < KEYS_MAX);
    k->at[k->count++] = mem_text(key);
}

static void keys_free(struct keys *k)
{
    while (k->count)
        mem_free(k->at[--k->count]);
}

static bool found(void *context, struct bytes key)
{
    struct keys *k = context;
    char text[BUCKET_KEY_MAX + 1];
    snprintf(text, sizeof text, "%.*s", (int)key.len, key.at);
    keys_add(k, text);
    return k->count != k->limit;
}

/* The first `limit` keys (0: all); returns the code of the error. */
static const char *walk(const struct place *p, const char *prefix, const char *after, size_t limit,
                        struct keys *out)
{
    static struct err err;
    int top = open(p->dir, O_PATH | O_DIRECTORY);
    struct walk w = {top, BYTES("skipped"), bytes_of(prefix), bytes_of(after), found, out};
    int rc;
    out->count = 0;
    out->limit = limit;
    rc = walk_keys(&w, &err);
    assert_int_equal(rc, err_any(&err) ? -1 : 0);
    close(top);
    return err.code;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- against a list that is sorted and filtered the plain way ---- */

static void random_path(struct random *r, char *out, size_t size)
{
    static const char *const parts[] = {"a", "a-", "a-b", "a.", "a0", "ab", "b", "-", "0", "A"};
    int64_t depth = 1 + random_below(r, 4);
    size_t len = 0;
    for (int64_t i = 0; i < depth; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? "/" : "",
                                parts[random_below(r, sizeof parts / sizeof *parts)]);
}

/* Is it a file already, or a directory, or is a part of its path a file? */
static bool taken(const struct keys *all, const char *path)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *other = all->at[i];
        size_t len = strlen(other), mine = strlen(path);
        size_t shorter = len < mine ? len : mine;
        const char *longer = len < mine ? path : other;
        if (strncmp(other, path, shorter) == 0 && (longer[shorter] == '/' || !longer[shorter]))
            return true;
    }
    return false;
}

static void make_tree(const struct place *p, struct random *r, struct keys *all)
{
    char path[64];
    for (int i = 0; i < 150; i++) {
        random_path(r, path, sizeof path);
        if (taken(all, path))
            continue;
        place_write(p, path, "");
        keys_add(all, path);
    }
    qsort(all->at, all->count, sizeof *all->at, by_bytes);
}

static void compare_once(const struct place *p, struct random *r, const struct keys *all)
{
    static struct keys got;
    char prefix[64] = "", after[64] = "";
    size_t limit = (size_t)random_below(r, 20), at = 0;
    if (random_below(r, 2))
        random_path(r, prefix, sizeof prefix);
    prefix[random_below(r, (int64_t)strlen(prefix) + 1)] = 0;
    if (random_below(r, 2))
        random_path(r, after, sizeof after);
    assert_string_equal(walk(p, prefix, after, limit, &got), "");
    for (size_t i = 0; i < all->count && (!limit || at < limit); i++) {
        if (strncmp(all->at[i], prefix, strlen(prefix)) != 0 || strcmp(all->at[i], after) <= 0)
            continue;
        assert_true(at < got.count);
        assert_string_equal(got.at[at++], all->at[i]);
    }
    assert_int_equal(at, got.count);
    keys_free(&got);
}

static void order_prefix_and_start_are_those_of_sorted_keys(void **state)
{
    static struct keys all;
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct random r = random_seeded(seed);
        struct place p;
        place_make(&p);
        make_tree(&p, &r, &all);
        for (int i = 0; i < 100; i++)
            compare_once(&p, &r, &all);
        keys_free(&all);
        place_remove(&p);
    }
}

/* ---- sizes ---- */

static void a_directory_may_be_larger_than_the_window(void **state)
{
    static struct keys got;
    struct place p;
    char path[32];
    (void)state;
    place_make(&p);
    for (int i = 0; i < 3000; i++) {
        snprintf(path, sizeof path, "d/%05d", (i * 7919) % 3000);
        place_write(&p, path, "");
    }
    place_write(&p, "e", "");
    assert_string_equal(walk(&p, "", "", 0, &got), "");
    assert_int_equal(got.count, 3001);
    for (int i = 0; i < 3000; i++) {
        snprintf(path, sizeof path, "d/%05d", i);
        assert_string_equal(got.at[i], path);
    }
    assert_string_equal(got.at[3000], "e");
    keys_free(&got);
    place_remove(&p);
}

static void empty_directories_do_not_end_it(void **state)
{
    static struct keys got;
    struct place p;
    char path[32];
    (void)state;
    place_make(&p);
    for (int i = 0; i < 2500; i++) {
        snprintf(path, sizeof path, "%05d", i);
        place_dir(&p, path);
    }
    place_write(&p, "last", "");
    assert_string_equal(walk(&p, "", "", 1, &got), "");
    assert_int_equal(got.count, 1);
    assert_string_equal(got.at[0], "last");
    keys_free(&got);
    place_remove(&p);
}

static void it_goes_as_deep_as_keys_go(void **state)
{
    static struct keys got;
    struct place p;
    char deep[BUCKET_KEY_MAX + 8];
    (void)state;
    place_make(&p);
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 ? '/' : 'a';
    deep[BUCKET_KEY_MAX - 1] = 0;
    place_write(&p, deep, "");
    assert_string_equal(walk(&p, "", "", 0, &got), "");
    assert_int_equal(got.count, 1);
    assert_string_equal(got.at[0], deep);
    keys_free(&got);
    unlink(place_path(&p, deep));
    deep[BUCKET_KEY_MAX - 1] = '/';
    deep[BUCKET_KEY_MAX + 3] = 0;
    place_write(&p, deep, "");
    assert_string_equal(walk(&p, "", "", 0, &got), "");
    assert_int_equal(got.count, 0);
    place_remove(&p);
}

/* ---- what is left out ---- */

static void only_plain_files_with_valid_keys_are_shown(void **state)
{
    static struct keys got;
    struct place p;
    (void)state;
    place_make(&p);
    place_write(&p, "skipped/in/it", "");
    place_write(&p, "d/skipped", "");
    place_write(&p, "new\nline", "");
    place_write(&p, "bad\xff", "");
    place_write(&p, "bad\xff" "dir/x", "");
    place_write(&p, "good", "");
    assert_int_equal(mkfifo(place_path(&p, "pipe"), 0600), 0);
    assert_int_equal(symlink("good", place_path(&p, "link")), 0);
    assert_int_equal(symlink("d", place_path(&p, "linked")), 0);
    assert_int_equal(symlink("nowhere", place_path(&p, "dangling")), 0);
    assert_string_equal(walk(&p, "", "", 0, &got), "");
    assert_int_equal(got.count, 2);
    assert_string_equal(got.at[0], "d/skipped");
    assert_string_equal(got.at[1], "good");
    keys_free(&got);
    place_remove(&p);
}

static void a_prefix_is_no_path(void **state)
{
    static const char *const prefixes[] = {"../", "/", "d/../d/", "./d", "d//", "linked/", ".."};
    static struct keys got;
    struct place p;
    (void)state;
    place_make(&p);
    place_write(&p, "d/k", "");
    assert_int_equal(symlink("d", place_path(&p, "linked")), 0);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        assert_string_equal(walk(&p, prefixes[i], "", 0, &got), "");
        assert_int_equal(got.count, 0);
    }
    place_remove(&p);
}

static int walk_locked(void *context)
{
    static struct keys got;
    const char *code = walk(context, "", "", 0, &got);
    return strcmp(code, "access_denied") == 0 ? 0 : 1;
}

static void an_unreadable_directory_is_an_error(void **state)
{
    struct place p;
    (void)state;
    place_make(&p);
    place_write(&p, "a", "");
    place_write(&p, "locked/k", "");
    assert_int_equal(chmod(p.dir, 0755), 0);
    assert_int_equal(chmod(place_path(&p, "locked"), 0), 0);
    assert_int_equal(in_child(walk_locked, &p, true), 0);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(order_prefix_and_start_are_those_of_sorted_keys),
        CHECKED(a_directory_may_be_larger_than_the_window),
        CHECKED(empty_directories_do_not_end_it),
        CHECKED(it_goes_as_deep_as_keys_go),
        CHECKED(only_plain_files_with_valid_keys_are_shown),
        CHECKED(a_prefix_is_no_path),
        CHECKED(an_unreadable_directory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
