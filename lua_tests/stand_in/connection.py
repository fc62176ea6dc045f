"""One client connection: requests out of its bytes, one after another, answers back into it.

It owns the transport. It reads on while a call is served, so that it learns at once when the client
has gone; a request that comes early waits for its turn.
"""

import asyncio
import socket
import struct
import time
from email.utils import formatdate

from .wire import Answer, BadRequest, RequestReader

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    def __init__(self, number, desk, counters, guest=True):
        self.number = number
        self.guest = guest           # came in by the program's door: rules are for it
        self.serial = 0
        self.gone = False
        self._desk = desk
        self._counters = counters
        self._flight = None
        self._reader = RequestReader()
        self._transport = None
        self._news = None
        self._broken = None
        self._last = False
        self._idle_limit = None
        self._expelled = False
        self._farewells = []
        self._task = None

    def connection_made(self, transport):
        self._transport = transport
        if self._expelled or self.guest and self._desk.hangs_up():
            self.end("rst")
            return
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data):
        try:
            self._reader.feed(data)
        except BadRequest as error:
            self._broken = error
        self._wake()

    def connection_lost(self, error):
        self.gone = True
        if self._flight is not None:
            self._flight.land()
        elif self.serial == 0:
            self._counters.connection_unused()
        for farewell in self._farewells:
            farewell()
        self._wake()

    def on_gone(self, farewell):
        """Called when the client goes away during the present call."""
        self._farewells.append(farewell)

    def count(self):
        """This connection is the tested program's; a judge's or control's is never counted."""
        if self._flight is None:
            self._flight = self._counters.connection_used()

    def send(self, answer, method):
        """Hands the answer to the kernel; False when there is nobody to hand it to."""
        if self.gone or self._transport.is_closing():
            return False
        delivered = self.write(self.bytes_of(answer, method))
        if self._last:
            self._transport.close()
        elif self._idle_limit is not None:
            asyncio.get_running_loop().call_later(self._idle_limit, self._close_idle, self.serial)
        return delivered

    def bytes_of(self, answer, method):
        """The whole answer as it would be sent."""
        answer.headers.setdefault("Date", formatdate(time.time(), usegmt=True))
        return answer.to_bytes(method, self._last)

    def write(self, data):
        """Some bytes of an answer; False when there is nobody to take them."""
        if self.gone or self._transport.is_closing():
            return False
        self._transport.write(data)
        return not self._transport.is_closing()

    def close_when_idle(self, seconds):
        """From the next answer on: closes when no request has followed one for so long."""
        self._idle_limit = seconds

    def _close_idle(self, serial):
        if self.serial == serial:
            self._transport.close()

    def end(self, how):
        """Closes with no answer: "fin" in good order, "rst" with a reset."""
        if how == "rst" and not self.gone:
            linger = struct.pack("ii", 1, 0)
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        self._transport.close()

    def expel(self):
        """The server is no more, for this client: a reset, now or when the connection is made."""
        self._expelled = True
        if self._transport is not None:
            self.end("rst")

    async def _serve(self):
        try:
            while (request := await self._next_request()) is not None:
                self.serial += 1
                self._farewells.clear()
                self._last = (request.header("connection") or "").lower() == "close"
                await self._desk.serve(self, request)
        except BadRequest as error:
            self._last = True
            body = f"{error}\n".encode()
            self.send(Answer(error.status, {"Content-Type": "text/plain"}, body), "GET")
        except Exception:
            self.end("rst")
            raise

    async def _next_request(self):
        while not self.gone and not self._transport.is_closing():
            if self._broken:
                raise self._broken
            request = self._reader.take()
            if request is not None:
                return request
            half = self._reader.take_half() if self.guest else None
            if half is not None and self._desk.breaks_off(self, half):
                return None
            if self._reader.wants_continue:
                self._reader.wants_continue = False
                self._transport.write(CONTINUE)
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return None

    def _wake(self):
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
