#include "base/item.h"

#include <string.h>

enum { EXPONENT_LEAST = -130, EXPONENT_MOST = 125 };

/* d.ddd × 10^exponent without zeros at either end of the digits; zero has none. */
struct number {
    bool negative;
    int64_t count;                   /* of the significant digits, of which these are the first */
    char digits[ITEM_DIGITS_MAX];
    int64_t exponent;
};

static int refuse(struct err *err, struct bytes text, const char *why)
{
    return err_set(err, "BadNumber", "%.*s %s", text.len > 60 ? 60 : (int)text.len, text.at, why);
}

static bool is_number(struct bytes text)
{
    struct json j;
    json_init(&j, text, NULL);
    return json_next(&j) == JSON_NUMBER && j.text.len == text.len;
}

/* The exponent behind 'e', held below overflow and above what zeros in a text could make up for. */
static int64_t exponent_of(struct bytes text)
{
    const int64_t bound = INT64_C(1000000000000000);
    bool negative = text.len && text.at[0] == '-';
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9' && value < bound)
            value = value * 10 + text.at[i] - '0';
    return negative ? -value : value;
}

static struct number number_of(struct bytes text)
{
    struct number n = {.negative = text.len && text.at[0] == '-'};
    int64_t seen = 0;                /* digits, from the first that is not 0 */
    int64_t places = 0;              /* digits behind the point */
    bool behind_point = false;
    size_t i;
    memset(n.digits, '0', sizeof n.digits);
    for (i = n.negative; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        char c = text.at[i];
        if (c == '.') {
            behind_point = true;
            continue;
        }
        places += behind_point;
        seen += seen || c != '0';
        if (c == '0')
            continue;
        n.count = seen;
        if (seen <= ITEM_DIGITS_MAX)
            n.digits[seen - 1] = c;
    }
    if (n.count)
        n.exponent = seen - places - 1 + exponent_of(bytes_from(text, i < text.len ? i + 1 : i));
    return n;
}

static int read_number(struct bytes text, struct number *n, struct err *err)
{
    if (!is_number(text))
        return refuse(err, text, "is no number");
    *n = number_of(text);
    if (n->count > ITEM_DIGITS_MAX)
        return refuse(err, text, "has more than 38 significant digits");
    if (n->exponent < EXPONENT_LEAST || n->exponent > EXPONENT_MOST)
        return refuse(err, text, "is outside 1E-130 to 9.99E+125");
    return 0;
}

int item_digits(struct bytes number, struct err *err)
{
    struct number n;
    return read_number(number, &n, err) ? -1 : (int)n.count;
}

/* ---- text ---- */

static void write_plain(const struct number *n, struct buf *out)
{
    static const char zeros[] = "00000000000000000000000000000000000000";
    int count = (int)n->count, whole = (int)n->exponent + 1;
    if (whole <= 0)
        buf_printf(out, "0.%.*s%.*s", -whole, zeros, count, n->digits);
    else if (whole >= count)
        buf_printf(out, "%.*s%.*s", count, n->digits, whole - count, zeros);
    else
        buf_printf(out, "%.*s.%.*s", whole, n->digits, count - whole, n->digits + whole);
}

/* Digits on both sides of the point, were there no exponent. */
static int64_t plain_digits(const struct number *n)
{
    if (n->exponent < 0)
        return n->count - 1 - n->exponent;
    return n->exponent + 1 > n->count ? n->exponent + 1 : n->count;
}

int item_number(struct bytes number, struct buf *out, struct err *err)
{
    struct number n;
    if (read_number(number, &n, err))
        return -1;
    if (n.negative && n.count)
        buf_char(out, '-');
    if (!n.count)
        buf_char(out, '0');
    else if (plain_digits(&n) <= ITEM_DIGITS_MAX)
        write_plain(&n, out);
    else
        buf_printf(out, "%c%s%.*sE%+d", n.digits[0], n.count > 1 ? "." : "", (int)n.count - 1,
                   n.digits + 1, (int)n.exponent);
    return out->failed ? err_set(err, "BadNumber", "there is no room for the number") : 0;
}
