#!/usr/bin/env python3
"""Kills, freezes and ends workers of `crm` at random while accounts have thousands of jobs before them.

    tests/chaos/crm.py [SEED ...]     WORKERS=4 ACCOUNTS=40 JOBS=20000 SPAN=150 BUILD=build/asan KAFKA=1

Jobs of all kinds but pop-ups and their like stand in `jobs`, a tenth in `jobs.bulk`, as worker calls
writes them; each account's Megaplan has its own limits, latency, lags and faults. Limits are such that
the jobs take about SPAN seconds, undisturbed. In the end (crm_checks.py): one client per number, one
CallInfo per call with its client and recordings, never two open tasks, every job with an end, nothing
dead; no two requests of a number at once and no order broken; none refused for the account's limits; and
of the tokens that the limits issue while an account has an owner and work, 0.98 are used.
The devbroker reads slowly what is long (it seeks from the beginning): there 5,000 jobs of 20 accounts unless
told otherwise. Last line: "N passed, N failed".
"""

import concurrent.futures
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes"), str(ROOT / "tests/chaos")]

import crm_checks  # noqa: E402
import records  # noqa: E402
from crm_story import Story, line  # noqa: E402
from process import Failed, wait_for  # noqa: E402
from real_kafka import start_if_wanted  # noqa: E402
from stack import Stack  # noqa: E402

PARTITIONS = 12
AT_FIRST = 0.7          # of the jobs stand there before the workers start; the others come meanwhile
STRIKES_UNTIL = 0.93    # of the jobs have ended: the last ones are those whose requests were lost
USE = 0.98
# In `make test`: two minutes, most of which the lost requests of the last strikes are looked for; too little
# work for many numbers at once, so that the tokens are only told.
SMALL = {"workers": 2, "accounts": 8, "jobs": 600, "span_s": 25, "pauses": (2, 7), "strikes_s": 30, "use": 0.0}
SETTLE_S = 420          # a lost request is looked for over 20 + 67 s, and may be lost again


class Progress:
    """Which jobs have ended, as it is read."""

    def __init__(self, story, topics):
        self.wanted = {i for a in story.accounts for i in a.jobs}
        self.topics = topics
        self.read = {"facts": 0, "outcomes": 0}
        self.ended = set()

    def left(self):
        for topic in self.read:
            messages = self.topics.messages[topic]
            news = messages[self.read[topic]:]
            self.read[topic] += len(news)
            for m in news:
                if topic == "facts":
                    job, _, end = (m.key or "").partition("/")[2].rpartition("/")
                    if end in ("done", "given-up"):
                        self.ended.add(job)
                elif (m.doc or {}).get("what") == "outcome" and m.doc.get("result") != "held":
                    self.ended.add(m.doc.get("job"))
        return len(self.wanted - self.ended)


