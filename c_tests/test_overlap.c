#include "host/overlap.h"

#include "leak_check.h"
#include "place.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *park, *source;
    bool feeds;
} cases[] = {
    {"sqs://a", "sqs://a", true},
    {"sqs://a", "sqs://b", false},
    {"sqs://a", "https://sqs.eu-west-1.amazonaws.com/1/a", true},
    {"https://sqs.eu-west-1.amazonaws.com/1/a", "sqs://b", false},
    {"https://h/1/a", "https://h/2/a", false},
    {"https://h/1/a", "https://h/1/a", true},
    {"s3://b/in", "s3://b/in", true},
    {"s3://b/in/x", "s3://b/in", true},
    {"s3://b/in", "s3://b", true},
    {"s3://b/in2", "s3://b/in", false},
    {"s3://b", "s3://b/in", false},
    {"s3://b/in/parked", "s3://b/in", false},
    {"s3://b/in/parked/x", "s3://b/in", false},
    {"s3://b/in/parked2", "s3://b/in", true},
    {"s3://b/in/", "s3://b/in", true},
    {"s3://bc", "s3://b", false},
    {"s3://a", "sqs://a", false},
    {"file:/nowhere/in", "file:/nowhere/in", true},
    {"file:/nowhere/./in//x", "file:/nowhere/in", true},
    {"file:/", "file:/", true},
    {"file:/tmp", "file:/", true},
    {"file:in", "file:./in", true},
    {"file:in/parked", "file:./in", false},
    {"file:in2", "file:in", false},
    {"sqlite:q.db", "sqlite:./q.db#requests", true},
    {"sqlite:q.db#Requests", "sqlite:q.db", true},
    {"sqlite:q.db#a", "sqlite:q.db#A", true},
    {"sqlite:q.db#other", "sqlite:q.db", false},
    {"sqlite:q.db", "sqlite:p.db", false},
    {"sqlite:q.db#Requests", "sqlite:q.db", true},
    {"sqlite:in/q.db#aside", "file:./in", true},
    {"sqlite:in/parked/q.db", "file:in", false},
    {"sqlite:inner.db", "file:in", false},
    {"file:in", "sqlite:in/q.db", false},
};

static void places_by_their_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (overlap_feeds(cases[i].park, cases[i].source) != cases[i].feeds)
            fail_msg("%s into %s", cases[i].park, cases[i].source);
}

static void links_are_followed(void **state)
{
    struct place place;
    char park[300], source[300], link[270];
    (void)state;
    place_make(&place);
    snprintf(link, sizeof link, "%s/link", place.dir);
    assert_int_equal(symlink(place.dir, link), 0);
    snprintf(source, sizeof source, "file:%s", place.dir);
    snprintf(park, sizeof park, "file:%s/new", link);
    assert_true(overlap_feeds(park, source));
    snprintf(park, sizeof park, "file:%s/parked", link);
    assert_false(overlap_feeds(park, source));
    unlink(link);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(places_by_their_names),
        CHECKED(links_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
