"""What must hold of `worker crm` whatever was done to it: from Megaplan's state, its log of requests, and
the product's topics. Every check gives lines of difference; no line = it holds. Pure.
"""

import collections
import datetime
import json
import re

ENTRY = re.compile(r"MANGO ([\w=+/-]+)")
IDENTITY = re.compile(r"/(contractorHuman|task|callInfo)/(\d+)")
# What makes something, and so stands under an intent that a successor lets age.
CREATES = re.compile(r"/(contractorHuman|task|callInfo|callInfo/history)$")
CLOSED = ("done", "completed", "cancelled", "rejected", "expired")
SHARE = 0.95            # of the account's limits is crm's
GAP_S = 2.0             # a longer rest is a take-over, if there was one
BUSY_SHARE = 0.25       # so many of the numbers still have work: the account has enough


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Found:
    """All that is known of one account in the end. asked: the fake's log, each with `end` and `number`;
    ended: {job id: (unix time, offset of the fact or None, document or None)}; marks: unix times at which
    its partition got an owner; frozen: [(from, to)] of any worker."""

    def __init__(self, account, state, asked, counts):
        self.account = account
        self.state = state
        self.counts = counts
        self.asked = sorted(asked, key=lambda r: r["at"])
        self.ended = {}
        self.results = collections.defaultdict(set)
        self.marks = []
        self.frozen = []
        self.offsets = {}       # job id -> (topic, offset) of its first message
        self.tasks = {row["id"]: row for row in state["Task"]}
        self.entries = {row["id"]: row.get("providerId") for row in state["CallInfo"]}
        self.cards = {row["id"]: phone_of(row) for row in state["ContractorHuman"]}
        for row in self.asked:
            row["end"] = row["at"] + row["ms"] / 1000
            row["number"], row["entry"] = self.concerns(row)
            row["makes"] = row["method"] == "POST" and CREATES.search(row["path"]) is not None

    def concerns(self, row):
        """(number, entry) a request is about; None where it does not say."""
        query = json.loads(row["query"]) if row["query"] else {}
        entry = query.get("providerId")
        match = IDENTITY.search(row["path"])
        if match and match[1] == "contractorHuman":
            return self.cards.get(match[2]), None
        if match and match[1] == "callInfo":
            entry = self.entries.get(match[2])
        if match and match[1] == "task":
            entry = marker_of(self.tasks.get(match[2], {}))
        if row["method"] == "POST" and not entry and row["body"]:
            entry = entry_of(json.loads(row["body"]))
        call = self.account.calls.get(entry)
        if call:
            return call.number, entry
        return "".join(c for c in str(query.get("phone") or query.get("q") or "") if c.isdigit()) or None, None

    def was_taken_over(self, since, until):
        return any(since <= at <= until for at in self.marks)

    def was_disturbed(self, since, until):
        return self.was_taken_over(since, until) or any(
            begins <= until and since <= ends for begins, ends in self.frozen)


def entry_of(body):
    """The call a create or change is about: its marker, else its providerId."""
    body = body[0] if isinstance(body, list) and body else body
    if not isinstance(body, dict):
        return None
    return marker_of(body) or body.get("providerId")


def marker_of(row):
    match = ENTRY.search("%s %s" % (row.get("description") or "", row.get("statement") or ""))
    return match and match[1]


def phone_of(row):
    for contact in row.get("contactInfo") or []:
        if contact.get("type") == "phone":
            return "".join(c for c in contact["value"] if c.isdigit())
    return None


def all_checks(found):
    """Lines of one account."""
    lines = []
    for check in (ends, clients, calls, tasks, limits, overlaps, order):
        lines += ["%s: %s" % (found.account.name, line) for line in check(found)]
    return lines


# the state

def ends(found):
    """Every job came to an end, by a fact; none for want of a kind that knows it."""
    lines = ["job %s has no end" % i for i in found.account.jobs if i not in found.ended]
    for job, results in found.results.items():
        lines += ["job %s ended as %s" % (job, result) for result in results
                  if result not in ("done", "none", "present", "dropped", "no_record", "held")]
    return lines


