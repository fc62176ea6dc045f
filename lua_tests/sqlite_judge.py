"""A SQLite file as the judge reads it, with Python's own sqlite3."""

import json
import sqlite3
from contextlib import closing
from typing import NamedTuple


class Message(NamedTuple):
    body: bytes
    attributes: dict
    receive_count: int


def messages(file, queue):
    raise NotImplementedError


def items(file, table):
    raise NotImplementedError


def rows(file, query, *values):
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return connection.execute(query, values).fetchall()
