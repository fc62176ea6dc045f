"""What a person does who changes scripts: shadow a built-in, make a mistake, loop for ever."""

import json
import os
import shutil
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "routes-by-owner" / "routes.lua"


def request(number, owner):
    return json.dumps({"type": "create", "requestId": f"r{number}", "widgetId": f"w{number}",
                       "owner": owner}).encode()


def scripts_with(directory, **files):
    folder = directory / "scripts"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.lua").write_text(text)
    return folder


def fill(directory, **bodies):
    (directory / "in").mkdir(exist_ok=True)
    for name, body in bodies.items():
        (directory / "in" / name).write_bytes(body)


def test_the_example_sends_one_owner_elsewhere(aws, tidegate):
    assert len(EXAMPLE.read_text().splitlines()) <= 12
    folder = scripts_with(tidegate.directory)
    shutil.copy(EXAMPLE, folder)
    for bucket in ("widgets", "sue-widgets"):
        aws.create_bucket(bucket)
    fill(tidegate.directory, a=request(1, "Sue Smith"), b=request(2, "Henry Hops"))
    result = tidegate.run("--scripts", folder, "consume", "file:in", "s3://widgets",
                          "--until-empty", SUES_BUCKET="s3://sue-widgets")
    assert result.returncode == 0, result.stderr
    assert list(aws.objects("sue-widgets")) == ["widgets/sue-smith/w1"]
    assert list(aws.objects("widgets")) == ["widgets/henry-hops/w2"]


def test_a_syntax_error_names_file_and_line(offline):
    scripts_with(offline.directory, routes="local M = {}\nlocal x = = 1\nreturn M\n")
    fill(offline.directory, a=request(1, "Sue Smith"))
    result = offline.run("consume", "file:in", "file:out", "--until-empty", "--scripts", "scripts")
    assert result.returncode == 78
    assert "scripts/routes.lua:2:" in result.stderr
    assert (offline.directory / "in" / "a").exists()


def test_routes_that_return_nothing_are_told_before_anything_is_taken(offline):
    scripts_with(offline.directory, routes="local M = {}")
    fill(offline.directory, a=request(1, "Sue Smith"))
    result = offline.run("consume", "file:in", "file:out", "--until-empty", "--scripts", "scripts")
    assert result.returncode == 78 and "routes.lua must return" in result.stderr
    assert (offline.directory / "in" / "a").exists()


HANDLER = """
local tide = require "tidegate"
local summary = assert(tide.consume(assert(tide.queue "file:in"), function(message)
  if message.id == "b" then {trouble} end
  return tide.done()
end, {{ until_empty = true, max_receives = 1 }}))
print(summary.done, summary.parked, summary.balanced)
"""


def run_trouble(offline, trouble, *options):
    fill(offline.directory, a=b"1", b=b"2", c=b"3")
    program = offline.directory / "program.lua"
    program.write_text(HANDLER.format(trouble=trouble))
    return offline.run("./program.lua", *options)


def check_only_b_is_parked(offline, result):
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["2", "1", "true"]
    assert [path.name for path in (offline.directory / "in" / "parked").iterdir()] == ["b"]


def test_a_loop_without_end_is_stopped(offline):
    result = run_trouble(offline, "while true do end", "--cpu-limit", "0.2")
    check_only_b_is_parked(offline, result)
    assert "CPU time" in result.stderr


def test_a_loop_that_catches_its_errors_is_stopped(offline):
    trouble = "while true do pcall(function() while true do end end) end"
    check_only_b_is_parked(offline, run_trouble(offline, trouble, "--cpu-limit", "0.2"))


def test_a_loop_in_a_coroutine_of_its_own_is_stopped(offline):
    trouble = ("coroutine.wrap(function() "
               "while true do pcall(function() while true do end end) end end)()")
    check_only_b_is_parked(offline, run_trouble(offline, trouble, "--cpu-limit", "0.2"))


