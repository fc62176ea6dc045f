/* Endpoint: where a call to a service goes.
 * Pure; results are plain values of the caller.
 * It never puts a user name, a password or a query of a configured URL into an error.
 * Rules: SDKs and Tools Reference Guide, "Service-specific endpoints"; S3 User Guide, "Virtual
 * hosting of buckets". */
#ifndef TIDEGATE_AWS_ENDPOINT_H
#define TIDEGATE_AWS_ENDPOINT_H

#include "base/err.h"

enum {
    ENDPOINT_URL_MAX = 512,               /* bytes of a configured URL */
    ENDPOINT_PATH_MAX = 200,              /* bytes of its path */
    ENDPOINT_BUCKET_MAX = 255             /* bytes of a bucket's name */
};

struct endpoint {
    char scheme[8];                       /* "https", or "http" on a configured endpoint only */
    char host[300];                       /* for Host: and the URL; with a port that is not usual */
    char path[ENDPOINT_PATH_MAX + ENDPOINT_BUCKET_MAX + 2];      /* prefix without a final '/', ""
                                           * mostly; holds the bucket in path style */
    bool configured;                      /* by --endpoint-url or the environment, not by region */
};

/* `service` is "s3", "sqs" or "dynamodb"; `override` is the configured URL, or NULL or "" for none.
 * -1 with err "BadEndpoint" or "BadRegion". */
int endpoint_resolve(const char *service, const char *region, const char *override,
                     struct endpoint *out, struct err *err) MUSTCHECK;
/* The endpoint of one bucket: host style where the name and the endpoint allow it, else path style.
 * On a configured endpoint path style is used: stand-ins and S3 clones rarely have wildcard DNS. -1
 * with err "BadBucket". `out` may be `s3` itself. */
int endpoint_for_bucket(const struct endpoint *s3, const char *bucket, struct endpoint *out,
                        struct err *err) MUSTCHECK;

#endif
