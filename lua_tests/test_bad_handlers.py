"""Handlers that go wrong: their message goes back and is parked, its neighbours finish.

The default program runs with a routes.lua that does as the widget's id says.
"""

from types import SimpleNamespace

import pytest

from conftest import Program, check_calls, without_aws
from judge import apply_all, flat
from reading import TO_THE_END, ledger
from sources import SOURCES, FileSource, S3Source, SqliteSource, SqsSource, request
from stores import FileStore

ROUTES = """
local routes = require "tidegate.builtin.routes"
local trouble, route = {}, routes.route

function trouble.raise() error "the moon is not full" end
function trouble.raise_a_table() error { phase = "new" } end
function trouble.nothing() end
function trouble.word() return "done" end
function trouble.loop() while true do end end
function trouble.caught_loop() while true do pcall(function() while true do end end) end end
function trouble.memory() local t = {} while true do t[#t + 1] = ("x"):rep(2 ^ 25) .. #t end end
function trouble.pattern() return ("a"):rep(400):find ".-.-.-.-.-b$" end
function trouble.yield() coroutine.yield() end

function routes.route(request, default)
  local act = trouble[request.widgetId]
  if act then return act() end
  return route(request, default)
end
return routes
"""
# What the handler does, and what the parked copy's error must say of it.
TROUBLES = {
    "raise": "the moon is not full", "raise_a_table": "", "nothing": "no verdict",
    "word": "no verdict", "loop": "CPU time", "caught_loop": "CPU time",
    "memory": "not enough memory", "yield": "yield",
}
GOOD = 5
KINDS = ["file", "s3", "sqs", "sqlite"]
RECEIVES = 2
RESTARTS = 3                         # below that, the neighbours' receives are used up as well
LIMITS = ["--cpu-limit", "0.2", "--memory-limit", "64", "--scripts", "scripts"]


def mixed(troubles):
    """The requests: a good one, then a trouble, in turn; and the good ones alone."""
    bodies, good = [], [request(number) for number in range(GOOD)]
    for place, name in enumerate(troubles):
        bodies += [*good[place:place + 1], request(name, widgetId=name)]
    bodies += good[len(troubles):]
    return {f"{place:04}": body for place, body in enumerate(bodies)}, good


def prepare(program, source):
    (program.directory / "scripts").mkdir()
    (program.directory / "scripts" / "routes.lua").write_text(ROUTES)
    source.create()


def consume(program, source, *more):
    return program.run("consume", source.url, "file:out", *TO_THE_END, *LIMITS, *more)


@pytest.fixture(scope="module")
def aws(shared_aws):
    yield shared_aws
    check_calls(shared_aws)


def program_for(kind, aws, directory):
    is_local = kind in ("file", "sqlite")
    return Program(without_aws(directory) if is_local else aws.environment(), directory)


@pytest.fixture(scope="module")
def runs(aws, tmp_path_factory):
    """What came of all troubles but the one that ends the process, by kind of source."""
    found = {}

    def run(kind):
        if kind not in found:
            program = program_for(kind, aws, tmp_path_factory.mktemp(kind))
            source, store = SOURCES[kind](program, aws), FileStore(program, aws)
            prepare(program, source)
            requests, good = mixed(TROUBLES)
            source.fill(requests)
            result = consume(program, source, "--max-receives", RECEIVES)
            found[kind] = SimpleNamespace(result=result, good=good, requests=requests,
                                          parked=source.parked(), left=source.left(),
                                          widgets=store.widgets())
        return found[kind]
    return run


@pytest.mark.parametrize("kind, name", [(kind, name) for kind in KINDS for name in TROUBLES])
def test_its_message_is_parked_after_the_last_try(runs, kind, name):
    body = request(name, widgetId=name)
    [parked] = [each for each in runs(kind).parked if each.body == body]
    assert parked.attributes["tidegate-receive-count"] == str(RECEIVES)
    assert f"gave up after {RECEIVES} receives" in parked.attributes["tidegate-reason"]
    assert TROUBLES[name] in parked.attributes["tidegate-error"]


@pytest.mark.parametrize("kind", KINDS)
def test_its_neighbours_finish(runs, kind):
    run = runs(kind)
    assert run.result.returncode == 0, run.result.stderr
    expected, _ = apply_all(run.good)
    assert run.widgets == {key: flat(widget) for key, widget in expected.items()}
    found = ledger(run.result.stdout)
    assert (found["done"], found["parked"]) == (GOOD, len(TROUBLES))
    assert found["retried"] == len(TROUBLES) * (RECEIVES - 1) and run.left == 0


# ---- what no limit can stop ends the process

def restart_until_done(program, source):
    """Runs until one ends well; how many did not."""
    for ended in range(8):
        result = consume(program, source, "--max-receives", RESTARTS, "--visibility", "1s")
        if result.returncode == 0:
            return ended
        assert result.returncode == 70, result.stderr
    raise AssertionError("the message that ends the process was never parked")


@pytest.mark.parametrize("source_class", [SqsSource, SqliteSource])
def test_a_pattern_without_end_after_restarts(aws, tmp_path, source_class):
    aws.reset("data")
    program = program_for(source_class.kind, aws, tmp_path)
    source, store = source_class(program, aws), FileStore(program, aws)
    prepare(program, source)
    requests, good = mixed(["pattern"])
    source.fill(requests)
    assert restart_until_done(program, source) == RESTARTS
    assert [each.body for each in source.parked()] == [request("pattern", widgetId="pattern")]
    expected, _ = apply_all(good)
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert source.left() == 0


@pytest.mark.parametrize("source_class", [FileSource, S3Source])
def test_a_pattern_without_end_in_a_bucket(aws, tmp_path, source_class):
    """Nothing in a bucket counts receives: the program starts itself anew, and counts on."""
    aws.reset("data")
    program = program_for(source_class.kind, aws, tmp_path)
    source, store = source_class(program, aws), FileStore(program, aws)
    prepare(program, source)
    requests, good = mixed(["pattern"])
    source.fill(requests)
    result = consume(program, source, "--max-receives", RECEIVES)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("(message 0001); starting anew") == RECEIVES
    [parked] = source.parked()
    assert parked.body == request("pattern", widgetId="pattern")
    assert parked.attributes["tidegate-receive-count"] == str(RECEIVES + 1)
    assert parked.attributes["tidegate-reason"] == "received too often without a verdict"
    expected, _ = apply_all(good)
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert source.left() == 0
