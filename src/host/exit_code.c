#include "host/exit_code.h"

static const struct {
    const char *code;
    int exit_code;
} table[] = {
    {"AccessDenied", EXIT_DENIED},
    {"AccessDeniedException", EXIT_DENIED},
    {"BadBucket", EXIT_USAGE},
    {"BadCredentials", EXIT_DENIED},
    {"BadEndpoint", EXIT_CONFIG},
    {"BadLog", EXIT_CONFIG},
    {"BadPlace", EXIT_USAGE},
    {"BadProfile", EXIT_CONFIG},
    {"BadRegion", EXIT_CONFIG},
    {"BadScripts", EXIT_CONFIG},
    {"ExpiredToken", EXIT_DENIED},
    {"ExpiredTokenException", EXIT_DENIED},
    {"IncompleteSignature", EXIT_DENIED},
    {"InvalidAccessKeyId", EXIT_DENIED},
    {"InvalidClientTokenId", EXIT_DENIED},
    {"InvalidSecurity", EXIT_DENIED},
    {"InvalidSignatureException", EXIT_DENIED},
    {"InvalidToken", EXIT_DENIED},
    {"MissingAuthenticationToken", EXIT_DENIED},
    {"NoCredentials", EXIT_DENIED},
    {"SignatureDoesNotMatch", EXIT_DENIED},
    {"UnrecognizedClientException", EXIT_DENIED},
    {"access_denied", EXIT_DENIED},
    {"memory", EXIT_INTERNAL},
    {"system", EXIT_INTERNAL},
    {"timer", EXIT_INTERNAL},
    {"usage", EXIT_USAGE},
};

int exit_code_of(const struct err *err)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (err_is(err, table[i].code))
            return table[i].exit_code;
    return err->status == 401 || err->status == 403 ? EXIT_DENIED : EXIT_UNREACHABLE;
}
