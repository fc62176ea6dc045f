"""Actions on bytes and connections, seen by a client on a bare socket."""

import re
import socket

import pytest

from .raw_client import RawClient


def everything(raw):
    """What comes until the connection ends, and how it ends."""
    data = b""
    try:
        while more := raw.next_bytes():
            data += more
    except ConnectionResetError:
        return data, "rst"
    return data, "fin"


def put(aws, bucket, key="k", body=b"x"):
    aws.s3.put_object(Bucket=bucket, Key=key, Body=body)


def test_a_door_that_is_closed_and_opened_again(aws, bucket):
    inside = RawClient(aws.port)
    assert inside.call(inside.s3("PUT", f"/{bucket}/k", b"x"))[0] == 200
    for _ in range(2):
        rule = aws.add_rule(action="refuse")
        with pytest.raises(ConnectionRefusedError):
            RawClient(aws.port)
        assert list(aws.objects(bucket)) == ["k"]
        aws.drop_rules(rule)
        with RawClient(aws.port) as client:
            assert client.call(client.s3("GET", f"/{bucket}/k"))[2] == b"x"
    with pytest.raises(ConnectionResetError):
        inside.next_bytes()
    inside.close()


def test_a_connection_that_is_reset_at_once(aws, bucket):
    aws.add_rule(action="hang_up", nth=[1, 2])
    for _ in range(2):
        with pytest.raises(ConnectionError), RawClient(aws.port) as client:
            client.call(client.s3("PUT", f"/{bucket}/k", b"x"))
    with RawClient(aws.port) as client:
        assert client.call(client.s3("PUT", f"/{bucket}/k", b"x"))[0] == 200
    assert len(aws.calls()) == 1
    [rule] = aws.rules()
    assert (rule["matched"], rule["fired"]) == (3, 2)


def test_a_reset_while_the_body_comes_in(aws, bucket, raw):
    rule = aws.add_rule(op="PutObject", action="drop_reading", times=1)
    request = raw.s3("PUT", f"/{bucket}/k", b"a body of some length")
    raw.send(request[:-5])
    with pytest.raises(ConnectionResetError):
        raw.next_bytes()
    [call] = aws.calls()
    assert (call["operation"], call["key"], call["rules"]) == ("PutObject", "k", [rule])
    assert (call["ending"], call["performed"], call["bytes"]) == ("rst", False, 16)
    assert call["signature"] == "unread"
    with RawClient(aws.port) as again:
        again.send(request[:-5])
        aws.wait_until(lambda: aws.rules()[0]["matched"] == 2)
        again.send(request[-5:])
        assert again.answer()[0] == 200
    assert aws.objects(bucket) == {"k": b"a body of some length"}


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("where, wanted", [
    ("status", rb"HTTP/1\.1 20"),
    ("headers", rb"HTTP/1\.1 200 OK\r\n.*[^\n]"),
    ("body", rb"HTTP/1\.1 200 OK\r\n.*Content-Length: 10\r\n.*\r\n\r\n01234"),
    ("chunk", rb"HTTP/1\.1 200 .*Transfer-Encoding: chunked\r\n\r\na\r\n01234"),
    ("length", rb"HTTP/1\.1 200 .*\r\n\r\n01234"),
])
def test_an_answer_that_is_cut(aws, bucket, raw, where, wanted, how):
    put(aws, bucket, body=b"0123456789")
    aws.add_rule(op="GetObject", action="cut", where=where, how=how)
    raw.send(raw.s3("GET", f"/{bucket}/k"))
    data, ending = everything(raw)
    assert re.fullmatch(wanted, data, re.S | re.I) and ending == how
    assert where == "body" or b"ontent-length" not in data.lower() or where == "headers"
    [call] = aws.calls()
    assert (call["performed"], call["ending"], call["status"]) == (True, how, 200)


@pytest.mark.parametrize("where, end", [("body", b"\r\n\r"), ("chunk", b"\r\n\r\n0\r")])
def test_an_answer_without_a_body_is_cut_in_its_end(aws, bucket, raw, where, end):
    aws.add_rule(op="PutObject", action="cut", where=where)
    raw.send(raw.s3("PUT", f"/{bucket}/k", b"x"))
    data, _ = everything(raw)
    assert data.endswith(end) and list(aws.objects(bucket)) == ["k"]


