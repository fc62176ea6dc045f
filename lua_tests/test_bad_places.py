"""Places that are not there, not reachable, or not for us: place and code told, nothing taken."""

import pytest

from conftest import check_calls
from judge import apply_all, flat
from reading import TO_THE_END
from sources import SOURCES, SqsSource, request, write_files
from stores import STORES

CLOSED = "http://127.0.0.1:1"        # nothing listens on port 1
SECRET = "notTheSecretButLongEnough"
ATTEMPTS = 8                         # more calls for one question is no bound any more


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture
def filled(aws, tidegate):
    """A queue, a bucket, a directory with one request each, and a store that is there."""
    sources = {kind: SOURCES[kind](tidegate, aws) for kind in ("sqs", "s3", "file")}
    for source in sources.values():
        source.create()
        source.fill({"a": request(1)})
    aws.create_bucket("widgets")
    aws.create_table("widgets")
    aws.reset("log", "counters")
    return sources


def check(result, code, *words):
    assert result.returncode == code, (result.returncode, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr
    assert "Traceback" not in result.stderr and "stack traceback" not in result.stderr


def check_nothing_taken(aws, filled):
    assert all(source.left() == 1 and not source.parked() for source in filled.values())
    assert aws.left_in(filled["sqs"].queue)["visible"] == 1
    assert not any(call.get("messages") for call in aws.calls("ReceiveMessage"))
    assert aws.objects("widgets") == {} and aws.items("widgets") == []


# ---- not there

MISSING = [
    ("sqs://nowhere", "s3://widgets", "QueueDoesNotExist"),
    ("s3://nowhere", "dynamodb://widgets", "NoSuchBucket"),
    ("file:nowhere", "s3://widgets", "NoSuchBucket"),
    ("sqlite:nowhere.db", "s3://widgets", "NoSuchQueue"),
    ("sqs://requests", "s3://nowhere", "NoSuchBucket"),
    ("s3://requests", "dynamodb://nowhere", "ResourceNotFoundException"),
    ("file:in", "sqlite:no/where/store.db", "io"),
    ("file:in", "file:in-the-way/out", "NoSuchBucket"),
]


@pytest.mark.parametrize("source, store, code", MISSING, ids=lambda each: each)
def test_a_place_that_is_not_there(aws, tidegate, filled, source, store, code):
    (tidegate.directory / "in-the-way").write_bytes(b"a file")
    result = tidegate.run("consume", source, store, *TO_THE_END)
    missing = next(place for place in (source, store) if "where" in place or "way" in place)
    check(result, 69, missing.removeprefix("file:"), code)
    check_nothing_taken(aws, filled)
    assert not list(tidegate.directory.rglob("nowhere*"))


def test_a_queue_that_is_not_in_the_file(offline):
    source = SOURCES["sqlite"](offline, None)
    source.fill({"a": request(1)})
    check(offline.run("consume", "sqlite:queue.db#nowhere", "file:out", *TO_THE_END), 69,
          "sqlite:queue.db#nowhere", "NoSuchQueue")
    assert source.left() == 1


def test_a_file_that_is_no_database(offline):
    (offline.directory / "queue.db").write_bytes(b"this is a letter to my aunt, no database\n" * 9)
    before = (offline.directory / "queue.db").read_bytes()
    for places in (["sqlite:queue.db", "file:out"], ["file:in", "sqlite:queue.db"]):
        write_files(offline.directory / "in", {"a": request(1)})
        result = offline.run("consume", *places, *TO_THE_END)
        check(result, 69, "sqlite:queue.db", "not_a_database")
    assert (offline.directory / "queue.db").read_bytes() == before
    assert (offline.directory / "in" / "a").exists()


def test_a_table_with_another_key_takes_nothing(aws, tidegate, filled):
    result = tidegate.run("consume", "file:in", "dynamodb://widgets?key=widget_id", *TO_THE_END)
    check(result, 64, "the key of dynamodb://widgets?key=widget_id is not 'widget_id', a string",
          "name it, as in dynamodb://widgets?key=")
    check_nothing_taken(aws, filled)


# ---- not reachable

REMOTE = [("sqs://requests", "file:out"), ("s3://requests", "file:out"),
          ("file:in", "s3://widgets"), ("file:in", "dynamodb://widgets")]


def remote_of(places):
    return next(place for place in places if not place.startswith("file:"))


@pytest.mark.parametrize("places", REMOTE, ids=" to ".join)
def test_a_connection_that_is_refused(aws, tidegate, filled, places):
    result = tidegate.run("consume", *places, *TO_THE_END, AWS_ENDPOINT_URL=CLOSED)
    check(result, 69, remote_of(places), "connect")
    check_nothing_taken(aws, filled)


# ---- not for us

@pytest.mark.parametrize("places", REMOTE, ids=" to ".join)
def test_wrong_credentials(aws, tidegate, filled, places):
    result = tidegate.run("consume", *places, *TO_THE_END, AWS_SECRET_ACCESS_KEY=SECRET)
    check(result, 77, remote_of(places), "Signature")
    assert SECRET not in result.stdout + result.stderr
    assert 1 <= len(aws.calls()) <= ATTEMPTS
    check_nothing_taken(aws, filled)
    aws.reset("log")                     # here calls are signed wrong on purpose


@pytest.mark.parametrize("places", REMOTE, ids=" to ".join)
def test_credentials_that_have_expired(aws, tidegate, filled, places):
    code = "ExpiredToken" if "s3:" in remote_of(places) else "ExpiredTokenException"
    aws.add_rule(action="status", status=400, code=code)
    result = tidegate.run("consume", *places, *TO_THE_END)
    check(result, 77, remote_of(places), code)
    assert len(aws.calls()) <= ATTEMPTS
    check_nothing_taken(aws, filled)


def test_no_credentials_at_all(aws, tidegate, filled):
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": "/nonexistent"}
    for places in REMOTE:
        result = tidegate.run("consume", *places, *TO_THE_END, **nothing)
        check(result, 77, "credentials")
    assert aws.calls() == []
    check_nothing_taken(aws, filled)


# ---- a store that goes while we work

def test_a_bucket_that_is_deleted_meanwhile(aws, tidegate):
    """It is waited for: with so few receives each that was spent would park the message."""
    source, store = SqsSource(tidegate, aws, max_receives=2), STORES["s3"](tidegate, aws)
    source.create()
    store.create()
    aws.add_rule(op="PutObject", action="hold")
    requests = {str(number): request(number) for number in range(3)}
    source.fill(requests)
    process = tidegate.start("consume", source.url, store.url, "--wait", "1s", "--max-receives", 1)
    aws.wait_until(lambda: aws.rules()[0]["fired"] == 3)
    aws.s3.delete_bucket(Bucket="widgets")
    aws.drop_rules()
    aws.wait_until(lambda: len(aws.calls("PutObject")) >= 6)
    store.create()
    aws.wait_until(lambda: source.left() == 0)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "NoSuchBucket" in err, err
    expected, _ = apply_all(requests.values())
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
    assert source.parked() == []
