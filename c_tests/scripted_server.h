/* Scripted server: a forked process that answers HTTP on 127.0.0.1 from a list of canned replies,
 * in the order in which requests arrive, the last reply for ever, and remembers each request.
 * The test owns it and stops it; the log is shared memory, written before the answer leaves.
 * It understands of HTTP only where a request ends. */
#ifndef TIDEGATE_TESTS_SCRIPTED_SERVER_H
#define TIDEGATE_TESTS_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVER_REQUESTS = 512, SERVER_HEAD = 4096, SERVER_CONNECTIONS = 64 };

enum then {
    KEEP,                            /* goes on with the connection */
    CLOSE,                           /* FIN */
    RESET,                           /* RST */
    TRICKLE,                         /* byte by byte, then as KEEP */
    HOLD                             /* leaves at server_release(), then as KEEP */
};

struct reply {
    const char *bytes;
    size_t len;                      /* 0: as long as the string */
    enum then then;
};

struct seen {
    int connection;                  /* counted from 1 */
    char head[SERVER_HEAD];          /* with the blank line */
    size_t body_len;
    uint32_t body_sum;
};

struct server_log {
    int connections;
    int requests;
    struct seen seen[SERVER_REQUESTS];
};

struct peer {
    int fd;
    int connection;
    size_t head_len;
    bool in_body;
    size_t body_left;
    struct seen now;
    const struct reply *held;
};

struct server {
    pid_t pid;
    int port;
    int listener;
    int release[2], released[2];     /* pipes to the child and back */
    struct server_log *log;
    const struct reply *replies;
    size_t reply_count;
    bool raw;                        /* whatever arrives at once is a request, HTTP or not */
    struct peer peers[SERVER_CONNECTIONS];
};

static inline void server_check(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

static inline uint32_t body_sum(uint32_t sum, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = sum * 16777619u + (unsigned char)at[i];
    return sum;
}

/* ---- the child ---- */

static inline void peer_close(struct peer *p, bool reset)
{
    struct linger now = {1, 0};
    if (reset)
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p->fd);
    *p = (struct peer){.fd = -1};
}

static inline void peer_send(struct peer *p, const struct reply *r)
{
    size_t len = r->len ? r->len : strlen(r->bytes), step = r->then == TRICKLE ? 1 : len;
    for (size_t i = 0; i < len; i += step)
        if (send(p->fd, r->bytes + i, step, MSG_NOSIGNAL) < 0)
            break;
    if (r->then == CLOSE || r->then == RESET)
        peer_close(p, r->then == RESET);
}

static inline void peer_answer(struct server *s, struct peer *p)
{
    size_t n = (size_t)s->log->requests;
    const struct reply *r = &s->replies[n < s->reply_count ? n : s->reply_count - 1];
    if (n < SERVER_REQUESTS)
        s->log->seen[n] = p->now;
    __atomic_store_n(&s->log->requests, (int)n + 1, __ATOMIC_SEQ_CST);
    p->now = (struct seen){.connection = p->connection};
    p->head_len = 0;
    p->in_body = false;
    if (r->then == HOLD)
        p->held = r;
    else
        peer_send(p, r);
}

static inline void peer_head_ended(struct peer *p)
{
    const char *length = strstr(p->now.head, "Content-Length: ");
    p->in_body = true;
    p->body_left = length ? strtoul(length + 16, NULL, 10) : 0;
}

static inline void peer_byte(struct server *s, struct peer *p, char c)
{
    if (p->in_body) {
        p->now.body_sum = body_sum(p->now.body_sum, &c, 1);
        p->now.body_len++;
        p->body_left--;
    } else if (p->head_len + 1 < SERVER_HEAD) {
        p->now.head[p->head_len++] = c;
        if (p->head_len >= 4 && memcmp(p->now.head + p->head_len - 4, "\r\n\r\n", 4) == 0)
            peer_head_ended(p);
    }
    if (p->in_body && !p->body_left)
        peer_answer(s, p);
}

