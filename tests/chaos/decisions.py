#!/usr/bin/env python3
"""Kills, freezes and rebalances workers of `calls` at random under load: the same jobs as undisturbed.

    tests/chaos/decisions.py [SEED ...]     CALLS=300 SPAN=30 BUILD=build/asan KAFKA=1

Two systems hear the same notifications in the same order, at the same time: in one, three workers are
killed, ended, frozen (under and over five seconds) and started by the seed; in the other one worker is
left alone. In the end `jobs` and `jobs.bulk` must hold the same ids, and the first of each id the same
kind, rule, number, data and verdict; `jobs.now` may lack what came too late. Nothing may be dead.
Between the last of a call's notifications and what comes late lies more than any of its timers, so that
milliseconds decide nothing; calls whose notifications a busy machine sent late are left out, and told.
Last line: "N passed, N failed".
"""

import concurrent.futures
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes")]

import calls  # noqa: E402
import mango  # noqa: E402
from process import Failed, wait_for  # noqa: E402
from real_kafka import start_if_wanted  # noqa: E402
from stack import Stack  # noqa: E402

# Short forms of hours: a call without a summary ends, an abandoned one closes, a remembered one stays.
ENV = {"CALL_SETTLE_S": "6", "CALL_ENDED_CLOSE_S": "8", "CALL_IDLE_CLOSE_S": "10",
       "CALL_REMEMBER_S": "3600", "LOG_LEVEL": "info"}
GAP_S = 0.8          # between two notifications of a call, at most
LATE_S = 15          # a straggler comes so long after the others: all timers are over
BEHIND_S = 2.5       # sent so much later than planned, a call's timers may see it differently
TOO_MANY = 0.4       # of all calls left out: nothing is proven
PARTITIONS = 4
WORKERS = ("calls", "calls2", "calls3")
STRIKES = ("kill", "kill", "kill", "end", "end", "freeze", "long freeze", "long freeze")
STRIKES_LAST = {"kill": (0, 3), "end": (0, 2), "freeze": (0.2, 4.5), "long freeze": (5.5, 13)}
SHAPES = sorted(s for s in calls.SHAPES if s not in ("custom", "written")
                and not s.startswith(("vendor-", "summary-of-")))
