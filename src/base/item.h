/* Item: what a table keeps under a key, as names and attribute values.
 * An item is a struct pairs: each name with its value as the JSON text that DynamoDB speaks,
 * {"S":"text"}, {"N":"1.5"}, {"BOOL":true}, {"NULL":true}, {"L":[…]}, {"M":{…}}, {"B":"base64"},
 * {"SS":[…]}, {"NS":[…]}, {"BS":[…]}. The caller owns the pairs. Everything here is pure; it never
 * changes a number and never decides what an attribute means. Sizes and limits: Amazon DynamoDB
 * Developer Guide, "DynamoDB item sizes and formats" and "Constraints". */
#ifndef TIDEGATE_BASE_ITEM_H
#define TIDEGATE_BASE_ITEM_H

#include "base/decimal.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/pairs.h"

enum {
    ITEM_MAX = 400 * 1024,               /* bytes of names and values, DynamoDB's limit */
    ITEM_KEY_MAX = 2048,                 /* bytes of a partition key */
    ITEM_NAME_MAX = 65535,               /* bytes of an attribute's name */
    ITEM_DEPTH_MAX = 32,                 /* lists and maps in one another */
    ITEM_DIGITS_MAX = DECIMAL_DIGITS,    /* significant digits of a number */
    ITEM_JSON_DEPTH = 2 * ITEM_DEPTH_MAX + 8     /* depth_max of a reader of items, with room for
                                                  * what stands around them */
};

/* Reads the object that `j` stands before, {"name":{"S":…},…}; names unescaped, values as they are
 * written, each of them checked to be one. Objections stick to `j`. */
void item_read(struct json *j, struct pairs *out);
/* The same of a whole text. -1 with err ("BadItem") when it is no item. */
int item_parse(struct bytes text, struct pairs *out, struct err *err) MUSTCHECK;
void item_write(struct json_writer *w, const struct pairs *item);
/* Bytes as DynamoDB counts them. */
size_t item_size(const struct pairs *item);
/* -1 with err, "BadItem" or "ItemTooLarge", unless it can be written: names of 1 to ITEM_NAME_MAX
 * bytes of UTF-8, values that are values, not over ITEM_MAX bytes. */
int item_check(const struct pairs *item, struct err *err) MUSTCHECK;
int item_name_check(struct bytes name, struct err *err) MUSTCHECK;

/* The value of that very name; empty when there is none. */
struct bytes item_value(const struct pairs *item, struct bytes name);

/* Are two values of items that were read one value? Numbers count, not their digits; sets and maps
 * have no order; blanks and escapes mean nothing. An empty text is no value, and only itself. */
bool item_same(struct bytes a, struct bytes b);

/* The text of {"S":…} without escapes, for mem_free(); NULL when the value is something else. */
char *item_string(struct bytes value, size_t *len);
/* Adds a name with {"S":…}. The text is UTF-8; what is not becomes a value that item_check()
 * refuses. */
void item_add_string(struct pairs *item, struct bytes name, struct bytes text);

/* Writes the canonical form of a JSON number: no exponent where 38 digits do, no zeros that mean
 * nothing, so that equal numbers are equal texts. -1 with err ("BadNumber") for more than 38
 * significant digits or a magnitude outside 1E-130 to 9.99…E+125. */
int item_number(struct bytes number, struct buf *out, struct err *err) MUSTCHECK;
/* How many significant digits a number has: 0 for zero. -1 with err as above. */
int item_digits(struct bytes number, struct err *err) MUSTCHECK;

#endif
