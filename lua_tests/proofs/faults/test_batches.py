"""Rows 44 to 46 and 52: batches that fail in part, and receives that bring what they may not."""

import re

import pytest

from .rows import row
from .world import OFTEN, complaints, ledger_of

PARTS = {
    "failed": {"told": "failed"},
    "failed, SenderFault": {"told": "failed", "sender_fault": True, "code": "Odd"},
    "in neither list, not done": {"told": "missing"},
    "in neither list, done": {"told": "missing", "done": True},
    "in both lists, not done": {"told": "both"},
    "in both lists, done": {"told": "both", "done": True},
    "one that nobody asked for": {"told": "unknown"},
}


@pytest.mark.parametrize("part", PARTS)
@row(44, "an entry of a delete batch",
     "only what failed is asked again; SenderFault is not; what was not asked is told")
def test_a_part_of_a_batch(world, part):
    world.send()
    world.aws.add_rule(op="DeleteMessageBatch", entry=[1, 4], times=2, action="entries",
                       **PARTS[part])
    result = world.consume()
    found, said = ledger_of(result.stdout), complaints(result.stderr)
    again = sum(count - 1 for count in world.receives().values())
    if part == "failed, SenderFault":
        assert found["skipped"] == found["released"] == again == len(said) >= 2
    elif part == "one that nobody asked for":
        assert len(said) == 2 and "nobody-asked" in said[0] and again == 0
    else:
        assert found["done"] == len(world.sent) and again == 0 and said == []
    assert world.count("PutObject") == len(world.sent)
    asked = sum(len(call["entries"]) for call in world.aws.calls("DeleteMessageBatch"))
    return (f"{asked} deletes for {len(world.sent)} messages, {again} given again, "
            f"{len(said)} warnings; {world.judge_all_done()}")


@row(45, "a batch that is refused as a whole: ids that repeat, more than ten entries",
     "cannot happen: ids are positions, and ten is the most")
def test_a_batch_that_would_be_refused(another):
    world = another(max_receives=OFTEN)
    world.send(60)
    world.aws.add_rule(op="ReceiveMessage", action="twice")
    world.aws.add_rule(op="ChangeMessageVisibilityBatch", every=2, action="lapse")
    world.aws.add_rule(op="DeleteMessageBatch", every=3, action="status", status=500)
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=1200)
    result = world.consume()
    batches = [call for call in world.aws.calls() if call["operation"].endswith("Batch")]
    for call in batches:
        ids = [entry["id"] for entry in call["entries"]]
        assert len(ids) == len(set(ids)) <= 10 and all(re.fullmatch(r"\d", each) for each in ids)
    refused = [call for call in batches if call["status"] == 400]
    assert not refused and ledger_of(result.stdout)["parked"] == 0
    sizes = sorted({len(call["entries"]) for call in batches})
    return (f"{len(batches)} batches of {sizes[0]} to {sizes[-1]} entries, no id twice, none "
            f"refused; {world.judge_all_done()}")


STALE = {"code": "ReceiptHandleIsInvalid", "sender_fault": True}


@row(46, "ReceiptHandleIsInvalid for a delete",
     "counted as given back; comes again, is only deleted")
def test_a_stale_receipt_of_a_delete(world):
    world.send()
    world.aws.add_rule(op="DeleteMessageBatch", entry=1, times=3, action="entries", **STALE)
    result = world.consume()
    found = ledger_of(result.stdout)
    assert found["released"] == found["skipped"] > 0 and world.most_receives() == 2
    assert world.count("PutObject") == len(world.sent)
    return (f"{found['released']} deletes refused, each came again and was only deleted; "
            f"{world.judge_all_done()}")


@row(46, "ReceiptHandleIsInvalid for an extension",
     "counted as lost; the write goes on and is safe to repeat")
def test_a_stale_receipt_of_an_extension(world):
    world.send(6)
    world.aws.add_rule(op="ChangeMessageVisibilityBatch", times=1, action="entries", **STALE)
    world.aws.add_rule(op="PutObject", times=6, action="delay", delay_ms=3000)
    result = world.consume()
    found = ledger_of(result.stdout)
    assert found["parked"] == 0 and world.most_receives() >= 2
    assert world.count("PutObject", status=200) == 6
    lost = sum(len(call["failed"]) for call in world.aws.calls("ChangeMessageVisibilityBatch"))
    return (f"{lost} leases lost, {sum(world.receives().values())} receives, 6 writes; "
            f"{world.judge_all_done()}")


@row(52, "a receive brings 11 messages", "ten are taken, the other comes again")
def test_more_than_ten_messages(world):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", times=2, action="surplus", messages=11)
    result = world.consume()
    assert len([line for line in complaints(result.stderr) if "SQS sent more than 10" in line]) == 2
    assert sorted(world.receives().values())[-3:] == [1, 2, 2]
    return f"2 messages too many skipped, both came again; {world.judge_all_done()}"


@pytest.mark.parametrize("member", ["Body", "ReceiptHandle", "MessageId"])
@row(52, "a message without a member that it must have", "skipped and told; its neighbours go on")
def test_a_message_that_is_not_whole(world, member):
    world.send()
    world.aws.add_rule(op="ReceiveMessage", times=2, action="spoil", member=member, message=2)
    result = world.consume()
    told = [line for line in complaints(result.stderr) if "without id, receipt or body" in line]
    assert len(told) == 2 == world.most_receives()
    return f"2 messages without {member} skipped, both came again; {world.judge_all_done()}"
