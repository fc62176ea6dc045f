#include "aws/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Is every byte a letter, a digit or one of `more`? */
static bool made_of(struct bytes text, const char *more)
{
    for (size_t i = 0; i < text.len; i++)
        if (!letter_or_digit(text.at[i]) && (!text.at[i] || !strchr(more, text.at[i])))
            return false;
    return true;
}

/* ---- by region ---- */

static bool is_label(struct bytes text)
{
    return text.len >= 1 && text.len <= 63 && made_of(text, "-") && text.at[0] != '-' &&
           text.at[text.len - 1] != '-';
}

/* The domain of the partition that a region belongs to; what is not known is the public one. */
static const char *domain_of(struct bytes region)
{
    static const struct {
        const char *prefix, *domain;
    } partitions[] = {
        {"cn-", "amazonaws.com.cn"},      {"eusc-", "amazonaws.eu"},
        {"us-iso-", "c2s.ic.gov"},        {"us-isob-", "sc2s.sgov.gov"},
        {"eu-isoe-", "cloud.adc-e.uk"},   {"us-isof-", "csp.hci.ic.gov"},
    };
    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++)
        if (bytes_starts(region, partitions[i].prefix))
            return partitions[i].domain;
    return "amazonaws.com";
}

/* ---- configured ---- */

/* What of a URL may be shown: not behind a '?' or '#', and nothing at all once there is an '@'. */
static struct bytes showable(struct bytes url)
{
    struct bytes rest, shown = bytes_cut(bytes_cut(url, '?', &rest), '#', &rest);
    return url.len && memchr(url.at, '@', url.len) ? BYTES("(not shown)") : shown;
}

static int refuse(struct err *err, struct bytes url, const char *why)
{
    struct bytes shown = showable(url);
    int len = shown.len < 120 ? (int)shown.len : 120;
    return err_set(err, "BadEndpoint", "endpoint URL %.*s: %s", len, shown.at, why);
}

/* Takes "https://" or "http://" off the front and notes which; the rest, or empty bytes. */
static struct bytes take_scheme(struct bytes url, struct endpoint *out)
{
    static const char *const schemes[] = {"https", "http"};
    struct bytes rest, scheme = bytes_cut(url, ':', &rest);
    for (size_t i = 0; i < 2; i++)
        if (bytes_is_nocase(scheme, schemes[i]) && bytes_starts(rest, "//")) {
            snprintf(out->scheme, sizeof out->scheme, "%s", schemes[i]);
            return bytes_from(rest, 2);
        }
    return BYTES("");
}

static bool is_ipv6(struct bytes text)
{
    struct in6_addr address;
    char copy[INET6_ADDRSTRLEN];
    int len = snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.at);
    return len > 0 && (size_t)len == text.len && inet_pton(AF_INET6, copy, &address) == 1;
}

/* An IPv6 address in brackets, or what may be a host's name: underscores happen inside networks of
 * containers. */
static bool is_host(struct bytes host)
{
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        return is_ipv6((struct bytes){host.at + 1, host.len - 2});
    return host.len >= 1 && host.len <= 253 && made_of(host, "-._") && host.at[0] != '.' &&
           host.at[0] != '-';
}

/* Splits "host:port" or "[v6]:port"; a port is 0 when there is none and -1 when it is no port. */
static struct bytes split_port(struct bytes authority, int64_t *port)
{
    const char *bracket = authority.len ? memrchr(authority.at, ']', authority.len) : NULL;
    size_t from = bracket ? (size_t)(bracket - authority.at) : 0;
    struct bytes text, tail = bytes_cut(bytes_from(authority, from), ':', &text);
    *port = 0;
    if (from + tail.len < authority.len &&
        (!made_of(text, "") || !bytes_to_int64(text, port) || *port < 1 || *port > 65535))
        *port = -1;
    return (struct bytes){authority.at, from + tail.len};
}

