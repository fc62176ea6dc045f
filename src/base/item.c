#include "base/item.h"

#include "base/base64.h"
#include "base/json_text.h"
#include "base/utf8.h"

#include <string.h>

enum { CONTAINER = 3, ELEMENT = 1 };

/* ---- values ---- */

static size_t value_size(struct json *j, int depth);

/* A text that the reader may have left with its escapes. */
static size_t plain_size(const struct json *j, struct bytes text)
{
    char *plain;
    size_t len;
    if (!j->escaped || j->scratch)
        return text.len;
    plain = mem_slice(text.at, text.len);
    len = json_unescape(text, plain);
    mem_free(plain);
    return len;
}

static size_t string_size(struct json *j)
{
    struct bytes text = json_text(j);
    return plain_size(j, text);
}

static size_t number_size(struct json *j)
{
    struct bytes text = json_text(j);
    struct err err;
    int digits = j->event == JSON_ERROR ? 0 : item_digits(text, &err);
    if (digits < 0)
        json_refuse(j, "%s", err.message);
    return (size_t)(digits + 1) / 2 + 1;
}

/* Some writers put a backslash before each slash. */
static size_t binary_size(struct json *j)
{
    struct bytes text = json_text(j);
    char *plain = mem_slice(text.at, text.len);
    size_t size = 0;
    text = (struct bytes){plain, json_unescape(text, plain)};
    if (!base64_decode(text, plain, &size))
        json_refuse(j, "that is not base64");
    mem_free(plain);
    return size;
}

static size_t set_size(struct json *j, size_t (*element_size)(struct json *j))
{
    size_t size = 0, count = 0;
    for (json_array(j); json_item(j); count++)
        size += element_size(j);
    if (!count)
        json_refuse(j, "a set is not empty");
    return size;
}

static size_t list_size(struct json *j, int depth)
{
    size_t size = CONTAINER;
    for (json_array(j); json_item(j);)
        size += ELEMENT + value_size(j, depth + 1);
    return size;
}

static size_t map_size(struct json *j, int depth)
{
    size_t size = CONTAINER;
    for (json_object(j); json_member(j);) {
        size += plain_size(j, j->key);
        size += ELEMENT + value_size(j, depth + 1);
    }
    return size;
}

static size_t truth_size(struct json *j, bool only_true)
{
    if (!json_bool(j) && only_true)
        json_refuse(j, "true was expected");
    return 1;
}

/* What stands behind the name of the type. */
static size_t content_size(struct json *j, int depth)
{
    static const struct {
        const char *type, *set;
        size_t (*size)(struct json *j);
    } scalars[] = {{"S", "SS", string_size}, {"N", "NS", number_size}, {"B", "BS", binary_size}};
    bool list = json_named(j, "L");
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        if (json_named(j, scalars[i].type))
            return scalars[i].size(j);
        if (json_named(j, scalars[i].set))
            return set_size(j, scalars[i].size);
    }
    if (json_named(j, "BOOL") || json_named(j, "NULL"))
        return truth_size(j, json_named(j, "NULL"));
    if (!list && !json_named(j, "M"))
        json_refuse(j, "that is no type of an attribute");
    else if (depth == ITEM_DEPTH_MAX)
        json_refuse(j, "nested too deeply");
    else
        return list ? list_size(j, depth) : map_size(j, depth);
    return 0;
}

static size_t value_size(struct json *j, int depth)
{
    size_t size;
    if (!json_object(j) || !json_member(j)) {
        json_refuse(j, "a type was expected");
        return 0;
    }
    size = content_size(j, depth);
    if (json_member(j))
        json_refuse(j, "a value has one type");
    return size;
}

/* Reads a value for its size; json_end(j) says whether it is one. */
static size_t measure(struct bytes value, struct json *j)
{
    json_init(j, value, NULL);
    j->depth_max = ITEM_JSON_DEPTH;
    return value_size(j, 0);
}

/* ---- items ---- */

static void add(struct pairs *out, struct bytes name, bool escaped, struct bytes value)
{
    char *plain = NULL;
    if (escaped) {
        plain = mem_slice(name.at, name.len);
        name = (struct bytes){plain, json_unescape(name, plain)};
    }
    pairs_add(out, name, value);
    mem_free(plain);
}