def clients(found):
    """One client per number, of those who were there or one that a call made, given to whom that call
    gives him."""
    lines, account = [], found.account
    owners = collections.defaultdict(list)
    for row in found.state["ContractorHuman"]:
        owners[phone_of(row)].append(row)
    wanted = set(account.known)
    wanted.update(c.number for c in account.calls.values() if c.client_responsible)
    for number in account.numbers:
        rows = owners.pop(number, [])
        if len(rows) != (number in wanted):
            lines.append("%d clients of %s: %s" % (len(rows), number, [r["id"] for r in rows]))
        for row in rows:
            lines += client(account, number, row)
    lines += ["a client of nobody's number: %s" % number for number in owners]
    lines += ["made more than once: %s" % json.dumps(twin) for twin in found.counts["twins"]]
    return lines


def client(account, number, row):
    responsible = [link["id"] for link in row.get("responsibles") or []]
    if number in account.known:
        wanted = account.known[number]
    else:
        call = account.calls.get(marker_of(row))
        if not call or call.number != number:
            return ["client %s of %s has the marker %s" % (row["id"], number, marker_of(row))]
        wanted = call.then_responsible or call.client_responsible
    return [] if responsible == [wanted] else [
        "client %s of %s is given to %s, not %s" % (row["id"], number, responsible, wanted)]


def calls(found):
    """One CallInfo per call, on its employee, with its number's client and all its recordings."""
    lines = []
    rows = collections.defaultdict(list)
    owners = {number: i for i, number in found.cards.items()}
    for row in found.state["CallInfo"]:
        rows[row.get("providerId")].append(row)
    for entry, call in found.account.calls.items():
        made = rows.pop(entry, [])
        if len(made) != 1:
            lines.append("%d CallInfo of call %s" % (len(made), entry))
            continue
        ours, theirs = ("fromUser", "toUser") if call.kind == "out" else ("toUser", "fromUser")
        row = made[0]
        links = row.get("recordLinks") or []
        wanted = [("client", owners.get(call.number), (row.get(theirs) or {}).get("id")),
                  ("employee", call.employee, (row.get(ours) or {}).get("id")),
                  ("state", "finished", row.get("state")), ("type", call.kind, row.get("type")),
                  ("recordings", sorted(call.recordings), sorted(
                      r for r in call.recordings for link in links if "/%s/" % r in link)),
                  ("links", len(call.recordings), len(links))]
        lines += ["call %s: %s expected %s, found %s" % ((entry,) + triple)
                  for triple in wanted if triple[1] != triple[2]]
    return lines + ["a CallInfo of no call: %s" % entry for entry in rows]


def tasks(found):
    """Never two open ones of a client; one is open where nobody was talked to since a missed call of
    which a client is known, else none."""
    lines = []
    owners = {number: i for i, number in found.cards.items()}
    opened = collections.Counter(row["contractor"]["id"] for row in found.tasks.values()
                                 if row["status"] not in CLOSED)
    for number in found.account.numbers:
        told = [c for c in found.account.calls.values() if c.number == number]
        talk = max((c.start for c in told if c.kind != "miss"), default=0)
        wanted = any(c.kind == "miss" and c.start > talk for c in told)
        if number not in owners:
            continue
        count = opened[owners[number]]
        # A missed call before its number's first client has nobody to call back.
        if count > 1 or count and not wanted or wanted and not count and number in found.account.known:
            lines.append("%d open tasks of %s, expected %d" % (count, number, wanted))
    return lines


# the log

def limits(found):
    """Never more than the account's limits: none refused by Megaplan; never more than an hour's bucket."""
    lines = ["%d requests over the limit of the %s" % (n, name)
             for name, n in found.counts["limited"].items() if n]
    lines += ["answered 429: %s %s" % (r["method"], r["path"]) for r in found.asked if r["status"] == 429]
    burst, refill = hour_bucket(found.account)
    level, at, lowest = burst, 0, burst
    for row in found.asked:
        level = min(burst, level + refill * (row["at"] - at)) - 1
        at = row["at"]
        lowest = min(lowest, level)
    if lowest < -1:
        lines.append("the hour's bucket was overdrawn by %.1f" % -lowest)
    return lines


def hour_bucket(account):
    """(what it holds, what comes in a second) of the account's own number of requests an hour."""
    burst = min(100.0, account.per_hour / 10)
    return burst, (account.per_hour - burst) / 3600


