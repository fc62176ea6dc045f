#include "net/proxy.h"

#include <arpa/inet.h>
#include <string.h>

/* The host of "scheme://host:port/…", without brackets. */
static struct bytes host_of(struct bytes url)
{
    struct bytes rest = url;
    size_t len = 0;
    while (rest.len && !bytes_starts(rest, "://"))
        rest = bytes_from(rest, 1);
    rest = bytes_from(rest, 3);
    if (bytes_starts(rest, "["))
        return bytes_cut(bytes_from(rest, 1), ']', &rest);
    while (len < rest.len && !strchr(":/?#", rest.at[len]))
        len++;
    return (struct bytes){rest.at, len};
}

static bool forbidden_v4(const unsigned char *address)
{
    return address[0] == 127 || (address[0] == 169 && address[1] == 254);
}

static bool forbidden_v6(const struct in6_addr *a)
{
    static const unsigned char metadata[4] = {0xfd, 0x00, 0x0e, 0xc2};
    if (IN6_IS_ADDR_V4MAPPED(a))
        return forbidden_v4(a->s6_addr + 12);
    return IN6_IS_ADDR_LOOPBACK(a) || memcmp(a->s6_addr, metadata, sizeof metadata) == 0;
}

bool proxy_forbidden(struct bytes url)
{
    struct bytes host = host_of(url);
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (bytes_is_nocase(host, "localhost"))
        return true;
    if (!host.len || host.len >= sizeof text)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = 0;
    /* inet_aton() reads the short forms too (127.1), as libcurl does. */
    if (inet_aton(text, &v4))
        return forbidden_v4((const unsigned char *)&v4.s_addr);
    return inet_pton(AF_INET6, text, &v6) == 1 && forbidden_v6(&v6);
}
