"""Rows 1 to 22: connections and answers that fail, in front of services that are well."""

import pytest

from sources import request

from .rows import row
from .world import LEASE_S, complaints, ledger_of

WRITES = ["PutObject", "PutItem", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"]
LARGE = 390_000


@row(1, "connections are refused while it runs",
     "asks again, ever more slowly; goes on when there is a server again")
def test_a_server_that_is_away(world):
    world.send()
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=300)
    process = world.start("--until-empty", "--concurrency", "4")
    world.wait_for("PutObject")
    world.aws.add_rule(action="refuse")
    lines = [process.stderr.readline()]
    while "receive failed, 3 in a row" not in lines[-1] or "connect" not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], "".join(lines)
    before = len(world.aws.calls())
    world.aws.drop_rules()
    out, err = world.finish(process)
    assert len(world.aws.calls()) > before and ledger_of(out)["parked"] == 0
    failed = ("".join(lines) + err).count("receive failed")
    return f"{failed} receives failed, each told in a line; {world.judge_all_done()}"


@row(1, "connections are reset as soon as they are made", "asked again")
def test_connections_that_are_reset(world):
    world.send()
    world.aws.add_rule(action="hang_up", every=2)
    world.consume()
    [rule] = world.aws.rules()
    assert rule["fired"] >= 3
    return f"{rule['fired']} of {rule['matched']} connections reset; {world.judge_all_done()}"


@pytest.mark.parametrize("how", ["fin", "rst"])
@row(4, "a new connection closes with no answer", "asked again; a write may be repeated")
def test_no_answer_on_a_new_connection(world, how):
    world.send()
    world.aws.add_rule(reused=False, every=2, action="drop_before", how=how)
    world.aws.add_rule(op=WRITES, reused=False, every=2, action="drop_after", how=how)
    world.consume()
    assert world.fired() >= 5
    return f"{world.fired()} dropped; {world.judge_all_done()}"


@pytest.mark.parametrize("how", ["fin", "rst"])
@row(5, "a kept connection closes with no answer to a whole request",
     "sent again, by libcurl or by us; the result is a single one")
def test_no_answer_on_a_kept_connection(world, how):
    world.send()
    world.aws.add_rule(reused=True, every=5, action="drop_before", how=how)
    world.aws.add_rule(op=WRITES, reused=True, every=3, action="drop_after", how=how)
    result = world.consume("--concurrency", "8")
    assert world.fired() >= 10 and world.resent() > 0
    assert f"{len(world.sent)} created" in result.stdout and "replaced" not in result.stdout
    return (f"{world.fired()} dropped, {world.resent()} sent again unseen; each widget created "
            f"once; {world.judge_all_done()}")


@row(6, "a reset while the body of a write goes out", "the whole body is sent again, signed anew")
def test_a_reset_in_the_middle_of_a_body(world):
    for number in range(12):
        world.send([request(number, label="x" * LARGE)])
    world.aws.add_rule(op="PutObject", every=2, action="drop_reading")
    world.consume("--concurrency", "2")
    cut = [call for call in world.aws.calls("PutObject") if call["ending"] == "rst"]
    assert len(cut) >= 6 and all(0 < call["bytes"] < LARGE for call in cut)
    most = max(call["bytes"] for call in cut)
    return (f"{len(cut)} PutObject of {LARGE} bytes reset within the first {most}; "
            f"{world.judge_all_done()}")


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("where", ["status", "headers", "body", "chunk", "length"])
@row(7, "an answer is cut", "never taken for success: asked again")
def test_an_answer_that_is_cut(another, where, how):
    world = another(store="dynamodb")
    world.send()
    world.aws.add_rule(op="ReceiveMessage", nth=[1, 4], action="cut", where=where, how=how)
    world.aws.add_rule(op=WRITES, every=2, action="cut", where=where, how=how)
    result = world.consume("--concurrency", "8")
    assert world.fired() >= 10 and f"{len(world.sent)} created" in result.stdout
    return (f"{world.fired()} answers cut, {world.count('PutItem', ending=how)} of them to a "
            f"write that was done; {world.judge_all_done()}")


