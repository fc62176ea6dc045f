"""--conflicts NAME: which policy decides, one's own among them, and which names are refused."""

import json

import pytest

from reading import ledger
from sources import SOURCES

OWN = """
local tide = require "tidegate"
return { missing = function() return tide.park "no widget, says my policy" end }
"""
ON_TOP = """
local tide = require "tidegate"
local conflicts = require "tidegate.builtin.conflicts"
function conflicts.missing() return tide.park "no widget, says my conflicts.lua" end
return conflicts
"""
FROM_NOTHING = "return { missing = function() end }"


def request(kind, number):
    return json.dumps({"type": kind, "requestId": f"r{number}", "widgetId": "w1",
                       "owner": "Sue Smith"}).encode()


@pytest.fixture
def source(offline):
    found = SOURCES["file"](offline, None)
    found.create()
    found.fill({"1": request("update", 1)})
    return found


def consume(program, *more, **environment):
    return program.run("consume", "file:in", "file:out", "--until-empty", "--summary",
                       *more, **environment)


def write_script(program, name, text):
    path = program.directory / "scripts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return "--scripts", "scripts"


def test_patient_waits_and_parks_with_the_reason(offline, source):
    result = consume(offline, "--max-receives", "2", TIDEGATE_CONFLICTS="patient")
    assert result.returncode == 0, result.stderr
    assert ledger(result.stdout)["retried"] == ledger(result.stdout)["parked"] == 1
    [parked] = source.parked()
    assert parked.attributes["tidegate-reason"] == (
        "gave up after 2 receives: there is no widget to update: "
        "its create has not come, or has failed")


def test_patient_applies_what_came_before_its_create(offline, source):
    source.fill({"2": request("create", 2)})
    result = consume(offline, "--conflicts", "patient")
    assert result.returncode == 0, result.stderr
    assert "1 created" in result.stdout and "1 updated" in result.stdout


@pytest.mark.parametrize("name, text, policy, reason", [
    ("conflicts/mine.lua", OWN, "mine", "no widget, says my policy"),
    ("conflicts/warn.lua", OWN, "warn", "no widget, says my policy"),
    ("conflicts.lua", ON_TOP, "patient", "no widget, says my conflicts.lua"),
])
def test_a_policy_of_ones_own_decides(offline, source, name, text, policy, reason):
    result = consume(offline, *write_script(offline, name, text), "--conflicts", policy)
    assert result.returncode == 0, result.stderr
    assert [each.attributes["tidegate-reason"] for each in source.parked()] == [reason]


def test_what_ones_own_warn_leaves_out_is_built_in(offline, source):
    source.fill({"2": request("create", 2), "3": request("create", 3)})
    result = consume(offline, *write_script(offline, "conflicts/warn.lua", OWN))
    assert result.returncode == 0, result.stderr
    assert "1 created" in result.stdout and "1 replaced" in result.stdout


@pytest.mark.parametrize("name, text, policy, said", [
    ("other.lua", OWN, "wran", "there is no policy 'wran'"),
    ("conflicts.lua", ON_TOP, "converge", "converge does not ask conflicts.missing"),
    ("conflicts.lua", FROM_NOTHING, "patient", "your conflicts.lua decides"),
])
def test_what_cannot_be_meant_is_refused(offline, source, name, text, policy, said):
    result = consume(offline, *write_script(offline, name, text), "--conflicts", policy)
    assert result.returncode == 64 and f"--conflicts: {said}" in result.stderr, result.stderr
    assert source.left() == 1


def test_a_broken_policy_names_file_and_line(offline, source):
    scripts = write_script(offline, "conflicts/mine.lua", "return {\n}}\n")
    result = consume(offline, *scripts, "--conflicts", "mine")
    assert result.returncode == 78 and "conflicts/mine.lua:2:" in result.stderr, result.stderr
    assert source.left() == 1
