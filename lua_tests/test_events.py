"""Requests in a bucket that a queue tells of: S3's event notifications, as S3 documents them."""

import json
from urllib.parse import quote_plus

import pytest

from judge import apply_all, flat
from reading import TO_THE_END, ledger, outcomes
from sources import SOURCES, request
from stores import STORES

OBJECTS = 60
TOPIC = "arn:aws:sns:us-east-1:123456789012:requests"
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-25T03:00:00.000Z",
              "Bucket": "inbox", "RequestId": "5582815E1AEA5ADF",
              "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}


def record(key, event="ObjectCreated:Put", bucket="inbox"):
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-25T03:00:00.000Z", "eventName": event,
            "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "requests",
                   "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}",
                              "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}},
                   "object": {"key": quote_plus(key), "size": 1024, "eTag": "d41d8cd98f00b204",
                              "sequencer": "0055AED6DCD90281E5"}}}


def notification(*records):
    return json.dumps({"Records": list(records)})


def envelope(message, topic=TOPIC):
    return json.dumps({"Type": "Notification", "MessageId": "22b80b92", "TopicArn": topic,
                       "Subject": "Amazon S3 Notification", "Message": message,
                       "Timestamp": "2026-11-25T03:00:00.000Z", "SignatureVersion": "1"})


class World:
    """A queue of notifications, the bucket that they tell of, and a bucket of widgets."""

    def __init__(self, program, aws):
        self.program = program
        self.aws = aws
        self.source, self.store = SOURCES["sqs"](program, aws), STORES["s3"](program, aws)
        self.source.create()
        self.store.create()
        aws.create_bucket("inbox")

    def put(self, key, body):
        self.aws.s3.put_object(Bucket="inbox", Key=key, Body=body)

    def tell(self, *bodies):
        self.aws.send(self.source.queue, list(bodies))

    def consume(self, *arguments, to=None):
        result = self.program.run("consume", self.source.url, to or self.store.url, *TO_THE_END,
                                  "--s3-events", *arguments)
        assert result.returncode == 0, result.stderr
        assert self.source.left() == 0
        return result

    def inbox(self):
        return sorted(self.aws.objects("inbox"))

    def parked(self):
        """What was told -> why it is parked."""
        return {each.body.decode(): each.attributes["tidegate-reason"]
                for each in self.source.parked()}


@pytest.fixture
def world(tidegate, aws):
    return World(tidegate, aws)


def test_what_was_put_is_handled_and_deleted(world):
    """Keys with all that a form encodes; one to three records a message; some told twice."""
    keys = [f"in/day {number % 7} + 100%/é&={number:03}" for number in range(OBJECTS)]
    requests = [request(number) for number in range(OBJECTS)]
    for key, body in zip(keys, requests):
        world.put(key, body)
    bodies, at = [json.dumps(TEST_EVENT)], 0
    while at < OBJECTS:
        count = 1 + len(bodies) % 3
        bodies.append(notification(*map(record, keys[at:at + count])))
        at += count
    twice = bodies[1:6]
    world.tell(*bodies, *twice, notification(record("in/x", "ObjectRemoved:Delete")))
    result = world.consume()
    expected, _ = apply_all(requests)
    assert world.store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert world.inbox() == [] and world.parked() == {}
    found = ledger(result.stdout)
    assert found["received"] == len(bodies) + len(twice) + 1
    assert found["done"] + found["skipped"] == found["received"]
    assert outcomes(result.stdout)["ignored"] == 2


def test_an_object_that_is_gone_is_nothing(world):
    world.tell(notification(record("gone")))
    result = world.consume()
    assert outcomes(result.stdout) == {"vanished": 1}
    assert " warn " not in result.stderr.replace("  ", " ") and world.parked() == {}


def test_a_message_is_settled_by_its_worst_object(world):
    """The bad request stays where it is, and its message is parked byte for byte."""
    world.put("a", request(1))
    world.put("b", request(2, type="bad"))
    world.put("c", request(3))
    body = notification(record("a"), record("b"), record("c"))
    world.tell(body)
    result = world.consume()
    assert ledger(result.stdout)["parked"] == 1
    assert world.parked() == {body: "type: expected create, update or delete"}
    assert world.inbox() == ["b"]
    assert {widget["id"] for widget in world.store.widgets().values()} == {"widget-1", "widget-3"}


@pytest.mark.parametrize("status, code, retried", [(400, "InvalidRequest", 1),
                                                   (403, "AccessDenied", 0)])
def test_what_the_store_could_not_do_is_tried_again(world, status, code, retried):
    """The object that was done is gone by then, and is not written a second time. What is no fault
    of the message stays in hand.
    """
    world.put("a", request(1))
    world.put("b", request(2))
    world.aws.add_rule(op="PutObject", key="*widget-2", action="status", status=status,
                       code=code, times=1)
    world.tell(notification(record("a"), record("b")))
    assert ledger(world.consume("--visibility", "2s").stdout)["retried"] == retried
    written = [call["key"] for call in world.aws.calls("PutObject") if call["status"] == 200]
    assert sorted(written) == [f"widgets/sue-smith/widget-{number}" for number in (1, 2)]
    assert world.inbox() == [] and world.parked() == {}


def test_what_is_no_notification_is_parked(world):
    world.put("a", request(1))
    bad = {request(1).decode(): "no S3 event notification: Records is no array",
           "hello": "no S3 event notification: not JSON: ",
           envelope(notification(record("a"))): "an SNS envelope: name its topic with --sns",
           notification(record("a", bucket="no/bucket")):
               "Records[0]: s3.bucket.name is no name of a bucket"}
    world.tell(*bad)
    world.consume()
    found = world.parked()
    assert found.keys() == bad.keys()
    assert all(found[body].startswith(reason) for body, reason in bad.items()), found
    assert world.inbox() == ["a"] and world.store.widgets() == {}


def test_only_the_topic_that_was_named_is_believed(world):
    world.put("a", request(1))
    world.put("b", request(2))
    other = envelope(notification(record("b")), TOPIC + "-of-others")
    bare = notification(record("b"))
    world.tell(envelope(json.dumps(TEST_EVENT)), envelope(notification(record("a"))), other, bare)
    world.consume("--sns", TOPIC)
    assert world.parked() == {
        other: f"the SNS topic is {TOPIC}-of-others, not that of --sns",
        bare: "no SNS envelope: Type is missing"}
    assert world.inbox() == ["b"]
    assert {widget["id"] for widget in world.store.widgets().values()} == {"widget-1"}


def test_a_widget_is_not_taken_for_a_request(world):
    """The bucket of the widgets tells of itself: nothing there is touched."""
    world.put("widgets/sue-smith/a", request(1))
    body = notification(record("widgets/sue-smith/a"))
    world.tell(body)
    world.consume(to="s3://inbox")
    assert world.parked() == {body: "the object lies in TO: s3://inbox/widgets/sue-smith/a"}
    assert world.inbox() == ["widgets/sue-smith/a"]


def test_a_parked_notification_can_be_sent_again(world):
    world.put("a", request(1, type="bad"))
    world.tell(notification(record("a")))
    world.consume()
    world.put("a", request(1))
    result = world.program.run("parked", "replay", world.source.url, "--all")
    assert result.returncode == 0, result.stderr
    world.consume()
    assert len(world.store.widgets()) == 1 and world.inbox() == [] and world.parked() == {}
