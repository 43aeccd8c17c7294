#!/usr/bin/env python3
"""Calls whose webhooks were lost are found in MANGO's call history and handled by the owner of their account.

The real binaries (BUILD, default build) on a devbroker with both fakes; RECONCILE_EVERY_S is some seconds. MANGO's
history has calls of an hour ago of which nothing, or not all, was told: each stands in Megaplan within the interval,
once, also when crm is killed in the middle; what was told is left alone, and a round with nothing missing changes
nothing.
"""
# Takes minutes

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
EVERY_S = 3
WITHIN_S = 60  # the first round begins some seconds after a take-over, a poll takes five
LINE = "78001234567"


class Call:
    """An incoming call of an hour ago, or so many seconds ago; a talk of 25 s with extension 123, or missed by it."""

    def __init__(self, entry, number, talked=True, ago=3600):
        self.entry, self.number, self.talked = entry, number, talked
        self.began = int(time.time()) - ago
        self.answered = self.began + 5 if talked else 0
        self.ended = self.began + 30
        self.recordings = ["rec-" + entry] if talked else []

    def leg(self):
        """As the call history has it (section 6)."""
        return {"records": self.recordings, "start": self.began, "finish": self.ended, "answer": self.answered,
                "from_extension": "", "from_number": self.number, "to_extension": "123", "to_number": "sip:123@x",
                "disconnect_reason": 1110, "line_number": LINE, "location": "abonent", "create": self.began,
                "entry_id": self.entry}

    def webhooks(self):
        for at, state in ((0, "Appeared"), (5, "Connected"), (30, "Disconnected")):
            if self.talked or state != "Connected":
                yield mango.Webhook("events/call", {
                    "entry_id": self.entry, "call_id": self.entry + "1", "seq": at + 1,
                    "timestamp": self.began + at, "call_state": state, "location": "abonent",
                    "from": {"number": self.number}, "to": {"extension": "123", "line_number": LINE}})
        for recording in self.recordings:
            yield mango.Webhook("events/record/added", {
                "entry_id": self.entry, "recording_id": recording, "product_id": 1, "user_id": 1,
                "timestamp": self.ended})
        yield mango.Webhook("events/summary", {
            "entry_id": self.entry, "call_direction": 1, "from": {"number": self.number},
            "to": {"extension": "123"}, "line_number": LINE, "create_time": self.began,
            "forward_time": self.began, "talk_time": self.answered, "end_time": self.ended,
            "entry_result": int(self.talked), "disconnect_reason": 1110})


