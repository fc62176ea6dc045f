"""Each header has the guard its path asks for, and compiles with nothing before it."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

PACKAGES = ("lua5.4", "libcurl", "libcrypto", "expat", "sqlite3")


def guard_of(path):
    return "TIDEGATE_" + re.sub(r"\W", "_", path.removeprefix("src/")).upper()


def check_guard(tree, file):
    """The guard comes first and closes last; nothing but comments stands outside it."""
    guard = guard_of(file.path)
    texts = [text for _, _, text in file.tokens]
    if texts[:6] != ["#", "ifndef", guard, "#", "define", guard] or texts[-2:] != ["#", "endif"]:
        line = file.tokens[0][0] if file.tokens else 1
        tree.complain(file.path, line, f"the include guard must be {guard}")


def output(command):
    """Status, standard output and standard error, in a language that can be read by program."""
    environment = {**os.environ, "LC_ALL": "C"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    return run.returncode, run.stdout, run.stderr


def compile_alone(path, flags):
    """The first thing the compiler has against the header, or nothing."""
    command = ["cc", "-std=c11", "-D_GNU_SOURCE", "-Isrc", *flags, "-fsyntax-only", "-x", "c", path]
    status, _, said = output(command)
    return (re.findall(r"error: (.*)", said) + [said])[0] if status else ""


def check(tree):
    headers = [file for file in tree.src if file.path.endswith(".h")]
    for file in headers:
        check_guard(tree, file)
    flags = output(["pkg-config", "--cflags", *PACKAGES])[1].split()
    paths = [file.path for file in headers]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, error in zip(paths, pool.map(lambda path: compile_alone(path, flags), paths)):
            if error:
                tree.complain(path, 1, f"does not compile alone: {error}")
