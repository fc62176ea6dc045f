#include "base/item.h"

#include "base/json_text.h"

/* Both values are written anew, in one way, and these texts are compared. They were checked when
 * they were read, so that nothing here can be refused. */

static void write_value(struct json *j, struct json_writer *w);

static void begin(struct buf *text, struct json_writer *w)
{
    buf_init(text, SIZE_MAX / 2);
    json_writer_init(w, text);
}

/* Without escapes, for mem_free(). */
static char *plain(struct bytes text, size_t *len)
{
    char *out = mem_slice(text.at, text.len);
    *len = json_unescape(text, out);
    return out;
}

static void write_number(struct json_writer *w, struct bytes number)
{
    struct buf text;
    struct err err;
    buf_init(&text, SIZE_MAX / 2);
    json_write_string(w, item_number(number, &text, &err) ? number : buf_bytes(&text));
    buf_free(&text);
}

static void write_scalar(struct json *j, struct json_writer *w, bool number)
{
    struct bytes text = json_text(j);
    char *out = plain(text, &text.len);
    text.at = out;
    if (number)
        write_number(w, text);
    else
        json_write_string(w, text);
    mem_free(out);
}

static void write_set(struct json *j, struct json_writer *w, bool number)
{
    struct pairs members = {0};
    for (json_array(j); json_item(j);) {
        struct json_writer one;
        struct buf text;
        begin(&text, &one);
        write_scalar(j, &one, number);
        pairs_add(&members, buf_bytes(&text), BYTES(""));
        buf_free(&text);
    }
    pairs_sort(&members);
    json_write_array(w);
    for (size_t i = 0; i < members.count; i++)
        json_write_raw(w, members.at[i].name);
    json_write_array_end(w);
    pairs_free(&members);
}

static void write_list(struct json *j, struct json_writer *w)
{
    json_write_array(w);
    for (json_array(j); json_item(j);)
        write_value(j, w);
    json_write_array_end(w);
}

static void write_map(struct json *j, struct json_writer *w)
{
    struct pairs members = {0};
    for (json_object(j); json_member(j);) {
        struct json_writer one;
        struct buf text;
        size_t len;
        char *name = plain(j->key, &len);
        begin(&text, &one);
        write_value(j, &one);
        pairs_add(&members, (struct bytes){name, len}, buf_bytes(&text));
        buf_free(&text);
        mem_free(name);
    }
    pairs_sort(&members);
    item_write(w, &members);
    pairs_free(&members);
}

static void write_content(struct json *j, struct json_writer *w)
{
    bool number = json_named(j, "N") || json_named(j, "NS");
    if (number ? json_named(j, "N") : json_named(j, "S") || json_named(j, "B"))
        write_scalar(j, w, number);
    else if (number || json_named(j, "SS") || json_named(j, "BS"))
        write_set(j, w, number);
    else if (json_named(j, "L"))
        write_list(j, w);
    else if (json_named(j, "M"))
        write_map(j, w);
    else
        json_write_bool(w, json_bool(j));
}

/* {"TYPE":…} */
static void write_value(struct json *j, struct json_writer *w)
{
    json_write_object(w);
    if (json_object(j) && json_member(j)) {
        json_write_key(w, j->key);
        write_content(j, w);
        json_member(j);
    }
    json_write_object_end(w);
}

static void canonical(struct bytes value, struct buf *out)
{
    struct json_writer w;
    struct json j;
    begin(out, &w);
    json_init(&j, value, NULL);
    j.depth_max = ITEM_JSON_DEPTH;
    write_value(&j, &w);
}

bool item_same(struct bytes a, struct bytes b)
{
    struct buf first, second;
    bool same = bytes_equal(a, b);
    if (same || !a.len || !b.len)
        return same;
    canonical(a, &first);
    canonical(b, &second);
    same = bytes_equal(buf_bytes(&first), buf_bytes(&second));
    buf_free(&first);
    buf_free(&second);
    return same;
}
