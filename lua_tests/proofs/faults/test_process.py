"""Rows 55 to 65: signals, kills, logs that nobody takes, and what a process needs over time."""

import os
import signal
import subprocess
import time

import pytest

from stand_in.harness import StandIn

from .rows import row
from .world import LEASE_S, complaints, ledger_of

HELD = 8
CALLS = {"a write": "PutObject", "a delete": "DeleteMessageBatch"}


def stopping(process):
    """Tells it to stop; returns when it has begun to."""
    process.send_signal(signal.SIGTERM)
    while "finishing what is in hand" not in process.stderr.readline():
        assert process.poll() is None


@pytest.mark.parametrize("during", CALLS)
@row(55, "SIGTERM while a call is under way",
     "ends what is in hand, gives back what was not begun, exits 0")
def test_a_signal_while_a_call_is_under_way(world, during):
    world.send()
    rule = world.aws.add_rule(op=CALLS[during], action="hold")
    process = world.start("--concurrency", str(HELD))
    world.wait(lambda: world.fired() >= (HELD if during == "a write" else 1))
    stopping(process)
    world.aws.drop_rules(rule)
    out, _ = world.finish(process)
    found = ledger_of(out)
    left = world.aws.left_in(world.source.queue)
    assert left["in_flight"] == 0 and found["done"] + left["visible"] == len(world.sent)
    assert found["done"] >= 1 and found["released"] + found["done"] == found["received"]
    return f"exit 0, {found['released']} released; {world.judge()}"


@row(55, "SIGTERM while a long poll is under way", "exits 0 soon; no message is taken with it")
def test_a_signal_in_a_long_poll(world):
    process = world.start("--wait", "20s", "--visibility", "60s")
    world.wait(lambda: world.aws.state()["waiting"])
    process.send_signal(signal.SIGTERM)
    out, _ = world.finish(process)
    world.wait(lambda: world.aws.state()["waiting"] == {})
    polls = world.aws.calls("ReceiveMessage")
    assert {call["ending"] for call in polls} == {"gone"} and ledger_of(out)["received"] == 0
    assert max(call["ms"] for call in polls) < 15_000, "that was the end of the poll"
    world.send(5)
    assert world.aws.left_in(world.source.queue)["visible"] == 5
    longest = max(call["ms"] for call in polls) / 1000
    return f"exit 0, polls of 20 s left after {longest:.1f} s; {world.judge()}"


@row(55, "SIGTERM twice", "the second ends it at once, with 75; nothing is lost")
def test_two_signals(world):
    world.send(HELD)
    world.aws.add_rule(op="PutObject", action="hold")
    process = world.start()
    world.wait(lambda: world.fired() == HELD)
    stopping(process)
    process.send_signal(signal.SIGTERM)
    world.finish(process, code=75)
    world.aws.drop_rules()
    found = world.judge()
    assert found.left == HELD
    return f"exit 75 with {HELD} writes under way; {found}"


MOMENTS = {
    "a receive is done, its answer is not there": ("ReceiveMessage", "after"),
    "a write is asked for": ("PutObject", "before"),
    "a write is done, its answer is not there": ("PutObject", "after"),
    "a delete is asked for": ("DeleteMessageBatch", "before"),
    "a delete is done, its answer is not there": ("DeleteMessageBatch", "after"),
}


@pytest.mark.parametrize("moment", MOMENTS)
@row(56, "SIGKILL at a moment", "the next process ends it: each effect once")
def test_a_kill(world, moment):
    operation, when = MOMENTS[moment]
    world.send()
    world.aws.add_rule(op=operation, nth=2, action="hold", when=when)
    process = world.start("--concurrency", "4")
    world.wait(lambda: world.fired() == 1)
    process.kill()
    process.communicate(timeout=60)
    done = len(world.store.widgets())
    world.aws.drop_rules()
    result = world.consume()
    assert ledger_of(result.stdout)["parked"] == 0 and "replaced" not in result.stdout
    assert world.count("PutObject", status=200) == len(world.sent)
    again = sum(count - 1 for count in world.receives().values())
    return f"killed with {done} written; {again} given again; {world.judge_all_done()}"


@row(57, "SIGSTOP for two leases, then SIGCONT, while another process does the work",
     "sees that its leases are over; its late write and delete do no harm")
