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
IN_ORDER = ("file", "s3")            # kinds of source
OWNERS = ("Sue Smith", "Henry Hops", "Mary Matthews")
NO_REQUESTS = ('no JSON, \u00fcber all %d\n', '{"type": "create", "requestId": "%d", "owner": 5}',
               '{"type": "shred", "requestId": "r", "widgetId": "w%d", "owner": "Sue Smith"}')


def workload(count, seed):
    """So many requests, and the same ones again for the same seed."""
    dice = random.Random(seed)
    requests, told = {}, {}
    for number, (story, kinds) in enumerate(plan(count, dice)):
        place = told[story] = told.get(story, -1) + 1
        body = json.dumps(request(number, kinds[place], story)) if kinds \
            else NO_REQUESTS[number % len(NO_REQUESTS)] % number
        requests[f"{number:05}"] = body.encode()
    assert len(requests) == count
    return Requests(requests)


def solos(count):
    """Creates of as many widgets, but one that is no request."""
    bodies = [json.dumps(request(number, "create", number)) for number in range(count)]
    bodies[count // 2] = NO_REQUESTS[0] % count
    return Requests({f"{number:05}": body.encode() for number, body in enumerate(bodies)})


def plan(count, dice):
    """(number of the story, its kinds of request) once for each request, shuffled."""
    stories, left = [()] * max(1, round(count * POISON)), round(count * STORY)
    while left >= 3:
        stories.append(dice.choice(STORIES))
        left -= len(stories[-1])
    stories += [("create",)] * (count - sum(len(each) or 1 for each in stories))
    planned = [(number, kinds) for number, kinds in enumerate(stories)
               for _ in kinds or [None]]
    dice.shuffle(planned)
    return planned


class Requests:
    """`bodies`: name -> body in the order of sending; `poison`: those that are no requests."""

    def __init__(self, bodies):
        self.bodies = bodies
        self.poison = {body for body in bodies.values() if problem(body)}
        self.differing = 0           # widgets that are not what the order makes, at the last check
        assert self.poison

    def check(self, source, store, policy):
        """Sent = done and parked, with nothing left; the store as the policy promises, where a
        bucket's order promises as much under `warn`. Answers how many parked copies there are."""
        assert source.left() == 0
        parked = source.parked()
        assert {each.body for each in parked} == self.poison
        assert all(each.attributes["tidegate-reason"] for each in parked)
        widgets, (made, _) = store.widgets(), apply_all(self.bodies.values())
        in_order = {key: flat(widget) for key, widget in made.items()}
        self.differing = sum(widgets.get(key) != in_order.get(key)
                             for key in widgets.keys() | in_order.keys())
        if policy == "converge" or source.kind in IN_ORDER:
            assert widgets == in_order
        else:
            self._check_possible(widgets)
        return len(parked)

    def _check_possible(self, widgets):
        """Each widget is one that its requests can make, done at least once each in some order."""
        by_key = {}
        for body in self.bodies.values():
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
