"""Calls of a scenario: the notifications MANGO would send for them, moved to now.

A shape gives the legs; number, extension, line, entry and times are filled in. All times of a call
lie within one minute of the past one, so that the name of a client does not depend on which event
came first. Shapes follow the reference on MANGO's API, sections 2 and 3.
"""

import copy
import datetime
import itertools
import json
import pathlib
import time
import zoneinfo

import mango
from written import verbatim, written

VENDOR = pathlib.Path(__file__).resolve().parent.parent / "scenarios" / "vendor-events.json"
DOC_START = 1399906976  # the first timestamp of the documentation's examples
DOC_ENTRY = "232wc3e3w3s222"
DOC_NUMBER = "79000000000"
FIRST_SECOND = 5        # of the minute a call begins at


def documentation(call):
    """The documentation's incoming call that is routed to an employee, without the route results."""
    events = [copy.deepcopy(e) for e in json.loads(VENDOR.read_text(encoding="utf-8"))["route"]
              if e[0] == "events/call"]
    events.append(["events/summary", {
        "entry_id": DOC_ENTRY, "call_direction": 1, "from": {"number": DOC_NUMBER},
        "to": {"extension": "123", "number": "7800123456789"}, "line_number": "7800123456789",
        "create_time": DOC_START, "forward_time": DOC_START + 1, "talk_time": DOC_START + 12,
        "end_time": DOC_START + 32, "entry_result": 1, "disconnect_reason": 1100}])
    return events


def leg(call_id, seq, at, state, frm, to, location="abonent", **more):
    """One events/call with the documentation's types: numbers as numbers here, text in its example."""
    return ["events/call", dict({"entry_id": DOC_ENTRY, "call_id": call_id, "seq": seq,
                                 "timestamp": DOC_START + at, "call_state": state,
                                 "location": location, "from": frm, "to": to}, **more)]


def summary(direction, talk, frm, to, end=32, reason=1110):
    return ["events/summary", {
        "entry_id": DOC_ENTRY, "call_direction": direction, "from": frm, "to": to,
        "line_number": "7800123456789", "create_time": DOC_START, "forward_time": DOC_START,
        "talk_time": DOC_START + talk if talk else 0, "end_time": DOC_START + end,
        "entry_result": 1 if talk else 0, "disconnect_reason": reason}]


def direct(call):
    """An incoming call straight to an employee, who answers."""
    frm = {"number": DOC_NUMBER}
    to = {"extension": "123", "number": "sip:aaa@mangosip.ru", "line_number": "7800123456789"}
    return [leg("c:1", 1, 0, "Appeared", frm, to), leg("c:1", 2, 8, "Connected", frm, to),
            leg("c:1", 3, 30, "Disconnected", frm, to, disconnect_reason=1120),
            summary(1, 8, frm, {"extension": "123", "number": "sip:aaa@mangosip.ru"})]


def missed(call):
    """An incoming call that rings at an employee who does not answer."""
    frm = {"number": DOC_NUMBER}
    to = {"extension": "123", "number": "sip:aaa@mangosip.ru", "line_number": "7800123456789"}
    return [leg("c:1", 1, 0, "Appeared", frm, to),
            leg("c:1", 2, 30, "Disconnected", frm, to, disconnect_reason=1110),
            summary(1, 0, frm, {"extension": "123", "number": "sip:aaa@mangosip.ru"})]


def outgoing(call):
    """An employee calls an outside number that answers."""
    frm, to = {"extension": "123", "number": "sip:aaa@mangosip.ru"}, {"number": DOC_NUMBER}
    return [leg("c:1", 1, 0, "Appeared", frm, to), leg("c:1", 2, 9, "Connected", frm, to),
            leg("c:1", 3, 30, "Disconnected", frm, to, disconnect_reason=1110),
            summary(2, 9, frm, to)]


def internal(call):
    """One employee calls another."""
    frm, to = {"extension": "123", "number": "sip:aaa@mangosip.ru"}, {"extension": "124"}
    return [leg("c:1", 1, 0, "Appeared", frm, to), leg("c:1", 2, 3, "Connected", frm, to),
            leg("c:1", 3, 30, "Disconnected", frm, to, disconnect_reason=1110),
            summary(0, 3, frm, to)]


def blind_transfer(call):
    """Answered by one employee (123), transferred blindly to a second (124), who answers too."""
    frm = {"number": DOC_NUMBER}
    to = {"extension": "123", "number": "sip:aaa@mangosip.ru", "line_number": "7800123456789"}
    second = {"extension": "124", "number": "sip:bbb@mangosip.ru"}
    taken = {"number": DOC_NUMBER, "taken_from_call_id": "c:1"}
    return [leg("c:1", 1, 0, "Appeared", frm, to), leg("c:1", 2, 5, "Connected", frm, to),
            leg("c:2", 1, 12, "Appeared", {"extension": "123"}, second, transfer="blind"),
            leg("c:1", 3, 13, "Disconnected", frm, to, disconnect_reason=1181),
            leg("c:2", 2, 13, "Appeared", taken, second, transfer="blind"),
            leg("c:2", 3, 18, "Connected", taken, second, transfer="blind"),
            leg("c:2", 4, 31, "Disconnected", taken, second, disconnect_reason=1110),
            summary(1, 5, frm, {"extension": "124", "number": "sip:bbb@mangosip.ru"})]


