/* What happens to text whose reader is slow, gone, or back again. */
#include "base/outlet.h"

#include "leak_check.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char big[1 << 20];

static void a_file_is_added_to(void **state)
{
    struct place place;
    struct outlet o;
    (void)state;
    place_make(&place);
    place_write(&place, "log", "old\n");
    assert_int_equal(outlet_open(&o, place_path(&place, "log")), 0);
    assert_int_equal(outlet_write(&o, BYTES("new\n")), 0);
    assert_string_equal(place_text(&place, "log"), "old\nnew\n");
    outlet_close(&o);
    outlet_close(&o);
    assert_int_equal(outlet_write(&o, BYTES("lost\n")), EBADF);
    place_remove(&place);
}

static void what_cannot_be_opened_says_why(void **state)
{
    struct place place;
    struct outlet o;
    (void)state;
    place_make(&place);
    assert_int_equal(outlet_open(&o, place_path(&place, "no/log")), ENOENT);
    assert_int_equal(outlet_open(&o, place_path(&place, "")), EISDIR);
    outlet_close(&o);
    place_remove(&place);
}

static void a_full_disk_is_told(void **state)
{
    struct outlet o;
    (void)state;
    assert_int_equal(outlet_open(&o, "/dev/full"), 0);
    assert_int_equal(outlet_write(&o, BYTES("x\n")), ENOSPC);
    outlet_close(&o);
}

/* Reads what is there, all of it. */
static size_t drain(int fd)
{
    static char text[sizeof big];
    ssize_t len;
    size_t sum = 0;
    while ((len = read(fd, text, sizeof text)) > 0)
        sum += (size_t)len;
    return sum;
}

/* Both kinds of descriptor that a reader may leave full: the writer's end stays blocking. */
static void nobody_reads(int reader, int writer)
{
    struct outlet o;
    char text[32] = "";
    size_t taken;
    fcntl(reader, F_SETFL, O_NONBLOCK);
    outlet_borrow(&o, writer);
    assert_int_equal(outlet_write(&o, (struct bytes){big, sizeof big}), EAGAIN);
    assert_int_equal(outlet_write(&o, BYTES("lost\n")), EAGAIN);
    assert_int_equal(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
    taken = drain(reader);
    assert_in_range(taken, 4096, sizeof big - 1);
    assert_int_equal(outlet_write(&o, BYTES("again\n")), 0);
    assert_int_equal(read(reader, text, sizeof text), 7);
    assert_string_equal(text, "\nagain\n");      /* not behind half a line */
    outlet_close(&o);
    close(reader);
    assert_int_equal(write(writer, "x", 1), -1); /* the borrowed end is still open */
    assert_int_equal(errno, EPIPE);
    close(writer);
}

static void a_pipe_that_nobody_reads(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    nobody_reads(ends[0], ends[1]);
}

static void a_socket_that_nobody_reads(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    nobody_reads(ends[0], ends[1]);
}

/* Somebody else's pipe, which only root may open again. */
static int borrow_blocking(void *context)
{
    int *ends = context;
    struct outlet o;
    outlet_borrow(&o, ends[1]);
    return o.blocks && !o.owned && outlet_write(&o, BYTES("one\n")) == 0 &&
           outlet_write(&o, (struct bytes){big, sizeof big}) == EAGAIN;
}

static void a_pipe_that_cannot_be_opened_again(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fchmod(ends[1], 0), 0);
    assert_int_equal(in_child(borrow_blocking, ends, true), 1);
    close(ends[0]);
    close(ends[1]);
}

static void a_reader_that_is_gone(void **state)
{
    struct outlet o;
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    outlet_borrow(&o, ends[1]);
    close(ends[0]);
    assert_int_equal(outlet_write(&o, BYTES("x\n")), EPIPE);
    outlet_close(&o);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(a_file_is_added_to),
        CHECKED(what_cannot_be_opened_says_why),
        CHECKED(a_full_disk_is_told),
        CHECKED(a_pipe_that_nobody_reads),
        CHECKED(a_socket_that_nobody_reads),
        CHECKED(a_pipe_that_cannot_be_opened_again),
        CHECKED(a_reader_that_is_gone),
    };
    signal(SIGPIPE, SIG_IGN);
    memset(big, 'x', sizeof big);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
