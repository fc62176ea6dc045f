"""python -m stand_in: starts the server and stays until it is told to end or left alone."""

import argparse
import asyncio
import os

from . import JUDGE_KEY, JUDGE_SECRET, PROGRAM_KEY, PROGRAM_SECRET
from .server import run


def options():
    parser = argparse.ArgumentParser(prog="stand_in", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--ready-file", help="gets the port, when the server listens")
    add("--log", help="gets one JSON line for each call")
    add("--access-key", default=PROGRAM_KEY)
    add("--secret-key", default=PROGRAM_SECRET)
    add("--session-token", help="the program's key is good with this token only")
    add("--judge-access-key", default=JUDGE_KEY,
        help="calls with this key are not counted and never disturbed")
    add("--judge-secret-key", default=JUDGE_SECRET)
    add("--delay-ms", type=float, default=0, help="delay of every call")
    add("--sqs-endpoint", metavar="URL",
        help="hand SQS calls on to the server there (its queues outlive a reset)")
    add("--parent", type=int, default=os.getppid(),
        help="the process to end with (default: the one that started this; 0: none)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(run(options()))
