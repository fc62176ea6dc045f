"""Handlers that go wrong in every way, on a queue: their message goes back and is parked in the
end, and its neighbours finish."""

import pytest

from stand_in.harness import StandIn

NEIGHBOURS = 12
SHORT, LONG = 0.3, 60                # s of CPU; memory must be eaten up before they are over

HANDLER = """
local tide = require "tidegate"
local summary = assert(tide.consume(assert(tide.queue "sqs://requests"), function(message)
  if message.body == "bad" then {trouble} end
  return tide.done()
end, {{ until_empty = true, wait = 0, concurrency = 8 }}))
print(summary.done, summary.parked, summary.balanced)
"""

BAD = {
    "raises": ("error 'no such thing'", "no such thing"),
    "returns nothing": ("return", "returned nothing"),
    "loops": ("while true do end", "CPU time"),
    "catches its end": ("while true do pcall(function() while true do end end) end", "CPU time"),
    "eats all memory": ("local t = {} while true do t[#t + 1] = ('x'):rep(2 ^ 20) .. #t end",
                        "not enough memory"),
}


def prepare(aws, max_receives, visibility):
    url = aws.create_queue("requests", dead_letter="dead", max_receives=max_receives,
                           visibility=visibility)
    aws.send(url, [f"good {i}" for i in range(NEIGHBOURS // 2)] + ["bad"]
             + [f"good {i}" for i in range(NEIGHBOURS // 2, NEIGHBOURS)])
    return url


def start(tidegate, trouble, cpu_limit):
    (tidegate.directory / "program.lua").write_text(HANDLER.format(trouble=trouble))
    return tidegate.run("./program.lua", "--cpu-limit", cpu_limit, "--memory-limit", "48")


def the_parked_one(aws):
    dead = aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    (message,) = aws.take_all(dead)
    assert message["Body"] == "bad"
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


@pytest.mark.parametrize("how", BAD)
def test_it_goes_back_and_is_parked_after_max_receives(aws, tidegate, how):
    trouble, words = BAD[how]
    url = prepare(aws, max_receives=3, visibility=30)
    result = start(tidegate, trouble, SHORT if words == "CPU time" else LONG)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == [str(NEIGHBOURS), "1", "true"]
    told = the_parked_one(aws)
    assert told["tidegate-receive-count"] == "2" and words in told["tidegate-error"]
    assert told["tidegate-reason"] == "gave up after 2 receives: the handler failed"
    assert aws.left_in(url) == {"visible": 0, "in_flight": 0, "delayed": 0}


def test_what_ends_the_process_is_parked_before_it_does_so_again(aws, tidegate):
    """The lease is short, so that the restarts need not wait for long ones."""
    url = prepare(aws, max_receives=4, visibility=2)
    for _ in range(10):
        result = start(tidegate, "string.find(('a'):rep(400), '.-.-.-.-.-b$')", 0.05)
        if result.returncode == 0:
            break
        assert result.returncode == 70, result.stderr
        StandIn.wait_until(lambda: aws.left_in(url)["in_flight"] == 0)
    assert result.returncode == 0, result.stderr
    told = the_parked_one(aws)
    assert told["tidegate-reason"] == "received too often without a verdict"
    assert told["tidegate-receive-count"] == "4" and "tidegate-error" not in told
    assert aws.left_in(url) == {"visible": 0, "in_flight": 0, "delayed": 0}
