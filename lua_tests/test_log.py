"""The log: on stderr and in a file, whatever is in it, and whatever becomes of both."""

import json
import os
import re
import signal
import subprocess

import pytest

from stand_in.harness import StandIn

TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info |warn |error) \S.*")
EVIL = "a\nb\r\x1b[31mred\x1b[0m \x9b31m \u2028 \u202e \x00".encode() + b"\xff\xc3 \xc2\x9b"


def program(offline, text, name="program.lua"):
    path = offline.directory / name
    path.write_text('local tide = require "tidegate"\n' + text)
    return f"./{name}"


def write_request(directory, name, number=1):
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(json.dumps({
        "type": "create", "requestId": f"r{number}", "widgetId": f"w{number}", "owner": "Sue"}))


def stored(offline):
    return sorted(path.name for path in (offline.directory / "out" / "widgets").rglob("w*")
                  if path.is_file())


CONSUME = ("consume", "file:in", "file:out", "--wait", "0")


def test_both_places_get_the_same_lines(offline):
    write_request(offline.directory / "in", "a")
    for log_format in ("text", "json"):
        result = offline.run(*CONSUME, "--until-empty", "--log-file", f"log.{log_format}",
                             "--log-format", log_format)
        assert result.returncode == 0, result.stderr
        assert (offline.directory / f"log.{log_format}").read_text() == result.stderr
        lines = result.stderr.splitlines()
        assert lines
        for line in lines:
            if log_format == "text":
                assert TEXT_LINE.fullmatch(line), line
            else:
                assert {"ts", "level", "msg"} <= json.loads(line).keys()


def test_a_log_file_is_added_to(offline):
    script = program(offline, 'tide.log.info("hello")')
    for count in (1, 2):
        assert offline.run(script, TIDEGATE_LOG_FILE="log").returncode == 0
        assert (offline.directory / "log").read_text().count("hello") == count


def test_one_event_is_one_line_that_no_terminal_obeys(offline):
    (offline.directory / "in").mkdir()
    (offline.directory / "in" / "evil").write_bytes(EVIL)
    script = program(offline, """
      tide.consume(tide.queue "file:in", function(message)
        tide.log.info(message.body, { body = message.body, [message.body] = "x", ts = "mine" })
        tide.log.info "end"
        return tide.done()
      end, { until_empty = true, max_messages = 1 })""")
    for log_format in ("text", "json"):
        (offline.directory / "in" / "evil").write_bytes(EVIL)
        result = offline.run(script, "--log-format", log_format, TERM="xterm")
        assert result.returncode == 0, result.stderr
        lines = result.stderr.split("\n")
        assert len([line for line in lines if line]) == 2, result.stderr
        assert all(each.isprintable() for each in lines), result.stderr
    found = json.loads(lines[0])
    assert found["ts_"] == "mine" and found["msg"] == found["body"]
    assert found["msg"] == EVIL.replace(b"\xff\xc3", b"\xef\xbf\xbd" * 2).decode()


