#include "host/place.h"

#include "aws/aws.h"
#include "delivery/bucket_queue.h"
#include "host/host.h"
#include "host/place_url.h"
#include "host/restart.h"
#include "local/file_bucket.h"
#include "local/sqlite_queue.h"
#include "local/sqlite_table.h"

static const char sqs[] = "sqs", sqlite[] = "sqlite", bucket_kind[] = "bucket";

/* ---- buckets ---- */

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
    bool s3 = bytes_starts(url, "s3://");
    struct place_url place;
    if (!is_bucket(url)) {
        place_url_refuse(err, url, "is no bucket: write s3://BUCKET[/PREFIX] or file:DIR");
        return NULL;
    }
    if (place_url_read(url, s3 ? "s3://" : "file:", false, &place, err))
        return NULL;
    return s3 ? open_s3(h, place.rest, err) : file_bucket_open(place.rest, create, err);
}

/* ---- tables ---- */

static struct table *open_dynamodb(struct host *h, const struct place_url *place, struct err *err)
{
    struct aws *aws = host_aws(h, err);
    return aws ? aws_table(aws, place->rest, place->key, err) : NULL;
}

struct table *place_table(struct host *h, struct bytes url, struct err *err)
{
    bool dynamodb = bytes_starts(url, "dynamodb://");
    struct place_url place;
    if (!dynamodb && !bytes_starts(url, "sqlite:")) {
        place_url_refuse(err, url,
                         "is no table: write dynamodb://TABLE[?key=NAME] or sqlite:FILE[#NAME]");
        return NULL;
    }
    if (place_url_read(url, dynamodb ? "dynamodb://" : "sqlite:", true, &place, err))
        return NULL;
    return dynamodb ? open_dynamodb(h, &place, err)
                    : sqlite_table_open(place.rest, place.key, true, err);
}

/* ---- queues ---- */

static struct walltime wall(void *self)
{
    struct host *h = self;
    return loop_wall(h->loop);
}

static int open_sqs(struct host *h, struct bytes url, struct place_queue *out, struct err *err)
{
    struct place_url place = {.rest = url};
    struct aws *aws;
    if (bytes_starts(url, "sqs://") && place_url_read(url, "sqs://", false, &place, err))
        return -1;
    aws = host_aws(h, err);
    out->kind = sqs;
    out->queue = aws ? aws_queue(aws, place.rest, err) : NULL;
    return out->queue ? 0 : -1;
}

static int open_sqlite(struct host *h, struct bytes url, bool create, struct place_queue *out,
                       struct err *err)
{
    struct sqlite_clock clock = {wall, h};
    struct place_url place;
    if (place_url_read(url, "sqlite:", false, &place, err))
        return -1;
    out->kind = sqlite;
    out->queue = sqlite_queue_open(place.rest, create, clock, err);
    if (!out->queue)
        return -1;
    out->parked = sqlite_queue_parked(place.rest, clock, err);
    if (!out->parked)
        place_queue_free(out);
    return out->parked ? 0 : -1;
}

/* What the life before this one died of counts on. */
static void recall(struct queue *q)
{
    size_t at = 0;
    struct bytes key;
    int receives;
    while (restart_note(&at, &key, &receives))
        bucket_queue_recall(q, key, receives);
}

static int open_bucket(struct host *h, struct bytes url, bool create, struct place_queue *out,
                       struct err *err)
{
    struct bucket *bucket = place_bucket(h, url, create, err);
    if (!bucket)
        return -1;
    out->kind = bucket_kind;
    out->queue = bucket_queue_new(bucket);
    out->parked = bucket_queue_parked(bucket);
    recall(out->queue);
    return 0;
}

int place_queue(struct host *h, struct bytes url, bool create, struct place_queue *out,
                struct err *err)
{
    *out = (struct place_queue){0};
    if (bytes_starts(url, "sqs://") || bytes_starts(url, "https://") ||
        bytes_starts(url, "http://"))
        return open_sqs(h, url, out, err);
    if (bytes_starts(url, "sqlite:"))
        return open_sqlite(h, url, create, out, err);
    if (is_bucket(url))
        return open_bucket(h, url, create, out, err);
    return place_url_refuse(err, url, "is no place: write sqs://NAME, a queue URL, "
                                      "s3://BUCKET[/PREFIX], file:DIR or sqlite:FILE[#NAME]");
}

int place_queue_shard(struct host *h, struct bytes url, bool create, struct shard shard,
                      struct place_queue *out, struct err *err)
{
    *out = (struct place_queue){0};
    if (!is_bucket(url))
        return place_url_refuse(err, url, "has no shards: a bucket or a directory has, and a queue "
                                          "itself shares its messages out");
    if (open_bucket(h, url, create, out, err))
        return -1;
    bucket_queue_shard(out->queue, shard);
    return 0;
}

/* ---- parking places ---- */

static int parked_bucket(struct host *h, struct bytes url, struct place_queue *out,
                         struct err *err)
{
    out->bucket = place_bucket(h, url, false, err);
    if (!out->bucket)
        return -1;
    out->kind = bucket_kind;
    out->queue = bucket_queue_parked(out->bucket);
    return 0;
}

static int parked_sqlite(struct host *h, struct bytes url, struct place_queue *out,
                         struct err *err)
{
    out->kind = sqlite;
    out->queue = sqlite_queue_parked(bytes_from(url, sizeof "sqlite:" - 1),
                                     (struct sqlite_clock){wall, h}, err);
    return out->queue ? 0 : -1;
}

int place_parked(struct host *h, const struct place_queue *q, const char *dead_letter,
                 struct place_queue *out, struct err *err)
{
    struct bytes url = bytes_of(q->queue->url);
    *out = (struct place_queue){0};
    if (dead_letter)
        return place_queue(h, bytes_of(dead_letter), false, out, err);
    if (!q->parked)
        return err_set(err, "NoParkingPlace", "%.200s has no dead-letter queue for parked messages",
                       q->queue->url);
    return q->kind == sqlite ? parked_sqlite(h, url, out, err) : parked_bucket(h, url, out, err);
}

void place_queue_free(struct place_queue *q)
{
    queue_free(q->parked);
    queue_free(q->queue);
    bucket_free(q->bucket);
    *q = (struct place_queue){0};
}
