"""The live line on a terminal, and that nothing of it is anywhere else."""

import os
import re
import signal
import subprocess

import pytest

from screens import COLOUR, COLUMNS, Terminal, screen


def program(offline, text):
    path = offline.directory / "program.lua"
    path.write_text('local tide = require "tidegate"\n' + text)
    return "./program.lua"


LIVE = """
  tide.status("working: " .. ("x"):rep(200))
  tide.log.info "one"
  tide.status "now \\27[2J\\n\\r\\8 \\u{9b}2J \\xff 中文"
  tide.log.info "two"
  tide.stderr "from stderr\\n"
"""


def test_the_live_line_stands_below_the_log_and_is_gone_in_the_end(offline):
    raw = Terminal(offline, program(offline, LIVE)).end()
    assert "working: " + "x" * (COLUMNS - 1 - 9) in raw and "x" * (COLUMNS - 9) not in raw
    assert "now ?[2J??? ?2J ? 中文" in raw
    lines = screen(raw)
    assert [line.split(" ", 2)[-1].strip() for line in lines] == ["one", "two", "stderr", ""]
    assert lines[2] == "from stderr" and "working" not in "".join(lines)


LOG = """
  local fields = { id = ("x"):rep(60), ms = 1.5 }
  tide.log.info("before", fields)
  tide.status "there"
  tide.log.info("during", fields)
  tide.log.warn("during", fields)
  tide.log.error "one\\n\\ttwo\\27[2J"
"""


def test_a_person_gets_what_fits_and_the_file_gets_all(offline):
    offline.environment.pop("NO_COLOR", None)
    raw = Terminal(offline, program(offline, LOG), "--log-file", "log", columns=60).end()
    time, long = r"\d\d:\d\d:\d\d\.\d{3}Z ", "id=" + "x" * 60
    assert re.search(f"^{time}info  before {long} ms=1.5\r$", raw, re.M)
    assert re.search(f"{time}info  during ms=1.5\r$", raw, re.M)
    assert re.search(f"{time}\x1b\\[33mwarn \x1b\\[0m during {long} ms=1.5\r$", raw, re.M)
    assert re.search(f"{time}\x1b\\[31merror\x1b\\[0m one\r\n        two", raw)
    assert "two\\x1b[2J\r\n" in raw
    lines = (offline.directory / "log").read_text().splitlines()
    assert [line[24:] for line in lines] == [
        f" info  before {long} ms=1.5", f" info  during {long} ms=1.5",
        f" warn  during {long} ms=1.5", r" error one\n\x09two\x1b[2J"]


@pytest.mark.parametrize("value, coloured", [("", True), ("1", False)])
def test_no_color(offline, value, coloured):
    offline.environment["NO_COLOR"] = value
    raw = Terminal(offline, program(offline, LOG), columns=200).end()
    assert bool(COLOUR.search(raw)) is coloured


def test_wide_characters_are_not_too_many(offline):
    raw = Terminal(offline, program(offline, "tide.status(('中'):rep(100))")).end()
    assert raw.count("中") == (COLUMNS - 1) // 2


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_move_its_cursor_gets_nothing(offline, term):
    raw = Terminal(offline, program(offline, LIVE), term=term).end()
    assert "working" not in raw and "\x1b" not in raw and "now" not in raw
    assert "one" in raw and "two" in raw


def test_no_terminal_gets_nothing(offline):
    result = offline.run(program(offline, LIVE), TERM="xterm")
    assert result.returncode == 0
    assert "working" not in result.stderr and "\x1b" not in result.stderr
    assert result.stderr.count("\n") == 3


def test_the_line_goes_when_the_script_says_so(offline):
    raw = Terminal(offline, program(offline, """
      tide.status "there"
      tide.status(nil)
      tide.log.info "after"
    """)).end()
    assert screen(raw)[-2].endswith("after") and screen(raw)[-1] == ""
    assert raw.count("there") == 1


@pytest.mark.parametrize("signo, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_takes_it_away(offline, signo, code):
    terminal = Terminal(offline, program(offline, 'tide.status "there" tide.sleep(600)'))
    terminal.read_until(b"there")
    terminal.process.send_signal(signo)
    lines = screen(terminal.end())
    assert terminal.process.returncode == code
    assert "there" not in "".join(lines) and lines[-1] == ""


def test_an_error_takes_it_away(offline):
    raw = Terminal(offline, program(offline, 'tide.status "there" error "no"'), columns=200).end()
    assert "there" in raw and not any(line == "there" for line in screen(raw))


def test_the_end_of_a_runaway_takes_it_away(offline):
    terminal = Terminal(offline, program(offline, """
      tide.status "there"
      string.find(('a'):rep(400), '.-.-.-.-.-b$')
    """), "--cpu-limit", "0.1", columns=200)
    lines = screen(terminal.end())
    assert terminal.process.returncode == 70
    assert lines[0].startswith("tidegate: a script computes") and "there" not in "".join(lines)


def test_stdout_on_the_same_terminal_stands_above_the_line(offline):
    raw = Terminal(offline, program(offline, """
      tide.status "there"
      tide.stdout "half"
      tide.status "still there"
      tide.stdout "whole\\n"
      print "printed"
    """), stdout=True).end()
    assert screen(raw) == ["half", "whole", "printed", ""]


def test_columns(offline):
    script = program(offline, 'print(tide.terminal "stdout", tide.terminal "stderr")')
    assert Terminal(offline, script, stdout=True).end().split() == ["40", "40"]
    assert Terminal(offline, script, stdout=True, columns=0).end().split() == ["80", "80"]
    assert Terminal(offline, script, stdout=True, term="dumb").end().split() == ["nil", "nil"]
    assert offline.run(script, TERM="xterm").stdout.split() == ["nil", "nil"]


def run_with_stdout(offline, script, stdout):
    return subprocess.run([offline.path, script], cwd=offline.directory, stdout=stdout,
                          env=offline.environment, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)


def test_stdout_writes_these_very_bytes(offline):
    script = program(offline, r'print "first" assert(tide.stdout "a\0\r\n\xff\27") print "last"')
    with open(offline.directory / "out", "wb") as out:
        assert run_with_stdout(offline, script, out).returncode == 0
    assert (offline.directory / "out").read_bytes() == b"first\na\0\r\n\xff\x1blast\n"


def test_print_prints_as_ever(offline):
    script = program(offline, """
      print("a", nil, 1.5, setmetatable({}, { __tostring = function() return "t" end }), "\\0")
      print()
      print(("x"):rep(5000))
    """)
    assert offline.run(script).stdout == "a\tnil\t1.5\tt\t\0\n\n" + "x" * 5000 + "\n"


def test_stdout_says_why_it_cannot(offline):
    script = program(offline, """
      local ok, err = tide.stdout "x"
      tide.log.info(tostring(ok) .. " " .. err.code .. " " .. tostring(err))""")
    with open("/dev/full", "wb") as full:
        result = run_with_stdout(offline, script, full)
    assert "nil ENOSPC write to stdout: ENOSPC: No space left on device" in result.stderr
    reader, writer = os.pipe()
    os.close(reader)
    assert "nil EPIPE" in run_with_stdout(offline, script, writer).stderr
    os.close(writer)
