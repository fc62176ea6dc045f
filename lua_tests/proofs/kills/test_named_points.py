"""SIGKILL at every named point of a delivery, on the stand-in: a rule holds the call in question,
before its work or between work and answer, the process is killed meanwhile, and another one runs to
the end. A call that is held before its work never does it, or does it when its sender is dead.
"""

from collections import Counter
from typing import NamedTuple

import pytest

from proofs.kills.workload import solos, workload
from reading import TO_THE_END
from sources import SOURCES
from stores import STORES

REQUESTS = 300
POLICIES = ("warn", "converge")
NEVER, LATE, DONE = "never done", "done after the kill", "done, no answer"


class Point(NamedTuple):
    """The nth call of `op` on `key`; which way it is cut off."""
    name: str
    op: str
    key: str = "*"
    nth: int = 40
    cuts: tuple = (NEVER, LATE, DONE)


RECEIVE = Point("receive", "ReceiveMessage", nth=12, cuts=(DONE,))
ACK = Point("ack", "DeleteMessageBatch", "requests", nth=8)
PARK = Point("park", "SendMessageBatch", "dead", nth=2)
READ = Point("read of a request", "GetObject", "0*", cuts=(DONE,))
LIST = Point("listing", "ListObjectsV2", nth=1, cuts=(DONE,))
ACK_OBJECT = Point("ack", "DeleteObject", "0*")
PARK_OBJECT = Point("park", "PutObject", "parked/*", nth=3)
WRITES = {
    ("s3", "warn"): (Point("write", "PutObject", "widgets/*"),
                     Point("delete of a widget", "DeleteObject", "widgets/*", nth=6)),
    ("s3", "converge"): (Point("write of the ledger", "PutObject", "ledger/*"),
                         Point("write of the widget", "PutObject", "widgets/*"),
                         Point("delete of a widget", "DeleteObject", "widgets/*", nth=6),
                         Point("second look at the ledger", "GetObject", "ledger/*", nth=60,
                               cuts=(DONE,))),
    ("dynamodb", "warn"): (Point("write", "PutItem", "widgets"),
                           Point("delete of a widget", "DeleteItem", "widgets", nth=6)),
    ("dynamodb", "converge"): (Point("write", "PutItem", "widgets"),),
}
SOURCE_POINTS = {"sqs": (RECEIVE, ACK, PARK), "s3": (LIST, READ, ACK_OBJECT, PARK_OBJECT)}
PAIRS = (("sqs", "s3"), ("sqs", "dynamodb"), ("s3", "s3"))


def cases():
    for source, store in PAIRS:
        for policy in POLICIES:
            for point in SOURCE_POINTS[source] + WRITES[store, policy]:
                for cut in point.cuts:
                    yield pytest.param(source, store, policy, point, cut, id=" ".join(
                        (source, "to", store, policy, point.name, cut)).replace(" ", "-"))


def command(source, store, policy):
    return ("consume", source.url, store.url, *TO_THE_END, "--visibility", "1s",
            "--max-receives", "1000", "--conflicts", policy)


def hold(aws, point, cut):
    """Holds the call; one that is never to be done is dropped when its hold ends."""
    which = {"op": point.op, "key": point.key, "nth": point.nth}
    aws.add_rule(**which, action="hold", when="after" if cut == DONE else "before")
    if cut == NEVER:
        aws.add_rule(**which, action="drop_before")


def kill_there(aws, process):
    aws.wait_until(lambda: aws.rules()[0]["fired"] or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    aws.drop_rules()


@pytest.fixture(scope="module")
def tally(tell):
    sums = {}
    yield sums
    for what, found in sums.items():
        tell(f"{what}: {found['points']} points, one kill each, {REQUESTS} requests each; of them "
             f"{found['again']} were given out again, {found['copies']} copies parked; "
             f"{found['differing']} widgets differ")


@pytest.mark.parametrize("source, store, policy, point, cut", list(cases()))
def test_a_kill_there_loses_nothing(aws, tidegate, tally, source, store, policy, point, cut):
    requests = workload(REQUESTS, seed=1)
    source, store = SOURCES[source](tidegate, aws), STORES[store](tidegate, aws)
    source.create()
    store.create()
    source.fill(requests.bodies)
    hold(aws, point, cut)
    kill_there(aws, tidegate.start(*command(source, store, policy)))
    assert source.left() > 0
    result = tidegate.run(*command(source, store, policy))
    assert result.returncode == 0, result.stderr
    copies = requests.check(source, store, policy)
    tally.setdefault(f"{source.kind} to {store.kind}, {policy}", Counter()).update(
        points=1, again=given_again(aws), copies=copies, differing=requests.differing)


def essential_points():
    """The calls that make the effect of a request, or of its parking, certain."""
    for source, store in PAIRS:
        for policy in POLICIES:
            park = PARK if source == "sqs" else PARK_OBJECT
            for point in (park._replace(nth=1), *WRITES[store, policy]):
                if not point.op.startswith("Delete"):
                    yield pytest.param(source, store, policy, point, id=" ".join(
                        (source, "to", store, policy, point.name)).replace(" ", "-"))


@pytest.mark.parametrize("source, store, policy, point", list(essential_points()))
def test_nothing_is_acked_before_its_effect(aws, tidegate, source, store, policy, point):
    """One call is held until all other requests are done, however long; its own still waits."""
    requests = solos(REQUESTS)
    source, store = SOURCES[source](tidegate, aws), STORES[store](tidegate, aws)
    source.create()
    store.create()
    source.fill(requests.bodies)
    hold(aws, point, NEVER)
    process = tidegate.start(*command(source, store, policy))
    aws.wait_until(lambda: source.left() == 1 or process.poll() is not None)
    kill_there(aws, process)
    assert source.left() == 1
    result = tidegate.run(*command(source, store, policy))
    assert result.returncode == 0, result.stderr
    requests.check(source, store, policy)


def given_again(aws):
    """How many messages, or objects read as requests, were given out more than once each."""
    if aws.calls("ReceiveMessage"):
        given = [each["message_id"] for call in aws.calls("ReceiveMessage")
                 for each in call.get("messages", [])]
    else:
        given = [call["key"] for call in aws.calls("GetObject") if call["bucket"] == "requests"]
    return len(given) - len(set(given))
