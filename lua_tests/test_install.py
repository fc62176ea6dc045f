"""What `make install` puts where; that man page and completion know what the program knows."""

import os
import pty
import re
import select
import shutil
import subprocess
from pathlib import Path

import pytest

from blocks import TOP, without_make

PAGE = TOP / "docs" / "tidegate.1"
COMPLETION = TOP / "share" / "tidegate.bash"
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z0-9-]*")
LIMIT = 60


def test_install_and_uninstall(tmp_path):
    def make(target):
        subprocess.run(["make", target, "PREFIX=/usr", f"DESTDIR={tmp_path}"], cwd=TOP, check=True,
                       env=without_make(os.environ), stdout=subprocess.PIPE)
        return {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777
                for path in tmp_path.rglob("*") if path.is_file()}

    assert make("install") == {
        "usr/bin/tidegate": 0o755, "usr/share/man/man1/tidegate.1": 0o644,
        "usr/share/bash-completion/completions/tidegate": 0o644}
    said = subprocess.run([tmp_path / "usr/bin/tidegate", "version"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    assert said.startswith("tidegate ")
    assert make("uninstall") == {}


@pytest.fixture
def helps(offline):
    """The help of each command, and of the host options."""
    names = re.findall(r"^  ([a-z]+)\b", offline.run("help").stdout, re.M)
    assert {"consume", "produce", "peek", "parked", "test", "help", "version"} <= set(names)
    return {name: offline.run("help", name).stdout for name in [*names, "host-options"]}


def options_in(text):
    return set(OPTION.findall(text.replace("|", " ")))


def printed_page():
    text = subprocess.run(["mandoc", "-T", "utf8", PAGE], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return re.sub(".\b", "", text)


def complaints(command):
    """What a formatter has against the page, wherever it says so; what it formats goes nowhere."""
    done = subprocess.run([*command, PAGE], env={**os.environ, "LC_ALL": "C.UTF-8"}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, (done.stdout if "lint" in command else "") + done.stderr


def test_the_man_page_is_well_formed():
    assert complaints(["mandoc", "-T", "lint"]) == (0, "")
    if shutil.which("man") and list(Path("/usr/share/groff").glob("*/tmac/mdoc.tmac")):
        assert complaints(["man", "--warnings", "-l"]) == (0, "")


def test_the_man_page_knows_every_command_and_option(helps):
    page = printed_page()
    known = set().union(*map(options_in, helps.values()))
    assert len(known) > 30
    assert known - options_in(page) == set()
    for name in helps:
        assert re.search(rf"^ .*\b{name}\b", page, re.M), name


def test_the_man_page_knows_nothing_else(offline, helps):
    """Other spellings of an option do not stand in the helps, but are taken."""
    commands = [name for name in helps if name != "host-options"]
    for option in options_in(printed_page()) - set().union(*map(options_in, helps.values())):
        said = [offline.run(name, option).stderr for name in commands]
        assert any(f"{option} needs a value" in each for each in said), option


def test_the_man_page_names_every_exit_code():
    section = re.search(r"^EXIT STATUS\n(.*?)^[A-Z]", printed_page(), re.M | re.S)[1]
    codes = re.findall(r"EXIT_[A-Z]+ = (\d+)", (TOP / "src" / "host" / "exit_code.h").read_text())
    assert len(codes) > 5
    assert set(re.findall(r"^ +(\d+) ", section, re.M)) == set(codes)


# ---- completion


def completions(program, line, directory=None):
    script = ('source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _tidegate; '
              '((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "_", COMPLETION, f"{program} {line}"], text=True,
                          cwd=directory, check=True, stdout=subprocess.PIPE)
    return done.stdout.split()


def test_completion_knows_every_command_and_option(offline, helps):
    hosts, commands = helps["host-options"], set(helps) - {"host-options"}
    assert set(completions(offline.path, "")) == commands
    assert set(completions(offline.path, "help ")) == commands | {
        "places", "conflicts", "host-options"}
    for topic in completions(offline.path, "help "):
        assert offline.run("help", topic).returncode == 0
    for name in commands:
        assert set(completions(offline.path, f"{name} -")) == \
            options_in(hosts) | options_in(helps[name]), name


@pytest.mark.parametrize("line, expected", [
    ("con", ["consume"]), ("--log-level ", ["debug", "info", "warn", "error", "off"]),
    ("--log-level=w", ["warn"]), ("--log-level warn pro", ["produce"]),
    ("consume ", ["sqs://", "s3://", "dynamodb://", "file:", "sqlite:"]),
    ("consume sq", ["sqs://", "sqlite:"]), ("consume file:fol", ["folder"]),
    ("consume --concurrency 3 file:folder sqlite:fi", ["file.db"]),
    ("--log-format ", ["text", "json"]), ("consume -uop ", ["yes", "no"]),
    ("parked ", ["ls", "show", "replay", "drop"]), ("parked ls s3", ["s3://"]),
    ("consume --park file:fo", ["folder"]), ("-rq q -wb", ["-wb"]),
    ("--scripts fo", ["folder"]), ("consume --scripts=fo", ["folder"]), ("version ", []),
    ("consume --concurrency ", []), ("./fi", ["./file.db"]),
])
def test_completion_of_values_and_places(offline, line, expected):
    (offline.directory / "folder").mkdir()
    (offline.directory / "file.db").write_text("")
    assert completions(offline.path, line, offline.directory) == expected


def test_completion_in_an_interactive_shell(offline):
    """Keys go in as at a terminal; a function in the program's place says what it got."""
    (offline.directory / "folder").mkdir()
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(offline.directory)
        environment = {**offline.environment, "PS1": "", "TERM": "dumb", "INPUTRC": os.devnull}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
    os.write(terminal, f"""PATH="{Path(offline.path).parent}:$PATH"; source "{COMPLETION}"
tidegate() {{ [ "$1" = help ] && command tidegate "$@" || printf '<%s>' "$@"; }}
tidegate --log-l\twarn cons\tfile:fol\t sqli\tx --until-\t; exit
""".encode())
    assert b"<--log-level><warn><consume><file:folder/><sqlite:x><--until-empty>" in \
        everything_from(terminal)
    os.close(terminal)
    assert os.waitpid(process, 0)[1] == 0


def everything_from(terminal):
    """What comes until the other end closes."""
    found = b""
    while select.select([terminal], [], [], LIMIT)[0]:
        try:
            found += os.read(terminal, 65536)
        except OSError:
            return found
    raise TimeoutError(found)
