#include "leak_check.h"

#include "../src/aws/s3_list.c"

/* ---- the question ---- */

struct question {
    const char *root, *prefix, *after, *token;
    int max_keys;
    const char *query;
};

#define HEAD "encoding-type=url&list-type=2&max-keys="

static const struct question questions[] = {
    {"", "", "", NULL, 1000, HEAD "1000"},
    {"", "widgets/", "", NULL, 7, HEAD "7&prefix=widgets%2F"},
    {"", "", "a b", NULL, 1, HEAD "1&start-after=a%20b"},
    {"in/", "", "", NULL, 1000, HEAD "1000&prefix=in%2F&start-after=in%2F"},
    {"in/", "w", "w/9", NULL, 1000, HEAD "1000&prefix=in%2Fw&start-after=in%2Fw%2F9"},
    {"in/", "", "\xC3\xA9&=+", NULL, 1, HEAD "1&prefix=in%2F&start-after=in%2F%C3%A9%26%3D%2B"},
    {"", "", "", "1/+=", 2, "continuation-token=1%2F%2B%3D&" HEAD "2"},
};

static void asks_for_a_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct question *q = &questions[i];
        struct bucket_op op;
        struct buf out;
        bucket_op_init(&op, BUCKET_LIST);
        op.key = bytes_of(q->prefix);
        op.start_after = bytes_of(q->after);
        op.max_keys = q->max_keys;
        buf_init(&out, 4096);
        assert_int_equal(s3_list_query(&out, q->root, &op, q->token), 0);
        assert_string_equal(buf_string(&out), q->query);
        buf_free(&out);
        buf_init(&out, 20);
        assert_int_equal(s3_list_query(&out, q->root, &op, q->token), -1);
        buf_free(&out);
    }
}

/* ---- the answer ---- */

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ROOT "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define END "</ListBucketResult>"
#define WHOLE "<IsTruncated>false</IsTruncated>"
#define MORE "<IsTruncated>true</IsTruncated>"
#define URL "<EncodingType>url</EncodingType>"
#define OBJECT(key) "<Contents><Key>" key "</Key>" \
    "<LastModified>2026-11-22T21:34:01.000Z</LastModified><ETag>&quot;e1&quot;</ETag>" \
    "<Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"

struct page_case {
    const char *name, *document, *root, *after;
    const char *keys;                /* joined by '|'; NULL: the page is refused */
    bool more;
    const char *token;
};

static const struct page_case pages[] = {
    {"empty", XML ROOT "<Name>b</Name><KeyCount>0</KeyCount>" WHOLE END, "", "", "", false, NULL},
    {"two keys", XML ROOT WHOLE URL OBJECT("a") OBJECT("b%2Fc") END, "", "", "a|b/c", false, NULL},
    {"encoding said last", ROOT OBJECT("a%20b") OBJECT("c+d") WHOLE URL END, "", "", "a b|c d",
     false, NULL},
    {"plus and percent", ROOT WHOLE URL OBJECT("%25%2B") END, "", "", "%+", false, NULL},
    {"UTF-8 beyond XML", ROOT WHOLE URL OBJECT("%01%C3%A9") END, "", "", "\x01\xC3\xA9", false,
     NULL},
    {"not encoded", ROOT WHOLE OBJECT("a%20b+c") END, "", "", "a%20b+c", false, NULL},
    {"below a root", ROOT WHOLE URL OBJECT("in/a") OBJECT("in/b") END, "in/", "", "a|b", false,
     NULL},
    {"more", ROOT MORE "<NextContinuationToken>t=</NextContinuationToken>" OBJECT("a") END, "", "",
     "a", true, "t="},
    {"more, no token needed", ROOT MORE OBJECT("a") END, "", "", "a", true, NULL},
    {"empty page with a token", ROOT MORE "<NextContinuationToken>t</NextContinuationToken>" END,
     "", "", "", true, "t"},
    {"behind a key", ROOT WHOLE OBJECT("b") END, "", "a", "b", false, NULL},
    {"owner and prefixes", ROOT "<Prefix>p</Prefix><CommonPrefixes><Prefix>x</Prefix>"
     "</CommonPrefixes>" WHOLE "<Contents><Owner><ID>o</ID><Key>no</Key></Owner><Key>a</Key>"
     "</Contents>" END, "", "", "a", false, NULL},
    {"byte order", ROOT WHOLE URL OBJECT("10") OBJECT("9") OBJECT("%C3%A9") END, "", "",
     "10|9|\xC3\xA9", false, NULL},

    {"empty document", "", "", "", NULL, false, NULL},
    {"not XML", "{}", "", "", NULL, false, NULL},
    {"wrong root", "<ListAllMyBucketsResult>" WHOLE "</ListAllMyBucketsResult>", "", "", NULL,
     false, NULL},
    {"error as the root", "<Error><Code>SlowDown</Code></Error>", "", "", NULL, false, NULL},
    {"page of a proxy", "<html><body>hello</body></html>", "", "", NULL, false, NULL},
    {"something behind", ROOT WHOLE END "<x/>", "", "", NULL, false, NULL},
    {"entities", "<!DOCTYPE x [<!ENTITY a \"b\">]>" ROOT WHOLE OBJECT("&a;") END, "", "", NULL,
     false, NULL},
    {"no IsTruncated", ROOT OBJECT("a") END, "", "", NULL, false, NULL},
    {"odd IsTruncated", ROOT "<IsTruncated>maybe</IsTruncated>" END, "", "", NULL, false, NULL},
    {"empty page without a token", ROOT MORE END, "", "", NULL, false, NULL},
    {"no key", ROOT WHOLE "<Contents><Size>1</Size></Contents>" END, "", "", NULL, false, NULL},
    {"odd size", ROOT WHOLE "<Contents><Key>a</Key><Size>x</Size></Contents>" END, "", "", NULL,
     false, NULL},
    {"negative size", ROOT WHOLE "<Contents><Key>a</Key><Size>-1</Size></Contents>" END, "", "",
     NULL, false, NULL},
    {"odd date", ROOT WHOLE "<Contents><Key>a</Key><LastModified>now</LastModified></Contents>" END,
     "", "", NULL, false, NULL},
    {"broken escape", ROOT WHOLE URL OBJECT("a%2") END, "", "", NULL, false, NULL},
    {"NUL in a key", ROOT WHOLE URL OBJECT("a%00b") END, "", "", NULL, false, NULL},
    {"outside the root", ROOT WHOLE OBJECT("in/a") OBJECT("other/b") END, "in/", "", NULL, false,
     NULL},
    {"out of order", ROOT WHOLE OBJECT("b") OBJECT("a") END, "", "", NULL, false, NULL},
    {"twice the same", ROOT WHOLE OBJECT("a") OBJECT("a") END, "", "", NULL, false, NULL},
    {"start-after not honoured", ROOT MORE OBJECT("a") OBJECT("b") END, "", "a", NULL, false, NULL},
};

