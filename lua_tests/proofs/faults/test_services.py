"""Rows 36 to 43: services that refuse, throttle, are gone, or were written to by somebody else."""

import json

import pytest

from sources import request

from .rows import row
from .world import complaints, ledger_of, update

THROTTLED = "ProvisionedThroughputExceededException"


@row(36, "a wrong secret", "no storm of retries; says it; the messages stay")
def test_a_wrong_secret(world):
    world.send()
    process = world.start("--until-empty", AWS_SECRET_ACCESS_KEY="notTheSecret")
    _, err = world.finish(process, code=77)
    assert "403" in err and "notTheSecret" not in err
    refused = len(world.aws.calls())
    assert refused <= 3 and world.aws.left_in(world.source.queue)["visible"] == len(world.sent)
    world.aws.reset("log")               # no other calls may be signed wrong
    return f"exit 77, calls: {refused}; {world.judge()}"


@row(36, "writes are denied for longer than a lease",
     "no storm of retries; each is told; the messages stay, and are done when it ends")
def test_writes_that_are_denied(another):
    world = another(max_receives=2)
    world.send(12)
    world.aws.add_rule(op="PutObject", key="*widget-[0-3]", action="status", status=403,
                       code="AccessDenied")
    process = world.start("--max-receives", "1")
    world.wait_for("ChangeMessageVisibilityBatch", 4)
    denied = world.count("PutObject", status=403)
    world.aws.drop_rules()
    world.wait(lambda: world.count_done() == 12, 60)
    process.terminate()
    out, err = world.finish(process)
    assert ledger_of(out)["done"] == 12 and world.most_receives() == 1
    assert 4 <= denied <= 20
    assert len([line for line in complaints(err) if "AccessDenied" in line]) >= denied
    return f"{denied} PutObject denied, each message received once; {world.judge_all_done()}"


REFUSALS = {"KmsAccessDenied": 400, "KmsThrottled": 400, "OverLimit": 403}


@pytest.mark.parametrize("code", ["KmsAccessDenied", "KmsThrottled"])
@row(37, "the key of the queue refuses for a while", "polls more slowly, says it, goes on after")
def test_a_key_that_refuses(world, code):
    return receives_that_are_refused(world, code)


@row(47, "OverLimit: too many messages in flight", "acks first, polls more slowly, goes on after")
def test_too_many_in_flight(world):
    return receives_that_are_refused(world, "OverLimit")


def receives_that_are_refused(world, code):
    world.send(10)
    process = world.start()
    world.wait(lambda: len(world.store.widgets()) == 10)
    world.aws.add_rule(op="ReceiveMessage", action="status", status=REFUSALS[code], code=code)
    lines = [process.stderr.readline()]
    while "failed, 3 in a row" not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], "".join(lines)
    world.send(20)
    refused = sum(call["status"] == REFUSALS[code] for call in world.aws.calls("ReceiveMessage"))
    world.aws.drop_rules()
    world.wait(lambda: len(world.store.widgets()) == 30)
    process.terminate()
    out, _ = world.finish(process)
    assert code in lines[-1] and refused <= 3 * 3 and ledger_of(out)["parked"] == 0
    return f"{refused} receives refused, told; {world.judge_all_done()}"


@pytest.mark.parametrize("missing", ["queue", "bucket", "table"])
@row(38, "a place is missing at the start", "ends at once with 69; nothing is taken")
def test_a_place_that_is_missing(another, missing):
    world = another(store="dynamodb" if missing == "table" else "s3")
    world.send(5)
    here, there = {"queue": ("sqs://nowhere", world.store.url),
                   "bucket": (world.source.url, "s3://nowhere"),
                   "table": (world.source.url, "dynamodb://nowhere")}[missing]
    result = world.program.run("consume", here, there)
    assert result.returncode == 69 and not world.aws.calls("ReceiveMessage"), result.stderr
    said = complaints(result.stderr)
    assert len(said) == 1 and ("NoSuchBucket" in said[0] or "DoesNotExist" in said[0]
                               or "ResourceNotFoundException" in said[0])
    return f"exit 69 and one line; {world.judge()}"


GONE = {"bucket": ("s3", "PutObject", 404, "NoSuchBucket"),
        "table": ("dynamodb", "PutItem", 400, "ResourceNotFoundException"),
        "queue": ("s3", "ReceiveMessage", 400, "QueueDoesNotExist")}


@pytest.mark.parametrize("missing", GONE)
@row(38, "a place is gone for a while", "tries again, ever more slowly; the messages stay")
def test_a_place_that_is_gone_for_a_while(another, missing):
    store, operation, status, code = GONE[missing]
    world = another(store=store, max_receives=100)
    world.send(10)
    if missing == "queue":
        return gone_queue(world, operation, status, code)
    world.aws.add_rule(op=operation, times=15, action="status", status=status, code=code)
    result = world.consume()
    assert world.fired() == 15 and ledger_of(result.stdout)["retried"] == 0
    assert world.most_receives() == 1
    return f"15 {operation} answered {code}, each message received once; {world.judge_all_done()}"


