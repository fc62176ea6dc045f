#include "host/place_url.h"

#include <string.h>

enum { SHOWN = 200, SHOWN_NAME = 60 };

static int shown(struct bytes text, int most)
{
    return text.len > (size_t)most ? most : (int)text.len;
}

int place_url_refuse(struct err *err, struct bytes url, const char *why)
{
    return err_set(err, "BadPlace", "\"%.*s\" %s", shown(url, SHOWN), url.at, why);
}

static int refuse_parameter(struct err *err, struct bytes url, const char *why, struct bytes name)
{
    return err_set(err, "BadPlace", "\"%.*s\" has %s \"%.*s\"", shown(url, SHOWN), url.at, why,
                   shown(name, SHOWN_NAME), name.at);
}

/* NAME=VALUE&… */
static int read_parameters(struct bytes url, struct bytes query, bool items,
                           struct place_url *out, struct err *err)
{
    bool seen = false;
    do {
        struct bytes value, name = bytes_cut(query, '&', &query);
        name = bytes_cut(name, '=', &value);
        if (!items || !bytes_is(name, "key"))
            return refuse_parameter(err, url, "an unknown parameter", name);
        if (seen)
            return refuse_parameter(err, url, "twice the parameter", name);
        if (!value.len)
            return refuse_parameter(err, url, "no value for the parameter", name);
        out->key = value;
        seen = true;
    } while (query.len);
    return 0;
}

int place_url_read(struct bytes url, const char *scheme, bool items, struct place_url *out,
                   struct err *err)
{
    struct bytes query;
    *out = (struct place_url){.key = BYTES("id")};
    out->rest = bytes_cut(bytes_from(url, strlen(scheme)), '?', &query);
    if (out->rest.len == 0)
        return place_url_refuse(err, url, "names nothing behind its scheme");
    return memchr(url.at, '?', url.len) ? read_parameters(url, query, items, out, err) : 0;
}
