"""Interleavings of the calls of several consumers, one schedule a seed, with deaths at any call.

Each schedule handles one history in memory (support/schedules.lua). Where somebody dies, a bucket
may be left with a widget that its ledger does not know (docs/delivery.md): those are counted, and
reconciling must mend each. Whatever else ends wrong is shown with the calls that led there. To
watch a seed by hand, see explore.lua.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

EXPLORE = Path(__file__).with_name("explore.lua")
SCHEDULES = 200_000
PARTS = 20                           # shared out to as many programs at once as there are cores
SHOWN = 3


def explore(program, kind, kills, seeds):
    result = program.directory / f"{seeds[0]}.json"
    done = program.run("test", EXPLORE, KIND=kind, KILLS=str(kills), FIRST=str(seeds[0]),
                       LAST=str(seeds[-1]), RESULT=str(result))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(result.read_text())


@pytest.mark.parametrize("kills", [0, 4], ids=["nobody dies", "four may die"])
@pytest.mark.parametrize("kind", ["bucket", "table"])
def test_every_interleaving_ends_as_the_model(offline, tell, kind, kills):
    size = SCHEDULES // PARTS
    parts = [range(1 + part * size, 1 + (part + 1) * size) for part in range(PARTS)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda seeds: explore(offline, kind, kills, seeds), parts))
    wrong = [each for part in found for each in part["wrong"]]
    ran, killed = (sum(part[name] for part in found) for name in ("ran", "killed"))
    tell(f"interleavings, {kind}: {ran} schedules, {killed} consumers died, {len(wrong)} ended "
         f"wrong until they were reconciled")
    if kills:
        wrong = [each for each in wrong if not each["mended"]]
    traces = sorted((each["trace"] for each in wrong if each["trace"]), key=len)[:SHOWN]
    assert not wrong, "\n\n".join([
        f"{len(wrong)} of {ran} schedules ended wrong: {[each['seed'] for each in wrong]}",
        *traces])
    assert ran == SCHEDULES and (killed > ran) == (kills > 0)
