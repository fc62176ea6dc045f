"""The permutation test: the same requests in any order, some repeatedly, leave the same widgets.

In memory each history has a store of its own. Into `file:` and `sqlite:` the program takes all of
them at once from one queue, as many times as there are orders, each time into a new store; every
other time the queue's own clock tells when a request was sent, else an attribute does.
"""

import json
import os
import random
import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from conftest import HERE, Program
from judge import problem
from reading import TO_THE_END, ledger
from sources import SqliteSource
from stores import BOOK, LEDGERS, STORES

from . import histories

HISTORIES = 500
ORDERS = 50
SEED = 4
SHARED = Path(os.environ.get("TIDEGATE_SHARED", HERE.parent.parent / "shared")) / "samples"


@pytest.fixture(scope="module")
def seeded():
    dice = random.Random(SEED)
    return [histories.history(dice, f"h{number}") for number in range(HISTORIES)]


@pytest.fixture(params=[35, 55], ids=["35 samples", "55 samples"])
def real(request):
    folder = HERE / "samples" if request.param == 35 else SHARED
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    found = histories.samples(folder)
    assert len(found) == request.param
    return found


@pytest.fixture
def directory():
    """In memory where that can be: a file of SQLite waits for its disk at every commit."""
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="orders-", dir=fast))
    yield path
    shutil.rmtree(path)


# ---- in memory, inside one program

def permute_in_memory(program, found):
    (program.directory / "histories.json").write_text(json.dumps({
        "orders": ORDERS, "histories": [[{"ms": each.ms, "body": each.body} for each in history]
                                        for history in found]}))
    result = program.run("test", Path(__file__).with_name("permute.lua"), RESULT="result.json",
                         HISTORIES="histories.json")
    assert result.returncode == 0, result.stdout + result.stderr
    left = json.loads((program.directory / "result.json").read_text())
    for kind, is_table in (("bucket", False), ("table", True)):
        for history, widgets in zip(found, left[kind], strict=True):
            assert {each["key"]: each["widget"] for each in widgets} == \
                histories.expected(history, is_table)
    return left


def told(where, found, messages, widgets):
    requests = sum(map(len, found))
    return (f"permutations, {where}: {len(found)} histories of {requests} requests, {ORDERS} "
            f"orders, {messages} messages, {widgets} widgets each time")


def test_histories_in_memory(offline, tell, seeded):
    left = permute_in_memory(offline, seeded)
    for kind in ("bucket", "table"):
        tell(told(f"a {kind} in memory", seeded, left["messages"][kind], sum(
            map(len, left[kind]))))


def test_samples_in_memory(offline, tell, real):
    left = permute_in_memory(offline, [real])
    tell(told(f"{len(real)} samples in memory", [real], sum(left["messages"].values()),
              len(left["bucket"][0])))


# ---- through the program

def fill(source, messages, by_clock):
    """As people do with sqlite3."""
    told = [(each.body, json.dumps({} if by_clock else {"tidegate-sent-at": str(each.ms)}),
             each.ms if by_clock else 0) for each in messages]
    with closing(sqlite3.connect(source.file)) as connection, connection:
        connection.executemany(
            "INSERT INTO requests (body, attributes, sent_ms) VALUES (?, ?, ?)", told)


def without_version(text):
    return {name: value for name, value in json.loads(text).items() if name != "version"}


def left_in(store):
    """The ledgers, without the number of their changes: that tells how they came to be."""
    if store.is_table:
        return {item[store.key]["S"]: without_version(item[BOOK]["M"]["ledger"]["S"])
                for item in store.items()}
    return {key: without_version(body) for key, body in store.objects().items()
            if key.startswith(LEDGERS)}


def run_order(program, kind, found, number):
    """One order into a new store: how many messages, the widgets and the ledgers."""
    dice = random.Random(f"{SEED}-{number}")
    messages = histories.deliveries(dice, [each for history in found for each in history])
    source, store = SqliteSource(program, None), STORES[kind](program, None)
    source.create()
    fill(source, messages, by_clock=number % 2)
    result = program.run("consume", source.url, store.url, *TO_THE_END, "--conflicts", "converge",
                         "--log-level", "off")
    assert result.returncode == 0, result.stderr
    counts = ledger(result.stdout)
    rejected = [each.body for each in messages if problem(each.body)]
    assert counts["received"] == len(messages) == sum(
        counts[name] for name in ("done", "skipped", "parked"))
    assert source.left() == 0
    assert sorted(each.body.decode() for each in source.parked()) == sorted(rejected)
    return len(messages), store.widgets(), left_in(store)


def run_orders(program, directory, kind, found):
    """All orders, side by side; how many messages and widgets there were."""
    def run(number):
        place = directory / str(number)
        place.mkdir()
        ran = run_order(Program(program.environment, place), kind, found, number)
        shutil.rmtree(place)
        return ran

    expected = histories.expected([each for history in found for each in history],
                                  STORES[kind].is_table)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ran = list(pool.map(run, range(ORDERS)))
    for _, widgets, ledgers in ran:
        assert widgets == expected
        assert ledgers == ran[0][2]
    return sum(count for count, _, _ in ran), len(expected)


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_histories_in_a_store(offline, directory, tell, seeded, kind):
    messages, widgets = run_orders(offline, directory, kind, seeded)
    tell(told(f"sqlite: to {kind}:", seeded, messages, widgets))


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_samples_in_a_store(offline, directory, tell, real, kind):
    """The one without a byte can be in no queue."""
    sent = [each for each in real if each.body]
    assert len(sent) == len(real) - 1
    messages, widgets = run_orders(offline, directory, kind, [sent])
    tell(told(f"{len(sent)} samples, sqlite: to {kind}:", [sent], messages, widgets))
