#include "api/item_encode.h"

#include "api/attribute.h"
#include "api/json.h"
#include "api/writer.h"
#include "base/base64.h"
#include "base/decimal.h"
#include "base/item.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

#include <lauxlib.h>

static const char registry_key;
static const char not_utf8[] = "the string is not UTF-8: use tide.binary";
static const char unlike[] = "a set holds strings, or numbers, or binaries, all of one kind";

enum { NUMBERS_MAX = 64 * 1024 * 1024 };

struct encoder {
    struct writer w;
    struct buf number;                   /* the one that is being written */
    struct buf numbers;                  /* of a set, one behind the other */
    int set, binary, decimal;            /* indices of their metatables */
};

/* What an attribute is, by the name of its type in a set. */
enum kind { NO_KIND = 0, STRING = 'S', NUMBER = 'N', BINARY = 'B' };

static struct encoder *encoder_at(struct writer *w)
{
    return (struct encoder *)(void *)w;
}

static struct bytes string_at(lua_State *L, int index)
{
    struct bytes text;
    text.at = lua_tolstring(L, index, &text.len);
    return text;
}

/* ---- values: all of these are [-0, +0, -] ---- */

static void begin(struct writer *w, const char *type)
{
    json_write_object(&w->out);
    json_write_key(&w->out, bytes_of(type));
}

static bool end(struct writer *w)
{
    json_write_object_end(&w->out);
    return writer_written(w);
}

static bool put_string(struct writer *w, struct bytes text)
{
    if (utf8_check(text) < text.len)
        return writer_refuse(w, "%s", not_utf8);
    json_write_string(&w->out, text);
    return true;
}

static void put_binary(struct writer *w, struct bytes raw)
{
    char *text = mem_array(BASE64_LEN(raw.len) + 1, 1);
    base64_encode(raw, text);
    json_write_string(&w->out, (struct bytes){text, BASE64_LEN(raw.len)});
    mem_free(text);
}

static enum kind kind_at(lua_State *L, const struct encoder *e, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        return STRING;
    case LUA_TNUMBER:
        return NUMBER;
    case LUA_TUSERDATA:
        if (writer_has_mark(L, index, e->binary))
            return BINARY;
        return writer_has_mark(L, index, e->decimal) ? NUMBER : NO_KIND;
    default:
        return NO_KIND;
    }
}

/* The number's canonical text, in e->number. A float that is a whole number is written as that
 * number: its shortest text may name another one, which would come back as an integer. */
static bool read_number(lua_State *L, struct encoder *e, int index)
{
    char text[DECIMAL_TEXT_MAX];
    struct bytes number = {text, 0};
    struct err err = {0};
    int whole;
    lua_Integer integer = lua_tointegerx(L, index, &whole);
    buf_clear(&e->number);
    if (lua_type(L, index) == LUA_TUSERDATA)
        number = attribute_content(L, index);
    else if (whole)
        number.len = (size_t)snprintf(text, sizeof text, "%lld", (long long)integer);
    else if (isfinite(lua_tonumber(L, index)))
        number.len = decimal_text(lua_tonumber(L, index), text);
    else
        return writer_refuse(&e->w, "the number is not finite");
    return !item_number(number, &e->number, &err) || writer_refuse(&e->w, "%s", err.message);
}

/* A string, a number or a binary, alone. */
static bool write_scalar(lua_State *L, struct encoder *e, enum kind kind, int index)
{
    struct writer *w = &e->w;
    begin(w, (const char[]){(char)kind, 0});
    if (kind == STRING && !put_string(w, string_at(L, index)))
        return false;
    if (kind == NUMBER && !read_number(L, e, index))
        return false;
    if (kind == NUMBER)
        json_write_string(&w->out, buf_bytes(&e->number));
    if (kind == BINARY)
        put_binary(w, attribute_content(L, index));
    return end(w);
}

/* ---- sets ---- */

