"""HTTP/1.1 as no well-behaved client would test it."""

import pytest


def test_expect_100_continue(aws, bucket, raw):
    head, _, body = raw.s3("PUT", f"/{bucket}/k", b"the body").partition(b"\r\n\r\n")
    raw.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert raw.next_bytes() == b"HTTP/1.1 100 Continue\r\n\r\n"
    raw.send(body)
    assert raw.answer()[0] == 200
    assert aws.objects(bucket) == {"k": b"the body"}


def test_requests_byte_by_byte_and_two_at_once(aws, bucket, raw):
    request = raw.s3("PUT", f"/{bucket}/k", b"x")
    for place in range(len(request)):
        raw.send(request[place:place + 1])
    assert raw.answer()[0] == 200
    raw.send(raw.s3("GET", f"/{bucket}/k") + raw.s3("HEAD", f"/{bucket}/k"))
    status, headers, body = raw.answer()
    assert (status, headers["content-length"], body) == (200, "1", b"x")
    assert raw.answer("HEAD")[1]["content-length"] == "1"


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET / HTTP/1.0\r\n\r\n", 400),
    (b"GET http://a/ HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    (b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
    (b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    (b"PUT / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"GET / HTTP/1.1\r\nA: " + b"a" * 70000, 431),
])
def test_bytes_that_are_no_request(raw, request_bytes, status):
    raw.send(request_bytes)
    found, headers, _ = raw.answer()
    assert (found, headers["connection"]) == (status, "close")
    assert raw.next_bytes() == b""
