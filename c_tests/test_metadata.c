#include "delivery/metadata.h"

#include "base/bucket.h"
#include "leak_check.h"

#include <string.h>

static void names_and_values_become_what_a_bucket_takes(void **state)
{
    static const struct { const char *name, *value, *as_name, *as_value; } cases[] = {
        {"tidegate-reason", "no owner", "tidegate-reason", "no owner"},
        {"Upper_Case.1", "x", "upper-case-1", "x"},
        {"\xc3\xa9", "x", "--", "x"},
        {"a", "caf\xc3\xa9", "a", "caf%C3%A9"},
        {"a", "50 %", "a", "50 %25"},
        {"a", "two\nlines\t", "a", "two%0Alines%09"},
        {"a", " blanks  within ", "a", "%20blanks  within%20"},
        {"a", "\x7f~!\"", "a", "%7F~!\""},
        {"a", "", "a", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pairs in = {0}, out = {0};
        pairs_set(&in, cases[i].name, cases[i].value);
        metadata_from(&out, &in);
        assert_int_equal(out.count, 1);
        assert_string_equal(out.at[0].name.at, cases[i].as_name);
        assert_string_equal(out.at[0].value.at, cases[i].as_value);
        pairs_free(&in);
        pairs_free(&out);
    }
}

static void no_attributes_are_no_metadata(void **state)
{
    struct pairs in = {0}, out = {0};
    (void)state;
    metadata_from(&out, NULL);
    metadata_from(&out, &in);
    pairs_set(&in, "", "a value without a name");
    metadata_from(&out, &in);
    assert_int_equal(out.count, 0);
    pairs_free(&in);
    pairs_free(&out);
}

static void the_first_of_equal_names_stays(void **state)
{
    struct pairs in = {0}, out = {0};
    (void)state;
    pairs_set(&in, "Reason", "first");
    pairs_set(&in, "reason", "second");
    metadata_from(&out, &in);
    assert_int_equal(out.count, 1);
    assert_string_equal(out.at[0].value.at, "first");
    pairs_free(&in);
    pairs_free(&out);
}

static size_t total(const struct pairs *p)
{
    size_t sum = 0;
    for (size_t i = 0; i < p->count; i++)
        sum += p->at[i].name.len + p->at[i].value.len;
    return sum;
}

static void what_does_not_fit_is_cut(void **state)
{
    struct pairs in = {0}, out = {0};
    char text[BUCKET_METADATA_MAX + 2];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    pairs_set(&in, "reason", "short");
    pairs_set(&in, "long", text);
    pairs_set(&in, "late", "no room is left for it");
    metadata_from(&out, &in);
    assert_int_equal(out.count, 2);
    assert_string_equal(out.at[0].value.at, "short");
    assert_int_equal(total(&out), BUCKET_METADATA_MAX);
    pairs_free(&in);
    pairs_free(&out);
}

static void an_escape_is_never_cut_in_two(void **state)
{
    char text[BUCKET_METADATA_MAX + 1];
    (void)state;
    memset(text, '\n', sizeof text);
    text[sizeof text - 1] = 0;
    for (size_t lead = 0; lead < 3; lead++) {
        struct pairs in = {0}, out = {0};
        memset(text, 'x', lead);
        pairs_set(&in, "m", text);
        metadata_from(&out, &in);
        assert_int_equal((out.at[0].value.len - lead) % 3, 0);
        assert_in_range(total(&out), BUCKET_METADATA_MAX - 2, BUCKET_METADATA_MAX);
        assert_true(bytes_is(bytes_from(out.at[0].value, out.at[0].value.len - 3), "%0A"));
        pairs_free(&in);
        pairs_free(&out);
    }
}

static void what_was_written_is_read_back(void **state)
{
    static const struct { const char *written, *read; } cases[] = {
        {"caf%C3%A9 50 %25", "caf\xc3\xa9 50 %"}, {"%0a%0A", "\n\n"}, {"100%", "100%"},
        {"%2", "%2"}, {"%zz%4", "%zz%4"}, {"", ""}, {"%2541", "%41"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pairs in = {0}, out = {0};
        pairs_set(&in, "a", cases[i].written);
        metadata_read(&out, &in);
        assert_int_equal(out.count, 1);
        assert_string_equal(out.at[0].name.at, "a");
        assert_string_equal(out.at[0].value.at, cases[i].read);
        pairs_free(&in);
        pairs_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(names_and_values_become_what_a_bucket_takes),
        CHECKED(no_attributes_are_no_metadata),
        CHECKED(the_first_of_equal_names_stays),
        CHECKED(what_does_not_fit_is_cut),
        CHECKED(an_escape_is_never_cut_in_two),
        CHECKED(what_was_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
