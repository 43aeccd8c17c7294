"""What the demo shows in the end: tables of a company's Megaplan, and what they cost.

Everything comes from the fake Megaplan's state and log. Pure: gives lines.
"""

import datetime
import re
import zoneinfo

from expect import found_client
from expect_crm import is_marked, seconds, task_status, values_of
from watch import KINDS, clients_by_id, names, sides, whose

ONCE = "once: "
ELSE = (("else", ""),)
COSTS = (  # (what for, requests of it), the first that fits
    ("finding out whose a number is", r"GET .*/(callRoute|contractor(/\d+)?)$"),
    (ONCE + "employees, login", r".*/(employee|auth/access_token)$"),
    (ONCE + "extra fields", r".*/extraFields"),
    ("clients", r".*/contractor(Human|Company)"),
    ("saved calls and their recordings", r".*/callInfo"),
    ("tasks", r".*/task"),
    ("several in one", r".*/bulk$"),
)


CREATES = re.compile("userCreated|responsibles")  # what a new client's body has, in a batch, too


def table(title, rows):
    """Aligned columns under a title; a row that is one text stands as it is."""
    columns = list(zip(*(row for row in rows if not isinstance(row, str))))
    widths = [max(map(len, column)) for column in columns]
    lines = ["  " + title + ("" if rows else ": none")]
    return lines + ["    " + (row if isinstance(row, str) else "   ".join(
        text.ljust(width) for text, width in zip(row, widths)).rstrip()) for row in rows]


def clock(company, value):
    zone = zoneinfo.ZoneInfo(company.settings["timezone"])
    return datetime.datetime.fromtimestamp(seconds(value), zone).strftime("%H:%M:%S")


def clients(company, state):
    rows = []
    for row in clients_by_id(state).values():
        rows.append(["= as it was" if row["seeded"] else "+ new", row["name"],
                     ", ".join(found_client(row)["phones"]), names(company, row.get("responsibles"))])
        rows += ["        %s: %s" % pair for pair in values_of(row, state).items()]
    return rows


def saved_calls(company, state):
    rows = []
    for row in sorted(state["CallInfo"], key=lambda row: seconds(row["timeFrom"])):
        ours, _, number = sides(row)
        links = len(row.get("recordLinks") or [])
        rows.append([clock(company, row["timeFrom"]), KINDS.get(row["type"], row["type"]),
                     names(company, [ours] if ours else []), whose(row, state) or "(no client)", number or "hidden",
                     "%d s" % (seconds(row["timeTo"]) - seconds(row["timeFrom"])),
                     "%d recording%s" % (links, "s" * (links > 1)) if links else ""])
    return rows


def tasks(company, state):
    return [[task_status(row), row["name"], names(company, [row["responsible"]]),
             "until " + clock(company, row["deadline"])] for row in state["Task"]]


def costs(company, log, counts):
    """Requests by what they were for, and per call without those that are asked once."""
    sums, calls = {}, len(company.day)
    for row in log:
        text = "%s %s" % (row["method"], row["path"])
        what = next((name for name, pattern in COSTS if re.match(pattern, text)), "else")
        sums[what] = sums.get(what, 0) + 1
    limit = company.settings["megaplan"]["requests_per_second"]
    once = sum(count for what, count in sums.items() if what.startswith(ONCE))
    return ["  Requests to Megaplan: %d once, %d for %d calls, %.1f each; at most %d in any second (allowed: %d)" % (
        once, len(log) - once, calls, (len(log) - once) / calls, counts["most"]["second"], limit),
        "    " + ", ".join("%s %d" % (what, sums[what]) for what, _ in COSTS + ELSE if what in sums)]


def latencies(company, log):
    """[(call, seconds)] from the moment an employee picks up to Megaplan's having made the client."""
    made = []
    for played in company.day:
        picked_up = played.sent_at.get(played.answered_by())
        for row in log if picked_up else ():
            if row["method"] == "POST" and row["path"].endswith(("/contractorHuman", "/bulk")) \
                    and row["at"] > picked_up and CREATES.search(row["body"]) \
                    and is_marked(row["body"], played.call.entry):
                made.append((played, row["at"] + row["ms"] / 1000 - picked_up))
    return made


def told_latencies(company, log):
    rows = ["%s %.1f s" % (played.call.number, took) if took >= 1 else
            "%s %.0f ms" % (played.call.number, took * 1000) for played, took in latencies(company, log)]
    return ["  From picking up to the new client: " + ", ".join(rows)] if rows else []


def company_lines(company, control):
    """All of one company."""
    state, log = control.state(), control.requests()
    return (["«%s», %s" % (company.label, company.about)]
            + table("Clients", clients(company, state)) + table("Calls", saved_calls(company, state))
            + table("Tasks", tasks(company, state)) + told_latencies(company, log)
            + costs(company, log, control.counts()))
