#include "aws/answer.h"

#include "aws/retry.h"
#include "aws/xml.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void copy(char *out, size_t size, struct bytes text)
{
    snprintf(out, size, "%.*s", text.len < size ? (int)text.len : (int)size - 1, text.at);
}

/* Only the first line: behind it, a refused signature comes with the whole canonical request, and
 * the session token stands in that. */
static void set_message(struct err *err, struct bytes text)
{
    struct bytes rest;
    copy(err->message, sizeof err->message, bytes_cut(text, '\n', &rest));
}

/* ---- codes ---- */

void answer_set_code(struct err *err, struct bytes code)
{
    static const char sqs[] = "AWS.SimpleQueueService.";
    static const char *const aliases[][2] = {
        {"NonExistentQueue", "QueueDoesNotExist"},
        {"KMS.AccessDeniedException", "KmsAccessDenied"},
        {"KMS.DisabledException", "KmsDisabled"},
        {"KMS.InvalidStateException", "KmsInvalidState"},
        {"KMS.NotFoundException", "KmsNotFound"},
        {"KMS.OptInRequired", "KmsOptInRequired"},
        {"KMS.ThrottlingException", "KmsThrottled"},
    };
    struct bytes rest, name = bytes_cut(code, '#', &rest);
    if (name.len < code.len)
        name = rest;
    name = bytes_cut(name, ':', &rest);
    if (bytes_starts(name, sqs))
        name = bytes_from(name, sizeof sqs - 1);
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (bytes_is(name, aliases[i][0]))
            name = bytes_of(aliases[i][1]);
    copy(err->code, sizeof err->code, name);
}

static void code_of_status(int status, struct err *err)
{
    static const struct {
        int status;
        const char *code;
    } names[] = {
        {301, "PermanentRedirect"}, {307, "TemporaryRedirect"},  {400, "BadRequest"},
        {401, "Unauthorized"},      {403, "AccessDenied"},       {404, "NotFound"},
        {405, "MethodNotAllowed"},  {408, "RequestTimeout"},     {409, "Conflict"},
        {411, "LengthRequired"},    {412, "PreconditionFailed"}, {413, "EntityTooLarge"},
        {429, "TooManyRequests"},   {500, "InternalError"},      {501, "NotImplemented"},
        {502, "BadGateway"},        {503, "ServiceUnavailable"}, {504, "GatewayTimeout"},
    };
    snprintf(err->code, sizeof err->code, "Http%d", status);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            snprintf(err->code, sizeof err->code, "%s", names[i].code);
}

/* What both dialects end with: the parts that do not stand in the body. */
static void complete(const struct answer *a, struct err *err)
{
    err->status = a->status;
    if (!err->code[0])
        code_of_status(a->status, err);
    if (a->request_id.len)
        copy(err->request_id, sizeof err->request_id, a->request_id);
    err->retryable = retry_classify(err) != RETRY_NEVER;
}

/* ---- S3 ---- */

static void error_root(struct xml *x, const char *name)
{
    if (x->depth == 1 && strcmp(name, "Error") != 0)
        xml_refuse(x, "the root is not Error");
}

static void error_part(struct xml *x, const char *name, struct bytes text)
{
    struct err *err = x->owner;
    if (x->depth != 2)
        return;
    if (strcmp(name, "Code") == 0)
        copy(err->code, sizeof err->code, text);
    else if (strcmp(name, "Message") == 0)
        set_message(err, text);
    else if (strcmp(name, "RequestId") == 0)
        copy(err->request_id, sizeof err->request_id, text);
}

static int read_xml(struct bytes body, struct err *err)
{
    struct xml x = {.open = error_root, .close = error_part, .owner = err};
    err_clear(err);
    if (!body.len || xml_walk(&x, body) == 0)
        return body.len ? 0 : -1;
    err_clear(err);
    return -1;
}

bool answer_is_xml_error(struct bytes body)
{
    struct err unused;
    return read_xml(body, &unused) == 0;
}

/* S3 answers HEAD without a body, and so do small servers to the rest: then 404 means the object.
 * A page of some proxy under 404 does not. */
static void bare_code(const struct answer *a, struct err *err)
{
    if (a->status == 404 && (a->to_head || !a->body.len))
        snprintf(err->code, sizeof err->code, "NoSuchKey");
}

static bool wrong_region(const struct err *err)
{
    return err->status == 301 || err->status == 307 ||
           err_is(err, "AuthorizationHeaderMalformed");
}

void answer_read_xml(const struct answer *a, struct err *err)
{
    if (read_xml(a->body, err))
        bare_code(a, err);
    complete(a, err);
    if (a->bucket_region.len && wrong_region(err))
        snprintf(err->message, sizeof err->message, "the bucket is in region %.*s",
                 a->bucket_region.len > 40 ? 40 : (int)a->bucket_region.len,
                 a->bucket_region.at);
}

/* ---- JSON 1.0 ---- */

static void read_message(struct json *j, struct err *err)
{
    enum json_event event = json_next(j);
    if (event == JSON_STRING)
        set_message(err, j->text);
    else if (event != JSON_NULL)
        json_refuse(j, "a string was expected");
}

static void read_member(struct json *j, struct err *err)
{
    if (json_named(j, "__type"))
        answer_set_code(err, json_text(j));
    else if (json_named(j, "message") || json_named(j, "Message"))
        read_message(j, err);
}

static int read_json(struct bytes body, struct err *err)
{
    struct json j;
    struct buf scratch;
    bool whole;
    buf_init(&scratch, body.len);
    json_init(&j, body, &scratch);
    j.depth_max = JSON_DEPTH_ROOM;       /* DynamoDB may send an item along */
    json_object(&j);
    while (json_member(&j))
        read_member(&j, err);
    whole = json_end(&j);
    buf_free(&scratch);
    return whole ? 0 : -1;
}

void answer_read_json(const struct answer *a, struct err *err)
{
    struct bytes fault;
    err_clear(err);
    if (read_json(a->body, err))
        err_clear(err);
    if (!err->code[0])
        answer_set_code(err, bytes_cut(a->query_error, ';', &fault));
    complete(a, err);
}
