"""Errors as each service words them.

S3 answers XML; SQS and DynamoDB answer JSON 1.0 with a __type, and SQS adds the old query code in a
header when the client asked for it. The table of authentication faults is the one place that knows
how a refused signature is called by whom, and with which status: S3 and SQS say 403, DynamoDB 400.
"""

import json
from xml.sax.saxutils import escape

from .wire import Answer

CORAL = "com.amazon.coral.service#"

# fault -> (S3 status, S3 code, JSON type, SQS query code)
AUTH_FAULTS = {
    "missing": (403, "AccessDenied",
                "MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    "malformed": (400, "AuthorizationHeaderMalformed",
                  "IncompleteSignatureException", "IncompleteSignature"),
    "unknown_key": (403, "InvalidAccessKeyId",
                    "UnrecognizedClientException", "InvalidClientTokenId"),
    "token": (400, "InvalidToken", "UnrecognizedClientException", "InvalidClientTokenId"),
    "scope": (400, "AuthorizationHeaderMalformed",
              "InvalidSignatureException", "SignatureDoesNotMatch"),
    "skew": (403, "RequestTimeTooSkewed",
             "InvalidSignatureException", "SignatureDoesNotMatch"),
    "unsigned": (403, "AccessDenied", "InvalidSignatureException", "SignatureDoesNotMatch"),
    "payload_missing": (400, "InvalidRequest",
                        "InvalidSignatureException", "SignatureDoesNotMatch"),
    "payload": (400, "XAmzContentSHA256Mismatch",
                "InvalidSignatureException", "SignatureDoesNotMatch"),
    "signature": (403, "SignatureDoesNotMatch",
                  "InvalidSignatureException", "SignatureDoesNotMatch"),
}
JSON_AUTH_STATUS = {"sqs": 403, "dynamodb": 400}
TYPE_PREFIX = {"sqs": "com.amazonaws.sqs#", "dynamodb": "com.amazonaws.dynamodb.v20120810#"}


class Refusal(Exception):
    """A request that is not let in: a fault of AUTH_FAULTS, a sentence, and S3's extra elements."""

    def __init__(self, fault, message, **extra):
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.extra = extra

    def code(self, service):
        _, s3_code, json_type, _ = AUTH_FAULTS[self.fault]
        return s3_code if service == "s3" else json_type

    def answer(self, service):
        status, s3_code, json_type, query_code = AUTH_FAULTS[self.fault]
        if service == "s3":
            return s3_error(status, s3_code, self.message, self.extra)
        status = JSON_AUTH_STATUS[service]
        return json_error(status, CORAL + json_type, self.message,
                          query_code if service == "sqs" else None)


def s3_error(status, code, message, extra=None):
    elements = [("Code", code), ("Message", message), *(extra or {}).items()]
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in elements)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Answer(status, {"Content-Type": "application/xml"}, body.encode())


def json_error(status, type_name, message, query_code=None):
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    if query_code:
        fault = "Sender" if status < 500 else "Receiver"
        headers["x-amzn-query-error"] = f"{query_code};{fault}"
    return Answer(status, headers, json.dumps({"__type": type_name, "message": message}).encode())


def service_error(service, status, code, message):
    """An error of a service's own, such as a rule asks for, in that service's shape."""
    if service == "s3":
        return s3_error(status, code, message)
    return json_error(status, TYPE_PREFIX[service] + code, message,
                      code if service == "sqs" else None)
