"""The judge of the widget exercise: what a store must hold after requests were applied in order.

Written from the exercise's rules alone (an independent second reading of them), so that a mistake
in the scripts under test does not judge itself.
"""

import json
import re

TEXTS = ("label", "description")


def key_of(request):
    owner = request["owner"].replace(" ", "-").lower()
    return f"widgets/{owner}/{request['widgetId']}"


def problem(body):
    """Why the body is no request, or None."""
    try:
        request = json.loads(body)
    except ValueError:
        return "not JSON"
    if not isinstance(request, dict) or request.get("type") not in ("create", "update", "delete"):
        return "type"
    if not all(isinstance(request.get(name), str) for name in ("requestId", "widgetId", "owner")):
        return "missing"
    return None if re.fullmatch("[A-Za-z ]+", request["owner"]) else "owner"


def merged(attributes, changes):
    found = {each["name"]: each["value"] for each in attributes}
    for each in changes or []:
        if each["value"] == "":
            found.pop(each["name"], None)
        elif each["value"] is not None:
            found[each["name"]] = each["value"]
    return [{"name": name, "value": value} for name, value in found.items()]


def updated(widget, request):
    after = dict(widget)
    for name in TEXTS:
        value = request.get(name)
        if value is not None:
            after[name] = value or None
    after["otherAttributes"] = merged(widget.get("otherAttributes") or [],
                                      request.get("otherAttributes"))
    return after


def apply_all(bodies, before=()):
    """The widgets by key, and how often each outcome occurred; `before` stood there already."""
    widgets, counts = dict(before), dict.fromkeys(
        ("created", "updated", "deleted", "missing", "rejected"), 0)
    for body in bodies:
        if problem(body):
            counts["rejected"] += 1
            continue
        request = json.loads(body)
        key, outcome = key_of(request), request["type"] + "d"
        if request["type"] == "create":
            widgets[key] = {"id": request["widgetId"], "owner": request["owner"],
                            **{name: request[name] for name in TEXTS if name in request},
                            "otherAttributes": request.get("otherAttributes") or []}
        elif key not in widgets:
            outcome = "missing"
        elif request["type"] == "update":
            widgets[key] = updated(widgets[key], request)
        else:
            del widgets[key]
        counts[outcome] += 1
    return widgets, counts


def same_widget(stored, expected):
    """Equal but for the order of members and for absent against null."""
    def plain(widget):
        return {name: value for name, value in widget.items() if value is not None}
    return plain(json.loads(stored)) == plain(expected)


def flat(widget):
    """What a widget says, without the order of its attributes: name -> text. Null says nothing.

    No other attribute may take the place of a member.
    """
    members = {name: widget.get(name) for name in ("id", "owner", *TEXTS)}
    others = {each["name"]: each["value"] for each in widget.get("otherAttributes") or []}
    assert not members.keys() & others.keys(), widget
    return {name: value for name, value in {**members, **others}.items() if value is not None}
