#include "base/digest.h"
#include "base/mem.h"

#include "leak_check.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

struct vector {
    struct bytes input;
    const char *hex;
};

/* FIPS 180-2, appendix B; the empty input and a NUL inside, as Python's hashlib has them. */
static const struct vector sha256[] = {
    {TEXT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {TEXT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {TEXT("a\0b"), "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138"},
};

/* RFC 1321, appendix A.5 */
static const struct vector md5[] = {
    {TEXT(""), "d41d8cd98f00b204e9800998ecf8427e"},
    {TEXT("a"), "0cc175b9c0f1b6a831c399e269772661"},
    {TEXT("abc"), "900150983cd24fb0d6963f7d28e17f72"},
    {TEXT("message digest"), "f96b697d7cb7938d525a2f31aaf161d0"},
    {TEXT("abcdefghijklmnopqrstuvwxyz"), "c3fcd3d76192e4007dfb496cca67e13b"},
    {TEXT("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
     "57edf4a22be3c955ac49da2e2107b67a"},
};

static void sha256_of_known_inputs(void **state)
{
    char hex[SHA256_HEX];
    (void)state;
    for (size_t i = 0; i < sizeof sha256 / sizeof *sha256; i++) {
        digest_sha256_hex(sha256[i].input, hex);
        assert_string_equal(hex, sha256[i].hex);
    }
}

static void sha256_of_a_million_letters(void **state)
{
    char *million = mem_array(1000000, 1), hex[SHA256_HEX];
    (void)state;
    memset(million, 'a', 1000000);
    digest_sha256_hex((struct bytes){million, 1000000}, hex);
    mem_free(million);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void sha256_of_parts_is_that_of_the_whole(void **state)
{
    unsigned char whole[SHA256_BYTES], parts[SHA256_BYTES];
    struct bytes text = BYTES("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    (void)state;
    digest_sha256(text, whole);
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct bytes two[] = {{text.at, cut}, bytes_from(text, cut)};
        digest_sha256_parts(two, 2, parts);
        assert_memory_equal(parts, whole, sizeof whole);
    }
    digest_sha256(BYTES(""), whole);
    digest_sha256_parts(NULL, 0, parts);
    assert_memory_equal(parts, whole, sizeof whole);
}

static void md5_of_known_inputs(void **state)
{
    char hex[MD5_HEX];
    (void)state;
    for (size_t i = 0; i < sizeof md5 / sizeof *md5; i++) {
        digest_md5_hex(md5[i].input, hex);
        assert_string_equal(hex, md5[i].hex);
    }
}

/* RFC 4231 (its case 5 is a truncated output) and, as case 0, two empty inputs. Key and data are
 * one byte repeated where their text is NULL. */
static const struct {
    int rfc_case;
    int key_byte;
    size_t key_len;
    const char *key;
    int data_byte;
    size_t data_len;
    const char *data, *hex;
} hmacs[] = {
    {1, 0x0b, 20, NULL, 0, 0, "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {2, 0, 0, "Jefe", 0, 0, "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {3, 0xaa, 20, NULL, 0xdd, 50, NULL,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {4, 0, 0, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
     "\x11\x12\x13\x14\x15\x16\x17\x18\x19", 0xcd, 50, NULL,
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {6, 0xaa, 131, NULL, 0, 0, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {7, 0xaa, 131, NULL, 0, 0,
     "This is a test using a larger than block-size key and a larger than block-size data. The "
     "key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    {0, 0, 0, "", 0, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

static struct bytes filled(char *block, int byte, size_t len, const char *text)
{
    if (text)
        return bytes_of(text);
    memset(block, byte, len);
    return (struct bytes){block, len};
}

static void hmac_of_known_inputs(void **state)
{
    char key[200], data[200], hex[SHA256_HEX];
    unsigned char raw[SHA256_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof hmacs / sizeof *hmacs; i++) {
        digest_hmac_sha256(filled(key, hmacs[i].key_byte, hmacs[i].key_len, hmacs[i].key),
                           filled(data, hmacs[i].data_byte, hmacs[i].data_len, hmacs[i].data), raw);
        digest_hex(raw, sizeof raw, hex);
        assert_string_equal(hex, hmacs[i].hex);
    }
}

/* A key of exactly one block is used as it is, one byte more is hashed first. */
static void hmac_keys_around_the_block_size(void **state)
{
    char key[65], hashed[SHA256_BYTES];
    unsigned char a[SHA256_BYTES], b[SHA256_BYTES];
    (void)state;
    memset(key, 'k', sizeof key);
    digest_sha256((struct bytes){key, 65}, (unsigned char *)hashed);
    digest_hmac_sha256((struct bytes){key, 65}, BYTES("x"), a);
    digest_hmac_sha256((struct bytes){hashed, sizeof hashed}, BYTES("x"), b);
    assert_memory_equal(a, b, sizeof a);
    digest_sha256((struct bytes){key, 64}, (unsigned char *)hashed);
    digest_hmac_sha256((struct bytes){key, 64}, BYTES("x"), a);
    digest_hmac_sha256((struct bytes){hashed, sizeof hashed}, BYTES("x"), b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void hmac_may_write_over_its_key(void **state)
{
    unsigned char chain[SHA256_BYTES] = {7}, once[SHA256_BYTES];
    struct bytes key = {(const char *)chain, sizeof chain};
    (void)state;
    digest_hmac_sha256(key, BYTES("x"), once);
    digest_hmac_sha256(key, BYTES("x"), chain);
    assert_memory_equal(chain, once, sizeof once);
}

/* All of them share kept contexts: none may disturb the next. */
static void algorithms_may_take_turns(void **state)
{
    for (int turn = 0; turn < 3; turn++) {
        sha256_of_known_inputs(state);
        md5_of_known_inputs(state);
        hmac_of_known_inputs(state);
    }
}

static void hex_and_wipe(void **state)
{
    unsigned char bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0xa5};
    static const unsigned char zeros[sizeof bytes];
    char hex[2 * sizeof bytes + 1];
    (void)state;
    digest_hex(bytes, sizeof bytes, hex);
    assert_string_equal(hex, "000ff0ffa5");
    digest_hex(bytes, 0, hex);
    assert_string_equal(hex, "");
    digest_wipe(bytes, sizeof bytes);
    assert_memory_equal(bytes, zeros, sizeof bytes);
    digest_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(sha256_of_known_inputs),
        CHECKED(sha256_of_a_million_letters),
        CHECKED(sha256_of_parts_is_that_of_the_whole),
        CHECKED(md5_of_known_inputs),
        CHECKED(hmac_of_known_inputs),
        CHECKED(hmac_keys_around_the_block_size),
        CHECKED(hmac_may_write_over_its_key),
        CHECKED(algorithms_may_take_turns),
        CHECKED(hex_and_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
