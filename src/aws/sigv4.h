/* SigV4: signs one HTTP request for AWS, step by step, from what is given.
 * Pure: no clock, no socket, no environment; the caller owns every argument and every result.
 * It never logs, and keeps no secret but the derived key in a cache that its owner wipes.
 * Rules: "Create a signed AWS API request" in the IAM User Guide; S3 differs in path encoding and
 * payload header. */
#ifndef TIDEGATE_AWS_SIGV4_H
#define TIDEGATE_AWS_SIGV4_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/pairs.h"

enum { SIGV4_CANONICAL_MAX = 64 * 1024 };   /* bytes of a canonical request: no server takes more */

struct sigv4_secret {                     /* borrowed; one consistent triple */
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;            /* NULL or "" when there is none */
};

struct sigv4_scope {
    const char *region;                   /* "us-east-1" */
    const char *service;                  /* "s3", "sqs", "dynamodb", "sts" */
    struct walltime at;                   /* the one clock read that both dates come from */
};

struct sigv4_request {
    const char *method;
    struct bytes path;                    /* as it goes on the wire, encoded, begins with '/' */
    struct bytes query;                   /* as it goes on the wire, without '?' */
    const struct pairs *headers;          /* what is sent, Host and X-Amz-Date among it */
    struct bytes payload_hash;            /* hex SHA-256 of the body, or "UNSIGNED-PAYLOAD" */
    bool normalize_path;                  /* false for S3 */
    bool encode_path_twice;               /* false for S3 */
};

/* The steps, each a function of the one before, so that a wrong vector names its step.
 * Headers may come in any order and case; those that proxies change or drop (Connection, Expect,
 * User-Agent, …) are left out. -1: a buffer was too small, or the query holds a broken escape. */
int sigv4_canonical_request(const struct sigv4_request *r, struct buf *out) MUSTCHECK;
int sigv4_string_to_sign(const struct sigv4_scope *scope, struct bytes canonical_request,
                         struct buf *out) MUSTCHECK;
void sigv4_signing_key(const char *secret_access_key, const struct sigv4_scope *scope,
                       unsigned char key[SHA256_BYTES]);
void sigv4_signature(const unsigned char key[SHA256_BYTES], struct bytes string_to_sign,
                     char out[SHA256_HEX]);
/* The value of the Authorization header; the signed headers' names are read off the canonical
 * request. */
int sigv4_authorization(const char *access_key_id, const struct sigv4_scope *scope,
                        struct bytes canonical_request, const char *signature,
                        struct buf *out) MUSTCHECK;

/* The derived key of the last (secret, day, region, service): deriving costs five times a
 * signature. Begins zeroed. */
struct sigv4_cache {
    unsigned char id[SHA256_BYTES];       /* hash of what the key was derived from */
    unsigned char key[SHA256_BYTES];
    bool filled;
};
void sigv4_cache_wipe(struct sigv4_cache *cache);

/* Does all of it for one attempt: adds X-Amz-Date, the token when there is one and, for S3,
 * X-Amz-Content-Sha256; signs `headers` as above and appends Authorization. The request's own
 * `headers` and `payload_hash` are ignored; `payload` is hashed. -1 with err: "BadRequest" for what
 * must not be signed (headers that it adds itself, no Host, a name or value that would break the
 * header block, X-Amz-Signature in the query, a request over the maximum), "NoCredentials" for an
 * empty key. After -1 do not send `headers`. */
int sigv4_sign(struct sigv4_cache *cache, const struct sigv4_secret *secret,
               const struct sigv4_scope *scope, const struct sigv4_request *r, struct bytes payload,
               struct pairs *headers, struct err *err) MUSTCHECK;

#endif
