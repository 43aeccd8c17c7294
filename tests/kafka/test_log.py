#!/usr/bin/env python3
"""What Apache Kafka's log does and the devbroker's does not: drops what was sent twice, compacts `facts`, deletes old events, forgets
committed offsets. Real binaries (BUILD)."""

import json
import pathlib
import struct
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import ACCOUNTS, PARTITIONS, ROOT, OnKafka, figure  # noqa: E402
from crowd import Crowd  # noqa: E402
from process import Failed, wait_for  # noqa: E402
from wire import Wire  # noqa: E402

JARS = ROOT / "build/kafka-libs"
PRODUCE = 0             # api_key; kafka.apache.org/protocol
EACH = 7                # of the answers to produce requests one is lost
NOTES = "_mark"


class Lossy(Wire):
    """Once told to, it cuts the connection instead of bringing each EACH-th answer to a produce request: Kafka has the records."""

    def __init__(self, target):
        super().__init__(target, kafka=True)
        self.guard = threading.Lock()
        self.losing, self.seen, self.lost = False, 0, 0
        self.doomed = set()     # (socket of the broker's side, correlation id)
        self.peers = {}

    def carry(self, up, source, sink):
        with self.guard:
            self.peers[source] = sink
        super().carry(up, source, sink)

    def wait_turn(self, up, source, data):
        super().wait_turn(up, source, data)
        with self.guard:
            if up:
                key, _, number = struct.unpack_from(">hhi", data, 4)
                self.seen += self.losing and key == PRODUCE
                if self.losing and key == PRODUCE and self.seen % EACH == 0:
                    self.doomed.add((self.peers[source], number))
            elif (source, struct.unpack_from(">i", data, 4)[0]) in self.doomed:
                self.lost += 1
                raise OSError("cut")


