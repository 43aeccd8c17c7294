#!/usr/bin/env python3
"""Reconcile and replay bring Megaplan to what it would be without losses, while calls come in and everything is killed; both
again do nothing. A small story of tests/chaos/heal.py, and that its comparison sees what is missing.
"""
# Takes minutes

import copy
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "chaos"))

import heal  # noqa: E402
from heal_story import Standing, Story, differences  # noqa: E402

NOW = 1.8e9


def link(identity):
    return {"contentType": "Employee", "id": identity}


def megaplan(story):
    """A state in which every call of the story is saved and every number has its client."""
    numbers = sorted({call.number for call in story.calls})
    first = {n: next(c for c in story.calls if c.number == n) for n in numbers}
    return {
        "ContractorHuman": [{"id": "c" + n, "contactInfo": [{"type": "phone", "value": "+" + n}],
                             "description": "MANGO " + first[n].entry, "responsibles": [link("1000005")]} for n in numbers],
        "CallInfo": [{"id": "i" + c.entry, "providerId": c.entry, "type": "in", "state": "finished",
                      "fromUser": {"id": "c" + c.number}, "toUser": link("1000005"), "timeFrom": 1, "timeTo": 2,
                      "recordLinks": ["https://m/queries/recording/link/r1/play/key/1/sign"]} for c in story.calls],
        "Task": [{"status": "assigned", "contractor": {"id": "c" + numbers[0]}}]}


class Comparison(unittest.TestCase):
    def setUp(self):
        self.story = Story(7, 20, NOW)
        self.whole = megaplan(self.story)
        self.healed = copy.deepcopy(self.whole)

    def told(self):
        return differences(self.story, Standing(self.whole), Standing(self.healed))

    def test_the_same_is_the_same(self):
        self.assertEqual(self.told(), [])

    def test_each_difference_is_seen(self):
        def change(kind, **values):
            return lambda: self.healed[kind][0].update(values)
        other = next(c for c in self.story.calls if "c" + c.number != self.whole["ContractorHuman"][0]["id"])
        for plant in (lambda: self.healed["CallInfo"].pop(), lambda: self.healed["ContractorHuman"].pop(),
                      lambda: self.healed["Task"].pop(),
                      lambda: self.healed["CallInfo"].append(self.healed["CallInfo"][0]),
                      lambda: self.healed["ContractorHuman"].append(self.healed["ContractorHuman"][0]),
                      change("CallInfo", type="miss"), change("CallInfo", toUser=link("1000006")),
                      change("CallInfo", recordLinks=[]), change("CallInfo", timeTo=3),
                      change("ContractorHuman", responsibles=[]),
                      change("ContractorHuman", description="MANGO " + other.entry)):
            self.healed = copy.deepcopy(self.whole)
            plant()
            self.assertNotEqual(self.told(), [], plant)

    def test_a_story_loses_something_of_every_kind(self):
        self.assertEqual({"whole", "gone", "no summary"}, set(self.story.loss.values()))
        self.assertTrue(self.story.off)
        whole, lossy = (sum(len(self.story.records("a", lossy, off)) for off in (True, False)) for lossy in (False, True))
        self.assertLess(lossy, whole)


class Healed(unittest.TestCase):
    def test_a_story(self):
        lines, told = heal.one_story(1, os.environ.get("BUILD", "build"), count=40)
        self.assertEqual(lines, [], "\n".join(told))


if __name__ == "__main__":
    unittest.main()
