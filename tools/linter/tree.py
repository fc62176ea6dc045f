"""The tree under inspection: its files by kind, C files cut into tokens, the complaints."""

import re
from functools import cached_property
from pathlib import Path

TOKEN = re.compile(r"""
    (?P<space>(?:[ \t\r\f\v]|\\\n)+) | (?P<newline>\n)
  | (?P<comment>//[^\n]* | /\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
  | (?P<word>[A-Za-z_]\w*) | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<mark>->|.)
""", re.S | re.X)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', re.M)


def blanked(match):
    """A comment as blanks of the same shape, any other token as it is."""
    text = match.group()
    return re.sub(r"[^\n]", " ", text) if match.lastgroup == "comment" else text


class CFile:
    def __init__(self, path):
        self.path = path
        self.text = Path(path).read_text(encoding="utf-8", errors="replace")
        self.layer = path.split("/")[1] if path.count("/") > 1 else "main"

    @cached_property
    def tokens(self):
        """(line, kind, text) of each word, number, string and mark; comments are no tokens."""
        found, line = [], 1
        for match in TOKEN.finditer(self.text):
            if match.lastgroup not in ("space", "newline", "comment"):
                found.append((line, match.lastgroup, match.group()))
            line += match.group().count("\n")
        return found

    @cached_property
    def includes(self):
        """(line, name, is_ours) of each #include that stands outside comments."""
        text = TOKEN.sub(blanked, self.text)
        return [(text.count("\n", 0, match.start()) + 1, match.group(2), match.group(1) == '"')
                for match in INCLUDE.finditer(text)]

    def calls(self, names):
        """(line, name) of each token in `names` that is called as a function, not as a member."""
        before = [(0, "", ""), *self.tokens]
        for previous, (line, kind, text), following in zip(before, self.tokens, self.tokens[1:]):
            if kind == "word" and text in names and following[2] == "(":
                if previous[2] not in (".", "->"):
                    yield line, text


class Tree:
    def __init__(self):
        self.complaints = set()
        self.src = [CFile(path) for path in find("src", "*.[ch]")]
        self.c_tests = [CFile(path) for path in find("c_tests", "*.[ch]")]
        self.lua = find("scripts lua_tests examples tools", "*.lua")
        programs = [(path, first_line(path)) for path in find("tools .ci", "*")]
        self.python = find("lua_tests tools", "*.py")
        self.python += [path for path, line in programs if "python" in line]
        self.shell = [path for path, line in programs if line.endswith(("/sh", "bash"))]
        self.shell += find("share", "*.bash")

    def complain(self, path, line, message):
        self.complaints.add((path, line, message))

    def file_count(self):
        kinds = (self.src, self.c_tests, self.lua, self.python, self.shell)
        return sum(len(kind) for kind in kinds)


def find(tops, pattern):
    """The files below the named directories, in order."""
    return [str(path) for top in tops.split() for path in sorted(Path(top).rglob(pattern))
            if path.is_file() and "__pycache__" not in path.parts]


def first_line(path):
    """The interpreter line of a program, or nothing."""
    with open(path, "rb") as file:
        line = file.readline(200)
    return line.decode("utf-8", "replace").strip() if line.startswith(b"#!") else ""
