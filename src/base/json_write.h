/* JSON writer: puts values one after another into a buffer, with the commas between them.
 * Borrows the buffer, whose maximum bounds the text; what goes in is copied.
 * It never writes what is not JSON: the first thing that cannot be said stops it, later calls do
 * nothing, and `problem` says what it was. That ends match beginnings, and that a key stands before
 * each member's value, is the caller's part. */
#ifndef TIDEGATE_BASE_JSON_WRITE_H
#define TIDEGATE_BASE_JSON_WRITE_H

#include "base/buf.h"

struct json_writer {
    struct buf *out;
    const char *problem;     /* NULL while all is well */
    bool comma;              /* a value stands before, in the same object or array */
};

void json_writer_init(struct json_writer *w, struct buf *out);

void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_key(struct json_writer *w, struct bytes name);
/* UTF-8 stays as it is; other bytes are a problem. */
void json_write_string(struct json_writer *w, struct bytes text);
void json_write_int64(struct json_writer *w, int64_t value);
/* Stays a float ("1.0") and reads back as the same double; NaN and infinities are a problem. */
void json_write_double(struct json_writer *w, double value);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
void json_write_raw(struct json_writer *w, struct bytes json);   /* one value, already JSON */

#endif
