#!/usr/bin/env python3
"""Random kills and freezes of the workers, random faults of Megaplan, under calls of new numbers.

    make chaos [N=4] [SEED=1]        KAFKA=1: on Apache Kafka; BUILD=build/asan: sanitized

Writes N scenario files (tests/scenarios/README.md) by the seed into $BUILD/chaos and plays them with
tests/integration/run.py: calls ring while all that happens; in the end one client per number and one saved call
per call stand in Megaplan, every call has closed, nothing is dead. A story that fails is its file: it can be played again by itself.
Then N stories of the same seeds, larger than in `make test`, about what `calls` decides (decisions.py), and
one of the first seed about what `crm` does (crm.py: WORKERS, ACCOUNTS, JOBS). Last line: "N passed, N failed"
of all.
"""

import os
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
FAULTS = (
    'method = "POST", path = "/contractorHuman$", nth = %d, when = "after", status = 500',
    'method = "POST", path = "/contractorHuman$", nth = %d, when = "before", status = 502',
    'method = "POST", path = "/contractorHuman$", nth = %d, when = "after", reply = "cut"',
    'method = "POST", path = "/contractorHuman$", nth = %d, when = "before", reply = "cut"',
    'path = "/callRoute", nth = %d, when = "before", reply = "cut"',
    'path = "/callRoute", nth = %d, when = "before", status = 429',
    'path = "/contractor$", nth = %d, when = "before", status = 503',
    'method = "POST", path = "/callInfo$", nth = %d, when = "after", reply = "cut"',
    'method = "POST", path = "/callInfo$", nth = %d, when = "before", status = 500',
    'method = "POST", path = "/callInfo/provider", nth = %d, when = "after", status = 502',
    'method = "POST", path = "/callInfo/provider", nth = %d, when = "before", reply = "cut"',
)
GROUPS, COPIES = 5, 12
CLOSING = re.compile(r"(\d+) passed, (\d+) failed\n")


class Story:
    """One scenario file in the making."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.lines = ['title = "chaos, seed %d: %d calls of new numbers"' % (seed, GROUPS * COPIES),
                      'behaviours = ["B9", "B10"]', "deadline_s = 300", ""]

    def step(self, **words):
        self.lines.append("[[step]]")
        for word, value in words.items():
            text = str(value).lower() if isinstance(value, (bool, int, float)) else '"%s"' % value
            self.lines.append("%s = %s" % (word, text))
        self.lines.append("")

    def pause(self, shortest, longest):
        seconds = round(self.chance.uniform(shortest, longest), 2)
        self.step(pause_s=seconds, why="the moment is drawn by chance")

    def strike(self):
        """Somebody is killed or frozen, and comes back."""
        victim = self.chance.choice(("crm", "crm", "calls"))
        how = self.chance.choice(("kill", "freeze", "long freeze", "kill both"))
        if how == "kill both":
            for role in ("crm", "calls"):
                self.step(kill=role)
            for role in ("calls", "crm"):
                self.step(start=role, wait=False)
        elif how == "kill":
            self.step(kill=victim)
            self.pause(0, 2)
            self.step(start=victim, wait=False)
        else:
            self.step(stop=victim)
            self.pause(*((0.2, 4.5) if how == "freeze" else (5.5, 14)))
            self.step(cont=victim)

    def write(self, path):
        chance = self.chance
        faults = [chance.choice(FAULTS) % chance.randint(1, GROUPS * COPIES) for _ in range(6)]
        self.lines += ["[settings]", "popups = true", "route_to_responsible = true", ""]
        self.lines += ["[megaplan]", "doubts = {search_lag_ms = %d}" % chance.choice((0, 500, 2500)),
                       "faults = [%s]" % ", ".join("{%s}" % f for f in faults), ""]
        for n in range(GROUPS):
            self.lines += ["[[call]]", 'name = "%s"' % "abcdefgh"[n], "copies = %d" % COPIES,
                           'number = "7900%d000000"' % n, "seconds_ago = 0", ""]
        for n in range(GROUPS):
            self.step(send="abcdefgh"[n])
            self.pause(0, 1.5)
            self.strike()
        self.step(wait_ready="calls")
        self.step(wait_ready="crm")
        self.lines += ["[expect]",
                       "jobs = {client = %d, call = %d}" % (GROUPS * COPIES, GROUPS * COPIES), ""]
        for n in range(GROUPS):
            self.lines += ["[[expect.client]]", 'call = "%s"' % "abcdefgh"[n],
                           'responsible = "1000005"', "",
                           "[[expect.call]]", 'call = "%s"' % "abcdefgh"[n], 'type = "in"', ""]
        path.write_text("\n".join(self.lines), encoding="utf-8")


def play(argv, env=None):
    """Runs a player, shows what it says; (passed, failed) by its last line."""
    child = subprocess.Popen([sys.executable] + [str(a) for a in argv], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, env=dict(os.environ, **(env or {})))
    last = ""
    for line in child.stdout:
        if CLOSING.fullmatch(line):
            last = line
        else:
            print(line, end="", flush=True)
    child.wait()
    passed, failed = map(int, CLOSING.fullmatch(last).groups()) if last else (0, 0)
    if child.returncode and not failed:
        print("FAIL  %s ended with %s" % (argv[0], child.returncode))
        failed = 1
    return passed, failed


def main():
    seed, count = int(os.environ.get("SEED", "1")), int(os.environ.get("N", "4"))
    folder = BUILD / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n in range(count):
        paths.append(folder / ("seed%d.toml" % (seed + n)))
        Story(seed + n).write(paths[-1])
    ends = [play([ROOT / "tests/integration/run.py"] + paths, {"JOBS": "8"}),
            play([ROOT / "tests/chaos/decisions.py"] + [seed + n for n in range(count)],
                 {"CALLS": os.environ.get("CALLS", "800"), "SPAN": os.environ.get("SPAN", "60")}),
            play([ROOT / "tests/chaos/crm.py", seed])]
    passed, failed = (sum(column) for column in zip(*ends))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