def test_an_answer_in_drops(aws, bucket, raw):
    put(aws, bucket, body=b"slow")
    aws.add_rule(op="GetObject", action="trickle", bytes=40, every_ms=20, times=1)
    assert raw.call(raw.s3("GET", f"/{bucket}/k"))[2] == b"slow"
    [call] = aws.calls()
    assert call["delivered"] and call["ms"] >= 60
    aws.add_rule(op="GetObject", action="trickle", every_ms=50)
    raw.send(raw.s3("GET", f"/{bucket}/k"))
    assert raw.next_bytes().startswith(b"H")
    raw.close()
    aws.wait_until(lambda: len(aws.calls()) == 2)
    assert aws.calls()[1]["ending"] == "gone"


@pytest.mark.parametrize("settings, wanted", [
    ({"text": ""}, b""), ({"text": "[]", "type": "text/html"}, b"[]"), ({"keep": 0.5}, b"01234"),
    ({"find": "[3-5]+", "replace": "-"}, b"012-6789"), ({"keep": 0}, b""),
    ({"text": "", "status": 200}, b""), ({"text": "", "status": 404}, b"0123456789"),
])
def test_another_body(aws, bucket, raw, settings, wanted):
    put(aws, bucket, body=b"0123456789")
    aws.add_rule(op="GetObject", action="body", **settings)
    status, headers, body = raw.call(raw.s3("GET", f"/{bucket}/k"))
    assert (status, body, headers["content-length"]) == (200, wanted, str(len(wanted)))
    assert settings.get("type") in (None, headers["content-type"])


def test_another_body_of_a_failure_and_of_a_receive(aws, raw):
    """What the queue has given out stands in the log, whatever came of its answer."""
    url = aws.create_queue("requests")
    [sent] = aws.send(url, ["one"])
    aws.add_rule(op="SendMessage", action="status", status=502)
    aws.add_rule(op="SendMessage", action="body", text="<html>", type="text/html")
    aws.add_rule(op="ReceiveMessage", action="body", keep=0.5)
    answer = raw.call(raw.json("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "two"}))
    assert (answer[0], answer[2], answer[1]["content-type"]) == (502, b"<html>", "text/html")
    assert raw.call(raw.json("sqs", "ReceiveMessage", {"QueueUrl": url}))[2].startswith(b'{"Me')
    [message] = aws.calls("ReceiveMessage")[0]["messages"]
    assert message["message_id"] == sent and aws.left_in(url)["in_flight"] == 1


def test_an_answer_that_calls_its_error_good(aws, bucket, raw):
    aws.add_rule(op="PutObject", action="status", status=200, code="SlowDown", times=1)
    status, _, body = raw.call(raw.s3("PUT", f"/{bucket}/k", b"x"))
    assert status == 200 and b"<Error><Code>SlowDown</Code>" in body
    assert aws.objects(bucket) == {} and not aws.calls()[0]["performed"]
    aws.add_rule(op="PutObject", action="status", status=500, when="after")
    assert raw.call(raw.s3("PUT", f"/{bucket}/k", b"x"))[0] == 500
    assert aws.objects(bucket) == {"k": b"x"} and aws.calls()[1]["performed"]


@pytest.mark.parametrize("after_ms", [0, 300])
def test_a_connection_that_closes_behind_its_answer(aws, bucket, raw, after_ms):
    aws.add_rule(op="PutObject", action="close", after_ms=after_ms)
    for _ in range(2 if after_ms else 1):
        status, headers, _ = raw.call(raw.s3("PUT", f"/{bucket}/k", b"x"))
        assert status == 200 and "connection" not in headers
    assert raw.next_bytes() == b""
    assert {call["ending"] for call in aws.calls()} == {"answered"}


def test_settings_that_are_not_understood(aws):
    for rule, word in (({"action": "cut", "where": "middle"}, "middle"),
                       ({"action": "cut"}, "where"),
                       ({"action": "refuse", "times": 1}, "times"),
                       ({"action": "hang_up", "op": "PutObject"}, "op"),
                       ({"action": "body"}, "keep"),
                       ({"action": "body", "text": "", "keep": 1}, "one of"),
                       ({"action": "entries", "told": "never"}, "never")):
        with pytest.raises(ValueError, match=word):
            aws.add_rule(**rule)
    assert aws.rules() == []
    socket.create_connection(("127.0.0.1", aws.port)).close()