@pytest.mark.parametrize("path, why", [
    ("no/such/log", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_opened_is_told_at_once(offline, path, why):
    result = offline.run("version", "--log-file", path)
    assert result.returncode == 78
    assert path in result.stderr and why in result.stderr and not result.stdout


def test_an_unknown_format_is_refused(offline):
    result = offline.run("version", "--log-format=xml")
    assert result.returncode == 64 and "xml" in result.stderr


def test_a_full_disk_stops_nothing(offline):
    for number in range(20):
        write_request(offline.directory / "in", f"r{number}", number)
    result = offline.run(*CONSUME, "--until-empty", "--log-file", "/dev/full")
    assert result.returncode == 0, result.stderr
    assert len(stored(offline)) == 20
    assert result.stderr.count("the log file /dev/full cannot be written: No space left") == 1


def start_with_stderr(offline, stderr, *arguments):
    return subprocess.Popen([offline.path, *arguments], cwd=offline.directory,
                            env=offline.environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=stderr)


def test_a_reader_that_is_gone_stops_nothing(offline):
    write_request(offline.directory / "in", "a")
    reader, writer = os.pipe()
    os.close(reader)
    process = start_with_stderr(offline, writer, *CONSUME, "--until-empty", "--log-file", "log")
    os.close(writer)
    process.communicate(timeout=60)
    assert process.returncode == 0 and stored(offline) == ["w1"]
    assert "w1" in (offline.directory / "log").read_text()


def test_a_reader_that_does_not_read_stops_nothing(offline):
    script = program(offline, """
      for i = 1, 20000 do tide.log.info("line " .. i) end
      print "all written" """)
    reader, writer = os.pipe()
    process = start_with_stderr(offline, writer, script, "--log-file", "log")
    os.close(writer)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out == b"all written\n"
    log = (offline.directory / "log").read_text()
    assert log.count("line ") == 20000
    with os.fdopen(reader, "rb") as rest:
        assert rest.read().count(b"line ") < 20000


def test_a_reader_that_comes_back_is_told_what_it_missed(offline):
    script = program(offline, """
      for i = 1, 5000 do tide.log.info("line " .. i) end
      print "full"
      while not tide.bucket "file:flags":head "go" do tide.sleep(0.01) end
      tide.log.info "after"
    """)
    (offline.directory / "flags").mkdir()
    reader, writer = os.pipe()
    process = start_with_stderr(offline, writer, script)
    os.close(writer)
    assert process.stdout.readline() == b"full\n"
    with os.fdopen(reader, "rb") as pipe:
        first = os.read(pipe.fileno(), 1 << 20)
        while first.count(b"\n") < 100:
            first += os.read(pipe.fileno(), 1 << 20)
        (offline.directory / "flags" / "go").write_text("")
        text = (first + pipe.read()).decode()
    process.communicate(timeout=60)
    missed, = re.findall(r"(\d+) lines of the log could not be written here", text)
    kept = len(re.findall(r"line \d+\n", text))
    cut = len([line for line in text.splitlines() if not TEXT_LINE.fullmatch(line)])
    assert int(missed) + kept == 5000 and cut <= 1
    assert text.rstrip().endswith("after")


def test_hup_opens_the_file_again(offline):
    log = offline.directory / "d" / "log"
    log.parent.mkdir()
    (offline.directory / "in").mkdir()
    process = offline.start(*CONSUME, "--log-file", "d/log")
    StandIn.wait_until(lambda: log.exists() and "settings" in log.read_text())
    log.rename(offline.directory / "moved")
    process.send_signal(signal.SIGHUP)
    StandIn.wait_until(log.exists)
    write_request(offline.directory / "in", "a", 1)
    StandIn.wait_until(lambda: "w1" in log.read_text())
    log.unlink()
    log.parent.rmdir()
    process.send_signal(signal.SIGHUP)
    while "cannot be opened again" not in process.stderr.readline():
        assert process.poll() is None
    write_request(offline.directory / "in", "b", 2)
    StandIn.wait_until(lambda: stored(offline) == ["w1", "w2"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert "w1" not in (offline.directory / "moved").read_text()


def test_without_a_stderr_the_file_is_not_taken_for_it(offline):
    script = program(offline, 'tide.log.info "once" tide.stderr "not in the log"')
    result = subprocess.run(["sh", "-c", f'exec "$0" {script} --log-file log 2>&- <&-',
                             offline.path], cwd=offline.directory, env=offline.environment,
                            timeout=60, check=False)
    assert result.returncode == 0
    log = (offline.directory / "log").read_text()
    assert log.count("once") == 1 and "not in the log" not in log


def test_the_last_words_are_in_the_file_and_are_json(offline):
    script = program(offline, "string.find(('a'):rep(400), '.-.-.-.-.-b$')")
    result = offline.run(script, "--cpu-limit", "0.1", "--log-format", "json", "--log-file", "log")
    assert result.returncode == 70
    assert (offline.directory / "log").read_text() == result.stderr
    assert "without end" in json.loads(result.stderr)["msg"]


def test_a_stop_before_the_start_takes_nothing(offline):
    """The signal waits for the program, as one does that comes while it is being loaded."""
    write_request(offline.directory / "in", "a")

    def stop():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.kill(os.getpid(), signal.SIGTERM)

    result = subprocess.run([offline.path, *CONSUME], cwd=offline.directory, preexec_fn=stop,
                            env=offline.environment, timeout=60, text=True, capture_output=True,
                            check=False)
    assert result.returncode == 0 and "nothing was begun" in result.stderr
    assert (offline.directory / "in" / "a").exists() and not stored(offline)
