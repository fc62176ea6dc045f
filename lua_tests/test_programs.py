"""The programs as a person uses them: command lines, a terminal, what is next, what was parked."""

import json
import os
import re
import sqlite3
import subprocess

import pytest

from screens import COLOUR, Terminal, screen

BAD = b'{"type":"bad"}'


def request(number, kind="create", **members):
    return json.dumps({"type": kind, "requestId": f"r{number}", "widgetId": f"w{number}",
                       "owner": "Sue Smith", **members})


def fill(directory, **bodies):
    (directory / "in").mkdir(exist_ok=True)
    for name, body in bodies.items():
        (directory / "in" / name).write_bytes(body if isinstance(body, bytes) else body.encode())


def names(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                  if path.is_file() and ".tidegate" not in path.parts)


# ---- command lines


def test_a_mistyped_command_is_refused(offline):
    result = offline.run("consum", "file:in", "file:out")
    assert (result.returncode, result.stdout) == (64, "")
    assert result.stderr.startswith(
        "tidegate: unknown command 'consum' (did you mean consume?)\nusage: tidegate ")


@pytest.mark.parametrize("arguments, sentence", [
    (["consume", "file:in", "file:out", "--colour"], "unknown option --colour"),
    (["consume", "-rb", "a", "-rq", "b", "-wb", "c"], "two sources: -rb a and -rq b"),
    (["consume", "-rb", "a", "-wb", "b", "-dwt", "c"], "two targets: -wb b and -dwt c"),
    (["consume", "file:in"], "TO is missing (or give -wb or -dwt, or set TIDEGATE_TO)"),
    (["consume", "-wb", "a"], "FROM is missing (or give -rb or -rq, or set TIDEGATE_FROM)"),
    (["consume", "ftp:x", "file:out"], '"ftp:x" is no place'),
    (["consume", "file:in", "ftp:x"], '"ftp:x" is no store'),
    (["consume", "file:in", "sqs://q"], '"sqs://q" is no store'),
    (["consume", "file:in", "file:in/sub"], "FROM and TO overlap: file:in and file:in/sub"),
    (["consume", "file:in", "file:link/sub"], "FROM and TO overlap"),
    (["consume", "file:in", "file:out", "--park", "file:link"], "--park is read as FROM"),
    (["consume", "file:in", "file:out", "-wkp", "../"], "no key can begin with '../'"),
    (["consume", "file:in", "file:out", "-mrt", "9" * 19], "-mrt: expected a time"),
    (["consume", "file:in", "file:out", "--drain-timeout", "25h"], "of at most 86400 s"),
    (["consume", "file:in", "file:out", "--max-messages", "9" * 10], "from 1 to 1000000000"),
    (["consume", "file:in", "file:out", "--max-receives", "1001"], "from 1 to 1000, got '1001'"),
    (["produce", "-rb", "a", "-rq", "b"], "two targets: -rb a and -rq b"),
    (["peek"], "FROM is missing"),
    (["parked", "list", "file:in"], "expected ls, show, replay or drop, got 'list'"),
])
def test_usage_errors_name_what_is_wrong(offline, arguments, sentence):
    fill(offline.directory, a=BAD)
    os.symlink("in", offline.directory / "link")
    result = offline.run(*arguments)
    assert result.returncode == 64, result.stderr
    assert sentence in result.stderr
    assert len(re.findall(f"^usage: tidegate {arguments[0]} ", result.stderr, re.M)) == 1
    assert names(offline.directory / "in") == ["a"]


def test_an_unknown_command_is_quoted_without_its_escapes(offline):
    result = offline.run("help", "\x1b[31mx\n")
    assert result.returncode == 64
    assert result.stderr.startswith("tidegate: unknown command '\\x1B[31mx\\x0A'\nusage: tidegate ")


def test_a_source_in_the_environment_is_hidden_by_one_that_is_given(offline):
    fill(offline.directory, a=request(1))
    result = offline.run("consume", "-rb", "file:in", "--until-empty",
                         TIDEGATE_REQUEST_QUEUE="nowhere", TIDEGATE_WIDGET_BUCKET="file:out",
                         TIDEGATE_USE_OWNER_IN_PREFIX="no", TIDEGATE_WIDGET_KEY_PREFIX="w/")
    assert result.returncode == 0, result.stderr
    assert names(offline.directory / "out") == ["w/w1"]


def test_the_older_form_and_the_flags_reach_the_same_places(aws, tidegate):
    for bucket in ("requests", "widgets"):
        aws.create_bucket(bucket)
    for number, places in enumerate((["requests", "widgets", "-bucket"],
                                     ["-rb=requests", "-wb=widgets"],
                                     ["s3://requests", "s3://widgets"])):
        aws.s3.put_object(Bucket="requests", Key="1", Body=request(number).encode())
        assert tidegate.run("consume", *places, "--until-empty").returncode == 0
    assert list(aws.objects("widgets")) == [f"widgets/sue-smith/w{n}" for n in range(3)]