class Pour:
    """tests/chaos/pour: writes rows into the topics."""

    def __init__(self, stack):
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", str(stack.build / "tests/chaos/pour"), stack.brokers,
             stack.prefix, str(PARTITIONS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count = 0

    def pour(self, rows):
        """Returns when Kafka has them."""
        for account, topic, job in rows:
            self.child.stdin.write(line(account, topic, job, time.time()))
            self.count += 1
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        told = self.child.stdout.readline().strip()
        if told != str(self.count):
            raise Failed("pour has written %s of %d records" % (told, self.count))

    def end(self):
        self.child.stdin.close()
        self.child.wait(30)
        self.child.stdout.close()


class Soak:
    """One story in a system of its own."""

    def __init__(self, story, stack, workers):
        self.story = story
        self.stack = stack
        self.workers = ["crm"] + ["crm%d" % n for n in range(2, workers + 1)]
        self.strikes = []   # (from, to, what, workers), unix times
        self.failure = None
        self.notes = []

    # before

    def prepare(self, account):
        control = self.stack.fakes["/" + account.name]
        control.ask("doubts", account.doubts())
        control.ask("seed", account.seed())
        control.ask("faults", account.faults)
        control.ask("latency", {"ms": account.latency_ms})
        self.stack.put_settings(account.settings(self.stack.megaplan))

    def up(self):
        self.stack.start_outside()
        self.rows = list(self.story.rows())
        first = int(len(self.rows) * AT_FIRST)
        pour = Pour(self.stack)
        pour.pour(self.rows[:first])
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.prepare, self.story.accounts))
        self.stack.up([], self.workers)
        self.later = threading.Thread(target=self.pour_later, args=(pour, self.rows[first:]), daemon=True)
        self.later.start()

    def pour_later(self, pour, rows):
        try:
            slices = 20
            for n in range(slices):
                pour.pour(rows[len(rows) * n // slices:len(rows) * (n + 1) // slices])
                time.sleep(self.story.span_s / 2 / slices)
            pour.end()
        except Exception as failure:  # noqa: BLE001
            self.failure = "%s: %s" % (type(failure).__name__, failure)

    # the strikes

    def strike(self, what, workers, lasts_s):
        services = [self.stack.services[name] for name in workers]
        begun = time.time()
        if "freeze" in what:
            services[0].stop()
            time.sleep(lasts_s)
            services[0].cont()
        else:
            for service in services:
                if what == "end":
                    service.await_ports()  # before it hears signals, it dies of this one
                    service.end()
                else:
                    service.kill()
            time.sleep(lasts_s)
            for name in workers:
                self.stack.start_service(name, wait=False)
        self.strikes.append((begun, time.time(), what, workers))

    def play(self, shortest_s, longest_s, most_s):
        """Strikes until nearly all jobs have ended; then until all have."""
        progress = Progress(self.story, self.stack.topics)
        begun = time.monotonic()
        for pause, what, workers, lasts in self.story.strikes(self.workers, shortest_s, longest_s):
            end = time.monotonic() + pause
            while time.monotonic() < end:
                time.sleep(0.2)
            self.stack.alive()
            left = progress.left()
            if self.failure:
                raise Failed(self.failure)
            if left <= (1 - STRIKES_UNTIL) * self.story.count or time.monotonic() - begun > most_s:
                break
            self.strike(what, workers, lasts)
        self.notes.append("%d jobs were left when the %d strikes ended after %.0f s" % (
            progress.left(), len(self.strikes), time.monotonic() - begun))
        self.later.join()
        for name in self.workers:
            self.stack.services[name].await_ready()
        wait_for(lambda: "%d of %d jobs to end: %s" % (
            progress.left(), self.story.count, sorted(progress.wanted - progress.ended)[:5]),
            lambda: not progress.left(), SETTLE_S, 0.5)
        self.quiet()
        self.notes.append("%.0f s in all" % (time.monotonic() - begun))

    def quiet(self):
        """Until what follows from facts alone has been done too: no request for a while, nothing unread."""
        seen = [0, time.monotonic()]

        def still():
            self.stack.alive()
            count = sum(row["count"] for control in self.stack.fakes.values()
                        for row in control.counts()["requests"])
            if count != seen[0] or self.stack.behind():
                seen[:] = [count, time.monotonic()]
            return time.monotonic() - seen[1] > 4
        wait_for(lambda: "quiet: %s" % self.stack.behind(), still, SETTLE_S, 0.5)

    # what came of it

    def found(self):
        """{account name: crm_checks.Found}"""
        made = {}
        for account in self.story.accounts:
            control = self.stack.fakes["/" + account.name]
            made[account.name] = crm_checks.Found(account, control.state(), control.requests(),
                                                  control.counts())
        self.read_facts(made)
        self.read_jobs(made)
        for one in made.values():
            one.frozen = [(begun, ended) for begun, ended, what, _ in self.strikes if "freeze" in what]
        return made

    def read_facts(self, made):
        places = {}
        for name, one in made.items():
            places.setdefault(records.partition(name, PARTITIONS), []).append(one)
        for m in self.stack.topics.messages["facts"]:
            if m.key == "_mark":
                for one in places.get(m.partition, ()):
                    one.marks.append(crm_checks.seconds(m.headers["at"]))
                continue
            name, _, rest = m.key.partition("/")
            job, _, end = rest.rpartition("/")
            if end in ("done", "given-up") and name in made and m.value:
                made[name].ended.setdefault(job, (crm_checks.seconds(m.headers["at"]), m.offset, m.doc))
        for m in self.stack.topics.messages["outcomes"]:
            one = made.get((m.key or "").partition("/")[0])
            if one and m.doc and m.doc.get("what") == "outcome" and m.doc.get("job"):
                one.results[m.doc["job"]].add(m.doc["result"])
                if m.doc["result"] == "dropped":
                    one.ended.setdefault(m.doc["job"], (crm_checks.seconds(m.headers["at"]), None, None))

    def read_jobs(self, made):
        for topic in ("jobs", "jobs.bulk"):
            for m in self.stack.topics.messages[topic]:
                one = made[m.key.partition("/")[0]]
                one.offsets.setdefault(m.doc["id"], (topic, m.offset))

    def judge(self, wanted):
        """(differences, what is told)"""
        found = self.found()
        lines = [text for one in found.values() for text in crm_checks.all_checks(one)]
        lines += ["dead: %s %s" % (m.headers, m.value) for m in self.stack.topics.messages["dead"]]
        uses = {name: crm_checks.Use(one) for name, one in found.items()}
        share, rows = crm_checks.told_use(uses)
        if share < wanted:
            lines.append("of the tokens issued %.3f were used, less than %.2f" % (share, wanted))
        asked = sum(len(one.asked) for one in found.values())
        return lines, ["%d requests; %.3f of the tokens used" % (asked, share)] + self.notes, rows


def one_story(seed, build, brokers=None, workers=4, accounts=40, jobs=20000, span_s=150, pauses=(8, 30),
              strikes_s=None, use=USE):
    """(differences, what is told, a line per account) of one seed."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-soak-"))
    story = Story(seed, accounts, jobs, span_s, time.time())
    stack = Stack(build, folder, "soak%d." % seed, brokers,
                  {"LOG_LEVEL": "info", "TOPIC_PARTITIONS": str(PARTITIONS)},
                  ["/" + a.name for a in story.accounts])
    soak = Soak(story, stack, workers)
    lines, told, rows = [], [], []
    try:
        with stack:
            soak.up()
            soak.play(*pauses, strikes_s or span_s * 6)
            lines, told, rows = soak.judge(use)
    except Failed as failure:
        lines, told = [str(failure)], soak.notes
    except Exception:  # noqa: BLE001
        lines = ["the test itself failed: " + traceback.format_exc()]
    lines += stack.problems()
    told.append("strikes: %s" % ", ".join("%s %s" % (what, "+".join(names))
                                          for _, _, what, names in soak.strikes))
    if lines or os.environ.get("KEEP"):
        kept = pathlib.Path(build) / "scenario-logs" / ("soak-%d" % seed)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        lines += ["logs: %s" % kept] if lines else []
    shutil.rmtree(folder, ignore_errors=True)
    return lines, told, rows


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    seeds = [int(text) for text in sys.argv[1:]] or [int(os.environ.get("SEED") or 1)]
    build = os.environ.get("BUILD", "build")
    kafka, failed = start_if_wanted(), 0
    brokers = kafka.brokers if kafka else None
    accounts, jobs = (40, 20000) if kafka else (20, 5000)
    for seed in seeds:
        lines, told, rows = one_story(
            seed, build, brokers, int(os.environ.get("WORKERS") or 4),
            int(os.environ.get("ACCOUNTS") or accounts), int(os.environ.get("JOBS") or jobs),
            int(os.environ.get("SPAN") or 150))
        print("%s  crm, seed %d" % ("FAIL" if lines else "ok  ", seed), flush=True)
        for row in told + rows + lines[:60]:
            print("      " + row[:600], flush=True)
        failed += bool(lines)
    if kafka:
        kafka.end()
    print("%d passed, %d failed" % (len(seeds) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
