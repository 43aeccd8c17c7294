#!/usr/bin/env python3
"""What the three roles serve at /metrics after a day of calls is what deploy/monitoring/METRICS.md says, no more and no
less: names, types, labels, their values; and the numbers are those of the day. The real binaries on a devbroker with the
fakes. Takes minutes.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes"), str(HERE.parent / "demo")]

import exposition  # noqa: E402
import mango  # noqa: E402
import story  # noqa: E402
from day import Day  # noqa: E402
from play import Player, new_clients  # noqa: E402
from process import wait_for  # noqa: E402
from stack import Stack  # noqa: E402
from system import House, Share, prepare  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
ROLES = ("ingest", "calls", "crm")
# what this day has no reason to count
EMPTY = {"mangoplan_unknown_outcomes_total", "mangoplan_twins_total", "mangoplan_kafka_produce_errors_total", "mangoplan_dead_total"}


def total(family, suffix="", **labels):
    """The sum over the samples with these label values."""
    return sum(number for name, found, number in family.samples
               if name == family.name + suffix and labels.items() <= found.items())


class Metrics(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-metrics-")
        self.company = story.Company("vektor")
        self.path = self.company.settings["megaplan"]["base_url"]
        self.stack = None

    def tearDown(self):
        if self.stack:
            self.stack.down()
            self.assertEqual(self.stack.problems(), [])
        shutil.rmtree(self.folder, ignore_errors=True)

    def up(self, **env):
        self.stack = Stack(BUILD, self.folder, env={"RECONCILE_EVERY_S": "5", **env}, mega_paths=[self.path])
        self.stack.start_outside()
        self.control, self.pbx = self.stack.fakes[self.path], self.stack.pbxs[self.path]
        prepare(self.company, self.control, self.pbx)
        self.document = self.company.document(self.stack.megaplan)
        self.stack.up([self.document])

    def live(self):
        """The company's day, and what else may come."""
        day = Day([self.company])
        day.controls[self.company], day.pbxs[self.company] = self.control, self.pbx
        player = day.players[self.company] = Player(self.company, Share(House(self.stack, [self.company]), self.company))
        player.document = self.document
        day.tell = lambda *_: None
        day.begin()
        day.send_all()
        player.settle()
        keys = self.document["mango"]
        self.sent = sum(len(call.webhooks) for call in self.company.calls)
        address = "http://" + self.stack.services["ingest"].front
        strange = mango.Webhook("events/call", {"entry_id": "", "timestamp": 1})
        for salt, status in ((keys["api_salt"], 200), ("wrong", 401)):
            self.assertEqual(mango.Sender(address, keys["api_key"], salt, keep_alive=False).send(strange).status, status)
        self.assertEqual(self.raw(address, b"no=form"), 400)
        self.assertEqual(self.raw(address, b"json=" + b"x" * 300000), 413)
        wait_for("the dead letter", lambda: total(self.scrape("calls")["mangoplan_dead_total"]), 20)
        wait_for("a comparison with the history", lambda: total(
            self.scrape("crm")["mangoplan_api_requests_total"], operation="stats.result"), 40)

    def raw(self, address, body):
        request = urllib.request.Request(address + "/events/call", data=body)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def scrape(self, role):
        with urllib.request.urlopen("http://%s/metrics" % self.stack.services[role].ops, timeout=10) as answer:
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            return exposition.read(answer.read().decode())

    def check_role(self, role, per_account):
        families, table = self.scrape(role), exposition.table()
        wanted = {name for name, row in table.items() if role in row.roles}
        self.assertEqual((sorted(set(families) - wanted), sorted(wanted - set(families))), ([], []), role)
        for name, family in families.items():
            row = table[name]
            self.assertEqual(family.type, row.type, name)
            self.assertTrue(family.help, name)
            labels = set(row.labels) | ({"account"} if row.account and per_account else set())
            for sample, found, _ in family.samples:
                self.assertEqual(set(found) - {"le"} if sample.endswith("_bucket") else set(found), labels, name)
                for label in row.labels:
                    self.assertTrue(row.allows(label, found[label]), (name, label, found[label]))
                if "account" in labels:
                    self.assertIn(found["account"], (self.company.account, ""), name)
        return families

    def test_a_day(self):
        self.up()
        self.live()
        of = {role: self.check_role(role, False) for role in ROLES}
        for role, families in of.items():
            empty = {name for name, family in families.items() if not family.samples} - EMPTY
            self.assertEqual(empty, set(), role)
        self.numbers(**of)

    def numbers(self, ingest, calls, crm):
        """They are those of the day."""
        def of(families, name, suffix="", **labels):
            return total(families["mangoplan_" + name], suffix, **labels)
        self.assertEqual(of(ingest, "webhooks_total", result="stored"), self.sent + 1)
        for result in ("unsigned", "bad_form", "too_large"):
            self.assertEqual(of(ingest, "webhooks_total", result=result), 1, result)
        self.assertEqual(of(ingest, "webhook_duration_seconds", "_count", result="stored"), self.sent + 1)
        self.assertEqual(of(calls, "events_folded_total") - of(calls, "events_folded_total", result="invalid"), self.sent)
        self.assertEqual(of(calls, "calls_total"), len(self.company.calls))
        self.assertEqual(of(calls, "calls_open"), 0)
        state, log = self.control.state(), self.control.requests()
        self.assertEqual(of(crm, "jobs_total", kind="client", result="done"), len(new_clients(state)))
        for kind in ("client", "call", "popup", "task"):
            self.assertEqual(of(crm, "job_duration_seconds", "_count", kind=kind), of(crm, "jobs_total", kind=kind), kind)
        self.assertEqual(of(crm, "api_requests_total", api="megaplan"), len(log))
        self.assertEqual(of(crm, "api_request_duration_seconds", "_count"), of(crm, "api_requests_total"))
        self.assertEqual(of(crm, "popup_total"), of(crm, "popup_latency_seconds", "_count"))
        self.assertGreater(of(crm, "popup_total", result="done"), 0)
        self.assertEqual(of(crm, "route_total", result="done"), len(self.pbx.state()["commands"]))
        for api in ("megaplan", "mango"):
            self.assertLess(abs(of(crm, "clock_skew_seconds", api=api)), 5)
            self.assertEqual(of(crm, "breaker_open", api=api), 0)
        self.assertEqual(of(calls, "dead_total", topic="events", reason="input"), 1)

    def test_accounts_told_apart(self):
        self.up(METRICS_PER_ACCOUNT="1")
        self.company.calls_given = self.company.calls_given[:2]
        self.company.timetables = self.company.timetables[:2]
        self.live()
        families = self.check_role("crm", True)
        self.assertGreater(total(families["mangoplan_jobs_total"], account=self.company.account), 0)
        for role in ("ingest", "calls"):
            self.check_role(role, True)

    def test_a_document_that_lies_is_found(self):
        """The reader of the format, and the table's own."""
        good = '# HELP mangoplan_a a\n# TYPE mangoplan_a histogram\n' + "".join(
            'mangoplan_a_bucket{le="%s"} %d\n' % pair for pair in (("1", 2), ("+Inf", 3))) + "mangoplan_a_sum 2.5\nmangoplan_a_count 3\n"
        self.assertEqual(list(exposition.read(good)), ["mangoplan_a"])
        for old, new in (("} 2", "} 4"), ("_count 3", "_count 4"), ('le="1"', "le=1"), ("# TYPE mangoplan_a", "# TYPE mangoplan_b"),
                         ("mangoplan_a_sum", "mangoplan_sum"), ("count 3\n", "count 3\nmangoplan_a_count 3\n")):
            with self.assertRaises((ValueError, KeyError), msg=new):
                exposition.read(good.replace(old, new))
        row = exposition.table()["mangoplan_decisions_total"]
        self.assertTrue(row.allows("rule", "G12") and row.allows("outcome", "sent"))
        self.assertFalse(row.allows("rule", "79161234567") or row.allows("outcome", "perhaps"))


if __name__ == "__main__":
    unittest.main()