@pytest.mark.parametrize("source", ["file:in", "sqlite:requests.db"])
def test_it_stops_after_so_many_messages_or_so_much_time(offline, source):
    assert offline.run("produce", source, "-mwr", "12", "-ird", "0").returncode == 0
    result = offline.run("consume", source, "file:out", "--max-messages", "5", "--summary")
    assert result.returncode == 0, result.stderr
    assert "5 received = 5 done" in result.stdout
    received = 0
    for end in (["-mrt", "200"], ["--until-empty"]):
        result = offline.run("consume", source, "file:out", *end, "--summary")
        assert result.returncode == 0, result.stderr
        received += int(re.search(r"(\d+) received = ", result.stdout)[1])
    assert received == 7


# ---- what is told


def test_one_line_a_request_and_all_numbers_at_the_end(offline):
    fill(offline.directory, a=request(1), b=BAD, c=request(2, "update"))
    result = offline.run("consume", "file:in", "file:out", "--until-empty",
                         "--log-format", "json", TIDEGATE_FROM="file:hidden")
    assert (result.returncode, result.stdout) == (0, "")
    first, *lines, last = map(json.loads, result.stderr.splitlines())
    assert first["msg"] == "settings" and first["from"] == "file:in"
    told = {line["msg"]: line for line in lines}
    assert len(told) == len(lines) == 3
    assert told["create widget w1"].items() >= {
        "level": "info", "request": "r1", "widget": "w1", "type": "create", "verdict": "done",
        "outcome": "created"}.items()
    assert float(told["create widget w1"]["ms"]) > 0
    assert told["update widget w2"].items() >= {"level": "warn", "outcome": "missing"}.items()
    assert told["rejected request b"]["level"] == "error"
    assert last["msg"] == "summary" and last["received"] == "3"


def shown_by(offline, *arguments, columns=100, **environment):
    """What the program writes to a terminal, colours and all."""
    offline.environment = {**offline.environment, "NO_COLOR": "", **environment}
    terminal = Terminal(offline, *arguments, stdout=True, columns=columns)
    raw = terminal.end()
    assert terminal.process.returncode == 0, raw
    return raw


def test_a_terminal_gets_a_live_line_and_a_table(offline):
    made = shown_by(offline, "produce", "file:in", "-mwr", "40", "-ird", "20")
    assert re.search(r"\[#+\.+\] +\d+ %  \d+ of 40  \d+/s", made)
    assert "40 requests written" in made
    shown = shown_by(offline, "consume", "file:in", "file:out", "--until-empty")
    assert re.search(r"\d+/s  \d+ received: \d+ done; \d+ in flight", shown)
    assert "\x1b[1m" in shown and "40 received = " in shown


def test_a_narrow_terminal_gets_them_whole(offline):
    fill(offline.directory, a=request(1), b=BAD)
    raw = shown_by(offline, "consume", "file:in", "file:out", "--until-empty", "--log-level",
                   "error", columns=40)
    lines = screen(raw)
    assert max(map(len, lines[1:])) < 40, lines         # the first one is the error's
    text = "\n".join(lines)
    assert re.search(r"^ +done +skip +retry +park$", text, re.M)
    assert re.search(r"^      2 received = .*\n        .*\n        released$", text, re.M)


def test_no_colour_when_that_is_asked(offline):
    fill(offline.directory, a=request(1), b=BAD)
    shown = shown_by(offline, "consume", "file:in", "file:out", "--until-empty",
                     NO_COLOR="1")
    assert "2 received = 1 done" in shown
    assert not COLOUR.search(shown)


# ---- peek


def test_peek_leaves_a_queue_as_it_was_but_for_the_count(aws, tidegate):
    queue = aws.create_queue("requests", dead_letter="dead", max_receives=3)
    aws.send(queue, [request(1)])
    result = tidegate.run("peek", "sqs://requests")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(request(1)) and "\n  " in result.stdout
    assert "received 1 time" in result.stderr
    assert aws.left_in(queue) == {"visible": 1, "in_flight": 0, "delayed": 0}
    for _ in range(2):
        result = tidegate.run("peek", "-rq", queue)
    assert "received 3 times" in result.stderr and "limit" in result.stderr


def test_peek_never_parks_a_request(aws, tidegate):
    queue = aws.create_queue("requests", dead_letter="dead", max_receives=1)
    aws.send(queue, [request(1)])
    result = tidegate.run("peek", "sqs://requests")
    assert result.returncode == 1 and "not looked into" in result.stderr
    assert not aws.calls("ReceiveMessage")


