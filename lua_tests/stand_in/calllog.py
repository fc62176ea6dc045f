"""What happened: one entry for each call, and the counters.

An entry is added when its call is over, in the same turn of the loop in which the answer goes to
the kernel: whoever has the answer finds the entry. A judge's calls are in the log, marked, and in
no counter; control calls are in neither.
"""

import json
from collections import Counter


class CallLog:
    """The entries, in memory and as JSON lines in a file."""

    def __init__(self, path=None):
        self._file = open(path, "a", buffering=1, encoding="utf-8") if path else None
        self._lines = []
        self._number = 0

    def next_number(self):
        self._number += 1
        return self._number

    def add(self, entry):
        line = json.dumps(entry)
        self._lines.append(line)
        if self._file:
            self._file.write(line + "\n")

    def lines(self, after=0):
        """The entries but the first `after`, as JSON lines."""
        return "".join(line + "\n" for line in self._lines[after:])

    def forget(self):
        """Empties the memory; a file keeps what it has, and numbers go on."""
        self._lines.clear()


class Flight:
    """One call under way. It lands once: answered, dropped, or its client gone."""

    def __init__(self, gauges):
        self._gauges = gauges
        for gauge in gauges:
            gauge.up()

    def land(self):
        for gauge in self._gauges:
            gauge.down()
        self._gauges = ()


class Gauge:
    """A number that goes up and down, and the highest it has been."""

    def __init__(self):
        self.value = 0
        self.highest = 0

    def up(self):
        self.value += 1
        self.highest = max(self.highest, self.value)

    def down(self):
        self.value -= 1

    def forget(self):
        self.highest = self.value


class Counters:
    def __init__(self):
        self._gauges = {name: Gauge() for name in ("calls", "handler_calls", "connections")}
        self._opened = 0
        self._totals = Counter()
        self._operations = Counter()
        self._statuses = Counter()

    def take_off(self, is_handler_call):
        names = ("calls", "handler_calls") if is_handler_call else ("calls",)
        return Flight([self._gauges[name] for name in names])

    def connection_used(self):
        """The first call of the tested program on a connection. The flight lands when it closes."""
        self._opened += 1
        return Flight([self._gauges["connections"]])

    def connection_unused(self):
        """A connection has closed on which nobody ever asked for anything."""
        self._opened += 1

    def call_ended(self, entry):
        self._totals["calls"] += 1
        self._totals["refused"] += entry["signature"] != "ok"
        self._totals["dropped"] += entry["ending"] != "answered"
        self._operations[entry["operation"]] += 1
        self._statuses[str(entry["status"])] += 1

    def in_flight(self):
        return {name: self._gauges[name].value for name in ("calls", "handler_calls")}

    def state(self):
        gauges = {name: {"now": gauge.value, "max": gauge.highest}
                  for name, gauge in self._gauges.items()}
        return {**{name: self._totals[name] for name in ("calls", "refused", "dropped")},
                "in_flight": {name: gauges[name] for name in ("calls", "handler_calls")},
                "connections": {**gauges["connections"], "opened": self._opened},
                "operations": dict(sorted(self._operations.items())),
                "statuses": dict(sorted(self._statuses.items()))}

    def forget(self):
        """From here on; what is under way or open stays counted as that."""
        for gauge in self._gauges.values():
            gauge.forget()
        self._opened = 0
        for counter in (self._totals, self._operations, self._statuses):
            counter.clear()
