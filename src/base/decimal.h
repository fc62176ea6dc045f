/* Decimal: number text taken apart, and as a double and back without ever changing its value in
 * silence. Borrows the text; results are plain values. It never rounds, and the locale does not
 * touch it. */
#ifndef TIDEGATE_BASE_DECIMAL_H
#define TIDEGATE_BASE_DECIMAL_H

#include "base/bytes.h"

enum { DECIMAL_TEXT_MAX = 32, DECIMAL_DIGITS = 38 };

/* d.ddd × 10^exponent without zeros at either end of the digits; zero has none. */
struct decimal {
    bool negative;
    int count;                       /* of significant digits; DECIMAL_DIGITS + 1: more than that */
    char digits[DECIMAL_DIGITS];     /* the first of them, filled up with '0' */
    int64_t exponent;
};

/* `number` follows JSON's grammar. */
struct decimal decimal_read(struct bytes number);

/* The same. True when there is a double whose shortest decimal form is the
 * same number as the text: 0.1, 1E5 and 1.50 have one; 1e400 and 9007199254740993.0 have none. */
bool decimal_to_double(struct bytes number, double *out);
/* The shortest text that reads back as the same double, with point or exponent so that it stays a
 * float. `value` is finite. Returns the length. */
size_t decimal_text(double value, char out[DECIMAL_TEXT_MAX]);

#endif
