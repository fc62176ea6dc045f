"""Messages so large that all that fit the slots would not fit into memory: fewer are taken."""

import os

COUNT, BYTES = 64, 16 * 2**20        # 1 GiB
PROGRAM = """
local tide = require "tidegate"
local lengths = {}
local summary = assert(tide.consume(assert(tide.queue "file:in"), function(message)
  lengths[#message.body] = (lengths[#message.body] or 0) + 1
  tide.sleep(0.01)
  return tide.done()
end, { until_empty = true }))
print(summary.done, lengths[%d])
"""


def peak_of(process):
    """Its exit code, and the most memory that it ever held, in bytes."""
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024


def test_large_messages_are_taken_a_few_at_a_time(offline):
    """The files are holes: nothing is written."""
    (offline.directory / "in").mkdir()
    for number in range(COUNT):
        with open(offline.directory / "in" / f"{number:02}", "wb") as file:
            file.truncate(BYTES)
    (offline.directory / "program.lua").write_text(PROGRAM % BYTES)
    process = offline.start("./program.lua")
    out = process.stdout.read()
    code, peak = peak_of(process)
    assert code == 0, process.stderr.read()
    assert out.split() == [str(COUNT), str(COUNT)]
    assert peak < COUNT * BYTES / 2
