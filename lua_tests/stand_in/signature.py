"""Signature Version 4, checked: the server's side of it, with botocore's own arithmetic.

The signature is recomputed from what came over the wire: method, path, query, exactly the headers
that the client says it signed, and the hash of the body as received. Nothing the client claims is
taken on trust but its access key's name, and no request passes unsigned.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote, unquote_plus

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .errors import Refusal
from .operation import canonical_path

TOLERANCE = 15 * 60
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)")
UNRESERVED = "-._~"
MISMATCH = ("The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.")


@dataclass(frozen=True)
class Identity:
    """Who may call. A judge's calls are served and logged, but not counted and never disturbed."""

    access_key: str
    secret_key: str
    session_token: str = None
    judge: bool = False


@dataclass
class Claim:
    """What the Authorization header says, taken apart."""

    access_key: str
    scope: str
    signed: list
    signature: str

    @classmethod
    def of(cls, request):
        text = request.header("authorization")
        if text is None:
            raise Refusal("missing", "Request is missing Authentication Token")
        match = AUTHORIZATION.fullmatch(text)
        if match is None:
            raise Refusal("malformed", "The authorization header is malformed.")
        return cls(match[1], match[2], match[3].split(";"), match[4])


class Verifier:
    """Knows the identities and the region; `now` gives the wall time in seconds."""

    def __init__(self, identities, region, now):
        self._identities = {each.access_key: each for each in identities}
        self._region = region
        self._now = now

    def check(self, request, service):
        """The caller's identity, or Refusal."""
        claim = Claim.of(request)
        identity = self._identities.get(claim.access_key)
        if identity is None:
            raise Refusal("unknown_key", unknown_key_message(service),
                          AWSAccessKeyId=claim.access_key)
        self._check_token(request, identity)
        timestamp = self._check_date(request)
        self._check_scope(claim, service, timestamp)
        check_payload(request, service)
        check_signed_headers(request, claim)
        recomputed = Recomputation(request, claim, identity, service, self._region, timestamp)
        if not hmac.compare_digest(recomputed.signature, claim.signature):
            raise recomputed.mismatch()
        return identity

    @staticmethod
    def _check_token(request, identity):
        if request.header("x-amz-security-token") != identity.session_token:
            raise Refusal("token", "The security token included in the request is invalid.")

    def _check_date(self, request):
        text = request.header("x-amz-date") or ""
        try:
            signed_at = datetime.strptime(text, DATE_FORMAT).replace(tzinfo=timezone.utc)
        except ValueError:
            raise Refusal("malformed", "X-Amz-Date is missing or no ISO 8601 date.") from None
        now = datetime.fromtimestamp(self._now(), timezone.utc)
        if abs((now - signed_at).total_seconds()) > TOLERANCE:
            word = "expired" if signed_at < now else "not yet current"
            raise Refusal("skew", f"Signature {word}: {text} against {now:{DATE_FORMAT}} (15 min.)",
                          RequestTime=text, ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
                          MaxAllowedSkewMilliseconds=TOLERANCE * 1000)
        return text

    def _check_scope(self, claim, service, timestamp):
        wanted = f"{timestamp[:8]}/{self._region}/{service}/aws4_request"
        if claim.scope != wanted:
            raise Refusal("scope", f"Credential should be scoped to {wanted}, not {claim.scope}.",
                          Region=self._region)


def unknown_key_message(service):
    if service == "s3":
        return "The AWS Access Key Id you provided does not exist in our records."
    return "The security token included in the request is invalid."


def check_signed_headers(request, claim):
    """host, content-type and every x-amz-* header must be signed if they were sent."""
    names = {name.lower() for name, _ in request.headers}
    must = {name for name in names if name.startswith("x-amz-")}
    must |= {"host", "x-amz-date"} | (names & {"content-type"})
    unsigned = sorted(must - set(claim.signed))
    if unsigned:
        raise Refusal("unsigned", "There were headers present in the request which were not signed",
                      HeadersNotSigned=", ".join(unsigned))
    absent = sorted(set(claim.signed) - names)
    if absent:
        raise Refusal("signature", f"{MISMATCH} Signed but not sent: {', '.join(absent)}")


def check_payload(request, service):
    """The claimed hash must be the body's own; over plain HTTP no unsigned payload is taken."""
    claimed = request.header("x-amz-content-sha256")
    if claimed is None and service == "s3":
        raise Refusal("payload_missing",
                      "Missing required header for this request: x-amz-content-sha256")
    computed = hashlib.sha256(request.body).hexdigest()
    if claimed not in (None, computed):
        raise Refusal("payload", "The provided 'x-amz-content-sha256' header does not match "
                      "what was computed.", ClientComputedContentSHA256=claimed,
                      S3ComputedContentSHA256=computed)


class Recomputation:
    """One signature, from the request to the hex digits, by botocore's steps."""

    def __init__(self, request, claim, identity, service, region, timestamp):
        auth_class = S3SigV4Auth if service == "s3" else SigV4Auth
        credentials = Credentials(identity.access_key, identity.secret_key)
        auth = auth_class(credentials, service, region)
        wire = AWSRequest(method=request.method, url=canonical_url(request), data=request.body)
        wire.context["timestamp"] = timestamp
        claimed_hash = request.header("x-amz-content-sha256")
        if claimed_hash is not None:
            wire.headers["x-amz-content-sha256"] = claimed_hash
        signed = HTTPHeaders()
        for name in claim.signed:
            signed[name] = request.header(name)
        auth.headers_to_sign = lambda _: signed
        self._claim = claim
        self._canonical = auth.canonical_request(wire)
        self._to_sign = auth.string_to_sign(wire, self._canonical)
        self.signature = auth.signature(self._to_sign, wire)

    def mismatch(self):
        """The refusal that shows what should have been signed, as the services show it."""
        message = (f"{MISMATCH}\n\nThe Canonical String for this request should have been\n"
                   f"'{self._canonical}'\n\nThe String-to-Sign should have been\n"
                   f"'{self._to_sign}'\n")
        return Refusal("signature", message, AWSAccessKeyId=self._claim.access_key,
                       StringToSign=self._to_sign, SignatureProvided=self._claim.signature,
                       CanonicalRequest=self._canonical)


def canonical_url(request):
    """Path and query as the services read them: decoded from the wire, then encoded once.

    A wire path in another encoding than the canonical one is thereby found out, as S3 finds it.
    """
    pairs = []
    for part in request.query.split("&") if request.query else []:
        name, _, value = part.partition("=")
        pairs.append(f"{encode(name)}={encode(value)}")
    return "http://stand-in" + canonical_path(request) + ("?" + "&".join(pairs) if pairs else "")


def encode(text):
    return quote(unquote_plus(text, errors="surrogateescape"), safe=UNRESERVED,
                 errors="surrogateescape")
