#include "host/memory.h"

#include "base/mem.h"
#include "leak_check.h"

#include <lauxlib.h>
#include <lualib.h>

static void what_is_used_is_counted(void **state)
{
    struct lua_memory m = {0};
    void *a, *b;
    (void)state;
    a = memory_allocate(&m, NULL, LUA_TTABLE, 100);      /* old_size is a type here, not a size */
    b = memory_allocate(&m, NULL, 0, 50);
    assert_int_equal(m.used, 150);
    a = memory_allocate(&m, a, 100, 300);
    assert_int_equal(m.used, 350);
    a = memory_allocate(&m, a, 300, 10);
    assert_int_equal(m.used, 60);
    assert_int_equal(m.peak, 350);
    assert_null(memory_allocate(&m, a, 10, 0));
    assert_null(memory_allocate(&m, b, 50, 0));
    assert_null(memory_allocate(&m, NULL, LUA_TSTRING, 0));
    assert_int_equal(m.used, 0);
}

static void the_ceiling_holds(void **state)
{
    struct lua_memory m = {.ceiling = 100};
    char *a, *b;
    (void)state;
    a = memory_allocate(&m, NULL, 0, 60);
    assert_null(memory_allocate(&m, NULL, 0, 41));
    b = memory_allocate(&m, NULL, 0, 40);
    assert_non_null(b);
    assert_null(memory_allocate(&m, b, 40, 41));
    assert_int_equal(m.used, 100);
    b[39] = 'x';                         /* a growth that fails leaves the block as it was */
    m.ceiling = 10;
    b = memory_allocate(&m, b, 40, 39);  /* a shrink never fails */
    assert_non_null(b);
    assert_null(memory_allocate(&m, b, 39, 0));
    assert_null(memory_allocate(&m, a, 60, 0));
    assert_int_equal(m.used, 0);
    assert_int_equal(m.peak, 100);
}

static void no_ceiling_is_no_ceiling(void **state)
{
    struct lua_memory m = {0};
    void *a = memory_allocate(&m, NULL, 0, 1 << 22);
    (void)state;
    assert_non_null(a);
    assert_null(memory_allocate(&m, a, 1 << 22, 0));
}

static void the_one_that_is_told_to_fail_fails_twice(void **state)
{
    (void)state;
    for (long at = 1; at <= 4; at++) {
        struct lua_memory m = {.fail_at = at};
        void *blocks[8] = {0};
        void *early = memory_allocate(&m, NULL, 0, 8);
        assert_non_null(early);          /* not counted yet */
        m.counting = true;
        for (long i = 0; i < 8; i++) {
            blocks[i] = memory_allocate(&m, NULL, 0, 8);
            assert_int_equal(blocks[i] == NULL, i == at - 1 || i == at);
        }
        assert_true(m.failed);
        assert_int_equal(m.fail_at, 0);
        for (long i = 0; i < 8; i++)
            memory_allocate(&m, blocks[i], blocks[i] ? 8 : 0, 0);
        memory_allocate(&m, early, 8, 0);
        assert_int_equal(m.used, 0);
    }
}

static void shrinking_is_never_told_to_fail(void **state)
{
    struct lua_memory m = {0};
    void *a = memory_allocate(&m, NULL, 0, 100);
    (void)state;
    m.fail_at = 1;
    m.counting = true;
    a = memory_allocate(&m, a, 100, 100);
    assert_non_null(a);
    a = memory_allocate(&m, a, 100, 50);
    assert_non_null(a);
    assert_false(m.failed);
    assert_null(memory_allocate(&m, a, 50, 60));
    assert_null(memory_allocate(&m, a, 50, 0));
    assert_true(m.failed);
}

static void a_state_over_its_ceiling_goes_on(void **state)
{
    static const char grow[] =
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end";
    struct lua_memory m = {.ceiling = 1 << 20};
    lua_State *L = lua_newstate(memory_allocate, &m);
    (void)state;
    assert_non_null(L);
    luaL_requiref(L, "string", luaopen_string, 1);
    lua_pop(L, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(luaL_loadstring(L, grow), LUA_OK);
        assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRMEM);
        assert_string_equal(lua_tostring(L, -1), "not enough memory");
        lua_settop(L, 0);
        lua_gc(L, LUA_GCCOLLECT);
        assert_true(m.used < m.ceiling / 4);
    }
    assert_true(m.peak <= m.ceiling);
    lua_close(L);
    assert_int_equal(m.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(what_is_used_is_counted),
        CHECKED(the_ceiling_holds),
        CHECKED(no_ceiling_is_no_ceiling),
        CHECKED(the_one_that_is_told_to_fail_fails_twice),
        CHECKED(shrinking_is_never_told_to_fail),
        CHECKED(a_state_over_its_ceiling_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
