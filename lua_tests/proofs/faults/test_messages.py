"""Rows 48 to 54: messages that come twice, late, early, in another order, or not at all."""

import json

import pytest

from judge import apply_all, flat
from sources import request

from .rows import row
from .world import OFTEN, complaints, labels, ledger_of, update

HELD = 5


def one_effect(world):
    """Each write was done once: nothing that came again wrote again."""
    assert world.count("PutObject", status=200) == len(world.sent)


@row(48, "each message stands twice in the answer that brings it",
     "one effect: the second renews receipt and lease")
def test_twice_in_one_answer(world):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", action="twice")
    result = world.consume()
    one_effect(world)
    found = ledger_of(result.stdout)
    assert found["received"] == 2 * len(world.sent) and found["done"] == len(world.sent)
    return f"{found['received']} received for {len(world.sent)} writes; {world.judge_all_done()}"


@row(48, "each message is given ten times while it is in hand", "one effect, one handler at a time")
def test_ten_times(another):
    world = another(max_receives=OFTEN)
    world.send(10)
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=1500)
    world.aws.add_rule(op="ReceiveMessage", action="lapse", times=10)
    result = world.consume()
    one_effect(world)
    most = world.most_receives()
    assert most >= 10 and ledger_of(result.stdout)["done"] == 10
    return f"up to {most} receives a message, 10 writes; {world.judge_all_done()}"


@row(48, "messages are given again after their delete", "only deleted")
def test_after_the_delete(world):
    world.send()
    process = world.start()
    world.wait(lambda: world.count_done() == len(world.sent))
    world.wait_for("ReceiveMessage", len(world.aws.calls("ReceiveMessage")) + 2)
    world.aws.add_rule(op="ReceiveMessage", times=1, action="resurrect", messages=10)
    world.wait(lambda: world.count_done() == len(world.sent) + 10)
    process.terminate()
    found = ledger_of(world.finish(process)[0])
    one_effect(world)
    assert (found["done"], found["skipped"]) == (len(world.sent), 10)
    return (f"{found['skipped']} given again, each only deleted; {world.count('PutObject')} "
            f"writes; {world.judge_all_done()}")


@pytest.mark.parametrize("policy", ["warn", "converge"])
@row(48, "messages in hand are given to another process, too", "one effect in the end")
def test_another_process(another, policy):
    world = another(max_receives=OFTEN)
    world.send(60)
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=150)
    world.aws.add_rule(op="ReceiveMessage", every=2, action="lapse", times=12)
    command = ("--until-empty", "--conflicts", policy, "--concurrency", "4")
    both = [world.start(*command) for _ in range(2)]
    ledgers = [ledger_of(world.finish(each)[0]) for each in both]
    again = sum(count - 1 for count in world.receives().values())
    assert again >= 10 and all(each["parked"] == 0 for each in ledgers)
    return f"60 messages given {60 + again} times, to two processes; {world.judge_all_done()}"


@row(49, "updates come before their creates", "with patient: they go back and wait, then are done")
def test_updates_that_are_early(world):
    world.send([update(number, "u", label="new") for number in range(6)])
    process = world.start("--until-empty", "--conflicts", "patient")
    world.wait_for("ChangeMessageVisibilityBatch")
    world.send([request(number, label="old") for number in range(6)])
    out, _ = world.finish(process)
    found = ledger_of(out)
    assert found["retried"] >= 6 and found["parked"] == 0 and found["done"] == 12
    assert set(labels(world.store.widgets())) == {"new"}
    return f"{found['retried']} put off, none parked; 12 done, all 6 widgets updated"


@row(49, "an update whose create never comes", "with patient: parked with the reason")
def test_an_update_that_has_no_create(world):
    world.send([update(0, "u")])
    result = world.consume("--conflicts", "patient", "--max-receives", "2")
    found = ledger_of(result.stdout)
    assert (found["retried"], found["parked"]) == (1, 1)
    [parked] = world.source.parked()
    assert "there is no widget to update" in parked.attributes["tidegate-reason"]
    assert parked.body == world.sent[0]
    return "1 put off, then parked with the reason, byte for byte"


