"""luacheck over the Lua files, shellcheck over the shell programs."""

import re
import subprocess

ROW = re.compile(r"^(.*?):(\d+):\d+: (.*)$", re.M)


def run(tree, command, paths):
    done = subprocess.run([*command, *paths], capture_output=True, text=True)
    rows = ROW.findall(done.stdout)
    for path, line, message in rows:
        tree.complain(path, int(line), f"{command[0]}: {message}")
    if done.returncode and not rows:
        tree.complain(paths[0], 1, f"{command[0]}: {(done.stderr or done.stdout).strip()}")


def check(tree):
    if tree.lua:
        run(tree, ["luacheck", "--codes", "--no-color", "--formatter", "plain", "-q"], tree.lua)
    if tree.shell:
        run(tree, ["shellcheck", "--format=gcc"], tree.shell)
