"""What the program says about a run, read by the judge."""

import json
import re

# Ends when nothing is left, soon for a queue too, and tells the counts.
TO_THE_END = ("--until-empty", "--wait", "1s", "--summary")
LEDGER = ("received", "done", "skipped", "retried", "parked", "released")


def outcomes(stdout):
    """The counts of the summary: created, updated, … -> how many."""
    return {word: int(count) for count, word in re.findall(r"^ *(\d+) (\w+)$", stdout, re.M)}


def ledger(stdout):
    found = re.search(r"(\d+) received = (\d+) done \+ (\d+) skipped \+ (\d+) retried \+ "
                      r"(\d+) parked \+ (\d+) released", stdout)
    assert found, stdout
    return dict(zip(LEDGER, map(int, found.groups())))


def log_lines(path):
    """The entries of a JSON log."""
    return [json.loads(line) for line in path.read_text().splitlines()]
