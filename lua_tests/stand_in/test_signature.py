"""Signatures: what botocore signs is let in, and every single thing changed afterwards is not."""

import hashlib
import time

import pytest

from . import JUDGE_KEY, JUDGE_SECRET, PROGRAM_KEY, PROGRAM_SECRET, REGION
from .errors import Refusal
from .harness import StandIn
from .raw_client import RawClient
from .signature import Identity, Verifier
from .wire import RequestReader

LIST_CALLS = {"s3": "list_buckets", "sqs": "list_queues", "dynamodb": "list_tables"}


def request_of(data):
    reader = RequestReader()
    reader.feed(data)
    return reader.take()


def verifier(now=time.time, token=None):
    return Verifier([Identity(PROGRAM_KEY, PROGRAM_SECRET, token),
                     Identity(JUDGE_KEY, JUDGE_SECRET, judge=True)], REGION, now)


def fault_of(data, service="s3", **settings):
    try:
        verifier(**settings).check(request_of(data), service)
    except Refusal as refusal:
        return refusal.fault
    return None


@pytest.fixture
def put(running):
    with RawClient(running.port) as client:
        yield client.s3("PUT", "/bucket/a%20b%2Bc?x-id=PutObject&tagging", b"the body",
                        Content_Type="text/plain", x_amz_meta_a="one  two")


CHANGES = [
    ("nothing", b"", b"", None),
    ("method", b"PUT /", b"GET /", "signature"),
    ("path", b"a%20b%2Bc", b"a%20b%2Bd", "signature"),
    ("wire encoding of a signed path", b"a%20b%2Bc", b"a%20b+c", "signature"),
    ("query", b"x-id=PutObject", b"x-id=GetObject", "signature"),
    ("host", b"Host: 127.0.0.1", b"Host: 127.0.0.2", "signature"),
    ("signed header", b"text/plain", b"text/html", "signature"),
    ("white space only", b"one  two", b"one two", None),
    ("signed header absent", b"Content-Type: text/plain\r\n", b"", "signature"),
    ("signed header twice", b"X-Amz-Date", b"x-amz-meta-a: x\r\nX-Amz-Date", "signature"),
    ("unsigned x-amz header", b"X-Amz-Date", b"x-amz-acl: public-read\r\nX-Amz-Date", "unsigned"),
    ("unsigned host", b"content-type;host;", b"content-type;", "unsigned"),
    ("unsigned content type", b"=content-type;", b"=", "unsigned"),
    ("unsigned date", b";x-amz-date", b"", "unsigned"),
    ("unsigned other header", b"X-Amz-Date", b"Accept: x\r\nX-Amz-Date", None),
    ("body", b"the body", b"not body", "payload"),
    ("claimed hash", b"X-Amz-Content-SHA256: ", b"X-Amz-Content-SHA256: 0", "payload"),
    ("no hash", b"X-Amz-Content-SHA256", b"X-Content-SHA256", "payload_missing"),
    ("key", PROGRAM_KEY.encode(), b"SOMEBODY", "unknown_key"),
    ("region", b"/us-east-1/", b"/us-west-1/", "scope"),
    ("service", b"/s3/", b"/sqs/", "scope"),
    ("terminator", b"aws4_request", b"aws5_request", "scope"),
    ("signature", b"Signature=", b"Signature=0", "signature"),
    ("algorithm", b"AWS4-HMAC-SHA256 Cred", b"AWS4-HMAC-SHA512 Cred", "malformed"),
    ("no authorization", b"Authorization", b"X-Authorization", "missing"),
    ("no date", b"X-Amz-Date: ", b"X-Amz-Date: x", "malformed"),
    ("unasked token", b"X-Amz-Date", b"X-Amz-Security-Token: t\r\nX-Amz-Date", "token"),
]


@pytest.mark.parametrize("name, old, new, fault", CHANGES, ids=[each[0] for each in CHANGES])
def test_every_change_is_found(put, name, old, new, fault):
    assert old in put
    assert fault_of(put.replace(old, new, 1)) == fault


@pytest.mark.parametrize("claim", [b"UNSIGNED-PAYLOAD", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_no_unsigned_payload_over_plain_http(put, claim):
    digest = hashlib.sha256(b"the body").hexdigest().encode()
    assert fault_of(put.replace(digest, claim)) == "payload"


@pytest.mark.parametrize("minutes, fault", [(-16, "skew"), (-14, None), (14, None), (16, "skew")])
def test_clock(put, minutes, fault):
    assert fault_of(put, now=lambda: time.time() + minutes * 60) == fault


def test_json_body_is_hashed_though_no_header_claims_its_hash(running):
    with RawClient(running.port) as client:
        data = client.json("sqs", "ListQueues", {"QueueNamePrefix": "a"})
    assert fault_of(data, "sqs") is None
    assert fault_of(data.replace(b'"a"', b'"b"'), "sqs") == "signature"


@pytest.mark.parametrize("service, status, code", [
    ("s3", 403, "SignatureDoesNotMatch"),
    ("sqs", 403, "SignatureDoesNotMatch"),
    ("dynamodb", 400, "InvalidSignatureException"),
])
def test_wrong_secret(aws, service, status, code, error):
    client = aws.client(service, secret_key="wrong")
    assert error(getattr(client, LIST_CALLS[service])) == (status, code)
    assert [call["performed"] for call in aws.calls()] == [False]
    assert aws.state()["refused"] == 1


@pytest.mark.parametrize("service, status, code", [
    ("s3", 403, "InvalidAccessKeyId"),
    ("sqs", 403, "InvalidClientTokenId"),
    ("dynamodb", 400, "UnrecognizedClientException"),
])
def test_unknown_key(aws, service, status, code, error):
    client = aws.client(service, access_key="NOBODY")
    assert error(getattr(client, LIST_CALLS[service])) == (status, code)


def test_shapes_of_a_refusal(aws, raw):
    status, headers, body = raw.call(raw.s3("GET", "/").replace(b"Signature=", b"Signature=0"))
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"<Error><Code>SignatureDoesNotMatch</Code><Message>" in body
    assert b"<CanonicalRequest>GET\n/\n" in body
    data = raw.json("sqs", "ListQueues", {}).replace(b"Signature=", b"Signature=0")
    status, headers, body = raw.call(data)
    assert (status, headers["content-type"]) == (403, "application/x-amz-json-1.0")
    assert body.startswith(b'{"__type": "com.amazon.coral.service#InvalidSignatureException", ')


def test_a_rule_cannot_hide_a_wrong_signature(aws, error):
    aws.add_rule(action="status", status=200)
    aws.add_rule(action="drop_before")
    assert error(aws.client("s3", secret_key="wrong").list_buckets)[0] == 403


def test_session_token(token_server, error):
    assert token_server.client("s3").list_buckets()["Buckets"] == []
    for token in ("other", None):
        client = token_server.client("s3", token=token)
        assert error(client.list_buckets) == (400, "InvalidToken")


@pytest.fixture(scope="module")
def token_server():
    with StandIn(session_token="the-token") as server:
        yield server