/* The member's bytes; those of numbers are in e->numbers, whose memory may still move. */
static bool read_member(lua_State *L, struct encoder *e, enum kind kind, struct bytes *out)
{
    if (kind == NO_KIND || kind_at(L, e, -1) != kind)
        return writer_refuse(&e->w, "%s", unlike);
    if (kind == NUMBER) {
        if (!read_number(L, e, lua_gettop(L)))
            return false;
        *out = (struct bytes){NULL, e->number.len};
        return !buf_add(&e->numbers, buf_bytes(&e->number)) ||
               writer_refuse(&e->w, "the set is too long");
    }
    *out = kind == STRING ? string_at(L, -1) : attribute_content(L, -1);
    return kind == BINARY || utf8_check(*out) == out->len || writer_refuse(&e->w, "%s", not_utf8);
}

static bool add_member(lua_State *L, struct encoder *e, enum kind kind, int index, lua_Integer at)
{
    struct bytes content;
    bool good;
    e->w.path[e->w.depth - 1] = (struct writer_step){.index = at};
    lua_rawgeti(L, index, at);
    good = read_member(L, e, kind, &content);
    lua_pop(L, 1);
    if (good)
        writer_add_member(&e->w, content, (int)at);
    return good;
}

/* The same member twice is one. Returns how many are left. */
static size_t merge(struct writer_member *m, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || !bytes_equal(m[kept - 1].name, m[i].name))
            m[kept++] = m[i];
    return kept;
}

static void place_numbers(struct encoder *e, struct writer_member *m, size_t count)
{
    const char *at = buf_string(&e->numbers);
    for (size_t i = 0; i < count; i++) {
        m[i].name.at = at;
        at += m[i].name.len;
    }
}

static enum kind kind_of_set(lua_State *L, const struct encoder *e, int index)
{
    enum kind kind;
    lua_rawgeti(L, index, 1);
    kind = kind_at(L, e, -1);
    lua_pop(L, 1);
    return kind;
}

/* Appends the set's members in their order, each once; the slot of one is its place in the table.
 * NO_KIND after a problem. */
static enum kind collect_set(lua_State *L, struct encoder *e, int index)
{
    struct writer *w = &e->w;
    size_t base = w->member_count, count = lua_rawlen(L, index);
    enum kind kind = kind_of_set(L, e, index);
    buf_clear(&e->numbers);
    if (!count || !writer_is_array(L, index, w->mark)) {
        writer_refuse(w, count ? "a set is an array of its members" : "a set cannot be empty");
        return NO_KIND;
    }
    w->depth++;
    for (size_t at = 1; at <= count; at++)
        if (!add_member(L, e, kind, index, (lua_Integer)at))
            return NO_KIND;
    w->depth--;
    if (kind == NUMBER)
        place_numbers(e, w->members + base, count);
    writer_sort(w->members + base, count);
    w->member_count = base + merge(w->members + base, count);
    return kind;
}

static bool write_set(lua_State *L, struct encoder *e, int index)
{
    struct writer *w = &e->w;
    size_t base = w->member_count;
    enum kind kind = collect_set(L, e, index);
    if (kind == NO_KIND)
        return false;
    begin(w, (const char[]){(char)kind, 'S', 0});
    json_write_array(&w->out);
    for (size_t i = base; i < w->member_count; i++)
        if (kind == BINARY)
            put_binary(w, w->members[i].name);
        else
            json_write_string(&w->out, w->members[i].name);
    json_write_array_end(&w->out);
    w->member_count = base;
    return end(w);
}

/* ---- everything ---- */

static bool write_table(lua_State *L, struct encoder *e, int index)
{
    struct writer *w = &e->w;
    bool array = writer_is_array(L, index, w->mark) || lua_rawlen(L, index);
    if (!writer_may_enter(L, w))
        return false;
    if (writer_has_mark(L, index, e->set))
        return write_set(L, e, index);
    begin(w, array ? "L" : "M");
    return (array ? writer_array(L, w, index) : writer_object(L, w, index)) && end(w);
}

static bool write_value(lua_State *L, struct writer *w, int index)
{
    struct encoder *e = encoder_at(w);
    enum kind kind = kind_at(L, e, index);
    int type = lua_type(L, index);
    bool null = type == LUA_TLIGHTUSERDATA && !lua_touserdata(L, index);
    if (kind != NO_KIND)
        return write_scalar(L, e, kind, index);
    if (type == LUA_TTABLE)
        return write_table(L, e, index);
    if (type != LUA_TBOOLEAN && !null)
        return writer_refuse_type(w, lua_typename(L, type));
    begin(w, null ? "NULL" : "BOOL");
    json_write_bool(&w->out, null || lua_toboolean(L, index));
    return end(w);
}

