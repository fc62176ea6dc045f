#include "api/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char mixed[] = "table with both names and numbers as keys";
static const char no_room[] = "there is no room for so many values at once";
static const char holes[] = "table with holes";

enum {
    TEXT_MAX = 64 * 1024 * 1024,
    KEPT_MAX = 64 * 1024,            /* bytes of text, kept for the next call */
    MEMBERS_KEPT_MAX = 1024,
    SHOWN_MAX = 100,                 /* bytes of path in a problem, about */
    QUOTED_MAX = 40,
    REASON_MAX = 200
};

struct bytes writer_shortened(struct bytes text)
{
    size_t len = QUOTED_MAX;
    if (text.len <= len)
        return text;
    while (len && ((unsigned char)text.at[len] & 0xC0) == 0x80)
        len--;
    return (struct bytes){text.at, len};
}

/* ---- problems ---- */

static bool is_identifier(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0 && name.len <= QUOTED_MAX;
}

/* Names on the path were written before, so they are UTF-8. */
static void show_step(struct buf *b, const struct writer_step *step)
{
    struct bytes shown = writer_shortened(step->name);
    struct json_writer quoted;
    if (!step->name.at) {
        buf_printf(b, "[%lld]", (long long)step->index);
    } else if (is_identifier(step->name)) {
        buf_printf(b, "%s%.*s", b->len ? "." : "", (int)shown.len, shown.at);
    } else {
        buf_text(b, "[");
        json_writer_init(&quoted, b);
        json_write_string(&quoted, shown);
        buf_text(b, shown.len < step->name.len ? "…]" : "]");
    }
}

static void show_path(struct writer *w)
{
    int i;
    for (i = 0; i < w->depth && w->problem.len < SHOWN_MAX; i++)
        show_step(&w->problem, &w->path[i]);
    if (i < w->depth)
        buf_text(&w->problem, "…");
    if (w->problem.len)
        buf_text(&w->problem, ": ");
}

bool writer_refuse(struct writer *w, const char *fmt, ...)
{
    char reason[REASON_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    show_path(w);
    buf_text(&w->problem, reason);
    return false;
}

bool writer_refuse_type(struct writer *w, const char *type)
{
    return writer_refuse(w, "a %s cannot be %s", type, w->what);
}

bool writer_written(struct writer *w)
{
    return !w->out.problem || writer_refuse(w, "%s", w->out.problem);
}

/* ---- tables: all of these are [-0, +0, -] unless they say otherwise ---- */

bool writer_has_mark(lua_State *L, int index, int mark)
{
    bool marked;
    if (!lua_getmetatable(L, index))
        return false;
    marked = lua_rawequal(L, -1, mark);
    lua_pop(L, 1);
    return marked;
}

/* NULL when the keys are exactly 1 to `length`; else what is wrong with them. */
static const char *sequence_problem(lua_State *L, int index, lua_Unsigned length)
{
    lua_Unsigned count = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool whole = lua_isinteger(L, -2);
        lua_Unsigned key = whole ? (lua_Unsigned)lua_tointeger(L, -2) : 0;
        lua_pop(L, 1);
        if (!whole && lua_type(L, -1) == LUA_TSTRING) {
            lua_pop(L, 1);
            return mixed;
        }
        if (key < 1 || key > length) {
            lua_pop(L, 1);
            return holes;
        }
        count++;
    }
    return count == length ? NULL : holes;
}

bool writer_is_array(lua_State *L, int index, int mark)
{
    lua_Unsigned length = lua_rawlen(L, index);
    return writer_has_mark(L, index, mark) || (length && !sequence_problem(L, index, length));
}

bool writer_array(lua_State *L, struct writer *w, int index)
{
    lua_Unsigned length = lua_rawlen(L, index);
    const char *problem = sequence_problem(L, index, length);
    struct writer_step *step = &w->path[w->depth];
    if (problem)
        return writer_refuse_type(w, problem);
    json_write_array(&w->out);
    *step = (struct writer_step){.index = 0};
    w->depth++;
    while ((lua_Unsigned)step->index < length) {
        lua_rawgeti(L, index, ++step->index);
        if (!w->value(L, w, lua_gettop(L)))
            return false;
        lua_pop(L, 1);
    }
    w->depth--;
    json_write_array_end(&w->out);
    return writer_written(w);
}