static inline void peer_read(struct server *s, struct peer *p)
{
    char chunk[65536];
    ssize_t got = recv(p->fd, chunk, sizeof chunk, 0);
    if (got <= 0)
        peer_close(p, false);
    else if (s->raw)
        peer_answer(s, p);
    else
        for (ssize_t i = 0; i < got && p->fd >= 0; i++)
            peer_byte(s, p, chunk[i]);
}

static inline void server_accept(struct server *s)
{
    int on = 1, fd = accept(s->listener, NULL, NULL);
    server_check(fd >= 0, "accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        if (s->peers[i].fd < 0) {
            int number = ++s->log->connections;
            s->peers[i] = (struct peer){.fd = fd, .connection = number, .now = {number, "", 0, 0}};
            return;
        }
    close(fd);
}

static inline void server_let_go(struct server *s)
{
    char byte;
    server_check(read(s->release[0], &byte, 1) == 1, "release");
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        if (s->peers[i].held) {
            peer_send(&s->peers[i], s->peers[i].held);
            s->peers[i].held = NULL;
        }
    server_check(write(s->released[1], &byte, 1) == 1, "released");
}

static inline void server_run(struct server *s)
{
    struct pollfd fds[SERVER_CONNECTIONS + 2];
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        s->peers[i].fd = -1;
    for (;;) {
        for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
            fds[i] = (struct pollfd){.fd = s->peers[i].fd, .events = POLLIN};
        fds[SERVER_CONNECTIONS] = (struct pollfd){.fd = s->listener, .events = POLLIN};
        fds[SERVER_CONNECTIONS + 1] = (struct pollfd){.fd = s->release[0], .events = POLLIN};
        server_check(poll(fds, SERVER_CONNECTIONS + 2, -1) > 0, "poll");
        for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
            if (fds[i].revents)
                peer_read(s, &s->peers[i]);
        if (fds[SERVER_CONNECTIONS].revents)
            server_accept(s);
        if (fds[SERVER_CONNECTIONS + 1].revents)
            server_let_go(s);
    }
}

/* ---- the test's side ---- */

static inline int server_listen(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server_check(fd >= 0 && !bind(fd, (struct sockaddr *)&a, len) && !listen(fd, 128), "listen");
    server_check(!getsockname(fd, (struct sockaddr *)&a, &len), "getsockname");
    *port = ntohs(a.sin_port);
    return fd;
}

/* Nobody listens there, unless the kernel has handed it out again meanwhile. */
static inline int unused_port(void)
{
    int port, fd = server_listen(&port);
    close(fd);
    return port;
}

static inline void server_start(struct server *s, const struct reply *replies, size_t count)
{
    *s = (struct server){.replies = replies, .reply_count = count, .raw = s->raw};
    s->log = mmap(NULL, sizeof *s->log, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    server_check(s->log != MAP_FAILED, "mmap");
    server_check(!pipe(s->release) && !pipe(s->released), "pipe");
    s->listener = server_listen(&s->port);
    s->pid = fork();
    server_check(s->pid >= 0, "fork");
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        server_run(s);
    }
    close(s->listener);
}

static inline void server_stop(struct server *s)
{
    if (!s->pid)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->log, sizeof *s->log);
    for (int i = 0; i < 2; i++) {
        close(s->release[i]);
        close(s->released[i]);
    }
    s->pid = 0;
}

static inline int server_requests(const struct server *s)
{
    return __atomic_load_n(&s->log->requests, __ATOMIC_SEQ_CST);
}

/* Returns when the kernel has the replies that were held. */
static inline void server_release(struct server *s)
{
    char byte = 1;
    server_check(write(s->release[1], &byte, 1) == 1, "release");
    server_check(read(s->released[0], &byte, 1) == 1, "released");
}

#endif