def test_an_error_that_takes_for_ever_to_tell_is_stopped(offline):
    trouble = "error(setmetatable({}, { __tostring = function() while true do end end }))"
    check_only_b_is_parked(offline, run_trouble(offline, trouble, "--cpu-limit", "0.2"))


def test_a_close_handler_without_end_is_stopped(offline):
    trouble = """
      local guard <close> = setmetatable({}, { __close = function() while true do end end })
      error "the handler of the guard never ends"
    end
    if not tide then"""
    check_only_b_is_parked(offline, run_trouble(offline, trouble, "--cpu-limit", "0.2"))


def test_a_handler_that_eats_all_memory_is_stopped(offline):
    trouble = "local t = {} while true do t[#t + 1] = ('x'):rep(2 ^ 20) .. #t end"
    result = run_trouble(offline, trouble, "--memory-limit", "64", "--cpu-limit", "60")
    check_only_b_is_parked(offline, result)
    assert "not enough memory" in result.stderr


PATTERN = "string.find(('a'):rep(400), '.-.-.-.-.-b$')"


def test_what_no_limit_can_stop_is_parked_in_the_next_life(offline):
    result = run_trouble(offline, PATTERN, "--cpu-limit", "0.1")
    check_only_b_is_parked(offline, result)
    assert "(message b); starting anew" in result.stderr


def test_several_that_no_limit_can_stop_are_parked_one_after_the_other(offline):
    fill(offline.directory, **{f"x{i}": b"?" for i in range(3)})
    program = offline.directory / "program.lua"
    text = HANDLER.format(trouble=PATTERN)
    program.write_text(text.replace('message.id == "b"', 'message.body == "?"'))
    result = offline.run("./program.lua", "--cpu-limit", "0.1")
    assert result.returncode == 0, result.stderr
    assert sorted(os.listdir(offline.directory / "in" / "parked")) == ["x0", "x1", "x2"]


def test_what_no_limit_can_stop_ends_a_program_that_handles_no_message(offline):
    program = offline.directory / "own.lua"
    program.write_text(PATTERN)
    result = offline.run("./own.lua", "--cpu-limit", "0.1")
    assert result.returncode == 70 and "cannot be stopped; exiting" in result.stderr


def test_a_program_of_ones_own_gets_its_arguments_and_sets_the_exit_code(offline):
    program = offline.directory / "own.lua"
    program.write_text("local a, b = ...\nprint(a .. b)\nreturn 7\n")
    result = offline.run("./own.lua", "x", "y")
    assert (result.returncode, result.stdout) == (7, "xy\n")


def test_unknown_commands_and_options_are_refused_by_name(offline):
    for arguments in (["chekc"], ["consume", "file:a", "file:b", "--cocurrency", "3"],
                      ["consume", "sqs://a?x=1", "file:b"], ["consume", "ftp:a", "file:b"],
                      ["consume", "file:a"], ["plan", "file:a", "file:b"]):
        result = offline.run(*arguments)
        assert result.returncode == 64, (arguments, result.stderr)
    assert "cocurrency" in offline.run("consume", "file:a", "file:b", "--cocurrency=3").stderr
    assert "'x'" in offline.run("consume", "sqs://a?x=1", "file:b", AWS_REGION="us-east-1").stderr \
        or '"x"' in offline.run("consume", "sqs://a?x=1", "file:b").stderr


def test_a_folder_of_scripts_that_is_not_there_is_told(offline):
    fill(offline.directory, a=request(1, "Sue Smith"))
    result = offline.run("consume", "file:in", "file:out", "--until-empty", "--scripts", "nowhere")
    assert result.returncode == 78 and "nowhere" in result.stderr
    assert (offline.directory / "in" / "a").exists()


def test_scripts_see_no_way_to_block_or_leave(offline):
    program = offline.directory / "own.lua"
    program.write_text("print(io, debug, load, dofile, loadfile, os.exit, os.execute)")
    result = offline.run("./own.lua")
    assert result.stdout.split() == ["nil"] * 7
    assert os.listdir(offline.directory) == ["own.lua"]
