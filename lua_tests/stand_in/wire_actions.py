"""Actions on bytes and connections: what a client sees of a network, a proxy or a server that is
not well.
"""

import asyncio
import re

from .actions import REQUIRED, Action, BadRule, action
from .wire import BODILESS

STATUS_LINE_CUT = 11     # "HTTP/1.1 20"
OF_BODY = ("content-length", "x-amz-crc32")      # headers that say something of the body
PLACES = ("status", "headers", "body", "chunk", "length")


@action("refuse")
class Refuse(Action):
    """From when the rule is posted until it is removed nobody listens, and the connections that
    were open have been reset. It matches nothing and counts nothing.
    """

    moment = "posted"

    def posted(self, door):
        self._door = door
        door.close()

    def removed(self):
        self._door.open()


@action("hang_up")
class HangUp(Action):
    """A connection is reset as soon as it has been made; nth, every and times count connections."""

    moment = "connection"


@action("drop_reading")
class DropReading(Action):
    """The connection is reset while the request's body is still coming in, and no work is done. A
    body that comes in one piece with its head is not matched; of what stands in a body nothing is
    known yet, so SQS and DynamoDB are told by the operation alone.
    """

    moment = "reading"


@action("body")
class Body(Action):
    """The work is done, and another body stands in the answer, of the right length: `text`, or the
    first part of the true one (`keep`: 0.5 is half of it), or the true one with `replace` for each
    match of the pattern `find`. `type` is its Content-Type. With `status`, only an answer with that
    one.
    """

    members = {"text": None, "keep": None, "find": None, "replace": "", "type": None,
               "status": None}

    def __init__(self, **settings):
        super().__init__(**settings)
        if sum(each is not None for each in (self.text, self.keep, self.find)) != 1:
            raise BadRule("a rule with this action needs one of 'text', 'keep' and 'find'")

    async def after(self, call):
        if call.answer is None or self.status not in (None, call.answer.status):
            return
        call.meant = call.answer
        headers = {name: value for name, value in call.answer.headers.items()
                   if name.lower() not in OF_BODY}
        if self.type:
            headers = {name: value for name, value in headers.items()
                       if name.lower() != "content-type"} | {"Content-Type": self.type}
        call.answer = type(call.answer)(call.answer.status, headers, self._changed(call.answer))

    def _changed(self, answer):
        if self.text is not None:
            return self.text.encode()
        if self.keep is not None:
            return answer.body[:int(len(answer.body) * self.keep)]
        return re.sub(self.find, self.replace, answer.body.decode(), flags=re.S).encode()


@action("cut")
class Cut(Action):
    """The work is done, and the connection closes within the answer: in its `status` line, its
    `headers`, its `body`, a `chunk` (the body is sent in chunks then), or half through a body of
    which no header tells the `length`. Where there is no body, the end of the headers is cut.
    """

    members = {"where": REQUIRED, "how": "fin"}
    choices = {"where": PLACES}

    async def deliver(self, call):
        if call.answer is None or call.ending:
            return
        call.connection.write(self._part(call))
        call.ending = self.how

    def _part(self, call):
        answer, method = call.answer, call.request.method
        if self.where in ("chunk", "length"):
            return self._unmeasured(answer, method)
        head, _, body = call.connection.bytes_of(answer, method).partition(b"\r\n\r\n")
        if self.where == "status":
            return head[:STATUS_LINE_CUT]
        if self.where == "headers":
            return head[:len(head) // 2]
        return head + b"\r\n\r\n" + body[:len(body) // 2] if len(body) > 1 else head + b"\r\n\r"

    def _unmeasured(self, answer, method):
        lines = [f"HTTP/1.1 {answer.status} Of No Length"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()
                  if name.lower() not in OF_BODY]
        if self.where == "chunk":
            lines.append("Transfer-Encoding: chunked")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        body = b"" if method == "HEAD" or answer.status in BODILESS else answer.body
        if self.where == "length":
            return head + body[:len(body) // 2]
        return head + (b"%x\r\n" % len(body) + body[:len(body) // 2] if body else b"0\r")


@action("trickle")
class Trickle(Action):
    """The work is done, and the answer goes out so many `bytes` at a time, every so many ms."""

    members = {"bytes": 1, "every_ms": REQUIRED}

    async def deliver(self, call):
        if call.answer is None or call.ending:
            return
        data = call.connection.bytes_of(call.answer, call.request.method)
        call.delivered = call.connection.write(data[:self.bytes])
        for start in range(self.bytes, len(data), self.bytes):
            await asyncio.sleep(self.every_ms / 1000)
            call.delivered = call.connection.write(data[start:start + self.bytes])
            if not call.delivered:
                return


@action("close")
class Close(Action):
    """The answer is whole and promises nothing, and the connection closes behind it, or after it
    was idle for so long.
    """

    members = {"after_ms": 0}

    async def after(self, call):
        call.connection.close_when_idle(self.after_ms / 1000)
