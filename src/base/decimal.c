#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 17, EXPONENT_MAX = 400 };        /* of doubles */

/* The exponent after 'e', held below overflow and above what zeros in a text could make up for. */
static int64_t read_exponent(struct bytes text)
{
    const int64_t bound = INT64_C(1000000000000000);
    bool negative = text.len && text.at[0] == '-';
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9' && value < bound)
            value = value * 10 + text.at[i] - '0';
    return negative ? -value : value;
}

/* What is neither digit, sign nor exponent counts as the point: so printf's text is read in any
 * locale. */
struct decimal decimal_read(struct bytes text)
{
    struct decimal d = {.negative = text.len && text.at[0] == '-'};
    int64_t seen = 0;         /* digits, from the first that is not 0 */
    int64_t places = 0;       /* digits behind the point */
    bool behind_point = false;
    size_t i;
    memset(d.digits, '0', sizeof d.digits);
    for (i = d.negative; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        char c = text.at[i];
        if (c < '0' || c > '9') {
            behind_point = true;
            continue;
        }
        places += behind_point;
        seen += seen || c != '0';
        if (c == '0')
            continue;
        d.count = seen > DECIMAL_DIGITS ? DECIMAL_DIGITS + 1 : (int)seen;
        if (seen <= DECIMAL_DIGITS)
            d.digits[seen - 1] = c;
    }
    if (d.count)
        d.exponent = seen - places - 1 + read_exponent(bytes_from(text, i < text.len ? i + 1 : i));
    return d;
}

static bool same(const struct decimal *a, const struct decimal *b)
{
    return a->count == b->count && a->exponent == b->exponent &&
           memcmp(a->digits, b->digits, (size_t)a->count) == 0;
}

/* Digits and powers up to here are exact doubles, so one operation rounds once; the library does
 * the others. */
static double double_of(const struct decimal *d)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int power = (int)d->exponent - d->count + 1, i;
    double value = 0;
    char text[48];
    if (d->count > DBL_DIG || power < -22 || power > 22) {
        snprintf(text, sizeof text, "%.*se%d", d->count, d->digits, power);
        value = strtod(text, NULL);
    } else {
        for (i = 0; i < d->count; i++)
            value = value * 10 + (d->digits[i] - '0');
        value = power < 0 ? value / powers[-power] : value * powers[power];
    }
    return d->negative ? -value : value;
}

static struct decimal shortest(double value)
{
    /* Any 15 digits survive a double and come back, except below DBL_MIN. */
    int precision = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    char text[48];
    for (;; precision++) {
        int len = snprintf(text, sizeof text, "%.*e", precision - 1, value);
        struct decimal d = decimal_read((struct bytes){text, (size_t)len});
        if (precision == DIGITS || double_of(&d) == value)
            return d;
    }
}

bool decimal_to_double(struct bytes number, double *out)
{
    struct decimal text = decimal_read(number), back;
    if (text.count > DIGITS || text.exponent > EXPONENT_MAX || text.exponent < -EXPONENT_MAX)
        return false;
    *out = double_of(&text);
    if (!isfinite(*out))
        return false;
    if (text.count <= DBL_DIG && (fabs(*out) >= DBL_MIN || !text.count))
        return true;
    back = shortest(*out);
    return same(&text, &back);
}

/* ---- text ---- */

static int plain_text(const struct decimal *d, char *out)
{
    static const char zeros[] = "0000000000000000";
    const char *sign = d->negative ? "-" : "";
    int whole = (int)d->exponent + 1;
    if (whole <= 0)
        return snprintf(out, DECIMAL_TEXT_MAX, "%s0.%.*s%.*s", sign, -whole, zeros, d->count,
                        d->digits);
    if (whole >= d->count)
        return snprintf(out, DECIMAL_TEXT_MAX, "%s%.*s%.*s.0", sign, d->count, d->digits,
                        whole - d->count, zeros);
    return snprintf(out, DECIMAL_TEXT_MAX, "%s%.*s.%.*s", sign, whole, d->digits, d->count - whole,
                    d->digits + whole);
}

size_t decimal_text(double value, char out[DECIMAL_TEXT_MAX])
{
    struct decimal d = shortest(value);
    if (!d.count)
        return (size_t)snprintf(out, DECIMAL_TEXT_MAX, signbit(value) ? "-0.0" : "0.0");
    if (d.exponent >= -5 && d.exponent < 16)
        return (size_t)plain_text(&d, out);
    return (size_t)snprintf(out, DECIMAL_TEXT_MAX, "%s%c%s%.*se%d", d.negative ? "-" : "",
                            d.digits[0], d.count > 1 ? "." : "", d.count - 1, d.digits + 1,
                            (int)d.exponent);
}
