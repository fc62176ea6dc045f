/* AWS: what all calls of this process share: credentials, region, endpoints, retry budgets, loop.
 * Owns all of these but the loop; places opened from it borrow it and must be freed before it.
 * It knows no service beyond its name and no Lua. */
#ifndef TIDEGATE_AWS_AWS_H
#define TIDEGATE_AWS_AWS_H

#include "base/bucket.h"
#include "base/queue.h"
#include "base/table.h"
#include "net/loop.h"

struct aws;

struct aws_settings {                     /* borrowed for the call only; NULL: nothing was said */
    const char *region;                   /* --region, else AWS_REGION, else AWS_DEFAULT_REGION,
                                           * else the profile's, else us-east-1 */
    const char *profile;                  /* --profile, else AWS_PROFILE */
    bool profile_named_by_flag;
    const char *endpoint_url;             /* --endpoint-url: for every service; else
                                           * AWS_ENDPOINT_URL_S3/_SQS/_DYNAMODB, else
                                           * AWS_ENDPOINT_URL, which
                                           * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true turns off */
};

/* Reads settings, environment and profile files; touches no network. NULL with err: exit 77 or 78
 * by its code. */
struct aws *aws_new(struct loop *loop, const struct aws_settings *settings, struct err *err);
void aws_free(struct aws *a);             /* wipes the credentials; NULL is fine */
const char *aws_region(const struct aws *a);

/* s3://NAME[/PREFIX]; `prefix` may be empty. Opening touches no network. NULL with err: "BadBucket"
 * when the name cannot be a bucket's, "InvalidKey" when keys cannot begin with the prefix. */
struct bucket *aws_bucket(struct aws *a, struct bytes name, struct bytes prefix, struct err *err);
/* NAME, sqs://NAME or a queue URL; a name is looked up by the first operation and remembered. NULL
 * with err "BadPlace". */
struct queue *aws_queue(struct aws *a, struct bytes name_or_url, struct err *err);
/* dynamodb://NAME?key=KEY_NAME; the key is a string, and the only one. NULL with err "BadPlace". */
struct table *aws_table(struct aws *a, struct bytes name, struct bytes key_name, struct err *err);

#endif
