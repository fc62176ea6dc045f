#include "net/loop.h"

#include "base/log.h"
#include "net/easy.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    /* Idle ones. Left alone, libcurl keeps four for each transfer under way, so that a pause
     * between two batches would close them. */
    CONNECTIONS_KEPT = 1000,
    SIGNALS_KEPT = 16
};

struct loop {
    CURLM *multi;
    struct timers timers;
    struct monotime now;
    struct walltime wall;
    int signal_fd;
    int signals[SIGNALS_KEPT];       /* read and not yet taken, the oldest first */
    size_t signal_count;
    struct link finished;            /* judged or failed at the start, not yet notified */
    struct easy *idle;
    size_t transfers;
    size_t connections;
    uint64_t performs;
    bool fresh;                      /* libcurl has a transfer that it was not yet called for */
};

static void must(CURLMcode code)
{
    if (!code)
        return;
    log_line(LOG_ERROR, "libcurl: %s", curl_multi_strerror(code));
    abort();
}

/* ---- life ---- */

static sigset_t our_signals(void)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR1);
    return ours;
}

void loop_block_signals(void)
{
    const sigset_t ours = our_signals();
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &ours, NULL);
}

static int open_signals(struct err *err)
{
    const sigset_t ours = our_signals();
    int fd;
    loop_block_signals();
    fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        err_set(err, "system", "cannot read signals: %s", strerror(errno));
    return fd;
}

static CURLM *open_multi(struct err *err)
{
    CURLM *multi;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        err_set(err, "system", "libcurl does not start");
        return NULL;
    }
    multi = curl_multi_init();
    must(multi ? CURLM_OK : CURLM_OUT_OF_MEMORY);
    must(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT));
    return multi;
}

static void read_clocks(struct loop *l)
{
    l->now = clock_monotonic();
    l->wall = clock_wall();
}

/* Signals first: libcurl's resolver threads inherit the mask, and so never take one away. */
struct loop *loop_new(struct err *err)
{
    struct loop *l = mem_new(sizeof *l);
    l->finished = (struct link){&l->finished, &l->finished};
    read_clocks(l);
    l->signal_fd = open_signals(err);
    if (l->signal_fd >= 0)
        l->multi = open_multi(err);
    if (l->multi)
        return l;
    loop_free(l);
    return NULL;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    while (l->idle) {
        struct easy *next = l->idle->next_idle;
        easy_free(l->idle);
        l->idle = next;
    }
    if (l->multi) {
        curl_multi_cleanup(l->multi);
        curl_global_cleanup();
    }
    if (l->signal_fd >= 0)
        close(l->signal_fd);
    timers_free(&l->timers);
    mem_free(l);
}

/* ---- exchanges ---- */

static void link_remove(struct link *k)
{
    k->prev->next = k->next;
    k->next->prev = k->prev;
    *k = (struct link){k, k};
}

static void link_append(struct link *ring, struct link *k)
{
    *k = (struct link){ring->prev, ring};
    ring->prev->next = k;
    ring->prev = k;
}

struct easy *loop_take(struct loop *l)
{
    struct easy *e = l->idle;
    if (e)
        l->idle = e->next_idle;
    else
        e = easy_new(l);
    l->transfers++;
    return e;
}

void loop_begin(struct easy *e)
{
    e->born = e->loop->performs;
    e->connects = 0;
    e->sends = 0;
    must(curl_multi_add_handle(e->loop->multi, e->curl));
    e->running = true;
    e->loop->fresh = true;
}

void loop_conclude(struct easy *e)
{
    link_append(&e->loop->finished, &e->link);
}

/* libcurl's figure belongs to the handle's previous exchange until it has been performed once. */
static void take_from_libcurl(struct easy *e)
{
    struct loop *l = e->loop;
    if (!e->running)
        return;
    if (l->performs > e->born)
        curl_easy_getinfo(e->curl, CURLINFO_NUM_CONNECTS, &e->connects);
    l->connections += (size_t)e->connects;
    must(curl_multi_remove_handle(l->multi, e->curl));
    e->running = false;
}

