"""Notifications of S3 that many handle at once: tasks of one process, and several processes."""

import json

import pytest

from judge import apply_all, flat
from reading import TO_THE_END, ledger
from sources import request
from test_events import World, notification, record

UPDATES = 30
OBJECTS = 200
KILL_AT = 40


@pytest.fixture
def world(tidegate, aws):
    return World(tidegate, aws)


def test_one_widget_is_written_by_one_task_at_a_time(world):
    """The lane is not known before the object is read; the widget's lock takes its place."""
    world.put("create", request("create", widgetId="one", otherAttributes=[]))
    world.tell(notification(record("create")))
    world.consume()
    for number in range(UPDATES):
        world.put(f"{number}", request(number, type="update", widgetId="one", otherAttributes=[
            {"name": f"of-{number}", "value": "1"}]))
        world.tell(notification(record(f"{number}")))
    world.aws.reset("log")
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=20)
    world.consume()
    puts = world.aws.calls("PutObject")
    assert len(puts) == UPDATES and {call["status"] for call in puts} == {200}
    assert world.aws.state()["in_flight"]["handler_calls"]["max"] > 2
    ended = [call["time"] + call["ms"] / 1000 for call in puts]
    assert all(call["time"] > end for call, end in zip(puts[1:], ended))
    [widget] = world.store.widgets().values()
    assert {f"of-{number}" for number in range(UPDATES)} <= widget.keys()


def start(world):
    return world.program.start("consume", world.source.url, world.store.url, *TO_THE_END,
                               "--s3-events", "--visibility", "2s", "--conflicts", "converge",
                               "--max-receives", "100")


def test_several_processes_share_one_queue(world):
    """Each object told twice, in messages of three; one process is killed, another comes."""
    requests = {f"{number:013}": request(number) for number in range(OBJECTS)}
    for key, body in requests.items():
        world.put(key, body)
    records = [record(key) for key in requests]
    bodies = [notification(*records[at:at + 3]) for at in range(0, OBJECTS, 3)]
    world.tell(*bodies, *reversed(bodies))
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=20)
    one, two = start(world), start(world)
    world.aws.wait_until(lambda: len(world.aws.calls("PutObject")) >= KILL_AT)
    one.kill()
    one.communicate()
    for process in (start(world), two):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert ledger(out)["parked"] == 0
    assert world.inbox() == [] and world.parked() == {} and world.source.left() == 0
    expected, _ = apply_all(requests.values())
    assert world.store.widgets() == {key: flat(widget) for key, widget in expected.items()}


def test_their_order_is_that_of_the_keys(world):
    """Whatever comes first: a create that was told late is still older than its update."""
    old, new = request("a", widgetId="w", label="old"), json.dumps(
        {"type": "update", "requestId": "b", "widgetId": "w", "owner": "Sue Smith",
         "label": "new"}).encode()
    for key, body in (("2", new), ("1", old)):
        world.put(key, body)
        world.tell(notification(record(key)))
        world.consume("--conflicts", "converge")
    [widget] = world.store.widgets().values()
    assert widget["label"] == "new"