class Log(OnKafka):
    PROPERTIES = ("log.cleaner.backoff.ms=200", "log.retention.check.interval.ms=500", "log.initial.task.delay.ms=200")

    def topic(self, name):
        return self.stack.prefix + name

    def java(self, tool, *arguments):
        child = subprocess.run(["java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(JARS / "*"), tool,
                                "--bootstrap-server", self.kafka.brokers, *arguments], stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=60, check=False)
        if child.returncode != 0:
            raise Failed("%s %s: %s" % (tool, arguments, (child.stdout + child.stderr).decode()[-1000:]))
        return child.stdout.decode()

    def read(self, name):
        """[(partition, offset, key)] of what is in the topic now."""
        said = subprocess.run(["kcat", "-C", "-b", self.kafka.brokers, "-t", self.topic(name), "-e", "-q", "-f", "%p %o %k\n"],
                              capture_output=True, timeout=60, check=True).stdout.decode()
        return [(int(p), int(o), k) for p, o, k in (line.split(" ", 2) for line in said.splitlines())]

    def kill(self, *names):
        for name in names:
            self.service(name).kill()

    def told(self, name, words):
        return [row for row in self.service(name).logged() if words in row["msg"]]

    def test_records_sent_again_stand_there_once(self):
        wire = self.stack.wires["ingest"] = Lossy(self.kafka.brokers)
        self.up(("ingest",))
        wire.losing = True
        crowd = Crowd([self.service("ingest").front], self.documents[0], 60, "again").start()
        try:
            wait_for("answers to be lost, %d are" % wire.lost, lambda: wire.lost >= 8, 30)
        finally:
            wire.losing = False
            crowd.stop()
        events = self.stack.topics.messages["events"]
        wait_for("all of it in events", lambda: not crowd.missing(events), 30, 0.2)
        self.assertEqual(set(crowd.statuses()), {200})
        keys = [crowd.key_of(m) for m in list(events)]
        figure("%d answers of Kafka lost: %d webhooks, %d records" % (wire.lost, len(crowd.sent), len(keys)))
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual(crowd.disordered(events), [])

    def test_restored_from_compacted_facts(self):
        self.up()
        for _ in range(3):
            self.everywhere()
        self.await_saved()
        for owners in (1, 2, 3):                # each leaves a mark in every partition, of one key
            self.await_marks(owners)
            self.kill("crm")
            self.stack.start_service("crm")
        self.await_marks(4)
        gate = {"method": "POST", "path": "/contractorHuman$", "nth": 1, "when": "after", "gate": "create"}
        self.stack.fakes["/" + ACCOUNTS[0]].ask("faults", [gate])
        account, call = ACCOUNTS[0], self.new_call(ACCOUNTS[0], 0)
        self.post(account, call)                # its client is made, and nobody hears of it
        self.stack.fakes["/" + account].ask("gates/create/wait?count=1&timeout=30", timeout=40)
        self.kill("crm")
        self.stack.fakes["/" + account].ask("gates/create/release", {"drop": True})
        self.compact()
        self.stack.start_service("crm")
        for known, old in list(self.calls[:PARTITIONS * 2]):    # the same people once more
            again = self.new_call(known, 1)
            again.number, again.made = old.number, None
            again.given["number"] = old.number
            self.post(known, again)
        self.await_saved(100)
        states = self.states()
        clients, saved = self.clients(states), self.saved(states)
        self.assertEqual({key: n for key, n in clients.items() if key[1].startswith("7912") and n != 1}, {})
        self.assertEqual({c.entry: saved[a, c.entry] for a, c in self.calls if saved[a, c.entry] != 1}, {})

    def await_marks(self, owners):
        facts = self.stack.topics.messages["facts"]
        wait_for("marks of %d owners" % owners,
                 lambda: sum(m.key == NOTES for m in list(facts)) >= owners * PARTITIONS, 30, 0.1)

    def compact(self):
        """Returns when of all marks only one is left in each partition, or the last of a segment that is open."""
        before = self.read("facts")
        self.java("kafka.admin.ConfigCommand", "--alter", "--entity-type", "topics", "--entity-name", self.topic("facts"), "--add-config",
                  "segment.ms=1000,min.cleanable.dirty.ratio=0.001,min.compaction.lag.ms=0,max.compaction.lag.ms=1000,delete.retention.ms=0")

        def marks(rows):
            return sum(key == NOTES for _, _, key in rows)
        self.assertGreaterEqual(marks(before), 4 * PARTITIONS)

        def compacted():
            for number in range(PARTITIONS):    # a segment ends with the next record after its time
                subprocess.run(["kcat", "-P", "-b", self.kafka.brokers, "-t", self.topic("facts"), "-p", str(number), "-k", "test/filler",
                                "-H", "at=2026-01-01T00:00:00.000Z"], input=b"{}", check=True, timeout=30)
            return marks(self.read("facts")) <= PARTITIONS
        wait_for("facts to be compacted", compacted, 30, 1)
        figure("facts compacted: %d records, %d left" % (len(before), len(self.read("facts"))))

    def test_events_deleted_under_the_committed_offset(self):
        self.up()
        for _ in range(4):
            self.everywhere()
        self.await_saved()
        self.service("calls").end()             # its calls are remembered for an hour: so old is what it committed
        lost = self.everywhere()
        high = [1 + max(m.offset for m in list(self.stack.topics.messages["events"]) if m.partition == n) for n in range(PARTITIONS)]
        self.delete("events", self.offsets_of_all(lost, high))
        kept = self.everywhere()
        self.stack.start_service("calls")
        rows = self.told("calls", "events were trimmed before they were read")
        self.assertEqual(sorted(row["partition"] for row in rows), list(range(PARTITIONS)))
        self.assertTrue(all(row["count"] > 0 for row in rows), rows)
        self.await_clients(kept)
        self.calls = [row for row in self.calls if row not in lost]
        self.judge()
        self.assertFalse([c.number for a, c in lost if self.clients()[a, c.number]], "how did it know of them?")

    def offsets_of_all(self, calls, least):
        """[offset behind the last event of them] by partition, once they are there."""
        entries = {call.entry for _, call in calls}

        def found():
            rows = [m for m in list(self.stack.topics.messages["events"]) if (m.doc or {}).get("entry_id") in entries]
            return rows if len(rows) == 4 * len(entries) else None
        rows = wait_for("the calls in events", found, 20)
        return [max([m.offset + 1 for m in rows if m.partition == n] + [least[n]]) for n in range(PARTITIONS)]

    def delete(self, name, offsets):
        path = self.folder / "delete.json"
        path.write_text(json.dumps({"version": 1, "partitions": [{"topic": self.topic(name), "partition": n, "offset": offset}
                                                                 for n, offset in enumerate(offsets)]}), "utf-8")
        self.java("org.apache.kafka.tools.DeleteRecordsCommand", "--offset-json-file", str(path))

    def test_committed_offsets_are_gone(self):
        self.up()
        for _ in range(4):
            self.everywhere()
        self.await_saved()
        for name in ("calls", "crm"):
            self.service(name).end()
        unread = self.everywhere()
        for group in ("calls", "crm"):
            self.java("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--delete", "--group", self.stack.prefix + group)
        for name in ("calls", "crm"):
            self.stack.start_service(name)
        for name in ("calls", "crm"):
            rows = self.told(name, "no committed offset")
            self.assertTrue(rows, "%s does not say that it begins anew%s" % (name, self.service(name).tail()))
        self.await_clients(unread)
        self.everywhere()
        self.judge()


if __name__ == "__main__":
    unittest.main(verbosity=2)
