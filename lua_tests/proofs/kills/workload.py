"""Requests for a proof, and what may be left of them.

Most are creates of widgets of which nothing else is told; the others are stories of a widget, told
in order but among each other's requests; and a few are no requests at all. Ids rise in the order
of sending, so that (sent time, request id) is that order, too.
"""

import json
import random

from judge import apply_all, flat, key_of, problem

STORIES = (("create", "update"), ("create", "update", "update"), ("create", "delete"),
           ("create", "update", "delete"), ("create", "delete", "create"))
STORY, POISON = 0.47, 0.03           # shares of all requests
OWNERS = ("Sue Smith", "Henry Hops", "Mary Matthews")
NO_REQUESTS = ('no JSON, \u00fcber all %d\n', '{"type": "create", "requestId": "%d", "owner": 5}',
               '{"type": "shred", "requestId": "r", "widgetId": "w%d", "owner": "Sue Smith"}')


class Workload:
    """`requests`: name -> body in the order of sending."""

    def __init__(self, count, seed):
        dice = random.Random(seed)
        order = self._plan(count, dice)
        self.requests, told = {}, {}
        for number, (story, kinds) in enumerate(order):
            place = told[story] = told.get(story, -1) + 1
            body = json.dumps(request(number, kinds[place], story)) if kinds \
                else NO_REQUESTS[number % len(NO_REQUESTS)] % number
            self.requests[f"{number:05}"] = body.encode()
        self.poison = {body for body in self.requests.values() if problem(body)}
        assert len(self.requests) == count and len(self.poison) >= count * POISON // 2

    @staticmethod
    def _plan(count, dice):
        """(number of the story, its kinds of request) once for each request, shuffled."""
        stories, left, number = [], round(count * STORY), 0
        while left >= 3:
            stories.append(dice.choice(STORIES))
            left -= len(stories[-1])
        poison = max(1, round(count * POISON))
        stories += [()] * poison
        stories += [("create",)] * (count - sum(len(each) or 1 for each in stories))
        plan = []
        for number, kinds in enumerate(stories):
            plan += [(number, kinds)] * (len(kinds) or 1)
        dice.shuffle(plan)
        return plan

    def check(self, source, store, policy):
        """Sent = done and parked, with nothing left; the store as the policy promises. Answers how
        many parked copies there are."""
        assert source.left() == 0
        parked = source.parked()
        assert {each.body for each in parked} == self.poison
        assert all(each.attributes["tidegate-reason"] for each in parked)
        if policy == "converge":
            expected, _ = apply_all(self.requests.values())
            assert store.widgets() == {key: flat(widget) for key, widget in expected.items()}
        else:
            self._check_possible(store.widgets())
        return len(parked)

    def _check_possible(self, widgets):
        """Each widget is one that its requests can make, done at least once each in some order."""
        by_key = {}
        for body in self.requests.values():
            if body not in self.poison:
                by_key.setdefault(key_of(json.loads(body)), []).append(body)
        assert widgets.keys() <= by_key.keys()
        for key, bodies in by_key.items():
            assert widgets.get(key) in possible(key, bodies), (key, widgets.get(key))


def request(number, kind, widget):
    """Each request tells its own number in everything that it sets."""
    whole = {"type": kind, "requestId": f"request-{number:05}", "widgetId": f"widget-{widget}",
             "owner": OWNERS[widget % len(OWNERS)]}
    if kind != "delete":
        whole |= {"label": f"label {number}", "description": f"of {kind} {number}",
                  "otherAttributes": [{"name": kind, "value": str(number)}]}
    return whole


def possible(key, bodies):
    """All that can stand at the key (None: nothing) when each request has been done at least once,
    in any order, and any of them again."""
    seen, frontier = set(), [(None, frozenset())]
    while frontier:
        state = frontier.pop()
        if state in seen:
            continue
        seen.add(state)
        text, done = state
        for number, body in enumerate(bodies):
            frontier.append((after(key, text, body), done | {number}))
    everything = frozenset(range(len(bodies)))
    return [text and flat(json.loads(text)) for text, done in seen if done == everything]


def after(key, text, body):
    """The widget as JSON after one more request."""
    widgets, _ = apply_all([body], {key: json.loads(text)} if text else {})
    return json.dumps(widgets[key], sort_keys=True) if key in widgets else None
