"""Stores that fail for a while: nothing is parked, nothing is received in vain, nothing is lost."""

import signal

import pytest
from reading import ledger
from test_delivery import check_all_done, creates, prepare
from test_leases import times_given

MESSAGES = 30
FAULTS = {
    "throttled": {"action": "status", "status": 503, "code": "SlowDown"},
    "broken": {"action": "status", "status": 500, "code": "InternalError"},
    "unreachable": {"action": "drop_before", "how": "rst"},
    "denied": {"action": "status", "status": 403, "code": "AccessDenied"},
    "gone": {"action": "status", "status": 404, "code": "NoSuchBucket"},
}


def start(aws, tidegate, fault, *more):
    bodies = creates(MESSAGES)
    queue = prepare(aws, bodies, visibility=4)
    aws.add_rule(op="PutObject", **fault)
    process = tidegate.start("consume", "sqs://requests", "s3://widgets", "--max-receives", "2",
                             "--wait", "1s", "--summary", *more)
    return bodies, queue, process


def lines_until(process, words):
    lines = []
    while words not in "".join(lines[-1:]):
        lines.append(process.stderr.readline())
        assert lines[-1], "".join(lines)
    return lines


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_fails_for_longer_than_a_lease(aws, tidegate, fault):
    bodies, queue, process = start(aws, tidegate, FAULTS[fault], "--until-empty")
    lines = lines_until(process, "a store fails")
    began = len(aws.calls("ChangeMessageVisibilityBatch"))
    aws.wait_until(lambda: len(aws.calls("ChangeMessageVisibilityBatch")) >= began + 6)
    aws.drop_rules()
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    text = "".join(lines) + err
    assert text.count("a store fails") == text.count("the store works again, after") == 1
    assert ledger(out) == {"received": MESSAGES, "done": MESSAGES, "skipped": 0, "retried": 0,
                           "parked": 0, "released": 0}
    assert set(times_given(aws).values()) == {1}
    check_all_done(aws, queue, bodies)


def test_a_drain_gives_back_what_its_store_would_not_take(aws, tidegate):
    _, queue, process = start(aws, tidegate, FAULTS["throttled"])
    lines_until(process, "a store fails")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found = ledger(out)
    assert found["parked"] == found["done"] == 0 and found["released"] > 0
    assert sum(aws.left_in(queue).values()) == MESSAGES