void item_read(struct json *j, struct pairs *out)
{
    for (json_object(j); json_member(j);) {
        struct bytes value, name = j->key;
        bool escaped = j->escaped && !j->scratch;
        struct json inside;
        value = json_raw(j);
        if (j->event == JSON_ERROR)
            return;
        measure(value, &inside);
        if (json_end(&inside))
            add(out, name, escaped, value);
        else
            json_refuse(j, "attribute \"%.*s\", %s", name.len > 30 ? 30 : (int)name.len, name.at,
                        inside.problem);
    }
}

int item_parse(struct bytes text, struct pairs *out, struct err *err)
{
    struct json j;
    json_init(&j, text, NULL);
    j.depth_max = ITEM_JSON_DEPTH;
    item_read(&j, out);
    if (json_end(&j))
        return 0;
    pairs_free(out);
    return err_set(err, "BadItem", "that is no item: %s", j.problem);
}

void item_write(struct json_writer *w, const struct pairs *item)
{
    json_write_object(w);
    for (size_t i = 0; i < item->count; i++) {
        json_write_key(w, item->at[i].name);
        json_write_raw(w, item->at[i].value);
    }
    json_write_object_end(w);
}

size_t item_size(const struct pairs *item)
{
    struct json j;
    size_t size = 0;
    for (size_t i = 0; i < item->count; i++)
        size += item->at[i].name.len + measure(item->at[i].value, &j);
    return size;
}

int item_name_check(struct bytes name, struct err *err)
{
    if (name.len == 0)
        return err_set(err, "BadItem", "the name of an attribute is empty");
    if (name.len > ITEM_NAME_MAX)
        return err_set(err, "BadItem", "the name of an attribute has %zu bytes, over the limit of "
                       "%d", name.len, ITEM_NAME_MAX);
    if (utf8_check(name) != name.len)
        return err_set(err, "BadItem", "the name of an attribute is not UTF-8 at byte %zu",
                       utf8_check(name) + 1);
    return 0;
}

int item_check(const struct pairs *item, struct err *err)
{
    size_t size = 0;
    for (size_t i = 0; i < item->count; i++) {
        struct pair p = item->at[i];
        struct json j;
        if (item_name_check(p.name, err))
            return -1;
        size += p.name.len + measure(p.value, &j);
        if (!json_end(&j))
            return err_set(err, "BadItem", "the value of attribute \"%.60s\" is none: %s",
                           p.name.at, j.problem);
    }
    if (size > ITEM_MAX)
        return err_set(err, "ItemTooLarge", "the attributes have %zu bytes, over the limit of %d",
                       size, ITEM_MAX);
    return 0;
}

/* ---- attributes ---- */

struct bytes item_value(const struct pairs *item, struct bytes name)
{
    for (size_t i = 0; i < item->count; i++)
        if (bytes_equal(item->at[i].name, name))
            return item->at[i].value;
    return BYTES("");
}

char *item_string(struct bytes value, size_t *len)
{
    struct json j;
    struct bytes text = BYTES("");
    char *out = NULL;
    json_init(&j, value, NULL);
    json_object(&j);
    while (json_member(&j)) {
        if (out || !json_named(&j, "S"))
            json_refuse(&j, "that is no string");
        text = json_text(&j);
        mem_free(out);
        out = mem_slice(text.at, text.len);
        *len = json_unescape(text, out);
        out[*len] = 0;
    }
    if (json_end(&j))
        return out;
    mem_free(out);
    return NULL;
}

void item_add_string(struct pairs *item, struct bytes name, struct bytes text)
{
    struct json_writer w;
    struct buf value;
    buf_init(&value, 6 * text.len + sizeof "{\"S\":\"\"}");
    json_writer_init(&w, &value);
    json_write_object(&w);
    json_write_key(&w, BYTES("S"));
    json_write_string(&w, text);
    json_write_object_end(&w);
    pairs_add(item, name, w.problem ? BYTES("") : buf_bytes(&value));
    buf_free(&value);
}