@row(8, "an answer drips in, a byte at a time", "waited for; leases are extended meanwhile")
def test_an_answer_in_drops(world):
    world.send(10)
    world.aws.add_rule(op="PutObject", nth=[2, 5], action="trickle", every_ms=15)
    result = world.consume()
    longest = max(call["ms"] for call in world.aws.calls("PutObject")) / 1000
    assert longest > LEASE_S and world.most_receives() == 1
    assert world.count("PutObject") == 10 and ledger_of(result.stdout)["retried"] == 0
    return (f"2 answers of up to {longest:.1f} s, each message received once; "
            f"{world.judge_all_done()}")


@row(9, "a server takes the request and never answers",
     "given up after a time; leases are extended meanwhile")
def test_no_answer_ever(world):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", nth=1, action="hold", when="after")
    world.aws.add_rule(op="PutObject", nth=[1, 12], action="hold")
    result = world.consume()
    assert world.fired() == 3 and ledger_of(result.stdout)["retried"] == 0
    extended = sum(len(call["entries"])
                   for call in world.aws.calls("ChangeMessageVisibilityBatch"))
    world.aws.drop_rules()
    world.wait(lambda: world.count("PutObject", ending="gone") == 2)
    held = {call["key"]: call["time"] for call in world.aws.calls("PutObject") if call["rules"]}
    again = [call["time"] - held[call["key"]] for call in world.aws.calls("PutObject")
             if call["key"] in held and not call["rules"]]
    assert len(again) == 2 and world.count("ReceiveMessage", ending="gone") == 1
    assert world.most_receives() == 2
    return (f"3 calls given up, the PutObject after {min(again):.0f} s; {extended} leases "
            f"extended, only what the lost receive took came twice; {world.judge_all_done()}")


BODIES = {"empty": "", "HTML": "<!DOCTYPE html><h1>Bad Gateway</h1>",
          "XML": "<Error><Code>Odd</Code></Error>", "JSON": '{"message": "odd"}'}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@row(10, "5xx with an empty body, HTML, XML and JSON",
     "asked again; what is no error is not parsed")
def test_failures_with_any_body(another, status):
    world = another(store="dynamodb")
    world.send()
    for place, (kind, text) in enumerate(BODIES.items()):
        nth = list(range(2 * place + 2, 400, 9))
        world.aws.add_rule(nth=nth, action="status", status=status)
        world.aws.add_rule(nth=nth, action="body", text=text, type=f"text/{kind.lower()}")
    world.consume("--concurrency", "8")
    refused = sum(call["status"] == status for call in world.aws.calls())
    assert refused >= 12
    return f"{refused} calls answered {status}; {world.judge_all_done()}"


@row(11, "503 SlowDown for longer than a lease",
     "takes no more, waits 1 s and longer between tries, goes on when it ends")
def test_a_store_that_is_throttled(world):
    world.send()
    world.aws.add_rule(op="PutObject", action="status", status=503, code="SlowDown")
    process = world.start("--until-empty", "--max-receives", "2")
    world.wait(lambda: len(world.aws.calls("ChangeMessageVisibilityBatch")) >= 8, 60)
    refused = world.fired()
    world.aws.drop_rules()
    out, _ = world.finish(process)
    assert world.most_receives() == 1 and ledger_of(out)["retried"] == 0
    calls = world.aws.calls("PutObject")
    last = max(call["time"] for call in calls if call["status"] == 503)
    first = min(call["time"] for call in calls if call["status"] == 200)
    return (f"{refused} PutObject throttled, each message received once; the first write "
            f"{first - last:.1f} s after the last refusal; {world.judge_all_done()}")


DAMAGES = {"truncated": {"keep": 0.5}, "empty": {"text": ""}, "an array": {"text": "[]"},
           "another type": {"find": r"^\{.*\}$|<IsTruncated>.*</IsTruncated>",
                            "replace": '{"Messages": 7, "Successful": 7, "Attributes": 7}'}}


