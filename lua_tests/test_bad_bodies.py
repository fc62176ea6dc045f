"""Bodies that are no requests: parked byte for byte with a reason, and the others go on.

One run for each kind of source takes them all, good ones in between; one test looks at each.
"""

import json
from types import SimpleNamespace

import pytest

from conftest import Program, check_calls, without_aws
from judge import apply_all, flat
from reading import TO_THE_END, ledger
from sources import SOURCES, request
from stores import FileStore

MEGABYTES_10 = request("large", label="x" * 10_000_000)


def with_label(literal):
    return request("literal", label="HERE").replace(b'"HERE"', literal)


def attribute(**item):
    return request("attribute", otherAttributes=[{"name": "color", "value": "red"}, item])


# What it is, the body, and what the reason must say: the path of the member, or what is wrong.
CASES = {
    "not JSON": (b"Dear tidegate, please create a widget", "not JSON"),
    "truncated": (request("truncated")[:-30], "not JSON"),
    "more behind it": (request("more") + b" x", "not JSON"),
    "a byte order mark": ("\ufeff".encode() + request("mark"), "not JSON"),
    "an array": (b"[" + request("array") + b"]", "an array"),
    "a number": (b"7", "a number"),
    "a text": (b'"create"', "a string"),
    "null": (b"null", "null"),
    "no type": (request("a", type=None), "type: is missing"),
    "no requestId": (request("b", requestId=None), "requestId: is missing"),
    "no widgetId": (request("c", widgetId=None), "widgetId: is missing"),
    "no owner": (request("d", owner=None), "owner: is missing"),
    "an attribute without a name": (attribute(value="x"), "otherAttributes[1].name: is missing"),
    "an attribute without a value": (attribute(name="x"), "otherAttributes[1].value: is missing"),
    "a number for a text": (request("e", label=5), "label: expected a string, got a number"),
    "true for an id": (request("f", widgetId=True), "widgetId: expected a string, got a boolean"),
    "an object for an owner": (request("g", owner={}), "owner: expected a string, got an object"),
    "an object for an array": (request("h", otherAttributes={}), "otherAttributes: expected an"),
    "a text for an attribute": (request("i", otherAttributes=["red"]), "otherAttributes[0]:"),
    "a number for a value": (attribute(name="x", value=1.5),
                             "otherAttributes[1].value: expected a string, got a number"),
    "an unknown type": (request("j", type="upsert"), "type: expected create, update or delete"),
    "a type in capitals": (request("k", type="CREATE"), "type: expected create, update or delete"),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
    "100,000 levels in a member": (with_label(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "not"),
    "1e400": (with_label(b"1e400"), "label: byte "),
    "12345678901234567": (with_label(b"12345678901234567"), "label: expected a string"),
    "a member twice": (request("l")[:-1] + b',"owner":"Henry Hops"}', "not JSON"),
    "half a surrogate": (with_label(b'"\\ud800"'), "not JSON"),
    "a NUL in an id": (request("m", widgetId="a\0b"), "widgetId: has a control character"),
}
ONLY_WHERE_BYTES_ARE_FREE = {
    "0 bytes": (b"", "empty"),
    "10 MB": (MEGABYTES_10, "bytes, the limit is"),
    "NUL": (request("n").replace(b"of a test", b"of a\0test"), "not JSON"),
    "only NUL": (b"\0", "not JSON"),
    "invalid UTF-8": (request("o").replace(b"of a test", b"of a \xff\xfe test"), "not JSON"),
    "overlong UTF-8": (request("p").replace(b"of a test", b"of a \xc0\xaf test"), "not JSON"),
}
GOOD = 5
EVERY = [(kind, name) for kind, source in SOURCES.items()
         for name in {**CASES, **(ONLY_WHERE_BYTES_ARE_FREE if source.takes_anything else {})}]


def mixed(bad):
    """Names in an order that puts a good request before, behind and between the bad ones."""
    bodies = list(bad)
    good = [request(f"good-{number}") for number in range(GOOD)]
    for place, body in enumerate(good):
        bodies.insert(place * (len(bad) + GOOD) // (GOOD - 1), body)
    return {f"{place:04}": body for place, body in enumerate(bodies)}, good


@pytest.fixture(scope="module")
def aws(shared_aws):
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(scope="module")
def runs(aws, tmp_path_factory):
    """What came of it, by kind of source."""
    found = {}

    def run(kind):
        if kind not in found:
            directory = tmp_path_factory.mktemp(kind)
            is_local = kind in ("file", "sqlite")
            program = Program(without_aws(directory) if is_local else aws.environment(), directory)
            found[kind] = consume(program, SOURCES[kind](program, aws), FileStore(program, aws))
        return found[kind]
    return run


def consume(program, source, store):
    bad = [CASES[name][0] for name in CASES]
    if source.takes_anything:
        bad += [body for body, _ in ONLY_WHERE_BYTES_ARE_FREE.values()]
    requests, good = mixed(bad)
    source.create()
    source.fill(requests)
    result = program.run("consume", source.url, store.url, *TO_THE_END)
    return SimpleNamespace(result=result, good=good, requests=requests, parked=source.parked(),
                           left=source.left(), widgets=store.widgets())


@pytest.mark.parametrize("kind, name", EVERY)
def test_a_bad_body_is_parked_with_its_reason(runs, kind, name):
    body, words = {**CASES, **ONLY_WHERE_BYTES_ARE_FREE}[name]
    found = [each.attributes for each in runs(kind).parked if each.body == body]
    assert len(found) == 1
    assert words in found[0]["tidegate-reason"]
    assert found[0]["tidegate-receive-count"] == "1"


@pytest.mark.parametrize("kind", SOURCES)
def test_the_others_go_on_and_nothing_is_lost(runs, kind):
    run = runs(kind)
    assert run.result.returncode == 0, run.result.stderr
    expected, _ = apply_all(run.good)
    assert run.widgets == {key: flat(widget) for key, widget in expected.items()}
    found = ledger(run.result.stdout)
    assert (found["done"], found["parked"]) == (GOOD, len(run.requests) - GOOD)
    assert len(run.parked) == found["parked"] and run.left == 0
    assert all(character.isprintable() or character in "\n\t"
               for character in run.result.stderr + run.result.stdout)


def test_a_number_that_nobody_reads_is_no_problem_and_never_changed(offline):
    """Members that are not listed are fine; what is kept of a request is text, digit for digit."""
    exact = {"name": "quantity", "value": "12345678901234567"}
    source, store = SOURCES["file"](offline, None), FileStore(offline, None)
    source.fill({"a": request(1, extra=12345678901234567, otherAttributes=[exact])})
    result = offline.run("consume", source.url, store.url, *TO_THE_END)
    assert result.returncode == 0, result.stderr
    [body] = store.objects().values()
    assert json.loads(body)["otherAttributes"] == [exact] and b"e+16" not in body
