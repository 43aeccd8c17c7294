#!/usr/bin/env python3
"""Kafka goes away under load, ingest is killed meanwhile: whatever was answered 200 has to be in `events`.

    tests/chaos/outage.py     RATE=500 SECONDS=120 AWAY=60 MODE=stop,freeze BUILD=build KAFKA=1

MANGO OFFICE posts RATE webhooks a second (calls of eight, each posted when it is due) for SECONDS. After a
sixth of the time Kafka goes away for AWAY seconds: `stop` ends the broker and starts it again on its data, `freeze`
takes its time away (SIGSTOP), so that connections stay. In the middle of that ingest is killed (-9) and started
again, while Kafka is not there. Then: every webhook answered 200 is in the topic, byte for byte, in its call's
order; none waited over 5 s; and ingest says how fast the spool was drained. The devbroker forgets what it had
when it is stopped: it is frozen only. Last line: "N passed, N failed".
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes")]

from crowd import Crowd  # noqa: E402
from process import Failed, fetch, wait_for  # noqa: E402
from real_kafka import is_wanted, start_if_wanted  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402
from topics import Topics  # noqa: E402

RATE = float(os.environ.get("RATE", "500"))
SECONDS = float(os.environ.get("SECONDS", "120"))
AWAY = float(os.environ.get("AWAY", str(SECONDS / 2)))
MODES = os.environ.get("MODE", "stop,freeze" if is_wanted() else "freeze").split(",")
IN_TIME_S = 5.0


class Broker:
    """Apache Kafka, or the devbroker, that can be taken away."""

    def __init__(self, stack):
        self.dev = next((p for p in stack.processes if p.name == "devbroker"), None)
        self.kafka = start_if_wanted()
        if self.kafka:
            stack.brokers = self.kafka.brokers

    def go(self, mode):
        if mode == "stop":
            self.kafka.tell("down")
        elif self.kafka:
            self.kafka.freeze()
        else:
            self.dev.stop()

    def come(self, mode):
        if mode == "stop":
            self.kafka.tell("up")
        elif self.kafka:
            self.kafka.go_on()
        else:
            self.dev.cont()

    def end(self):
        if self.kafka:
            self.kafka.end()


class Watch:
    """What ingest says of itself, once in a while."""

    def __init__(self, ingest):
        self.ingest = ingest
        self.most = 0.0

    def spooled(self):
        count = self.ingest.metrics().get("mangoplan_spool_messages", 0.0)
        self.most = max(self.most, count)
        return count

    def until(self, end):
        while time.monotonic() < end:
            self.spooled()
            time.sleep(0.5)

    def drained(self):
        return self.spooled() == 0 and json.loads(
            fetch("http://%s/readyz" % self.ingest.ops)[1] or "{}").get("status") == "ok"


def play(stack, broker, mode):
    """(crowd, what is to be told)"""
    document = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
    document["megaplan"]["base_url"] = stack.megaplan
    stack.up([document], ["ingest"], follow=False)
    ingest = stack.services["ingest"]
    watch = Watch(ingest)
    crowd = Crowd([ingest.front], document, RATE, mode).start()
    begun = time.monotonic()
    watch.until(begun + SECONDS / 6)
    broker.go(mode)
    away = time.monotonic()
    print("      %5.1f s: Kafka is away (%s)" % (away - begun, mode), flush=True)
    watch.until(away + AWAY / 2)
    ingest.kill()
    stack.start_service("ingest", wait=False)
    ingest.await_ports()
    crowd.fronts = [ingest.front]
    wait_for("ingest to be ready without Kafka", ingest.ready, 20)
    print("      %5.1f s: ingest was killed and is ready again, %d webhooks in its spool" % (
        time.monotonic() - begun, watch.spooled()), flush=True)
    watch.until(away + AWAY)
    broker.come(mode)
    back = time.monotonic()
    print("      %5.1f s: Kafka is back" % (back - begun), flush=True)
    wait_for(lambda: "an empty spool, it has %d" % watch.spooled(), watch.drained, 120, 0.2)
    drained = time.monotonic() - back
    watch.until(begun + SECONDS)
    crowd.stop()
    return crowd, {"most_in_the_spool": int(watch.most), "drained_s": round(drained, 1),
                   "away_s": round(back - away, 1)}


def judge(crowd, events):
    """What is wrong, worded."""
    try:
        wait_for("all of it in the topic", lambda: not crowd.missing(events), 60, 1)
    except Failed:
        pass
    found = {"missing": crowd.missing(events), "spoilt": crowd.spoilt(events),
             "out of order": crowd.disordered(events)}
    lines = ["%d %s: %s" % (len(rows), what, [getattr(row, "key", row) for row in rows[:5]])
             for what, rows in found.items() if rows]
    if crowd.worst() > IN_TIME_S:
        lines.append("somebody waited %.1f s" % crowd.worst())
    strange = set(crowd.statuses()) - {200, 0}
    if strange or len(crowd.answered()) < 0.9 * len(crowd.sent):
        lines.append("answers: %s" % crowd.statuses())
    return lines


def tell(mode, crowd, figures, events):
    places = crowd.places(events)
    rows = sum(1 for m in list(events) if "/%s-" % crowd.name in (m.key or ""))
    waits = sorted(sent.seconds for sent in crowd.answered())
    figures.update(sent=len(crowd.sent), answered_200=len(crowd.answered()),
                   in_events=sum(sent.key in places for sent in crowd.answered()),
                   missing=len(crowd.missing(events)), out_of_order=len(crowd.disordered(events)),
                   records=rows, repeats=rows - len(places), answers=crowd.statuses(),
                   p50_ms=round(waits[len(waits) // 2] * 1e3, 1), p99_ms=round(waits[len(waits) * 99 // 100] * 1e3, 1),
                   worst_s=round(crowd.worst(), 2))
    print("      " + json.dumps({"mode": mode, **figures}), flush=True)


def one(mode):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-outage-"))
    stack = Stack(os.environ.get("BUILD", "build"), folder, brokers="" if is_wanted() else None,
                  env={"LOG_LEVEL": "info", "INGEST_SPOOL": str(folder / "spool.db"), "TOPIC_PARTITIONS": "12"})
    broker, lines = None, []
    try:
        with stack:
            stack.start_outside()
            broker = Broker(stack)
            crowd, figures = play(stack, broker, mode)
            stack.topics = Topics(stack.brokers, stack.prefix, folder / "kcat.log").start(("events",))
            events = stack.topics.messages["events"]
            lines += judge(crowd, events)
            tell(mode, crowd, figures, events)
    except Failed as failure:
        lines.append(str(failure))
    except Exception:  # noqa: BLE001
        lines.append("the test itself failed: " + traceback.format_exc())
    finally:
        if broker:
            broker.end()
    lines += stack.problems()
    if os.environ.get("KEEP"):
        print("      kept: %s" % folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print("%s  outage: Kafka %s for %g s under %g webhooks/s" % ("FAIL" if lines else "ok  ", {
        "stop": "stopped", "freeze": "frozen"}[mode], AWAY, RATE), flush=True)
    for line in lines:
        print("      " + line)
    return not lines


def main():
    passed = sum([one(mode) for mode in MODES])
    print("%d passed, %d failed" % (passed, len(MODES) - passed))
    return 0 if passed == len(MODES) else 1


if __name__ == "__main__":
    sys.exit(main())
