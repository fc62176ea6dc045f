#include "host/place.h"

#include "aws/aws.h"
#include "delivery/bucket_queue.h"
#include "host/host.h"
#include "local/file_bucket.h"

#include <string.h>

static int refuse(struct err *err, struct bytes url, const char *why)
{
    return err_set(err, "BadPlace", "\"%.*s\" %s", (int)(url.len > 200 ? 200 : url.len), url.at,
                   why);
}

/* What stands behind the scheme; a query names a parameter, and none is known. -1 with err. */
static int behind(struct bytes url, const char *scheme, struct bytes *rest, struct err *err)
{
    const char *mark = memchr(url.at, '?', url.len);
    *rest = bytes_from(url, strlen(scheme));
    if (rest->len == 0)
        return refuse(err, url, "names nothing behind its scheme");
    if (mark) {
        struct bytes value, name = bytes_from(url, (size_t)(mark - url.at) + 1);
        name = bytes_cut(name, '=', &value);
        return err_set(err, "BadPlace", "\"%.*s\" has an unknown parameter \"%.*s\"",
                       (int)(url.len > 200 ? 200 : url.len), url.at,
                       (int)(name.len > 60 ? 60 : name.len), name.at);
    }
    return 0;
}

static struct bucket *open_s3(struct host *h, struct bytes rest, struct err *err)
{
    struct aws *aws = host_aws(h, err);
    struct bytes prefix, name = bytes_cut(rest, '/', &prefix);
    while (prefix.len && prefix.at[prefix.len - 1] == '/')
        prefix.len--;
    return aws ? aws_bucket(aws, name, prefix, err) : NULL;
}

static bool is_bucket(struct bytes url)
{
    return bytes_starts(url, "s3://") || bytes_starts(url, "file:");
}

struct bucket *place_bucket(struct host *h, struct bytes url, bool create, struct err *err)
{
    struct bytes rest;
    if (bytes_starts(url, "s3://"))
        return behind(url, "s3://", &rest, err) ? NULL : open_s3(h, rest, err);
    if (bytes_starts(url, "file:"))
        return behind(url, "file:", &rest, err) ? NULL : file_bucket_open(rest, create, err);
    refuse(err, url, "is no bucket: write s3://BUCKET[/PREFIX] or file:DIR");
    return NULL;
}

static struct queue *open_sqs(struct host *h, struct bytes url, struct err *err)
{
    struct bytes rest = url;
    struct aws *aws;
    if (bytes_starts(url, "sqs://") && behind(url, "sqs://", &rest, err))
        return NULL;
    aws = host_aws(h, err);
    return aws ? aws_queue(aws, rest, err) : NULL;
}

int place_queue(struct host *h, struct bytes url, struct place_queue *out, struct err *err)
{
    struct bucket *bucket;
    *out = (struct place_queue){0};
    if (bytes_starts(url, "sqs://") || bytes_starts(url, "https://") ||
        bytes_starts(url, "http://")) {
        out->queue = open_sqs(h, url, err);
        return out->queue ? 0 : -1;
    }
    if (!is_bucket(url))
        return refuse(
            err, url,
            "is no place: write sqs://NAME, a queue URL, s3://BUCKET[/PREFIX] or file:DIR");
    bucket = place_bucket(h, url, false, err);
    if (!bucket)
        return -1;
    out->queue = bucket_queue_new(bucket);
    out->parked = bucket_queue_parked(bucket);
    return 0;
}

void place_queue_free(struct place_queue *q)
{
    queue_free(q->parked);
    queue_free(q->queue);
    *q = (struct place_queue){0};
}
