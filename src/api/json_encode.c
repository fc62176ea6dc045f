#include "api/json_encode.h"

#include "base/json.h"
#include "base/json_write.h"

#include <lauxlib.h>
#include <stdlib.h>

static const char mixed[] = "a table with both names and numbers as keys cannot be JSON";
static const char no_room[] = "there is no room for so many values at once";
static const char holes[] = "a table with holes cannot be JSON";

enum {
    TEXT_MAX = 64 * 1024 * 1024,
    KEPT_MAX = 64 * 1024,            /* bytes of text, kept for the next call */
    MEMBERS_KEPT_MAX = 1024,
    SHOWN_MAX = 100,                 /* bytes of path in a problem, about */
    QUOTED_MAX = 40
};

struct member {
    struct bytes name;     /* Lua's: the table that is being written keeps it */
    int slot;              /* of its value on the stack */
};

struct step {
    struct bytes name;     /* of a member; its `at` is NULL in an array */
    lua_Integer index;
};

struct json_encoder {
    struct json_writer w;
    struct buf text;
    struct buf problem;
    struct member *members;                  /* of all open objects, the innermost last */
    size_t member_count, member_cap;
    struct step path[JSON_DEPTH_MAX];
    int depth;
    int mark;
};

struct bytes json_shortened(struct bytes text)
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
static void show_step(struct buf *b, const struct step *step)
{
    struct bytes shown = json_shortened(step->name);
    struct json_writer w;
    if (!step->name.at) {
        buf_printf(b, "[%lld]", (long long)step->index);
    } else if (is_identifier(step->name)) {
        buf_printf(b, "%s%.*s", b->len ? "." : "", (int)shown.len, shown.at);
    } else {
        buf_text(b, "[");
        json_writer_init(&w, b);
        json_write_string(&w, shown);
        buf_text(b, shown.len < step->name.len ? "…]" : "]");
    }
}

static void show_path(struct json_encoder *e)
{
    int i;
    for (i = 0; i < e->depth && e->problem.len < SHOWN_MAX; i++)
        show_step(&e->problem, &e->path[i]);
    if (i < e->depth)
        buf_text(&e->problem, "…");
    if (e->problem.len)
        buf_text(&e->problem, ": ");
}

static bool refuse(struct json_encoder *e, const char *reason)
{
    show_path(e);
    buf_text(&e->problem, reason);
    return false;
}

static bool refuse_type(struct json_encoder *e, const char *type)
{
    show_path(e);
    buf_printf(&e->problem, "a %s cannot be JSON", type);
    return false;
}

static bool written(struct json_encoder *e)
{
    return !e->w.problem || refuse(e, e->w.problem);
}

/* ---- values: all of these are [-0, +0, -] unless they say otherwise ---- */

static bool write_value(lua_State *L, struct json_encoder *e, int index);

static bool has_mark(lua_State *L, int index, int mark)
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

bool json_is_array(lua_State *L, int index, int mark)
{
    lua_Unsigned length = lua_rawlen(L, index);
    return has_mark(L, index, mark) || (length && !sequence_problem(L, index, length));
}

static bool write_array(lua_State *L, struct json_encoder *e, int index)
{
    lua_Unsigned length = lua_rawlen(L, index);
    const char *problem = sequence_problem(L, index, length);
    struct step *step = &e->path[e->depth];
    if (problem)
        return refuse(e, problem);
    json_write_array(&e->w);
    *step = (struct step){.index = 0};
    e->depth++;
    while ((lua_Unsigned)step->index < length) {
        lua_rawgeti(L, index, ++step->index);
        if (!write_value(L, e, lua_gettop(L)))
            return false;
        lua_pop(L, 1);
    }
    e->depth--;
    json_write_array_end(&e->w);
    return written(e);
}

static void add_member(struct json_encoder *e, struct bytes name, int slot)
{
    if (e->member_count == e->member_cap) {
        e->member_cap = e->member_cap ? e->member_cap * 2 : 32;
        e->members = mem_resize(e->members, e->member_cap, sizeof *e->members);
    }
    e->members[e->member_count++] = (struct member){name, slot};
}

