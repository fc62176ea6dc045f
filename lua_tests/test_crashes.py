"""Processes that are killed, answers that are lost, files that others hold: nothing is lost, and
nothing is done twice that must not be.
"""

import sqlite3
from contextlib import closing

import pytest

from conftest import check_calls
from judge import apply_all, flat
from reading import TO_THE_END, outcomes
from sources import SOURCES, request
from stand_in.harness import StandIn
from stores import STORES

REQUESTS = 120
FREE = 50
GATE = """
local tide = require "tidegate"
local routes = require "tidegate.builtin.routes"
local gate, route = assert(tide.bucket "file:gate"), routes.route
function routes.route(request, default)
  local number = tonumber(request.widgetId:match "%%d+")
  while number >= %d and not gate:head "open" do tide.sleep(0.05) end
  return route(request, default)
end
return routes
"""
PAIRS = [("s3", "s3"), ("sqs", "dynamodb"), ("file", "sqlite"), ("sqlite", "file"),
         ("sqlite", "sqlite")]


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


def made(program, aws, source, store):
    source, store = SOURCES[source](program, aws), STORES[store](program, aws)
    source.create()
    store.create()
    return source, store


def stored(store):
    """How many widgets are there; none while the store is not made yet."""
    try:
        return len(store.widgets())
    except sqlite3.OperationalError:
        return 0


def check_all_there(source, store, bodies):
    expected, _ = apply_all(bodies)
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert source.left() == 0 and source.parked() == []


@pytest.mark.parametrize("names", PAIRS, ids=" to ".join)
def test_a_kill_loses_nothing(aws, tidegate, names):
    """The process has done some, holds others, and is gone without a word."""
    source, store = made(tidegate, aws, *names)
    requests = {f"{number:04}": request(number) for number in range(REQUESTS)}
    source.fill(requests)
    (tidegate.directory / "scripts").mkdir()
    (tidegate.directory / "scripts" / "routes.lua").write_text(GATE % FREE)
    command = ["consume", source.url, store.url, *TO_THE_END, "--visibility", "2s", "--scripts",
               "scripts"]
    process = tidegate.start(*command)
    aws.wait_until(lambda: stored(store) >= FREE)
    process.kill()
    process.communicate()
    assert stored(store) == FREE and source.left() >= REQUESTS - FREE
    (tidegate.directory / "gate").mkdir(exist_ok=True)
    (tidegate.directory / "gate" / "open").touch()
    result = tidegate.run(*command)
    assert result.returncode == 0, result.stderr
    check_all_there(source, store, requests.values())


@pytest.mark.parametrize("store", ["s3", "dynamodb"])
def test_answers_that_are_lost_change_nothing(aws, tidegate, samples, store):
    """Every other write is done, and its answer never comes: sent again, it is no conflict. One
    handler at a time, or the second tries of several could all be the unlucky ones.
    """
    source, store = made(tidegate, aws, "file", store)
    source.fill(samples)
    for operation in ("PutObject", "DeleteObject", "PutItem", "UpdateItem", "DeleteItem"):
        aws.add_rule(op=operation, every=2, action="drop_after")
    result = tidegate.run("consume", source.url, store.url, *TO_THE_END, "--concurrency", 1)
    assert result.returncode == 0, result.stderr
    assert sum(rule["fired"] for rule in aws.rules()) >= 10
    expected, counts = apply_all(samples.values())
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert outcomes(result.stdout) == counts


# ---- files that somebody else holds

@pytest.fixture
def at_work(offline):
    """A process that has done its first request and waits for more; ended in good order."""
    source, store = made(offline, None, "sqlite", "sqlite")
    source.fill({"first": request("first")})
    process = offline.start("consume", source.url, store.url, "--log-file", "log")
    StandIn.wait_until(lambda: stored(store) == 1)
    yield source, store, offline.directory / "log"
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def held(file):
    """The file with a write under way, as somebody's tool may have it."""
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


def check_is_done(source, store, bodies):
    StandIn.wait_until(lambda: stored(store) == len(bodies) and source.left() == 0)
    check_all_there(source, store, bodies)


def test_a_queue_that_somebody_writes_to_by_hand(at_work):
    source, store, log = at_work
    bodies = [request(number) for number in range(20)]
    with held(source.file) as connection:
        connection.executemany("INSERT INTO requests (body) VALUES (?)",
                               [(body.decode(),) for body in bodies])
        StandIn.wait_until(lambda: "busy" in log.read_text())
        connection.execute("COMMIT")
    check_is_done(source, store, [request("first"), *bodies])


def test_a_table_that_somebody_holds(at_work):
    source, store, log = at_work
    bodies = {str(number): request(number) for number in range(20)}
    with held(store.file) as connection:
        source.fill(bodies)
        StandIn.wait_until(lambda: "busy" in log.read_text())
        connection.execute("ROLLBACK")
    check_is_done(source, store, [request("first"), *bodies.values()])
