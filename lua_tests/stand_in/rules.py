"""Rules: what shall go wrong, with which calls. Data in, actions out.

A rule is a JSON object. It matches calls by

    op      an operation or a list of them, with * and ? ("PutObject", "*MessageBatch"; default "*")
    key     the key, queue or table, with * and ?
    reused  true: only a call that is not the first on its connection; false: only the first

and fires, of the calls it matches, counted from 1 since it was posted,

    nth     the nth, or each of a list
    every   every k-th
    times   at most so many times

(always, when none is given). `action` names what it does; the other members are that action's own:
see actions.py, wire_actions.py and sqs_actions.py. A few actions match connections instead, or
nothing, and then take none of the members that they have no use for. Several rules may fire for one
call: they act in the order in which they were posted.
"""

from fnmatch import fnmatchcase

from . import sqs_actions, wire_actions
from .actions import ACTIONS, BadRule

MATCHERS = {
    "call": {"op", "key", "reused", "nth", "every", "times"},
    "reading": {"op", "key", "reused", "nth", "every", "times"},
    "connection": {"nth", "every", "times"},
    "posted": set(),
}
REGISTERED = (sqs_actions, wire_actions)     # imported for the actions that they register


class Rule:
    def __init__(self, number, data):
        self.number = number
        self.data = data
        self.matched = 0
        self.fired = 0
        action_class = ACTIONS.get(data.get("action"))
        if action_class is None:
            raise BadRule(f"no action {data.get('action')!r} (expected: {', '.join(ACTIONS)})")
        matchers = MATCHERS[action_class.moment] | {"action"}
        settings = {name: value for name, value in data.items() if name not in matchers}
        unknown = sorted(set(settings) - set(action_class.members))
        if unknown:
            raise BadRule(f"unknown member {unknown[0]!r} (expected: "
                          f"{', '.join(sorted(matchers | set(action_class.members)))})")
        for name in ("nth", "every", "times"):
            if not all(isinstance(each, int) and each > 0 for each in as_list(data.get(name, 1))):
                raise BadRule(f"'{name}' is a whole number from 1, not {data[name]!r}")
        self.action = action_class(**settings)

    def fires_for(self, call):
        """Counts the call if it matches; True when it is one that the rule is for."""
        return self._matches(call) and self.fires()

    def fires(self):
        """Counts one more of what it matches; True when it is one that the rule is for."""
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
    """The rules in the order they were posted. `door` is handed to those that close it."""

    def __init__(self, door=None):
        self._door = door
        self._rules = []
        self._number = 0

    def add(self, data):
        if not isinstance(data, dict):
            raise BadRule("a rule is a JSON object")
        rule = Rule(self._number + 1, data)
        self._number += 1
        self._rules.append(rule)
        rule.action.posted(self._door)
        return rule.number

    def fired_by(self, call, moment="call"):
        """Those that are for this call, or for this call of which the body is still coming in."""
        return [rule for rule in self._of(moment) if rule.fires_for(call)]

    def hang_up(self):
        """A connection has been made: is there a rule that ends it?"""
        return any([rule.fires() for rule in self._of("connection")])

    def _of(self, moment):
        return [rule for rule in self._rules if rule.action.moment == moment]

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
