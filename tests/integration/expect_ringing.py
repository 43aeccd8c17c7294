"""Compares what a scenario expects while it rings with what MANGO was told and what Megaplan showed.

Always: nothing that MANGO would refuse, one command of a call, none after the deadline. Every check gives
lines of difference, worded for the reader of a failed run; no line = it holds.
"""

import datetime
import json
import re

import mango

TOLERANCE_S = 0.05  # two readings of one machine's clock


def check_ringing(scenario, pbx, log, topics):
    arrivals = Arrivals(topics)
    lines = check_violations(scenario, pbx["violations"])
    lines += check_once(scenario, pbx["asked"], arrivals)
    lines += check_commands(scenario, pbx["commands"], arrivals)
    lines += check_visits(scenario, pbx["visits"], arrivals)
    return lines + check_popups(scenario, log, arrivals)


class Arrivals:
    """When events came to us, unix s: the first of a call, or each by its bytes."""

    def __init__(self, topics):
        self.first, self.by_text = {}, {}
        for message in list(topics.messages["events"]):
            entry = (message.key or "").partition("/")[2]
            at = datetime.datetime.fromisoformat(message.headers["received-at"]).timestamp()
            self.first[entry] = min(at, self.first.get(entry, at))
            self.by_text[message.value] = min(at, self.by_text.get(message.value, at))

    def of(self, call, index=None):
        """Of a call's first event that came, or of the one with that index; None: it did not come."""
        if index is None:
            return self.first.get(call.entry)
        webhook = call.webhooks[index]
        return self.by_text.get(mango.write_json(webhook.doc, webhook.json_style).decode())


def check_violations(scenario, found):
    wanted = scenario.expect.get("mango_violations", 0)
    return [] if len(found) == wanted else [
        "requests that MANGO refuses: expected %d, found %s" % (wanted, json.dumps(found))]


def check_once(scenario, asked, arrivals):
    """One command of a call, none after the deadline; also of those that a fault kept from MANGO."""
    deadline = float(scenario.env.get("ROUTE_DEADLINE_MS", 4000)) / 1000
    lines, seen = [], set()
    for row in asked:
        if row["entry"] in seen:
            lines.append("a second command of call %s: %s" % (row["entry"], asked))
        seen.add(row["entry"])
        late = row["at"] - arrivals.first.get(row["entry"], row["at"]) - deadline
        if late > TOLERANCE_S:
            lines.append("the command of call %s came %.3f s after the deadline" % (row["entry"], late))
    return lines


def in_time(entry, rows, arrivals, call):
    """A line if the first of the rows came later than within_ms after the event, or before it."""
    if "within_ms" not in entry or not rows:
        return []
    began = arrivals.of(call, entry.get("event"))
    if began is None:
        return ["of call %s: %s counts from an event that never came" % (call.name, entry)]
    took = (min(row["at"] for row in rows) - began) * 1000
    return [] if -1000 * TOLERANCE_S <= took <= entry["within_ms"] else [
        "of call %s: %s wanted, took %.0f ms" % (call.name, entry, took)]


def unlike(what, wanted, found):
    """Lines for the keys of `found` that are wanted otherwise."""
    return ["%s: %s expected %s, found %s" % (what, key, wanted[key], found[key]) for key in found
            if key in wanted and wanted[key] != found[key]]


def check_commands(scenario, commands, arrivals):
    """[[expect.command]]; of calls that are not named there is none."""
    lines, told = [], set()
    for entry in scenario.expect.get("command", []):
        for call in scenario.named(entry["call"]):
            told.add(call.entry)
            rows = [row for row in commands if row["entry"] == call.entry]
            if len(rows) != entry.get("count", 1):
                lines.append("commands of call %s: expected %d, found %s" % (
                    call.name, entry.get("count", 1), rows))
            for row in rows:
                found = {key: row[key] for key in ("to", "name", "result")}
                lines += unlike("the command of call " + call.name, scenario.fill_all(entry), found)
            lines += in_time(entry, rows, arrivals, call)
    return lines + ["no [[expect.command]] is this command: %s" % row for row in commands
                    if row["entry"] not in told]


def check_visits(scenario, visits, arrivals):
    """[[expect.visitor]]: so many queries of a number."""
    lines = []
    for entry in scenario.expect.get("visitor", []):
        number = scenario.fill(entry["number"])
        rows = [row for row in visits if row["number"] == number]
        if len(rows) != entry.get("count", 1):
            lines.append("queries for the visitor of %s: expected %d, found %s" % (
                number, entry.get("count", 1), rows))
        if "call" in entry:
            lines += in_time(entry, rows, arrivals, scenario.named(entry["call"])[0])
    return lines


def popups(log):
    """What Megaplan was told to show of calls that go on, in order, and took: bodies, with `at`."""
    made = []
    for row in log:
        if row["method"] != "POST" or not re.search(r"/callInfo(/provider|/\d+)?$", row["path"]):
            continue
        try:
            doc = json.loads(row["body"])
        except ValueError:
            continue
        if isinstance(doc, dict) and row.get("did") and doc.get("state") not in (None, "finished"):
            made.append(dict(doc, at=row["at"]))
    return made


def shown_to(row):
    """(our employee, the client) of what is shown, "none" for nobody: the call's type says which side is whose."""
    sides = [(row.get(side) or {}).get("id", "none") for side in ("toUser", "fromUser")]
    return sides[::-1] if row.get("type") in ("out", "fail") else sides


def check_popups(scenario, log, arrivals):
    """[[expect.popup]]: the states a call was shown in, one after the other, and whose they were."""
    lines, shown = [], popups(log)
    for entry in scenario.expect.get("popup", []):
        for call in scenario.named(entry["call"]):
            rows = [row for row in shown if row.get("providerId") == call.entry]
            sides = [shown_to(row) for row in rows]
            found = {"states": [row["state"] for row in rows], "employees": [ours for ours, _ in sides],
                     "client": sides[-1][1] if sides else "none"}
            lines += unlike("the pop-up of call " + call.name, scenario.fill_all(entry), found)
            lines += in_time(entry, rows, arrivals, call)
    return lines
