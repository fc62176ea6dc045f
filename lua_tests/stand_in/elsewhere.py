"""The queues of another server: a verified SQS call is handed on as it came, and answered as that
server answers it. Rules that reach into a queue of moto's (lapse, shuffle …) do not reach there.

Leases, receive counts and long polls are then the other server's own, and each call has a
connection of its own to it, so a poll that waits holds up nothing. A receive whose client goes away
is given up; whatever else has begun is done.
"""

import asyncio
import io
from http.client import HTTPResponse
from urllib.parse import urlsplit

from .wire import Answer

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}


class QueuesElsewhere:
    def __init__(self, endpoint, receipts):
        """`receipts.remember(answer)` is told of each answer to a receive."""
        parts = urlsplit(endpoint)
        self._address = parts.hostname, parts.port
        self._receipts = receipts

    async def perform(self, call):
        """The other server's answer; None when the client of a receive went away before it came."""
        exchange = asyncio.ensure_future(self._exchange(call.request))
        if call.operation.name == "ReceiveMessage":
            call.connection.on_gone(exchange.cancel)
        try:
            answer = await exchange
        except asyncio.CancelledError:
            if not call.connection.gone:
                raise
            return None
        if call.operation.name == "ReceiveMessage" and answer.status == 200:
            self._receipts.remember(answer)
        return answer

    async def _exchange(self, request):
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(as_bytes(request))
            return answer_of(await reader.read(), request.method)
        finally:
            writer.close()


def as_bytes(request):
    """The request as it came, but for a connection that ends with the answer."""
    request = request.with_header("Connection", "close").without_header("expect")
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + request.body


class Received:
    """Bytes as the socket that http.client reads an answer from."""

    def __init__(self, data):
        self._data = data

    def makefile(self, _mode):
        return io.BytesIO(self._data)


def answer_of(data, method):
    """Raises what http.client raises when these are not the bytes of a whole answer."""
    response = HTTPResponse(Received(data), method=method)
    response.begin()
    headers = {name: value for name, value in response.getheaders()
               if name.lower() not in HOP_BY_HOP}
    return Answer(response.status, headers, response.read())