void writer_add_member(struct writer *w, struct bytes name, int slot)
{
    if (w->member_count == w->member_cap) {
        w->member_cap = w->member_cap ? w->member_cap * 2 : 32;
        w->members = mem_resize(w->members, w->member_cap, sizeof *w->members);
    }
    w->members[w->member_count++] = (struct writer_member){name, slot};
}

bool writer_collect(lua_State *L, struct writer *w, int index)
{
    size_t base = w->member_count;
    struct bytes name;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) == LUA_TNUMBER)
            return writer_refuse_type(w, w->member_count > base ? mixed : holes);
        if (lua_type(L, -2) != LUA_TSTRING)
            return writer_refuse(w, "the name of a member must be a string");
        if (!lua_checkstack(L, 8))
            return writer_refuse(w, no_room);
        name.at = lua_tolstring(L, -2, &name.len);
        lua_insert(L, -2);
        writer_add_member(w, name, lua_gettop(L) - 1);
    }
    if (w->member_count > base)
        writer_sort(w->members + base, w->member_count - base);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct writer_member *left = a, *right = b;
    return bytes_compare(left->name, right->name);
}

/* Most objects are small and half in order: there, insertion beats the library's sort by far. */
void writer_sort(struct writer_member *m, size_t count)
{
    size_t i, k;
    if (count > 16) {
        qsort(m, count, sizeof *m, by_name);
        return;
    }
    for (i = 1; i < count; i++) {
        struct writer_member member = m[i];
        for (k = i; k > 0 && by_name(&m[k - 1], &member) > 0; k--)
            m[k] = m[k - 1];
        m[k] = member;
    }
}

static bool write_member(lua_State *L, struct writer *w, struct writer_member member)
{
    json_write_key(&w->out, member.name);
    if (w->out.problem)
        return writer_refuse(w, "the name of a member is not UTF-8");
    w->path[w->depth++] = (struct writer_step){.name = member.name};
    if (!w->value(L, w, member.slot))
        return false;
    w->depth--;
    return true;
}

bool writer_object(lua_State *L, struct writer *w, int index)
{
    size_t base = w->member_count, end, i;
    int top = lua_gettop(L);
    if (!writer_collect(L, w, index))
        return false;
    end = w->member_count;
    json_write_object(&w->out);
    for (i = base; i < end; i++)
        if (!write_member(L, w, w->members[i]))
            return false;
    json_write_object_end(&w->out);
    w->member_count = base;
    lua_settop(L, top);
    return writer_written(w);
}

bool writer_may_enter(lua_State *L, struct writer *w)
{
    if (w->depth == w->depth_max)
        return writer_refuse(w, "nested too deeply, or it contains itself");
    return lua_checkstack(L, 8) || writer_refuse(w, no_room);
}

bool writer_table(lua_State *L, struct writer *w, int index)
{
    if (!writer_may_enter(L, w))
        return false;
    if (writer_has_mark(L, index, w->mark) || lua_rawlen(L, index))
        return writer_array(L, w, index);
    return writer_object(L, w, index);
}

/* ---- life ---- */

static void free_members(struct writer *w)
{
    mem_free(w->members);
    w->members = NULL;
    w->member_cap = 0;
}

void writer_init(struct writer *w)
{
    *w = (struct writer){.depth = 0};
    buf_init(&w->text, TEXT_MAX);
    buf_init(&w->problem, 4096);
}

void writer_free(struct writer *w)
{
    buf_free(&w->text);
    buf_free(&w->problem);
    free_members(w);
}

void writer_clear(struct writer *w)
{
    if (w->text.cap > KEPT_MAX)
        buf_free(&w->text);
    if (w->member_cap > MEMBERS_KEPT_MAX)
        free_members(w);
    buf_clear(&w->text);
    buf_clear(&w->problem);
    json_writer_init(&w->out, &w->text);
    w->member_count = 0;
    w->depth = 0;
}
