"""What a rule does to a call: the base of all actions, and those that delay, refuse or drop it.

An action is a class with the decorator: its document says what it does, `members` are its settings
with their defaults. It may work at four moments: `before` runs when the call has been read and
found well signed, `after` when its work is done, `deliver` in place of the answer's whole bytes;
`posted` and `removed` when the rule itself comes and goes. Those that damage bytes are in
wire_actions.py, those that know of messages in sqs_actions.py.
"""

import asyncio
import re

from .errors import service_error

ACTIONS = {}
REQUIRED = object()
ABSENT = object()        # the default of a member that may also be null
CHOICES = {"how": ("fin", "rst"), "when": ("before", "after")}


class BadRule(Exception):
    """A rule that is not understood, in a sentence."""


def action(name):
    def register(cls):
        ACTIONS[name] = cls
        return cls
    return register


class Action:
    members = {}
    choices = {}         # member -> the values that it may have, beside those in CHOICES
    moment = "call"      # what is matched: a "call", a call of which the body is still "reading",
                         # a "connection", or nothing ("posted")
    wakes = False        # what it does before the work may bring something to those who wait

    def __init__(self, **settings):
        for name, default in self.members.items():
            if name not in settings and default is REQUIRED:
                raise BadRule(f"a rule with this action needs '{name}'")
            setattr(self, name, settings.get(name, default))
        for name, values in {**CHOICES, **self.choices}.items():
            if name in settings and settings[name] not in values:
                raise BadRule(f"'{name}' is {' or '.join(map(str, values))}, not "
                              f"{settings[name]!r}")

    def posted(self, door):
        """Its rule is in force from now on; `door` is where the program's connections come in."""

    def removed(self):
        """Its rule is no more; calls may still wait here."""

    async def before(self, call):
        """May wait, set call.answer (then no work is done) or call.ending."""

    async def after(self, call):
        """May wait, change call.answer, or set call.ending."""

    async def deliver(self, call):
        """May write to call.connection, and then sets call.ending or call.delivered."""


@action("drop_before")
class DropBefore(Action):
    """The request is read whole, no work is done, and the connection closes with no answer."""

    members = {"how": "fin"}

    async def before(self, call):
        call.ending = self.how


@action("drop_after")
class DropAfter(Action):
    """The work is done, and the connection closes with no answer."""

    members = {"how": "fin"}

    async def after(self, call):
        call.ending = self.how


@action("status")
class Status(Action):
    """The answer is an error in the service's own shape, and no work is done, or it is ("when":
    "after"). With status 200 the answer calls itself good, and the error stands in it.
    """

    members = {"status": REQUIRED, "code": "InternalError", "message": "made to fail by a rule",
               "headers": {}, "when": "before"}

    async def before(self, call):
        if self.when == "before":
            self._answer(call)

    async def after(self, call):
        if self.when == "after" and call.ending is None:
            self._answer(call)

    def _answer(self, call):
        call.answer = service_error(call.operation.service, int(self.status), self.code,
                                    self.message)
        call.answer.headers.update(self.headers)


@action("delay")
class Delay(Action):
    """The call waits so long before its work, or between work and answer ("when": "after")."""

    members = {"delay_ms": REQUIRED, "when": "before"}

    async def before(self, call):
        if self.when == "before":
            await asyncio.sleep(self.delay_ms / 1000)

    async def after(self, call):
        if self.when == "after":
            await asyncio.sleep(self.delay_ms / 1000)


@action("hold")
class Hold(Action):
    """The call waits until the rule is removed: before its work, or between work and answer
    ("when": "after").
    """

    members = {"when": "before"}

    def __init__(self, **settings):
        super().__init__(**settings)
        self._open = asyncio.Event()

    async def before(self, call):
        if self.when == "before":
            await self._open.wait()

    async def after(self, call):
        if self.when == "after":
            await self._open.wait()

    def removed(self):
        self._open.set()


@action("page")
class Page(Action):
    """A listing that answers at most so many keys: the next ones stand on a next page."""

    members = {"keys": REQUIRED}

    async def before(self, call):
        request = call.request
        rest = re.sub(r"(^|&)max-keys=[^&]*", "", request.query)
        query = f"{rest}&max-keys={int(self.keys)}".lstrip("&")
        call.request = request.with_target(f"{request.path}?{query}")