@pytest.mark.parametrize("damage", DAMAGES)
@row(13, "200 with a body that is not what was asked for",
     "asked again; never taken for 'no messages' or 'done'")
def test_answers_that_make_no_sense(another, damage):
    world = another(store="dynamodb")
    world.send()
    for operation, which in (("ReceiveMessage", {"nth": [1, 4]}), ("*Batch", {"every": 2}),
                             ("PutItem", {"every": 2})):
        world.aws.add_rule(op=operation, action="body", status=200, **which, **DAMAGES[damage])
    result = world.consume("--concurrency", "8")
    damaged = {name: sum(bool(call["rules"]) and call["status"] == 200
                         for call in world.aws.calls(name))
               for name in ("ReceiveMessage", "DeleteMessageBatch", "PutItem")}
    assert all(damaged.values()) and f"{len(world.sent)} created" in result.stdout
    again = {call["operation"] for call in world.aws.calls() if "attempt=2;" in call["attempt"]}
    own = {"PutItem"} if damage == "another type" else set()     # any object says that it is done
    assert again >= damaged.keys() - own
    listed = ", ".join(f"{count} {name}" for name, count in damaged.items())
    return f"{listed} damaged; {world.judge_all_done()}"


@pytest.mark.parametrize("damage", DAMAGES)
@row(13, "all receives of an SQS queue or listings of a bucket are so",
     "ends with an error that says it; the source is not called empty")
def test_a_source_that_makes_no_sense(another, damage):
    found = []
    for source, operation in (("sqs", "ReceiveMessage"), ("s3", "ListObjectsV2")):
        world = another(source=source, store="file")
        world.send(5)
        rule = world.aws.add_rule(op=operation, action="body", **DAMAGES[damage])
        result = world.consume(code=69)
        assert "cannot be used" in result.stderr
        world.aws.drop_rules(rule)
        outcome = world.judge()
        assert (outcome.done, outcome.left) == (0, 5)
        found.append(f"{source}: exit 69, {outcome.left} left")
    return "; ".join(found)


@row(14, "200, and <Error> in the body", "as 500: asked again")
def test_an_error_in_a_200(another):
    world = another(source="s3")
    world.send()
    world.aws.add_rule(op=["PutObject", "DeleteObject", "ListObjectsV2"], every=3, action="status",
                       status=200, code="InternalError")
    found = ledger_of(world.consume("--concurrency", "8").stdout)
    assert found["received"] == found["done"] == len(world.sent)
    names = {call["operation"] for call in world.aws.calls() if call["rules"]}
    assert names == {"PutObject", "DeleteObject", "ListObjectsV2"}
    return f"{world.fired()} errors under 200; {world.judge_all_done()}"


@row(21, "a body that does not fit its MD5", "not handled, not deleted: it comes again")
def test_a_wrong_md5(world):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", nth=[1, 2], action="spoil", member="MD5OfBody",
                       value="0" * 32)
    result = world.consume()
    skipped = result.stderr.count("its body changed on the way")
    assert skipped == world.fired() == 2
    assert sorted(world.receives().values())[-3:] == [1, 2, 2]
    return f"{skipped} messages skipped, each came again; {world.judge_all_done()}"


@pytest.mark.parametrize("after_ms", [0, 300], ids=["after each answer", "when idle for 0.3 s"])
@row(22, "a server that closes kept connections", "nobody notices")
def test_connections_that_are_not_kept(world, after_ms):
    world.aws.add_rule(action="close", after_ms=after_ms)
    process = world.start("--max-messages", str(3 * 10))
    for _ in range(2):
        world.send(10)
        world.wait(lambda: len(world.store.widgets()) == len(world.sent))
        world.wait_for("ReceiveMessage", len(world.aws.calls("ReceiveMessage")) + 2)
    world.send(10)
    _, err = world.finish(process)
    assert complaints(err) == []
    calls, opened = len(world.aws.calls()), world.aws.state()["connections"]["opened"]
    return f"{calls} calls on {opened} connections, no warning; {world.judge_all_done()}"
