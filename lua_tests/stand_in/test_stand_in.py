"""The server itself: the lock, long polls, counters, the log, and its end."""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .raw_client import RawClient

LUA_TESTS = str(Path(__file__).resolve().parent.parent)


# ---- the lock


def test_each_message_goes_to_one_receiver(aws):
    url = aws.create_queue("requests", visibility=600)
    sent = aws.send(url, [f"body {n}" for n in range(100)])
    taken, lock = [], threading.Lock()

    def receive_all():
        sqs = aws.client("sqs")
        while True:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3)
            messages = answer.get("Messages", [])
            with lock:
                taken.extend(message["MessageId"] for message in messages)
            if not messages:
                return

    run_together(8, receive_all)
    assert sorted(taken) == sorted(sent)


def run_together(count, function):
    with ThreadPoolExecutor(count) as pool:
        return [each.result() for each in [pool.submit(function) for _ in range(count)]]


# ---- long polls


def long_poll(aws, url, wait=20):
    """A receive under way in a thread of its own, seen to be waiting; its future."""
    name = url.rsplit("/", 1)[-1]
    before = aws.state()["waiting"].get(name, 0)
    pool = ThreadPoolExecutor(1)
    future = pool.submit(aws.client("sqs").receive_message, QueueUrl=url, WaitTimeSeconds=wait,
                         MessageSystemAttributeNames=["All"])
    pool.shutdown(wait=False)
    aws.wait_until(lambda: aws.state()["waiting"].get(name, 0) == before + 1)
    return future


def test_long_poll_gets_what_is_sent_meanwhile(aws):
    url = aws.create_queue("requests")
    first, second = long_poll(aws, url), long_poll(aws, url)
    aws.sqs.send_message(QueueUrl=url, MessageBody="for the first")
    assert aws.state()["waiting"] == {"requests": 1}
    aws.sqs.send_message(QueueUrl=url, MessageBody="for the second")
    assert aws.state()["waiting"] == {}
    bodies = [poll.result()["Messages"][0]["Body"] for poll in (first, second)]
    assert bodies == ["for the first", "for the second"]


