"""Two consumers of ElasticMQ under faults: 2,000 requests through the stand-in, whose rules drop,
refuse and cut what they may, and one of the two is killed and replaced on the way.
"""

from collections import Counter

import pytest

from conftest import Program
from proofs.kills.workload import workload
from reading import TO_THE_END, ledger
from sources import SOURCES
from stores import STORES

REQUESTS = 2000
KILL_AT = 1300         # requests that are left
STATUS = {"action": "status"}
ONLY_WHEN_SLOW = {"ChangeMessageVisibilityBatch"}
QUEUE_FAULTS = (
    {"op": "ReceiveMessage", "every": 17, "action": "drop_after"},
    {"op": "ReceiveMessage", "every": 23, "action": "drop_before", "how": "rst"},
    {"op": "ReceiveMessage", "every": 29, **STATUS, "status": 500, "code": "InternalError"},
    {"op": "DeleteMessageBatch", "every": 11, "action": "drop_after", "how": "rst"},
    {"op": "DeleteMessageBatch", "every": 13, "action": "drop_before"},
    {"op": "DeleteMessageBatch", "every": 17, **STATUS, "status": 403, "code": "RequestThrottled"},
    {"op": "DeleteMessageBatch", "every": 7, "action": "entries", "entry": [2, 5]},
    {"op": "DeleteMessageBatch", "every": 19, "action": "entries", "entry": 1, "told": "missing"},
    {"op": "ChangeMessageVisibilityBatch", "every": 3, "action": "drop_after"},
    {"op": "SendMessageBatch", "every": 4, "action": "drop_after"},
    {"op": "SendMessageBatch", "every": 5, "action": "entries", "entry": 1},
)
STORE_FAULTS = (
    {"op": "PutObject", "every": 31, "action": "drop_after"},
    {"op": "PutObject", "every": 37, "action": "drop_before", "how": "rst"},
    {"op": "PutObject", "every": 41, **STATUS, "status": 503, "code": "SlowDown"},
    {"op": "GetObject", "every": 43, **STATUS, "status": 500, "code": "InternalError"},
    {"op": "DeleteObject", "every": 7, "action": "drop_after", "how": "rst"},
)


@pytest.fixture
def program(in_front_of_elasticmq, tmp_path):
    return Program(in_front_of_elasticmq.environment(), tmp_path)


def start(program, source, store, policy):
    return program.start("consume", source.url, store.url, *TO_THE_END, "--visibility", "2s",
                         "--max-receives", "1000", "--conflicts", policy, "--log-level", "error")


def consume(program, source, store, policy):
    """Two processes until nothing is left, one of them killed and replaced; what each that came to
    an end says of it."""
    one, two = (start(program, source, store, policy) for _ in range(2))
    source.aws.wait_until(lambda: source.left() <= KILL_AT or one.poll() is not None, limit=120)
    assert one.poll() is None, one.communicate()
    one.kill()
    one.communicate()
    for process in (two, start(program, source, store, policy)):
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        yield ledger(out)


def deliveries(aws):
    """How often messages were given out, and how many different ones."""
    given = [each["message_id"] for call in aws.calls("ReceiveMessage")
             for each in call.get("messages", [])]
    return len(given), len(set(given))


@pytest.mark.parametrize("store, policy, faults", [
    ("s3", "warn", QUEUE_FAULTS + STORE_FAULTS), ("s3", "converge", QUEUE_FAULTS + STORE_FAULTS),
    ("file", "converge", QUEUE_FAULTS)], ids=["s3-warn", "s3-converge", "file-converge"])
def test_two_consumers_lose_nothing(in_front_of_elasticmq, program, tell, store, policy, faults):
    aws = in_front_of_elasticmq
    requests = workload(REQUESTS, seed=5)
    source = SOURCES["sqs"](program, aws, max_receives=1000)
    store = STORES[store](program, aws)
    source.create()
    store.create()
    source.fill(requests.bodies)
    for fault in faults:
        aws.add_rule(**fault)
    ended = list(consume(program, source, store, policy))
    fired = Counter()
    for rule in aws.rules():
        assert rule["fired"] or rule["op"] in ONLY_WHEN_SLOW, rule
        fired[f"{rule['op']} {rule['action']}"] += rule["fired"]
    given, different = deliveries(aws)
    assert different == REQUESTS
    copies = requests.check(source, store, policy)
    tell(f"two consumers, elasticmq to {store.kind}, {policy}: {REQUESTS} requests, 1 kill; given "
         f"out {given} times; {sum(fired.values())} faults; {copies} copies of "
         f"{len(requests.poison)} parked; {requests.differing} widgets differ; the two that ended "
         f"received {' and '.join(str(each['received']) for each in ended)}")
    tell("    faults: " + ", ".join(f"{count} {what}" for what, count in fired.items()))
