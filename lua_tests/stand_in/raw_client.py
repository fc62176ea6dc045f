"""A client that sends what it is told, byte by byte: for tests of what boto3 would never send.

It signs with botocore and speaks HTTP over a socket of its own; nothing is retried or hidden.
"""

import json
import socket

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from . import PROGRAM_KEY, PROGRAM_SECRET, REGION

JSON = "application/x-amz-json-1.0"
TARGETS = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810"}


class RawClient:
    def __init__(self, port, timeout=30):
        self.host = f"127.0.0.1:{port}"
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def s3(self, method, target, body=b"", **headers):
        """The bytes of a signed S3 request; a header's `_` stands for `-`."""
        return self._signed("s3", method, target, body, dashed(headers))

    def json(self, service, operation, parameters, **headers):
        """The bytes of a signed call of SQS or DynamoDB."""
        headers = {"Content-Type": JSON, "X-Amz-Target": f"{TARGETS[service]}.{operation}",
                   **dashed(headers)}
        return self._signed(service, "POST", "/", json.dumps(parameters).encode(), headers)

    def _signed(self, service, method, target, body, headers):
        auth_class = S3SigV4Auth if service == "s3" else SigV4Auth
        request = AWSRequest(method=method, url=f"http://{self.host}{target}", data=body,
                             headers={"Host": self.host, **headers})
        auth_class(Credentials(PROGRAM_KEY, PROGRAM_SECRET), service, REGION).add_auth(request)
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, method="GET"):
        """(status, headers in lower case, body) of the next answer."""
        status = int(self._file.readline().split(b" ")[1])
        headers = {}
        while (line := self._file.readline().decode().rstrip("\r\n")) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        return status, headers, self._file.read(length)

    def call(self, data):
        self.send(data)
        return self.answer(data.split(b" ", 1)[0].decode())

    def next_bytes(self):
        """What came, or b"" at the end of the connection."""
        return self._file.read1(65536)


def dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}
