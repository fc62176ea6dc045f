"""The golden result of the 35 sample requests from every source into every store.

Judged by files, boto3 and Python's sqlite3 against judge.py; no pair reads with the program.
"""

import json

import pytest

from conftest import check_calls
from judge import apply_all, flat
from pairs import open_pair
from reading import TO_THE_END, ledger, outcomes
from sources import SOURCES, SqliteSource, SqsSource
from stores import STORES, DynamoStore, SqliteStore

PAIRS = [("s3", "s3"), ("s3", "dynamodb"), ("sqs", "s3"), ("sqs", "dynamodb"),
         ("file", "file"), ("file", "sqlite"), ("sqlite", "file"), ("sqlite", "sqlite")]
COUNTS = {"created": 17, "updated": 9, "deleted": 5, "missing": 1}
OWNERS = {"henry-hops": 2, "john-jones": 4, "mary-matthews": 3, "sue-smith": 3}
NULL_LABEL = "ad0bb9e1-28e9-46e0-ad08-8192f4d3b6c6"
# What is wrong with the three, and the word that the reason must have.
BAD = {"1612306374392": "empty", "1612306375135": "type", "1612306375892": "owner"}


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(params=PAIRS, ids=" to ".join)
def pair(request):
    return open_pair(request)


def run(program, source, store, *more):
    result = program.run("consume", source.url, store.url, *TO_THE_END, *more)
    assert result.returncode == 0, result.stderr
    return result


def check_widgets(store, bodies):
    expected, counts = apply_all(bodies)
    assert {name: counts[name] for name in COUNTS} == COUNTS
    stored = store.widgets()
    assert stored == {key: flat(widget) for key, widget in expected.items()}
    owners = [key.split("/")[1] for key in stored]
    assert {owner: owners.count(owner) for owner in owners} == OWNERS
    assert [each["id"] for each in stored.values() if "label" not in each] == [NULL_LABEL]


def check_parked(source, sent, requests):
    """Byte for byte, each with the reason, how often it came and when it was sent."""
    bad = {name: requests[name] for name in BAD if name in requests}
    found = {each.body: each.attributes for each in source.parked()}
    assert found.keys() == set(bad.values())
    for name, body in bad.items():
        attributes = found[body]
        assert BAD[name] in attributes["tidegate-reason"]
        assert attributes["tidegate-receive-count"] == "1"
        assert source.url in attributes["tidegate-source"]
        assert sent.fits(name, attributes)
        assert "tidegate-error" not in attributes


def test_the_golden_result(pair, samples):
    program, source, store = pair
    requests = {name: body for name, body in samples.items() if body or source.takes_anything}
    rejected = len(BAD) - (len(samples) - len(requests))
    source.create()
    store.create()
    sent = source.fill(requests)
    result = run(program, source, store)
    assert outcomes(result.stdout) == {**COUNTS, "rejected": rejected}
    assert ledger(result.stdout) == {"received": len(requests), "done": 31, "skipped": 1,
                                     "retried": 0, "parked": rejected, "released": 0}
    check_widgets(store, requests.values())
    assert source.left() == 0
    check_parked(source, sent, requests)


@pytest.mark.parametrize("store_class, needs", [(DynamoStore, "tidegate"),
                                                (SqliteStore, "offline")])
def test_a_table_whose_key_has_another_name(store_class, needs, samples, request):
    program = request.getfixturevalue(needs)
    aws = request.getfixturevalue("aws") if needs == "tidegate" else None
    source, store = SOURCES["file"](program, aws), store_class(program, aws, key="widget_id")
    store.create()
    source.fill(samples)
    run(program, source, store)
    assert all("widget_id" in item and "id" not in item for item in store.items())
    check_widgets(store, samples.values())


EMPTY = """
local tide = require "tidegate"
local queue = assert(tide.queue(..., { create = true }))
local sent, err = queue:send ""
print(sent, err and err.code)
"""


@pytest.mark.parametrize("source_class", [SqsSource, SqliteSource])
def test_an_empty_request_is_refused_by_a_queue(source_class, aws, tidegate):
    source = source_class(tidegate, aws)
    source.create()
    (tidegate.directory / "empty.lua").write_text(EMPTY)
    result = tidegate.run("./empty.lua", source.url)
    assert result.stdout.split() == ["nil", "InvalidMessageContents"], result.stderr
    assert source.left() == 0


# ---- S3 as a source

@pytest.fixture
def requests_in_s3(aws, tidegate, samples):
    source, store = SOURCES["s3"](tidegate, aws), STORES["s3"](tidegate, aws)
    source.create()
    store.create()
    source.fill(samples)
    return source, store


def keys_of(calls, bucket):
    return [call["key"] for call in calls if call["bucket"] == bucket]


def test_a_page_of_the_listing_is_used_up_before_the_next(aws, tidegate, samples, requests_in_s3):
    source, store = requests_in_s3
    aws.add_rule(op="ListObjectsV2", action="page", keys=10)
    run(tidegate, source, store, "--concurrency", 1)
    listings = [call for call in aws.calls("ListObjectsV2") if call["bucket"] == "requests"]
    assert 4 <= len(listings) <= 8               # of 35 keys: four pages, and is it empty now?
    check_widgets(store, samples.values())


def test_objects_are_taken_in_the_order_of_their_keys(aws, tidegate, samples, requests_in_s3):
    source, store = requests_in_s3
    run(tidegate, source, store, "--concurrency", 1)
    assert keys_of(aws.calls("GetObject"), "requests") == sorted(samples)
    assert sorted(keys_of(aws.calls("DeleteObject"), "requests")) == sorted(samples)


def test_an_object_that_is_slow_to_read_is_not_overtaken(aws, tidegate, samples, requests_in_s3):
    source, store = requests_in_s3
    aws.add_rule(op="GetObject", key=min(samples), action="hold")
    process = tidegate.start("consume", source.url, store.url, *TO_THE_END)
    aws.wait_until(lambda: len(keys_of(aws.calls("GetObject"), "requests")) >= 29)
    aws.drop_rules()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert outcomes(out) == {**COUNTS, "rejected": 3}
    check_widgets(store, samples.values())


def test_an_object_that_vanished_is_nothing(aws, tidegate, samples, requests_in_s3):
    source, store = requests_in_s3
    gone = next(name for name, body in samples.items() if b'"type":"create"' in body)
    aws.add_rule(op="GetObject", key=gone, action="hold")
    process = tidegate.start("consume", source.url, store.url, *TO_THE_END)
    aws.wait_until(lambda: aws.rules()[0]["fired"])
    aws.s3.delete_object(Bucket="requests", Key=gone)
    aws.drop_rules()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert ledger(out)["received"] == len(samples) - 1 and source.left() == 0
    assert json.loads(samples[gone])["requestId"] not in out + err
    without = [body for name, body in samples.items() if name != gone]
    expected, _ = apply_all(without)
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
