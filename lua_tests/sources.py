"""The places that requests come from, each filled and read by the judge: files, boto3, sqlite3.

    source.url      what the program is told
    source.fill(requests)   name -> body, in that order; when they were sent, in ms
    source.left()   how many are still there, leased or not; parked ones do not count
    source.parked() what was put aside

Only the sqlite queue is filled through the program itself, by a script of a few lines.
"""

import hashlib
import json
import time
from typing import NamedTuple

import sqlite_judge
from stand_in.harness import StandIn

SEND = """
local tide = require "tidegate"
local requests = assert(tide.bucket "file:to-send")
local queue = assert(tide.queue(..., { create = true }))
for entry in requests:each {} do
  assert(queue:send((assert(requests:get(entry.key)))))
end
"""


class Parked(NamedTuple):
    body: bytes
    attributes: dict


class Sent(NamedTuple):
    """The ms of the clock between which all was sent; or the time that each name tells."""
    first: int = 0
    last: int = 0

    def fits(self, name, attributes):
        sent = int(attributes["tidegate-sent-at"])
        return self.first <= sent <= self.last if self.last else sent == int(name)


def now_ms():
    return time.time_ns() // 1_000_000


def write_files(directory, requests):
    directory.mkdir(exist_ok=True)
    for name, body in requests.items():
        (directory / name).write_bytes(body)


class FileSource:
    kind = "file"
    takes_anything = True
    url = "file:in"

    def __init__(self, program, _aws):
        self.directory = program.directory / "in"

    def create(self):
        self.directory.mkdir()

    def fill(self, requests):
        write_files(self.directory, requests)
        return Sent()

    def left(self):
        return sum(path.is_file() for path in self.directory.iterdir())

    def parked(self):
        folder = self.directory / "parked"
        paths = sorted(folder.iterdir()) if folder.exists() else []
        return [Parked(path.read_bytes(), self._metadata(f"parked/{path.name}", path))
                for path in paths]

    def _metadata(self, key, path):
        """What stands beside the object; the file's form is told in src/local/sidecar.h."""
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        etag = hashlib.md5(path.read_bytes()).hexdigest()
        folder = self.directory / ".tidegate" / "meta" / key_hash[:2] / key_hash[2:]
        lines = (folder / etag).read_text().splitlines()
        return dict(line[len("meta "):].split(": ", 1) for line in lines
                    if line.startswith("meta "))


class S3Source:
    kind = "s3"
    takes_anything = True
    url = "s3://requests"

    def __init__(self, _program, aws):
        self.aws = aws

    def create(self):
        self.aws.create_bucket("requests")

    def fill(self, requests):
        for name, body in requests.items():
            self.aws.s3.put_object(Bucket="requests", Key=name, Body=body)
        return Sent()

    def keys(self, prefix=""):
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket="requests", Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def left(self):
        return sum(not key.startswith("parked/") for key in self.keys())

    def parked(self):
        found = [self.aws.s3.get_object(Bucket="requests", Key=key)
                 for key in self.keys("parked/")]
        return [Parked(each["Body"].read(), each["Metadata"]) for each in found]


class SqsSource:
    kind = "sqs"
    takes_anything = False
    url = "sqs://requests"

    def __init__(self, _program, aws, **queue):
        self.aws = aws
        self.settings = queue

    def create(self):
        self.queue = self.aws.create_queue("requests", dead_letter="dead",
                                           **{"max_receives": 5, **self.settings})

    def fill(self, requests):
        first = now_ms()
        self.aws.send(self.queue, [body.decode() for body in requests.values()])
        return Sent(first, now_ms())

    def left(self):
        return sum(self.aws.left_in(self.queue).values())

    def wait_until_leased(self, count):
        self.aws.wait_until(lambda: self.aws.left_in(self.queue)["in_flight"] >= count)

    def parked(self):
        dead = self.aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"]
        return [Parked(each["Body"].encode(), attributes_of(each))
                for each in self.aws.take_all(dead)]


def attributes_of(message):
    return {name: value["StringValue"]
            for name, value in message.get("MessageAttributes", {}).items()}


class SqliteSource:
    kind = "sqlite"
    takes_anything = False
    url = "sqlite:queue.db"

    def __init__(self, program, _aws):
        self.program = program
        self.file = program.directory / "queue.db"

    def create(self):
        self.fill({})

    def fill(self, requests):
        write_files(self.program.directory / "to-send", requests)
        (self.program.directory / "send.lua").write_text(SEND)
        first = now_ms()
        result = self.program.run("./send.lua", self.url)
        assert result.returncode == 0, result.stderr
        for name in requests:
            (self.program.directory / "to-send" / name).unlink()
        return Sent(first, now_ms())

    def left(self):
        return len(sqlite_judge.messages(self.file, "requests"))

    def wait_until_leased(self, count):
        StandIn.wait_until(lambda: sqlite_judge.leased(self.file, "requests") >= count)

    def parked(self):
        return [Parked(each.body, each.attributes)
                for each in sqlite_judge.messages(self.file, "requests-parked")]


SOURCES = {each.kind: each for each in (FileSource, S3Source, SqsSource, SqliteSource)}


def request(number, **members):
    """A create as bytes; members replace or add, None takes one away."""
    whole = {"type": "create", "requestId": f"request-{number}", "widgetId": f"widget-{number}",
             "owner": "Sue Smith", "label": f"label {number}", "description": "of a test",
             "otherAttributes": [{"name": "color", "value": "red"}], **members}
    return json.dumps({name: value for name, value in whole.items()
                       if value is not None}).encode()
