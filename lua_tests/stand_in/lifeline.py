"""The end of the server when the process that wanted it has ended, however it ended.

Two lines are held: a pidfd of the parent (any process by --parent), and standard input where that
is a pipe or a socket. When either ends, so does the server. There is nothing to poll.
"""

import asyncio
import os
import stat
import sys


def hold(parent, stop):
    """Calls `stop` when the parent ends or stdin closes. `parent` 0 holds stdin alone."""
    loop = asyncio.get_running_loop()
    if parent:
        hold_process(loop, parent, stop)
    if sys.stdin is not None and is_stream(sys.stdin.fileno()):
        loop.add_reader(sys.stdin.fileno(), drain, sys.stdin.fileno(), loop, stop)


def hold_process(loop, pid, stop):
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        stop()
        return
    loop.add_reader(pidfd, stop)


def is_stream(fd):
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def drain(fd, loop, stop):
    if not os.read(fd, 4096):
        loop.remove_reader(fd)
        stop()