def test_long_poll_gets_what_is_given_back(aws):
    url = aws.create_queue("requests")
    aws.send(url, ["one"])
    [message] = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    poll = long_poll(aws, url)
    aws.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                      VisibilityTimeout=0)
    assert aws.state()["waiting"] == {}
    assert poll.result()["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_long_poll_gets_what_comes_back_by_itself(aws):
    url = aws.create_queue("requests")
    aws.send(url, ["one"])
    aws.sqs.receive_message(QueueUrl=url, VisibilityTimeout=2)
    poll = long_poll(aws, url)
    assert poll.result()["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "2"
    assert aws.calls("ReceiveMessage")[0]["ms"] < 15000, "that was the end of the poll"


def test_long_poll_of_a_dead_letter_queue(aws):
    url = aws.create_queue("requests", dead_letter="dead", max_receives=1)
    aws.send(url, ["poison"])
    aws.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    poll = long_poll(aws, aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"])
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=url)
    assert aws.state()["waiting"] == {}
    assert poll.result()["Messages"][0]["Body"] == "poison"


def test_long_poll_ends_empty_and_does_not_hold_the_others(aws, bucket):
    url = aws.create_queue("requests", ReceiveMessageWaitTimeSeconds="1")
    poll = long_poll(aws, url, wait=1)
    aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"")
    assert "Messages" not in poll.result()
    [waited] = aws.calls("ReceiveMessage")
    [put] = aws.calls("PutObject")
    assert waited["ms"] >= 1000
    assert put["number"] > waited["number"] and put["in_flight"]["calls"] == 2
    assert aws.state()["in_flight"]["handler_calls"]["max"] == 1


def test_long_poll_of_a_client_that_has_gone_takes_nothing(aws, raw):
    url = aws.create_queue("requests")
    raw.send(raw.json("sqs", "ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
    aws.wait_until(lambda: aws.state()["waiting"] == {"requests": 1})
    assert aws.state()["in_flight"]["calls"]["now"] == 1
    raw.close()
    aws.wait_until(lambda: aws.state()["waiting"] == {}, limit=15)  # the poll itself ends at 20
    [call] = aws.calls()
    assert (call["ending"], call["performed"], call["status"]) == ("gone", False, None)
    assert aws.state()["in_flight"]["calls"]["now"] == 0
    aws.send(url, ["one"])
    assert aws.left_in(url) == {"visible": 1, "in_flight": 0, "delayed": 0}


# ---- counters


def test_calls_in_flight_and_connections_are_counted(aws, bucket):
    gc.collect()                     # the clients of earlier tests, with their connections
    aws.wait_until(lambda: aws.state()["connections"]["now"] == 0)
    aws.reset("counters")
    aws.add_rule(action="delay", delay_ms=1000)
    clients = [RawClient(aws.port) for _ in range(32)]
    for place, client in enumerate(clients):
        client.send(client.s3("PUT", f"/{bucket}/{place}", b"x"))
    aws.objects(bucket)
    assert [client.answer()[0] for client in clients] == [200] * 32
    state = aws.state()
    assert state["in_flight"]["handler_calls"] == {"now": 0, "max": 32}
    assert state["connections"] == {"now": 32, "max": 32, "opened": 32}
    assert (state["calls"], state["operations"]) == (32, {"PutObject": 32})
    aws.reset("counters", "rules")
    for client in clients:
        client.close()
    aws.wait_until(lambda: aws.state()["connections"]["now"] == 0)
    with RawClient(aws.port) as client:
        client.call(client.s3("GET", f"/{bucket}/1"))
        client.call(client.json("sqs", "ListQueues", {}))
        state = aws.state()
    assert state["in_flight"] == {"calls": {"now": 0, "max": 1}, "handler_calls":
                                  {"now": 0, "max": 1}}
    assert state["connections"]["opened"] == 1


def test_delay_of_50_ms_for_all(aws, bucket):
    aws.add_rule(action="delay", delay_ms=50)
    s3 = aws.client("s3")
    aws.reset("counters")
    with ThreadPoolExecutor(16) as pool:
        for each in [pool.submit(s3.put_object, Bucket=bucket, Key=str(n), Body=b"x")
                     for n in range(64)]:
            each.result()
    state = aws.state()
    assert 2 <= state["in_flight"]["handler_calls"]["max"] <= 16
    assert state["connections"]["opened"] <= 16
    assert min(call["ms"] for call in aws.calls("PutObject")) >= 50


# ---- the log


def test_the_log_tells_everything(aws, bucket):
    url = aws.create_queue("requests")
    sent = aws.send(url, [f"body {n}" for n in range(40)])
    aws.reset("log")
    lines_before = len(aws.log_path.read_text().splitlines())

    def consume():
        sqs, s3 = aws.client("sqs"), aws.client("s3")
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5).get("Messages"):
            for message in messages:
                s3.put_object(Bucket=bucket, Key=message["MessageId"], Body=b"x")
            sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                for place, message in enumerate(messages)])

    run_together(4, consume)
    calls = aws.calls()
    numbers = [call["number"] for call in calls]
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + len(calls)))
    in_file = [json.loads(line) for line in aws.log_path.read_text().splitlines()[lines_before:]]
    assert in_file == calls
    received = {each["message_id"] for call in aws.calls("ReceiveMessage")
                for each in call.get("messages", [])}
    written = {call["key"] for call in aws.calls("PutObject")}
    deleted = {entry["message_id"] for call in aws.calls("DeleteMessageBatch")
               for entry in call["entries"] if entry["id"] in call["successful"]}
    assert received == written == deleted == set(sent)
    for connection in {call["connection"] for call in calls}:
        serials = [call["serial"] for call in calls if call["connection"] == connection]
        assert serials == list(range(1, len(serials) + 1))


def test_the_judge_is_not_disturbed_and_not_counted(aws, bucket):
    aws.reset("log")
    aws.add_rule(action="drop_before")
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert aws.calls() == []
    assert [call["operation"] for call in aws.calls(judge=True)] == ["PutObject"]
    assert aws.state()["calls"] == 0


def test_same_ids_after_a_reset(aws):
    def ids():
        aws.reset()
        url = aws.create_queue("requests")
        aws.send(url, ["one", "two"])
        return [(each["MessageId"], each["ReceiptHandle"]) for each in aws.take_all(url)]

    assert ids() == ids()


# ---- its end


def start(directory, *more, **settings):
    ready = directory / "port"
    environment = {**os.environ, "PYTHONPATH": LUA_TESTS}
    process = subprocess.Popen(
        [sys.executable, "-m", "stand_in", "--ready-file", str(ready), *more],
        env=environment, stderr=subprocess.DEVNULL, **settings)
    deadline = time.monotonic() + 60
    while not ready.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    return process


def test_ends_when_stdin_closes(tmp_path):
    process = start(tmp_path, "--parent", "0", stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(60) == 0


def test_ends_with_the_process_it_was_given(tmp_path):
    parent = subprocess.Popen(["sleep", "600"])
    process = start(tmp_path, "--parent", str(parent.pid), stdin=subprocess.DEVNULL)
    parent.kill()
    parent.wait()
    assert process.wait(60) == 0


def test_ends_when_its_parent_is_killed(tmp_path):
    script = ("from stand_in.harness import StandIn\n"
              "with StandIn() as aws:\n    print(aws.pid, flush=True)\n    input()\n")
    environment = {**os.environ, "PYTHONPATH": LUA_TESTS, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=environment)
    pidfd = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    assert select.select([pidfd], [], [], 60)[0], "a server is left behind"
    os.close(pidfd)
    parent.stdin.close()
    parent.stdout.close()


def test_ends_in_order_when_told(tmp_path):
    process = start(tmp_path, stdin=subprocess.DEVNULL)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
