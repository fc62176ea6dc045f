#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/proxy.h"

static const struct {
    const char *url;
    bool forbidden;
} rows[] = {
    {"http://127.0.0.1:9000/bucket/key", true},
    {"http://127.9.9.9", true},
    {"http://127.1/", true},
    {"http://localhost:4566/", true},
    {"https://LOCALHOST?x", true},
    {"http://[::1]:4566/", true},
    {"http://[::ffff:127.0.0.1]/", true},
    {"http://169.254.169.254/latest/api/token", true},
    {"http://169.254.170.2/v2/credentials", true},
    {"http://[fd00:ec2::254]/latest/", true},
    {"http://[fd00:ec2::23]/v1/credentials", true},
    {"https://sqs.us-east-1.amazonaws.com/", false},
    {"https://bucket.s3.us-east-1.amazonaws.com/127.0.0.1", false},
    {"https://127.0.0.1.example.test/", false},
    {"https://localhost.example.test/", false},
    {"https://example.test/?a=://127.0.0.1/", false},
    {"http://10.0.0.1/", false},
    {"http://169.253.169.254/", false},
    {"http://[fd00:ec3::254]/", false},
    {"http://[2600::1]/", false},
    {"http://[", false},
    {"http://", false},
    {"", false},
};

static void loopback_and_credentials_go_direct(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (proxy_forbidden(bytes_of(rows[i].url)) != rows[i].forbidden)
            print_error("%s\n", rows[i].url);
        assert_int_equal(proxy_forbidden(bytes_of(rows[i].url)), rows[i].forbidden);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_and_credentials_go_direct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
