#!/usr/bin/env python3
"""Everything is restarted, one after the other, under load: the ways an operator brings a new version out.

    tests/chaos/rolling.py     RATE=200 ACCOUNTS=10 LOSE=1 BUILD=build     (make rolling)

Apache Kafka as three nodes (replication 3, two must have what is acknowledged), two of each process. Calls come as RATE webhooks a
second, through a proxy that asks the other ingest where one does not take a webhook or does not answer it. Meanwhile each
process is ended by SIGTERM and started again, then each node of Kafka; with LOSE=1 one node is then killed (-9) and comes back.
In the end every webhook was answered 200 and is in `events`; each number has one client and each call one
CallInfo; nothing is dead. Last line: "N passed, N failed".
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes")]

import mango  # noqa: E402
from calls import Call  # noqa: E402
from crowd import Crowd, Sent  # noqa: E402
from process import Failed, wait_for  # noqa: E402
from real_kafka import RealKafka  # noqa: E402
from stack import Stack  # noqa: E402
from topics import Topics  # noqa: E402

RATE = float(os.environ.get("RATE", "200"))
ACCOUNTS = int(os.environ.get("ACCOUNTS", "10"))
LOSE = os.environ.get("LOSE", "1") != "0"
SERVICES = ("ingest", "ingest2", "calls", "calls2", "crm", "crm2")
PARTITIONS = 12
BETWEEN_S = 1.0      # calls come undisturbed
BASE = json.loads((ROOT / "tests/scenarios/base.json").read_text(encoding="utf-8"))


class Callers(Crowd):
    """Calls that are answered, each of a new number."""

    per_call = 4     # of the shape
    whole = True

    def __init__(self, fronts, documents, rate):
        super().__init__(fronts, documents[0], rate, "rolling")
        self.documents = documents
        self.stamp = "%x" % int(time.time() * 1000)
        self.calls = []
        self.keys = {}

    def webhooks(self, name):
        number = len(self.calls)
        document = self.documents[number % len(self.documents)]
        call = Call({"name": name, "shape": "direct", "seconds_ago": 32, "number": "7912%07d" % number}, self.stamp)
        self.calls.append((document["account"], call))
        made = [Sent(call.entry, n, w.path, mango.write_json(w.doc).decode(), document)
                for n, w in enumerate(call.webhooks)]
        self.keys.update({(sent.call, sent.text): sent.key for sent in made})
        return made

    def key_of(self, message):
        return self.keys.get(((message.doc or {}).get("entry_id"), message.value))


class Rolling:
    def __init__(self, stack, kafka):
        self.stack, self.kafka = stack, kafka
        self.notes = []
        self.begun = 0.0
        self.crowd = None

    def documents(self):
        made = []
        for n in range(ACCOUNTS):
            name = "roll%d" % n
            megaplan = dict(BASE["settings"]["megaplan"], base_url="%s/%s" % (self.stack.megaplan, name),
                            requests_per_second=1000, requests_per_hour=1000000)
            made.append(dict(BASE["settings"], account=name, megaplan=megaplan, call_records=True, create_client={"incoming": True},
                             mango={"api_key": name + "-key-0123456789", "api_salt": name + "-salt-9876543210"}))
        return made

    def tell(self, text):
        print("      %5.1f s: %s" % (time.monotonic() - self.begun, text), flush=True)

    def up(self):
        self.stack.start_outside()
        documents = self.documents()
        for document in documents:
            self.stack.fakes["/" + document["account"]].ask("seed", BASE["megaplan"])
        self.stack.up(documents, SERVICES, follow=False)
        self.crowd = Callers(self.fronts(), documents, RATE)

    def fronts(self):
        return [self.stack.services[name].front for name in ("ingest", "ingest2")]

    def restart(self, name):
        """By SIGTERM, at the same ports, as a service is."""
        service = self.stack.services[name]
        if name.startswith("ingest"):
            service.env["INGEST_LISTEN"] = service.front
        begun = time.monotonic()
        service.end()
        ended = time.monotonic()
        self.stack.start_service(name)
        self.tell("%s: ended in %.1f s, ready again after %.1f s more" % (name, ended - begun, time.monotonic() - ended))
        time.sleep(BETWEEN_S)

    def in_sync(self):
        """Every replica of every partition has what is acknowledged."""
        listed = subprocess.run(["kcat", "-b", self.kafka.brokers, "-L", "-J"], stdout=subprocess.PIPE, check=True).stdout
        return all(len(p["isrs"]) == 3 for t in json.loads(listed)["topics"] for p in t["partitions"])

    def node(self, number, how):
        begun = time.monotonic()
        self.kafka.tell("%s %d" % (how, number))
        time.sleep(5 if how == "kill" else 0)   # a while with two
        self.kafka.tell("up %d" % number)
        wait_for("node %d to have everything" % number, self.in_sync, 60, 0.2)
        self.tell("Kafka's node %d: %s, has everything again after %.1f s" % (number, how, time.monotonic() - begun))
        time.sleep(BETWEEN_S)

    def play(self):
        self.begun = time.monotonic()
        self.crowd.start()
        time.sleep(BETWEEN_S)
        for name in SERVICES:
            self.restart(name)
        for number in (1, 2, 3):
            self.node(number, "down")
        if LOSE:
            self.node(2, "kill")
        self.crowd.stop()
        self.tell("%d calls, %d webhooks, the last answered" % (len(self.crowd.calls), len(self.crowd.sent)))

    # what came of it

    def states(self):
        return {name: control.state() for name, control in self.stack.fakes.items()}

    def unsaved(self):
        saved = sum(len(state["CallInfo"]) for state in self.states().values())
        return len(self.crowd.calls) - saved

    def judge(self):
        self.stack.topics = Topics(self.stack.brokers, self.stack.prefix, self.stack.folder / "kcat.log").start(
            ("events", "dead"))
        events = self.stack.topics.messages["events"]
        lines = []
        try:
            wait_for(lambda: "every call to be saved, %d are not" % self.unsaved(), lambda: self.unsaved() <= 0, 120, 1)
            wait_for("all of it in the topic", lambda: not self.crowd.missing(events), 60, 1)
        except Failed as failure:
            lines.append(str(failure))
        found = {"missing in events": self.crowd.missing(events),
                 "not answered 200": [s for s in self.crowd.sent if s.status != 200],
                 "dead": [m.value for m in self.stack.topics.messages["dead"]]}
        lines += ["%d %s: %s" % (len(rows), what, [getattr(row, "key", row) for row in rows[:3]])
                  for what, rows in found.items() if rows]
        lines += self.megaplan()
        rows = sum(1 for m in list(events) if self.crowd.key_of(m))
        self.notes.append("%d webhooks, answers %s, %d from the other ingest, the slowest after %.1f s; %d records in events, %d of them"
                          " repeats" % (len(self.crowd.sent), self.crowd.statuses(), sum(s.tries > 1 for s in self.crowd.sent),
                                        self.crowd.worst(), rows, rows - len(self.crowd.places(events))))
        return lines

    def megaplan(self):
        """One client per number, one CallInfo per call, in its account."""
        lines, states = [], self.states()
        for name, state in states.items():
            own = [call for account, call in self.crowd.calls if "/" + account == name]
            saved = collections.Counter(row.get("providerId") for row in state["CallInfo"])
            clients = collections.Counter(
                "".join(c for c in info["value"] if c.isdigit())
                for row in state["ContractorHuman"] for info in row.get("contactInfo") or [])
            lines += ["%s: %d CallInfo of call %s" % (name, saved[c.entry], c.entry) for c in own if saved[c.entry] != 1]
            lines += ["%s: %d clients of %s" % (name, clients[c.number], c.number) for c in own if clients[c.number] != 1]
        return lines[:20] + (["and %d more" % (len(lines) - 20)] if len(lines) > 20 else [])


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-rolling-"))
    kafka = RealKafka(nodes=3)
    stack = Stack(os.environ.get("BUILD", "build"), folder, brokers=kafka.brokers, mega_paths=[
        "/roll%d" % n for n in range(ACCOUNTS)], env={
            "LOG_LEVEL": "info", "TOPIC_PARTITIONS": str(PARTITIONS), "TOPIC_REPLICATION": "-1",
            "INGEST_SPOOL": str(folder / "{name}.spool")})
    lines, notes = [], []
    try:
        with stack:
            rolling = Rolling(stack, kafka)
            notes = rolling.notes
            rolling.up()
            rolling.play()
            lines += rolling.judge()
    except Failed as failure:
        lines.append(str(failure))
    except Exception:  # noqa: BLE001
        lines.append(traceback.format_exc())
    lines += stack.problems()
    kafka.end()
    print("%s  rolling restart" % ("FAIL" if lines else "ok  "))
    for line in notes + lines:
        print("      " + line)
    if lines:
        kept = stack.build / "rolling-logs"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        print("      logs: %s" % kept)
    shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (not lines, bool(lines)))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
