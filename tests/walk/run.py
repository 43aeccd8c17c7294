#!/usr/bin/env python3
"""Every request x every fault x a worker that is killed or frozen: generated, through the real binaries.

The stories are tests/scenarios/crm/*.toml. They are played once as they are, which tells the requests each of
them makes; then once for each of its requests and each row of the fault table (tests/fakes/faults.py), laid
on the first such request: all at once, each in an account of its own, in one system, whose `worker crm` is
meanwhile left alone, killed, or frozen for longer than its fence. Each must end in the Megaplan of its story.

    make walk [N=all] [SEED=1] [STRIKE=none,kill,freeze] [ONLY=regex]

N: so many walks of each strike, by chance (40 without it); AT_ONCE=240 in a system. ONLY: those whose title, as a
FAIL line has it, matches ("GET /employee.* meets data_"; one title alone repeats that walk).
BUILD=folder of the binaries. The last line is "N passed, N failed".
"""

import concurrent.futures
import os
import pathlib
import random
import re
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes")]

import faults  # noqa: E402
import system  # noqa: E402
from process import Failed  # noqa: E402
from scenario import SCENARIOS, Scenario, account_name  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
# Stories that lay faults of their own, or whose people must meet requests at a certain moment.
NOT_WALKED = {"b9_answers_lost_of_every_create", "g15_provider_lags_and_history_repeats",
              "g8_fields_may_not_be_made"}
# Stories of what people change by hand, which is read.
BY_HAND = {"b2_closed_or_deleted_by_hand", "g9_follows_and_keeps_what_people_set"}
STRIKES = ("none", "kill", "freeze")
FREEZE_S = 7         # the fence is at five
EVERY_S = (4, 12)    # between strikes
STRUCK_FOR_S = 40
DEADLINE_S = 300
PER_HOUR = 10000


def title(path, request, fault):
    return "%s: %s %s meets %s" % (path.stem, *request, fault) if request else path.stem


class Walk(Scenario):
    """A story with one fault on one request."""

    def __init__(self, path, number, request, fault):
        super().__init__(path)
        self.title = title(path, request, fault)
        self.name = "w%d-%s" % (number, path.stem[:18].replace("_", "-"))
        old, new = self.account, account_name(self.name)
        self.settings["account"] = new
        self.settings["mango"].update(api_key=new + "-key-0123456789", api_salt=new + "-salt-98765")
        base = self.settings["megaplan"]["base_url"]
        self.settings["megaplan"]["base_url"] = base.replace("/" + old, "/" + new, 1)
        self.deadline_s = DEADLINE_S
        self.expect = dict(self.expect)
        self.expect.pop("requests_max", None)
        self.expect.pop("request", None)   # how often it asked is not what is walked for
        self.expect.pop("outcome", None)   # nor is what it said on the way
        self.expect["limited"] = True  # what was about to leave leaves when it thaws, or gets its turn, all at once
        self.spare_no_requests()
        if request:
            self.lay(request, fault)

    def spare_no_requests(self):
        """An hour's budget that is used up would make it last an hour."""
        limits = self.megaplan.get("doubts", {})
        if "rate_per_hour" in limits:
            self.settings["megaplan"]["requests_per_hour"] = PER_HOUR
            self.megaplan = dict(self.megaplan, doubts=dict(limits, rate_per_hour=PER_HOUR))

    def lay(self, request, fault):
        row = faults.FAULTS[fault]
        if row.rule is not None:
            rule = faults.rule(fault, method=request[0], path=request[1], nth=1, times=1)
            self.megaplan = dict(self.megaplan, faults=self.megaplan.get("faults", []) + [rule])
        else:
            doubts = dict(self.megaplan.get("doubts", {}), **row.doubts)
            self.megaplan = dict(self.megaplan, doubts=doubts)


def pattern(path):
    """The path of a request as a rule's regular expression: ids are any."""
    path = path[path.index("/api/v3/") + len("/api/v3"):]
    path = re.sub(r"^/+|/+$", "/", path).rstrip("/")
    return re.sub(r"/\d{3,}", r"/[0-9]+", path) + "/?$"


class Struck(system.House):
    """A system whose crm worker is struck while the scenarios play."""

    def __init__(self, stack, scenarios, strike, chance):
        super().__init__(stack, scenarios)
        self.strike = strike
        self.chance = chance
        self.over = threading.Event()

    def live(self):
        """The strikes come from this thread: a process dies with the thread that started it."""
        self.stack.start_outside()
        self.each(self.move_in, 8)
        self.stack.up([self.documents[s] for s in self.scenarios if s not in self.results], put=False)
        players = threading.Thread(target=self.play_all)
        players.start()
        try:
            self.strike_at_random()
        finally:
            players.join()

    def play_all(self):
        try:
            self.each(self.play, len(self.scenarios))
        finally:
            self.over.set()

    def strike_at_random(self):
        end = time.monotonic() + STRUCK_FOR_S
        while self.strike != "none" and time.monotonic() < end:
            if self.over.wait(self.chance.uniform(*EVERY_S)):
                return
            crm = self.stack.services["crm"]
            if self.strike == "kill":
                crm.kill()
                self.stack.start_service("crm", wait=False)
            else:
                crm.stop()
                self.over.wait(FREEZE_S)
                crm.cont()

    def requests_of(self, scenario):
        control = self.stack.fakes[scenario.settings["megaplan"]["base_url"]]
        return sorted({(r["method"], pattern(r["path"])) for r in control.requests()
                       if "/api/v3/" in r["path"]})


