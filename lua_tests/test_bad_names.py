"""Owners, ids and attribute names that attack the store: refused, or kept under one key.

One run for each kind of store takes them all from a directory; one test looks at each.
"""

import json
import unicodedata
from types import SimpleNamespace

import pytest

from conftest import Program, check_calls, without_aws
from judge import flat, key_of
from reading import TO_THE_END, ledger
from sources import SOURCES, request
from stores import BOOK, STORES, DynamoStore, SqliteStore

EVIL = "evil"
NFC = unicodedata.normalize("NFC", "caf\u00e9")
NFD = unicodedata.normalize("NFD", NFC)


def attributes(*pairs):
    return [{"name": name, "value": value} for name, value in pairs]


# Refused: the member and what the reason must say of it.
REFUSED = {
    "owner out of the folder": ({"owner": "../../x"}, "owner:"),
    "owner with a slash": ({"owner": "a/b"}, "owner:"),
    "owner empty": ({"owner": ""}, "owner:"),
    "owner of blanks": ({"owner": "   "}, "owner:"),
    "owner of 2,000 letters": ({"owner": "a" * 2000}, "owner: has 2000 bytes"),
    "owner emoji": ({"owner": "\U0001F30A"}, "owner:"),
    "owner composed": ({"owner": NFC}, "owner:"),
    "owner decomposed": ({"owner": NFD}, "owner:"),
    "owner with a newline": ({"owner": "Sue\nSmith"}, "owner:"),
    "id out of the folder": ({"widgetId": "../../x"}, "widgetId: must not have a slash"),
    "id with a slash": ({"widgetId": "a/b"}, "widgetId: must not have a slash"),
    "id of one dot": ({"widgetId": "."}, "widgetId: must not be"),
    "id of two dots": ({"widgetId": ".."}, "widgetId: must not be"),
    "id empty": ({"widgetId": ""}, "widgetId: must not be empty"),
    "id of 2,000 letters": ({"widgetId": "a" * 2000}, "widgetId: has 2000 bytes"),
    "id with an escape": ({"widgetId": "a\x1b[31mb"}, "widgetId: has a control character"),
    "request id with a newline": ({"requestId": "a\nb"}, "requestId: has a control character"),
    "attribute without a name": ({"otherAttributes": attributes(("", "x"))},
                                 "otherAttributes[0].name: must not be empty"),
}
# Kept: the widget reads back with exactly this id, under one key in its owner's folder.
KEPT = {
    "id emoji": {"widgetId": "\U0001F30A"},
    "id composed": {"widgetId": NFC},
    "id decomposed": {"widgetId": NFD},
    "id with an escaped slash": {"widgetId": "..%2F..%2Fx"},
    "id with a backslash": {"widgetId": "..\\..\\x"},
    "id with a blank at each end": {"widgetId": " a b "},
    "id of question and hash": {"widgetId": "a?b#c&d=e+f"},
    "id of 255 letters": {"widgetId": "a" * 255},
    "id of a hidden file": {"widgetId": ".tidegate"},
    "id of quotes": {"widgetId": "a'b\"c;--"},
    "id of an option": {"widgetId": "-rb"},
    "id of a metamethod": {"widgetId": "__index"},
    "names of DynamoDB's": {"otherAttributes": attributes(
        ("size", "1"), ("size-unit", "cm"), ("#a", "2"), (":b", "3"), ("a.b", "4"), ("a[0]", "5"),
        ("\U0001F30A", "6"), ("color\u00e9", "7"), ("type", "8"), ("requestId", "9"))},
    "texts that are empty": {"label": "", "description": "", "otherAttributes": attributes(
        ("color", ""))},
}
# Names that would take the place of a member or of the bookkeeping: left out, with a warning.
RESERVED = ["id", "owner", "label", "description", BOOK]
LARGE = "x" * 450_000
ROOM = "y" * 250_000


def request_of(name, **members):
    return request(name, **{"widgetId": name, **members})


def requests():
    """Name -> body; the order is that of the names."""
    found = {name: request_of(name, **members) for name, (members, _) in REFUSED.items()}
    found |= {name: request_of(name, **members) for name, members in KEPT.items()}
    found |= {f"reserved {name}": request_of(f"reserved {name}", otherAttributes=attributes(
        (name, EVIL), ("color", "red"))) for name in RESERVED}
    found["twice"] = request_of("twice", otherAttributes=attributes(
        ("color", "red"), ("size", "1"), ("color", "blue")))
    found["large"] = request_of("large", description=LARGE)
    found["grown 1"] = request_of("grown", otherAttributes=attributes(("one", ROOM)))
    found["grown 2"] = request_of("grown 2", type="update", widgetId="grown",
                                  otherAttributes=attributes(("two", ROOM)))
    return found


