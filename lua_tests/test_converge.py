"""--conflicts converge: shuffled and duplicated requests, two processes, one of them killed.

What is left must be what the requests make in the order of (sent time, request id), which the
judge applies. The times are told with each message, as for one that was parked and sent again.
"""

import json
import random
import signal

import pytest

from conftest import check_calls
from judge import apply_all, flat
from pairs import open_pair
from reading import TO_THE_END, ledger

PAIRS = [("sqlite", "file"), ("sqlite", "sqlite"), ("sqs", "s3"), ("sqs", "dynamodb")]
WIDGETS = 15
REQUESTS = 10                        # for each of them
OWNERS = ("Sue Smith", "sue smith", "Henry Hops")
NAMES = ("color", "size", "note")
FIRST_MS = 1612306368338
SEND = """
local tide = require "tidegate"
local body = assert(assert(tide.bucket "file:."):get "to-send.json")
local queue = assert(tide.queue(..., { create = true }))
for _, each in ipairs(assert(tide.json.decode(body))) do
  assert(queue:send(each.body, { attributes = { ["tidegate-sent-at"] = each.sent } }))
end
"""


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(params=PAIRS, ids=" to ".join)
def pair(request):
    program, source, store = open_pair(request)
    source.create()
    store.create()
    return program, source, store


def history(dice, widget):
    """Requests for one widget, with few different times; all but some name the same owner."""
    owner = dice.choice(OWNERS[:2])
    for number in range(REQUESTS):
        kind = dice.choice(["create"] * 2 + ["update"] * 6 + ["delete"])
        request = {"type": kind, "requestId": f"{dice.randrange(9)}-{widget}-{number}",
                   "widgetId": f"widget-{widget}", "owner": owner}
        if kind != "delete":
            request |= {name: dice.choice([f"v{number}", "", None])
                        for name in ("label", "description")}
            request["otherAttributes"] = [
                {"name": name, "value": dice.choice([f"v{number}"] * 3 + [""])}
                for name in NAMES if dice.random() < 0.4]
        if kind != "create" and dice.random() < 0.1:
            request["owner"] = OWNERS[2]
        yield FIRST_MS + dice.randrange(REQUESTS), request


def requests_of(seed):
    dice = random.Random(seed)
    requests = [each for widget in range(WIDGETS) for each in history(dice, widget)]
    in_order = sorted(requests, key=lambda each: (each[0], each[1]["requestId"].encode()))
    deliveries = requests + dice.sample(requests, len(requests) // 3)
    dice.shuffle(deliveries)
    return [json.dumps(request) for _, request in in_order], \
        [{"sent": str(ms), "body": json.dumps(request)} for ms, request in deliveries]


def send(program, source, deliveries):
    if source.kind == "sqs":
        for start in range(0, len(deliveries), 10):
            answer = source.aws.sqs.send_message_batch(QueueUrl=source.queue, Entries=[{
                "Id": str(place), "MessageBody": each["body"], "MessageAttributes": {
                    "tidegate-sent-at": {"DataType": "String", "StringValue": each["sent"]}}}
                for place, each in enumerate(deliveries[start:start + 10])])
            assert not answer.get("Failed")
        return
    (program.directory / "to-send.json").write_text(json.dumps(deliveries))
    (program.directory / "send.lua").write_text(SEND)
    result = program.run("./send.lua", source.url)
    assert result.returncode == 0, result.stderr


def start(program, source, store):
    return program.start("consume", source.url, store.url, *TO_THE_END, "--visibility", "3s",
                         "--max-receives", "1000", "--conflicts", "converge")


def consume(program, source, store, total):
    """Two processes until nothing is left; one dies on the way, and another takes its place."""
    one, two = start(program, source, store), start(program, source, store)
    while one.poll() is None and source.left() > total // 2:
        pass
    one.send_signal(signal.SIGKILL)
    one.communicate(timeout=60)
    for process in (start(program, source, store), two):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        found = ledger(out)
        assert found["parked"] == 0
        assert found["received"] == sum(found.values()) - found["received"]


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_ends_as_the_right_one(pair, seed):
    program, source, store = pair
    in_order, deliveries = requests_of(seed)
    send(program, source, deliveries)
    consume(program, source, store, len(deliveries))
    assert source.left() == 0 and source.parked() == []
    expected, counts = apply_all(in_order)
    assert counts["missing"] > 20 and counts["deleted"] > 3
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
