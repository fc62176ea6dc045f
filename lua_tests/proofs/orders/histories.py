"""Histories of requests, made from a seed, and what they must leave, applied by the judge.

A history is a few requests for a few widgets: sent times are few, so that many are equal; request
ids differ in case and beyond ASCII, because their bytes break the ties; one id may be used twice.
Some have one owner, written in several ways; some have updates and deletes of others; in some
everybody creates.
"""

import json
from pathlib import Path
from typing import NamedTuple

from judge import apply_all, flat, problem

FIRST_MS = 1612306368338
SUE = ("Sue Smith", "sue smith", "SUE SMITH")
OTHERS = ("Henry Hops", "John Jones")
NAMES = ("color", "size", "size-unit", "note")
TAGS = ("A", "a", "B", "é", "日")
KINDS = ("create",) * 2 + ("update",) * 5 + ("delete",)


class Sent(NamedTuple):
    """A request, and when it was sent."""
    ms: int
    request_id: str
    body: str


def text(dice, value):
    return dice.choice([value, value, "", None])


def attributes(dice, value):
    """Now and then one is named twice, and the last one counts."""
    found = [{"name": name, "value": dice.choice([f"{value}{name[0]}"] * 4 + ["", None])}
             for name in NAMES if dice.random() < 0.4]
    if found and found[0]["value"] is not None and dice.random() < 0.1:
        found.append({"name": found[0]["name"], "value": dice.choice([f"{value}-again", ""])})
    return found


def owner_of(dice, mode, kind):
    strangers = {"one owner": 0, "strangers update": 0.2 * (kind != "create"),
                 "all create": 0.4}[mode]
    return dice.choice(OTHERS if dice.random() < strangers else SUE)


def request(dice, mode, widget, number):
    kind = dice.choice(KINDS)
    made = {"type": kind, "requestId": f"{dice.choice(TAGS)}-{number}", "widgetId": widget,
            "owner": owner_of(dice, mode, kind)}
    if kind != "delete":
        made |= {name: text(dice, f"v{number}") for name in ("label", "description")
                 if dice.random() < 0.7}
        if dice.random() < 0.9:
            made["otherAttributes"] = attributes(dice, f"v{number}")
    return made


def history(dice, name, most=12, widgets=3):
    """Up to `most` requests for up to so many widgets."""
    mode = dice.choice(["one owner", "strangers update", "all create"])
    count, ids = dice.randint(2, most), [f"{name}-{n}" for n in range(dice.randint(1, widgets))]
    history, taken = [], set()
    for number in range(count):
        ms, made = FIRST_MS + dice.randrange(count), request(dice, mode, dice.choice(ids), number)
        if history and dice.random() < 0.05:
            made["requestId"] = json.loads(history[-1].body)["requestId"]
        place = ms, made["requestId"]
        if place not in taken:       # two with one place are one request
            taken.add(place)
            history.append(Sent(*place, json.dumps(made, ensure_ascii=False)))
    return history


def samples(folder):
    """The requests of a folder whose names are the times of their sending."""
    return [Sent(int(path.name), request_id(path.read_text()), path.read_text())
            for path in sorted(Path(folder).iterdir()) if path.name.isdigit()]


def request_id(body):
    return "" if problem(body) else json.loads(body)["requestId"]


def deliveries(dice, history):
    """All of it in another order: a third of them twice, some three times."""
    times = [1, 1, 1, 2, 2, 3]
    found = [each for each in history for _ in range(dice.choice(times))]
    dice.shuffle(found)
    return found


def in_order(history):
    return [each.body for each in sorted(history, key=lambda each: (
        each.ms, each.request_id.encode()))]


def in_bucket(history):
    """The widgets by key, flat."""
    return {key: flat(widget) for key, widget in apply_all(in_order(history))[0].items()}


def in_table(history):
    """A table has one widget of an id, whoever's: all before the last create is as nothing."""
    found = {}
    for body in in_order(history):
        if problem(body):
            continue
        request = json.loads(body)
        bodies = found.setdefault(request["widgetId"], [])
        if request["type"] == "create":
            bodies.clear()
        if bodies or request["type"] == "create":
            bodies.append(body)
    widgets = [apply_all(bodies)[0] for bodies in found.values()]
    return {key: flat(widget) for each in widgets for key, widget in each.items()}


def expected(history, is_table):
    return in_table(history) if is_table else in_bucket(history)
