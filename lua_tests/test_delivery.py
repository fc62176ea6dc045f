"""Delivery under concurrency, signals and broken connections, judged by the stand-in's call log."""

import json
import signal

from judge import apply_all, key_of, same_widget
from reading import TO_THE_END, ledger

MESSAGES = 400
CONCURRENCY = 32


def creates(count):
    return [json.dumps({"type": "create", "requestId": f"request-{i}", "widgetId": f"widget-{i}",
                        "owner": "Sue Smith", "label": f"label {i}", "description": "",
                        "otherAttributes": [{"name": "color", "value": "red"}]})
            for i in range(count)]


def prepare(aws, bodies, **queue):
    url = aws.create_queue("requests", dead_letter="dead", max_receives=5, **queue)
    aws.create_bucket("widgets")
    aws.send(url, bodies)
    return url


def consume(tidegate, *more):
    return tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END, *more)


def check_all_done(aws, queue, bodies):
    stored, (expected, _) = aws.objects("widgets"), apply_all(bodies)
    assert stored.keys() == expected.keys()
    assert all(same_widget(stored[key], expected[key]) for key in stored)
    assert aws.left_in(queue) == {"visible": 0, "in_flight": 0, "delayed": 0}


def test_many_at_once_over_few_connections(aws, tidegate):
    bodies = creates(MESSAGES)
    queue = prepare(aws, bodies)
    aws.add_rule(action="delay", delay_ms=50)
    result = consume(tidegate, "--concurrency", CONCURRENCY)
    assert result.returncode == 0, result.stderr
    state = aws.state()
    assert 30 <= state["in_flight"]["handler_calls"]["max"] <= CONCURRENCY
    assert state["connections"]["opened"] <= 40
    assert ledger(result.stdout)["done"] == MESSAGES
    check_all_done(aws, queue, bodies)


def test_a_signal_under_load_drains(aws, tidegate):
    bodies = creates(MESSAGES)
    queue = prepare(aws, bodies)
    aws.add_rule(action="delay", delay_ms=20)
    process = tidegate.start("consume", "sqs://requests", "s3://widgets", "--concurrency",
                             CONCURRENCY, "--drain-timeout", "20s", "--summary")
    aws.wait_until(lambda: len(aws.calls("PutObject")) >= 100)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found = ledger(out)
    assert found["received"] == sum(value for name, value in found.items() if name != "received")
    check_against_the_log(aws, found)
    left = aws.left_in(queue)
    assert found["done"] + left["visible"] + left["in_flight"] + left["delayed"] == MESSAGES
    assert left["in_flight"] == 0 and 0 < found["done"] < MESSAGES


def start_and_hang(aws, tidegate, *more):
    """The program with eight requests whose writes do not end, and the queue."""
    queue = prepare(aws, creates(8))
    aws.add_rule(op="PutObject", action="delay", delay_ms=600_000)
    process = tidegate.start("consume", "sqs://requests", "s3://widgets", "--summary", *more)
    aws.wait_until(lambda: aws.state()["in_flight"]["handler_calls"]["now"] == 8)
    return process, queue


def test_the_drain_deadline_gives_back_what_still_runs(aws, tidegate):
    process, queue = start_and_hang(aws, tidegate, "--drain-timeout", "200ms")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    found = ledger(out)
    assert found["received"] == found["released"] == 8
    assert aws.left_in(queue) == {"visible": 8, "in_flight": 0, "delayed": 0}


def test_acks_that_never_end_are_cut_off_too(aws, tidegate):
    queue = prepare(aws, creates(8))
    aws.add_rule(op="DeleteMessageBatch", action="delay", delay_ms=600_000)
    process = tidegate.start("consume", "sqs://requests", "s3://widgets", "--summary",
                             "--drain-timeout", "1s")
    aws.wait_until(lambda: aws.state()["in_flight"]["calls"]["now"] >= 1
                   and len(aws.calls("PutObject")) == 8)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    assert ledger(out)["released"] == 8 and aws.left_in(queue)["in_flight"] == 8


def test_a_second_signal_ends_it_at_once(aws, tidegate):
    process, queue = start_and_hang(aws, tidegate)
    process.send_signal(signal.SIGTERM)
    while "finishing what is in hand" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 75
    assert not aws.calls("DeleteMessageBatch") and aws.left_in(queue)["in_flight"] == 8


def check_against_the_log(aws, found):
    received, deleted, released = set(), set(), set()
    for call in aws.calls():
        if call["operation"] == "ReceiveMessage":
            received |= {each["receipt_handle"] for each in call.get("messages", [])}
        elif call["operation"] == "DeleteMessageBatch":
            deleted |= {each["receipt_handle"] for each in call["entries"]}
        elif call["operation"] == "ChangeMessageVisibilityBatch":
            released |= {each["receipt_handle"] for each in call["entries"]}
    assert len(received) == found["received"]
    assert len(deleted) == found["done"]
    assert len(released) == found["released"]
    assert deleted | released == received and not deleted & released
    written = {call["key"] for call in aws.calls("PutObject") if call["status"] == 200}
    assert len(written) >= found["done"]