def gone_queue(world, operation, status, code):
    process = world.start()
    world.wait(lambda: len(world.store.widgets()) == 10)
    world.aws.add_rule(op=operation, times=4, action="status", status=status, code=code)
    world.wait(lambda: world.fired() == 4)
    world.send(10)
    world.wait(lambda: len(world.store.widgets()) == 20)
    process.terminate()
    world.finish(process)
    return f"4 {operation} answered {code}; {world.judge_all_done()}"


@row(39, "a table is throttled for longer than a lease",
     "leases are extended, order is kept, nothing is parked")
def test_a_table_that_is_throttled(another):
    world = another(store="dynamodb")
    world.send(20)
    world.send([update(number, step, label=f"step {step}") for step in range(3)
                for number in range(20)])
    rule = world.aws.add_rule(op=["PutItem", "UpdateItem"], action="status", status=400,
                              code=THROTTLED)
    process = world.start("--until-empty", "--max-receives", "2", "--conflicts", "converge")
    world.wait(lambda: len(world.aws.calls("ChangeMessageVisibilityBatch")) >= 12, 60)
    refused = world.fired()
    world.aws.drop_rules(rule)
    out, _ = world.finish(process)
    found = ledger_of(out)
    assert found["retried"] == found["parked"] == 0 and world.most_receives() == 1
    assert {each["label"] for each in world.store.widgets().values()} == {"step 2"}
    return (f"{refused} writes throttled, each message received once; {world.judge_all_done()}, "
            f"each widget at its last step")


@row(40, "a condition fails because of our own earlier write", "success, told by the request's id")
def test_a_condition_that_our_own_write_broke(another):
    world = another(store="dynamodb")
    world.send()
    world.aws.add_rule(op="PutItem", every=2, action="drop_after")
    result = world.consume("--concurrency", "1")         # else all tries of one may be unlucky
    again = sum(call["status"] == 400 for call in world.aws.calls("PutItem"))
    assert again >= 10 and f"{len(world.sent)} created" in result.stdout
    assert "replaced" not in result.stdout and complaints(result.stderr) == []
    return f"{world.fired()} answers lost, {again} conditions failed; {world.judge_all_done()}"


def changed_behind(world, operation, meddle, **hold):
    """An update whose write waits while the judge meddles; what was said, and the widget then."""
    world.send([request(0, label="old", description="old")])
    world.consume()
    world.send([update(0, "u", label="new", description=None, otherAttributes=None)])
    rule = world.aws.add_rule(op=operation, action="hold", times=1, **hold)
    process = world.start("--until-empty")
    world.wait(lambda: world.fired() == 1)
    meddle()
    world.aws.drop_rules(rule)
    out, err = world.finish(process)
    return out, err, list(world.store.widgets().values())


@row(40, "a condition fails because of somebody else's write", "a conflict: decided again on that")
def test_a_condition_that_somebody_else_broke(another):
    world = another(store="dynamodb")

    def meddle():
        [item] = world.aws.items("widgets")
        world.aws.dynamodb.put_item(TableName="widgets", Item={
            **{name: value for name, value in item.items() if name != "_tidegate"},
            "description": {"S": "theirs"}})
    out, _, [widget] = changed_behind(world, ["PutItem", "UpdateItem"], meddle)
    refused = [call for call in world.aws.calls() if call["status"] == 400]
    assert len(refused) == 1 and "1 updated" in out
    assert (widget["label"], widget["description"]) == ("new", "theirs")
    return "1 condition failed; the widget has what both wrote"


@pytest.mark.parametrize("how", ["412", "404"])
@row(43, "If-Match meets another object, or none", "another: decided again; none: absent")
def test_an_object_that_was_changed_meanwhile(world, how):
    def meddle():
        [(key, body)] = world.aws.objects("widgets").items()
        if how == "404":
            world.aws.s3.delete_object(Bucket="widgets", Key=key)
            return
        theirs = {**json.loads(body), "description": "theirs"}
        world.aws.s3.put_object(Bucket="widgets", Key=key, Body=json.dumps(theirs).encode())
    out, err, widgets = changed_behind(world, "PutObject", meddle)
    assert world.count("PutObject", status=int(how)) == 1
    if how == "404":
        assert "1 missing" in out and widgets == []
        return "answered 404; the update finds no widget, and says so"
    assert "1 updated" in out and (widgets[0]["label"], widgets[0]["description"]) == \
        ("new", "theirs"), err
    return "answered 412; the widget has what both wrote"


@row(43, "409 ConditionalRequestConflict", "the same write again")
def test_a_race_that_nobody_won(world):
    world.send()
    world.aws.add_rule(op="PutObject", every=2, action="status", status=409,
                       code="ConditionalRequestConflict")
    result = world.consume("--concurrency", "4")
    assert f"{len(world.sent)} created" in result.stdout
    assert ledger_of(result.stdout)["retried"] == 0 and world.fired() >= 15
    return f"{world.fired()} writes answered 409; {world.judge_all_done()}"
