#include "leak_check.h"

#include "api/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

/* An allocator that fails from a chosen call on: Lua collects and tries once more, so one failure
 * would not be felt. */
struct heap {
    size_t calls, fail_from;         /* fail_from 0: never */
    size_t bytes;
};

static void *allocate(void *owner, void *old, size_t old_size, size_t size)
{
    struct heap *h = owner;
    void *block = NULL;
    if (size > old_size || !old) {
        h->calls++;
        if (size && h->fail_from && h->calls >= h->fail_from)
            return NULL;
    }
    if (!old)
        old_size = 0;
    if (size)
        block = realloc(old, size);
    else
        free(old);
    h->bytes += size - old_size;
    return block;
}

/* Leaves tide as a global, and the value that `chunk` returns on the stack. */
static lua_State *state_with(struct heap *h, const char *chunk)
{
    lua_State *L = lua_newstate(allocate, h);
    assert_non_null(L);
    luaL_openlibs(L);
    lua_newtable(L);
    json_install(L);
    lua_setglobal(L, "tide");
    assert_int_equal(luaL_dostring(L, chunk), LUA_OK);
    assert_int_equal(lua_gettop(L), 1);
    return L;
}

/* Calls the function at the top with every allocation failing in turn; says how many there were. */
static size_t torture(lua_State *L, struct heap *h)
{
    size_t point = 0;
    int status;
    do {
        lua_pushvalue(L, 1);
        lua_gc(L, LUA_GCCOLLECT);
        h->calls = 0;
        h->fail_from = ++point;
        status = lua_pcall(L, 0, 0, 0);
        h->fail_from = 0;
        if (status != LUA_OK)
            assert_int_equal(status, LUA_ERRMEM);
        lua_settop(L, 1);
    } while (status != LUA_OK);
    lua_pushvalue(L, 1);
    assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_OK);
    return point - 1;
}

static const char decode_chunk[] =
    "local long = ('x'):rep(3000)\n"
    "local text = '{\"a\":[1,2.5,null,true,{\"b\":\"' .. long .. '\"}],\"e\":\"' .. long ..\n"
    "  '\\\\n\\\\u00e9\",\"\\\\u006b\":{},\"l\":[[],[[]],\"' .. ('y'):rep(50) .. '\"]}'\n"
    "local decode = tide.json.decode\n"
    "return function() assert(decode(text)) end";

static const char refused_chunk[] =
    "local text = '{\"a\":[1,{\"b\":\"\\\\n' .. ('x'):rep(3000) .. '\"},[1e400]]}'\n"
    "local decode = tide.json.decode\n"
    "return function() local value, why = decode(text) assert(value == nil and why) end";

#define ENCODE(names) \
    "local value = {a = {1, 2.5, tide.null, true}, e = tide.array {}, o = {}}\n" \
    "for i = 1, " names " do value['name' .. i] = {i, {x = ('\\n'):rep(i), y = {}}} end\n" \
    "local encode = tide.json.encode\n" \
    "return function() assert(encode(value)) end"

static const char unencodable_chunk[] =
    "local value = {a = {b = {1, 2, {c = {x = 1, otherAttributes = print}}}}}\n"
    "local encode = tide.json.encode\n"
    "return function() local text, why = encode(value) assert(text == nil and why) end";

static void no_failed_allocation_leaks(void **state)
{
    static const struct {
        const char *chunk;
        size_t fewest;               /* allocations in one call */
    } cases[] = {
        {decode_chunk, 10},
        {refused_chunk, 5},
        {ENCODE("2000"), 1},
        {unencodable_chunk, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heap h = {0};
        size_t before = mem_live();
        lua_State *L = state_with(&h, cases[i].chunk);
        assert_in_range(torture(L, &h), cases[i].fewest, 100);
        lua_close(L);
        assert_int_equal(h.bytes, 0);
        assert_int_equal(mem_live(), before);
    }
}

/* So no collector runs while it writes, and no script's finalizer. */
static void encoding_allocates_its_text_alone(void **state)
{
    static const char *const chunks[] = {ENCODE("2000"), unencodable_chunk};
    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct heap h = {0};
        lua_State *L = state_with(&h, chunks[i]);
        lua_gc(L, LUA_GCSTOP);
        for (int round = 0; round < 3; round++) {
            h.calls = 0;
            lua_pushvalue(L, 1);
            lua_call(L, 0, 0);
        }
        assert_int_equal(h.calls, 1);
        lua_close(L);
    }
}

/* A finalizer may run inside of decode and encode there; the outer call must not see it. */
static void finalizers_may_call_in(void **state)
{
    struct heap h = {0};
    lua_State *L = state_with(&h,
        "local json, calls = tide.json, 0\n"
        "local function finalize()\n"
        "  calls = calls + 1\n"
        "  assert(json.encode(json.decode '{\"q\":\"\\\\n\\\\u0041\"}') == '{\"q\":\"\\\\nA\"}')\n"
        "  assert(not json.encode {print} and not json.decode '[1,')\n"
        "end\n"
        "local text = '[' .. ('{\"a\\\\n\":\"b\\\\t\",\"c\":[]},'):rep(200) .. '0]'\n"
        "collectgarbage('setpause', 1) collectgarbage('setstepmul', 1000)\n"
        "for i = 1, 300 do\n"
        "  for k = 1, 10 do setmetatable({}, {__gc = finalize}) end\n"
        "  assert(json.encode(assert(json.decode(text))) == text)\n"
        "end\n"
        "return calls");
    (void)state;
    assert_true(lua_tointeger(L, 1) > 100);
    lua_close(L);
    assert_int_equal(h.bytes, 0);
}

static void only_one_light_userdata_is_null(void **state)
{
    struct heap h = {0};
    lua_State *L = state_with(&h, "return tide.json.encode");
    (void)state;
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, &h);
    lua_call(L, 1, 2);
    assert_true(lua_isnil(L, -2));
    assert_string_equal(lua_tostring(L, -1), "a userdata cannot be JSON");
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, NULL);
    lua_call(L, 1, 1);
    assert_string_equal(lua_tostring(L, -1), "null");
    lua_close(L);
}

/* What one large text took is given back with the call. */
static void large_texts_are_not_kept(void **state)
{
    struct heap h = {0};
    size_t before = mem_live();
    lua_State *L = state_with(&h,
        "local big = {}\n"
        "for i = 1, 5000 do big['name' .. i] = ('x'):rep(100) end\n"
        "return #assert(tide.json.encode(big))");
    (void)state;
    assert_true(lua_tointeger(L, 1) > 500000);
    assert_int_equal(mem_live(), before);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(no_failed_allocation_leaks),
        CHECKED(encoding_allocates_its_text_alone),
        CHECKED(finalizers_may_call_in),
        CHECKED(only_one_light_userdata_is_null),
        CHECKED(large_texts_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
