"""Rules: which calls they are for, and what they do to them, seen by a client on a bare socket."""

import pytest
from botocore.exceptions import ClientError

from .raw_client import RawClient


def test_dropped_before_the_work(aws, bucket, raw):
    rule = aws.add_rule(op="PutObject", reused=True, nth=1, action="drop_before")
    assert raw.call(raw.s3("PUT", f"/{bucket}/first", b"x"))[0] == 200
    raw.send(raw.s3("PUT", f"/{bucket}/second", b"x"))
    assert raw.next_bytes() == b""
    assert list(aws.objects(bucket)) == ["first"]
    dropped = aws.calls("PutObject")[1]
    assert (dropped["ending"], dropped["performed"], dropped["delivered"]) == ("fin", False, False)
    assert (dropped["serial"], dropped["rules"], dropped["status"]) == (2, [rule], None)
    with RawClient(aws.port) as again:
        for _ in range(2):
            assert again.call(again.s3("PUT", f"/{bucket}/second", b"x"))[0] == 200
    assert [each["matched"] for each in aws.rules()] == [2]
    assert [each["fired"] for each in aws.rules()] == [1]
    assert aws.state()["dropped"] == 1


def test_dropped_after_the_work_with_a_reset(aws, bucket, raw):
    aws.add_rule(op="PutObject", action="drop_after", how="rst")
    raw.send(raw.s3("PUT", f"/{bucket}/k", b"x"))
    with pytest.raises(ConnectionResetError):
        raw.next_bytes()
    assert list(aws.objects(bucket)) == ["k"]
    [dropped] = aws.calls()
    assert (dropped["ending"], dropped["performed"], dropped["status"]) == ("rst", True, 200)


def test_status_every_third_time_and_at_most_twice(aws, bucket, raw):
    aws.add_rule(op=["Put*", "Get*"], key="a/*", every=3, times=2, action="status", status=503,
                 code="SlowDown", headers={"Retry-After": "3"})
    put = raw.s3("PUT", f"/{bucket}/a/k", b"x")
    found = [raw.call(put)[0] for _ in range(10)]
    assert found == [200, 200, 503, 200, 200, 503, 200, 200, 200, 200]
    assert raw.call(raw.s3("PUT", f"/{bucket}/b", b"x"))[0] == 200
    assert [each["performed"] for each in aws.calls("PutObject")][2] is False
    aws.drop_rules()
    aws.add_rule(op="SendMessage", action="status", status=403, code="AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("sqs").send_message(QueueUrl="q", MessageBody="x")


def test_what_is_held_goes_on_when_its_rule_is_removed(aws, bucket, raw):
    aws.add_rule(op="PutObject", key="held", action="hold")
    raw.send(raw.s3("PUT", f"/{bucket}/held", b"x"))
    aws.wait_until(lambda: aws.rules()[0]["fired"])
    with RawClient(aws.port) as other:
        assert other.call(other.s3("PUT", f"/{bucket}/free", b"x"))[0] == 200
    assert list(aws.objects(bucket)) == ["free"]
    aws.drop_rules()
    assert raw.answer()[0] == 200
    assert list(aws.objects(bucket)) == ["free", "held"]


def test_an_answer_that_is_held_belongs_to_work_that_is_done(aws, bucket, raw):
    rule = aws.add_rule(op="PutObject", action="hold", when="after", times=1)
    raw.send(raw.s3("PUT", f"/{bucket}/k", b"x"))
    aws.wait_until(lambda: aws.objects(bucket) == {"k": b"x"})
    state = aws.state()
    assert (state["calls"], state["in_flight"]["calls"]["now"], aws.calls()) == (0, 1, [])
    aws.drop_rules()
    assert raw.answer()[0] == 200
    [call] = aws.calls()
    assert (call["rules"], call["performed"], call["status"]) == ([rule], True, 200)


def test_a_client_that_leaves_a_held_call_has_left(aws, bucket, raw):
    """What a killed process had asked for is done, and its answer goes nowhere."""
    aws.add_rule(op="PutObject", action="hold", when="after")
    raw.send(raw.s3("PUT", f"/{bucket}/k", b"x"))
    aws.wait_until(lambda: aws.objects(bucket))
    raw.close()
    aws.wait_until(lambda: aws.state()["in_flight"]["calls"]["now"] == 0)
    aws.drop_rules()
    [call] = aws.wait_until(aws.calls)
    assert (call["ending"], call["performed"], call["delivered"]) == ("gone", True, False)


def test_a_listing_in_small_pages(aws, bucket):
    for key in "abcde":
        aws.s3.put_object(Bucket=bucket, Key=key)
    aws.add_rule(op="ListObjectsV2", action="page", keys=2)
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 4})
    assert [[each["Key"] for each in page["Contents"]] for page in pages] == [
        ["a", "b"], ["c", "d"], ["e"]]
    assert [call["signature"] for call in aws.calls("ListObjectsV2")] == ["ok"] * 3


def test_rules_that_are_not_understood(aws):
    for rule, word in (({"action": "explode"}, "explode"), ({"action": "status"}, "status"),
                       ({"action": "drop_after", "when": 1}, "when"),
                       ({"action": "drop_after", "how": "bang"}, "bang"),
                       ({"action": "hold", "when": "never"}, "never"),
                       ({"action": "drop_after", "every": 0}, "every")):
        with pytest.raises(ValueError, match=word):
            aws.add_rule(**rule)
    assert aws.rules() == []
