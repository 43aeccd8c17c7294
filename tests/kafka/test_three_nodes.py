#!/usr/bin/env python3
# Alone
"""Apache Kafka as three nodes, one of them killed (-9) while webhooks come: every webhook is answered 200, none is lost, every call
is saved once, and the node that comes back has everything again. Real binaries (BUILD)."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import OnKafka, figure  # noqa: E402
from crowd import Crowd  # noqa: E402
from process import wait_for  # noqa: E402

RATE = 40
IN_TIME_S = 5.0   # a webhook's answer (design: always within it)


class ThreeNodes(OnKafka):
    NODES = 3

    def setUp(self):
        super().setUp()
        self.stack.extra_env["TOPIC_REPLICATION"] = "-1"
        self.stack.extra_env["INGEST_SPOOL"] = str(self.folder / "{name}.spool")

    def test_one_is_killed(self):
        self.up()
        ingest = self.service("ingest")
        crowd = Crowd([ingest.front], self.documents[0], RATE, "three").start()
        try:
            self.everywhere()
            for node in (2, 3):
                self.kafka.tell("kill %d" % node)
                self.everywhere()
                time.sleep(4)      # longer than the others wait for a dead one
                self.everywhere()
                self.kafka.tell("up %d" % node)
        finally:
            crowd.stop()
        events = self.stack.topics.messages["events"]
        wait_for(lambda: "%d webhooks in events" % len(crowd.missing(events)), lambda: not crowd.missing(events), 40, 0.2)
        figure("one of three nodes killed, twice: %d webhooks, answers %s, the slowest after %.1f s" % (
            len(crowd.sent), crowd.statuses(), crowd.worst()))
        self.assertEqual(set(crowd.statuses()), {200})
        self.assertLess(crowd.worst(), IN_TIME_S)
        self.assertEqual(crowd.spoilt(events), [])
        self.assertEqual(crowd.disordered(events), [])
        self.judge_calls()

    def judge_calls(self):
        """What the crowd sends are no calls: those end in dead, which says nothing here."""
        self.await_saved()
        states = self.states()
        clients, infos = self.clients(states), self.saved(states)
        for account, call in self.calls:
            self.assertEqual((clients[account, call.number], infos[account, call.entry]), (1, 1), call.entry)


if __name__ == "__main__":
    unittest.main(verbosity=2)
