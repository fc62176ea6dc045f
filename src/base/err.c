#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, const char *code, const char *fmt, ...)
{
    va_list args;
    err_clear(e);
    snprintf(e->code, sizeof e->code, "%s", code);
    va_start(args, fmt);
    vsnprintf(e->message, sizeof e->message, fmt, args);
    va_end(args);
    return -1;
}

void err_clear(struct err *e)
{
    *e = (struct err){0};
}

bool err_any(const struct err *e)
{
    return e->code[0] != 0;
}

bool err_is(const struct err *e, const char *code)
{
    return strcmp(e->code, code) == 0;
}

void err_text(const struct err *e, const char *what, char *out, size_t size)
{
    char status[16] = "", request[112] = "";
    if (e->status)
        snprintf(status, sizeof status, "%d ", e->status);
    if (e->request_id[0])
        snprintf(request, sizeof request, " (request %s)", e->request_id);
    snprintf(out, size, "%s%s%s%s%s%s%s", what, what[0] ? ": " : "", status, e->code,
             e->message[0] ? ": " : "", e->message, request);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            *c = '?';
}
