"""Compares what a scenario expects while it rings with what MANGO was told and what Megaplan showed.

Always: nothing that MANGO would refuse, one command of a call, none after the deadline. Every check gives
lines of difference, worded for the reader of a failed run; no line = it holds.
"""

import datetime
import json
import re

TOLERANCE_S = 0.05  # two clocks readings of one machine


def check_ringing(scenario, pbx, log, topics):
    received = received_at(topics)
    deadline = float(scenario.env.get("ROUTE_DEADLINE_MS", 4000)) / 1000
    lines = check_violations(scenario, pbx["violations"])
    lines += check_once(pbx["commands"], received, deadline)
    lines += check_commands(scenario, pbx["commands"], received)
    lines += check_visits(scenario, pbx["visits"], received)
    return lines + check_popups(scenario, log, received)


def received_at(topics):
    """{entry_id: unix time of its first event}."""
    made = {}
    for message in list(topics.messages["events"]):
        entry = (message.key or "").partition("/")[2]
        at = datetime.datetime.fromisoformat(message.headers["received-at"]).timestamp()
        made[entry] = min(at, made.get(entry, at))
    return made


def check_violations(scenario, found):
    wanted = scenario.expect.get("mango_violations", 0)
    return [] if len(found) == wanted else [
        "requests that MANGO refuses: expected %d, found %s" % (wanted, json.dumps(found))]


def check_once(commands, received, deadline):
    lines, seen = [], set()
    for row in commands:
        if row["entry"] in seen:
            lines.append("a second command of call %s: %s" % (row["entry"], commands))
        seen.add(row["entry"])
        late = row["at"] - received.get(row["entry"], row["at"]) - deadline
        if late > TOLERANCE_S:
            lines.append("the command of call %s came %.3f s after the deadline" % (row["entry"], late))
    return lines


def in_time(entry, rows, received, call):
    """A line if the first of the rows came later than within_ms after the call's first event."""
    if "within_ms" not in entry or not rows:
        return []
    took = (min(row["at"] for row in rows) - received[call.entry]) * 1000
    return [] if took <= entry["within_ms"] else [
        "of call %s: %s wanted, took %.0f ms" % (call.name, entry, took)]


def check_commands(scenario, commands, received):
    """[[expect.command]]; of calls that are not named there is none."""
    lines, told = [], set()
    for entry in scenario.expect.get("command", []):
        for call in scenario.named(entry["call"]):
            told.add(call.entry)
            rows = [row for row in commands if row["entry"] == call.entry]
            if len(rows) != entry.get("count", 1):
                lines.append("commands of call %s: expected %d, found %s" % (
                    call.name, entry.get("count", 1), rows))
            lines += ["the command of call %s: %s expected %s, found %s" % (
                call.name, key, entry[key], row[key]) for row in rows
                for key in ("to", "name", "result") if key in entry and entry[key] != row[key]]
            lines += in_time(entry, rows, received, call)
    return lines + ["no [[expect.command]] is this command: %s" % row for row in commands
                    if row["entry"] not in told]


def check_visits(scenario, visits, received):
    """[[expect.visitor]]: so many queries of a number."""
    lines = []
    for entry in scenario.expect.get("visitor", []):
        number = scenario.fill(entry["number"])
        rows = [row for row in visits if row["number"] == number]
        if len(rows) != entry.get("count", 1):
            lines.append("queries for the visitor of %s: expected %d, found %s" % (
                number, entry.get("count", 1), rows))
        if "call" in entry:
            lines += in_time(entry, rows, received, scenario.named(entry["call"])[0])
    return lines


def shown_of(log, entry):
    """What Megaplan was told to show of a call while it went on, in order, and took: bodies, with `at`."""
    made = []
    for row in log:
        if row["method"] != "POST" or not re.search(r"/callInfo(/provider|/\d+)?$", row["path"]):
            continue
        try:
            doc = json.loads(row["body"])
        except ValueError:
            continue
        if isinstance(doc, dict) and doc.get("providerId") == entry and row.get("did") and \
                doc.get("state") not in (None, "finished"):
            made.append(dict(doc, at=row["at"]))
    return made


def check_popups(scenario, log, received):
    """[[expect.popup]]: the states a call was shown in, one after the other, and whose they were."""
    lines = []
    for entry in scenario.expect.get("popup", []):
        for call in scenario.named(entry["call"]):
            rows = shown_of(log, call.entry)
            found = {"states": [row["state"] for row in rows],
                     "employees": [(row.get("toUser") or {}).get("id") for row in rows],
                     "client": (rows[-1].get("fromUser") or {}).get("id", "none") if rows else "none"}
            lines += ["the pop-up of call %s: %s expected %s, found %s" % (
                call.name, key, entry[key], found[key]) for key in found
                if key in entry and scenario.fill(entry[key]) != found[key]]
            lines += in_time(entry, rows, received, call)
    return lines
