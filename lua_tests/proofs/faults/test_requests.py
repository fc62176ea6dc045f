"""Rows 67 to 76: requests that attack or are none. More of them: test_bad_bodies.py and
test_bad_names.py; here each is looked at byte for byte in the parking place of a queue or bucket.
"""

import json

from judge import flat, key_of
from sources import request

from .rows import row
from .world import ledger_of

OWNERS = ["../x", "./x", "//x", "/x", "a/b", "%2e%2e", "..\\x", "a?b", "a#b", "a" * 1025, ""]
IDS_REFUSED = ["../x", "a/b", "/x", "..", ".", "a" * 1025, ""]
IDS_KEPT = ["%2e%2e%2fx", "..\\x", "a?b", "a#b", "a b+c", "-rb"]
NO_TEXT = {
    "a byte that is no UTF-8": b"of a \xff test", "an overlong slash": b"of a \xc0\xaf test",
    "half a surrogate": b"of a \\ud800 test", "half a surrogate in bytes": b"\xed\xa0\x80",
}
LIMIT = 1024 * 1024
NO_REQUESTS = {
    "an unknown type": (request("a", type="upsert"), "type:"),
    "no owner": (request("b", owner=None), "owner: is missing"),
    "a number for a text": (request("c", label=7), "label: expected a string"),
    "something behind it": (request("d") + b" x", "not JSON"),
    "two documents": (request("e") + request("f"), "not JSON"),
    "half of one": (request("g")[:40], "not JSON"),
    "an array": (b"[]", "an array"),
    "a member twice": (request("h")[:-1] + b',"owner":"Henry Hops"}', "not JSON"),
}


def check_parked(world, bodies):
    """Exactly those, byte for byte, each at its first receive."""
    found = world.source.parked()
    assert sorted(each.body for each in found) == sorted(bodies)
    assert {each.attributes.get("tidegate-receive-count", "1") for each in found} <= {"1"}
    return found


@row(67, "owners and ids that mean another place", "parked, or kept under one key of its owner")
def test_names_that_attack(world):
    refused = [request(f"o{place}", owner=owner) for place, owner in enumerate(OWNERS)]
    refused += [request(f"i{place}", widgetId=each) for place, each in enumerate(IDS_REFUSED)]
    kept = [request(f"k{place}", widgetId=each) for place, each in enumerate(IDS_KEPT)]
    world.send([*refused, *kept])
    found = ledger_of(world.consume().stdout)
    assert (found["done"], found["parked"]) == (len(kept), len(refused))
    check_parked(world, refused)
    wanted = {key_of(json.loads(body)): json.loads(body)["widgetId"] for body in kept}
    assert {key: each["id"] for key, each in world.store.widgets().items()} == wanted
    assert all(key.startswith("widgets/sue-smith/") for key in wanted)
    return f"{len(refused)} parked byte for byte, {len(kept)} kept, each under its own key"


@row(70, "bytes that are no text", "parked byte for byte")
def test_bytes_that_are_no_text(another):
    world = another(source="s3")
    bodies = [request(place).replace(b"of a test", bad)
              for place, bad in enumerate(NO_TEXT.values())] + [b"\xef\xbb\xbf" + request("bom")]
    world.send([*bodies, request("good")])
    found = ledger_of(world.consume().stdout)
    assert (found["done"], found["parked"]) == (1, len(bodies))
    for each in check_parked(world, bodies):
        assert "not JSON" in each.attributes["tidegate-reason"]
    return f"{len(bodies)} parked byte for byte, the good one done"


@row(71, "a body of 1 MiB, the most that SQS takes; a widget over 400,000 bytes",
     "parked at once, not retried")
def test_a_request_that_is_too_large(another):
    world = another(store="dynamodb")
    bare = len(request("full", label=""))
    large = [request("full", label="x" * (LIMIT - bare)), request("item", label="y" * 420_000)]
    assert len(large[0]) == LIMIT
    for body in [*large, request("good")]:
        world.send([body])
    found = ledger_of(world.consume().stdout)
    assert (found["done"], found["parked"], found["retried"]) == (1, 2, 0)
    check_parked(world, large)
    return f"parked byte for byte, {LIMIT} bytes and {len(large[1])}; the good one done"


@row(76, "a request of another shape", "parked byte for byte; the reason names the member")
def test_requests_of_another_shape(world):
    bodies = [body for body, _ in NO_REQUESTS.values()]
    world.send([*bodies, request("good", extra={"any": 1})])
    found = ledger_of(world.consume().stdout)
    assert (found["done"], found["parked"]) == (1, len(bodies))
    reasons = {each.body: each.attributes["tidegate-reason"]
               for each in check_parked(world, bodies)}
    assert all(words in reasons[body] for body, words in NO_REQUESTS.values())
    [widget] = world.store.widgets().values()
    assert widget == flat({**json.loads(request("good")), "id": "widget-good"})
    return f"{len(bodies)} parked byte for byte with their reasons, the good one done"
