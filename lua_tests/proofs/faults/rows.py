"""The table of faults: what goes wrong, what is expected, and what a run has observed.

A test of a row is marked with its number, the fault and what is expected, and returns what it saw:

    @row(21, "a body that does not fit its MD5", "not handled, not deleted: it comes again")
    def test_a_wrong_md5(world):
        …
        return "1 skipped, 30 done"

A parameter of the test is a variant of the row. docs/faults.md tells the same rows to readers.
"""

import textwrap
from typing import NamedTuple

COLUMNS = (("row", 3), ("fault", 42), ("expected", 44), ("observed", 58))
BETWEEN = "  "


class Row(NamedTuple):
    number: int
    fault: str
    expected: str


class Seen(NamedTuple):
    row: Row
    variant: str
    observed: str


ROWS = []


def row(number, fault, expected):
    def mark(test):
        test.row = Row(number, fault, expected)
        ROWS.append(test.row)
        return test
    return mark


def table(seen):
    """The lines of it, by number, each cell wrapped to its column."""
    rule = BETWEEN.join("-" * width for _, width in COLUMNS)
    lines = [*laid_out([name for name, _ in COLUMNS]), rule]
    for each in sorted(seen, key=lambda each: each.row.number):
        fault = each.row.fault + (f": {each.variant}" if each.variant else "")
        lines += laid_out([str(each.row.number), fault, each.row.expected, each.observed])
    return lines


def laid_out(cells):
    columns = [textwrap.wrap(text, width) or [""] for text, (_, width) in zip(cells, COLUMNS)]
    height = max(map(len, columns))
    for column in columns:
        column += [""] * (height - len(column))
    return [BETWEEN.join(part.ljust(width) for part, (_, width) in zip(line, COLUMNS)).rstrip()
            for line in zip(*columns)]
