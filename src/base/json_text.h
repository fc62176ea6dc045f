/* JSON text: what may stand between two quotes, shared by reader and writer.
 * Borrows everything, keeps nothing. It never repairs: what is not well formed is pointed at. */
#ifndef TIDEGATE_BASE_JSON_TEXT_H
#define TIDEGATE_BASE_JSON_TEXT_H

#include "base/bytes.h"

extern const char json_too_early[];      /* the reason when the text is cut */

/* How many bytes at the start stand for themselves: ASCII without controls, quote and backslash. */
size_t json_plain(struct bytes text);
/* The closing quote of the string whose inside begins at s, with *reason NULL; or the first byte
 * that may not stand there, and why. */
const char *json_string_end(const char *s, const char *end, bool *escaped, const char **reason);
/* Decodes checked text into `out`, which has room for text.len bytes and may be text.at itself.
 * Returns the length. */
size_t json_unescape(struct bytes text, char *out);

#endif
