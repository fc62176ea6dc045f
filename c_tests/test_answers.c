#include "transfer_rig.h"

/* Each row: the server says this on a fresh connection; this must come of it; and a second question
 * on the same loop must then get its own answer, over so many connections in all. */
struct row {
    const char *name;
    struct reply reply;
    const char *code;                /* "" for an answer that is good */
    int status;
    const char *content;
    int connections;
    const char *method;              /* NULL: GET */
};

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LONG_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"

static const struct row damaged[] = {
    {"head cut after the status line", {"HTTP/1.1 200 OK\r\n", 0, CLOSE},
     "incomplete", 0, "", 2, 0},
    {"head cut inside", {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A: 1\r\n", 0, CLOSE},
     "incomplete", 0, "", 2, 0},
    {"no length, closed", {"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n{\"half\":", 0, CLOSE},
     "incomplete", 200, "", 2, 0},
    {"no length, left open", {"HTTP/1.1 200 OK\r\n\r\nhalf", 0, KEEP}, "incomplete", 200, "", 2, 0},
    {"HTTP/1.0, no length", {"HTTP/1.0 200 OK\r\n\r\nall of it", 0, CLOSE},
     "incomplete", 200, "", 2, 0},
    {"two lengths that differ",
     {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\ngood", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"a list of lengths", {"HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\ngood", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"no number", {"HTTP/1.1 200 OK\r\nContent-Length: 4x\r\n\r\ngood", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"a negative number", {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"a header without a colon", {"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"length and chunked",
     {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      0, KEEP},
     "protocol", 0, "", 2, 0},
    {"gzip unasked",
     {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"gzip as a transfer coding",
     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"length short", {LONG_ANSWER "four", 0, CLOSE}, "incomplete", 200, "four", 2, 0},
    {"length short, RST", {LONG_ANSWER "four", 0, RESET}, "incomplete", 200, NULL, 2, 0},
    {"chunk cut", {CHUNKED "8\r\nfour", 0, CLOSE}, "incomplete", 200, "four", 2, 0},
    {"no last chunk", {CHUNKED "4\r\nfour\r\n", 0, CLOSE}, "incomplete", 200, "four", 2, 0},
    {"trailers cut", {CHUNKED "4\r\nfour\r\n0\r\nX-A: 1\r\n", 0, CLOSE},
     "incomplete", 200, "four", 2, 0},
    {"bad chunk", {CHUNKED "zz\r\nfour\r\n0\r\n\r\n", 0, KEEP}, "incomplete", 200, "", 2, 0},
    {"nothing", {"", 0, CLOSE}, "incomplete", 0, "", 2, 0},
    {"nothing, RST", {"", 0, RESET}, "network", 0, "", 2, 0},
    {"status line cut", {"HTTP/1.1 20", 0, CLOSE}, "incomplete", 0, "", 2, 0},
    {"100 and then nothing", {"HTTP/1.1 100 Continue\r\n\r\n", 0, CLOSE},
     "incomplete", 0, "", 2, 0},
    {"101", {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 0, KEEP}, "protocol", 0, "", 2, 0},
    {"no HTTP", {"SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, KEEP}, "protocol", 0, "", 2, 0},
    {"HTTP/2 in clear", {"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", 0, KEEP},
     "protocol", 0, "", 2, 0},
    {"NULs", {"\0\0\0\0\0\0\0\0\n\n", 10, CLOSE}, "protocol", 0, "", 2, 0},
};

static const struct row good[] = {
    {"length", {OK_REPLY, 0, KEEP}, "", 200, "good", 1, 0},
    {"length, then closed", {OK_REPLY, 0, CLOSE}, "", 200, "good", 2, 0},
    {"length, then RST", {OK_REPLY, 0, RESET}, "", 200, "good", 2, 0},
    {"the same length twice",
     {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\ncontent-length:4\r\n\r\ngood", 0, KEEP},
     "", 200, "good", 1, 0},
    {"more than its length",
     {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 200 Evil", 0, KEEP},
     "", 200, "OK", 2, 0},
    {"empty", {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, KEEP}, "", 200, "", 1, 0},
    {"bare LF", {"HTTP/1.1 200 OK\nContent-Length: 4\n\ngood", 0, KEEP}, "", 200, "good", 1, 0},
    {"one byte at a time", {OK_REPLY, 0, TRICKLE}, "", 200, "good", 1, 0},
    {"chunked", {CHUNKED "2\r\ngo\r\n2\r\nod\r\n0\r\n\r\n", 0, KEEP}, "", 200, "good", 1, 0},
    {"chunks with extensions and trailers, one byte at a time",
     {CHUNKED "1;a=b\r\ng\r\n03\r\nood\r\n0;x\r\nX-T: 1\r\nContent-Length: 99\r\n\r\n", 0, TRICKLE},
     "", 200, "good", 1, 0},
    {"1xx first",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 99\r\n\r\n" OK_REPLY,
      0, KEEP},
     "", 200, "good", 1, 0},
    {"204", {"HTTP/1.1 204 No Content\r\n\r\n", 0, KEEP}, "", 204, "", 1, "DELETE"},
    {"204 with a body", {"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 Evil", 0, KEEP},
     "", 204, "", 1, 0},
    {"304 with a length", {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 0, KEEP},
     "", 304, "", 1, 0},
    {"HEAD with a length",
     {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nContent-Encoding: gzip\r\n\r\n", 0, KEEP},
     "", 200, "", 1, "HEAD"},
    {"HEAD without a length", {"HTTP/1.1 404 Not Found\r\n\r\n", 0, KEEP}, "", 404, "", 1, "HEAD"},
    {"a redirect is an answer",
     {"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno",
      0, KEEP},
     "", 301, "no", 1, 0},
    {"an error is an answer",
     {"HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\n\r\nslow", 0, KEEP},
     "", 503, "slow", 1, "PUT"},
    {"an error to a challenge is an answer",
     {"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno",
      0, KEEP},
     "", 401, "no", 1, 0},
    {"identity", {"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 4\r\n\r\ngood",
                  0, KEEP}, "", 200, "good", 1, 0},
};

static void check_row(struct rig *r, const struct row *row)
{
    const struct reply replies[] = {row->reply, {OK_REPLY, 0, KEEP}};
    struct transfer t;
    RIG_SERVE(r, replies);
    rig_ask(r, &t, row->method ? row->method : "GET", "/", BYTES(""));
    if (row->code[0])
        assert_failed(&t, row->code, true);
    else
        assert_good(&t, row->status, row->content);
    assert_int_equal(t.status, row->status);
    if (row->content)
        assert_string_equal(buf_string(&t.content), row->content);
    transfer_free(&t);
    rig_ask_good(r);
    assert_int_equal(r->server.log->connections, row->connections);
    server_stop(&r->server);
}

static void check_rows(struct rig *r, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("    %s\n", rows[i].name);
        check_row(r, &rows[i]);
    }
}

static void a_damaged_answer_is_never_good(void **state)
{
    check_rows(*state, damaged, sizeof damaged / sizeof damaged[0]);
}

static void a_whole_answer_is_good(void **state)
{
    check_rows(*state, good, sizeof good / sizeof good[0]);
}

/* ---- headers of the answer ---- */

static void the_head_is_kept_as_it_came(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nx-amz-request-id:  4F2 \r\nETag: \"a:b\"\r\n"
                               "X-Empty:\r\nTransfer-Encoding: Chunked\r\n\r\n";
    static const char body[] = "4\r\ngood\r\n0\r\nX-Trailer: 1\r\n\r\n";
    struct rig *r = *state;
    struct transfer t;
    char answer[512];
    snprintf(answer, sizeof answer, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n%s%s", head, body);
    RIG_SERVE(r, ((struct reply[]){{answer, 0, KEEP}}));
    rig_ask(r, &t, "GET", "/", BYTES(""));
    assert_good(&t, 200, "good");
    assert_string_equal(buf_string(&t.head), head);
    assert_true(bytes_is(transfer_header(&t, "X-Amz-Request-Id"), "4F2"));
    assert_true(bytes_is(transfer_header(&t, "etag"), "\"a:b\""));
    assert_int_equal(transfer_header(&t, "X-Empty").len, 0);
    assert_int_equal(transfer_header(&t, "X-Early").len, 0);
    assert_int_equal(transfer_header(&t, "X-Trailer").len, 0);
    transfer_free(&t);
}

/* The same transfer asked twice: nothing of the first answer shows in the second. */
static void a_second_answer_replaces_the_first(void **state)
{
    static const struct reply replies[] = {
        {"HTTP/1.1 404 Not Found\r\nX-First: 1\r\nContent-Length: 6\r\n\r\nlonger", 0, KEEP},
        {OK_REPLY, 0, KEEP},
        {"", 0, CLOSE}};
    struct rig *r = *state;
    struct transfer t;
    char url[RIG_URL];
    RIG_SERVE(r, replies);
    rig_url(r, "/", url);
    rig_question(r, &t, "GET", url);
    rig_run(r, &t);
    assert_good(&t, 404, "longer");
    rig_run(r, &t);
    assert_good(&t, 200, "good");
    assert_int_equal(transfer_header(&t, "X-First").len, 0);
    assert_int_equal(t.head_seen, t.head.len);
    rig_run(r, &t);
    assert_failed(&t, "incomplete", true);
    assert_int_equal(t.status, 0);
    assert_int_equal(t.content.len + t.head.len, 0);
    assert_false(t.reused);
    transfer_free(&t);
}

/* ---- caps ---- */

/* `head`, then `line` until there are `size` bytes, then `end`. */
static struct buf repeated(const char *head, const char *line, size_t size, const char *end)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_text(&b, head);
    while (b.len < size)
        buf_text(&b, line);
    buf_text(&b, end);
    return b;
}

static void check_cap(struct rig *r, struct buf answer, const char *code, size_t content)
{
    const struct reply replies[] = {{answer.at, answer.len, KEEP}, {OK_REPLY, 0, KEEP}};
    struct transfer t;
    RIG_SERVE(r, replies);
    rig_ask(r, &t, "GET", "/", BYTES(""));
    if (code[0])
        assert_failed(&t, code, false);
    else
        assert_string_equal(t.op.err.code, "");
    assert_int_equal(t.content.len, content);
    assert_in_range(t.head.len, 0, TRANSFER_HEAD_MAX);
    transfer_free(&t);
    rig_ask_good(r);
    assert_int_equal(r->server.log->connections, code[0] ? 2 : 1);
    server_stop(&r->server);
    buf_free(&answer);
}

static void heads_are_capped(void **state)
{
    const char *ok = "HTTP/1.1 200 OK\r\n", *end = "Content-Length: 0\r\n\r\n";
    const char *line = "X-A: 1\r\n", *endless = "HTTP/1.1 200 OK\r\nX-A: ";
    size_t room = TRANSFER_HEAD_MAX - strlen(end) - strlen(line), over = 80 * 1024;
    check_cap(*state, repeated(ok, line, room, end), "", 0);
    check_cap(*state, repeated(ok, line, TRANSFER_HEAD_MAX, end), "too_large", 0);
    check_cap(*state, repeated(endless, "X", over, "\r\n\r\n"), "too_large", 0);
    check_cap(*state, repeated(endless, "X", 300 * 1024, ""), "too_large", 0);
    check_cap(*state, repeated("", "HTTP/1.1 102 No\r\n\r\n", over, OK_REPLY), "too_large", 0);
    check_cap(*state, repeated(CHUNKED "4\r\nfour\r\n0\r\n", line, over, "\r\n"), "too_large", 4);
}

static void bodies_are_capped(void **state)
{
    const char *exact = "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n";
    const char *over = "HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n";
    check_cap(*state, repeated(exact, "x", strlen(exact) + RIG_BODY_MAX, ""), "", RIG_BODY_MAX);
    check_cap(*state, repeated(over, "x", strlen(over) + RIG_BODY_MAX + 1, ""), "too_large", 0);
    check_cap(*state, repeated(over, "", 0, ""), "too_large", 0);
    check_cap(*state, repeated(CHUNKED "1001\r\n", "x", 6000, "0\r\n\r\n"), "too_large", 0);
    check_cap(*state, repeated(CHUNKED, "1\r\nx\r\n", 80 * 1024, ""), "too_large", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_damaged_answer_is_never_good),
        RIG_TEST(a_whole_answer_is_good),
        RIG_TEST(the_head_is_kept_as_it_came),
        RIG_TEST(a_second_answer_replaces_the_first),
        RIG_TEST(heads_are_capped),
        RIG_TEST(bodies_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