def test_dropped_reused_connections_change_nothing(aws, tidegate, samples):
    bodies = [body.decode() for body in samples.values() if body]
    queue = prepare(aws, bodies)
    for operation, every in (("PutObject", 3), ("DeleteObject", 2), ("GetObject", 4),
                             ("ReceiveMessage", 2), ("DeleteMessageBatch", 2)):
        aws.add_rule(op=operation, reused=True, every=every, action="drop_before")
    result = consume(tidegate)
    assert result.returncode == 0, result.stderr
    assert sum(rule["fired"] for rule in aws.rules()) >= 5
    stored, (expected, counts) = aws.objects("widgets"), apply_all(samples.values())
    assert stored.keys() == expected.keys()
    assert all(same_widget(stored[key], expected[key]) for key in stored)
    for word in ("created", "updated", "deleted", "missing"):
        assert f"{counts[word]} {word}" in result.stdout
    assert aws.left_in(queue) == {"visible": 0, "in_flight": 0, "delayed": 0}


def test_a_write_whose_answer_is_lost_is_no_conflict(aws, tidegate):
    bodies = creates(20)
    queue = prepare(aws, bodies)
    aws.add_rule(op="PutObject", every=2, times=8, action="drop_after")
    result = consume(tidegate)
    assert result.returncode == 0, result.stderr
    assert "20 created" in result.stdout
    check_all_done(aws, queue, bodies)


def test_a_wrong_secret_consumes_nothing(aws, tidegate):
    queue = prepare(aws, creates(3))
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", "--until-empty",
                          AWS_SECRET_ACCESS_KEY="notTheSecret")
    assert result.returncode == 77, result.stderr
    assert "403" in result.stderr and "notTheSecret" not in result.stderr
    assert aws.left_in(queue)["visible"] == 3
    aws.reset("log")                     # the only test whose calls may be signed wrong


def test_what_cannot_be_reached_or_found_exits_69(aws, tidegate):
    aws.create_bucket("widgets")
    result = tidegate.run("consume", "sqs://nowhere", "s3://widgets")
    assert result.returncode == 69 and "QueueDoesNotExist" in result.stderr, result.stderr
    result = tidegate.run("consume", "sqs://nowhere", "s3://widgets",
                          AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert result.returncode == 69 and "connect" in result.stderr, result.stderr


def test_a_store_that_is_not_there_takes_nothing(aws, tidegate):
    queue = prepare(aws, creates(5))
    result = tidegate.run("consume", "sqs://requests", "s3://wigdets", "--until-empty")
    assert result.returncode == 69 and "NoSuchBucket" in result.stderr, result.stderr
    assert aws.left_in(queue) == {"visible": 5, "in_flight": 0, "delayed": 0}
    assert not aws.calls("ReceiveMessage")


def test_a_queue_that_vanishes_ends_a_run_until_empty(aws, tidegate):
    queue = prepare(aws, creates(5))
    process = tidegate.start("consume", "sqs://requests", "s3://widgets", *TO_THE_END)
    aws.wait_until(lambda: len(aws.calls("DeleteMessageBatch")) >= 1)
    aws.sqs.delete_queue(QueueUrl=queue)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 69 and "QueueDoesNotExist" in err
    assert ledger(out)["done"] == 5


def test_an_update_outlives_the_create_that_comes_again(aws, tidegate):
    create, = creates(1)
    update = json.dumps({"type": "update", "requestId": "later", "widgetId": "widget-0",
                         "owner": "Sue Smith", "label": "new"})
    prepare(aws, [create, update, create])
    result = consume(tidegate)
    assert result.returncode == 0, result.stderr
    (body,) = aws.objects("widgets").values()
    assert json.loads(body)["label"] == "new"


def test_every_call_was_signed_well(aws, tidegate, samples):
    queue = prepare(aws, [body.decode() for body in samples.values() if body])
    assert consume(tidegate).returncode == 0
    assert aws.calls() and all(call["status"] != 403 for call in aws.calls())
    assert aws.left_in(queue)["visible"] == 0


def test_produce_fills_a_queue_that_consume_empties(aws, tidegate):
    queue = prepare(aws, [])
    made = tidegate.run("produce", "sqs://requests", "-mwr", "120", "-ird", "0", "--seed", "7")
    assert made.returncode == 0, made.stderr
    assert aws.left_in(queue)["visible"] == 120
    bodies = [body["Body"] for body in aws.take_all(queue)]
    aws.send(queue, bodies)
    result = consume(tidegate)
    assert result.returncode == 0, result.stderr
    found = ledger(result.stdout)
    assert found["done"] + found["skipped"] == found["received"] == 120
    assert len({key_of(json.loads(body)) for body in bodies}) >= len(aws.objects("widgets")) > 0
