"""A source, a store, the program between them, and what the judge finds when all is over.

Everything that is found comes out of boto3, the call log of the stand-in and the program's exit
code; nothing out of what the program says of itself, but its ledger, which is held against it.
"""

import re
from collections import Counter
from typing import NamedTuple

from judge import apply_all, flat
from reading import TO_THE_END, ledger
from sources import SOURCES, SqsSource, request
from stores import STORES

MESSAGES = 30
LEASE_S = 2
OFTEN = 1000             # receives after which a queue parks by itself: never, here


class Outcome(NamedTuple):
    done: int
    left: int
    parked: int

    def __str__(self):
        return f"{self.done} done, {self.left} left, {self.parked} parked"


class World:
    def __init__(self, aws, program, source="sqs", store="s3", **queue):
        self.aws, self.program = aws, program
        self.source = SqsSource(program, aws, **{"visibility": LEASE_S, **queue}) \
            if source == "sqs" else SOURCES[source](program, aws)
        self.store = STORES[store](program, aws)
        self.source.create()
        self.store.create()
        self.sent = []

    # ---- before and during

    def send(self, bodies=None):
        """Those, or so many creates of as many widgets."""
        if not isinstance(bodies, list):
            bodies = [request(number) for number in range(len(self.sent),
                                                          len(self.sent) + (bodies or MESSAGES))]
        first = len(self.sent)
        self.sent += bodies
        self.source.fill({f"{first + place:04}": body for place, body in enumerate(bodies)})

    def command(self, *more):
        return ["consume", self.source.url, self.store.url, "--wait", "1s", "--summary", *more]

    def start(self, *more, **environment):
        return self.program.start(*self.command(*more), **environment)

    def consume(self, *more, code=0):
        """Until nothing is left; what it said."""
        result = self.program.run(*self.command(*TO_THE_END, *more))
        assert result.returncode == code, result.stderr
        return result

    def finish(self, process, code=0):
        """What it said when it has ended."""
        out, err = process.communicate(timeout=90)
        assert process.returncode == code, err
        return out, err

    def wait(self, condition, limit=30):
        return self.aws.wait_until(condition, limit)

    def wait_for(self, operation, count=1):
        self.wait(lambda: len(self.aws.calls(operation)) >= count)

    # ---- what the call log says

    def fired(self):
        return sum(rule["fired"] for rule in self.aws.rules())

    def count(self, operation, **members):
        return sum(all(call[name] == value for name, value in members.items())
                   for call in self.aws.calls(operation))

    def receives(self):
        """How often each message was given out: id -> times."""
        return Counter(message["message_id"] for call in self.aws.calls("ReceiveMessage")
                       for message in call.get("messages", []))

    def most_receives(self):
        return max(self.receives().values())

    def resent(self):
        """Questions that came again within one attempt: sent anew by the library underneath."""
        times = Counter((call["invocation"], call["attempt"]) for call in self.aws.calls()
                        if call["invocation"])
        return sum(count - 1 for count in times.values())

    def count_done(self):
        """Messages whose delete was confirmed."""
        return sum(len(call["successful"]) for call in self.aws.calls("DeleteMessageBatch"))

    # ---- when it is over

    def judge(self):
        """Sent is done, left or parked; and what is neither left nor parked has its effect."""
        left, parked = self._left(), [each.body for each in self.source.parked()]
        acked = Counter(self.sent) - Counter(left) - Counter(parked)
        assert Counter(left) + Counter(parked) + acked == Counter(self.sent)
        done = [body for body in self.sent if acked[body]]
        expected, counts = apply_all(done)
        assert counts["rejected"] == 0
        stored = self.store.widgets()
        for key, widget in expected.items():
            assert stored.get(key) == flat(widget), f"acked, and not done: {key}"
        unasked = stored.keys() - apply_all(self.sent)[0].keys()
        assert not unasked, f"nobody asked for {unasked}"
        return Outcome(sum(acked.values()), len(left), len(parked))

    def judge_all_done(self):
        found = self.judge()
        assert (found.left, found.parked) == (0, 0), found
        return found

    def _left(self):
        if self.source.kind == "s3":
            keys = [key for key in self.source.keys() if not key.startswith("parked/")]
            return [self.aws.s3.get_object(Bucket="requests", Key=key)["Body"].read()
                    for key in keys]
        found = []

        def is_empty():
            found.extend(each["Body"].encode() for each in self.aws.take_all(self.source.queue))
            return not sum(self.aws.left_in(self.source.queue).values())
        self.wait(is_empty)
        return found


def ledger_of(out):
    """The ledger that the program printed, which must add up."""
    found = ledger(out)
    assert found["received"] == sum(found.values()) - found["received"], found
    return found


def complaints(err):
    """The lines of the log that are warnings or errors."""
    return [line for line in err.splitlines() if re.search(r"^\S+Z (warn |error) ", line)]


def update(number, name, **members):
    return request(f"{number}-{name}", type="update", widgetId=f"widget-{number}", **members)


def labels(widgets):
    return [each.get("label") for each in widgets.values()]
