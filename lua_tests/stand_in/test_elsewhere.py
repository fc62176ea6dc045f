"""SQS calls that are handed on to another server: here one more stand-in, which checks again that
each call is, byte for byte, the one that was signed.
"""

import json

import pytest
from botocore.exceptions import ClientError

from .harness import StandIn
from .raw_client import RawClient


@pytest.fixture(scope="module")
def front(running):
    with StandIn(sqs_endpoint=running.endpoint) as aws:
        yield aws
        assert "Traceback" not in aws.stderr()


@pytest.fixture
def pair(front, aws):
    """The stand-in in front, and the one behind it."""
    front.reset()
    return front, aws


def test_queues_are_the_other_servers(pair):
    front, behind = pair
    url = front.create_queue("requests", dead_letter="dead")
    [sent] = front.send(url, ["hello \u00e9"])
    assert behind.left_in(url)["visible"] == 1
    sqs = front.client("sqs")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}])
    assert (message["MessageId"], message["Body"]) == (sent, "hello \u00e9")
    assert sum(behind.left_in(url).values()) == 0
    [receive], [delete] = front.calls("ReceiveMessage"), front.calls("DeleteMessageBatch")
    assert receive["messages"][0]["message_id"] == delete["entries"][0]["message_id"] == sent
    assert front.create_bucket("widgets") and behind.s3.list_buckets()["Buckets"] == []


def test_rules_and_signatures_are_those_in_front(pair, error):
    front, behind = pair
    url = front.create_queue("requests")
    front.add_rule(op="SendMessage", nth=1, action="status", status=500, code="InternalError")
    sqs = front.client("sqs")
    assert error(sqs.send_message, QueueUrl=url, MessageBody="x") == (500, "InternalError")
    wrong = front.client("sqs", secret_key="wrong")
    with pytest.raises(ClientError, match="does not match the signature"):
        wrong.send_message(QueueUrl=url, MessageBody="x")
    assert behind.left_in(url)["visible"] == 0 and behind.calls("SendMessage") == []


def test_a_long_poll_waits_there_and_holds_up_nothing(pair):
    front, behind = pair
    url = front.create_queue("requests")
    with RawClient(front.port) as client:
        client.send(poll_of(client, url))
        behind.wait_until(lambda: behind.state()["waiting"] == {"requests": 1})
        front.send(url, ["one"])
        status, _, body = client.answer()
    assert status == 200 and json.loads(body)["Messages"][0]["Body"] == "one"


def test_a_receive_whose_client_went_away_takes_nothing(pair):
    front, behind = pair
    url = front.create_queue("requests")
    with RawClient(front.port) as client:
        client.send(poll_of(client, url))
        behind.wait_until(lambda: behind.state()["waiting"] == {"requests": 1})
    behind.wait_until(lambda: behind.state()["waiting"] == {}, limit=15)  # it would end at 20
    assert [call["ending"] for call in front.calls("ReceiveMessage")] == ["gone"]
    front.send(url, ["one"])
    assert behind.left_in(url) == {"visible": 1, "in_flight": 0, "delayed": 0}


def poll_of(client, url):
    return client.json("sqs", "ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
