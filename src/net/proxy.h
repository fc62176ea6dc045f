/* Proxy: which addresses are never reached through one.
 * Pure: it reads the URL it is handed. Which proxy serves the others, libcurl reads from the
 * environment.
 * It never resolves a name. */
#ifndef TIDEGATE_NET_PROXY_H
#define TIDEGATE_NET_PROXY_H

#include "base/bytes.h"

/* Loopback, and the link-local addresses that serve credentials: a proxy could read those. */
bool proxy_forbidden(struct bytes url);

#endif