class ReconcileCrm(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-reconcile-")
        self.stack = Stack(BUILD, self.folder, env={"LOG_LEVEL": "info", "CALL_SETTLE_S": "1",
                                                    "RECONCILE_EVERY_S": str(EVERY_S)})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = dict(base["settings"], call_records=True,
                             create_client={"incoming": True, "missed": True},
                             missed_call_task={"enabled": True, "title": "Reconciled {phone}"})
        self.stack.start_outside()
        self.settings["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.control.ask("seed", base["megaplan"])

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    def up(self, *calls):
        self.history(*calls)
        self.stack.up([self.settings])

    def history(self, *calls):
        self.stack.pbx_control.ask("seed", {"legs": [call.leg() for call in calls]})

    def tell(self, *webhooks):
        sender = self.stack.sender(self.settings, keep_alive=False)
        for webhook in webhooks:
            self.assertEqual(sender.send(webhook).status, 200)

    def saved(self):
        return {row["providerId"]: row for row in self.stack.control.state()["CallInfo"]}

    def wait_saved(self, *calls):
        wanted = {call.entry for call in calls}
        wait_for("saved calls", lambda: wanted <= set(self.saved()), WITHIN_S)

    def rounds(self, n):
        """So many more rounds are over."""
        def polled():
            return sum(r["path"].endswith("stats/result") for r in self.stack.pbx_control.requests())
        wanted = polled() + n + 1  # one may be under way
        wait_for("%d rounds" % n, lambda: polled() >= wanted, WITHIN_S)

    def events(self, entry, origin=None):
        return [m for m in self.stack.topics.messages["events"]
                if m.key.endswith("/" + entry) and origin in (None, m.headers.get("origin"))]

    def outcomes(self):
        return [m.doc.get("reason") for m in self.stack.topics.messages["outcomes"]
                if m.doc and m.key.endswith("/-") and m.doc.get("result") == "reconciled"]

    def missing(self):
        rows = self.stack.services["crm"].metrics()
        return [value for name, value in rows.items() if name.startswith("mangoplan_reconcile_missing")]

    def check_each_once(self, *calls):
        rows = self.stack.control.state()["CallInfo"]
        self.assertEqual(sorted(row["providerId"] for row in rows), sorted(c.entry for c in calls))
        saved = {row["providerId"]: row for row in rows}
        for call in calls:
            row = saved[call.entry]
            self.assertEqual(row["type"], "in" if call.talked else "miss")
            links = row.get("recordLinks") or []
            self.assertEqual([r for r in call.recordings if not any("/%s/" % r in link for link in links)], [])
        made = [row for row in self.stack.control.state()["ContractorHuman"]
                if "MANGO" in (row.get("description") or "")]
        self.assertEqual(len(made), len({call.number for call in calls}))
        tasks = self.stack.control.state()["Task"]
        self.assertEqual(len(tasks), len({c.number for c in calls if not c.talked}))
        self.assertEqual(self.stack.pbx_control.state()["violations"], [])

    def writes(self):
        return sum(r["method"] != "GET" for r in self.stack.control.requests())

    def asked(self, method):
        return sum(r["path"].endswith(method) for r in self.stack.pbx_control.requests())

    def test_lost_calls_are_healed_and_nothing_else(self):
        lost = [Call("lost-1", "79990000001"), Call("lost-2", "79990000002", talked=False)]
        told, half = Call("told", "79990000003"), Call("half", "79990000004")
        young = Call("young", "79990000005", ago=300)  # its webhooks may be on their way
        self.up()
        self.tell(*told.webhooks())
        self.tell(*list(half.webhooks())[:-1])  # its summary was lost
        self.wait_saved(told)
        self.history(*lost, told, half, young)
        self.wait_saved(*lost, half)
        self.rounds(2)
        wait_for("all jobs", lambda: not self.stack.topics.unfinished(), WITHIN_S)
        self.check_each_once(*lost, told, half)
        self.assertEqual(self.events("told", "reconcile"), [])
        self.assertEqual(self.events("young"), [])
        self.assertEqual([m.headers["kind"] for m in self.events("lost-1")],
                         ["call", "call", "call", "record/added", "summary"])
        bulk = {m.doc["entry_id"] for m in self.stack.topics.messages["jobs.bulk"] if m.doc}
        self.assertEqual(bulk & {"lost-1", "lost-2", "told"}, {"lost-1", "lost-2"})
        self.assertFalse([m for m in self.stack.topics.messages["jobs.now"] if "lost" in m.key])
        self.assertIn("MANGO 4, known 1, healed 3", self.outcomes())
        wait_for("nothing to be missing", lambda: self.missing() == [0.0], WITHIN_S)

        # again nothing
        writes = self.writes()
        events = len(self.stack.topics.messages["events"])
        self.rounds(2)
        self.assertEqual(self.writes(), writes)
        self.assertEqual(len(self.stack.topics.messages["events"]), events)

    def test_killed_in_the_middle(self):
        calls = [Call("k-%d" % i, "7999000%04d" % i, talked=i % 3 > 0) for i in range(12)]
        self.up(*calls)
        crm = self.stack.services["crm"]
        for what, there in (("a question", lambda: self.asked("stats/request")),
                            ("a first event", lambda: self.stack.topics.messages["events"])):
            wait_for(what, there, WITHIN_S)
            crm.kill()
            crm.start()
            crm.await_ready()
        self.wait_saved(*calls)
        self.rounds(1)
        wait_for("all jobs", lambda: not self.stack.topics.unfinished(), 60)
        self.check_each_once(*calls)


if __name__ == "__main__":
    unittest.main()
