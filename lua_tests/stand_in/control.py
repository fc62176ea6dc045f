"""/_control/: what a test asks of the server, in JSON, unsigned.

    GET    /_control/state           the counters, and who is waiting in a long poll
    GET    /_control/log?after=N     the log as JSON lines, but its first N
    GET    /_control/rules           the rules, each with how often it matched and fired
    POST   /_control/rules           one rule or a list of them; their ids
    DELETE /_control/rules[?id=N]    all rules, or one
    POST   /_control/reset           {"what": ["counters", "log", "rules", "data"]}, or all of them
"""

import json
from urllib.parse import parse_qs

from .rules import BadRule
from .wire import Answer

PREFIX = "/_control/"


def is_control(request):
    return request.path.startswith(PREFIX)


class Control:
    def __init__(self, backend, waiting_room, rules, counters, log):
        self._backend = backend
        self._waiting_room = waiting_room
        self._rules = rules
        self._counters = counters
        self._log = log
        self._resets = {"counters": counters.forget, "log": log.forget, "rules": rules.forget,
                        "data": self._forget_data}
        self._routes = {
            ("GET", "state"): self._state, ("GET", "log"): self._get_log,
            ("GET", "rules"): self._get_rules, ("POST", "rules"): self._post_rules,
            ("DELETE", "rules"): self._delete_rules, ("POST", "reset"): self._reset,
        }

    def answer(self, request):
        route = self._routes.get((request.method, request.path[len(PREFIX):]))
        if route is None:
            return refused(404, f"no control endpoint {request.method} {request.path}")
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        try:
            return route(query, json.loads(request.body) if request.body else None)
        except (BadRule, ValueError) as error:
            return refused(400, str(error))

    def _state(self, query, body):
        return as_json({**self._counters.state(), "waiting": self._waiting_room.state()})

    def _get_log(self, query, body):
        lines = self._log.lines(int(query.get("after", 0)))
        return Answer(200, {"Content-Type": "application/jsonl"}, lines.encode())

    def _get_rules(self, query, body):
        return as_json(self._rules.state())

    def _post_rules(self, query, body):
        ids = [self._rules.add(each) for each in (body if isinstance(body, list) else [body])]
        return as_json({"ids": ids})

    def _delete_rules(self, query, body):
        if "id" in query:
            self._rules.remove(int(query["id"]))
        else:
            self._rules.forget()
        return as_json({})

    def _reset(self, query, body):
        what = (body or {}).get("what", list(self._resets))
        unknown = sorted(set(what) - set(self._resets))
        if unknown:
            return refused(400, f"cannot reset {unknown[0]!r} (can: {', '.join(self._resets)})")
        for each in what:
            self._resets[each]()
        return as_json({"reset": what})

    def _forget_data(self):
        self._backend.reset()
        self._waiting_room.everything_changed()


def as_json(value, status=200):
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode() + b"\n")


def refused(status, sentence):
    return as_json({"error": sentence}, status)
