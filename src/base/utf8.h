/* UTF-8: is it well formed (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)?
 * Borrows its argument. It never repairs and never replaces. */
#ifndef TIDEGATE_BASE_UTF8_H
#define TIDEGATE_BASE_UTF8_H

#include "base/bytes.h"

/* Length of the well-formed sequence at the start of `a` (1 to 4), or 0 when there is none. */
size_t utf8_next(struct bytes a);
/* Offset of the first bad byte, or a.len when all is well formed. */
size_t utf8_check(struct bytes a);
/* Appends the code point's bytes to out (4 at most) and returns how many; 0 for surrogates and
 * above U+10FFFF. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
