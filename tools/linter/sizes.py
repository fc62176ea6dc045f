"""How long a line, a function and a file may be."""

import ast
import re
import subprocess
from pathlib import Path
from statistics import median

COLUMNS = 100
C_FUNCTION, C_FUNCTION_MEDIAN, C_FILE = 60, 12, 500
SCRIPT_FUNCTION, SCRIPT_FILE = 50, 300
# The body of one of these holds the tests of a whole file.
SPEC_BLOCK = re.compile(r"\s*(describe|context|insulate|expose)\b.*\bfunction\b")
# Our macros that stand where a function's name or type is looked for.
CTAGS = ("ctags", "-I", "UNITTEST,MUSTCHECK,PRINTF+", "--languages=C", "--langmap=C:.c.h",
         "--c-kinds=f", "--fields=+ne", "--sort=no", "-f", "-")


def check_file(tree, path, limit):
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) > limit:
        tree.complain(path, limit + 1, f"the file has {len(lines)} lines, more than {limit}")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            tree.complain(path, number, f"the line has {len(line)} columns, more than {COLUMNS}")


def check_function(tree, path, line, name, length, limit):
    if length > limit:
        tree.complain(path, line, f"function {name} has {length} lines, more than {limit}")


def c_functions(paths):
    """(path, line, name, length) of each function that has a body."""
    if not paths:
        return
    rows = subprocess.run([*CTAGS, *paths], capture_output=True, text=True, check=True).stdout
    for row in rows.splitlines():
        name, path, rest = row.split("\t", 2)
        start, end = (int(re.search(rf"\t{key}:(\d+)", rest)[1]) for key in ("line", "end"))
        yield path, start, name, end - start + 1


def check_c(tree):
    lengths = []
    for path, line, name, length in c_functions([file.path for file in tree.src + tree.c_tests]):
        check_function(tree, path, line, name, length, C_FUNCTION)
        if path.startswith("src/"):
            lengths.append(length)
    if lengths and median(lengths) > C_FUNCTION_MEDIAN:
        found = f"{median(lengths):g} lines, more than {C_FUNCTION_MEDIAN}"
        tree.complain("src", 1, f"the median function has {found}")
    for file in tree.src + tree.c_tests:
        check_file(tree, file.path, C_FILE)


def check_lua(tree, path):
    """luac lists each function with its first and last line; it also knows what is not Lua."""
    check_file(tree, path, SCRIPT_FILE)
    run = subprocess.run(["luac5.4", "-p", "-l", "--", path], capture_output=True, text=True)
    if run.returncode:
        line, message = re.search(r":(\d+): (.*)", run.stderr).groups()
        tree.complain(path, int(line), message)
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    for first, last in re.findall(r"^function <.*:(\d+),(\d+)>", run.stdout, re.M):
        first, last = int(first), int(last)
        if not (path.endswith("_spec.lua") and SPEC_BLOCK.match(lines[first - 1])):
            length = last - first + 1
            check_function(tree, path, first, f"at line {first}", length, SCRIPT_FUNCTION)


def check_python(tree, path):
    check_file(tree, path, SCRIPT_FILE)
    try:
        nodes = ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
    except SyntaxError as error:
        tree.complain(path, error.lineno or 1, error.msg)
        return
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            check_function(tree, path, node.lineno, node.name, length, SCRIPT_FUNCTION)


def check(tree):
    check_c(tree)
    for path in tree.lua:
        check_lua(tree, path)
    for path in tree.python:
        check_python(tree, path)
    for path in tree.shell:
        check_file(tree, path, SCRIPT_FILE)
