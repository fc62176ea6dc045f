"""What somebody may try who fills the source, owns the directory, or types the command line."""

import json
import os

import pytest

from conftest import check_calls
from judge import apply_all, flat
from reading import TO_THE_END, ledger
from sources import FileSource, S3Source, SqsSource, request
from stores import FileStore, S3Store


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


def consume(program, source, store, *more):
    return program.run("consume", source.url, store.url, *TO_THE_END, *more)


def check_holds(store, bodies):
    expected, _ = apply_all(bodies)
    assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}


def no_terminal_would_obey(text):
    return all(character.isprintable() or character in "\n\t" for character in text)


@pytest.fixture
def files(offline):
    source = FileSource(offline, None)
    source.create()
    (offline.directory / "elsewhere").mkdir()
    return source, FileStore(offline, None), offline.directory / "elsewhere"


# ---- a directory with traps in it

def test_a_link_in_the_store_leads_nowhere(offline, files):
    source, store, elsewhere = files
    (offline.directory / "out").mkdir()
    (offline.directory / "out" / "widgets").symlink_to(elsewhere)
    source.fill({"a": request(1)})
    result = consume(offline, source, store, "--max-receives", 1)
    assert result.returncode == 0, result.stderr
    assert list(elsewhere.iterdir()) == []
    assert [each.body for each in source.parked()] == [request(1)]


def test_a_link_to_the_widget_itself_is_not_written_through(offline, files):
    source, store, elsewhere = files
    (elsewhere / "precious").write_bytes(b"precious")
    folder = offline.directory / "out" / "widgets" / "sue-smith"
    folder.mkdir(parents=True)
    (folder / "widget-1").symlink_to(elsewhere / "precious")
    source.fill({"a": request(1), "b": request(2)})
    result = consume(offline, source, store, "--max-receives", 1)
    assert result.returncode == 0, result.stderr
    assert (elsewhere / "precious").read_bytes() == b"precious"
    assert len(source.parked()) == 1 and (folder / "widget-2").exists()


def test_only_plain_files_are_requests(offline, files):
    source, store, elsewhere = files
    (elsewhere / "secret").write_bytes(request("secret"))
    (source.directory / "link").symlink_to(elsewhere / "secret")
    (source.directory / "folder-link").symlink_to(elsewhere)
    os.mkfifo(source.directory / "pipe")
    source.fill({"a": request(1), b"\xff\xfe".decode(errors="surrogateescape"): request(2),
                 "esc\x1b[2J\nape": request(3)})
    result = consume(offline, source, store)
    assert result.returncode == 0, result.stderr
    assert (elsewhere / "secret").exists() and (source.directory / "link").is_symlink()
    check_holds(store, [request(1)])
    assert no_terminal_would_obey(result.stderr)


def test_a_parked_folder_that_is_a_link_takes_nothing_away(offline, files):
    source, store, elsewhere = files
    (source.directory / "parked").symlink_to(elsewhere)
    source.fill({"a": b"no request", "b": request(1)})
    process = offline.start("consume", source.url, store.url, *TO_THE_END)
    with process.stderr as stderr:
        said = next(line for line in stderr if "could not be parked" in line)
    process.kill()
    process.communicate()
    assert "parked/a" in said or "message a" in said
    assert list(elsewhere.iterdir()) == []
    assert (source.directory / "a").read_bytes() == b"no request"


# ---- keys and texts for the terminal of whoever reads the log

def test_a_key_with_control_characters_does_not_reach_the_terminal(aws, tidegate):
    source, store = S3Source(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    source.fill({"esc\x1b[2J\nape": b"no request", "plain": request(1)})
    result = consume(tidegate, source, store)
    assert no_terminal_would_obey(result.stderr + result.stdout)
    assert source.left() + len(source.parked()) == 1
    check_holds(store, [request(1)])


def test_a_folder_that_a_console_made_is_in_nobodys_way(aws, tidegate):
    source, store = S3Source(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    source.fill({"folder/": b"", "folder//x": request(2), "plain": request(1)})
    aws.add_rule(op="ListObjectsV2", action="page", keys=1)
    result = consume(tidegate, source, store)
    assert result.returncode == 0, result.stderr
    check_holds(store, [request(1)])
    assert source.left() == 2 and source.parked() == []
    assert all(result.stderr.count(f"{key}:") == 1 for key in ("folder/", "folder//x"))


def test_the_folder_that_is_the_source_itself_is_no_request(aws, tidegate):
    source, store = S3Source(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    source.fill({"today/": b"", "today/a": request(1), "today/b": request(2)})
    source.url = "s3://requests/today"
    result = consume(tidegate, source, store)
    assert result.returncode == 0, result.stderr
    check_holds(store, [request(1), request(2)])
    assert source.keys() == ["today/"]


def test_hostile_texts_stay_in_their_line_of_the_log(offline, files):
    source, store, _ = files
    hostile = "x\u2028y\u202etxt\x9b31m\x1b]0;owned\x07\nlevel=error forged"
    source.fill({"a": request(1, label=hostile, otherAttributes=[{"name": hostile, "value": "1"}]),
                 "b": request(2, type=hostile), "c": request(3, widgetId="a\u202eb\u2028c")})
    result = consume(offline, source, store, "--log-file", "log", "--log-format", "json")
    assert result.returncode == 0, result.stderr
    assert no_terminal_would_obey(result.stderr)
    lines = (offline.directory / "log").read_bytes().decode().split("\n")
    assert all(isinstance(json.loads(line), dict) for line in lines if line)
    assert "forged" not in [word for line in lines if line for word in json.loads(line)]


# ---- messages that pretend

def test_attributes_of_a_sender_cannot_pose_as_ours(aws, tidegate):
    source, store = SqsSource(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    posing = {f"tidegate-{name}": {"DataType": "String", "StringValue": "forged"}
              for name in ("reason", "source", "receive-count", "error")}
    aws.sqs.send_message(QueueUrl=source.queue, MessageBody="no request", MessageAttributes={
        **posing, "mine": {"DataType": "String", "StringValue": "kept"}})
    assert consume(tidegate, source, store).returncode == 0
    [parked] = source.parked()
    assert parked.attributes["mine"] == "kept"
    assert "not JSON" in parked.attributes["tidegate-reason"]
    assert "forged" not in parked.attributes.values()


def test_one_request_many_times_is_one_widget(aws, tidegate):
    source, store = SqsSource(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    source.fill({str(number): request(1) for number in range(60)})
    result = consume(tidegate, source, store, "--concurrency", 10)
    assert result.returncode == 0, result.stderr
    assert ledger(result.stdout)["done"] == 60
    check_holds(store, [request(1)])


# ---- the command line

def test_more_handlers_than_anybody_needs(aws, tidegate, samples):
    source, store = S3Source(tidegate, aws), S3Store(tidegate, aws)
    source.create()
    store.create()
    source.fill(samples)
    result = consume(tidegate, source, store, "--concurrency", 10_000)
    assert result.returncode == 0, result.stderr
    check_holds(store, samples.values())


def test_a_password_in_a_queue_url_is_never_shown(aws, tidegate):
    source = SqsSource(tidegate, aws)
    source.create()
    url = source.queue.replace("://", "://someone:hunter2@")
    result = tidegate.run("consume", url, "file:out", *TO_THE_END)
    assert result.returncode == 64 and "password" in result.stderr, result.stderr
    assert "hunter2" not in result.stdout + result.stderr and not aws.calls()
