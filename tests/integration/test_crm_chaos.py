#!/usr/bin/env python3
"""Workers of `crm` killed and frozen under load do everything once, in order, at the accounts' pace.

A small story of tests/chaos/crm.py, and that each of its checks can fail.
"""
# Takes minutes

import copy
import json
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "chaos"))

import crm  # noqa: E402
import crm_checks  # noqa: E402
from crm_story import Story, line  # noqa: E402

NOW = 1.8e9


class World:
    """A Megaplan in which all jobs of one account were done one after the other, and the log of it."""

    def __init__(self, account):
        self.account = account
        self.state = {"ContractorHuman": [], "CallInfo": [], "Task": []}
        self.asked, self.ended, self.offsets, self.made = [], {}, {}, {}
        self.at, self.next = NOW, 1000
        for number, responsible in account.known.items():
            self.client(number, responsible, "")
        for n, (topic, job) in enumerate(account.rows):
            self.offsets.setdefault(job["id"], (topic, n))
            if job["id"] not in self.ended:
                self.do(job["kind"], account.calls[job["entry_id"]])
                self.ended[job["id"]] = (self.at, n, {})
        for call in account.calls.values():
            self.finish(call)

    def id(self):
        self.next += 1
        return str(self.next)

    def ask(self, path, body):
        self.asked.append({"method": "POST", "path": "/api/v3" + path, "query": "", "at": self.at, "ms": 30,
                           "status": 200, "body": json.dumps(body)})
        self.at += max(0.05, 1 / (crm_checks.SHARE * self.account.per_second))

    def client(self, number, responsible, entry):
        card = {"id": self.id(), "contactInfo": [{"type": "phone", "value": "+" + number}],
                "description": "MANGO " + entry, "responsibles": [{"id": responsible}]}
        self.state["ContractorHuman"].append(card)
        self.made[number] = card
        return card

    def finish(self, call):
        """Of what came later than the saving: recordings, the number's client, the responsible."""
        row = self.made[call.entry]
        side = "toUser" if call.kind == "out" else "fromUser"
        if call.number in self.made:
            row[side] = {"id": self.made[call.number]["id"]}

    def do(self, kind, call):
        if kind == "client" and call.number not in self.made:
            self.ask("/contractorHuman", self.client(
                call.number, call.then_responsible or call.client_responsible, call.entry))
        if kind == "call":
            row = {"id": self.id(), "providerId": call.entry, "type": call.kind, "state": "finished",
                   "recordLinks": ["http://x/%s/y" % r for r in call.recordings],
                   "fromUser" if call.kind == "out" else "toUser": {"id": call.employee}}
            self.state["CallInfo"].append(row)
            self.made[call.entry] = row
            self.ask("/callInfo/history", [row])

    def open_tasks(self):
        """One for every client who waits to be called back."""
        for number in self.account.numbers:
            told = [c for c in self.account.calls.values() if c.number == number]
            last = max(told, key=lambda c: c.start, default=None)
            if last and last.kind == "miss" and number in self.made:
                self.state["Task"].append({"id": self.id(), "status": "assigned", "statement":
                                           "MANGO " + last.entry,
                                           "contractor": {"id": self.made[number]["id"]}})

    def found(self):
        made = crm_checks.Found(self.account, copy.deepcopy(self.state), copy.deepcopy(self.asked),
                                {"twins": [], "limited": {"second": 0, "hour": 0}})
        made.ended, made.offsets = dict(self.ended), dict(self.offsets)
        return made