@pytest.mark.parametrize("place", ["s3://nowhere", "sqs://nowhere", "file:nowhere",
                                   "sqlite:nowhere.db"])
@pytest.mark.parametrize("command", ["peek", "parked"])
def test_places_that_are_not_there(aws, tidegate, command, place):
    more = ["ls"] if command == "parked" else []
    result = tidegate.run(command, *more, place)
    assert result.returncode == 69, result.stderr
    assert os.listdir(tidegate.directory) == []


# ---- parked


def ids(listed):
    return [line.split()[0] for line in listed.splitlines()[1:]]


@pytest.mark.parametrize("body", [b"", b"\0\xff\n\r", BAD, b'"' + b"x" * 300_000],
                         ids=["empty", "binary", "json", "large"])
def test_a_parked_file_is_shown_and_replayed_byte_for_byte(offline, body):
    fill(offline.directory, a=body)
    assert offline.run("consume", "file:in", "file:out", "--until-empty").returncode == 0
    assert ids(offline.run("parked", "ls", "file:in").stdout) == ["a"]
    shown = subprocess.run([offline.path, "parked", "show", "file:in", "a"],
                           cwd=offline.directory, env=offline.environment, check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert shown.stdout == body and b"tidegate-reason: " in shown.stderr
    result = offline.run("parked", "replay", "file:in", "a")
    assert (result.returncode, result.stdout) == (0, "1 sent to file:in\n"), result.stderr
    assert names(offline.directory / "in") == ["a"]
    assert (offline.directory / "in" / "a").read_bytes() == body
    assert offline.run("consume", "file:in", "file:out", "--until-empty").returncode == 0
    assert offline.run("parked", "drop", "file:in", "--all").stdout == "1 dropped\n"
    assert names(offline.directory / "in") == []


@pytest.mark.parametrize("source, to", [("file:in", "file:./in/parked"),
                                        ("sqlite:q.db", "sqlite:q.db#Requests-parked")])
def test_nothing_is_replayed_into_its_parking_place(offline, source, to):
    fill(offline.directory, a=BAD)
    if source != "file:in":
        offline.run("produce", source, "-mwr", "0")
        connection = sqlite3.connect(offline.directory / "q.db")
        connection.execute("INSERT INTO requests (body) VALUES ('bad')")
        connection.commit()
        connection.close()
    assert offline.run("consume", source, "file:out", "--until-empty").returncode == 0
    result = offline.run("parked", "replay", source, "--all", "--to", to)
    assert result.returncode == 64 and "replay them to another place" in result.stderr
    assert len(ids(offline.run("parked", "ls", source).stdout)) == 1


def test_a_dead_letter_queue_is_listed_shown_and_replayed(aws, tidegate):
    queue = aws.create_queue("requests", dead_letter="dead", max_receives=5)
    dead = aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    aws.create_bucket("widgets")
    aws.send(queue, [BAD.decode()] * 12 + [request(1)])
    done = tidegate.run("consume", "sqs://requests", "s3://widgets", "--until-empty",
                        "--wait", "1s")
    assert done.returncode == 0, done.stderr
    listed = tidegate.run("parked", "ls", "sqs://requests").stdout
    assert len(ids(listed)) == 12 and listed.count("requestId: is missing") == 0
    assert aws.left_in(dead) == {"visible": 12, "in_flight": 0, "delayed": 0}
    one = ids(listed)[0]
    shown = tidegate.run("parked", "show", "sqs://requests", one)
    assert shown.stdout == BAD.decode() and "tidegate-reason: type: expected" in shown.stderr
    result = tidegate.run("parked", "replay", "sqs://requests", one)
    assert (result.returncode, result.stdout) == (0, "1 sent to sqs://requests\n"), result.stderr
    assert aws.left_in(dead)["visible"] == 11 and aws.left_in(queue)["visible"] == 1
    (message,) = aws.take_all(queue)
    assert list(message["MessageAttributes"]) == ["tidegate-sent-at"]
    result = tidegate.run("parked", "drop", "--all", "--park", "sqs://dead", "--max", "10")
    assert result.stdout == "10 dropped\n" and "more were not" in result.stderr
    assert aws.left_in(dead) == {"visible": 1, "in_flight": 0, "delayed": 0}


def test_what_a_queue_refuses_stays_parked(aws, tidegate):
    aws.create_queue("requests")
    fill(tidegate.directory, a=b"", b=BAD)
    assert tidegate.run("consume", "file:in", "file:out", "--until-empty").returncode == 0
    result = tidegate.run("parked", "replay", "file:in", "--all", "--to", "sqs://requests")
    assert result.returncode == 69 and result.stdout == "1 sent to sqs://requests\n"
    assert names(tidegate.directory / "in") == ["parked/a"]
