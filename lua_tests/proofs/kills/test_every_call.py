"""SIGKILL at every call of the system that changes a file: sqlite: and file:, where no server
stands between. strace ends the process as it enters the kth call of a kind, once for each, and
another process runs to the end.
"""

import json
import re
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from conftest import Program
from proofs.kills.workload import Requests, request
from reading import TO_THE_END
from sources import SOURCES
from stores import STORES

# Names that a machine lacks are passed over.
CALLS = ("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate",
         "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "unlink",
         "unlinkat", "rmdir", "symlinkat", "utimensat", "fchmod", "fchown")
PAIRS = [("sqlite", "sqlite"), ("sqlite", "file"), ("file", "file"), ("file", "sqlite")]
AT_ONCE = 6                          # most of a run is waiting for a lease to end
SIGKILLED = -9


def small_set():
    """A few of each kind, with two widgets that go on."""
    kinds = [("create", 1), ("update", 1), ("create", 2), ("delete", 2), ("create", 3),
             ("update", 3), ("delete", 4)]
    bodies = [json.dumps(request(number, kind, widget)).encode()
              for number, (kind, widget) in enumerate(kinds)]
    bodies.insert(3, b"no request: \xc3\xbc\n")
    return Requests({f"{number:02}": body for number, body in enumerate(bodies)})


class Bench:
    """One pair and policy; each run has a directory of its own, with the source filled."""

    def __init__(self, program, source, store, policy):
        self.names, self.policy = (source, store), policy
        self.requests = small_set()
        self.filled = program.directory / "filled"
        self.filled.mkdir()
        self.program = program
        source, _ = self.open(self.filled)
        source.create()
        source.fill(self.requests.bodies)

    def open(self, directory):
        program = Program(self.program.environment, directory)
        return SOURCES[self.names[0]](program, None), STORES[self.names[1]](program, None)

    def start(self, name):
        directory = self.program.directory / name
        shutil.copytree(self.filled, directory)
        return directory

    def consume(self, directory, *before):
        source, store = self.open(directory)
        return subprocess.run(
            [*before, self.program.path, "consume", source.url, store.url, *TO_THE_END,
             "--visibility", "1s", "--max-receives", "1000", "--conflicts", self.policy,
             "--log-level", "off"],
            cwd=directory, env=self.program.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)

    def calls(self):
        """How many calls of each kind a run makes that nobody kills."""
        directory = self.start("undisturbed")
        done = self.consume(directory, "strace", "-f", "-o", "calls", "-e", f"trace={known()}")
        assert done.returncode == 0, done.stderr
        self.check(directory)
        names = re.findall(r"^\d+ +(\w+)\(", (directory / "calls").read_text(), re.M)
        return Counter(names)

    def kill_at(self, call, number):
        """Whether the run got there; then another one has run to the end."""
        directory = self.start(f"{call}-{number}")
        killed = self.consume(directory, "strace", "-f", "-o", "/dev/null", "-e", f"trace={call}",
                              "-e", f"inject={call}:signal=SIGKILL:when={number}")
        assert killed.returncode in (SIGKILLED, 0), killed.stderr
        done = self.consume(directory)
        assert done.returncode == 0, f"{call} {number}: {done.stderr}"
        copies = self.check(directory)
        shutil.rmtree(directory)
        return SimpleNamespace(killed=killed.returncode == SIGKILLED, copies=copies)

    def check(self, directory):
        source, store = self.open(directory)
        return self.requests.check(source, store, self.policy)


def known():
    return ",".join("?" + each for each in CALLS)


@pytest.mark.parametrize("policy", ["warn", "converge"])
@pytest.mark.parametrize("source, store", PAIRS)
def test_a_kill_at_any_call_loses_nothing(offline, tell, source, store, policy):
    if not shutil.which("strace"):
        tell(f"NOT RUN: {source} to {store}, {policy}: no strace here (tools/setup proof)")
        pytest.skip("no strace")
    bench = Bench(offline, source, store, policy)
    calls = bench.calls()
    points = [(call, number) for call, count in calls.items() for number in range(1, count + 1)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda point: bench.kill_at(*point), points))
    killed = sum(run.killed for run in runs)
    assert killed >= len(points) * 0.95, (killed, calls)
    told = ", ".join(f"{count} {call}" for call, count in calls.most_common())
    tell(f"{source} to {store}, {policy}: killed at {killed} points of {len(points)} ({told}), "
         f"{len(bench.requests.bodies)} requests each; parked twice in "
         f"{sum(run.copies > 1 for run in runs)}")