KEPT = ("kind", "rule", "number", "data", "verdict", "entry_id")
EMPLOYEES = [{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "123"},
             {"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "124"},
             {"megaplan_id": "1000007", "name": "Третий", "extension": "125"}]
ALL_ON = {"create_client": {"incoming": True, "missed": True, "outgoing": True},
          "route_to_responsible": True, "source_field": True, "call_tracking": True,
          "call_records": True, "popups": True, "groups": ["700"],
          "missed_in_ivr_responsible": "1000007", "missed_in_group_responsible": "1000006",
          "missed_call_task": {"enabled": True, "deadline_minutes": 60, "title": "Перезвонить: {phone}"}}
ACCOUNTS = {
    "all-on": ALL_ON,
    "follows": dict(ALL_ON, responsible_follows_transfer=True, unmapped_employee="1000007",
                    working_hours={"days": "mon-fri", "from": "09:00", "to": "18:00", "holidays": []},
                    off_hours_responsible="1000006", route_off_hours=False),
    "vendor": {"create_client": {"incoming": True, "missed": True, "outgoing": True}},
}


def document(account, megaplan):
    """The settings of one of ACCOUNTS."""
    return dict(ACCOUNTS[account], version=1, account=account, enabled=True, timezone="Europe/Moscow",
                employees=EMPLOYEES, country_code="7",
                mango={"api_key": account + "-key-0123456789", "api_salt": account + "-salt"},
                megaplan={"base_url": megaplan, "token": "none-is-asked"})


# the story

class Story:
    """What is told and who is struck, by the seed; times in seconds since the beginning."""

    def __init__(self, seed, count, span):
        self.chance = random.Random(seed)
        self.seed = seed
        self.count = count
        self.span = span
        self.telling = []  # (at, account, entry_id, webhook)
        self.begins = int(time.time()) + 8  # when all processes are up, roughly
        for number in range(count):
            self.add_call(number)
        self.telling.sort(key=lambda row: row[0])
        self.strikes = sorted(self.some_strikes(), key=lambda row: row[0])

    def add_call(self, number):
        chance = self.chance
        at = chance.uniform(0, self.span)
        ago = chance.choice((0, 0, 1, 100, 4000))
        given = {"name": "n%d" % number, "shape": chance.choice(SHAPES),
                 "number": "7900%07d" % chance.randrange(max(5, self.span)),
                 "extension": chance.choice(("123", "123", "124", "999")),
                 "entry": "chaos-%d-%d" % (self.seed, number)}
        call = calls.Call(given, "")
        call.start = self.begins + int(at) - ago
        account = chance.choice(sorted(ACCOUNTS))
        early, late = self.disturbed(call.webhooks + self.recordings(call))
        for webhook in early:
            self.telling.append((at, account, call.entry, webhook))
            at += chance.uniform(0, GAP_S)
        for webhook in late:
            self.telling.append((at + LATE_S, account, call.entry, webhook))
            at += chance.uniform(0, GAP_S)

    def recordings(self, call):
        """A recording of some calls."""
        return [mango.Webhook("events/recording", {
            "entry_id": call.entry, "call_id": "c:1", "recording_id": "rec-%s-%d" % (call.entry, n),
            "recording_state": "Completed", "seq": 1, "extension": "123", "completion_code": 1000,
            "recipient": "Cloud", "timestamp": call.start + 33})
            for n in range(self.chance.choice((0, 0, 1, 2)))]

    def disturbed(self, webhooks):
        """(in time, late): lost, repeated, swapped, late, as MANGO may."""
        chance, early, late = self.chance, [], []
        for webhook in webhooks:
            luck = chance.random()
            if luck < 0.06:
                continue
            if luck < 0.14:
                late.append(webhook)
                continue
            early.insert(len(early) - (luck > 0.9), webhook)
            if luck < 0.22:
                early.append(webhook)
        return early, late

    def some_strikes(self):
        """(at, what, worker): every few seconds one of those that are up; what is down comes back. Rare
        enough that partitions have owners between them, whom the next strike takes away."""
        chance, made, up_from = self.chance, [], dict.fromkeys(WORKERS, 0)
        at = chance.uniform(2, 5)
        while at < self.span + LATE_S:
            there = [worker for worker, since in up_from.items() if since < at]
            if len(there) > 1:
                worker, what = chance.choice(there), chance.choice(STRIKES)
                back = at + chance.uniform(*STRIKES_LAST[what])
                verbs = ("stop", "cont") if "freeze" in what else (what, "start")
                made += [(at, verbs[0], worker), (back, verbs[1], worker)]
                up_from[worker] = back + 1
            at += chance.uniform(2, 9)
        return made


# the two systems

class Side:
    """One of the two systems: what it is told, what it decides."""

    def __init__(self, build, folder, brokers, prefix, workers):
        self.stack = Stack(build, folder, prefix, brokers, ENV)
        self.workers = workers
        self.failure = None
        self.behind = set()  # entry_ids of calls that were told late

    def up(self):
        self.stack.start_outside()
        self.documents = {name: document(name, self.stack.megaplan) for name in ACCOUNTS}
        self.stack.up(list(self.documents.values()), ("ingest",) + self.workers)

    def tell(self, story, begun):
        """All notifications, one after the other, so that both systems have the same order."""
        senders = {name: self.stack.sender(doc) for name, doc in self.documents.items()}
        for at, account, entry, webhook in story.telling:
            time.sleep(max(0, begun + at - time.monotonic()))
            answer = senders[account].send(webhook)
            if answer.status != 200:
                raise Failed("ingest answered %s %s" % (answer.status, answer.text[:200]))
            if time.monotonic() - begun - at > BEHIND_S:
                self.behind.add(entry)
        for sender in senders.values():
            sender.close()

    def strike(self, story, begun):
        """One worker after the other, by the story's clock; some are late when the machine is busy."""
        for at, verb, worker in story.strikes:
            time.sleep(max(0, begun + at - time.monotonic()))
            service = self.stack.services[worker]
            if verb == "start":
                self.stack.start_service(worker, wait=False)
            elif verb == "end":
                service.await_ports()  # before it hears signals, it dies of this one
                service.end()
            else:
                getattr(service, verb)()

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as failure:  # noqa: BLE001
            self.failure = "%s: %s" % (type(failure).__name__, failure)

    def settle(self, deadline_s):
        """Until every partition has an owner, all has been read, all calls are closed, and nothing new
        comes."""
        for worker in self.workers:
            self.stack.services[worker].await_ready()
        seen = [0, time.monotonic()]

        def quiet():
            self.stack.alive()
            count = self.stack.topics.count()
            if count != seen[0] or self.owned() != PARTITIONS or self.stack.behind() or \
                    self.open_calls():
                seen[:] = [count, time.monotonic()]
            return time.monotonic() - seen[1] > 3
        wait_for(lambda: "all calls to close; open %s, %s; partitions with an owner: %d" % (
            self.open_calls(), self.stack.behind(), self.owned()), quiet, deadline_s, 0.25)

    def owned(self):
        """Partitions that the workers hold, by their logs."""
        held = 0
        for worker in self.workers:
            last = {}
            for row in self.stack.services[worker].logged():
                if row["msg"] in ("partitions assigned", "partitions revoked") and "count" in row:
                    last = row
                elif row["msg"].startswith("stood still"):
                    last = {}
            held += last.get("count", 0) if last.get("msg") == "partitions assigned" else 0
        return held

    def open_calls(self):
        return sum(self.stack.services[w].metrics().get("mangoplan_calls_open", 1)
                   for w in self.workers)

    def events(self):
        """What was told, by partition in its order."""
        made = {}
        for m in self.stack.topics.messages["events"]:
            made.setdefault(m.partition, []).append((m.offset, m.key, m.value))
        return made

    def jobs(self, without, *topics):
        """{id: what it says}, the first of each id, of all calls but some; and how many records there are."""
        made, count = {}, 0
        for topic in topics:
            for m in list(self.stack.topics.messages[topic]):
                if m.doc["entry_id"] not in without:
                    count += 1
                    made.setdefault(m.doc["id"], {k: m.doc.get(k) for k in KEPT})
        return made, count


def differences(struck, calm, subset=False):
    """Jobs of the struck system against those of the calm one, worded."""
    lines = ["missing: %s" % calm[i] for i in sorted(set(calm) - set(struck)) if not subset]
    lines += ["too many: %s %s" % (i, struck[i]) for i in sorted(set(struck) - set(calm))]
    lines += ["%s: undisturbed %s, found %s" % (i, calm[i], struck[i])
              for i in sorted(set(struck) & set(calm)) if struck[i] != calm[i]]
    return lines


def compare(struck, calm, count):
    """(differences, figures); count: the story's calls."""
    lines, without = [], struck.behind | calm.behind
    if struck.events() != calm.events():
        lines.append("the test itself failed: the two systems were not told the same")
    if len(without) > count * TOO_MANY:
        lines.append("this machine was too slow: %d of %d calls were told late" % (len(without), count))
    found, found_count = struck.jobs(without, "jobs", "jobs.bulk")
    wanted, _ = calm.jobs(without, "jobs", "jobs.bulk")
    lines += differences(found, wanted)
    now, _ = struck.jobs(without, "jobs.now")
    calm_now, _ = calm.jobs(without, "jobs.now")
    lines += differences(now, calm_now, subset=True)
    if len(wanted) < count - len(without) or (calm_now and not now):
        lines.append("the test itself failed: too little was decided to compare")
    for side, name in ((struck, "struck"), (calm, "undisturbed")):
        lines += ["dead in the %s system: %s %s" % (name, m.headers, m.value)
                  for m in side.stack.topics.messages["dead"]]
    told = "%d events, %d calls (%d told late are left out), %d jobs (%d records more of the same), %d of "\
        "%d in time for jobs.now" % (
            len(struck.stack.topics.messages["events"]), count, len(without), len(wanted),
            found_count - len(found), len(now), len(calm_now))
    return lines, told


def play(struck, calm, story):
    """Both systems hear the story; one is struck meanwhile. Gives (differences, figures)."""
    for side in (calm, struck):
        side.up()
    begun = time.monotonic() + max(0, story.begins - time.time())
    threads = [threading.Thread(target=side.guarded, args=(side.tell, story, begun), daemon=True)
               for side in (calm, struck)]
    for thread in threads:
        thread.start()
    struck.strike(story, begun)  # by this thread: a process dies with the thread that started it
    for thread in threads:
        thread.join()
    for side in (calm, struck):
        if side.failure:
            raise Failed(side.failure)
    for side in (calm, struck):
        side.settle(240)
    return compare(struck, calm, story.count)


def one_story(seed, build, brokers=None, count=300, span=30):
    """(differences, figures) of one seed."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-decisions-"))
    sides = [Side(build, folder / name, brokers, "d%d-%s." % (seed, name), workers)
             for name, workers in (("struck", WORKERS), ("calm", WORKERS[:1]))]
    lines, told = [], ""
    try:
        with sides[0].stack, sides[1].stack:
            lines, told = play(*sides, Story(seed, count, span))
    except Failed as failure:
        lines = [str(failure)]
    except Exception:  # noqa: BLE001
        lines = ["the test itself failed: " + traceback.format_exc()]
    lines += [line for side in sides for line in side.stack.problems()]
    if lines:
        kept = pathlib.Path(build) / "scenario-logs" / ("decisions-%d" % seed)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        lines.append("logs: %s" % kept)
    shutil.rmtree(folder, ignore_errors=True)
    return lines, told


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    seeds = [int(text) for text in sys.argv[1:]] or [int(os.environ.get("SEED") or 1)]
    build = os.environ.get("BUILD", "build")
    kafka = start_if_wanted()
    brokers = kafka.brokers if kafka else None
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("AT_ONCE") or 1)) as pool:
        stories = [(seed, pool.submit(one_story, seed, build, brokers,
                                      int(os.environ.get("CALLS") or 300),
                                      int(os.environ.get("SPAN") or 30))) for seed in seeds]
        for seed, story in stories:
            begun = time.monotonic()
            lines, told = story.result()
            print("%s  decisions, seed %d: %s (%.0f s)" % ("FAIL" if lines else "ok  ", seed, told,
                                                           time.monotonic() - begun), flush=True)
            for line in lines[:30]:
                print("      " + line[:600], flush=True)
            failed += bool(lines)
    if kafka:
        kafka.end()
    print("%d passed, %d failed" % (len(seeds) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