/* [-0, +n, -] Leaves the values on the stack, and their names with their slots in e->members. */
static bool collect_members(lua_State *L, struct json_encoder *e, int index)
{
    size_t base = e->member_count;
    struct bytes name;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) == LUA_TNUMBER)
            return refuse(e, e->member_count > base ? mixed : holes);
        if (lua_type(L, -2) != LUA_TSTRING)
            return refuse(e, "the name of a member must be a string");
        if (!lua_checkstack(L, 8))
            return refuse(e, no_room);
        name.at = lua_tolstring(L, -2, &name.len);
        lua_insert(L, -2);
        add_member(e, name, lua_gettop(L) - 1);
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    return bytes_compare(left->name, right->name);
}

/* Most objects are small and half in order: there, insertion beats the library's sort by far. */
static void sort_members(struct member *m, size_t count)
{
    size_t i, k;
    if (count > 16) {
        qsort(m, count, sizeof *m, by_name);
        return;
    }
    for (i = 1; i < count; i++) {
        struct member member = m[i];
        for (k = i; k > 0 && by_name(&m[k - 1], &member) > 0; k--)
            m[k] = m[k - 1];
        m[k] = member;
    }
}

static bool write_member(lua_State *L, struct json_encoder *e, struct member member)
{
    json_write_key(&e->w, member.name);
    if (e->w.problem)
        return refuse(e, "the name of a member is not UTF-8");
    e->path[e->depth++] = (struct step){.name = member.name};
    if (!write_value(L, e, member.slot))
        return false;
    e->depth--;
    return true;
}

static bool write_object(lua_State *L, struct json_encoder *e, int index)
{
    size_t base = e->member_count, end, i;
    int top = lua_gettop(L);
    if (!collect_members(L, e, index))
        return false;
    end = e->member_count;
    sort_members(e->members + base, end - base);
    json_write_object(&e->w);
    for (i = base; i < end; i++)
        if (!write_member(L, e, e->members[i]))
            return false;
    json_write_object_end(&e->w);
    e->member_count = base;
    lua_settop(L, top);
    return written(e);
}

static bool write_table(lua_State *L, struct json_encoder *e, int index)
{
    if (e->depth == JSON_DEPTH_MAX)
        return refuse(e, "nested too deeply, or it contains itself");
    if (!lua_checkstack(L, 8))
        return refuse(e, no_room);
    if (has_mark(L, index, e->mark) || lua_rawlen(L, index))
        return write_array(L, e, index);
    return write_object(L, e, index);
}

static bool write_value(lua_State *L, struct json_encoder *e, int index)
{
    struct bytes text;
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        return write_table(L, e, index);
    case LUA_TSTRING:
        text.at = lua_tolstring(L, index, &text.len);
        json_write_string(&e->w, text);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            json_write_int64(&e->w, lua_tointeger(L, index));
        else
            json_write_double(&e->w, lua_tonumber(L, index));
        break;
    case LUA_TBOOLEAN:
        json_write_bool(&e->w, lua_toboolean(L, index));
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index))
            return refuse_type(e, "userdata");
        json_write_null(&e->w);
        break;
    default:
        return refuse_type(e, luaL_typename(L, index));
    }
    return written(e);
}

/* ---- life ---- */

static void free_members(struct json_encoder *e)
{
    mem_free(e->members);
    e->members = NULL;
    e->member_cap = 0;
}

static int f_gc(lua_State *L)
{
    struct json_encoder *e = lua_touserdata(L, 1);
    buf_free(&e->text);
    buf_free(&e->problem);
    free_members(e);
    return 0;
}

void json_encoder_push(lua_State *L)
{
    struct json_encoder *e = lua_newuserdatauv(L, sizeof *e, 0);
    *e = (struct json_encoder){.depth = 0};
    buf_init(&e->text, TEXT_MAX);
    buf_init(&e->problem, 4096);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
}

/* Large memory is not kept. When pushing the text raised, the next call clears. */
static void clear(struct json_encoder *e)
{
    if (e->text.cap > KEPT_MAX)
        buf_free(&e->text);
    if (e->member_cap > MEMBERS_KEPT_MAX)
        free_members(e);
    buf_clear(&e->text);
    buf_clear(&e->problem);
    e->member_count = 0;
    e->depth = 0;
}

bool json_encode(lua_State *L, struct json_encoder *e, int mark)
{
    int top = lua_gettop(L);
    bool good;
    clear(e);
    json_writer_init(&e->w, &e->text);
    e->mark = mark;
    good = write_value(L, e, top);
    lua_settop(L, top);
    struct bytes result = buf_bytes(good ? &e->text : &e->problem);
    lua_pushlstring(L, result.at, result.len);
    clear(e);
    return good;
}