@pytest.fixture(scope="module")
def aws(shared_aws):
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(scope="module")
def runs(aws, tmp_path_factory):
    """What came of it, by kind of store."""
    found = {}

    def run(kind):
        if kind not in found:
            directory = tmp_path_factory.mktemp(kind)
            is_local = kind in ("file", "sqlite")
            program = Program(without_aws(directory) if is_local else aws.environment(), directory)
            found[kind] = consume(program, STORES[kind](program, aws))
        return found[kind]
    return run


def consume(program, store):
    source = SOURCES["file"](program, None)
    store.create()
    source.fill(requests())
    result = program.run("consume", source.url, store.url, *TO_THE_END)
    assert source.left() == 0
    parked = {json.loads(each.body)["requestId"]: each for each in source.parked()}
    return SimpleNamespace(result=result, store=store, widgets=store.widgets(), parked=parked,
                           directory=program.directory)


def each_store(cases):
    return pytest.mark.parametrize("kind, name", [(kind, name) for kind in STORES
                                                  for name in cases])


@each_store(REFUSED)
def test_a_name_that_is_refused(runs, kind, name):
    members, words = REFUSED[name]
    body = request_of(name, **members)
    found = [each for each in runs(kind).parked.values() if each.body == body]
    assert len(found) == 1 and words in found[0].attributes["tidegate-reason"]
    assert members.get("widgetId", name) not in {each["id"] for each in runs(kind).widgets.values()}


@each_store(KEPT)
def test_a_name_that_is_kept(runs, kind, name):
    wanted = json.loads(request_of(name, **KEPT[name]))
    key = key_of(wanted)
    assert key.startswith("widgets/sue-smith/")
    assert runs(kind).widgets[key] == flat({**wanted, "id": wanted["widgetId"]})


@each_store(RESERVED)
def test_a_reserved_name_overwrites_nothing(runs, kind, name):
    run = runs(kind)
    widget = run.widgets[f"widgets/sue-smith/reserved {name}"]
    assert widget["id"] == f"reserved {name}" and widget["owner"] == "Sue Smith"
    assert EVIL not in widget.values() and widget["color"] == "red"
    if run.store.is_table:
        books = [json.dumps(item.get(BOOK, {})) for item in run.store.items()]
        assert not any(EVIL in book for book in books)
    assert f"ignored attribute {name} of widget reserved {name}" in run.result.stderr


@pytest.mark.parametrize("kind", STORES)
def test_of_one_name_twice_the_last_counts(runs, kind):
    widget = runs(kind).widgets["widgets/sue-smith/twice"]
    assert widget["color"] == "blue" and widget["size"] == "1"


@pytest.mark.parametrize("kind", STORES)
def test_what_is_too_large_is_parked_whole(runs, kind):
    """What a table takes, 400 KB, is the limit of every store: any widget fits into any of them."""
    run = runs(kind)
    assert "widgets/sue-smith/large" not in run.widgets
    grown = run.widgets["widgets/sue-smith/grown"]
    assert grown["one"] == ROOM and "two" not in grown
    for name in ("large", "grown 2"):
        assert run.parked[f"request-{name}"].body == requests()[name]
        assert "the limit is" in run.parked[f"request-{name}"].attributes["tidegate-reason"]


@pytest.mark.parametrize("kind", STORES)
def test_nothing_is_lost_and_nothing_leaves_the_store(runs, kind):
    run, sent = runs(kind), requests()
    assert run.result.returncode == 0, run.result.stderr
    found = ledger(run.result.stdout)
    assert found["done"] + found["parked"] == len(sent) and found["parked"] == len(run.parked)
    allowed = {"in", "out"} if kind == "file" else {"in"}
    beside = {path.name for path in run.directory.iterdir()} - {"store.db", "store.db-wal",
                                                                "store.db-shm"}
    assert beside == allowed and not list(run.directory.parent.rglob("x"))
    assert all(character.isprintable() or character in "\n\t"
               for character in run.result.stderr + run.result.stdout)


@pytest.mark.parametrize("store_class, local", [(DynamoStore, False), (SqliteStore, True)])
def test_an_attribute_named_as_the_key_overwrites_nothing(aws, tmp_path, store_class, local):
    program = Program(without_aws(tmp_path) if local else aws.environment(), tmp_path)
    source, store = SOURCES["file"](program, None), store_class(program, aws, key="widget_id")
    if not local:
        aws.reset("data")
    store.create()
    source.fill({"a": request("a", otherAttributes=attributes(
        ("widget_id", EVIL), ("id", EVIL), ("color", "red")))})
    result = program.run("consume", source.url, store.url, *TO_THE_END)
    assert result.returncode == 0, result.stderr
    [item] = store.items()
    assert item["widget_id"] == {"S": "widget-a"} and item["color"] == {"S": "red"}
    assert EVIL not in json.dumps(item)
