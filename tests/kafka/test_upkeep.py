#!/usr/bin/env python3
"""What the operations guide (deploy/README.md) says of topics made anew: the settings are saved and loaded into topics of another
count, or into those of a Kafka whose disk was lost; calls go on, and what Megaplan has is not made again. Real binaries (BUILD)."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import ACCOUNTS, ALL, Call, OnKafka, figure  # noqa: E402
from process import wait_for  # noqa: E402

MORE = "6"


class Upkeep(OnKafka):
    def setUp(self):
        super().setUp()
        for document in self.documents:
            document["missed_call_task"] = {"enabled": True}
            document["create_client"] = dict(document["create_client"], missed=True)

    def missed(self, minutes_ago=0):
        """A missed call per account."""
        for n, account in enumerate(ACCOUNTS):
            call = Call({"name": "m%d" % n, "shape": "missed", "number": "7913%07d" % n,
                         "seconds_ago": 60 * minutes_ago + 40}, self.stamp)
            self.post(account, call)
            self.calls.append((account, call))

    def tasks(self):
        return {name: len(self.stack.fakes["/" + name].state()["Task"]) for name in ACCOUNTS}

    def before(self, minutes_ago=0):
        """Clients, calls, a task each; then the settings' file and the end."""
        self.up()
        self.missed(minutes_ago)
        self.everywhere()
        self.await_saved()
        wait_for(lambda: "a task each: %s" % self.tasks(), lambda: set(self.tasks().values()) == {1}, 45, 0.3)
        path = self.folder / "settings.jsonl"
        path.write_text(self.stack.tool("settings", "save"), "utf-8")
        for name in ALL:
            self.service(name).end()
        self.stack.services.clear()
        return path

    def anew(self, path, partitions="4"):
        """Empty topics (of another prefix), the file, all services."""
        self.stack.topics.stop()
        self.stack.prefix = self.stack.prefix[:-1] + "-anew."
        self.stack.extra_env["TOPIC_PARTITIONS"] = partitions
        self.stack.tool("settings", "load", path)
        self.up(put=False)

    def call_again(self):
        """The numbers that are clients by now, once more, and new ones."""
        for account, call in list(self.calls):
            again = Call({"name": call.name + "again", "shape": "direct", "seconds_ago": 32, "number": call.number}, self.stamp)
            self.calls.append((account, again))
            self.post(account, again)
        self.everywhere()

    def test_more_partitions(self):
        self.anew(self.before(), MORE)
        self.call_again()
        self.judge()
        self.assertEqual(len({m.partition for m in self.stack.topics.messages["facts"]} - set(range(int(MORE)))), 0)

    def test_a_lost_disk(self):
        """MANGO's history has all calls of the day: they come back, and nothing of them is made again but what only Kafka knew."""
        path = self.before(minutes_ago=20)
        told = {name: [] for name in ACCOUNTS}
        for account, call in self.calls:
            told[account] += [[w.path, w.doc] for w in call.webhooks]
        for name in ACCOUNTS:
            self.stack.pbxs["/" + name].ask("calls", told[name])
        self.anew(path)
        self.stack.tool("reconcile", "--from", "-1h", ok=(0, 1))
        self.call_again()
        self.judge()
        figure("tasks after a lost disk and reconcile: %s" % sorted(self.tasks().values()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