def test_a_process_that_sleeps(world):
    world.send(HELD)
    rule = world.aws.add_rule(op="PutObject", times=HELD, action="hold")
    sleeper = world.start("--until-empty")
    world.wait(lambda: world.fired() == HELD)
    sleeper.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    other = world.consume()
    world.wait(lambda: time.monotonic() - stopped > 2 * LEASE_S)     # the fault itself
    asleep = time.monotonic() - stopped
    sleeper.send_signal(signal.SIGCONT)
    world.aws.drop_rules(rule)
    out, err = world.finish(sleeper)
    assert ledger_of(other.stdout)["done"] == HELD == world.count("PutObject", status=200)
    assert world.most_receives() == 2 and ledger_of(out)["parked"] == 0
    lost = [line for line in complaints(err) if "lease" in line]
    assert len(lost) == HELD
    return (f"asleep for {asleep:.1f} s; {len(lost)} leases told as lost; {HELD} late writes "
            f"refused, and known as its own; {world.judge_all_done()}")


@row(59, "nobody reads stdout and stderr any more", "the work goes on, to the end")
def test_readers_that_are_gone(world):
    world.send()
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [world.program.path, *world.command("--until-empty", "--log-file", "log")],
        cwd=world.program.directory, env=world.program.environment, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=writer)
    os.close(writer)
    code = process.wait(60)
    assert code == 0
    assert (world.program.directory / "log").read_text().count("create widget") == 30
    return f"exit 0; {world.judge_all_done()}"


@row(60, "the disk of the log is full", "the work goes on; it is said once, where it can be")
def test_a_full_disk(world):
    world.send()
    result = world.consume("--log-file", "/dev/full")
    told = [line for line in complaints(result.stderr) if "/dev/full" in line]
    assert len(told) == 1 and "No space left" in told[0]
    return f"exit 0, {len(told)} warning; {world.judge_all_done()}"


@row(60, "the directory of the log is removed", "the work goes on; reopening is said to fail")
def test_a_log_that_is_gone(world):
    log = world.program.directory / "logs" / "log"
    log.parent.mkdir()
    process = world.start("--log-file", "logs/log")
    world.send(15)
    world.wait(lambda: len(world.store.widgets()) == 15)
    log.unlink()
    log.parent.rmdir()
    process.send_signal(signal.SIGHUP)
    while "cannot be opened again" not in process.stderr.readline():
        assert process.poll() is None
    world.send(15)
    world.wait(lambda: len(world.store.widgets()) == 30)
    process.terminate()
    world.finish(process)
    return f"exit 0; {world.judge_all_done()}"


WAVES, EACH = 10, 400


def state_of(process):
    """(KiB of memory, open descriptors)."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        [line] = [line for line in file if line.startswith("VmRSS:")]
    return int(line.split()[1]), len(os.listdir(f"/proc/{process.pid}/fd"))


@row(64, f"{WAVES * EACH} messages through one process", "memory and descriptors stay as they are")
def test_what_a_process_needs(another):
    world = another(store="dynamodb")
    process = world.start("--log-level", "warn")
    found = []
    for _ in range(WAVES):
        world.send(EACH)
        StandIn.wait_until(lambda: world.count_done() == len(world.sent), 120)
        found.append(state_of(process))
    process.terminate()
    out, _ = world.finish(process)
    assert ledger_of(out)["done"] == WAVES * EACH
    settled, (last_kib, last_files) = found[2:], found[-1]
    assert last_kib <= max(kib for kib, _ in settled[:3]) * 1.1, found
    assert last_files <= max(files for _, files in settled[:3]) + 2, found
    return (f"{found[0][0]} KiB and {found[0][1]} descriptors after {EACH}, {last_kib} and "
            f"{last_files} after {WAVES * EACH}; {world.judge_all_done()}")


@row(65, "two processes with the same settings", "they share the work; no effect twice")
def test_two_processes(world):
    world.send(200)
    world.aws.add_rule(op="PutObject", action="delay", delay_ms=20)
    both = [world.start("--until-empty") for _ in range(2)]
    done = [ledger_of(world.finish(each)[0])["done"] for each in both]
    assert sum(done) == world.count("PutObject") == 200 and all(done)
    return f"{done[0]} and {done[1]} done, 200 writes; {world.judge_all_done()}"
