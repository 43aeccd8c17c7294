#!/usr/bin/env python3
"""Runs scenarios against the real binaries: tests/integration/run.py [NAME or FILE ...]

BUILD=folder of the binaries (default build); KAFKA=1: Apache Kafka instead of the devbroker;
JOBS=n scenarios at once. Each has a stack of its own; nothing is left running, not even after
Ctrl-C. Logs of failed scenarios stay in $BUILD/scenario-logs. Last line: "N passed, N failed".
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from expect import check, seeded  # noqa: E402
from play import Player  # noqa: E402
from process import Failed, Process  # noqa: E402
from scenario import SCENARIOS, Scenario  # noqa: E402
from stack import Stack  # noqa: E402

STACKS = set()
KAFKA = []
SAY = threading.Lock()


def say(text):
    with SAY:
        print(text, flush=True)


class Result:
    """How one scenario ended."""

    def __init__(self, name, lines, seconds):
        self.name = name
        self.lines = lines
        self.seconds = seconds


def run_one(path, options, brokers, number):
    """Plays one scenario file in a stack of its own."""
    begun = time.monotonic()
    name = pathlib.Path(path).stem
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-%s-" % name))
    lines = []
    try:
        scenario = Scenario(path)
        prefix = "s%d-%d." % (os.getpid() % 10000, number)
        paths = (scenario.settings["megaplan"].get("base_url", ""),)
        stack = Stack(options.build, folder, prefix, brokers, scenario.env, paths)
        STACKS.add(stack)
        with stack:
            lines += played(scenario, stack)
        STACKS.discard(stack)
        lines += stack.problems()
    except Failed as failure:
        lines.append(str(failure))
        lines += stack.problems()
    except Exception:  # noqa: BLE001
        lines.append("the test itself failed: " + traceback.format_exc())
    if lines or options.keep:
        kept = options.logs / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        lines = lines and lines + ["logs: %s" % kept]
    shutil.rmtree(folder, ignore_errors=True)
    return Result(name, lines, time.monotonic() - begun)


def played(scenario, stack):
    """From the first process to the last check; gives the differences."""
    stack.start_outside()
    control = stack.control
    control.ask("doubts", scenario.megaplan.get("doubts", {}))
    control.ask("seed", {k: v for k, v in scenario.megaplan.items() if k not in ("doubts", "faults")})
    control.ask("faults", scenario.megaplan.get("faults", []))
    before = seeded(control.state())
    player = Player(scenario, stack)
    player.document = scenario.document(stack.megaplan)
    crm = ["crm"] + ["crm%d" % n for n in range(2, scenario.crm_workers + 1)]
    stack.up([player.document], ["ingest", "calls"] + crm)
    scenario.make_calls("%x" % int(time.time() * 1000))
    try:
        player.play()
        player.settle()
    except Failed as failure:
        return [str(failure)] + check(scenario, player, before)
    return check(scenario, player, before)


def start_kafka(folder):
    """One Apache Kafka for all scenarios (KAFKA=1): the same first line as the devbroker's."""
    process = Process("kafka", [ROOT / "deploy/kafka/run"], folder, first_line=True, hold_stdin=True)
    KAFKA.append(process.start())
    return process, process.read_first_line().partition("=")[2]


def choose(names):
    if not names:
        return sorted(SCENARIOS.glob("*.toml"))
    return [pathlib.Path(n) if n.endswith(".toml") else SCENARIOS / (n + ".toml") for n in names]


def end_all(*_):
    """Ctrl-C or SIGTERM: take everything down at once."""
    for stack in list(STACKS):
        for process in stack.processes:
            process.destroy()
        if stack.topics:
            stack.topics.stop()
        shutil.rmtree(stack.folder, ignore_errors=True)
    for process in KAFKA:
        end_kafka(process)
    os._exit(130)


def end_kafka(process):
    """Asks it to end, so that its starter takes its data away, and takes ours."""
    process.end()
    process.destroy()
    shutil.rmtree(process.log.parent, ignore_errors=True)


def longest_first(paths):
    """Scenarios that say they need long start first, so that the whole ends early."""
    return sorted(paths, key=lambda p: -Scenario(p).deadline_s)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", help="names or files; default: all")
    parser.add_argument("--keep", action="store_true", help="keep the logs of passed ones too")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "8")))
    options = parser.parse_args()
    options.build = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
    options.logs = options.build / "scenario-logs"
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_all)
    paths = longest_first(choose(options.scenarios))
    kafka, brokers = None, None
    if os.environ.get("KAFKA") == "1":
        kafka, brokers = start_kafka(tempfile.mkdtemp(prefix="mangoplan-kafka-"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(run_one, path, options, brokers, n) for n, path in enumerate(paths)]
        for future in concurrent.futures.as_completed(futures):
            failed += report(future.result())
    if kafka:
        end_kafka(kafka)
    print("%d passed, %d failed" % (len(paths) - failed, failed))
    sys.exit(1 if failed else 0)


def report(result):
    say("%s  %s (%.1f s)" % ("FAIL" if result.lines else "ok  ", result.name, result.seconds))
    for line in result.lines[:40]:
        say("      " + line)
    return 1 if result.lines else 0


if __name__ == "__main__":
    main()
