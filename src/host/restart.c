#include "host/restart.h"

#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "TIDEGATE_RESTARTED="

enum { NOTES_MAX = 8 * 1024, NAME = sizeof VARIABLE - 1, DESCRIPTORS = 1024 };

/* "TIDEGATE_RESTARTED=3 key\n2 other key\n", the newest last. */
static char notes[NOTES_MAX] = VARIABLE;
static char **arguments;
static char **surroundings;              /* the environment, with the notes in it */

void restart_prepare(char **argv)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    surroundings = mem_array(count + 2, sizeof *surroundings);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], VARIABLE, NAME))
            surroundings[kept++] = environ[i];
        else if (strlen(environ[i]) < NOTES_MAX)
            memcpy(notes, environ[i], strlen(environ[i]) + 1);
    }
    surroundings[kept] = notes;
    arguments = argv;
}

/* ---- notes ---- */

/* The line at `at`: its count and its key. False when none stands there. */
static bool read_note(size_t at, struct bytes *key, int *receives, size_t *end)
{
    struct bytes text = bytes_from(bytes_of(notes), at), rest;
    struct bytes line = bytes_cut(text, '\n', &rest);
    int64_t count;
    if (!text.len)
        return false;
    *end = at + line.len + 1;
    *key = BYTES("");
    *receives = bytes_to_int64(bytes_cut(line, ' ', key), &count) && count > 0 && count < 1000
                    ? (int)count
                    : 0;
    return true;
}

bool restart_note(size_t *at, struct bytes *key, int *receives)
{
    size_t end;
    if (!read_note(NAME + *at, key, receives, &end))
        return false;
    *at = end - NAME;
    return true;
}

static void cut(size_t from, size_t to)
{
    size_t len = strlen(notes);
    if (to > len)
        to = len;
    memmove(notes + from, notes + to, len - to + 1);
}

static void forget(const char *key)
{
    size_t at = NAME, end;
    struct bytes noted;
    int receives;
    while (read_note(at, &noted, &receives, &end)) {
        if (bytes_is(noted, key))
            cut(at, end);
        else
            at = end;
    }
}

static size_t digits(int number, char out[12])
{
    size_t len = 0, count = 1;
    for (int n = number; n >= 10; n /= 10)
        count++;
    for (len = count; len > 0; number /= 10)
        out[--len] = (char)('0' + number % 10);
    return count;
}

static void note(const char *key, int receives)
{
    char number[12];
    size_t count = digits(receives, number), key_len = strlen(key), len;
    size_t end;
    struct bytes oldest;
    int unused;
    forget(key);
    while (strlen(notes) + count + key_len + 3 > NOTES_MAX) {
        if (!read_note(NAME, &oldest, &unused, &end))
            return;
        cut(NAME, end);
    }
    len = strlen(notes);
    memcpy(notes + len, number, count);
    notes[len + count] = ' ';
    memcpy(notes + len + count + 1, key, key_len);
    memcpy(notes + len + count + 1 + key_len, "\n", 2);
}

/* ---- the start ---- */

void restart_after(const char *key, int receives)
{
    if (!arguments)
        return;
    note(key, receives);
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC))
        for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    execve("/proc/self/exe", arguments, surroundings);
}
