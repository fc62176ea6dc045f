/* JSON reader: one strict pass over a text, one event a call (RFC 8259).
 * Borrows the text and the scratch buffer until the last event was read; what it hands out points
 * into one of the two. It never repairs, never allocates by itself, and leaves duplicate members
 * and the value of numbers to its consumer.
 *
 * Errors stick: after the first, every call says JSON_ERROR (or false, empty, 0) and `problem` says
 * where and why, so that a consumer asks once, at the end. A service's answer is walked like this,
 * and what nobody reads is skipped:
 *
 *     json_object(&j);
 *     while (json_member(&j))
 *         if (json_named(&j, "Failed"))
 *             for (json_array(&j); json_item(&j);)
 *                 read_failure(&j, …);
 *     if (!json_end(&j))
 *         return err_set(err, "BadAnswer", "%s", j.problem);
 */
#ifndef TIDEGATE_BASE_JSON_H
#define TIDEGATE_BASE_JSON_H

#include "base/buf.h"

enum {
    JSON_DEPTH_MAX = 64,     /* open objects and arrays, unless the consumer sets depth_max */
    JSON_DEPTH_ROOM = 128,   /* the most that it may set */
    JSON_REASON_MAX = 96
};

enum json_event {
    JSON_ERROR,
    JSON_END,            /* the one value is over and nothing but white space follows */
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json {
    /* what the last event says */
    enum json_event event;
    struct bytes text;       /* KEY, STRING: until the next of either; NUMBER: as it was written */
    struct bytes key;        /* the newest KEY: still good while its own value is read */
    bool escaped;            /* KEY, STRING: with escapes; without scratch `text` still has them */
    bool integer;            /* NUMBER: neither fraction nor exponent */
    int depth;               /* open objects and arrays */
    char problem[JSON_REASON_MAX + 32];      /* "byte 17: …", counted from 1; "" if all is well */

    /* the reader's own */
    const char *from, *at, *end;
    const char *start;       /* of the last event */
    struct buf *scratch;
    int depth_max;           /* may be changed after json_init() */
    uint64_t objects[JSON_DEPTH_ROOM / 64];      /* bit n: the container at depth n + 1 is one */
    bool pending;            /* a value comes next */
    bool first;              /* nothing of the innermost container was read yet */
    bool skipping;
};

/* Strings with escapes are decoded into `scratch`, whose maximum bounds their undecoded length.
 * Without one (NULL) they are checked and left as they are, for json_unescape() of json_text.h. */
void json_init(struct json *j, struct bytes text, struct buf *scratch);
enum json_event json_next(struct json *j);
/* The consumer's own objection to the last event, in the reader's form: "byte N: " and the reason.
 * Does nothing after an error. Returns JSON_ERROR. */
enum json_event json_refuse(struct json *j, const char *fmt, ...) PRINTF(2, 3);

/* The next value must be an object, an array; the loop over its members, its items, comes next. */
bool json_object(struct json *j);
bool json_array(struct json *j);
/* Goes to the next member (its name: j->key) or item, whose value is still to be read; a value that
 * was not read before is skipped. False when there are no more. */
bool json_member(struct json *j);
bool json_item(struct json *j);
bool json_named(const struct json *j, const char *name);     /* is that the member's name? */

/* Reads the next value, which must be of this kind. */
struct bytes json_text(struct json *j);
int64_t json_int64(struct json *j);
bool json_bool(struct json *j);
void json_skip(struct json *j);                              /* any value */
struct bytes json_raw(struct json *j);                       /* any value, as it is written */
/* True when the text was one value, read to its end, and nobody objected. */
bool json_end(struct json *j);

#endif
