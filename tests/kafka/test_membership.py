#!/usr/bin/env python3
"""Workers come, go and stand still under calls, on Apache Kafka's group coordinator: no call is lost, no client made twice, each call
saved once and after its client. Real binaries (BUILD)."""

import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import OnKafka  # noqa: E402
from process import wait_for  # noqa: E402

SESSION_S = 10
HOLDERS = "mangoplan_consumer_lag_messages"


class Membership(OnKafka):
    def shares(self, *names):
        def held(name):
            return sum(key.startswith(HOLDERS) for key in self.service(name).metrics())
        wait_for("partitions of %s" % (names,), lambda: all(held(name) for name in names), 30, 0.2)

    def in_order(self):
        """Each call was saved after its client was made: the owner of the number did both, one after the other."""
        for account, control in self.stack.fakes.items():
            made, saved = {}, {}
            for n, row in enumerate(control.requests()):
                if row["method"] != "POST" or row["status"] != 200:
                    continue
                for call in (c for a, c in self.calls if "/" + a == account):
                    if row["path"].endswith("/contractorHuman") and call.number in digits(row["body"]):
                        made.setdefault(call.entry, n)
                    elif "/callInfo/" in row["path"] and call.entry in row["body"]:
                        saved.setdefault(call.entry, n)
            self.assertEqual({entry: (made.get(entry), n) for entry, n in saved.items() if not made.get(entry, n) < n}, {})

    def test_one_three_one(self):
        self.up()
        self.everywhere()
        for role in ("calls", "crm"):
            for number in (2, 3):
                begun = self.everywhere((0, 1))
                self.stack.start_service("%s%d" % (role, number), wait=False)
                for account, call in begun + self.everywhere((0, 1)):
                    self.post(account, call, (2, 3))
        for name in ("calls2", "calls3", "crm2", "crm3"):
            self.service(name).await_ready()
        self.shares("calls", "calls2", "calls3", "crm", "crm2", "crm3")
        for name in ("calls", "crm", "calls3", "crm2"):
            begun = self.everywhere((0, 1))
            self.service(name).ask_to_end()
            for account, call in begun + self.everywhere((0, 1)):
                self.post(account, call, (2, 3))
            self.service(name).end()
        self.everywhere()
        self.judge()
        self.in_order()

    def test_both_owners_stand_still(self):
        self.up(("ingest", "calls", "calls2", "crm", "crm2"))
        self.shares("calls", "calls2", "crm", "crm2")
        begun = self.everywhere((0, 1))
        frozen = [self.service("calls"), self.service("crm")]
        for service in frozen:
            service.stop()
        since = time.monotonic()
        for account, call in begun:
            self.post(account, call, (2, 3))
        begun = self.everywhere()
        self.await_clients(begun, 40)       # by the others
        self.assertGreater(time.monotonic() - since, SESSION_S - 4, "nobody was taken over")
        for service in frozen:
            service.cont()
        self.everywhere()
        wait_for("the woken ones to have noticed", lambda: all(self.fenced(s) for s in frozen), 30, 0.2)
        self.everywhere()
        self.await_saved(100)               # what was under way is looked for first
        self.judge()
        self.in_order()

    @staticmethod
    def fenced(service):
        """It has given up what it had, by its own clock or by the broker's word."""
        rows = service.metrics()
        return any(rows.get('mangoplan_kafka_rebalances_total{reason="%s"}' % reason) for reason in ("fence", "lost"))


def digits(body):
    try:
        infos = json.loads(body).get("contactInfo") or []
    except ValueError:
        return []
    return ["".join(c for c in info["value"] if c.isdigit()) for info in infos]


if __name__ == "__main__":
    unittest.main(verbosity=2)
