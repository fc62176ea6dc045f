"""Actions on messages and batches, seen by boto3."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def queue(aws):
    """Three messages, and the functions of a client that rules are for."""
    return Queue(aws)


class Queue:
    def __init__(self, aws):
        self.aws, self.sqs = aws, aws.client("sqs")
        self.url = aws.create_queue("requests")
        self.ids = aws.send(self.url, ["one", "two", "three"])

    def receive(self, most=10, wait=0):
        return self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=most, WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"]).get("Messages", [])

    def delete(self, messages):
        answer = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=[
            {"Id": str(place), "ReceiptHandle": each["ReceiptHandle"]}
            for place, each in enumerate(messages)])
        return [each["Id"] for each in answer.get("Successful", [])], answer.get("Failed", [])

    def left(self):
        return self.aws.left_in(self.url)


def bodies(messages):
    return [each["Body"] for each in messages]


def counts(messages):
    return [each["Attributes"]["ApproximateReceiveCount"] for each in messages]


def test_leases_that_lapse(aws, queue):
    first = queue.receive()
    assert queue.receive() == []
    rule = aws.add_rule(op="ReceiveMessage", action="lapse", messages=2)
    again = queue.receive()
    assert bodies(again) == ["one", "two"] and counts(again) == ["2", "2"]
    assert queue.delete(first)[0] == ["0", "1", "2"]
    assert queue.left()["in_flight"] == 2, "a receipt that is older than the newest deletes nothing"
    aws.drop_rules(rule)
    aws.add_rule(op="DeleteMessageBatch", action="lapse")
    queue.delete(first)
    assert queue.left() == {"visible": 2, "in_flight": 0, "delayed": 0}


def test_messages_that_are_there_again(aws, queue):
    queue.delete(queue.receive())
    assert sum(queue.left().values()) == 0
    aws.add_rule(op="ReceiveMessage", action="resurrect", messages=2, times=1)
    again = queue.receive()
    assert sorted(bodies(again)) == ["three", "two"] and counts(again) == ["2", "2"]
    queue.delete(again)
    assert sum(queue.left().values()) == 0 and queue.receive() == []


def test_a_message_that_stands_twice_in_an_answer(aws, queue):
    aws.add_rule(op="ReceiveMessage", action="twice", messages=1)
    found = queue.receive(4)
    assert bodies(found) == ["one", "two", "one"] and counts(found) == ["1", "1", "2"]
    assert len({each["ReceiptHandle"] for each in found}) == 3
    [call] = aws.calls("ReceiveMessage")
    assert [each["message_id"] for each in call["messages"]] == [*queue.ids[:2], queue.ids[0]]
    assert queue.delete(found[:1])[0] == ["0"] and queue.left()["in_flight"] == 2
    assert queue.delete(found[2:])[0] == ["0"] and queue.left()["in_flight"] == 1


def test_more_messages_than_were_asked_for(aws, queue):
    aws.send(queue.url, [f"more {number}" for number in range(9)])
    aws.add_rule(op="ReceiveMessage", action="surplus", messages=11)
    found = queue.receive(3)
    assert len(found) == 11 and len(set(bodies(found))) == 11
    assert len(queue.receive()) == 1


def test_messages_in_another_order(aws, queue):
    aws.send(queue.url, [f"more {number}" for number in range(7)])
    order = bodies(queue.receive(10))
    aws.add_rule(op="ReceiveMessage", action="lapse")
    aws.add_rule(op="ReceiveMessage", action="shuffle", seed=3)
    other = bodies(queue.receive(10))
    assert other != order and sorted(other) == sorted(order)


@pytest.mark.parametrize("member, settings", [
    ("MD5OfBody", {"value": "0" * 32}), ("Body", {}), ("ReceiptHandle", {}), ("MessageId", {}),
    ("Attributes", {"value": {}}),
])
def test_a_message_with_a_wrong_member(aws, queue, member, settings):
    aws.add_rule(op="ReceiveMessage", action="spoil", message=2, member=member, **settings)
    found = queue.receive()
    assert len(found) == 3 and found[0][member]
    assert found[1].get(member) == settings.get("value")
    assert aws.calls("ReceiveMessage")[0]["status"] == 200


@pytest.mark.parametrize("settings, done, failed, left", [
    ({}, ["0", "2"], ["1"], 1),
    ({"entry": [1, 3]}, ["1"], ["0", "2"], 2),
    ({"entry": None}, [], ["0", "1", "2"], 3),
    ({"done": True}, ["0", "2"], ["1"], 0),
    ({"told": "missing"}, ["0", "2"], [], 1),
    ({"told": "both"}, ["0", "2", "1"], ["1"], 1),
    ({"told": "unknown"}, ["0", "1", "2", "nobody-asked"], [], 0),
])
def test_single_entries_that_fail(aws, queue, settings, done, failed, left):
    aws.add_rule(op="DeleteMessageBatch", action="entries", **{"entry": 2, **settings})
    answer = queue.delete(queue.receive())
    assert (answer[0], [each["Id"] for each in answer[1]]) == (done, failed)
    assert sum(queue.left().values()) == left
    [call] = aws.calls("DeleteMessageBatch")
    assert len(call["entries"]) == 3 and call["successful"] == done


def test_a_receipt_that_is_stale(aws, queue):
    aws.add_rule(op="ChangeMessageVisibilityBatch", action="entries", entry=1,
                 code="ReceiptHandleIsInvalid", sender_fault=True)
    [message] = queue.receive(1)
    answer = queue.sqs.change_message_visibility_batch(QueueUrl=queue.url, Entries=[
        {"Id": "a", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}])
    [failed] = answer["Failed"]
    assert (failed["Code"], failed["SenderFault"]) == ("ReceiptHandleIsInvalid", True)
    assert queue.left() == {"visible": 2, "in_flight": 1, "delayed": 0}


def test_who_waits_is_woken_by_what_lapses(aws, queue):
    queue.receive()
    aws.add_rule(op="GetQueueAttributes", action="lapse")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.receive, 10, 20)
        aws.wait_until(lambda: aws.state()["waiting"] == {"requests": 1})
        queue.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])
        assert len(waiting.result()) == 3
    assert aws.calls("ReceiveMessage")[-1]["ms"] < 15000, "that was the end of the poll"
