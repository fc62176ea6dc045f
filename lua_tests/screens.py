"""A terminal for a test: what a program writes to it, and what a person sees there in the end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

COLUMNS = 40
COLOUR = re.compile(r"\x1b\[\d+m")


class Terminal:
    """A program whose stderr, and stdout if told, is a terminal of 40 columns."""

    def __init__(self, offline, *arguments, stdout=False, term="xterm", columns=COLUMNS):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [offline.path, *map(str, arguments)], cwd=offline.directory, stdin=subprocess.DEVNULL,
            env={**offline.environment, "TERM": term}, stderr=slave,
            stdout=slave if stdout else subprocess.DEVNULL)
        os.close(slave)
        self.raw = b""

    def read_until(self, words):
        while words not in self.raw:
            self.raw += os.read(self.master, 4096)

    def end(self):
        """Everything that was written, when the program is over."""
        while True:
            try:
                more = os.read(self.master, 4096)
            except OSError:              # a terminal ends with EIO
                break
            if not more:
                break
            self.raw += more
        os.close(self.master)
        self.process.wait(60)
        return self.raw.decode()


def screen(raw, columns=COLUMNS):
    """The lines that a person sees in the end, and that no line ever ran over."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[K|.|\r|\n", COLOUR.sub("", raw), re.S):
        if token == "\x1b[K":
            lines[row] = lines[row][:column]
        elif token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            lines.append("")
        else:
            assert token.isprintable(), repr(raw)
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1:]
            column += 1
    return lines
