#include "base/item.h"

enum { EXPONENT_LEAST = -130, EXPONENT_MOST = 125 };

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

static int read_number(struct bytes text, struct decimal *n, struct err *err)
{
    if (!is_number(text))
        return refuse(err, text, "is no number");
    *n = decimal_read(text);
    if (n->count > ITEM_DIGITS_MAX)
        return refuse(err, text, "has more than 38 significant digits");
    if (n->exponent < EXPONENT_LEAST || n->exponent > EXPONENT_MOST)
        return refuse(err, text, "is outside 1E-130 to 9.99E+125");
    return 0;
}

int item_digits(struct bytes number, struct err *err)
{
    struct decimal n;
    return read_number(number, &n, err) ? -1 : n.count;
}

/* ---- text ---- */

static void write_plain(const struct decimal *n, struct buf *out)
{
    static const char zeros[] = "00000000000000000000000000000000000000";
    int count = n->count, whole = (int)n->exponent + 1;
    if (whole <= 0)
        buf_printf(out, "0.%.*s%.*s", -whole, zeros, count, n->digits);
    else if (whole >= count)
        buf_printf(out, "%.*s%.*s", count, n->digits, whole - count, zeros);
    else
        buf_printf(out, "%.*s.%.*s", whole, n->digits, count - whole, n->digits + whole);
}

/* Digits on both sides of the point, were there no exponent. */
static int64_t plain_digits(const struct decimal *n)
{
    if (n->exponent < 0)
        return n->count - 1 - n->exponent;
    return n->exponent + 1 > n->count ? n->exponent + 1 : n->count;
}

int item_number(struct bytes number, struct buf *out, struct err *err)
{
    struct decimal n;
    if (read_number(number, &n, err))
        return -1;
    if (n.negative && n.count)
        buf_char(out, '-');
    if (!n.count)
        buf_char(out, '0');
    else if (plain_digits(&n) <= ITEM_DIGITS_MAX)
        write_plain(&n, out);
    else
        buf_printf(out, "%c%s%.*sE%+d", n.digits[0], n.count > 1 ? "." : "", n.count - 1,
                   n.digits + 1, (int)n.exponent);
    return out->failed ? err_set(err, "BadNumber", "there is no room for the number") : 0;
}