static bool add_attribute(lua_State *L, struct encoder *e, struct writer_member m,
                          struct pairs *out)
{
    struct writer *w = &e->w;
    if (utf8_check(m.name) < m.name.len)
        return writer_refuse(w, "the name of an attribute is not UTF-8");
    w->path[0] = (struct writer_step){.name = m.name};
    w->depth = 1;
    buf_clear(&w->text);
    json_writer_init(&w->out, &w->text);
    if (!write_value(L, w, m.slot))
        return false;
    w->depth = 0;
    pairs_add(out, m.name, buf_bytes(&w->text));
    return true;
}

/* [-0, +n, -] */
static bool write_item(lua_State *L, struct encoder *e, int index, struct pairs *out)
{
    size_t count;
    if (!lua_istable(L, index))
        return writer_refuse(&e->w, "expected a table of attributes, got %s",
                             luaL_typename(L, index));
    if (!writer_collect(L, &e->w, index))
        return false;
    count = e->w.member_count;
    for (size_t i = 0; i < count; i++)
        if (!add_attribute(L, e, e->w.members[i], out))
            return false;
    return true;
}

/* ---- from Lua ---- */

/* The encoder, ready, and the metatables that it looks for. [-0, +5, m] */
static struct encoder *ready(lua_State *L)
{
    struct encoder *e;
    luaL_checkstack(L, 16, "item");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key);
    e = lua_touserdata(L, -1);
    luaL_getmetatable(L, TIDE_ARRAY);
    luaL_getmetatable(L, TIDE_SET);
    luaL_getmetatable(L, TIDE_BINARY);
    luaL_getmetatable(L, TIDE_DECIMAL);
    e->decimal = lua_gettop(L);
    e->binary = e->decimal - 1;
    e->set = e->decimal - 2;
    writer_clear(&e->w);
    e->w.mark = e->decimal - 3;
    return e;
}

static void raise(lua_State *L, struct encoder *e, const char *what)
{
    lua_pushstring(L, buf_string(&e->w.problem));
    writer_clear(&e->w);
    luaL_error(L, "%s: %s", what, lua_tostring(L, -1));
}

void item_encode(lua_State *L, int index, struct pairs *out, const char *what)
{
    struct encoder *e;
    int top = lua_gettop(L);
    index = lua_absindex(L, index);
    e = ready(L);
    if (!write_item(L, e, index, out))
        raise(L, e, what);
    writer_clear(&e->w);
    lua_settop(L, top);
}

/* The new table has room before the members are collected, and takes them without an allocation:
 * a finalizer that used the encoder would undo them. */
void item_set(lua_State *L, const char *what)
{
    int list = lua_gettop(L);
    struct encoder *e;
    size_t count;
    lua_createtable(L, (int)lua_rawlen(L, list), 0);
    e = ready(L);
    lua_pushvalue(L, e->set);
    lua_setmetatable(L, list + 1);
    if (collect_set(L, e, list) == NO_KIND)
        raise(L, e, what);
    count = e->w.member_count;
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, e->w.members[i].slot);
        lua_rawseti(L, list + 1, (lua_Integer)i + 1);
    }
    writer_clear(&e->w);
    lua_settop(L, list + 1);
    lua_replace(L, list);
}

static int f_set(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    item_set(L, TIDE_SET);
    return 1;
}

static int f_gc(lua_State *L)
{
    struct encoder *e = lua_touserdata(L, 1);
    buf_free(&e->number);
    buf_free(&e->numbers);
    writer_free(&e->w);
    return 0;
}

void item_encoder_open(lua_State *L)
{
    struct encoder *e = lua_newuserdatauv(L, sizeof *e, 0);
    writer_init(&e->w);
    e->w.value = write_value;
    e->w.what = "an attribute";
    e->w.depth_max = ITEM_DEPTH_MAX + 1;
    buf_init(&e->number, NUMBER_TEXT);
    buf_init(&e->numbers, NUMBERS_MAX);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, f_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
    luaL_newmetatable(L, TIDE_SET);
    lua_pop(L, 1);
    lua_pushcfunction(L, f_set);
    lua_setfield(L, -2, "set");
}
