"""docs/faults.md and the code tell the same rows of the table of faults."""

import importlib
import re

import pytest

from blocks import TOP
from proofs.faults import rows

PAGE = TOP / "docs" / "faults.md"
LAST = 84


@pytest.fixture(scope="module")
def proved():
    for path in sorted((TOP / "lua_tests" / "proofs" / "faults").glob("test_*.py")):
        importlib.import_module(f"proofs.faults.{path.stem}")
    return [tuple(map(str, each)) for each in rows.ROWS]


def table(heading):
    """The cells of the rows of the table under that heading."""
    text = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
            for line in lines]


def test_the_page_tells_what_is_proved(proved):
    told = [tuple(cells[:3]) for cells in table("What concerns delivery")]
    assert sorted(told) == sorted(proved) and len(set(told)) == len(told)
    assert all(cells[3] for cells in table("What concerns delivery"))


def test_the_other_tests_exist():
    for _, _, tests in table("What other tests prove"):
        found = re.findall(r"(?:c|lua)_tests/[\w.]+", tests)
        assert found and all((TOP / each).exists() for each in found), tests


def test_every_row_has_its_place(proved):
    """In one of the two tables, or in the sentence about the rest."""
    rest = re.search(r"^Not yet:.*$", PAGE.read_text(), re.M)[0]
    named = {int(number) for number in re.findall(r"\b\d+\b", rest)}
    for first, last in re.findall(r"(\d+) to (\d+)", rest):
        named |= set(range(int(first), int(last) + 1))
    named |= {int(number) for number, *_ in [*proved, *table("What other tests prove")]}
    assert named >= set(range(1, LAST + 1)), set(range(1, LAST + 1)) - named
