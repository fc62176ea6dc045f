"""Actions on messages and batches: all that a queue may do to its consumers and still be a queue,
and some things that it may not.
"""

import json
import random
from dataclasses import replace

from .actions import ABSENT, REQUIRED, Action, action
from .sqs_truth import queue_named
from .wire import Answer

JSON_TYPE = {"Content-Type": "application/x-amz-json-1.0"}
RECEIVE_MAX = 10


def set_parameters(call, **changed):
    """The service behind sees these in place of the ones that came."""
    parameters = {**call.operation.parameters, **changed}
    call.operation = replace(call.operation, parameters=parameters)
    call.request = call.request.with_body(json.dumps(parameters).encode())


class OnQueue(Action):
    """Changes the queue of a call before its work."""

    wakes = True

    async def before(self, call):
        call.backend.look(lambda name: self.change(queue_named(name), call.backend.sqs),
                          call.operation.queue)


@action("lapse")
class Lapse(OnQueue):
    """So many messages in flight (all) can be received again at once, the oldest first: their
    leases are over, or one of the queue's servers did not know of them.
    """

    members = {"messages": None}

    def change(self, queue, sqs):
        in_flight = [message for message in queue._messages if not message.visible]
        for message in in_flight[:self.messages]:
            message.visible_at = 0.0


@action("resurrect")
class Resurrect(OnQueue):
    """So many messages that were deleted (1) can be received again, the last one first: one of the
    queue's servers was not told.
    """

    members = {"messages": 1}

    def change(self, queue, sqs):
        for _ in range(self.messages):
            message = sqs.undelete(queue.name)
            if message is not None:
                message.visible_at = 0.0
                queue._messages.insert(0, message)


@action("shuffle")
class Shuffle(OnQueue):
    """The queue gives its messages in another order from now on; the same one for a `seed`."""

    members = {"seed": 0}

    def change(self, queue, sqs):
        random.Random(self.seed).shuffle(queue._messages)


class OnMessages(Action):
    """Changes what a receive answers."""

    async def after(self, call):
        if call.answer is None or call.answer.status != 200:
            return
        found = json.loads(call.answer.body or b"{}")
        if found.get("Messages"):
            self.change(call, found["Messages"])
            call.answer = Answer(200, dict(JSON_TYPE), json.dumps(found).encode())


@action("twice")
class Twice(OnMessages):
    """A receive takes half as many messages as were asked for, and the first so many of them (all)
    stand in its answer twice, each time with a receipt of its own.
    """

    members = {"messages": None}

    async def before(self, call):
        want = call.operation.parameters.get("MaxNumberOfMessages", 1)
        set_parameters(call, MaxNumberOfMessages=max(1, want // 2))

    def change(self, call, messages):
        for message in messages[:self.messages]:
            copy = json.loads(json.dumps(message))
            copy["ReceiptHandle"], count = call.backend.sqs.reissue(
                call.operation.queue, message["MessageId"])
            if "Attributes" in copy:
                copy["Attributes"]["ApproximateReceiveCount"] = str(count)
            messages.append(copy)


@action("surplus")
class Surplus(OnMessages):
    """A receive brings so many messages, however many were asked for, if the queue has them."""

    members = {"messages": REQUIRED}

    def change(self, call, messages):
        while len(messages) < self.messages:
            want = min(self.messages - len(messages), RECEIVE_MAX)
            parameters = {**call.operation.parameters, "MaxNumberOfMessages": want,
                          "WaitTimeSeconds": 0}
            request = call.request.with_body(json.dumps(parameters).encode())
            answer = call.backend.perform(request, replace(call.operation, parameters=parameters))
            more = json.loads(answer.body or b"{}").get("Messages", [])
            if not more:
                return
            messages += more


@action("spoil")
class Spoil(OnMessages):
    """In the nth message of a receive (1) a member has another `value`, or is missing."""

    members = {"member": REQUIRED, "value": ABSENT, "message": 1}

    def change(self, call, messages):
        call.meant = call.answer
        for message in messages[self.message - 1:self.message]:
            message.pop(self.member, None)
            if self.value is not ABSENT:
                message[self.member] = self.value


@action("entries")
class Entries(Action):
    """Of a batch, the entry with the number `entry` (or each of a list; or all) is not done, unless
    `done` says so, and is told of as `told` says: `failed`, with code and SenderFault; `missing`
    from the answer; as done and as failed, in `both` lists. With `unknown` all is done, and the
    answer also tells of an entry that nobody asked for.
    """

    members = {"entry": None, "told": "failed", "code": "InternalError", "sender_fault": False,
               "done": False}
    choices = {"told": ("failed", "missing", "both", "unknown")}

    async def before(self, call):
        entries = call.operation.parameters.get("Entries")
        call.asked, call.chosen = call.operation, []
        if not isinstance(entries, list) or self.told == "unknown":
            return
        call.chosen = [entry["Id"] for place, entry in enumerate(entries, 1) if self._is(place)]
        if self.done:
            return
        rest = [entry for entry in entries if entry["Id"] not in call.chosen]
        set_parameters(call, Entries=rest)
        if not rest:
            call.answer = Answer(200, dict(JSON_TYPE), b'{"Successful": [], "Failed": []}')

    async def after(self, call):
        call.operation = call.asked
        if call.answer is None or call.answer.status != 200:
            return
        found = json.loads(call.answer.body)
        done = [each for each in found.get("Successful", []) if each["Id"] not in call.chosen]
        failed = found.get("Failed", [])
        if self.told == "unknown":
            done.append({"Id": "nobody-asked"})
        if self.told == "both":
            done += [{"Id": each} for each in call.chosen]
        if self.told in ("failed", "both"):
            failed += [{"Id": each, "Code": self.code, "SenderFault": self.sender_fault,
                        "Message": "made to fail by a rule"} for each in call.chosen]
        body = json.dumps({"Successful": done, "Failed": failed}).encode()
        call.answer = Answer(200, dict(JSON_TYPE), body)

    def _is(self, place):
        return self.entry is None or place in (
            self.entry if isinstance(self.entry, list) else [self.entry])