static void write_host(struct endpoint *out, struct bytes host, int64_t port)
{
    int own = strcmp(out->scheme, "https") == 0 ? 443 : 80;
    snprintf(out->host, sizeof out->host, "%.*s", (int)host.len, host.at);
    for (char *c = out->host; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    if (port && port != own)
        snprintf(out->host + host.len, sizeof out->host - host.len, ":%d", (int)port);
}

/* Only what needs no encoding, so that the path on the wire is the path that is signed. */
static bool is_prefix(struct bytes path)
{
    while (path.len) {
        struct bytes segment = bytes_cut(path, '/', &path);
        if (!segment.len || !made_of(segment, "-._~") || bytes_is(segment, ".") ||
            bytes_is(segment, ".."))
            return false;
    }
    return true;
}

static int read_url(struct bytes url, struct endpoint *out, struct err *err)
{
    struct bytes path, host, rest = take_scheme(url, out), authority = bytes_cut(rest, '/', &path);
    int64_t port;
    if (url.len > ENDPOINT_URL_MAX)
        return refuse(err, url, "it is longer than 512 bytes");
    if (!rest.len)
        return refuse(err, url, "it must begin with https:// or http:// and name a host");
    if (memchr(rest.at, '@', rest.len))
        return refuse(err, url, "it must not hold a user name or password");
    if (memchr(rest.at, '?', rest.len) || memchr(rest.at, '#', rest.len))
        return refuse(err, url, "it must not hold a query or fragment");
    host = split_port(authority, &port);
    if (!is_host(host))
        return refuse(err, url, "that is no host name or address");
    if (port < 0)
        return refuse(err, url, "the port must be a number from 1 to 65535");
    while (path.len && path.at[path.len - 1] == '/')
        path.len--;
    if (path.len + 1 > ENDPOINT_PATH_MAX || !is_prefix(path))
        return refuse(err, url, "a path may hold letters, digits and - . _ ~ between single "
                      "slashes, at most 199 bytes");
    write_host(out, host, port);
    if (path.len)
        snprintf(out->path, sizeof out->path, "/%.*s", (int)path.len, path.at);
    return 0;
}

int endpoint_resolve(const char *service, const char *region, const char *override,
                     struct endpoint *out, struct err *err)
{
    struct bytes name = bytes_of(region), url = bytes_trim(bytes_of(override));
    *out = (struct endpoint){0};
    if (!is_label(name))
        return err_set(err, "BadRegion", "'%.80s' is no region: letters, digits and hyphens, as in "
                       "us-east-1", region ? region : "");
    out->configured = url.len > 0;
    if (out->configured)
        return read_url(url, out, err);
    snprintf(out->scheme, sizeof out->scheme, "https");
    snprintf(out->host, sizeof out->host, "%s.%s.%s", service, region, domain_of(name));
    return 0;
}

/* ---- buckets ---- */

/* What S3 ever allowed, the old buckets of us-east-1 included; nothing that a URL path would read
 * as more than a name. */
static bool is_bucket(struct bytes name)
{
    return name.len >= 3 && name.len <= ENDPOINT_BUCKET_MAX && made_of(name, "-._") &&
           name.at[0] != '.' && name.at[name.len - 1] != '.' && !memmem(name.at, name.len, "..", 2);
}

/* Names that can be a label in front of the host: a dot would fall outside the wildcard
 * certificate, and upper case would be folded. */
static bool fits_host(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] >= 'A' && name.at[i] <= 'Z')
            return false;
    return is_label(name);
}

int endpoint_for_bucket(const struct endpoint *s3, const char *bucket, struct endpoint *out,
                        struct err *err)
{
    struct endpoint base = *s3;
    struct bytes name = bytes_of(bucket);
    size_t room;
    int len;
    if (!is_bucket(name))
        return err_set(err, "BadBucket", "'%.80s' is no bucket name: 3 to 255 letters, digits, "
                       "hyphens, dots and underscores", bucket ? bucket : "");
    *out = base;
    if (!base.configured && fits_host(name)) {
        room = sizeof out->host;
        len = snprintf(out->host, room, "%s.%s", bucket, base.host);
    } else {
        room = sizeof out->path;
        len = snprintf(out->path, room, "%s/%s", base.path, bucket);
    }
    if (len < 0 || (size_t)len >= room)
        return err_set(err, "BadBucket", "the endpoint of bucket '%.80s' is too long", bucket);
    return 0;
}