def overlaps(found):
    """Requests about one number never overlap, but those of two owners where the first has been stopped:
    what asks or repeats may; what makes something never meets another's of its call or client."""
    lines, last = [], {}
    for row in found.asked:
        number = row["number"]
        if number is None:
            continue
        before = last.get(number)
        if before is None or row["end"] > before["end"]:
            last[number] = row
        if before and row["at"] < before["end"] and not may_meet(found, before, row):
            lines.append("two requests of %s at once: %s %s for %.0f ms, %s %s after %.0f ms" % (
                number, before["method"], before["path"], before["ms"], row["method"], row["path"],
                (row["at"] - before["at"]) * 1000))
    return lines


def may_meet(found, first, second):
    if not found.was_taken_over(first["at"], second["at"]):
        return False
    if not first["makes"]:
        return True
    of_call = "/callInfo" in first["path"]
    return of_call and first["entry"] != second["entry"]


def order(found):
    """The jobs of a number end in the order in which they stand in their topic, and what they make is
    made in it."""
    lines = []
    rows = collections.defaultdict(list)
    for job, (topic, offset) in found.offsets.items():
        end = found.ended.get(job)
        if end and end[1] is not None:
            rows[topic, found.account.jobs[job]["number"]].append((offset, end[1], job))
    for (topic, number), jobs in rows.items():
        jobs.sort()
        lines += ["jobs of %s in %s ended in another order: %s before %s" % (number, topic, b[2], a[2])
                  for a, b in zip(jobs, jobs[1:]) if b[1] < a[1]]
    made = {row["providerId"]: int(row["id"]) for row in found.state["CallInfo"]}
    for (topic, number), jobs in rows.items():
        ids = [made[job.partition(":")[0]] for _, _, job in jobs
               if ":call:" in job and job.partition(":")[0] in made]
        if ids != sorted(ids):
            lines.append("calls of %s in %s were saved in another order: %s" % (number, topic, ids))
    return lines


# the tokens

def busy_until(found):
    """When the account had too few numbers left with work to do."""
    last = {}
    for job, (at, _, _) in found.ended.items():
        if job in found.account.jobs:
            number = found.account.jobs[job]["number"]
            last[number] = max(at, last.get(number, 0))
    times = sorted(last.values())
    return times[int(len(times) * (1 - BUSY_SHARE))] if times else 0


class Use:
    """Tokens that the buckets of crm's share issue while the account has an owner and work, and those
    that were used; gaps: rests that no take-over explains."""

    def __init__(self, found):
        account = found.account
        burst, refill = (SHARE * n for n in hour_bucket(account))
        self.rate, self.refill, self.most = SHARE * account.per_second, refill, burst
        self.level, self.reserve = burst, burst / 10
        self.issued = self.used = 0.0
        self.gaps, self.away_s, self.owned_s = [], 0.0, 0.0
        longest = max(GAP_S, 3 / min(self.rate, refill))
        until = busy_until(found)
        times = [row["at"] for row in found.asked if row["at"] <= until]
        for before, at in zip(times, times[1:]):
            gap = at - before
            if gap > longest and found.was_disturbed(before, at):
                self.level = min(self.most, self.level + refill * gap)
                self.away_s += gap
                continue
            if gap > GAP_S:
                self.gaps.append((before, gap))
            self.owned(gap)
            self.used += 1

    def owned(self, gap):
        self.owned_s += gap
        room = max(0.0, self.level - self.reserve + self.refill * gap)
        spent = min(self.rate * gap, room)
        self.level = min(self.most, self.level + self.refill * gap - spent)
        self.issued += spent


def told_use(uses):
    """(used / issued of all, a line per account). No account makes good what another one missed."""
    issued = sum(u.issued for u in uses.values())
    used = sum(min(u.used, u.issued) for u in uses.values())
    rows = ["%-8s used %5d of %7.1f = %.3f; %4.0f s with an owner and work, %4.0f s in take-overs; %s" % (
        name, u.used, u.issued, u.used / u.issued if u.issued else 1, u.owned_s, u.away_s,
        "gaps %s" % ["%.1f" % gap for _, gap in u.gaps] if u.gaps else "no gap")
        for name, u in uses.items()]
    return (used / issued if issued else 1.0), rows


