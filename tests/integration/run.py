#!/usr/bin/env python3
"""Runs scenarios against the real binaries: tests/integration/run.py [NAME or FILE ...]

BUILD=folder of the binaries (default build); KAFKA=1: Apache Kafka instead of the devbroker, KAFKA=secure: with TLS and a password;
JOBS=n systems at once; DEADLINE_S=n cuts longer waits short. Each has a stack of its own, those in
folders below tests/scenarios share one per equal [env]; nothing is left running, not even after
Ctrl-C. Logs of failed scenarios stay in $BUILD/scenario-logs (LOGS=another folder). Last line: "N
passed, N failed".
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import signal
import sys
import threading
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from real_kafka import start_if_wanted  # noqa: E402
from scenario import SCENARIOS, Scenario  # noqa: E402
from system import STACKS, Result, play_alone, play_together  # noqa: E402

KAFKA = []
SAY = threading.Lock()


def say(text):
    with SAY:
        print(text, flush=True)


def choose(names):
    """Files; a name is one of tests/scenarios or of a folder in it, a folder's name is all in it."""
    if not names:
        return sorted(SCENARIOS.rglob("*.toml"))
    made = []
    for name in names:
        found = [pathlib.Path(name)] if name.endswith(".toml") else sorted(
            SCENARIOS.rglob(name + ".toml")) or sorted((SCENARIOS / name).glob("*.toml"))
        if not found:
            sys.exit("no scenario is called %s" % name)
        made += found
    return made


def read(paths):
    """(scenarios, results of the files that cannot be read)."""
    scenarios, broken, accounts = [], [], {}
    for path in paths:
        try:
            scenario = Scenario(path)
            if accounts.setdefault(scenario.account, path) != path and scenario.shared:
                raise ValueError("its account %s is %s's too" % (scenario.account, accounts[
                    scenario.account]))
            scenarios.append(scenario)
        except Exception as failure:  # noqa: BLE001
            broken.append(Result(path.stem, ["%s: %s: %s" % (path, type(failure).__name__, failure)], 0))
    return scenarios, broken


def units(scenarios, options, brokers):
    """What is played at once, each a function that gives results: the shared systems first, then those
    that say they need long, so that the whole ends early."""
    houses = {}
    for scenario in scenarios:
        if scenario.shared:
            houses.setdefault((scenario.path.resolve().parent, tuple(sorted(scenario.env.items()))),
                              []).append(scenario)
    made = []
    for members in houses.values():
        name = "shared-%d" % (len(made) + 1)
        made.append(lambda m=members, n=name, p=prefix(len(made)): play_together(m, options, brokers,
                                                                                 p, n))
    for scenario in sorted(scenarios, key=lambda s: -s.deadline_s):
        if not scenario.shared:
            made.append(lambda s=scenario, p=prefix(len(made)): [play_alone(s, options, brokers, p)])
    return made


def prefix(number):
    return "s%d-%d." % (os.getpid() % 10000, number)


def end_all(*_):
    """Ctrl-C or SIGTERM: take everything down at once."""
    for stack in list(STACKS):
        for process in stack.processes:
            process.destroy()
        if stack.topics:
            stack.topics.stop()
        shutil.rmtree(stack.folder, ignore_errors=True)
    for kafka in KAFKA:
        kafka.end()
    os._exit(130)


def options_given():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", help="names, folders or files; default: all")
    parser.add_argument("--keep", action="store_true", help="keep the logs of passed ones too")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "8")))
    options = parser.parse_args()
    options.build = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
    options.logs = pathlib.Path(os.environ.get("LOGS", options.build / "scenario-logs"))
    return options


def main():
    options = options_given()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_all)
    scenarios, broken = read(choose(options.scenarios))
    kafka = start_if_wanted()
    brokers = kafka.brokers if kafka else None
    KAFKA.extend([kafka] if kafka else [])
    ended = [report(result) for result in broken]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in concurrent.futures.as_completed(
                [pool.submit(unit) for unit in units(scenarios, options, brokers)]):
            ended += [report(result) for result in results_of(future)]
    if kafka:
        kafka.end()
    print("%d passed, %d failed" % (len(ended) - sum(ended), sum(ended)))
    sys.exit(1 if any(ended) else 0)


def results_of(future):
    try:
        return future.result()
    except Exception:  # noqa: BLE001
        return [Result("the runner", [traceback.format_exc()], 0)]


def report(result):
    """1 for a failure, 0 else."""
    say("%s  %s (%.1f s)" % ("FAIL" if result.lines else "ok  ", result.name, result.seconds))
    for line in result.lines[:40]:
        say("      " + line)
    return 1 if result.lines else 0


if __name__ == "__main__":
    main()
