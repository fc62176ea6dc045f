#include "delivery/hold.h"

#include "base/mem.h"
#include "base/random.h"
#include "leak_check.h"

#include <stdio.h>
#include <string.h>

static struct monotime at(int64_t s)
{
    return (struct monotime){s * SECOND_US};
}

static void only_what_is_worth_it_is_remembered(void **state)
{
    struct holds h = {0};
    struct hold *hold = holds_take(&h, BYTES("k"));
    (void)state;
    holds_put_back(&h, hold);
    assert_null(holds_find(&h, BYTES("k")));
    hold = holds_take(&h, BYTES("k"));
    holds_deliver(&h, hold, "", at(30));
    holds_put_back(&h, hold);
    assert_ptr_equal(holds_find(&h, BYTES("k")), hold);
    hold = holds_take(&h, BYTES("k"));
    hold->gone = true;
    holds_put_back(&h, hold);
    assert_null(holds_find(&h, BYTES("k")));
    assert_int_equal(h.count, 0);
    holds_free(&h);
}

static void a_hold_with_calls_under_way_stays(void **state)
{
    struct holds h = {0};
    struct hold *hold = holds_take(&h, BYTES("k"));
    (void)state;
    assert_ptr_equal(holds_take(&h, BYTES("k")), hold);
    hold->gone = true;
    holds_put_back(&h, hold);
    assert_ptr_equal(holds_find(&h, BYTES("k")), hold);
    assert_false(hold_free(hold, at(0)));
    holds_put_back(&h, hold);
    assert_null(holds_find(&h, BYTES("k")));
    holds_free(&h);
}

static void a_receipt_names_the_newest_delivery(void **state)
{
    struct holds h = {0};
    struct hold *hold = holds_take(&h, BYTES("a:b"));
    char *first, *second;
    (void)state;
    first = hold_receipt(hold);
    assert_null(holds_by_receipt(&h, bytes_of(first)));
    mem_free(first);
    holds_deliver(&h, hold, "", at(1));
    first = hold_receipt(hold);
    assert_ptr_equal(holds_by_receipt(&h, bytes_of(first)), hold);
    holds_deliver(&h, hold, "", at(2));
    second = hold_receipt(hold);
    assert_null(holds_by_receipt(&h, bytes_of(first)));
    assert_ptr_equal(holds_by_receipt(&h, bytes_of(second)), hold);
    assert_int_equal(hold->receives, 2);
    mem_free(first);
    mem_free(second);
    holds_free(&h);
}

static void leases_and_delays_are_told_apart(void **state)
{
    struct holds h = {0};
    struct hold *a = holds_take(&h, BYTES("a")), *b = holds_take(&h, BYTES("b"));
    int64_t leased, delayed;
    (void)state;
    holds_deliver(&h, a, "", at(10));
    holds_deliver(&h, b, "", at(10));
    hold_delay(b, at(20));
    holds_put_back(&h, a);
    holds_put_back(&h, b);
    holds_count(&h, at(9), &leased, &delayed);
    assert_int_equal(leased, 1);
    assert_int_equal(delayed, 1);
    assert_false(hold_free(a, at(9)));
    assert_true(hold_free(a, at(10)));
    holds_count(&h, at(10), &leased, &delayed);
    assert_int_equal(leased, 0);
    assert_int_equal(delayed, 1);
    assert_true(hold_free(NULL, at(0)));
    holds_free(&h);
}

/* Many keys come and go; an array with a place for each says what must be known. */
static void many_keys_are_found(void **state)
{
    enum { KEYS = 500 };
    struct hold *known[KEYS] = {0};
    struct holds h = {0};
    struct random r = random_seeded(7);
    size_t count = 0;
    char key[16];
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t k = random_below(&r, KEYS);
        struct hold *hold;
        snprintf(key, sizeof key, "k%lld", (long long)k);
        assert_ptr_equal(holds_find(&h, bytes_of(key)), known[k]);
        hold = holds_take(&h, bytes_of(key));
        assert_string_equal(hold->key, key);
        count += known[k] ? 0 : 1;
        if (known[k] && random_below(&r, 2)) {
            hold->gone = true;
            count--;
        } else {
            holds_deliver(&h, hold, "", at(i));
        }
        known[k] = hold->gone ? NULL : hold;
        holds_put_back(&h, hold);
        assert_int_equal(h.count, count);
    }
    holds_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(only_what_is_worth_it_is_remembered),
        CHECKED(a_hold_with_calls_under_way_stays),
        CHECKED(a_receipt_names_the_newest_delivery),
        CHECKED(leases_and_delays_are_told_apart),
        CHECKED(many_keys_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
