"""What the chaos of `worker crm` is about, by its seed: accounts with their limits, numbers, calls and jobs,
the faults of their Megaplans, and who is struck when.

Pure: no clock, no process. Jobs are as `worker calls` writes them (common/job.h).
"""

import base64
import datetime
import json
import random

EMPLOYEES = [{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "101"},
             {"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "102"},
             {"megaplan_id": "1000007", "name": "Орлова Вера", "extension": "103"}]
LINE = "74951234567"
STEP_S, CALL_S, TALK_AFTER_S = 40, 30, 10     # between two calls of an account; what a call lasts
REQUESTS_PER_JOB = 0.85                       # roughly: the rates are made for it
SLOW_EVERY = 10                               # every tenth account has the vendor's lowest limits
SLOW_JOBS = 60
LIVE, BULK = "jobs", "jobs.bulk"
# what, part of a request's path, how often among 100 requests of that kind
FAULTS = (
    ({"method": "POST", "when": "after", "status": 500}, 1.5),
    ({"method": "POST", "when": "after", "reply": "cut"}, 1.5),
    ({"method": "POST", "when": "before", "status": 502}, 1),
    ({"method": "POST", "when": "before", "reply": "cut"}, 1),
    ({"method": "POST", "when": "before", "delay_ms": 6000}, 1.5),
    ({"method": "POST", "when": "after", "delay_ms": 2500}, 1),
)
ASKING_FAULTS = (({"method": "GET", "when": "before", "status": 503}, 0.5),
                 ({"method": "GET", "when": "before", "reply": "cut"}, 0.5),
                 ({"method": "GET", "when": "before", "delay_ms": 3000}, 0.5))
STRIKES = ("kill",) * 4 + ("kill two",) + ("freeze",) * 3 + ("long freeze",) * 2 + ("end",)


def rfc3339(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Call:
    """One call and what must stand in Megaplan of it."""

    def __init__(self, entry, number, kind, topic, start):
        self.entry = entry
        self.number = number
        self.kind = kind            # in, miss, out
        self.topic = topic
        self.start = start
        self.end = start + CALL_S
        self.employee = None
        self.client_responsible = None  # whom a client would be given to; None = the call makes none
        self.then_responsible = None
        self.recordings = []


class Account:
    """One account: its limits, its numbers, its calls, its jobs in their order."""

    def __init__(self, name, chance, jobs, span_s, slow, now):
        self.name = name
        self.chance = chance
        self.slow = slow
        self.latency_ms = chance.randint(5, 50)
        self.per_second, self.per_hour = limits(chance, jobs, span_s, slow)
        self.rows = []              # (topic, job) in their order
        self.calls = {}             # entry -> Call
        self.jobs = {}              # id -> job
        count = max(16, jobs // 9)
        self.numbers = ["79%09d" % n for n in chance.sample(range(10 ** 9), count)]
        self.known = {n: EMPLOYEES[i % 3]["megaplan_id"]
                      for i, n in enumerate(self.numbers[:max(1, count // 6)])}
        self.never = set(self.numbers[-max(1, count // 8):])    # nobody makes a client of these
        begins = int(now) - 600 - STEP_S * jobs // 2
        late = []
        while len(self.rows) < jobs:
            self.tell(begins + STEP_S * len(self.calls), late)
            while late and chance.random() < 0.4:
                self.rows.append(late.pop(0))
        self.rows += late
        self.repeat()
        self.faults = some_faults(chance, len(self.calls), count)

    def tell(self, start, late):
        """The jobs of one call more; what comes late is left in `late`."""
        chance = self.chance
        call = Call(base64.b64encode(chance.randbytes(24)).decode(), chance.choice(self.numbers),
                    chance.choices(("in", "miss", "out"), (6, 3, 1))[0],
                    BULK if chance.random() < 0.1 else LIVE, start)
        self.calls[call.entry] = call
        person = chance.choice(EMPLOYEES)
        call.employee = person["megaplan_id"]
        if call.number not in self.never and chance.random() < 0.8:
            self.make_client(call, person)
        closing = [self.saving(call), self.missed(call) if call.kind == "miss" else self.talk(call)]
        chance.shuffle(closing)
        for job in closing:
            self.add(call.topic, job)
        if call.kind != "miss" and chance.random() < 0.85:
            for n in range(chance.choice((1, 1, 2))):
                row = (call.topic, self.recording(call, n))
                if chance.random() < 0.15:
                    late.append(row)
                else:
                    self.add(*row)

    def add(self, topic, job):
        self.rows.append((topic, job))

    def job(self, call, kind, cause, rule, data, closes=True):
        made = {"v": 1, "id": "%s:%s%s" % (call.entry, kind, cause), "kind": kind, "entry_id": call.entry,
                "number": call.number, "rule": rule, "reason": "a story", "event_at": call.end,
                "offset": "events/0/%d" % len(self.rows), "data": data}
        if closes:
            made["verdict"] = "missed:direct" if call.kind == "miss" else "talked"
            data["closed_by"] = "summary"
        self.jobs[made["id"]] = made
        return made

    def make_client(self, call, person):
        """A client's job, and sometimes one that gives him to another person in the end."""
        call.client_responsible = person["megaplan_id"]
        data = {"name": "Новый %s" % call.number, "phone": call.number,
                "responsible": person["megaplan_id"], "employee": person["name"],
                "extension": person["extension"], "direction": "out" if call.kind == "out" else "in",
                "line": LINE}
        self.add(call.topic, self.job(call, "client", "", "G4" if call.kind == "miss" else "G3", data,
                                      call.kind == "miss"))
        if call.kind != "miss" and self.chance.random() < 0.2:
            other = self.chance.choice([e for e in EMPLOYEES if e is not person])
            call.then_responsible = other["megaplan_id"]
            self.add(call.topic, self.job(call, "responsible", ":%d" % len(self.rows), "G9", {
                "responsible": other["megaplan_id"], "employee": other["name"],
                "extension": other["extension"]}, False))

    def saving(self, call):
        out = call.kind == "out"
        return self.job(call, "call", ":summary", "G15", {
            "type": call.kind, "direction": "out" if out else "in", "to" if out else "from": call.number,
            "from" if out else "to": LINE, "line": LINE, "employee": call.employee,
            "started_at": call.start, "ended_at": call.end,
            "talk_seconds": 0 if call.kind == "miss" else CALL_S - TALK_AFTER_S, "saved": True})

    def missed(self, call):
        return self.job(call, "task", "", "B2", {
            "title": "Перезвонить: %s" % call.number, "phone": call.number, "ended_at": call.end,
            "due_at": call.end + 3600, "line": LINE, "fallback": call.employee})

    def talk(self, call):
        return self.job(call, "talked", "", "B3", {
            "direction": "out" if call.kind == "out" else "in", "talked_at": call.start + TALK_AFTER_S,
            "ended_at": call.end})

    def recording(self, call, n):
        name = "rec%d%s" % (n, call.entry[:12].replace("/", "_").replace("+", "-"))
        call.recordings.append(name)
        return self.job(call, "record", ":" + name, "G13",
                        {"recording_id": name, "recorded_at": call.end + 3}, False)

    def repeat(self):
        """Some jobs come twice: their writer was killed before it knew that they were taken."""
        chance = self.chance
        for at in sorted(chance.sample(range(len(self.rows)), len(self.rows) // 25), reverse=True):
            self.rows.insert(min(len(self.rows), at + chance.randint(1, 30)), self.rows[at])

    # what the system is given

    def settings(self, megaplan):
        return {"version": 1, "account": self.name, "enabled": True, "timezone": "Europe/Moscow",
                "country_code": "7", "employees": EMPLOYEES,
                "mango": {"api_key": self.name + "-key-0123456789", "api_salt": self.name + "-salt"},
                "megaplan": {"base_url": "%s/%s" % (megaplan, self.name), "token": self.name + "-token",
                             "requests_per_second": self.per_second, "requests_per_hour": self.per_hour},
                "create_client": {"incoming": True, "missed": True, "outgoing": True},
                "call_records": True, "responsible_follows_transfer": True,
                "missed_call_task": {"enabled": True, "title": "Перезвонить: {phone}"}}

    def seed(self):
        return {"tokens": {self.name + "-token": "1000004"},
                "employees": [{"id": "1000004", "name": "Связь с АТС"}] + [
                    {"id": e["megaplan_id"], "name": e["name"]} for e in EMPLOYEES],
                "clients": [{"id": str(1000020 + n), "name": "Знакомый %d" % n, "phone": "+" + number,
                             "responsible": responsible}
                            for n, (number, responsible) in enumerate(self.known.items())]}

    def doubts(self):
        chance = random.Random(self.name + str(len(self.rows)))
        return {"rate_per_second": self.per_second, "rate_per_hour": self.per_hour,
                "search_lag_ms": chance.choice((0, 500, 2500)), "list_lag_ms": chance.choice((0, 0, 900)),
                "provider_lag_ms": chance.choice((0, 0, 700)),
                "tasks_lag_ms": chance.choice((0, 0, 900)),
                "callroute_users": chance.choice(("links", "full", "mixed")),
                "history_upserts": chance.random() < 0.5}


def limits(chance, jobs, span_s, slow):
    """(per second, per hour) with which the jobs take about span_s: of half of the accounts the seconds
    bind, of the others the hour; slow ones have the vendor's own limits, a full hour's bucket carries most
    of what they have to do."""
    if slow:
        return 5, 1000
    requests = jobs * REQUESTS_PER_JOB
    if chance.random() < 0.5:
        return max(1, round(requests / span_s)), 10 ** 6
    refill = max(0.5, (requests - 100) / span_s)
    return 20, int(refill * 3600) + 100


def some_faults(chance, calls, clients):
    """Rules for the fake: every kind of create meets every kind of fault."""
    made = []
    for path, count in (("/contractorHuman$", clients), ("/callInfo/history$", calls),
                        ("/callInfo/provider$", calls // 4), ("/task$", calls // 4),
                        ("/doAction$", calls // 6), ("/callRoute$", clients), ("/contractor$", clients)):
        for rule, percent in ASKING_FAULTS if path in ("/callRoute$", "/contractor$") else FAULTS:
            times = sum(chance.random() < percent / 100 for _ in range(count))
            if times:
                made.append(dict(rule, path=path, nth=chance.sample(range(1, count + 1), times)))
    return made


class Story:
    """See the file's head."""

    def __init__(self, seed, accounts, jobs, span_s, now):
        self.seed = seed
        self.span_s = span_s
        self.chance = random.Random(seed)
        slow = [n for n in range(accounts) if n % SLOW_EVERY == SLOW_EVERY - 1]
        each = (jobs - SLOW_JOBS * len(slow)) // max(1, accounts - len(slow))
        self.accounts = [Account("soak%d" % n, random.Random("%d %d" % (seed, n)),
                                 SLOW_JOBS if n in slow else each, span_s, n in slow, now)
                         for n in range(accounts)]
        self.count = sum(len(a.jobs) for a in self.accounts)

    def rows(self):
        """(account, topic, job), each account's in their order, the accounts mixed."""
        left = [[a, 0] for a in self.accounts]
        while left:
            place = self.chance.choice(left)
            account, at = place
            if at == len(account.rows):
                left.remove(place)
                continue
            place[1] += 1
            yield (account,) + account.rows[at]

    def strikes(self, workers, shortest_s, longest_s):
        """(pause before, what, workers, seconds until it is back), without an end."""
        chance = self.chance
        while True:
            what = chance.choice(STRIKES)
            lasts = {"freeze": (1, 4), "long freeze": (6, 15)}.get(what, (0, 3))
            yield (chance.uniform(shortest_s, longest_s), what,
                   chance.sample(workers, min(len(workers), 2 if what == "kill two" else 1)),
                   chance.uniform(*lasts))


def line(account, topic, job, now):
    """A record for tests/chaos/pour."""
    value = json.dumps(job, ensure_ascii=False, separators=(",", ":"))
    return "\t".join((topic, job["kind"], "live" if topic == LIVE else "replay", rfc3339(now),
                      "%s/%s" % (account.name, job["number"]), value)) + "\n"
