"""Two processes on one queue: each request is done by one of them, and none is forgotten.

A gate makes both take part: their handlers wait until each process holds as many messages as it
may, and only then go on.
"""

import json

import pytest

from conftest import check_calls
from judge import apply_all, flat
from pairs import open_pair
from reading import TO_THE_END, ledger, log_lines
from sources import request

MESSAGES = 400
HANDLERS = 64
AT_LEAST = 50
PAIRS = [("sqs", "s3"), ("sqlite", "file")]
GATE = """
local tide = require "tidegate"
local routes = require "tidegate.builtin.routes"
local gate, route = assert(tide.bucket "file:gate"), routes.route
function routes.route(...)
  while not gate:head "open" do tide.sleep(0.1) end
  return route(...)
end
return routes
"""


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(params=PAIRS, ids=" to ".join)
def pair(request):
    program, source, store = open_pair(request)
    source.create()
    store.create()
    return program, source, store


def consume_twice(program, source, store, limit, handlers=HANDLERS):
    """Two runs side by side until the queue is empty; the JSON log of each."""
    scripts = program.directory / "scripts"
    scripts.mkdir()
    (scripts / "routes.lua").write_text(GATE)
    processes = [program.start("consume", source.url, store.url, *TO_THE_END,
                               "--concurrency", handlers, "--scripts", "scripts",
                               "--log-format", "json", "--log-file", f"{name}.log")
                 for name in ("one", "two")]
    source.wait_until_leased(limit)
    (program.directory / "gate").mkdir(exist_ok=True)
    (program.directory / "gate" / "open").touch()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        found = ledger(out)
        assert found["received"] == sum(found.values()) - found["received"]
    return [log_lines(program.directory / f"{name}.log") for name in ("one", "two")]


def requests_with(log, *verdicts):
    return [line["request"] for line in log if line.get("verdict") in verdicts]


def test_each_request_is_done_once(pair):
    program, source, store = pair
    requests = {f"{number:04}": request(number) for number in range(MESSAGES)}
    source.fill(requests)
    logs = consume_twice(program, source, store, 2 * HANDLERS)
    done = [requests_with(log, "done") for log in logs]
    assert min(map(len, done)) >= AT_LEAST
    assert len(done[0]) + len(done[1]) == MESSAGES
    assert set(done[0]).isdisjoint(done[1])
    assert {*done[0], *done[1]} == {f"request-{number}" for number in range(MESSAGES)}
    assert source.left() == 0 and source.parked() == []
    expected, _ = apply_all(requests.values())
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}


def produced(program, count):
    """Requests of the real mix: what `produce` writes, and one that misses, one to be parked."""
    result = program.run("produce", "file:mix", "-mwr", count, "-ird", "0", "--seed", "7")
    assert result.returncode == 0, result.stderr
    files = sorted((program.directory / "mix").iterdir())
    bodies = [path.read_bytes() for path in files if path.is_file()]
    assert len(bodies) == count
    bodies += [request("ghost", type="update", widgetId="ghost"), request("bad", type="bad")]
    return {f"{place:04}": body for place, body in enumerate(bodies)}


def test_the_real_mix_is_accounted_for(pair):
    program, source, store = pair
    requests = produced(program, MESSAGES - 2)
    sent = {json.loads(body)["requestId"] for body in requests.values()}
    source.fill(requests)
    both = [line for log in consume_twice(program, source, store, 2 * AT_LEAST) for line in log]
    done, skipped = (set(requests_with(both, verdict)) for verdict in ("done", "skip"))
    parked = {json.loads(each.body)["requestId"] for each in source.parked()}
    assert parked == {"request-bad"} and "request-ghost" in skipped
    assert done | skipped | parked == sent
    assert source.left() == 0
    missing = [line for line in both if line.get("verdict") == "skip"]
    assert all(line["level"] == "warn" and line["widget"] for line in missing)
    kept = {json.loads(body)["widgetId"] for body in requests.values()
            if json.loads(body)["type"] == "create" and json.loads(body)["requestId"] in done}
    assert {widget["id"] for widget in store.widgets().values()} <= kept


# ---- two who write the same widget

UPDATES = 100
FEW = 4                              # a process with so few takes less than half of the updates
ONE_WIDGET = [("sqs", "s3"), ("sqs", "dynamodb"), ("sqlite", "file"), ("sqlite", "sqlite")]


@pytest.mark.parametrize("pair", ONE_WIDGET, indirect=True, ids=" to ".join)
def test_no_update_of_one_widget_is_lost(pair):
    """Each update adds an attribute of its own: whoever writes over the other's loses one."""
    program, source, store = pair
    source.fill({"create": request("create", widgetId="one", otherAttributes=[])})
    result = program.run("consume", source.url, store.url, *TO_THE_END)
    assert result.returncode == 0, result.stderr
    source.fill({f"{number:03}": request(number, type="update", widgetId="one", otherAttributes=[
        {"name": f"of-{number}", "value": "1"}]) for number in range(UPDATES)})
    logs = consume_twice(program, source, store, UPDATES // 2, FEW)
    done = [set(requests_with(log, "done")) for log in logs]
    assert min(map(len, done)) > 0
    assert done[0] | done[1] == {f"request-{number}" for number in range(UPDATES)}
    [widget] = store.widgets().values()
    assert {name for name in widget if name.startswith("of-")} == {
        f"of-{number}" for number in range(UPDATES)}
    assert source.left() == 0 and source.parked() == []
