"""What every end-to-end test starts from: the binary, a stand-in of its own, the samples."""

import os
import subprocess
from pathlib import Path

import pytest

from stand_in.harness import StandIn

HERE = Path(__file__).resolve().parent
LIMIT = 120


class Program:
    """The binary under test, run against one environment."""

    def __init__(self, environment, directory):
        self.environment = environment
        self.directory = directory
        self.path = os.environ.get("TIDEGATE", str(HERE.parent / "build" / "tidegate"))

    def start(self, *arguments, **environment):
        return subprocess.Popen([self.path, *map(str, arguments)], cwd=self.directory, text=True,
                                env={**self.environment, **environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run(self, *arguments, **environment):
        """The ended process, with returncode, stdout and stderr."""
        process = self.start(*arguments, **environment)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"it did not end within {LIMIT} s:\n{out}\n{err}") from None
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def aws():
    with StandIn() as running:
        yield running
        check_calls(running)


@pytest.fixture(scope="module")
def shared_aws():
    """One stand-in for the tests of a file whose calls have all ended when a test is over."""
    with StandIn() as running:
        yield running


def check_calls(running):
    assert "Traceback" not in running.stderr()
    assert {call["signature"] for call in running.calls()} <= {"ok", "unread"}


@pytest.fixture
def tidegate(aws, tmp_path):
    return Program(aws.environment(), tmp_path)


@pytest.fixture
def offline(tmp_path):
    """The binary with no AWS settings at all."""
    return Program(without_aws(tmp_path), tmp_path)


def without_aws(home):
    """This process's environment without its AWS settings, and with another home."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "TIDEGATE_"))}
    return {**kept, "HOME": str(home), **sanitizers()}


def sanitizers():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


@pytest.fixture(scope="session")
def samples():
    """The 35 canonical requests: name -> body, in key order."""
    return {path.name: path.read_bytes() for path in sorted((HERE / "samples").iterdir())}
