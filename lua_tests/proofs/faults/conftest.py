"""Runs the rows of the table, and prints it when all is over."""

import pytest

from conftest import check_calls
from stand_in.harness import StandIn

from .rows import Seen, table
from .world import World

SEEN = []


@pytest.fixture(scope="session")
def running():
    with StandIn() as aws:
        yield aws


@pytest.fixture
def aws(running):
    running.reset()
    yield running
    check_calls(running)


@pytest.fixture
def world(aws, tidegate):
    """Queue to S3; another() makes another."""
    return World(aws, tidegate)


@pytest.fixture
def another(aws, tidegate):
    return lambda **places: World(aws, tidegate, **places)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """What the test of a row returns is what it has observed."""
    found = getattr(pyfuncitem.obj, "row", None)
    if found is None:
        return None
    variant = pyfuncitem.callspec.id if hasattr(pyfuncitem, "callspec") else ""
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    observed = "FAILED"
    try:
        observed = pyfuncitem.obj(**arguments)
        assert observed and isinstance(observed, str), "a row says what it has observed"
    finally:
        SEEN.append(Seen(found, variant, observed))
    return True


def pytest_terminal_summary(terminalreporter):
    for line in table(SEEN):
        terminalreporter.write_line(line)