@row(49, "a create comes again after its delete", "with converge: the delete wins")
def test_a_create_that_is_late(another):
    world = another(store="dynamodb")
    for kind in ("create", "delete"):
        world.send([request(f"{number}-{kind}", type=kind, widgetId=f"widget-{number}")
                    for number in range(6)])
    world.consume("--conflicts", "converge")
    assert world.store.widgets() == {}
    world.aws.add_rule(op="ReceiveMessage", times=1, action="resurrect", messages=12)
    found = ledger_of(world.consume("--conflicts", "converge").stdout)
    assert found["received"] >= 6 and world.store.widgets() == {}
    return f"{found['received']} messages given again, among them all creates; no widget is back"


@row(49, "a queue gives its messages in any order",
     "with converge: the end is that of the order in which they were sent")
def test_any_order(another):
    world = another(store="dynamodb")
    world.send([request(f"{number}-{step}", type="update" if step else "create",
                        widgetId=f"widget-{number}", label=f"step {step}")
                for step in range(5) for number in range(8)])
    world.aws.add_rule(op="ReceiveMessage", action="shuffle", seed=11)
    found = ledger_of(world.consume("--conflicts", "converge").stdout)
    received = [call["messages"][0]["message_id"] for call in world.aws.calls("ReceiveMessage")
                if call.get("messages")]
    assert len(set(received)) >= 4
    expected, _ = apply_all(world.sent)
    assert world.store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    return (f"{found['done']} done and {found['skipped']} put into the ledger early or late; all 8 "
            f"widgets as if in order")


@row(50, "a lease ends while its handler works, and another process gets the message",
     "both end well: one effect; the late delete does no harm")
def test_a_lease_that_ends(world):
    world.send(HELD)
    rule = world.aws.add_rule(op="PutObject", times=HELD, action="hold")
    world.aws.add_rule(op="ChangeMessageVisibilityBatch", action="status", status=403,
                       code="AccessDenied")
    slow = world.start("--max-messages", str(HELD))      # so that it does not take them again
    world.wait(lambda: world.fired() == HELD)
    quick = world.start("--until-empty")
    world.wait(lambda: len(world.store.widgets()) == HELD)
    world.aws.drop_rules(rule)
    ledgers = [ledger_of(world.finish(each)[0]) for each in (slow, quick)]
    assert world.count("PutObject", status=412) == HELD == world.count("PutObject", status=200)
    assert world.most_receives() == 2 and sum(each["parked"] for each in ledgers) == 0
    deletes = sum(len(call["entries"]) for call in world.aws.calls("DeleteMessageBatch"))
    return (f"{HELD} written twice, the second refused and known as its own; {deletes} deletes; "
            f"{world.judge_all_done()}")


@row(51, "FIFO: a message in the middle of its group fails", "nothing of its group overtakes it")
def test_a_failure_in_a_group(aws, tidegate):
    queue = aws.create_queue("requests.fifo", FifoQueue="true", visibility=30)
    aws.create_bucket("widgets")
    bodies = [request(f"{widget}-{step}", type="create" if step == 0 else "update",
                      widgetId=f"widget-{widget}", label=f"step {step}")
              for step in range(6) for widget in range(4)]
    for place, body in enumerate(bodies):
        aws.sqs.send_message(
            QueueUrl=queue, MessageBody=body.decode(), MessageDeduplicationId=str(place),
            MessageGroupId=json.loads(body)["widgetId"])
    aws.add_rule(op="PutObject", key="*widget-0", nth=[3, 4], action="status", status=400,
                 code="Odd")
    result = tidegate.run("consume", "sqs://requests.fifo", "s3://widgets", "--until-empty",
                          "--wait", "1s", "--summary")
    assert result.returncode == 0, result.stderr
    found = ledger_of(result.stdout)
    assert found["retried"] == 2 and found["done"] == len(bodies)
    steps = [json.loads(body)["label"] for body in aws.objects("widgets").values()]
    assert steps == ["step 5"] * 4 and not any(aws.left_in(queue).values())
    order = [call["status"] for call in aws.calls("PutObject") if call["key"].endswith("widget-0")]
    assert order == [200, 200, 400, 400, 200, 200, 200, 200]
    return (f"2 failures in one of 4 groups, {found['released']} released behind it; "
            f"{found['done']} done, each group in its order")


