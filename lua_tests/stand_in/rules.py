"""Rules: what shall go wrong, with which calls. Data in, actions out.

A rule is a JSON object. It matches calls by

    op      an operation or a list of them, with * and ? ("PutObject", "*MessageBatch"; default "*")
    key     the key, queue or table, with * and ?
    reused  true: only a call that is not the first on its connection; false: only the first

and fires, of the calls it matches, counted from 1 since it was posted,

    nth     the nth, or each of a list
    every   every k-th
    times   at most so many times

(always, when none is given). `action` names what it does; the other members are that action's own.
A new action is a class here with the decorator: `members` are its settings with their defaults,
`before` runs when the call has been read and found well signed, `after` when its work is done.
"""

import asyncio
import re
from fnmatch import fnmatchcase

from .errors import service_error

ACTIONS = {}
REQUIRED = object()


class BadRule(Exception):
    """A rule that is not understood, in a sentence."""


def action(name):
    def register(cls):
        ACTIONS[name] = cls
        return cls
    return register


class Action:
    members = {}

    def __init__(self, **settings):
        for name, default in self.members.items():
            if name not in settings and default is REQUIRED:
                raise BadRule(f"a rule with this action needs '{name}'")
            setattr(self, name, settings.get(name, default))

    async def before(self, call):
        """May wait, set call.answer (then no work is done) or call.ending."""

    async def after(self, call):
        """May wait, change call.answer, or set call.ending."""

    def removed(self):
        """Its rule is no more; calls may still wait here."""


@action("drop_before")
class DropBefore(Action):
    """The request is read whole, no work is done, and the connection closes with no answer."""

    members = {"how": "fin"}

    async def before(self, call):
        call.ending = ending_named(self.how)


@action("drop_after")
class DropAfter(Action):
    """The work is done, and the connection closes with no answer."""

    members = {"how": "fin"}

    async def after(self, call):
        call.ending = ending_named(self.how)


@action("status")
class Status(Action):
    """No work is done; the answer is an error in the service's own shape."""

    members = {"status": REQUIRED, "code": "InternalError", "message": "made to fail by a rule",
               "headers": {}}

    async def before(self, call):
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


def ending_named(how):
    if how not in ("fin", "rst"):
        raise BadRule(f"'how' is fin or rst, not {how!r}")
    return how


class Rule:
    MATCHERS = {"op", "key", "reused", "nth", "every", "times", "action"}

    def __init__(self, number, data):
        self.number = number
        self.data = data
        self.matched = 0
        self.fired = 0
        action_class = ACTIONS.get(data.get("action"))
        if action_class is None:
            raise BadRule(f"no action {data.get('action')!r} (expected: {', '.join(ACTIONS)})")
        settings = {name: value for name, value in data.items() if name not in self.MATCHERS}
        unknown = sorted(set(settings) - set(action_class.members))
        if unknown:
            raise BadRule(f"unknown member {unknown[0]!r} (expected: "
                          f"{', '.join(sorted(self.MATCHERS | set(action_class.members)))})")
        if "how" in settings:
            ending_named(settings["how"])
        if settings.get("when", "before") not in ("before", "after"):
            raise BadRule(f"'when' is before or after, not {settings['when']!r}")
        for name in ("nth", "every", "times"):
            if not all(isinstance(each, int) and each > 0 for each in as_list(data.get(name, 1))):
                raise BadRule(f"'{name}' is a whole number from 1, not {data[name]!r}")
        self.action = action_class(**settings)

    def fires(self, call):
        """Counts the call if it matches; True when it is one that the rule is for."""
        if not self._matches(call):
            return False
        self.matched += 1
        nth, every, times = (self.data.get(name) for name in ("nth", "every", "times"))
        if nth is not None and self.matched not in as_list(nth):
            return False
        if every is not None and self.matched % every:
            return False
        if times is not None and self.fired >= times:
            return False
        self.fired += 1
        return True

    def _matches(self, call):
        data = self.data
        if not any(fnmatchcase(call.operation.name, each) for each in as_list(data.get("op", "*"))):
            return False
        if "key" in data and not fnmatchcase(call.operation.subject, data["key"]):
            return False
        return "reused" not in data or data["reused"] == (call.serial > 1)

    def state(self):
        return {**self.data, "id": self.number, "matched": self.matched, "fired": self.fired}


class RuleBook:
    """The rules in the order they were posted."""

    def __init__(self):
        self._rules = []
        self._number = 0

    def add(self, data):
        if not isinstance(data, dict):
            raise BadRule("a rule is a JSON object")
        rule = Rule(self._number + 1, data)
        self._number += 1
        self._rules.append(rule)
        return rule.number

    def fired_by(self, call):
        return [rule for rule in self._rules if rule.fires(call)]

    def state(self):
        return [rule.state() for rule in self._rules]

    def remove(self, number):
        self._keep([rule for rule in self._rules if rule.number != number])

    def forget(self):
        self._keep([])

    def _keep(self, kept):
        for rule in self._rules:
            if rule not in kept:
                rule.action.removed()
        self._rules = kept


def as_list(value):
    return value if isinstance(value, list) else [value]
