#include "aws/dynamodb_answer.h"

#include "base/crc32.h"

#include <stdio.h>
#include <string.h>

static int unusable(const struct json *j, struct err *err)
{
    err_set(err, "bad_answer", "the answer of DynamoDB cannot be used: %s", j->problem);
    err->retryable = true;
    return -1;
}

int dynamodb_check_sum(struct bytes body, struct bytes header, struct err *err)
{
    int64_t sent;
    uint32_t came = crc32_of(body);
    if (!header.len || (bytes_to_int64(header, &sent) && sent == came))
        return 0;
    err_set(err, "bad_answer", "the answer of DynamoDB changed on the way (CRC-32 %lu, sent as "
            "%.*s)", (unsigned long)came, header.len > 20 ? 20 : (int)header.len, header.at);
    err->retryable = true;
    return -1;
}

static void begin(struct json *j, struct bytes body)
{
    json_init(j, body, NULL);
    j->depth_max = ITEM_JSON_DEPTH;
    json_object(j);
}

/* The last Item wins, were there two. */
int dynamodb_read_item(struct bytes body, const char *key_name, bool *found, struct pairs *item,
                       struct err *err)
{
    struct json j;
    *found = false;
    pairs_free(item);
    begin(&j, body);
    while (json_member(&j))
        if (json_named(&j, "Item")) {
            *found = true;
            pairs_free(item);
            item_read(&j, item);
            if (!item_value(item, bytes_of(key_name)).len)
                json_refuse(&j, "the item has no \"%.40s\", which is the key", key_name);
        }
    if (json_end(&j))
        return 0;
    *found = false;
    pairs_free(item);
    return unusable(&j, err);
}

int dynamodb_read_done(struct bytes body, struct err *err)
{
    struct json j;
    begin(&j, body);
    while (json_member(&j))
        continue;
    return json_end(&j) ? 0 : unusable(&j, err);
}

void dynamodb_name_refusal(struct err *err)
{
    if (err_is(err, "ValidationException") && strstr(err->message, "Item size") &&
        strstr(err->message, "exceeded"))
        snprintf(err->code, sizeof err->code, "ItemTooLarge");
}
