"""The golden result on every pair of source and store: one set of widgets, judged with boto3, with
sqlite3, and by reading files."""

import json
import sqlite3

import pytest

from judge import apply_all
from test_golden import COUNTS, files_below, outcomes

MEMBERS = ("id", "owner", "label", "description")

# Sends the files of a directory to a queue, those that are empty aside.
LOAD = """
local tide = require "tidegate"
local queue = assert(tide.queue("sqlite:requests.db", { create = true }))
for entry in tide.bucket("file:samples"):each {} do
  local body = assert(tide.bucket("file:samples"):get(entry.key))
  local sent, err = queue:send(body)
  assert(sent or body == "" and err.code == "InvalidMessageContents", err)
end
"""


def directory(program, samples, name):
    folder = program.directory / name
    folder.mkdir()
    for key, body in samples.items():
        (folder / key).write_bytes(body)


def from_file(_, program, samples):
    directory(program, samples, "in")
    return "file:in"


def from_sqlite(_, program, samples):
    directory(program, samples, "samples")
    (program.directory / "load.lua").write_text(LOAD)
    result = program.run("./load.lua")
    assert result.returncode == 0, result.stderr
    return "sqlite:requests.db"


def from_s3(aws, _, samples):
    aws.create_bucket("requests")
    for key, body in samples.items():
        aws.s3.put_object(Bucket="requests", Key=key, Body=body)
    return "s3://requests"


def from_sqs(aws, _, samples):
    queue = aws.create_queue("requests", dead_letter="dead", max_receives=5)
    aws.send(queue, [body.decode() for body in samples.values() if body])
    return "sqs://requests"


def by_key(objects):
    return {key.split("/")[2]: json.loads(body) for key, body in objects.items()}


def of_item(item, key):
    """A widget out of an item as DynamoDB writes it: all strings, and one attribute of ours."""
    flat = {name: value["S"] for name, value in item.items() if name != "_tidegate"}
    widget = {"id": flat.pop(key), **{name: flat.pop(name, None) for name in MEMBERS[1:]}}
    return {**widget, "otherAttributes": [{"name": name, "value": flat[name]} for name in flat]}


def in_file(_, program):
    return by_key(files_below(program.directory / "out"))


def in_s3(aws, _):
    return by_key(aws.objects("widgets"))


def in_dynamodb(aws, _):
    return {item["widget_id"]["S"]: of_item(item, "widget_id") for item in aws.items("widgets")}


def in_sqlite(_, program):
    with sqlite3.connect(program.directory / "widgets.db") as file:
        rows = file.execute("select * from widgets").fetchall()
    return {key: of_item(json.loads(item), "id") for key, item in rows}


STORES = {"s3": ("s3://widgets", in_s3), "file": ("file:out", in_file),
          "dynamodb": ("dynamodb://widgets?key=widget_id", in_dynamodb),
          "sqlite": ("sqlite:widgets.db", in_sqlite)}
SOURCES = {"s3": from_s3, "sqs": from_sqs, "file": from_file, "sqlite": from_sqlite}
PAIRS = [("s3", "s3"), ("s3", "dynamodb"), ("sqs", "s3"), ("sqs", "dynamodb"), ("file", "file"),
         ("file", "sqlite"), ("sqlite", "file"), ("sqlite", "sqlite")]


def plain(widget):
    """Order of other attributes aside, which a table does not keep; absent is null."""
    others = sorted((each["name"], each["value"]) for each in widget["otherAttributes"])
    return {**{name: widget.get(name) for name in MEMBERS}, "others": others}


@pytest.mark.parametrize("source, store", PAIRS)
def test_the_golden_result(aws, tidegate, samples, source, store):
    aws.create_bucket("widgets")
    aws.create_table("widgets", key="widget_id")
    url, read = STORES[store]
    result = tidegate.run("consume", SOURCES[source](aws, tidegate, samples), url, "--until-empty",
                          "--wait", "1s", "--summary")
    assert result.returncode == 0, result.stderr
    is_queue = source in ("sqs", "sqlite")
    assert outcomes(result.stdout) == {**COUNTS, "rejected": 2 if is_queue else 3}
    expected, _ = apply_all(samples.values())
    stored = read(aws, tidegate)
    assert stored.keys() == {widget["id"] for widget in expected.values()} and len(stored) == 12
    for widget in expected.values():
        assert plain(stored[widget["id"]]) == plain(widget)


def create(name, widget_id, *others, **members):
    attributes = [{"name": each, "value": value} for each, value in others]
    request = {"type": "create", "requestId": name, "widgetId": widget_id, "owner": "Sue Smith",
               "otherAttributes": attributes, **members}
    return json.dumps(request, ensure_ascii=False).encode()


ODD_IDS = ("é", "e\u0301", "🌊", "A b", "x" * 255, "-rb", "__index", ".hidden")
MEAN = [("id", "x"), ("owner", "x"), ("_tidegate", "x"), ("label", "x"), ("widget_id", "x"),
        ("size-unit", "cm"), ("size", "1"), ("size", "2"), ("#:a.b", "3")]
REFUSED = {
    "slashes": create("s", "../../x"), "slash": create("s", "a/b"), "dots": create("s", ".."),
    "empty": create("s", ""), "long": create("s", "x" * 2000), "owner": create("s", "w", owner=""),
    "unnamed": create("s", "w", ("", "1")), "huge": create("s", "w", note="", label="x" * 400_000),
    "many": create("s", "w", *[(f"n{i}", "x" * 4096) for i in range(100)]),
}


@pytest.mark.parametrize("store", STORES)
def test_odd_requests_are_kept_exactly_or_refused_on_every_store(aws, tidegate, store):
    aws.create_bucket("widgets")
    aws.create_table("widgets", key="widget_id")
    url, read = STORES[store]
    good = {f"{i}": create(f"r{i}", each, ("color", "red")) for i, each in enumerate(ODD_IDS)}
    directory(tidegate, {**good, "mean": create("m", "mean", *MEAN), **REFUSED}, "in")
    result = tidegate.run("consume", "file:in", url, "--until-empty", "--summary")
    assert result.returncode == 0, result.stderr
    assert outcomes(result.stdout) == {"created": len(ODD_IDS) + 1, "rejected": len(REFUSED)}
    stored = read(aws, tidegate)
    assert stored.keys() == {*ODD_IDS, "mean"}
    for each in ODD_IDS:
        assert plain(stored[each]) == plain({
            "id": each, "owner": "Sue Smith",
            "otherAttributes": [{"name": "color", "value": "red"}]})
    others = {each["name"]: each["value"] for each in stored["mean"].pop("otherAttributes")}
    keyless = {"widget_id": "x"} if store != "dynamodb" else {}
    assert others == {"size-unit": "cm", "size": "2", "#:a.b": "3", **keyless}
    assert stored["mean"] == {"id": "mean", "owner": "Sue Smith", "label": None,
                              "description": None}
    assert result.stderr.count("ignored attribute") == (5 if store == "dynamodb" else 4)
    parked = files_below(tidegate.directory / "in")
    assert parked == {f"parked/{name}": body for name, body in REFUSED.items()}
    assert {path.name.split("-")[0] for path in tidegate.directory.iterdir()} == {
        "in", *{"file": ["out"], "sqlite": ["widgets.db"]}.get(store, [])}
