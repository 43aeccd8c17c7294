"""Calls of a scenario: the notifications MANGO would send for them, moved to now.

A shape (shapes.py) gives the events; number, extensions, line, entry and times are filled in. A call
begins a minute or more ago (`minutes_ago`), so that its events are no longer young enough to route or
to pop up, or `seconds_ago` before its first event is sent.
"""

import copy
import datetime
import itertools
import json
import time
import zoneinfo

import mango
from shapes import DOC_ENTRY, DOC_LINE, DOC_NUMBER, DOC_START, SHAPES
from written import verbatim, written

FIRST_SECOND = 5        # of the minute a call begins at
TIMES = ("timestamp", "create_time", "forward_time", "talk_time", "end_time")
WRITTEN = "written"     # stands for the path of an event until written() tells it
KEYS = {"name", "shape", "number", "hidden", "entry", "extension", "who", "line", "event", "events",
        "lay", "change", "json", "form", "sign", "closes", "copies", "drop", "minutes_ago",
        "seconds_ago", "at", "account", "origin"}


class Call:
    """One call: its webhooks in the order MANGO would send them, and what a test wants to name."""

    def __init__(self, description, stamp, index=0):
        self.given = description
        self.name = description["name"] + ("-%d" % index if index else "")
        self.group = description["name"]
        number = description.get("number", DOC_NUMBER)
        self.number = str(int(number) + index) if index and number.isdigit() else number
        self.vendor = shapes_of(description)[0].startswith("vendor-")
        self.origin = description.get("origin", "live")
        begin = "test~" if self.origin == "test" else ""
        self.entry = description.get("entry", DOC_ENTRY if self.vendor else
                                     "%sMToxMDA%s-%s==" % (begin, stamp, self.name))
        self.closes = description.get("closes", True)
        self.order = None
        self.start = self.first_second()
        self.made = None

    def first_second(self):
        """When it begins; None: with the first of its events that is sent."""
        if self.vendor:
            return DOC_START
        if "seconds_ago" in self.given:
            return None
        if "at" in self.given:
            return int(datetime.datetime.fromisoformat(self.given["at"]).timestamp())
        minute = int(time.time()) // 60 - self.given.get("minutes_ago", 1)
        return minute * 60 + FIRST_SECOND

    @property
    def webhooks(self):
        if self.made is None:
            if self.start is None:
                self.start = int(time.time()) - self.given["seconds_ago"]
            self.made = [self.webhook(path, doc) for path, doc in events_of(self.given)]
        return self.made

    @webhooks.setter
    def webhooks(self, made):
        self.made = made

    def webhook(self, path, doc):
        if isinstance(doc, str):
            doc = verbatim(doc, self)
        elif path == WRITTEN:
            path, doc = written(doc, self)
        elif not self.vendor:
            doc = shifted(doc, self.start - DOC_START)
            doc = renamed(doc, self.given, self.number)
            if "entry_id" in doc:
                doc["entry_id"] = self.entry
            if doc.get("command_id", "").startswith(DOC_ENTRY):
                doc["command_id"] = self.entry + doc["command_id"][len(DOC_ENTRY):]
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


def shapes_of(given):
    """The names of a call's shapes; none: its events are written out."""
    shape = given.get("shape", WRITTEN if "event" in given else "documentation")
    return shape if isinstance(shape, list) else [shape]


def events_of(given):
    """[path, document or text] of a call: its shapes, `lay` laid over every event of a leg, `change`
    over single ones (by index), the scenario's [[call.event]] behind them, without those dropped."""
    events = []
    for shape in shapes_of(given):
        if shape == "custom":
            events += given["events"]
        elif shape != WRITTEN:
            events += SHAPES[shape]()
    events = json.loads(json.dumps(events))  # parties that a shape names once are each event's own
    for path, doc in events:
        if path == "events/call" and isinstance(doc, dict):
            lay(doc, given.get("lay", {}))
    for index, over in given.get("change", {}).items():
        lay(events[int(index)][1], over)
    events += [[WRITTEN, copy.deepcopy(event)] for event in given.get("event", [])]
    for index in sorted(given.get("drop", []), reverse=True):
        del events[index]
    return events


def lay(doc, over):
    """Lays `over` on a document; the word "absent" takes a field away."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(doc.get(key), dict):
            lay(doc[key], value)
        elif value == "absent":
            doc.pop(key, None)
        else:
            doc[key] = copy.deepcopy(value)


def shifted(doc, by):
    """Every time of a notification moved, text staying text."""
    made = dict(doc)
    for name in TIMES:
        if name in made and int(made[name]):
            moved = int(made[name]) + by
            made[name] = str(moved) if isinstance(made[name], str) else moved
    return made


def renamed(doc, given, number):
    """The documentation's number, extensions and line replaced by the scenario's."""
    made = dict(doc)
    who = dict({"123": given["extension"]} if "extension" in given else {}, **given.get("who", {}))
    for side in ("from", "to"):
        if isinstance(made.get(side), dict):
            made[side] = renamed_party(dict(made[side]), given, number, who)
    if made.get("extension") in who:
        made["extension"] = who[made["extension"]]
    if made.get("line_number") == DOC_LINE and "line" in given:
        made["line_number"] = given["line"]
    return made


def renamed_party(party, given, number, who):
    if party.get("number") == DOC_NUMBER:
        if given.get("hidden"):
            del party["number"]
        else:
            party["number"] = number
    if party.get("extension") in who:
        party["extension"] = who[party["extension"]]
    if party.get("line_number") == DOC_LINE and "line" in given:
        party["line_number"] = given["line"]
    return party


def expand(description, stamp):
    """The calls one [[call]] of a scenario stands for: itself, some copies, or one per arrival order
    of its events (copies = "permutations" or a number)."""
    unknown = set(description) - KEYS
    if unknown:
        raise ValueError("unknown keys of a call: %s" % ", ".join(sorted(unknown)))
    copies = description.get("copies", 1)
    if copies != "permutations":
        return [Call(description, stamp, index) for index in range(copies)]
    made = []
    for index, order in enumerate(itertools.permutations(range(len(events_of(description))))):
        call = Call(description, stamp, index)
        call.order = list(order)
        made.append(call)
    return made
