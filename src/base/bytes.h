/* Bytes: a borrowed view of memory that somebody else owns and keeps alive.
 * It may hold NULs and need not end in one; it is passed by value.
 * It never allocates and never writes. */
#ifndef TIDEGATE_BASE_BYTES_H
#define TIDEGATE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const char *at;
    size_t len;
};

#define BYTES(literal) ((struct bytes){"" literal, sizeof(literal) - 1})

struct bytes bytes_of(const char *text);                        /* NULL gives empty bytes */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *text);
bool bytes_is_nocase(struct bytes a, const char *text); /* ASCII letters only, whatever the locale
                                                         */
bool bytes_starts(struct bytes a, const char *prefix);
int bytes_compare(struct bytes a, struct bytes b); /* as unsigned bytes, the order of S3 keys */
struct bytes bytes_from(struct bytes a, size_t offset);         /* the rest; empty past the end */
/* Splits at the first `sep`: returns what is before it and leaves the rest in *rest (empty when
 * there was none). */
struct bytes bytes_cut(struct bytes a, char sep, struct bytes *rest);
struct bytes bytes_trim(struct bytes a);                        /* spaces and tabs, both ends */
/* Whole decimal number, sign allowed, nothing around it; false on anything else or on overflow. */
bool bytes_to_int64(struct bytes a, int64_t *out);

/* FNV-1a, 64 bits: to find places in a table, no secret and no proof. */
uint64_t bytes_hash(struct bytes b);

#endif