static void join_keys(const struct bucket_op *op, struct buf *out)
{
    for (size_t i = 0; i < op->listed_count; i++) {
        if (i)
            buf_char(out, '|');
        buf_text(out, op->listed[i].key);
    }
}

static int read_page(struct bytes document, const struct page_case *p, struct bucket_op *op,
                     char **token, struct err *err)
{
    bucket_op_init(op, BUCKET_LIST);
    op->start_after = bytes_of(p->after);
    *token = NULL;
    return s3_list_read(document, p->root, op, token, err);
}

static void check_page(const struct page_case *p)
{
    struct bucket_op op;
    struct buf keys;
    struct err err = {0};
    char *token;
    int rc = read_page(bytes_of(p->document), p, &op, &token, &err);
    if (rc != (p->keys ? 0 : -1))
        print_error("%s: %s\n", p->name, err.message);
    assert_int_equal(rc, p->keys ? 0 : -1);
    buf_init(&keys, 4096);
    join_keys(&op, &keys);
    assert_string_equal(buf_string(&keys), p->keys ? p->keys : "");
    assert_int_equal(op.more, p->more);
    assert_string_equal(token ? token : "none", p->token ? p->token : "none");
    assert_string_equal(err.code, p->keys ? "" : "bad_answer");
    assert_int_equal(err.retryable, !p->keys);
    mem_free(token);
    buf_free(&keys);
    bucket_op_free(&op);
}

static void reads_a_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        check_page(&pages[i]);
}

static void reads_all_of_an_object(void **state)
{
    struct bucket_op op;
    struct err err;
    char *token;
    (void)state;
    assert_int_equal(read_page(BYTES(ROOT WHOLE OBJECT("a") END), &pages[0], &op, &token, &err), 0);
    assert_int_equal(op.listed_count, 1);
    assert_string_equal(op.listed[0].etag, "\"e1\"");
    assert_int_equal(op.listed[0].size, 7);
    assert_true(op.listed[0].modified.us == 1795383241 * SECOND_US);
    bucket_op_free(&op);
}

static void refuses_every_cut(void **state)
{
    static const char whole[] =
        XML ROOT MORE URL OBJECT("a") OBJECT("b") "<NextContinuationToken>t</NextContinuationToken>"
        END;
    (void)state;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct bucket_op op;
        struct err err = {0};
        char *token;
        assert_int_equal(read_page((struct bytes){whole, len}, &pages[0], &op, &token, &err), -1);
        assert_string_equal(err.code, "bad_answer");
        assert_int_equal(op.listed_count, 0);
        assert_null(op.listed);
        bucket_op_free(&op);
    }
}

static void reads_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;             /* -1: refused */
    } dates[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T21:34:01.000Z", 1795383241},
        {"2024-02-29T23:59:59.999999Z", 1709251199},
        {"2026-11-22T21:34:01", -1},
        {"2026-11-22T21:34:01+00:00", -1},
        {"2026-11-22 21:34:01Z", -1},
        {"2026-11-22T21:34:01.000Zx", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct walltime t = {-SECOND_US};
        assert_int_equal(read_date(bytes_of(dates[i].text), &t), dates[i].seconds >= 0);
        assert_true(t.us == dates[i].seconds * SECOND_US);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(asks_for_a_page),
        CHECKED(reads_a_page),
        CHECKED(reads_all_of_an_object),
        CHECKED(refuses_every_cut),
        CHECKED(reads_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
