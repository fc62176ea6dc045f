/* Answer: what a service says when it refuses a call, read off one HTTP answer.
 * Pure; borrows the answer and fills the caller's error, `retryable` included.
 * It takes the service's own name for the trouble where there is one, else the status speaks; pages
 * of proxies are not read. It never copies what a service quotes of our signature. */
#ifndef TIDEGATE_AWS_ANSWER_H
#define TIDEGATE_AWS_ANSWER_H

#include "base/err.h"

struct answer {
    int status;
    bool to_head;                    /* the answer to HEAD: it has no body, whatever went wrong */
    struct bytes body;
    struct bytes request_id;         /* x-amz-request-id or x-amzn-requestid */
    struct bytes query_error;        /* x-amzn-query-error: "Code;Fault" */
    struct bytes bucket_region;      /* x-amz-bucket-region */
};

/* S3: <Error><Code>…<Message>…<RequestId>…. */
void answer_read_xml(const struct answer *a, struct err *err);
/* SQS and DynamoDB, JSON 1.0: __type and message, else the header x-amzn-query-error. */
void answer_read_json(const struct answer *a, struct err *err);
/* S3 may say <Error> under status 200: that is a failure of the server, like 500. */
bool answer_is_xml_error(struct bytes body);
/* The one name that this program uses for a code: without "com.amazonaws.sqs#" before it or
 * ":http://…" behind it, and the old names of SQS turned into the present ones. */
void answer_set_code(struct err *err, struct bytes code);

#endif
