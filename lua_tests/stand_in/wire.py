"""HTTP/1.1 as bytes: a request out of a stream, an answer into one.

Pure: no socket, no clock. The reader keeps what came after one request for the next one, and
refuses what a sane client never sends (folded headers, two lengths, a chunked body).
"""

from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
BODILESS = (204, 304)


class BadRequest(Exception):
    """The bytes are no request that can be answered; the connection ends after `status`."""

    def __init__(self, reason, status=400):
        super().__init__(reason)
        self.status = status


@dataclass
class Request:
    """Never changed once it is whole; with_… and the like give another one."""

    method: str
    target: str
    headers: list
    body: bytes = b""
    _values: dict = None

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]

    def header(self, name):
        """All values of a header joined as a signer joins them, or None."""
        if self._values is None:
            self._values = {}
            for each, value in self.headers:
                self._values.setdefault(each.lower(), []).append(value)
        values = self._values.get(name)
        return ",".join(values) if values else None

    def with_body(self, body):
        """The same request with another body, for the service behind; the length follows."""
        headers = self._headers_without("content-length")
        headers.append(("Content-Length", str(len(body))))
        return Request(self.method, self.target, headers, body)

    def without_header(self, name):
        return Request(self.method, self.target, self._headers_without(name), self.body)

    def with_header(self, name, value):
        headers = [*self._headers_without(name), (name, value)]
        return Request(self.method, self.target, headers, self.body)

    def as_method(self, method):
        return Request(method, self.target, self.headers)

    def with_target(self, target):
        return Request(self.method, target, self.headers, self.body)

    def _headers_without(self, name):
        return [pair for pair in self.headers if pair[0].lower() != name]


@dataclass
class Answer:
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    def to_bytes(self, method, close=False):
        """The whole answer. A HEAD answer has the length that its service gave, and no body."""
        lines = [f"HTTP/1.1 {self.status} {reason_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        names = {name.lower() for name in self.headers}
        if self.status not in BODILESS and "content-length" not in names:
            lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if method == "HEAD" or self.status in BODILESS:
            return head
        return head + self.body


def reason_phrase(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class RequestReader:
    """Bytes in by feed(), whole requests out by take(). Never holds more than one unread body."""

    def __init__(self):
        self._bytes = bytearray()
        self._request = None
        self._length = 0
        self._half_taken = False
        self.wants_continue = False

    def feed(self, data):
        self._bytes += data
        if len(self._bytes) > MAX_HEAD + MAX_BODY:
            raise BadRequest("more bytes than any request has", 413)

    def take(self):
        """The next whole request, or None while bytes are missing."""
        if self._request is None and not self._take_head():
            return None
        if len(self._bytes) < self._length:
            return None
        request, self._request = self._request, None
        self.wants_continue = False
        request.body = bytes(self._bytes[: self._length])
        del self._bytes[: self._length]
        return request

    def take_half(self):
        """Once for each request of which the head and a part of the body is there: that much."""
        if self._request is None or self._half_taken or not self._bytes:
            return None
        self._half_taken = True
        head = self._request
        return Request(head.method, head.target, head.headers, bytes(self._bytes))

    def _take_head(self):
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            if len(self._bytes) > MAX_HEAD:
                raise BadRequest("header block too large", 431)
            return False
        head = bytes(self._bytes[:end])
        del self._bytes[: end + 4]
        if not head.isascii():
            raise BadRequest("a header block that is not ASCII")
        lines = head.decode("ascii").split("\r\n")
        self._request = parse_head(lines)
        self._half_taken = False
        self._length = body_length(self._request)
        expect = (self._request.header("expect") or "").lower()
        self.wants_continue = expect == "100-continue" and len(self._bytes) < self._length
        return True


def parse_head(lines):
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
        raise BadRequest(f"no HTTP/1.1 request line: {lines[0][:80]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(f"no header line: {line[:80]!r}")
        headers.append((name, value.strip(" \t")))
    return Request(parts[0], parts[1], headers)


def body_length(request):
    if request.header("transfer-encoding") is not None:
        raise BadRequest("a body of unknown length", 411)
    text = request.header("content-length") or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(f"no Content-Length: {text[:40]!r}")
    if int(text) > MAX_BODY:
        raise BadRequest("body too large", 413)
    return int(text)
