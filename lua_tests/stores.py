"""The places that widgets go to, each read by the judge: files, boto3, sqlite3.

    store.url         what the program is told
    store.widgets()   the key of the exercise -> the widget, flat (judge.flat)
    store.items()     (tables) what stands there, attribute by attribute, as DynamoDB writes it
"""

import json

import sqlite_judge
from judge import flat, key_of

BOOK = "_tidegate"
EXPIRES = "_tidegate_expires"
LEDGERS = "ledger/"


class Objects:
    """A store of objects: the widget is their JSON."""

    is_table = False

    def widgets(self):
        return {key: flat(json.loads(body)) for key, body in self.objects().items()
                if not key.startswith(LEDGERS)}


class FileStore(Objects):
    kind = "file"
    url = "file:out"

    def __init__(self, program, _aws):
        self.directory = program.directory / "out"

    def create(self):
        """The program makes it."""

    def objects(self):
        paths = [path.relative_to(self.directory) for path in sorted(self.directory.rglob("*"))
                 if path.is_file()]
        return {str(path): (self.directory / path).read_bytes() for path in paths
                if path.parts[0] != ".tidegate"}


class S3Store(Objects):
    kind = "s3"
    url = "s3://widgets"

    def __init__(self, _program, aws):
        self.aws = aws

    def create(self):
        self.aws.create_bucket("widgets")

    def objects(self):
        return self.aws.objects("widgets")


class Items:
    """A store of items: each attribute of the widget is one of the item's, and a string."""

    is_table = True
    key = "id"

    def widgets(self):
        found = [widget_of(item, self.key) for item in self.items()
                 if item.keys() != {self.key, BOOK, EXPIRES}]
        return {key_of({**each, "widgetId": each["id"]}): each for each in found}


def widget_of(item, key="id"):
    """The widget, flat. The book is the only attribute that a request does not name."""
    for name, value in item.items():
        assert name == BOOK or list(value) == ["S"], (name, value)
    widget = {name: value["S"] for name, value in item.items() if name != BOOK}
    widget["id"] = widget.pop(key)
    return widget


class DynamoStore(Items):
    kind = "dynamodb"

    def __init__(self, _program, aws, key="id"):
        self.aws = aws
        self.key = key
        self.url = "dynamodb://widgets" + (f"?key={key}" if key != "id" else "")

    def create(self):
        self.aws.create_table("widgets", self.key)

    def items(self):
        return self.aws.items("widgets")


class SqliteStore(Items):
    kind = "sqlite"

    def __init__(self, program, _aws, key="id"):
        self.key = key
        self.file = program.directory / "store.db"
        self.url = "sqlite:store.db" + (f"?key={key}" if key != "id" else "")

    def create(self):
        """The program makes it."""

    def items(self):
        return sqlite_judge.items(self.file, "widgets")


STORES = {each.kind: each for each in (FileStore, S3Store, DynamoStore, SqliteStore)}
