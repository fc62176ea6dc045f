"""Several processes on one bucket, each with a shard: no object is worked on twice."""

import hashlib
import json
from collections import Counter

import pytest

from reading import TO_THE_END, ledger
from sources import SOURCES, request
from stores import STORES

OBJECTS = 300
SHARDS = 3


def shard_of(key, count):
    """The documented rule, read a second time."""
    return 1 + int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def consume_shards(program, source, store, *arguments):
    """One process a shard, side by side until each is done; their ledgers."""
    processes = [program.start("consume", source, store, *TO_THE_END, *arguments,
                               "--shard", f"{index}/{SHARDS}") for index in range(1, SHARDS + 1)]
    ends = [process.communicate(timeout=120) + (process.returncode,) for process in processes]
    assert [code for _, _, code in ends] == [0] * SHARDS, ends
    return [ledger(out) for out, _, _ in ends]


def calls_by_key(aws, operation, bucket):
    return Counter(call["key"] for call in aws.calls(operation) if call["bucket"] == bucket)


@pytest.mark.parametrize("prefix", ["", "inbox/today/"], ids=["bucket", "prefix"])
def test_each_object_is_done_once(tidegate, aws, prefix):
    """Keys count as they are called behind the prefix."""
    source, store = SOURCES["s3"](tidegate, aws), STORES["s3"](tidegate, aws)
    source.create()
    store.create()
    names = [f"{1612306368000 + number}" for number in range(OBJECTS)]
    source.fill({prefix + name: request(number) for number, name in enumerate(names)})
    once = Counter({prefix + name: 1 for name in names})
    found = consume_shards(tidegate, f"s3://requests/{prefix}".rstrip("/"), store.url)
    expected = Counter(shard_of(name, SHARDS) for name in names)
    assert [each["done"] for each in found] == [expected[index] for index in (1, 2, 3)]
    assert [each["received"] for each in found] == [each["done"] for each in found]
    assert calls_by_key(aws, "GetObject", "requests") == once
    assert calls_by_key(aws, "DeleteObject", "requests") == once
    assert calls_by_key(aws, "PutObject", "widgets") == Counter(
        {f"widgets/sue-smith/widget-{number}": 1 for number in range(OBJECTS)})
    assert source.keys() == []
    assert len(store.widgets()) == OBJECTS


def test_a_directory_is_shared_too(offline):
    source, store = SOURCES["file"](offline, None), STORES["file"](offline, None)
    source.create()
    source.fill({f"{number:04}": request(number) for number in range(OBJECTS)})
    found = consume_shards(offline, source.url, store.url)
    assert sum(each["done"] for each in found) == OBJECTS
    assert [each["received"] for each in found] == [each["done"] for each in found]
    assert source.left() == 0 and len(store.widgets()) == OBJECTS


def test_a_shard_leaves_the_others_alone(offline):
    source = SOURCES["file"](offline, None)
    source.create()
    names = [f"{number:03}" for number in range(40)]
    source.fill({name: b"no request" for name in names})
    result = offline.run("consume", source.url, "file:out", *TO_THE_END, TIDEGATE_SHARD="2/2")
    assert result.returncode == 0, result.stderr
    left = {path.name for path in source.directory.iterdir() if path.is_file()}
    assert left == {name for name in names if shard_of(name, 2) == 1}
    assert len(source.parked()) == ledger(result.stdout)["parked"] == len(names) - len(left)


def test_what_vanishes_before_it_is_read_is_nothing(tidegate, aws):
    """Others took it: the listing still names it, and there is nothing to warn about."""
    source, store = SOURCES["s3"](tidegate, aws), STORES["s3"](tidegate, aws)
    source.create()
    store.create()
    source.fill({f"{number:03}": request(number) for number in range(40)})
    mine = [key for key in source.keys() if shard_of(key, 2) == 1]
    aws.add_rule(op="GetObject", key=mine[0], action="hold")
    process = tidegate.start("consume", source.url, store.url, *TO_THE_END, "--shard", "1/2",
                             "--concurrency", "1")
    aws.wait_until(lambda: len(aws.calls("GetObject")) > 0)
    gone = [key for key in source.keys() if shard_of(key, 2) == 1][-3:]
    for key in gone:
        aws.s3.delete_object(Bucket="requests", Key=key)
    aws.drop_rules()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert ledger(out)["received"] == ledger(out)["done"] == len(mine) - len(gone)
    assert not [line for line in err.splitlines() if " warn " in line.lower()]
    assert len(store.widgets()) == len(mine) - len(gone)
    assert all(shard_of(key, 2) == 2 for key in source.keys())


def test_the_shard_is_in_the_settings(offline):
    (offline.directory / "in").mkdir()
    result = offline.run("consume", "file:in", "file:out", "--until-empty", "--shard", "02/3",
                         "--log-format", "json")
    first = json.loads(result.stderr.splitlines()[0])
    assert (first["msg"], first["shard"]) == ("settings", "2/3")