class Checks(unittest.TestCase):
    def setUp(self):
        self.account = Story(1, 1, 120, 20, NOW).accounts[0]
        self.world = World(self.account)
        self.world.open_tasks()
        self.found = self.world.found()

    def holds(self):
        return crm_checks.all_checks(self.found)

    def test_a_perfect_world_holds(self):
        self.assertEqual(self.holds(), [])

    def test_the_state(self):
        def twin(state):
            state["ContractorHuman"].append(dict(state["ContractorHuman"][-1], id="9"))

        def own(state):
            state["ContractorHuman"][-1]["responsibles"] = [{"id": "1"}]

        def alien(state):
            state["ContractorHuman"][-1]["description"] = "MANGO x"

        def gone(state):
            state["CallInfo"].pop()

        def again(state):
            state["CallInfo"].append(dict(state["CallInfo"][0], id="9"))

        def linked(state):
            row = next(r for r in state["CallInfo"] if r["recordLinks"])
            row["recordLinks"] *= 2

        def unlinked(state):
            next(r for r in state["CallInfo"] if r["recordLinks"])["recordLinks"].pop()

        def strange(state):
            next(r for r in state["CallInfo"] if r["type"] == "in")["fromUser"] = {"id": "9"}

        def open_twice(state):
            state["Task"].append(dict(state["Task"][0], id="9"))

        def reopened(state):
            talked = next(c.number for c in self.account.calls.values() if c.number in self.world.made
                          and not any(d.kind == "miss" and d.number == c.number and d.start > c.start
                                      for d in self.account.calls.values()) and c.kind != "miss")
            state["Task"].append({"id": "9", "status": "assigned",
                                  "contractor": {"id": self.world.made[talked]["id"]}})
        for spoil in (twin, own, alien, gone, again, linked, unlinked, strange, open_twice, reopened):
            self.found = self.world.found()
            spoil(self.found.state)
            self.found = crm_checks.Found(self.account, self.found.state, self.world.asked,
                                          self.found.counts)
            self.found.ended = self.world.ended
            self.assertTrue(self.holds(), spoil.__name__)

    def test_jobs_and_their_order(self):
        job = next(iter(self.found.ended))
        del self.found.ended[job]
        self.assertEqual(len(self.holds()), 1)
        self.found = self.world.found()
        self.found.results[job].add("unsupported")
        self.assertEqual(len(self.holds()), 1)
        self.found = self.world.found()
        number = max(self.account.numbers, key=lambda n: sum(c.number == n and c.topic == "jobs"
                                                             for c in self.account.calls.values()))
        ids = [i for i, (topic, _) in self.found.offsets.items()
               if topic == "jobs" and self.account.jobs[i]["number"] == number]
        self.found.ended[ids[0]] = (0, 10 ** 6, {})
        self.assertTrue(any("another order" in text for text in self.holds()))

    def test_requests_of_a_number_meet(self):
        first, second = [n for n, row in enumerate(self.found.asked) if row["entry"] and row["number"]
                         == self.found.asked[0]["number"]][:2]
        first, second = self.found.asked[first], self.found.asked[second]
        first["end"] = second["at"] + 0.01
        self.assertEqual(len(self.holds()), 1)
        self.found.marks = [second["at"] - 0.01]
        first["makes"] = False
        self.assertEqual(self.holds(), [])
        first.update(makes=True, path="/api/v3/contractorHuman")
        self.assertEqual(len(self.holds()), 1)

    def test_limits(self):
        self.found.counts["limited"]["second"] = 1
        self.assertEqual(len(self.holds()), 1)
        self.found = self.world.found()
        self.account.per_hour = 100
        self.assertEqual(len(self.holds()), 1)

    def test_tokens(self):
        self.account.per_second, self.account.per_hour = 4, 10 ** 6
        self.world = World(self.account)
        use = crm_checks.Use(self.world.found())
        self.assertGreater(use.used / use.issued, 0.98)
        late = self.world.found()
        half = late.asked[len(late.asked) // 3]["at"]
        for row in late.asked:
            row["at"] += 3.0 * (row["at"] > half)
        late.ended = {i: (at + 3, n, d) for i, (at, n, d) in late.ended.items()}
        use = crm_checks.Use(late)
        self.assertLess(use.used / use.issued, 0.95)
        self.assertEqual(len(use.gaps), 1)
        late.marks = [half + 1]
        use = crm_checks.Use(late)
        self.assertGreater(use.used / use.issued, 0.98)


class Soak(unittest.TestCase):
    def test_stories(self):
        def told(seed):
            return [line(a, topic, job, NOW) for a, topic, job in Story(seed, 3, 300, 20, NOW).rows()]
        self.assertEqual(told(1), told(1))
        self.assertNotEqual(told(1), told(2))
        kinds = {text.split("\t")[1] for text in told(1)}
        self.assertEqual(kinds, {"client", "responsible", "task", "talked", "call", "record"})

    def test_struck_workers_do_all_once(self):
        seed = int(os.environ.get("SEED") or 1)
        lines, told, rows = crm.one_story(seed, os.environ.get("BUILD", "build"), **crm.SMALL)
        self.assertEqual(lines, [], "seed %d (another by SEED=n): %s" % (seed, "\n".join(told + rows)))
        print("seed %d: %s" % (seed, "; ".join(told)))


if __name__ == "__main__":
    unittest.main()
