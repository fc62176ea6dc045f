"""SIGKILL at 100 random moments of one piece of work: the program is started again and again, and
killed after some more requests or some milliseconds; the last one runs to the end undisturbed.

Where a request counts as received once for each process that dies with it in hand, it may be
received a thousand times here.
"""

import json
import random
import time
from contextlib import contextmanager

import pytest

from proofs.kills.workload import workload
from reading import TO_THE_END, ledger
from sources import SOURCES
from stores import STORES

KILLS = 100
POLICIES = ("warn", "converge")
SOON = 0.2             # of the kills come some ms after the start
PATIENCE_S = 3         # s: for requests that do not come because dead processes have them in hand
GRAIN_S = 0.001
REST = 0.1             # of the work is for the last process, about
FEW = {"count": 300, "concurrency": 4}
MANY = {"count": 5000, "concurrency": 16}


class Log:
    """What the processes, one after another, say of each request they have handled."""

    def __init__(self, path):
        self.path, self._read, self.handled = path, 0, 0

    def look(self):
        """How many requests have been handled by now."""
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self._read)
                data = file.read()
            self._read += len(data)
            self.handled += data.count(b'"verdict"')
        return self.handled

    def handled_again(self):
        """How many verdicts there were on messages that had one already."""
        ids = []
        for line in self.path.read_bytes().splitlines():
            try:
                ids.append(json.loads(line)["message"])
            except (ValueError, KeyError):    # a last word cut short, or not about a message
                pass
        return len(ids) - len(set(ids))


class Work:
    def __init__(self, program, source, store, policy, count, concurrency):
        self.program, self.source, self.store, self.policy = program, source, store, policy
        self.count = count
        self.requests = workload(count, seed=7)
        self.log = Log(program.directory / "log")
        self.options = ("--visibility", "1s", "--max-receives", "1000", "--conflicts", policy,
                        "--concurrency", concurrency, "--log-file", "log", "--log-format", "json")
        source.create()
        store.create()
        source.fill(self.requests.bodies)

    @contextmanager
    def process(self):
        """A process at work, killed when the block is over."""
        process = self.program.start("consume", self.source.url, self.store.url, "--wait", "1s",
                                     *self.options)
        try:
            yield
        finally:
            process.kill()
            _, err = process.communicate()
        assert process.returncode == -9, err

    def kill_at_random(self, seed):
        """The kills; how many came within the first moments of a process."""
        dice, soon = random.Random(seed), 0
        for number in range(KILLS):
            mean = self._still_to_do() / (KILLS - number + KILLS * REST)
            with self.process():
                if dice.random() < SOON:
                    soon += 1
                    time.sleep(dice.uniform(0, 0.02))
                    continue
                self._wait_for(dice.uniform(0, 2 * mean / (1 - SOON)))
                time.sleep(dice.uniform(0, 0.003))
        assert self.source.left() > 0, "all was done before the last kill"
        return soon

    def _still_to_do(self):
        """Of a file that others would put right by looking into it, what the log says."""
        if self.source.kind == "sqlite":
            return max(0, self.count - self.log.look())
        return self.source.left()

    def _wait_for(self, requests):
        target, deadline = self.log.look() + requests, time.monotonic() + PATIENCE_S
        while self.log.look() < target and time.monotonic() < deadline:
            time.sleep(GRAIN_S)

    def finish(self):
        result = self.program.run("consume", self.source.url, self.store.url, *TO_THE_END,
                                  *self.options)
        assert result.returncode == 0, result.stderr
        return ledger(result.stdout)


def prove(tell, program, source, store, policy, size):
    work = Work(program, source, store, policy, **size)
    started = time.monotonic()
    soon = work.kill_at_random(seed=work.count)
    handled = work.log.look()
    last = work.finish()
    copies = work.requests.check(work.source, work.store, work.policy)
    tell(f"{work.source.kind} to {work.store.kind}, {work.policy}: {work.count} requests, {KILLS} "
         f"kills ({soon} at the start); {handled} handled between them and {last['received']} in "
         f"the end, {work.log.handled_again()} more than once; {copies} copies of "
         f"{len(work.requests.poison)} parked; {work.requests.differing} widgets differ; "
         f"{time.monotonic() - started:.0f} s")


@pytest.mark.parametrize("size", [FEW, MANY], ids=["300", "5000"])
def test_an_undisturbed_run_makes_the_same(offline, size):
    """What the others are held against: the order's own widgets, and one copy of each parked."""
    work = Work(offline, SOURCES["sqlite"](offline, None), STORES["file"](offline, None),
                "converge", **size)
    assert work.finish()["received"] == work.count
    copies = work.requests.check(work.source, work.store, work.policy)
    assert copies == len(work.requests.poison) and work.log.handled_again() == 0


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("source, store", [("sqs", "s3"), ("sqs", "dynamodb"), ("s3", "s3")])
def test_300_on_the_stand_in(aws, tidegate, tell, source, store, policy):
    settings = {"max_receives": 1000} if source == "sqs" else {}
    prove(tell, tidegate, SOURCES[source](tidegate, aws, **settings),
          STORES[store](tidegate, aws), policy, FEW)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("store", ["sqlite", "file"])
def test_5000_from_sqlite(offline, tell, store, policy):
    prove(tell, offline, SOURCES["sqlite"](offline, None), STORES[store](offline, None), policy,
          MANY)


@pytest.mark.parametrize("policy", POLICIES)
def test_5000_from_elasticmq(elasticmq, on_elasticmq, tell, policy):
    source = SOURCES["sqs"](on_elasticmq, elasticmq, max_receives=1000)
    prove(tell, on_elasticmq, source, STORES["file"](on_elasticmq, None), policy, MANY)
