#include "place.h"

#include "leak_check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, LEVELS = 32 };

/* In memory where there is such a place: thousands of small files take seconds on a busy disk. */
static const char *parent(void)
{
    const char *chosen = getenv("TMPDIR");
    if (chosen && chosen[0])
        return chosen;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : P_tmpdir;
}

void place_make(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "%s/tidegate-test-XXXXXX", parent());
    assert_non_null(mkdtemp(p->dir));
}

static int open_up(const char *path, const struct stat *st, int type, struct FTW *level)
{
    (void)st;
    (void)level;
    return type == FTW_D || type == FTW_DNR ? chmod(path, 0700) : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *level)
{
    (void)st;
    (void)type;
    (void)level;
    return remove(path);
}

void place_remove(struct place *p)
{
    nftw(p->dir, open_up, LEVELS, FTW_PHYS);
    assert_int_equal(nftw(p->dir, remove_one, LEVELS, FTW_DEPTH | FTW_PHYS), 0);
}

const char *place_path(const struct place *p, const char *path)
{
    static char paths[8][PLACE_PATH];
    static size_t next;
    char *out = paths[next++ % 8];
    snprintf(out, PLACE_PATH, "%s%s%s", p->dir, path[0] ? "/" : "", path);
    return out;
}

static void make_above(const char *path)
{
    char above[PLACE_PATH];
    snprintf(above, sizeof above, "%s", path);
    for (char *c = above + 1; *c; c++)
        if (*c == '/') {
            *c = 0;
            mkdir(above, 0777);
            *c = '/';
        }
}

void place_dir(const struct place *p, const char *path)
{
    make_above(place_path(p, path));
    assert_int_equal(mkdir(place_path(p, path), 0777), 0);
}

void place_write(const struct place *p, const char *path, const char *text)
{
    int fd;
    make_above(place_path(p, path));
    fd = open(place_path(p, path), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

const char *place_text(const struct place *p, const char *path)
{
    static char texts[4][8192];
    static size_t next;
    char *out = texts[next++ % 4];
    int fd = open(place_path(p, path), O_RDONLY);
    ssize_t got;
    if (fd < 0)
        return "!";
    got = read(fd, out, sizeof texts[0] - 1);
    assert_true(got >= 0);
    out[got] = 0;
    close(fd);
    return out;
}

bool place_has(const struct place *p, const char *path)
{
    struct stat st;
    return lstat(place_path(p, path), &st) == 0;
}

static size_t counted;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *level)
{
    (void)path;
    (void)st;
    (void)level;
    counted += type == FTW_F || type == FTW_SL || type == FTW_SLN;
    return 0;
}

size_t place_files(const struct place *p, const char *path)
{
    counted = 0;
    nftw(place_path(p, path), count_one, LEVELS, FTW_PHYS);
    return counted;
}

int in_child(int (*run)(void *context), void *context, bool without_root)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (without_root && geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY))
            _exit(99);
        _exit(run(context));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
