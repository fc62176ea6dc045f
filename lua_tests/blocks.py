"""The commands that a document shows: its fenced `sh` and `console` blocks, and running them.

A `sh` block is pasted as it is. A `console` block shows a terminal: what begins with "$ " is a
command, the rest is what it prints, where "…" stands for any text and a line of it for any lines.
What a block needs stands before it, in a comment that readers do not see:

    <!-- in a checkout -->      is run in a copy of this tree
    <!-- with the image -->     is run by tools/image_test, where there is an image
    <!-- a step of .ci/run -->  is run by .ci/run itself

or is said to them: *not run here*. All others run one after the other in the document's own
directory, which is empty at first.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"(?P<before>(?:[^\n]+\n)*)\n?^```(?P<kind>sh|console)\n(?P<text>.*?)^```$",
                   re.M | re.S)
COMMAND = re.compile(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", re.S)
COMMENT = re.compile(r"<!-- (.*?) -->")
NEEDS = {"in a checkout", "with the image", "a step of .ci/run"}
BETWEEN = "\036"
END = "trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n"  # of what a block that fails leaves running
LIMIT = 600
MAKE_SETTINGS = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "FLAVOUR"}


@dataclass
class Block:
    where: str
    kind: str
    text: str
    needs: set

    @property
    def not_run(self):
        return "not run" in self.needs

    def steps(self):
        """(command, what it shows) in turn; a sh block is one step that shows nothing."""
        if self.kind == "sh":
            return [(self.text, None)]
        found = re.split(r"^\$ ", self.text, flags=re.M)
        assert found[0] == "", f"{self.where}: output before the first command"
        return [COMMAND.fullmatch(step).groups() for step in found[1:]]

    def commands(self):
        """Each command line, its continuation lines joined."""
        text = "".join(command + "\n" for command, _ in self.steps()).replace("\\\n", " ")
        return [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]


def without_make(environment):
    """Not the settings of a make that runs the tests."""
    return {name: value for name, value in environment.items() if name not in MAKE_SETTINGS}


def blocks_of(name):
    text, found = (TOP / name).read_text(), []
    for match in FENCE.finditer(text):
        where = f"{name}:{text.count(chr(10), 0, match.start('text'))}"
        needs = {need for said in COMMENT.findall(match["before"]) for need in said.split(", ")}
        if "*not run here" in match["before"].lower():
            needs.add("not run")
        assert needs <= NEEDS | {"not run"}, f"{where}: {needs}"
        found.append(Block(where, match["kind"], match["text"], needs))
    return found


def pattern_of(shown):
    """What a block shows, as a pattern for what is printed."""
    lines = ["(?:.*\n)*" if line.strip() == "…" else
             ".*".join(re.escape(part) for part in line.rstrip().split("…")) + "[ \t]*\n"
             for line in shown.rstrip("\n").splitlines()]
    return "".join(lines)


def run(block, directory, environment):
    """Fails unless each command ends well and prints what the block shows."""
    steps = block.steps()
    script = f"\nprintf '\\{ord(BETWEEN):03o}'\n".join(command for command, _ in steps)
    done = subprocess.run(["bash", "-euc", END + script], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT)
    assert done.returncode == 0, f"{block.where}: exit {done.returncode}\n{done.stdout}"
    for (command, shown), printed in zip(steps, done.stdout.split(BETWEEN)):
        if shown is not None and not re.fullmatch(pattern_of(shown), printed):
            raise AssertionError(f"{block.where}: $ {command}\n{shown}\nbut printed:\n{printed}")
