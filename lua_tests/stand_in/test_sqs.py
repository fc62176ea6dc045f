"""SQS as a consumer sees it, judged with boto3: what tidegate relies on."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(aws):
    return aws.client("sqs")


def receive(sqs, url, **more):
    answer = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], **more)
    return answer.get("Messages", [])


def test_sqs_round_trip(aws, sqs, error):
    url = aws.create_queue("requests")
    assert url == sqs.get_queue_url(QueueName="requests")["QueueUrl"]
    [sent] = aws.send(url, ["{\"é\": 1}"])
    [message] = receive(sqs, url, MaxNumberOfMessages=10)
    assert (message["MessageId"], message["Body"]) == (sent, "{\"é\": 1}")
    assert message["MD5OfBody"] == hashlib.md5("{\"é\": 1}".encode()).hexdigest()
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - aws.calls()[0]["time"]) < 60
    assert aws.left_in(url) == {"visible": 0, "in_flight": 1, "delayed": 0}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert aws.left_in(url) == {"visible": 0, "in_flight": 0, "delayed": 0}
    assert error(sqs.get_queue_url, QueueName="none") == (
        400, "AWS.SimpleQueueService.NonExistentQueue")


def test_sqs_raw_shapes(aws, raw):
    url = aws.create_queue("requests")
    status, headers, body = raw.call(raw.json("sqs", "ReceiveMessage", {"QueueUrl": url}))
    assert (status, body) == (200, b"{}")
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amzn-requestid"]
    missing = raw.json("sqs", "GetQueueUrl", {"QueueName": "none"})
    status, headers, body = raw.call(missing)
    assert (status, json.loads(body)["__type"]) == (400, "com.amazonaws.sqs#QueueDoesNotExist")
    assert "x-amzn-query-error" not in headers
    asked = raw.json("sqs", "GetQueueUrl", {"QueueName": "none"}, x_amzn_query_mode="true")
    assert raw.call(asked)[1]["x-amzn-query-error"] == (
        "AWS.SimpleQueueService.NonExistentQueue;Sender")


def test_sqs_superseded_handle_settles_nothing(aws, sqs, error):
    url = aws.create_queue("requests")
    aws.send(url, ["one"])
    [first] = receive(sqs, url, VisibilityTimeout=0)
    [second] = receive(sqs, url)
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    old = {"QueueUrl": url, "ReceiptHandle": first["ReceiptHandle"]}
    sqs.delete_message(**old)
    sqs.change_message_visibility(**old, VisibilityTimeout=0)
    assert aws.left_in(url) == {"visible": 0, "in_flight": 1, "delayed": 0}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    assert error(sqs.change_message_visibility, **old, VisibilityTimeout=0) == (
        400, "InvalidParameterValue")
    assert error(sqs.delete_message, QueueUrl=url, ReceiptHandle="none") == (
        400, "ReceiptHandleIsInvalid")


def test_sqs_visibility(aws, sqs, error):
    url = aws.create_queue("requests")
    aws.send(url, ["one"])
    [message] = receive(sqs, url)
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**handle, VisibilityTimeout=43000)
    for seconds in (43200, 43201, -1):
        assert error(sqs.change_message_visibility, **handle, VisibilityTimeout=seconds) == (
            400, "InvalidParameterValue")
    sqs.change_message_visibility(**handle, VisibilityTimeout=0)
    sqs.change_message_visibility(**handle, VisibilityTimeout=30)
    assert aws.left_in(url)["visible"] == 1


def test_sqs_batches(aws, sqs, error):
    url = aws.create_queue("requests")
    aws.send(url, [str(n) for n in range(4)])
    handles = [each["ReceiptHandle"] for each in receive(sqs, url, MaxNumberOfMessages=10)]

    def delete(*entries):
        entries = [{"Id": name, "ReceiptHandle": handle} for name, handle in entries]
        return sqs.delete_message_batch(QueueUrl=url, Entries=entries)

    assert error(delete, ) == (400, "AWS.SimpleQueueService.EmptyBatchRequest")
    with pytest.raises(ClientError, match="TooManyEntriesInBatchRequest"):
        delete(*((str(n), handles[0]) for n in range(11)))
    with pytest.raises(ClientError, match="BatchEntryIdsNotDistinct"):
        delete(("a", handles[0]), ("a", handles[1]))
    with pytest.raises(ClientError, match="InvalidBatchEntryId"):
        delete(("a b", handles[0]))
    assert aws.left_in(url)["in_flight"] == 4
    answer = delete(("0", handles[0]), ("1", "none"), ("2", handles[2]), ("3", handles[2]))
    assert [each["Id"] for each in answer["Successful"]] == ["0", "2", "3"]
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [
        ("1", "ReceiptHandleIsInvalid")]
    change = [{"Id": str(place), "ReceiptHandle": handles[place], "VisibilityTimeout": 0}
              for place in (0, 1)]
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=change)
    assert [each["Id"] for each in answer["Successful"]] == ["1"]
    assert [each["Code"] for each in answer["Failed"]] == ["InvalidParameterValue"]
    assert aws.left_in(url) == {"visible": 1, "in_flight": 1, "delayed": 0}


def test_sqs_dead_letter_queue(aws, sqs):
    url = aws.create_queue("requests", dead_letter="dead", max_receives=2)
    dead = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    [sent] = aws.send(url, ["poison"])
    counts = [receive(sqs, url, VisibilityTimeout=0)[0]["Attributes"]["ApproximateReceiveCount"]
              for _ in range(2)]
    assert counts == ["1", "2"]
    assert receive(sqs, url) == []
    assert [message["MessageId"] for message in aws.take_all(dead)] == [sent]
    assert json.loads(aws.queue_attributes(url)["RedrivePolicy"])["maxReceiveCount"] == 2


@pytest.mark.parametrize("body, code", [
    ("", "MissingParameter"), ("a\0b", "InvalidMessageContents"),
    ("é" * 600, "InvalidParameterValue"),
])
def test_sqs_bodies_that_are_refused(aws, sqs, body, code, error):
    url = aws.create_queue("requests", MaximumMessageSize="1024")
    assert error(sqs.send_message, QueueUrl=url, MessageBody=body) == (400, code)


def test_sqs_fifo_lapsed_handle(aws, sqs, error):
    url = aws.create_queue("requests.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    sqs.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")
    [message] = receive(sqs, url, VisibilityTimeout=0)
    assert error(sqs.delete_message, QueueUrl=url, ReceiptHandle=message["ReceiptHandle"]) == (
        400, "InvalidParameterValue")
    assert aws.left_in(url)["visible"] == 1
