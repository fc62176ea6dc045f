"""The ways in which the store may differ under `warn` from what the requests make in order, a run
for each. docs/delivery.md lists them.

A delivery is the number of a request in the order of sending. One with a mark, 1!, is done, and its
process is killed before the ack; later it comes again, when its lease is over. What `warn` leaves
is then what the deliveries make in the order in which they came, and `converge` leaves what the
requests make in theirs.
"""

import json
from typing import NamedTuple

import pytest

from judge import apply_all, flat
from proofs.kills.workload import request
from reading import ledger
from sources import SOURCES
from stores import STORES

FIRST_MS = 1612306368338
LEASE = ("--visibility", "600s")     # no lease ends by itself


class Case(NamedTuple):
    what: str
    requests: str
    deliveries: str


DIFFERENCES = [
    Case("an update before its create", "create update", "2 1"),
    Case("a delete before its create", "create delete", "2 1"),
    Case("a newer update first", "create update update", "1 3 2"),
    Case("a newer create first", "create create", "2 1"),
    Case("an update again after a newer one", "create update update", "1 2! 3 2"),
    Case("a create again after a newer one", "create create", "1! 2 1"),
    Case("a create again after its delete", "create delete", "1! 2 1"),
    Case("an update again after a new create", "create update delete create", "1 2! 3 4 2"),
    Case("a delete again after a new create", "create delete create", "1 2! 3 2"),
]

NO_DIFFERENCE = [
    Case("a create again", "create", "1! 1"),
    Case("a create again after its updates", "create update update", "1! 2 3 1"),
    Case("the last update again", "create update", "1 2! 2"),
    Case("the last delete again", "create delete", "1 2! 2"),
]


class Queue:
    """The source, in which one message at most is to be had at a time."""

    def __init__(self, tidegate, aws):
        self.aws, self.tidegate = aws, tidegate
        self.source = SOURCES["sqs"](tidegate, aws, max_receives=1000)
        self.store = STORES["s3"](tidegate, aws)
        self.source.create()
        self.store.create()
        self.handles = {}            # request -> its receipt handle, or None

    def offer(self, place, body):
        """Sends the request, or ends the lease that a dead process has on it."""
        if place not in self.handles:
            self.aws.sqs.send_message(
                QueueUrl=self.source.queue, MessageBody=body, MessageAttributes={
                    "tidegate-sent-at": {"DataType": "String",
                                         "StringValue": str(FIRST_MS + place)}})
            self.handles[place] = None
            return
        self.aws.sqs.change_message_visibility(
            QueueUrl=self.source.queue, ReceiptHandle=self.handles[place], VisibilityTimeout=0)

    def command(self, *more):
        return ("consume", self.source.url, self.store.url, "--max-messages", "1", *LEASE,
                "--summary", *more)

    def handle(self, *more):
        result = self.tidegate.run(*self.command(*more))
        assert result.returncode == 0, result.stderr
        return ledger(result.stdout)

    def handle_and_die(self, place, *more):
        """The effect is done and the ack under way when the process is killed."""
        self.aws.reset("log")
        which = {"op": "DeleteMessageBatch", "key": "requests"}
        self.aws.add_rule(**which, action="hold")
        self.aws.add_rule(**which, action="drop_before")
        process = self.tidegate.start(*self.command(*more))
        self.aws.wait_until(lambda: self.aws.rules()[0]["fired"])
        process.kill()
        process.communicate()
        self.aws.drop_rules()
        [message] = [each for call in self.aws.calls("ReceiveMessage")
                     for each in call.get("messages", [])]
        self.handles[place] = message["receipt_handle"]


def numbered(case):
    """The bodies in the order of sending; the deliveries as (place, killed)."""
    bodies = [json.dumps(request(number, kind, 1))
              for number, kind in enumerate(case.requests.split(), 1)]
    return bodies, [(int(each.rstrip("!")) - 1, each.endswith("!"))
                    for each in case.deliveries.split()]


def flat_all(bodies):
    return {key: flat(widget) for key, widget in apply_all(bodies)[0].items()}


def name_of(case):
    return case.what.replace(" ", "-")


def run(queue, case, policy):
    """What is stored when all deliveries are over, and what it is in the order of sending, and in
    the order in which they came."""
    bodies, deliveries = numbered(case)
    for place, killed in deliveries:
        queue.offer(place, bodies[place])
        if killed:
            queue.handle_and_die(place, "--conflicts", policy)
        else:
            found = queue.handle("--conflicts", policy)
            assert found["done"] + found["skipped"] == found["received"] == 1
    assert queue.source.left() == 0 and queue.source.parked() == []
    return queue.store.widgets(), flat_all(bodies), flat_all(
        [bodies[place] for place, _ in deliveries])


@pytest.mark.parametrize("policy", ["warn", "converge"])
@pytest.mark.parametrize("case", DIFFERENCES, ids=name_of)
def test_a_difference(aws, tidegate, case, policy):
    stored, in_order, as_they_came = run(Queue(tidegate, aws), case, policy)
    assert in_order != as_they_came
    assert stored == (as_they_came if policy == "warn" else in_order)


@pytest.mark.parametrize("policy", ["warn", "converge"])
@pytest.mark.parametrize("case", NO_DIFFERENCE, ids=name_of)
def test_no_difference(aws, tidegate, case, policy):
    stored, in_order, _ = run(Queue(tidegate, aws), case, policy)
    assert stored == in_order


@pytest.mark.parametrize("policy", ["warn", "converge"])
def test_what_was_in_hand_at_too_many_kills_is_parked(aws, tidegate, policy):
    """Nobody knows whether it was the reason: done or not, it is put aside for a person."""
    queue = Queue(tidegate, aws)
    bodies, _ = numbered(Case("", "create", ""))
    more = ("--conflicts", policy, "--max-receives", "2")
    for _ in range(2):
        queue.offer(0, bodies[0])
        queue.handle_and_die(0, *more)
    queue.offer(0, bodies[0])
    assert queue.handle(*more)["parked"] == 1
    assert queue.source.left() == 0 and queue.store.widgets() == flat_all(bodies)
    [parked] = queue.source.parked()
    assert parked.body.decode() == bodies[0]
    assert parked.attributes["tidegate-receive-count"] == "3"
