#!/usr/bin/env python3
"""A message that ends worker calls whenever it is read ends up in `dead`; nothing else is lost or doubled.

The real worker (BUILD, default build) on a devbroker, with a library preloaded that aborts while the job of one
event is built, and this test as the supervisor that starts it again.
"""
# Takes minutes: after every end the broker gives the partitions away anew only when a session has run out.

import json
import os
import pathlib
import shutil
import subprocess
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
DEADLINE_S = 240
MOST_ENDS = 8  # two unnamed, a block of three halved, three alone; and two for what came in between


def compiled(folder, source="poison_preload.c"):
    """The library of that source."""
    made = pathlib.Path(folder) / "poison.so"
    subprocess.run([os.environ.get("CC", "gcc"), "-std=c17", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    made, HERE / source, "-ldl"], check=True)
    return made


class Supervisor:
    """Starts the worker again whenever it ended by itself; counts how often."""

    def __init__(self, stack, preload, name="calls"):
        self.stack = stack
        self.name = name
        self.env = {"LD_PRELOAD": str(preload), "ASAN_OPTIONS": "%s:verify_asan_link_order=0" %
                    os.environ.get("ASAN_OPTIONS", "detect_leaks=1")}
        self.ends = 0

    def start(self, wait=False):
        with_env = dict(self.stack.extra_env, **self.env)
        saved, self.stack.extra_env = self.stack.extra_env, with_env
        try:
            return self.stack.start_service(self.name, wait=wait)
        finally:
            self.stack.extra_env = saved

    def look(self):
        service = self.stack.services[self.name]
        if service.running:
            return
        if service.popen.returncode != -6:
            raise AssertionError("ended with %s: %s" % (service.popen.returncode, service.tail()))
        self.ends += 1
        if self.ends > MOST_ENDS:
            raise AssertionError("%d ends: %s" % (self.ends, service.tail()))
        self.start()

    def wait_for(self, what, condition):
        def looked():
            self.look()
            return condition()
        return wait_for(what, looked, DEADLINE_S, 0.1)


