#include "net/head.h"

static struct bytes next_line(struct bytes *rest)
{
    struct bytes line = bytes_cut(*rest, '\n', rest);
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool head_next(struct bytes *rest, struct bytes *name, struct bytes *value)
{
    struct bytes line = next_line(rest);
    if (bytes_starts(line, "HTTP/"))
        line = next_line(rest);
    if (!line.len)
        return false;
    *name = bytes_cut(line, ':', value);
    *value = bytes_trim(*value);
    return true;
}

struct bytes head_value(struct bytes block, const char *name)
{
    struct bytes found, value;
    while (head_next(&block, &found, &value))
        if (bytes_is_nocase(found, name))
            return value;
    return BYTES("");
}

static bool all_digits(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.len > 0;
}

/* "HTTP/1.1 200 OK"; 0 on anything else. */
static int read_status(struct bytes line)
{
    struct bytes text, version = bytes_cut(line, ' ', &text);
    struct bytes code = bytes_cut(text, ' ', &text);
    int64_t status;
    if (!bytes_is(version, "HTTP/1.1") && !bytes_is(version, "HTTP/1.0"))
        return 0;
    if (code.len != 3 || !all_digits(code) || !bytes_to_int64(code, &status))
        return 0;
    return (int)status;
}

static int read_length(struct framing *f, struct bytes value, struct err *err)
{
    int64_t length;
    if (!all_digits(value) || !bytes_to_int64(value, &length))
        return err_set(err, "protocol", "the answer's Content-Length is not a number");
    if (f->length >= 0 && f->length != length)
        return err_set(err, "protocol", "the answer has two Content-Length headers that differ");
    f->length = length;
    return 0;
}

static int read_transfer_coding(struct framing *f, struct bytes value, struct err *err)
{
    if (f->chunked || !bytes_is_nocase(value, "chunked"))
        return err_set(err, "protocol", "the answer's Transfer-Encoding is not just \"chunked\"");
    f->chunked = true;
    return 0;
}

static int read_content_coding(const struct framing *f, struct bytes value, struct err *err)
{
    if (f->bodyless || !value.len || bytes_is_nocase(value, "identity"))
        return 0;
    return err_set(err, "protocol", "the answer's body is encoded (%.*s), which was not asked for",
                   value.len > 40 ? 40 : (int)value.len, value.at);
}

static int read_header(struct framing *f, struct bytes name, struct bytes value, struct err *err)
{
    if (name.len && (name.at[0] == ' ' || name.at[0] == '\t'))
        return err_set(err, "protocol", "the answer has a folded header line");
    if (bytes_is_nocase(name, "Content-Length"))
        return read_length(f, value, err);
    if (bytes_is_nocase(name, "Transfer-Encoding"))
        return read_transfer_coding(f, value, err);
    if (bytes_is_nocase(name, "Content-Encoding"))
        return read_content_coding(f, value, err);
    return 0;
}

int head_framing(struct bytes block, bool asked_head, struct framing *out, struct err *err)
{
    struct bytes name, value, rest = block;
    int status = read_status(next_line(&rest));
    *out = (struct framing){.status = status, .length = -1};
    if (status < 100 || status == 101)
        return err_set(err, "protocol", "the answer does not begin with an HTTP/1 status line");
    out->interim = status < 200;
    out->bodyless = asked_head || status == 204 || status == 304;
    while (head_next(&rest, &name, &value))
        if (read_header(out, name, value, err))
            return -1;
    if (out->chunked && out->length >= 0)
        return err_set(err, "protocol", "the answer has Content-Length together with chunked");
    return 0;
}

bool framing_known(const struct framing *f)
{
    return f->bodyless || f->chunked || f->length >= 0;
}

bool framing_whole(const struct framing *f, size_t len)
{
    if (f->bodyless)
        return len == 0;
    return f->chunked || (f->length >= 0 && (uint64_t)f->length == len);
}
