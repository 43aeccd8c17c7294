#!/usr/bin/env python3
"""Workers of `calls` killed, frozen and rebalanced under load decide as an undisturbed one does.

A small story of tests/chaos/decisions.py, and that its comparison can fail.
"""

import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "chaos"))

import decisions  # noqa: E402

JOB = {"kind": "task", "rule": "B2", "number": "7900", "data": {"due_at": 7}, "verdict": "missed:direct",
       "entry_id": "x"}


class Decisions(unittest.TestCase):
    def test_differences_are_seen(self):
        self.assertEqual(decisions.differences({"a": JOB}, {"a": JOB}), [])
        for found in ({}, {"a": JOB, "b": JOB}, {"a": dict(JOB, data={"due_at": 8})},
                      {"a": dict(JOB, verdict="talked")}, {"a": dict(JOB, rule="B3")}):
            self.assertTrue(decisions.differences(found, {"a": JOB}), found)
        self.assertEqual(decisions.differences({}, {"a": JOB}, subset=True), [])
        self.assertTrue(decisions.differences({"b": JOB}, {"a": JOB}, subset=True))

    def test_stories(self):
        story = decisions.Story(1, 50, 20)
        self.assertEqual([row[:2] for row in story.strikes],
                         [row[:2] for row in decisions.Story(1, 50, 20).strikes])
        self.assertNotEqual(story.strikes, decisions.Story(2, 50, 20).strikes)
        verbs = {verb for seed in range(9) for _, verb, _ in decisions.Story(seed, 5, 30).strikes}
        self.assertEqual(verbs, {"kill", "end", "start", "stop", "cont"})
        self.assertEqual({worker: [] for worker in decisions.WORKERS}, self.left_down(story.strikes))

    def left_down(self, strikes):
        """Strikes that nothing follows, by worker."""
        down = {worker: [] for worker in decisions.WORKERS}
        for _, verb, worker in strikes:
            if verb in ("start", "cont"):
                down[worker].pop()
            else:
                self.assertEqual(down[worker], [])
                down[worker].append(verb)
        return down

    def test_struck_workers_decide_the_same(self):
        seed = int(os.environ.get("SEED") or 1)
        lines, told = decisions.one_story(seed, os.environ.get("BUILD", "build"))
        self.assertEqual(lines, [], "seed %d (another by SEED=n): %s" % (seed, told))
        print("seed %d: %s" % (seed, told))


if __name__ == "__main__":
    unittest.main()