void loop_give_back(struct easy *e)
{
    struct loop *l = e->loop;
    take_from_libcurl(e);
    link_remove(&e->link);
    easy_rest(e);
    e->straight = false;
    e->next_idle = l->idle;
    l->idle = e;
    l->transfers--;
}

/* ---- a turn ---- */

static int wait_ms(const struct loop *l, int64_t wait_us)
{
    int64_t ms;
    if (l->fresh || l->finished.next != &l->finished)
        return 0;
    if (l->timers.count) {
        int64_t timer_us = monotime_until(clock_monotonic(), timers_next(&l->timers));
        wait_us = timer_us < wait_us ? timer_us : wait_us;
    }
    if (wait_us <= 0)
        return 0;
    /* Rounded up: a wait cut short would find its timer not due and turn again at once. */
    ms = wait_us / 1000 + (wait_us % 1000 != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* While untaken signals fill the list, the descriptor stays readable and must not wake us. */
static void wait_for_something(struct loop *l, int64_t wait_us)
{
    struct curl_waitfd extra = {.fd = l->signal_fd, .events = CURL_WAIT_POLLIN};
    int ms = wait_ms(l, wait_us);
    if (ms)
        must(curl_multi_poll(l->multi, &extra, l->signal_count < SIGNALS_KEPT, ms, NULL));
}

void loop_read_signals(struct loop *l)
{
    struct signalfd_siginfo info;
    while (l->signal_count < SIGNALS_KEPT &&
           read(l->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        l->signals[l->signal_count++] = (int)info.ssi_signo;
}

static void perform(struct loop *l)
{
    int running;
    l->fresh = false;
    l->performs++;
    must(curl_multi_perform(l->multi, &running));
}

static void drain(struct loop *l)
{
    int left;
    CURLMsg *message = curl_multi_info_read(l->multi, &left);
    for (; message; message = curl_multi_info_read(l->multi, &left)) {
        CURLcode code = message->data.result;
        struct easy *e = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &e);
        take_from_libcurl(e);
        e->straight = !code && e->sends == 1;
        e->judge(e, code);
        loop_conclude(e);
    }
}

/* Only those of this moment: what concludes meanwhile is told in the next turn. An abort from
 * within a notify takes its link out of `batch`. */
static void notify_finished(struct loop *l)
{
    struct link batch, *first = l->finished.next;
    if (first == &l->finished)
        return;
    link_remove(&l->finished);
    link_append(first, &batch);
    while (batch.next != &batch) {
        struct easy *e = (struct easy *)batch.next;
        struct op *op = e->op;
        loop_give_back(e);
        op_finish(op);
    }
}

void loop_turn(struct loop *l, int64_t wait_us)
{
    wait_for_something(l, wait_us);
    read_clocks(l);
    loop_read_signals(l);
    perform(l);
    drain(l);
    notify_finished(l);
    timers_fire(&l->timers, l->now);
}

/* ---- the rest ---- */

int loop_take_signal(struct loop *l)
{
    int signal_number = l->signals[0];
    if (!l->signal_count)
        return 0;
    l->signal_count--;
    memmove(l->signals, l->signals + 1, l->signal_count * sizeof l->signals[0]);
    return signal_number;
}

struct monotime loop_now(const struct loop *l)
{
    return l->now;
}

struct walltime loop_wall(const struct loop *l)
{
    return l->wall;
}

void timer_set(struct loop *l, struct timer *t, struct monotime at)
{
    timers_set(&l->timers, t, at);
}

void timer_clear(struct loop *l, struct timer *t)
{
    timers_clear(&l->timers, t);
}

struct loop_counts loop_counts(const struct loop *l)
{
    return (struct loop_counts){l->transfers, l->timers.count, l->connections};
}
