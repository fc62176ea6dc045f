#include "base/mem.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static size_t live;

void mem_exhausted(void)
{
    log_last_words("out of memory");
    abort();
}

static void *checked(void *block)
{
    if (!block)
        mem_exhausted();
    return block;
}

void *mem_array(size_t count, size_t size)
{
    void *block = checked(calloc(count ? count : 1, size ? size : 1));
    live++;
    return block;
}

void *mem_new(size_t size)
{
    return mem_array(1, size);
}

void *mem_resize(void *old, size_t count, size_t size)
{
    if (!old)
        return mem_array(count, size);
    return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

void *mem_try(void *old, size_t size)
{
    void *block = realloc(old, size);
    if (block && !old)
        live++;
    return block;
}

char *mem_slice(const char *at, size_t len)
{
    char *copy = mem_array(len + 1, 1);
    if (len)
        memcpy(copy, at, len);
    return copy;
}

char *mem_text(const char *text)
{
    return text ? mem_slice(text, strlen(text)) : NULL;
}

void mem_free(void *what)
{
    if (!what)
        return;
    live--;
    free(what);
}

size_t mem_live(void)
{
    return live;
}
