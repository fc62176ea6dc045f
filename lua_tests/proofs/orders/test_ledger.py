"""How large the ledger of one widget gets: it grows with its attributes, not with its updates."""

import json
import random

import pytest

from conftest import Program
from reading import TO_THE_END
from sources import SqliteSource
from stores import BOOK, LEDGERS, STORES

from .histories import FIRST_MS, NAMES, Sent
from .test_permutations import fill

COUNTS = (1, 10, 100, 1000)


def updates(count):
    """A create, and updates of a label and of two attributes out of four, in any order."""
    dice = random.Random(count)
    bodies = [{"type": "create", "label": "first"}] + [
        {"type": "update", "label": f"label {number:04}", "otherAttributes": [
            {"name": name, "value": f"value {number:04}"} for name in dice.sample(NAMES, 2)]}
        for number in range(count)]
    sent = [Sent(FIRST_MS + place, "", json.dumps({
        "requestId": f"{place:04}", "widgetId": "one", "owner": "Sue Smith", **body}))
        for place, body in enumerate(bodies)]
    dice.shuffle(sent)
    return sent


def bytes_of(store):
    """The ledger of the one widget, as it stands there."""
    if store.is_table:
        [item] = store.items()
        return len(item[BOOK]["M"]["ledger"]["S"])
    return len(store.objects()[f"{LEDGERS}widgets/sue-smith/one"])


def size_after(program, kind, count):
    source, store = SqliteSource(program, None), STORES[kind](program, None)
    source.create()
    fill(source, updates(count), by_clock=True)
    result = program.run("consume", source.url, store.url, *TO_THE_END, "--conflicts", "converge",
                         "--log-level", "off")
    assert result.returncode == 0, result.stderr
    assert f"{count + 1} received = " in result.stdout
    return bytes_of(store)


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_ledger_does_not_grow_with_the_updates(offline, tell, kind):
    sizes = {}
    for count in COUNTS:
        place = offline.directory / str(count)
        place.mkdir()
        sizes[count] = size_after(Program(offline.environment, place), kind, count)
    tell(f"the ledger of one widget in {kind}:, bytes after " + ", ".join(
        f"{count} updates: {size}" for count, size in sizes.items()))
    assert sizes[1000] <= sizes[10] * 1.5
