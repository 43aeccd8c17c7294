"""Compares what a scenario expects of calls, tasks, extra fields and requests with Megaplan's state.

Every check gives lines of difference, worded for the reader of a failed run; no line = it holds.
"""

import datetime
import json
import re

CLOSED = ("done", "completed", "cancelled", "rejected", "expired")
ALIKE = str.maketrans("асеорхукмтвн", "aceopxykmtbh")
OUTWARDS = ("out", "fail")


def check_crm(scenario, state, counts, log):
    lines = check_calls(scenario, state) + check_tasks(scenario, state)
    lines += check_fields(scenario, state)
    return lines + check_counts(scenario, counts, log)


def shown(row):
    return json.dumps({k: v for k, v in row.items() if k not in ("isDropped", "seeded", "timeUpdated")},
                      ensure_ascii=False)


def seconds(value):
    """Unix seconds of a DateTime; its text if that tells no moment."""
    text = (value or {}).get("value")
    try:
        moment = datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return text
    return int(moment.timestamp()) if moment.tzinfo else "%s (no offset)" % text


def folded(label):
    """A label without case, spaces and Cyrillic look-alikes, as the product compares them."""
    return "".join(label.lower().split()).translate(ALIKE)


def digits(text):
    return re.sub(r"\D", "", text or "")


def same_number(typed, number):
    """Whether a card's number is that one: with "+" its digits, else a Russian one may lack its 7."""
    typed, made = typed.strip(), digits(typed)
    if not typed.startswith("+"):
        made = re.sub(r"^8(?=\d{10}$)|^(?=\d{10}$)", "7", made)
    return made == number


def clients_of(number, state, dropped=False):
    """Ids of the contractors (in no bin, unless asked for) that carry the number, smallest first."""
    made = [row["id"] for row in state["ContractorHuman"] + state["ContractorCompany"]
            if (dropped or not row["isDropped"]) and any(
                same_number(c["value"], number) for c in row.get("contactInfo") or []
                if c.get("type") == "phone")]
    return sorted(made, key=int)


def wanted_client(scenario, entry, call, state):
    """The id a call or a task must be linked to: that of `client`, else the number's; None = nobody."""
    if entry.get("client") == "none":
        return None
    if "client" in entry and not isinstance(entry["client"], list):
        text = scenario.fill(entry["client"], call)
        if text in {row["id"] for row in state["ContractorHuman"] + state["ContractorCompany"]}:
            return text
        return next(iter(clients_of(text, state)), "the client of %s" % text)
    return next(iter(clients_of(call.number, state)), None)


def matched(scenario, entry, calls_of, compare):
    """Lines of one [[expect.call]] or [[expect.task]] for each of its calls; `calls_of` finds the rows
    that are a call's, `compare` gives (what, wanted, found) for one. Rows that are told of are taken."""
    lines, told = [], []
    for call in scenario.named(entry["call"]):
        rows = calls_of(call)
        told += [row["id"] for row in rows]
        if len(rows) != entry.get("count", 1):
            lines.append("expected %d of call %s, found %d%s" % (
                entry.get("count", 1), call.name, len(rows), "".join("\n      " + shown(r) for r in rows)))
        for row in rows:
            lines += ["of call %s: %s expected %s, found %s in %s" % (
                call.name, what, wanted, found, shown(row))
                for what, wanted, found in compare(call, row) if not same(wanted, found)]
    return lines, told


def same(wanted, found):
    if isinstance(wanted, (set, tuple)):
        return found in wanted
    return wanted == found


def any_of(wanted):
    return tuple(wanted) if isinstance(wanted, list) else wanted


# calls

def check_calls(scenario, state):
    """One CallInfo per call, as described; with `exact` no other."""
    rows = [row for row in state["CallInfo"] if not row["seeded"]]
    lines, told = [], set()
    for entry in scenario.expect.get("call", []):
        found, ids = matched(
            scenario, entry, lambda call: [r for r in rows if r.get("providerId") == call.entry],
            lambda call, row, e=entry: compare_call(scenario, e, call, row, state))
        lines += ["CallInfo " + line for line in found]
        told.update(ids)
    if scenario.exact:
        lines += ["no [[expect.call]] is this CallInfo: %s" % shown(r) for r in rows
                  if r["id"] not in told][:5]
    return lines


def compare_call(scenario, entry, call, row, state):
    """(what, wanted, found) of one CallInfo. The client stands on the side it calls from, or is called at."""
    ours, theirs = ("fromUser", "toUser") if row.get("type") in OUTWARDS else ("toUser", "fromUser")
    phone = "toPhone" if row.get("type") in OUTWARDS else "fromPhone"
    wanted = scenario.fill_all(entry)
    yield "state", wanted.get("state", "finished"), row.get("state")
    yield phone, wanted.get("number", call.number) or None, row.get(phone)
    if "type" in wanted:
        yield "type", wanted["type"], row.get("type")
    if "employee" in wanted:
        yield "employee", any_of(wanted["employee"]), (row.get(ours) or {}).get("id")
    yield "client", wanted_client(scenario, entry, call, state), (row.get(theirs) or {}).get("id")
    for name, key in (("from", "fromPhone"), ("to", "toPhone")):
        if name in wanted:
            yield name, wanted[name], row.get(key)
    for name, key in (("time_from", "timeFrom"), ("time_to", "timeTo")):
        if name in wanted:
            yield name, wanted[name], seconds(row.get(key))
    yield from compare_links(wanted.get("links"), row.get("recordLinks") or [])