def play(scenarios, strike, seed, after=None):
    """Plays them in one system; results by scenario, and what the system is to be blamed for."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-walk-"))
    stack = Stack(BUILD, folder, "walk.", None, {"LOG_LEVEL": "info"},
                  [s.settings["megaplan"]["base_url"] for s in scenarios])
    house = Struck(stack, scenarios, strike, random.Random(seed))
    blame = []
    try:
        with stack:
            house.live()
            if after:
                after(house)
    except Failed as failure:
        blame.append(str(failure))
    blame += stack.problems()
    if blame or any(r.lines for r in house.results.values()):
        options = type("Options", (), {"logs": BUILD / "scenario-logs", "build": BUILD})
        blame.append(system.keep(folder, options, "walk-" + strike)) if blame else \
            print("      " + str(system.keep(folder, options, "walk-" + strike)))
    return house.results, blame


def stories():
    """(path, requests it makes) of each, found by playing them as they are."""
    paths = [p for p in sorted((SCENARIOS / "crm").glob("*.toml")) if p.stem not in NOT_WALKED]
    plain = [Walk(path, n, None, None) for n, path in enumerate(paths)]
    found = {}

    def ask(house):
        for path, scenario in zip(paths, plain):
            found[path] = house.requests_of(scenario)
    results, blame = play(plain, "none", 0, ask)
    bad = ["%s: %s" % (s.name, r.lines) for s, r in results.items() if r.lines] + blame
    if bad:
        print("FAIL  the stories as they are:\n      " + "\n      ".join(bad))
    return found, len(bad)


def is_true(path, request, fault):
    """What is believed, and cannot be told from the truth: a 404 says that the record is gone; a field of another type
    that it takes no text; and a reading that lags that nobody changed by hand what somebody did."""
    return (fault == "refused_404" and ("[0-9]+" in request[1] or "provider" in request[1])
            or fault == "of_another_kind" and "extraFields" in request[1] and request[0] == "GET"
            or fault == "lagging_reads" and path.stem in BY_HAND)


def all_walks(found):
    """(path, request, fault) of all there are. Of rows that are no rule of a request only the story counts."""
    made = []
    for path, requests in found.items():
        for fault, row in faults.FAULTS.items():
            if row.rule is not None:
                made += [(path, request, fault) for request in requests if not is_true(path, request, fault)]
            elif row.doubts is not None and not is_true(path, requests[0], fault):
                made.append((path, requests[0], fault))
    return made


def report(scenario, result, strike):
    lines = result.lines
    if lines:
        print("FAIL  %s, crm: %s (%.0f s)" % (scenario.title, strike, result.seconds))
        print("".join("      %s\n" % line for line in lines), end="", flush=True)
    return not lines


def chunks(rows, size):
    return [rows[at:at + size] for at in range(0, len(rows), size)]


def walk(every, wanted, strike, seed):
    """Those that are wanted, under one strike: (passed, failed)."""
    chance = random.Random("%s %d" % (strike, seed))
    rows = list(every)
    passed = failed = 0
    chance.shuffle(rows)
    if wanted != "all":
        rows = rows[:int(wanted)]
    for part in chunks(rows, int(os.environ.get("AT_ONCE") or 240)):
        walks = [Walk(path, n, request, fault) for n, (path, request, fault) in enumerate(part)]
        results, blame = play(walks, strike, chance.random())
        well = [report(s, r, strike) for s, r in results.items()]
        for line in blame:
            print("FAIL  the system, crm: %s: %s" % (strike, line))
        passed += sum(well)
        failed += len(walks) - sum(well) + len(blame)
    print("crm: %-7s %d walks" % (strike, len(rows)), flush=True)
    return passed, failed


def main():
    seed = int(os.environ.get("SEED") or 1)
    wanted = os.environ.get("N") or "40"
    strikes = (os.environ.get("STRIKE") or ",".join(STRIKES)).split(",")
    only = os.environ.get("ONLY") or ""
    found, failed = stories()
    # As a regular expression, or as it stands: a title holds patterns itself.
    every = [one for one in all_walks(found) if only in title(*one) or re.search(only, title(*one))]
    if not every:
        print("ONLY=%s: no such walk" % only)
        return 2
    print("%d stories, %d requests of %d kinds, %d faults: %d walks, times %d strikes; N=%s SEED=%d" % (
        len(found), sum(map(len, found.values())), len({r for rs in found.values() for r in rs}),
        len(faults.FAULTS), len(every), len(strikes), wanted, seed), flush=True)
    with concurrent.futures.ThreadPoolExecutor(len(strikes)) as pool: # they mostly wait
        ends = list(pool.map(lambda strike: walk(every, wanted, strike, seed), strikes))
    passed, failed = sum(e[0] for e in ends), failed + sum(e[1] for e in ends)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
