#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA256_BLOCK = 64, MD5_BYTES = 16 };

struct engine {
    const char *name;
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static struct engine sha256 = {.name = "SHA256"};
static struct engine md5 = {.name = "MD5"};

/* Only missing memory or a libcrypto without the algorithm can fail here; neither can be mended. */
static void must(bool ok, const struct engine *e)
{
    if (ok)
        return;
    fprintf(stderr, "tidegate: libcrypto cannot compute %s\n", e->name);
    abort();
}

/* Looking an algorithm up and building a context costs more than hashing a small input: both are
 * done once and kept until the process ends. */
static EVP_MD_CTX *begin(struct engine *e)
{
    if (!e->ctx) {
        e->md = EVP_MD_fetch(NULL, e->name, NULL);
        e->ctx = EVP_MD_CTX_new();
    }
    must(e->md && e->ctx && EVP_DigestInit_ex2(e->ctx, e->md, NULL) == 1, e);
    return e->ctx;
}

static void run(struct engine *e, const struct bytes *parts, size_t count, unsigned char *out)
{
    EVP_MD_CTX *ctx = begin(e);
    for (size_t i = 0; i < count; i++)
        must(EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1, e);
    must(EVP_DigestFinal_ex(ctx, out, NULL) == 1, e);
}

void digest_sha256(struct bytes data, unsigned char out[SHA256_BYTES])
{
    run(&sha256, &data, 1, out);
}

void digest_sha256_parts(const struct bytes *parts, size_t count, unsigned char out[SHA256_BYTES])
{
    run(&sha256, parts, count, out);
}

void digest_sha256_hex(struct bytes data, char out[SHA256_HEX])
{
    unsigned char raw[SHA256_BYTES];
    digest_sha256(data, raw);
    digest_hex(raw, sizeof raw, out);
}

void digest_md5_hex(struct bytes data, char out[MD5_HEX])
{
    unsigned char raw[MD5_BYTES];
    run(&md5, &data, 1, raw);
    digest_hex(raw, sizeof raw, out);
}

static void hash_padded(const unsigned char key[SHA256_BLOCK], unsigned char pad, struct bytes data,
                        unsigned char out[SHA256_BYTES])
{
    unsigned char block[SHA256_BLOCK];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ pad;
    digest_sha256_parts((struct bytes[]){{(const char *)block, sizeof block}, data}, 2, out);
    digest_wipe(block, sizeof block);
}

/* RFC 2104 over the kept context: half the time of an EVP_MAC context, which must be given its key
 * anew for each message, and a fifth of the one-shot HMAC(). */
void digest_hmac_sha256(struct bytes key, struct bytes data, unsigned char out[SHA256_BYTES])
{
    unsigned char block[SHA256_BLOCK] = {0}, inner[SHA256_BYTES];
    if (key.len > sizeof block)
        digest_sha256(key, block);
    else if (key.len)
        memcpy(block, key.at, key.len);
    hash_padded(block, 0x36, data, inner);
    hash_padded(block, 0x5c, (struct bytes){(const char *)inner, sizeof inner}, out);
    digest_wipe(block, sizeof block);
    digest_wipe(inner, sizeof inner);
    begin(&sha256);                     /* the result may be a key: let none stay in the context */
}

void digest_hex(const unsigned char *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = 0;
}

void digest_wipe(void *secret, size_t len)
{
    if (secret)
        OPENSSL_cleanse(secret, len);
}