def compare_links(wanted, found):
    """A number, or a regular expression for each in any order; never one twice."""
    yield "links, each once", len(set(found)), len(found)
    if isinstance(wanted, int):
        yield "number of links", wanted, len(found)
    elif wanted is not None:
        left = list(found)
        for pattern in wanted:
            match = next((link for link in left if re.search(pattern, link)), None)
            yield "a link like %s" % pattern, True, match is not None
            left = [link for link in left if link is not match]
        yield "links beyond those", [], left


# tasks

def check_tasks(scenario, state):
    """Tasks by the marker of their call, as described; with `exact` no other."""
    rows = [row for row in state["Task"] if not row["seeded"]]
    lines, told = [], set()
    for entry in scenario.expect.get("task", []):
        found, ids = matched(
            scenario, entry, lambda call: [r for r in rows if is_marked(r.get("statement"), call.entry)],
            lambda call, row, e=entry: compare_task(scenario, e, call, row, state))
        lines += ["task " + line for line in found]
        told.update(ids)
    if scenario.exact:
        lines += ["no [[expect.task]] is this task: %s" % shown(r) for r in rows
                  if r["id"] not in told][:5]
    return lines


def is_marked(text, entry):
    return re.search(re.escape("MANGO " + entry) + r"(?![\w=+/-])", text or "") is not None


def task_status(row):
    return "deleted" if row["isDropped"] else "done" if row["status"] in CLOSED else "open"


def compare_task(scenario, entry, call, row, state):
    wanted = scenario.fill_all(entry)
    yield "client", wanted_client(scenario, entry, call, state), (row.get("contractor") or {}).get("id")
    yield "isUrgent and isTemplate", [False, False], [row.get("isUrgent"), row.get("isTemplate")]
    yield "status", wanted.get("status", "open"), task_status(row)
    if "responsible" in wanted:
        yield "responsible", any_of(wanted["responsible"]), (row.get("responsible") or {}).get("id")
    if "title" in wanted:
        yield "title", wanted["title"], row.get("name")
    if "deadline" in wanted:
        yield "deadline", wanted["deadline"], seconds(row.get("deadline"))
    if "statement" in wanted:
        yield "statement with %s" % wanted["statement"], True, wanted["statement"] in row["statement"]


# extra fields

def values_of(client, state):
    """{label: value} of a client's filled extra fields; a label that several fields share holds a list."""
    made = {}
    for field in state.get("extra_fields", []):
        value = client.get(field["name"])
        if value not in (None, ""):
            label = field["hrName"]
            made[label] = [made[label], value] if label in made else value
    return made


def compare_values(wanted, found):
    """Lines: the fields named hold these values ("" = nothing), and no other field holds anything."""
    left = dict(found)
    lines = []
    for label, value in wanted.items():
        alike = [name for name in left if folded(name) == folded(label)]
        is_there = left.pop(alike[0]) if alike else ""
        if is_there != value:
            lines.append("field %s expected %s, found %s" % (label, value or "nothing", is_there or "nothing"))
    return lines + ["field %s expected nothing, found %s" % pair for pair in left.items()]


def check_fields(scenario, state):
    """[[expect.field]]: so many fields of a label (look-alikes are one); none is ever made beside another."""
    found, made = {}, set()
    for field in state.get("extra_fields", []):
        label = folded(field["hrName"])
        found[label] = found.get(label, 0) + 1
        made |= {label} if not field["seeded"] else set()
    lines = ["extra field %s: made though there is one, now %d" % (label, found[label])
             for label in sorted(made) if found[label] > 1]
    for entry in scenario.expect.get("field", []):
        count = found.get(folded(entry["label"]), 0)
        if count != entry.get("count", 1):
            lines.append("extra field %s: expected %d, found %d among %s" % (
                entry["label"], entry.get("count", 1), count, sorted(found)))
    return lines


# requests

def check_counts(scenario, counts, log):
    """Nothing was made twice, no limit of Megaplan's was broken, and not more was asked than is allowed."""
    lines = []
    twins = [] if scenario.expect.get("twins") else counts.get("twins", [])
    lines += ["made more than once: %s" % json.dumps(twin, ensure_ascii=False) for twin in twins][:5]
    limited = sum(counts.get("limited", {}).values())
    if limited and not scenario.expect.get("limited"):
        lines.append("requests over Megaplan's limits (429): %s" % counts["limited"])
    most = scenario.expect.get("requests_max")
    if most is not None and len(log) > most:
        lines.append("requests: at most %d, found %d%s" % (most, len(log), "".join(
            "\n      %s %s -> %s" % (r["method"], r["path"], r["status"]) for r in log[:40])))
    return lines