def custom(call):
    """Events written out in the scenario: [path, json] with the documentation's values in it, or
    [path, text] to be sent as it stands."""
    return copy.deepcopy(call["events"])


WRITTEN = "written"  # stands for the path until written() tells it


def written_out(call):
    """The scenario's [[call.event]] tables (written.py)."""
    return [[WRITTEN, copy.deepcopy(event)] for event in call["event"]]


SHAPES = {f.__name__.replace("_", "-"): f
          for f in (documentation, direct, missed, outgoing, internal, blind_transfer, custom)}
SHAPES[WRITTEN] = written_out
KEYS = {"name", "shape", "number", "hidden", "entry", "extension", "line", "events", "json", "form",
        "sign", "closes", "copies", "drop", "minutes_ago", "seconds_ago", "account", "event"}


class Call:
    """One call: its webhooks in the order MANGO would send them, and what a test wants to name."""

    def __init__(self, description, stamp, index=0):
        self.given = description
        self.name = description["name"] + ("-%d" % index if index else "")
        self.group = description["name"]
        number = description.get("number", DOC_NUMBER)
        self.number = str(int(number) + index) if index and number.isdigit() else number
        self.entry = description.get("entry", "MToxMDA%s-%s==" % (stamp, self.name))
        self.closes = description.get("closes", True)
        minute = int(time.time()) // 60 - description.get("minutes_ago", 1)
        self.start = minute * 60 + FIRST_SECOND
        if "seconds_ago" in description:
            self.start = int(time.time()) - description["seconds_ago"]
        self.order = None
        self.webhooks = [self.webhook(path, doc) for path, doc in self.shape()]
        for index_to_drop in sorted(description.get("drop", []), reverse=True):
            del self.webhooks[index_to_drop]

    def shape(self):
        return SHAPES[self.given.get("shape", "written" if "event" in self.given else
                                     "documentation")](self.given)

    def webhook(self, path, doc):
        if isinstance(doc, str):
            doc = verbatim(doc, self)
        elif path == WRITTEN:
            path, doc = written(doc, self)
        else:
            doc = shifted(doc, self.start - DOC_START)
            doc = renamed(doc, self.given, self.number)
            if "entry_id" in doc:
                doc["entry_id"] = self.entry
        return mango.Webhook(path, doc, self.given.get("json", "plain"),
                             self.given.get("form", "plus"), self.given.get("sign"))

    @property
    def begin(self):
        return self.start

    @property
    def end(self):
        """The summary's end, None without one."""
        ends = [w.doc["end_time"] for w in self.webhooks
                if isinstance(w.doc, dict) and w.doc.get("end_time")]
        return int(ends[-1]) if ends else None

    def began(self, timezone):
        """The HH:MM DD.MM.YYYY of a new client's name."""
        moment = datetime.datetime.fromtimestamp(self.start, zoneinfo.ZoneInfo(timezone))
        return moment.strftime("%H:%M %d.%m.%Y")


def shifted(doc, by):
    """Every time of a notification moved, text staying text."""
    made = dict(doc)
    for name in ("timestamp", "create_time", "forward_time", "talk_time", "end_time"):
        if name in made and int(made[name]):
            moved = int(made[name]) + by
            made[name] = str(moved) if isinstance(made[name], str) else moved
    return made


def renamed(doc, given, number):
    """The documentation's number, extension and line replaced by the scenario's."""
    made = dict(doc)
    for side in ("from", "to"):
        if isinstance(made.get(side), dict):
            party = made[side] = dict(made[side])
            if party.get("number") == DOC_NUMBER:
                if given.get("hidden"):
                    del party["number"]
                else:
                    party["number"] = number
            if party.get("extension") == "123" and "extension" in given:
                party["extension"] = given["extension"]
            if "line_number" in party and "line" in given:
                party["line_number"] = given["line"]
    if "line_number" in made and "line" in given:
        made["line_number"] = given["line"]
    return made


def expand(description, stamp):
    """The calls one [[call]] of a scenario stands for: itself, some copies, or one per arrival order
    of its events (copies = "permutations" or a number)."""
    unknown = set(description) - KEYS
    if unknown:
        raise ValueError("unknown keys of a call: %s" % ", ".join(sorted(unknown)))
    copies = description.get("copies", 1)
    if copies != "permutations":
        return [Call(description, stamp, index) for index in range(copies)]
    size = len(Call(description, stamp).webhooks)
    made = []
    for index, order in enumerate(itertools.permutations(range(size))):
        call = Call(description, stamp, index)
        call.order = list(order)
        made.append(call)
    return made
