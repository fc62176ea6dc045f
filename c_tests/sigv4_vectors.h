/* SigV4 vectors: one request of a published suite, what went in and what comes out of each step.
 * The reader fills a vector and owns its buffers until vector_free().
 * It never decides what passes: it compares, prints what differs by name, and leaves the count to
 * the test. */
#ifndef TIDEGATE_TESTS_SIGV4_VECTORS_H
#define TIDEGATE_TESTS_SIGV4_VECTORS_H

#include "aws/sigv4.h"
#include "base/json.h"

struct vector {
    char name[96];
    char access_key_id[64], secret[64], token[1024], region[32], service[32];
    struct walltime at;
    char method[16];
    struct buf path, query, body;
    struct pairs headers;                 /* all that are sent before signing, the date included */
    bool normalize, sign_body, omit_token;
    struct buf object_key;                /* S3: what the path is the encoding of; may be empty */
    struct buf canonical, to_sign, signature, authorization;    /* the last may be empty */
};

void vector_init(struct vector *v, const char *name);
void vector_free(struct vector *v);

/* "2015-08-30T12:36:00Z" or "20150830T123600Z" */
struct walltime vector_time(const char *text);
/* Reads a request as the suites write it: LF lines, raw bytes in the target, folded headers. */
bool vector_read_request(struct vector *v, struct bytes text);
/* Reads DIR of the suite of aws-c-auth: ten files a case. */
bool vector_read_case(struct vector *v, const char *dir);
/* Reads PREFIX.req, .creq, .sts and .authz of botocore's suite. */
bool vector_read_botocore(struct vector *v, const char *prefix);
/* Reads the members of one entry of "cases"; the opening brace is the next event. */
void vector_read_json(struct vector *v, struct json *j);

/* Runs each step on what the suite says came out of the step before; prints and returns false when
 * one differs. */
bool vector_steps_agree(const struct vector *v);
/* Whether sigv4_sign() can be asked for exactly this, and whether its answer is the suite's. */
bool vector_fits_sign(const struct vector *v);
bool vector_sign_agrees(const struct vector *v);

#endif
