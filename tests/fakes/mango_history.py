"""The call history of a PBX: its legs as lines, asked for and fetched later (reference on MANGO's API, section 6).

Legs come from the notifications that were told of (mango_calls.py), whether anybody heard them or not, and from
what is seeded. Where the reference is silent: a call shows once it is over, which is when all its legs that rang are
Disconnected; a leg's parties are those it began with; a recording hangs on the last leg that was answered. Time is an
argument. Not thread-safe: the world locks.
"""

import datetime
import secrets

FIELDS = ("records", "start", "finish", "answer", "from_extension", "from_number", "to_extension",
          "to_number", "disconnect_reason", "line_number", "location", "create", "entry_id")
OPTIONAL = {"from", "to", "call_party", "request_id"}
TIMES = range(946684800, 253402300800)   # of 2000 to 9999
KEPT_S = 60.0       # reference: kept at least one minute


def problem(doc):
    """Why MANGO would not take a stats/request; None: it would."""
    span = [doc.get(name) for name in ("date_from", "date_to")]
    if any(isinstance(at, bool) or not isinstance(at, int) or at not in TIMES for at in span):
        return "date_from and date_to are unix seconds"
    begin, end = (datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at in span)
    if not begin < end:
        return "date_to is not behind date_from"
    if end > month_after(begin):
        return "over a month"
    fields = doc.get("fields")
    if not isinstance(fields, str) or not fields:
        return "fields is missing"
    names = fields.split(",")
    if set(names) - set(FIELDS) or len(set(names)) < len(names):
        return "fields has one that there is not, or one twice"
    return None


def month_after(when):
    """The same day of the next month, or its last."""
    year, month = (when.year + 1, 1) if when.month == 12 else (when.year, when.month + 1)
    for day in range(when.day, 0, -1):
        try:
            return when.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    raise ValueError(when)


def legs_of(calls):
    """The rows of the notifications told of: every leg of the calls that are over."""
    made = []
    entries = {}
    for (entry, call_id), events in calls.events.items():
        entries.setdefault(entry, {})[call_id] = events
    for entry, legs in entries.items():
        line_number = calls.summaries.get(entry, {}).get("line_number", "")
        rows = [row_of(entry, events, line_number) for events in legs.values()]
        if all(row["finish"] for row in rows):
            add_records(rows, calls.records.get(entry, []))
            made += rows
    for entry, end in calls.summaries.items():
        if entry not in entries:
            made.append(row_of_summary(entry, end))
    return made


def row_of(entry, events, line_number):
    """One line: the leg as it began, and how it went."""
    events = sorted(events, key=lambda doc: int(doc.get("seq") or 0))
    times = {}
    for doc in events:
        times.setdefault(doc.get("call_state"), int(doc["timestamp"]))
    first, last = events[0], events[-1]
    frm, to = first.get("from") or {}, first.get("to") or {}
    start = int(first["timestamp"])
    return {"records": [], "start": start, "finish": times.get("Disconnected", 0),
            "answer": times.get("Connected", 0), "from_extension": frm.get("extension", ""),
            "from_number": frm.get("number", ""), "to_extension": to.get("extension", ""),
            "to_number": to.get("number", ""), "disconnect_reason": last.get("disconnect_reason", ""),
            "line_number": to.get("line_number", line_number), "location": first.get("location", ""),
            "create": start, "entry_id": entry}


def row_of_summary(entry, end):
    """An employee who is off by schedule: no events of legs are sent, the history has the call all the same."""
    frm, to = end.get("from") or {}, end.get("to") or {}
    return {"records": [], "start": int(end["create_time"]), "finish": int(end["end_time"]),
            "answer": int(end["talk_time"]), "from_extension": frm.get("extension", ""),
            "from_number": frm.get("number", ""), "to_extension": to.get("extension", ""),
            "to_number": to.get("number", ""), "disconnect_reason": end.get("disconnect_reason", ""),
            "line_number": end.get("line_number", ""), "location": "abonent" if to else "ivr",
            "create": int(end["create_time"]), "entry_id": entry}


def add_records(rows, records):
    answered = [row for row in rows if row["answer"] and row["location"] == "abonent"]
    if records and answered:
        max(answered, key=lambda row: row["answer"])["records"] = list(dict.fromkeys(records))


def line(row, fields, empty):
    """No quoting: what has a semicolon in it has it in the line."""
    made = []
    for name in fields:
        value = row.get(name, "")
        if name == "records":
            value = "[%s]" % ",".join(value) if value else empty
        made.append(str(value))
    return ";".join(made)


class History:
    """What was asked for, by key."""

    def __init__(self):
        self.asked = {}

    def ask(self, rows, doc, now, doubts):
        """The key of a request that is valid."""
        fields = doc["fields"].split(",")
        wanted = [row for row in rows if not isinstance(row["start"], int) or
                  doc["date_from"] <= row["start"] <= doc["date_to"]]
        wanted.sort(key=lambda row: str(row["start"]))
        end = doubts["history_line_end"]
        text = end.join(line(row, fields, doubts["history_no_records"]) for row in wanted)
        if wanted and doubts["history_last_end"]:
            text += end
        key = secrets.token_urlsafe(12)
        self.asked[key] = (now + doubts["history_ready_s"], text.encode())
        return key

    def fetch(self, key, now):
        """None: the key is unknown; else whether it is ready, and the text."""
        if key not in self.asked:
            return None
        ready, text = self.asked[key]
        if now > ready + KEPT_S:
            del self.asked[key]
            return None
        return (now >= ready), text
