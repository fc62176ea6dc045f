"""Where moto's S3 is not AWS's: what a client may rely on, put right in front of it.

- Key over 1,024 bytes: KeyTooLongError. moto stores it.
- PUT with If-None-Match other than `*`, or If-Match `*`: NotImplemented, as AWS. moto ignores the
  first and never matches the second.
- DELETE with If-Match `*`: any object will do; none is 404 NoSuchKey. moto compares with `*`.
- x-amz-checksum-*, Content-MD5: compared with the body, BadDigest. moto believes them, and forgets
  a checksum whose algorithm is not named a second time in x-amz-sdk-checksum-algorithm.
- encoding-type=url: a space is `+`, `~` is %7E, and Delimiter and StartAfter are encoded too.
- Answers do not repeat the request's own x-amz-content-sha256 and x-amz-sdk-checksum-algorithm.
"""

import base64
import hashlib
import re
import zlib
from urllib.parse import parse_qs, quote_plus, unquote
from xml.sax.saxutils import escape, unescape

from .errors import s3_error

MAX_KEY = 1024
DIGESTS = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
REPEATED_BY_MOTO = ("x-amz-content-sha256", "x-amz-sdk-checksum-algorithm")
PERCENT_ENCODED_BY_MOTO = re.compile(r"<(Key|Prefix)>(.*?)</\1>", re.S)
LEFT_PLAIN_BY_MOTO = re.compile(r"<(Delimiter|StartAfter)>(.*?)</\1>", re.S)


class S3Truth:
    def perform(self, request, operation, moto):
        refusal = refuse(request, operation)
        if refusal is not None:
            return refusal
        if operation.name == "DeleteObject" and request.header("if-match") == "*":
            return delete_any(request, moto)
        return amend(moto(with_named_checksum(request)), request, operation)


def refuse(request, operation):
    if len(operation.key.encode("utf-8", "surrogateescape")) > MAX_KEY:
        return s3_error(400, "KeyTooLongError", "Your key is too long")
    if operation.name != "PutObject":
        return None
    if request.header("if-none-match") not in (None, "*") or request.header("if-match") == "*":
        return s3_error(501, "NotImplemented",
                        "A header you provided implies functionality that is not implemented")
    return refuse_digest(request)


def refuse_digest(request):
    """BadDigest when a checksum that came with the body is not the body's."""
    expected = {"content-md5": hashlib.md5(request.body).digest()}
    for name, digest in DIGESTS.items():
        expected[f"x-amz-checksum-{name}"] = digest(request.body)
    for header, digest in expected.items():
        given = request.header(header)
        if given is not None and given != base64.b64encode(digest).decode():
            return s3_error(400, "BadDigest", f"The {header} you specified did not match "
                            "the calculated checksum.")
    return None


def with_named_checksum(request):
    if request.header("x-amz-sdk-checksum-algorithm"):
        return request
    for name in DIGESTS:
        if request.header(f"x-amz-checksum-{name}"):
            return request.with_header("x-amz-sdk-checksum-algorithm", name.upper())
    return request


def delete_any(request, moto):
    found = moto(request.without_header("if-match").as_method("HEAD"))
    if found.status == 404:
        return s3_error(404, "NoSuchKey", "The specified key does not exist.")
    return moto(request.without_header("if-match"))


def amend(answer, request, operation):
    answer.headers = {name: value for name, value in answer.headers.items()
                      if name.lower() not in REPEATED_BY_MOTO}
    if operation.name.startswith("ListObjects") and answer.status == 200:
        query = parse_qs(request.query)
        if query.get("encoding-type") == ["url"]:
            text = answer.body.decode()
            text = PERCENT_ENCODED_BY_MOTO.sub(lambda m: rewrite(m, unquote), text)
            text = LEFT_PLAIN_BY_MOTO.sub(lambda m: rewrite(m, str), text)
            answer.body = text.encode()
    return answer


def rewrite(match, decode):
    key = decode(unescape(match[2]))
    return f"<{match[1]}>{escape(quote_plus(key, safe='/*').replace('~', '%7E'))}</{match[1]}>"
