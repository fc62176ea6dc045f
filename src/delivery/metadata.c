#include "delivery/metadata.h"

#include "base/bucket.h"

static char name_char(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + 32);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

static void add_name(struct buf *out, struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        buf_char(out, name_char(name.at[i]));
}

/* Header fields lose blanks at their ends on the way. */
static bool plain(struct bytes value, size_t at)
{
    char c = value.at[at];
    if (c == ' ')
        return at > 0 && at < value.len - 1;
    return c > 32 && c < 127 && c != '%';
}

/* As much of it as `out` has room for, no escape cut in two. */
static void add_value(struct buf *out, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool as_it_is = plain(value, i);
        if (out->max - out->len < (as_it_is ? 1u : 3u))
            return;
        if (as_it_is)
            buf_char(out, value.at[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)value.at[i]);
    }
}

/* Adds one attribute and returns what it took of `room`. */
static size_t add_pair(struct pairs *out, const struct pair *attribute, size_t room)
{
    struct buf name, value;
    size_t took = 0;
    buf_init(&name, room);
    add_name(&name, attribute->name);
    if (name.len && !name.failed && !pairs_find(out, buf_string(&name))) {
        buf_init(&value, room - name.len);
        add_value(&value, attribute->value);
        pairs_add(out, buf_bytes(&name), buf_bytes(&value));
        took = name.len + value.len;
        buf_free(&value);
    }
    buf_free(&name);
    return took;
}

void metadata_from(struct pairs *out, const struct pairs *attributes)
{
    size_t room = BUCKET_METADATA_MAX;
    for (size_t i = 0; attributes && i < attributes->count; i++)
        room -= add_pair(out, &attributes->at[i], room);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_value(struct buf *out, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool escape = value.at[i] == '%' && value.len - i > 2 && digit(value.at[i + 1]) >= 0 &&
                      digit(value.at[i + 2]) >= 0;
        if (escape)
            buf_char(out, (char)(digit(value.at[i + 1]) << 4 | digit(value.at[i + 2])));
        else
            buf_char(out, value.at[i]);
        i += escape ? 2 : 0;
    }
}

void metadata_read(struct pairs *out, const struct pairs *metadata)
{
    for (size_t i = 0; i < metadata->count; i++) {
        const struct pair *m = &metadata->at[i];
        struct buf value;
        buf_init(&value, m->value.len);
        read_value(&value, m->value);
        pairs_add(out, m->name, buf_bytes(&value));
        buf_free(&value);
    }
}
