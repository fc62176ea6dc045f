/* Printable: which characters of a text may be shown to a person as they are, and how wide.
 * Borrows its argument and keeps nothing. It never lets through what could move a cursor, start
 * another line, or make a line read as something else. */
#ifndef TIDEGATE_BASE_PRINTABLE_H
#define TIDEGATE_BASE_PRINTABLE_H

#include "base/bytes.h"

enum { PRINTABLE_BROKEN = 0x110000 };    /* stands for a byte that is not UTF-8 */

/* Length of the first character, 0 at the end; *code is its code point or PRINTABLE_BROKEN. */
size_t printable_next(struct bytes text, uint32_t *code);
/* False for controls (C0, DEL, C1), line and paragraph separators, marks that change the direction
 * of writing, and PRINTABLE_BROKEN. */
bool printable(uint32_t code);
/* Columns that it takes on a terminal, or one more: never fewer. */
int printable_columns(uint32_t code);

#endif
