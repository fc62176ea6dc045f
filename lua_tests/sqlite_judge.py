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
    """All of a queue, visible or not, oldest first; none when there is no such queue."""
    if not rows(file, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", queue):
        return []
    found = rows(file, f'SELECT body, attributes, receives FROM "{queue}" ORDER BY n')
    return [Message(body.encode(), json.loads(attributes), receives)
            for body, attributes, receives in found]


def leased(file, queue):
    """How many messages somebody has in hand."""
    [[count]] = rows(file, f'SELECT count(*) FROM "{queue}" WHERE visible_ms > 0 AND receives > 0')
    return count


def items(file, table):
    """The items as DynamoDB writes them, each under its own key."""
    return [json.loads(item) for (item,) in rows(file, f'SELECT item FROM "{table}" ORDER BY 1')]


def rows(file, query, *values):
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return connection.execute(query, values).fetchall()
