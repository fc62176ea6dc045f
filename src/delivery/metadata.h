/* Metadata: the attributes of a message as the metadata of an object, within what a bucket takes,
 * and back. Borrows what it reads and adds to the caller's pairs.
 * It never fails: what does not fit is cut, and what has no room at all is left out. */
#ifndef TIDEGATE_DELIVERY_METADATA_H
#define TIDEGATE_DELIVERY_METADATA_H

#include "base/pairs.h"

/* Names become lower case, with '-' for what is not a-z or 0-9; of two that become equal the first
 * one stays. In values '%', what is not printable ASCII, and blanks at either end become %XX.
 * Together they take BUCKET_METADATA_MAX bytes at most. */
void metadata_from(struct pairs *out, const struct pairs *attributes);
/* The attributes again: %XX become what they stand for, a '%' without two digits stays. */
void metadata_read(struct pairs *out, const struct pairs *metadata);

#endif