EMPTY_PAGE = ("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again"
              "</NextContinuationToken></ListBucketResult>")
LISTINGS = {
    "truncated, without a token": [
        {"action": "body", "find": "<NextContinuationToken>.*</NextContinuationToken>"}],
    "empty pages with a token": [
        {"action": "body", "find": "<Contents>.*</Contents>", "nth": [2, 5]}],
    "the same token again and again": [
        {"action": "body", "find": "<NextContinuationToken>[^<]*", "every": 3, "replace":
         "<NextContinuationToken>again"}],
    "a page out of order": [
        {"action": "body", "find": "<Contents><Key>(.*?)</Key>", "nth": 2, "replace":
         "<Contents><Key>!</Key>"}],
}


@pytest.mark.parametrize("fault", LISTINGS)
@row(53, "a listing with strange pages", "no endless loop; each object is handled once")
def test_strange_pages(another, fault):
    world = another(source="s3", store="file")
    world.send()
    world.aws.add_rule(op="ListObjectsV2", action="page", keys=4)
    for each in LISTINGS[fault]:
        world.aws.add_rule(op="ListObjectsV2", **each)
    found = ledger_of(world.consume().stdout)
    assert found["done"] == len(world.sent) == found["received"]
    return f"{world.count('ListObjectsV2')} listings; {world.judge_all_done()}"


@row(53, "all pages of a listing are empty, and say that there is more",
     "given up with an error that says it; the source is not called empty")
def test_pages_without_end(another):
    world = another(source="s3", store="file")
    world.send(5)
    world.aws.add_rule(op="ListObjectsV2", action="status", status=200)
    world.aws.add_rule(op="ListObjectsV2", action="body", text=EMPTY_PAGE)
    result = world.consume(code=69)
    assert "too many empty pages" in result.stderr
    listings = world.count("ListObjectsV2")
    assert listings >= 100
    outcome = world.judge()
    assert (outcome.done, outcome.left) == (0, 5)
    return f"exit 69 after {listings} listings; {outcome}"


@row(53, "objects vanish between listing and reading, others come behind the marker",
     "the first are nothing; the others are found in the next round")
def test_objects_that_come_and_go(another):
    world = another(source="s3", store="file")
    world.send()
    world.aws.add_rule(op="ListObjectsV2", action="page", keys=10)
    rule = world.aws.add_rule(op="GetObject", action="hold", key="*")
    process = world.start("--until-empty")
    world.wait(lambda: world.aws.rules()[-1]["fired"] >= 10)
    gone = sorted(world.source.keys())[3:8]
    for key in gone:
        world.aws.s3.delete_object(Bucket="requests", Key=key)
    late = [request(f"late-{number}") for number in range(3)]
    world.source.fill({f"0000-{number}": body for number, body in enumerate(late)})
    world.sent = [body for place, body in enumerate(world.sent) if f"{place:04}" not in gone] + late
    world.aws.drop_rules(rule)
    out, err = world.finish(process)
    assert ledger_of(out)["done"] == len(world.sent) and complaints(err) == []
    return f"5 vanished, 3 came behind; {world.judge_all_done()}, no warning"


@row(54, "the answer to a receive is lost", "its messages come again after their lease")
def test_a_receive_whose_answer_is_lost(world):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", nth=[1, 3], action="drop_after")
    result = world.consume()
    lost = [call for call in world.aws.calls("ReceiveMessage") if call["ending"] == "fin"]
    taken = {each["message_id"] for call in lost for each in call["messages"]}
    found = ledger_of(result.stdout)
    assert taken and found["received"] == found["done"] == len(world.sent)
    assert all((world.receives()[each] > 1) == (each in taken) for each in world.receives())
    return (f"{len(lost)} answers with {len(taken)} messages lost, which came again; "
            f"{world.judge_all_done()}")