class Poison(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-poison-")
        self.stack = Stack(BUILD, self.folder, env={"LOG_LEVEL": "info", "CALL_REMEMBER_S": "1",
                                                    "CALL_SETTLE_S": "1"})
        self.base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
        self.base["employees"][1]["name"] = "Poison Anna"
        self.stack.start_outside()
        self.base["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([self.base], ["ingest"])
        self.supervisor = Supervisor(self.stack, compiled(self.folder))
        self.supervisor.start(wait=True)
        self.sender = self.stack.sender(self.base, keep_alive=False)
        self.now = int(time.time()) - 60

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    # what MANGO says

    def post(self, path, doc):
        self.assertEqual(self.sender.send(mango.Webhook(path, doc)).status, 200)

    def leg(self, call, at, state, extension="123", leg="1"):
        self.post("events/call", {
            "entry_id": call[0], "call_id": call[0] + leg, "seq": at + 1, "timestamp": self.now + at,
            "call_state": state, "location": "abonent", "from": {"number": call[1]},
            "to": {"extension": extension, "line_number": "78001234567"}})

    def summary(self, call):
        self.post("events/summary", {
            "entry_id": call[0], "call_direction": 1, "from": {"number": call[1]},
            "to": {"extension": "123"}, "line_number": "78001234567", "create_time": self.now,
            "forward_time": self.now, "talk_time": self.now + 5, "end_time": self.now + 30,
            "entry_result": 1, "disconnect_reason": 1110})

    def end(self, call):
        self.leg(call, 30, "Disconnected")
        self.summary(call)

    def whole(self, call):
        self.leg(call, 0, "Appeared")
        self.leg(call, 5, "Connected")
        self.end(call)

    # what is in Kafka

    def rows(self, topic):
        return list(self.stack.topics.messages[topic])

    def partitions(self, count):
        """The partition of each of so many new entry ids, learnt from notifications nobody needs."""
        names = ["entry%d" % n for n in range(count)]
        for name in names:
            self.post("events/sms", {"entry_id": name})
        rows = wait_for("events", lambda: [r for r in self.rows("events")
                                           if len(self.rows("events")) >= count], 15)
        return {r.key.partition("/")[2]: r.partition for r in rows}

    def causes(self, call):
        """The jobs of a call: "client", "call:summary" ..."""
        return sorted({row.doc["id"].partition(":")[2] for row in self.rows("jobs")
                       if row.doc and row.doc["entry_id"] == call[0]})

    def alike(self, like, *calls):
        """All have the same jobs."""
        for call in calls:
            wait_for(lambda c=call: "%s of %s, found %s" % (self.causes(like), c[0], self.causes(c)),
                     lambda c=call: self.causes(c) == self.causes(like), 10)

    def decided(self, *calls):
        wanted = {call[0] + ":call:summary" for call in calls}
        return lambda: wanted <= {row.doc["id"] for row in self.rows("jobs") if row.doc}

    # the test

    def test_a_message_that_kills(self):
        entries = self.partitions(16)
        here = max(set(entries.values()), key=list(entries.values()).count)
        same = [e for e, p in entries.items() if p == here]
        other = [e for e, p in entries.items() if p != here]
        before, around, bad, after = [(same[n], "7999000000%d" % n) for n in range(4)]
        elsewhere = (other[0], "79990000009")
        watch = self.supervisor.wait_for

        self.whole(before)
        watch("the call before", self.decided(before))
        forgotten = time.monotonic() + 3  # so that few messages are left to be hunted in
        watch("its end", lambda: time.monotonic() > forgotten)
        self.leg(around, 0, "Appeared")
        self.leg(bad, 0, "Appeared")
        self.leg(bad, 5, "Connected", extension="124", leg="2")  # whose name is poison
        watch("a third end", lambda: self.supervisor.ends >= 3)
        self.leg(around, 5, "Connected")
        self.end(bad)
        self.whole(elsewhere)
        self.whole(after)
        watch("a dead letter", lambda: self.rows("dead"))
        watch("all other calls", self.decided(before, bad, after, elsewhere))

        (dead,) = self.rows("dead")
        self.assertEqual(json.loads(dead.value)["to"]["extension"], "124")
        self.assertEqual(dead.key, "acme/" + bad[0])
        self.assertIn("ended the process", dead.headers["__connect.errors.exception.message"])
        self.assertEqual(dead.headers["__connect.errors.stage"], "calls")
        calls = self.stack.services["calls"]
        calls.await_ready()
        counted = [v for k, v in calls.metrics().items()
                   if k.startswith("mangoplan_dead_total") and 'reason="poison"' in k]
        self.assertEqual(counted, [1])
        self.assertIn("client", self.causes(after))
        self.alike(after, before, elsewhere, bad)
        self.assertGreaterEqual(self.supervisor.ends, 5)
        watch("the end of careful mode",
              lambda: [r for r in calls.logged() if r["msg"] == "careful mode ends"])

        # whoever reads it again, since an open call holds the commit, passes over it
        ends = self.supervisor.ends
        old = {call[0] for call in (before, elsewhere, bad, after)}
        said = [row.doc["id"] for row in self.rows("jobs") if row.doc["entry_id"] in old]
        calls.end()
        self.supervisor.start(wait=True)
        last = (same[4] if len(same) > 4 else bad[0] + "x", "79990000008")
        self.whole(last)
        self.end(around)
        watch("a call after all that", self.decided(last, around))
        self.assertEqual(self.supervisor.ends, ends)
        self.assertEqual(len(self.rows("dead")), 1)
        self.alike(last, around)
        self.assertEqual([row.doc["id"] for row in self.rows("jobs") if row.doc["entry_id"] in old],
                         said)  # a crash may repeat jobs, a stop does not
        self.assertFalse([r for r in calls.logged() if r["msg"].startswith("careful mode:")])


if __name__ == "__main__":
    unittest.main()
