#!/usr/bin/env python3
"""A worker of `calls` that stood still for over 5 s says nothing before it has joined anew (self-fence).

The real worker (BUILD, default build) on a devbroker, frozen between a call's beginning and its end.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
DEADLINE_S = 60
FROZEN_S = 6.5  # over the fence's 5 s, and under the session's 10 s: only the fence makes it join anew


class Fence(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-fence-")
        self.stack = Stack(BUILD, self.folder, env={"CALL_SETTLE_S": "1"})
        settings = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
        self.stack.start_outside()
        settings["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([settings], ["ingest", "calls"])
        self.sender = self.stack.sender(settings, keep_alive=False)
        self.now = int(time.time()) - 60

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    def leg(self, entry, at, state):
        answer = self.sender.send(mango.Webhook("events/call", {
            "entry_id": entry, "call_id": entry + "leg", "seq": at + 1, "timestamp": self.now + at,
            "call_state": state, "location": "abonent", "from": {"number": "79031234567"},
            "to": {"extension": "123", "line_number": "78001234567"}}))
        self.assertEqual(answer.status, 200)

    def summary(self, entry):
        answer = self.sender.send(mango.Webhook("events/summary", {
            "entry_id": entry, "call_direction": 1, "from": {"number": "79031234567"},
            "to": {"extension": "123"}, "line_number": "78001234567", "create_time": self.now,
            "forward_time": self.now, "talk_time": self.now + 5, "end_time": self.now + 30,
            "entry_result": 1, "disconnect_reason": 1110}))
        self.assertEqual(answer.status, 200)

    def jobs(self):
        return [row.doc["id"] for row in list(self.stack.topics.messages["jobs"])]

    def wait_for_job(self, name):
        wait_for("%s among %s" % (name, self.jobs()), lambda: name in self.jobs(), DEADLINE_S, 0.1)

    def rebalances(self, service, reason):
        return service.metrics().get('mangoplan_kafka_rebalances_total{reason="%s"}' % reason, 0)

    def test_a_frozen_worker_joins_anew(self):
        service = self.stack.services["calls"]
        self.leg("before", 0, "Appeared")
        self.leg("before", 5, "Connected")
        self.wait_for_job("before:client")
        assigned = self.rebalances(service, "assigned")
        service.stop()
        time.sleep(FROZEN_S)
        self.summary("before")
        service.cont()
        wait_for("the fence", lambda: self.rebalances(service, "fence") == 1, DEADLINE_S, 0.1)
        wait_for("the partitions", lambda: self.rebalances(service, "assigned") > assigned, DEADLINE_S,
                 0.1)
        self.wait_for_job("before:call:summary")
        self.leg("after", 0, "Appeared")
        self.leg("after", 5, "Connected")
        self.wait_for_job("after:client")
        self.assertEqual(set(self.jobs()), {"before:client", "before:talked", "before:call:summary",
                                            "after:client"})


if __name__ == "__main__":
    unittest.main()
