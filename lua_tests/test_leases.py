"""Leases that are shorter than the work: what is in hand stays ours, judged by the call log."""

from reading import TO_THE_END, ledger
from test_delivery import check_all_done, creates, prepare

LEASE_S = 2


def times_given(aws):
    """How often each message was given out: id -> times."""
    times = {}
    for call in aws.calls("ReceiveMessage"):
        for message in call.get("messages", []):
            times[message["message_id"]] = times.get(message["message_id"], 0) + 1
    return times


def extensions(aws):
    return [entry for call in aws.calls("ChangeMessageVisibilityBatch")
            for entry in call["entries"]]


def consume_slowly(aws, tidegate, count, *more, delay_ms=5000):
    """Requests whose writes take longer than the lease."""
    bodies = creates(count)
    queue = prepare(aws, bodies, visibility=LEASE_S)
    aws.add_rule(op="PutObject", action="delay", delay_ms=delay_ms)
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END, *more)
    assert result.returncode == 0, result.stderr
    assert ledger(result.stdout) == {"received": count, "done": count, "skipped": 0, "retried": 0,
                                     "parked": 0, "released": 0}
    assert set(times_given(aws).values()) == {1} and len(times_given(aws)) == count
    check_all_done(aws, queue, bodies)


def test_a_slow_handler_keeps_its_message(aws, tidegate):
    consume_slowly(aws, tidegate, 3)
    assert len(extensions(aws)) >= 3 * 4
    assert len(aws.calls("ChangeMessageVisibilityBatch")) <= len(extensions(aws)) / 3 + 2


def test_what_waits_for_a_slot_is_kept_too(aws, tidegate):
    consume_slowly(aws, tidegate, 3, "--concurrency", "1", delay_ms=1500)


def test_an_extension_whose_answer_is_lost_is_made_again(aws, tidegate):
    aws.add_rule(op="ChangeMessageVisibilityBatch", every=2, times=3, action="drop_after")
    consume_slowly(aws, tidegate, 2, delay_ms=3000)


def test_a_lease_that_cannot_be_extended_is_said_once(aws, tidegate):
    queue = prepare(aws, creates(3), visibility=LEASE_S)
    aws.add_rule(op="ChangeMessageVisibilityBatch", action="status", status=403,
                 code="AccessDenied")
    aws.add_rule(op="PutObject", times=3, action="delay", delay_ms=3000)
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("a lease could not be extended") == 1
    assert aws.left_in(queue) == {"visible": 0, "in_flight": 0, "delayed": 0}
    assert len(aws.objects("widgets")) == 3


def test_a_deadline_ends_what_the_lease_would_not(aws, tidegate):
    prepare(aws, creates(2))
    aws.add_rule(op="PutObject", key="*widget-0", action="delay", delay_ms=600_000)
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END,
                          "--deadline", "1s", "--max-receives", "2")
    assert result.returncode == 0, result.stderr
    found = ledger(result.stdout)
    assert (found["done"], found["retried"], found["parked"]) == (1, 1, 1)
    parked, = aws.take_all(aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"])
    assert parked["MessageAttributes"]["tidegate-reason"]["StringValue"] \
        == "gave up after 2 receives: deadline of 1 s passed"


def test_what_was_applied_is_only_deleted_when_it_comes_again(aws, tidegate):
    bodies = creates(5)
    queue = prepare(aws, bodies, visibility=LEASE_S)
    aws.add_rule(op="DeleteMessageBatch", times=1, action="status", status=403,
                 code="AccessDenied")
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    found = ledger(result.stdout)
    assert found["done"] + found["skipped"] == len(aws.calls("PutObject")) == 5, result.stderr
    assert found["skipped"] == found["released"] > 0
    assert set(times_given(aws).values()) <= {1, 2}
    check_all_done(aws, queue, bodies)
