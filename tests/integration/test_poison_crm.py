#!/usr/bin/env python3
"""A job that ends worker crm whenever it is judged ends up in `dead`; every other job is done, and done once.

The real workers (BUILD, default build) on a devbroker; into crm a library is preloaded that aborts where the title
of one task is read, and this test is the supervisor that starts it again.
"""
# Takes minutes: after every end the broker gives the partitions away anew only when a session has run out.

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
import test_poison as poison  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
LEAST_ENDS, MOST_ENDS = 5, 6  # two unnamed, three alone; one for progress between the first two


class PoisonCrm(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-poison-")
        self.stack = Stack(BUILD, self.folder, env={"LOG_LEVEL": "info", "CALL_SETTLE_S": "1"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.base = dict(base["settings"], call_tracking=True,
                         create_client={"incoming": True, "missed": True},
                         missed_call_task={"enabled": True, "title": "Poison {phone}"})
        self.stack.start_outside()
        self.base["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.control.ask("seed", base["megaplan"])
        self.stack.up([self.base], ["ingest", "calls"])
        self.crm = poison.Supervisor(self.stack,
                                     poison.compiled(self.folder, "poison_preload_crm.c"), "crm")
        self.crm.start(wait=True)
        self.sender = self.stack.sender(self.base, keep_alive=False)
        self.now = int(time.time()) - 60

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    def post(self, path, doc):
        self.assertEqual(self.sender.send(mango.Webhook(path, doc)).status, 200)

    def call(self, entry, number, talked=True):
        for at, state in ((0, "Appeared"), (5, "Connected"), (30, "Disconnected")):
            if talked or state != "Connected":
                self.post("events/call", {
                    "entry_id": entry, "call_id": entry + "1", "seq": at + 1, "timestamp": self.now + at,
                    "call_state": state, "location": "abonent", "from": {"number": number},
                    "to": {"extension": "123", "line_number": "78001234567"}})
        self.post("events/summary", {
            "entry_id": entry, "call_direction": 1, "from": {"number": number},
            "to": {"extension": "123"}, "line_number": "78001234567", "create_time": self.now,
            "forward_time": self.now, "talk_time": self.now + 5 if talked else 0,
            "end_time": self.now + 30, "entry_result": 1 if talked else 0,
            "disconnect_reason": 1110})

    def saved(self):
        """Entry ids of the calls in Megaplan."""
        return sorted(row["providerId"] for row in self.stack.control.state()["CallInfo"])

    def done(self, *entries):
        """All jobs of these calls have an outcome, their tasks apart."""
        counts = self.stack.topics
        jobs = {r.doc["id"] for name in ("jobs", "jobs.now") for r in counts.messages[name] if r.doc}
        ended = {r.doc["job"] for r in counts.messages["outcomes"]
                 if r.doc and r.doc.get("what") == "outcome" and r.doc.get("job")}
        wanted = {j for j in jobs if j.partition(":")[0] in entries and not j.endswith(":task")}
        return {e + ":call:summary" for e in entries} <= wanted <= ended

    def test_a_job_that_kills(self):
        topics, watch = self.stack.topics, self.crm.wait_for
        self.call("before", "79990000001")
        watch("the call before", lambda: self.done("before"))
        self.call("bad", "79990000002", talked=False)
        watch("a first end", lambda: self.crm.ends >= 1)
        self.call("after", "79990000003")
        self.call("bad2", "79990000002")  # the same client
        watch("a dead letter", lambda: topics.messages["dead"])
        watch("all other jobs", lambda: self.done("before", "bad", "after", "bad2"))

        (dead,) = topics.messages["dead"]
        self.assertEqual(json.loads(dead.value)["id"], "bad:task")
        self.assertEqual(dead.headers["__connect.errors.exception.class.name"], "poison")
        self.assertIn("ended the process", dead.headers["__connect.errors.exception.message"])
        self.assertEqual(dead.headers["__connect.errors.stage"], "crm")
        self.assertGreaterEqual(self.crm.ends, LEAST_ENDS)
        self.assertLessEqual(self.crm.ends, MOST_ENDS)
        self.assertEqual(self.saved(), ["after", "bad", "bad2", "before"])
        self.assertEqual(self.stack.control.state()["Task"], [])
        made = [row for row in self.stack.control.state()["ContractorHuman"]
                if "MANGO" in (row.get("description") or "")]
        self.assertEqual(len(made), 3)
        crm = self.stack.services["crm"]
        watch("the end of careful mode",
              lambda: [r for r in crm.logged() if r["msg"] == "careful mode ends"])

        # who comes next knows nothing of it
        ends = self.crm.ends
        crm.end()
        self.crm.start(wait=True)
        self.call("last", "79990000004")
        watch("a call after all that", lambda: self.done("last"))
        self.assertEqual(self.crm.ends, ends)
        self.assertEqual(len(topics.messages["dead"]), 1)
        self.assertFalse([r for r in crm.logged() if r["msg"].startswith("careful mode:")])


if __name__ == "__main__":
    unittest.main()
