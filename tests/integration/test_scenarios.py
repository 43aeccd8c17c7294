#!/usr/bin/env python3
"""The scenario files themselves, without playing them: every one can be read and says what it proves,
every rule of `worker calls` is shown by some, and the shapes of calls are what they say."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import calls  # noqa: E402
import expect  # noqa: E402
import shapes  # noqa: E402
from scenario import SCENARIOS, Scenario  # noqa: E402
from topics import Message, Topics  # noqa: E402

# What `worker calls` decides, and what the words and the times of all rules mean.
RULES = ["Words", "time"] + ["G%d" % n for n in range(1, 16)] + ["B1", "B2", "B3", "B4", "B9", "B14", "B15",
                                                                "B16"]
KNOWN = RULES + ["G16", "G17"] + ["B%d" % n for n in range(1, 23)]
SEVERAL = 3  # at least so many files a rule: one that shows it, and what would be got wrong


def scenarios(pattern):
    return [Scenario(path) for path in sorted(SCENARIOS.glob(pattern))]


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = scenarios("**/*.toml")
        cls.rules = scenarios("rules/*.toml")

    def test_all_say_what_they_prove(self):
        for one in self.all:
            self.assertTrue(one.behaviours, one.name)
            self.assertEqual(sorted(set(one.behaviours) - set(KNOWN)), [], one.name)
            one.make_calls("0")

    def test_titles_and_names_are_told_apart(self):
        for what in ("title", "name", "account"):
            found = [getattr(one, what) for one in self.all if one.shared]
            self.assertEqual(sorted({f for f in found if found.count(f) > 1}), [], what)

    def test_files_are_named_by_what_they_prove(self):
        for one in self.rules:
            begin = one.name.partition("_")[0]
            known = {i.lower() for i in KNOWN}
            if begin in known:
                self.assertIn(begin, [i.lower() for i in one.behaviours], one.name)

    def test_files_of_rules_say_which_jobs_there_must_be(self):
        for one in self.rules:
            self.assertTrue(one.expect.get("exactly") or one.expect.get("jobs") or
                            one.expect.get("only_jobs") or one.expect.get("job"), one.name)

    def test_every_rule_is_shown(self):
        for rule in RULES:
            found = [one.name for one in self.all if rule in one.behaviours]
            self.assertGreaterEqual(len(found), 1 if rule == "G1" else SEVERAL, rule)

    def test_every_shape_is_played(self):
        used = {name for one in self.all for given in one.calls_given for name in calls.shapes_of(given)}
        alone = {name for name in shapes.SHAPES if name.startswith("summary-of-")}
        self.assertEqual(sorted(set(shapes.SHAPES) - used - alone - {"callback-by-task-client-silent",
                                                                      "callback-by-command-client-silent"}), [])


def events(**given):
    return calls.events_of(dict(given))


class Shapes(unittest.TestCase):
    def test_legs_count_from_one_and_end(self):
        for name, shape in shapes.SHAPES.items():
            legs = {}
            for path, doc in shape():
                if path == "events/call" and not name.startswith("vendor-"):
                    legs.setdefault(doc["call_id"], []).append(doc)
            for leg in legs.values():
                self.assertEqual([int(e["seq"]) for e in leg][0], 1, name)
                seqs = sorted(int(e["seq"]) for e in leg)
                self.assertEqual(seqs, sorted(set(seqs)), name)
                self.assertEqual(leg[-1]["call_state"], "Disconnected", name)

    def test_a_shape_is_its_own(self):
        events(shape="direct", lay={"seq": 9}, change={"3": {"talk_time": 0}})
        self.assertEqual(events(shape="direct")[0][1]["seq"], 1)
        self.assertTrue(events(shape="direct")[3][1]["talk_time"])

    def test_an_event_is_its_own(self):
        made = events(shape="direct", lay={"from": {"number": "absent"}}, change={"0": {"from": {"x": 1}}})
        self.assertEqual([e[1]["from"] for e in made], [{"x": 1}, {}, {}, {"number": shapes.DOC_NUMBER}])

    def test_laying_over(self):
        made = events(shape="direct", lay={"to": {"extension": "absent"}, "dct": {"type": 1}},
                      change={"0": {"to": {"number": "1"}}}, drop=[1])
        self.assertEqual(len(made), 3)
        self.assertEqual(made[0][1]["to"], {"number": "1", "line_number": shapes.DOC_LINE})
        self.assertEqual(made[0][1]["dct"], {"type": 1})
        self.assertNotIn("dct", made[2][1])

    def test_several_shapes_and_events_behind_them(self):
        made = events(shape=["vendor-route", "vendor-summary-1"], event=[{"text": "x"}])
        self.assertEqual(len(made), 8)
        self.assertEqual(made[6][1]["to"], {})

    def test_the_documentations_own_stay_as_they_are(self):
        call = calls.Call({"name": "a", "shape": "vendor-route"}, "0")
        self.assertEqual([[w.path, w.doc] for w in call.webhooks], shapes.vendor("route"))
        self.assertEqual(call.entry, shapes.DOC_ENTRY)

    def test_a_call_of_its_own(self):
        call = calls.Call({"name": "a", "shape": "routed", "who": {"123": "7"}, "line": "5"}, "0")
        self.assertTrue(all(w.doc.get("entry_id", call.entry) == call.entry for w in call.webhooks))
        self.assertEqual(call.webhooks[3].doc["command_id"], call.entry + "~1")
        self.assertEqual(call.webhooks[4].doc["to"]["extension"], "7")
        self.assertEqual(call.webhooks[4].doc["to"]["line_number"], "5")

    def test_begins(self):
        self.assertEqual(calls.Call({"name": "a", "at": "2018-03-05T16:30:00+03:00"}, "0").start, 1520256600)
        young = calls.Call({"name": "a", "seconds_ago": 10}, "0")
        self.assertIsNone(young.start)
        first = int(young.webhooks[0].doc["timestamp"])
        self.assertEqual(first, young.start)


class Exactly(unittest.TestCase):
    def lines(self, found, wanted):
        one = Scenario(SCENARIOS / "transfer.toml")
        one.make_calls("0")
        topics = Topics("", "p.", "/dev/null")
        for number, job in enumerate(found):
            topics.messages["jobs"].append(Message({
                "topic": "p.jobs", "partition": 0, "offset": number, "key": "acme/x",
                "payload": '{"id":"%s:%s"}' % (one.calls[0].entry, job)}))
        return expect.check_ids(one, "a", wanted, topics.jobs())

    def test_the_same_jobs(self):
        for found, wanted in (([], []), (["client"], ["client"]),
                              (["responsible:1", "responsible:2"], ["responsible:*", "responsible:*"]),
                              (["popup:c:1", "popup:c:2"], ["popup:*", "popup:c:2"])):
            self.assertEqual(self.lines(found, wanted), [])

    def test_other_jobs(self):
        for found, wanted in (([], ["client"]), (["client"], []), (["task"], ["client"]),
                              (["responsible:1"], ["responsible:*", "responsible:*"]),
                              (["responsible:1", "responsible:2"], ["responsible:*"])):
            self.assertTrue(self.lines(found, wanted), (found, wanted))


if __name__ == "__main__":
    unittest.main()
