#include "base/console.h"

#include "base/buf.h"
#include "base/outlet.h"
#include "base/printable.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ERASE "\r\x1b[K"

enum { STATUS_MAX = 1024, WRITE_MAX = 1024 * 1024, COLUMNS_UNKNOWN = 80 };

static struct {
    struct outlet out;
    char status[STATUS_MAX];
    size_t status_len;               /* 0: none is wanted */
    bool drawn;                      /* it stands on the terminal */
    bool midway;                     /* the cursor is behind text that has no line feed yet */
    bool screen;
} console = {.out = {.fd = STDERR_FILENO}};

void console_begin(void)
{
    outlet_borrow(&console.out, STDERR_FILENO);
    console.screen = console_columns(STDERR_FILENO) > 0;
}

int console_columns(int fd)
{
    const char *term = getenv("TERM");
    struct winsize size;
    if (!term || !*term || strcmp(term, "dumb") == 0 || !isatty(fd))
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_col == 0)
        return COLUMNS_UNKNOWN;
    return size.ws_col;
}

int console_screen(void)
{
    return console.screen ? console_columns(STDERR_FILENO) : 0;
}

/* ---- the live line ---- */

bool console_live(void)
{
    return console.status_len > 0;
}

/* As much as `columns` hold; what must not be shown becomes '?'. */
static void add_cut(struct buf *out, struct bytes text, int columns)
{
    uint32_t code;
    size_t length;
    for (; (length = printable_next(text, &code)) != 0; text = bytes_from(text, length)) {
        bool shown = printable(code);
        columns -= shown ? printable_columns(code) : 1;
        if (columns < 0)
            return;
        buf_add(out, shown ? (struct bytes){text.at, length} : BYTES("?"));
    }
}

/* One column stays free: terminals differ in what they do behind the last one. */
static void add_status(struct buf *out)
{
    if (!console.status_len)
        return;
    if (console.midway)
        buf_char(out, '\n');
    console.midway = false;
    add_cut(out, (struct bytes){console.status, console.status_len},
            console_columns(STDERR_FILENO) - 1);
    console.drawn = true;
}

static void add_erase(struct buf *out)
{
    if (console.drawn)
        buf_text(out, ERASE);
    console.drawn = false;
}

static void flush(struct buf *out)
{
    if (out->len)
        outlet_write(&console.out, buf_bytes(out));
    buf_free(out);
}

void console_status(struct bytes text)
{
    struct buf out;
    size_t len = text.len < STATUS_MAX ? text.len : STATUS_MAX;
    buf_init(&out, WRITE_MAX);
    console.status_len = console_columns(STDERR_FILENO) ? len : 0;
    if (console.status_len)
        memcpy(console.status, text.at, len);
    add_erase(&out);
    add_status(&out);
    flush(&out);
}

/* ---- what stands above it ---- */

static bool ends_a_line(struct bytes text)
{
    return text.len && text.at[text.len - 1] == '\n';
}

int console_write(struct bytes text)
{
    struct buf out;
    int problem;
    if (!console.status_len)
        return outlet_write(&console.out, text);
    buf_init(&out, WRITE_MAX);
    add_erase(&out);
    buf_add(&out, text);
    console.midway = !ends_a_line(text);
    if (!console.midway)
        add_status(&out);
    problem = out.failed ? EMSGSIZE : outlet_write(&console.out, buf_bytes(&out));
    buf_free(&out);
    return problem;
}

static int write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t sent = write(fd, text.at, text.len);
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (sent >= 0)
            text = bytes_from(text, (size_t)sent);
        else if (errno == EAGAIN)
            poll(&room, 1, -1);
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

int console_stdout(struct bytes text)
{
    struct buf out;
    bool shared = console.status_len && isatty(STDOUT_FILENO);
    int problem;
    if (fflush(stdout))                  /* what print() left behind comes first */
        return errno;
    if (!shared)
        return write_all(STDOUT_FILENO, text);
    buf_init(&out, WRITE_MAX);
    add_erase(&out);
    flush(&out);
    problem = write_all(STDOUT_FILENO, text);
    console.midway = !ends_a_line(text);
    if (!console.midway)
        add_status(&out);
    flush(&out);
    return problem;
}

/* ---- ends ---- */

void console_end(void)
{
    console_status(BYTES(""));
    outlet_close(&console.out);
    console.out = (struct outlet){.fd = STDERR_FILENO};
    console.midway = console.screen = false;
}

void console_last_words(struct bytes text)
{
    if (console.drawn)
        outlet_write(&console.out, BYTES(ERASE));
    outlet_write(&console.out, text);
}
