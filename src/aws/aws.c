#include "aws/aws.h"

#include "aws/credentials.h"
#include "aws/dynamodb.h"
#include "aws/s3.h"
#include "aws/sqs.h"

#include <stdlib.h>
#include <string.h>

struct aws {
    struct loop *loop;
    struct credentials credentials;
    char *region;
    struct random random;
    struct client s3, sqs, dynamodb;
};

/* Blank counts as unset, as in the SDKs. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static const char *first(const char *a, const char *b, const char *c)
{
    if (a)
        return a;
    return b ? b : c;
}

static int load_credentials(struct aws *a, const struct aws_settings *s, struct err *err)
{
    struct credentials_env env = {
        .access_key_id = environment("AWS_ACCESS_KEY_ID"),
        .secret_access_key = environment("AWS_SECRET_ACCESS_KEY"),
        .session_token = environment("AWS_SESSION_TOKEN"),
        .profile = first(s->profile, environment("AWS_PROFILE"), NULL),
        .config_file = environment("AWS_CONFIG_FILE"),
        .credentials_file = environment("AWS_SHARED_CREDENTIALS_FILE"),
        .home = environment("HOME"),
        .profile_named_by_flag = s->profile_named_by_flag,
    };
    return credentials_load(&env, &a->credentials, err);
}

static const char *choose_region(const struct aws *a, const struct aws_settings *s)
{
    const char *said = first(s->region, environment("AWS_REGION"),
                             environment("AWS_DEFAULT_REGION"));
    return first(said, a->credentials.region, "us-east-1");
}

static const char *choose_endpoint(const struct aws_settings *s, const char *variable)
{
    const char *ignore = environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (s->endpoint_url)
        return s->endpoint_url;
    if (ignore && bytes_is_nocase(bytes_of(ignore), "true"))
        return NULL;
    return first(environment(variable), environment("AWS_ENDPOINT_URL"), NULL);
}

static int client_init(struct aws *a, struct client *c, const char *service, const char *endpoint,
                       struct err *err)
{
    *c = (struct client){
        .loop = a->loop,
        .service = service,
        .region = a->region,
        .secret = credentials_secret(&a->credentials),
        .random = &a->random,
        .budget = retry_budget_new(service),
    };
    return endpoint_resolve(service, a->region, endpoint, &c->endpoint, err);
}

static int open_all(struct aws *a, const struct aws_settings *s, struct err *err)
{
    if (load_credentials(a, s, err))
        return -1;
    a->region = mem_text(choose_region(a, s));
    if (client_init(a, &a->s3, "s3", choose_endpoint(s, "AWS_ENDPOINT_URL_S3"), err))
        return -1;
    if (client_init(a, &a->sqs, "sqs", choose_endpoint(s, "AWS_ENDPOINT_URL_SQS"), err))
        return -1;
    return client_init(a, &a->dynamodb, "dynamodb", choose_endpoint(s, "AWS_ENDPOINT_URL_DYNAMODB"),
                       err);
}

struct aws *aws_new(struct loop *loop, const struct aws_settings *settings, struct err *err)
{
    struct aws *a = mem_new(sizeof *a);
    a->loop = loop;
    a->random = random_fresh();
    if (open_all(a, settings, err) == 0)
        return a;
    aws_free(a);
    return NULL;
}

void aws_free(struct aws *a)
{
    if (!a)
        return;
    sigv4_cache_wipe(&a->s3.cache);
    sigv4_cache_wipe(&a->sqs.cache);
    sigv4_cache_wipe(&a->dynamodb.cache);
    credentials_free(&a->credentials);
    mem_free(a->region);
    mem_free(a);
}

const char *aws_region(const struct aws *a)
{
    return a->region;
}

struct bucket *aws_bucket(struct aws *a, struct bytes name, struct bytes prefix, struct err *err)
{
    return s3_bucket(&a->s3, name, prefix, err);
}

struct queue *aws_queue(struct aws *a, struct bytes name_or_url, struct err *err)
{
    return sqs_queue(&a->sqs, name_or_url, err);
}

struct table *aws_table(struct aws *a, struct bytes name, struct bytes key_name, struct err *err)
{
    return dynamodb_table(&a->dynamodb, name, key_name, err);
}
