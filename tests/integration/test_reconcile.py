#!/usr/bin/env python3
"""worker reconcile: calls whose webhooks were lost, wholly or in part, end as those that were heard; and what it says. The
real binaries (BUILD, default build) on a devbroker with the fakes.

Three accounts have the same calls: of `heard` every webhook comes, of `lost` none, of `partly` no summary and not all else.
"""

import copy
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402
from wire import Wire  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
FIELDS = ["entry_id", "started_at", "direction", "action", "reason", "account"]
CONTRACT = FIELDS[:-1]
SUMMARY = ["pbx", "known", "saved", "fetched", "unsaved_by_rule"]
AGO = 30    # minutes: surely over
SHAPES = ["direct", "missed", "missed-by-two", "menu-missed", "menu-then-missed", "queue-missed", "group-answered",
          "group-missed", "group-in-turn", "hold", "blind-transfer", "blind-unanswered", "return-blind",
          "consult-transfer", "consult-given-up", "outgoing", "outgoing-failed", "outgoing-transfer", "internal",
          "summary-of-direct", "summary-of-missed", "callback-by-initiator", "callback-by-initiator-client-silent"]
RECORDED = {"direct": ["rec-a"], "outgoing": ["rec-b", "rec-c"]}


def made_calls():
    """One of each shape, with a number of its own."""
    calls = []
    for n, shape in enumerate(SHAPES):
        call = Call({"name": shape, "shape": shape, "number": "791612340%02d" % n, "entry": "MToxMDA%02d==" % n,
                     "minutes_ago": AGO}, "reconcile")
        call.webhooks = call.webhooks + [
            mango.Webhook("events/record/added", {"entry_id": call.entry, "recording_id": rec,
                                                  "timestamp": call.start + 40})
            for rec in RECORDED.get(shape, [])]
        calls.append(call)
    return calls


def comparable(state):
    """What stands in Megaplan, without ids and keys that are each account's own."""
    phones = {c["id"]: c.get("phones", c.get("contactInfo")) for c in state["ContractorHuman"]}

    def user(row):
        if not row:
            return None
        return row["id"] if row["contentType"] == "Employee" else str(phones.get(row["id"]))

    calls = {row["providerId"]: {
        "type": row["type"], "state": row["state"], "times": [row.get("timeFrom"), row.get("timeTo")],
        "phones": [row.get("fromPhone"), row.get("toPhone")], "users": [user(row.get("fromUser")), user(row.get("toUser"))],
        "links": sorted(link.split("/recording/link/")[1].split("/")[0] for link in row.get("recordLinks") or []),
    } for row in state["CallInfo"]}
    clients = sorted((c.get("name") or c.get("firstName"), str(c.get("phones", c.get("contactInfo"))),
                      str([r["id"] for r in c.get("responsibles", [])]))
                     for c in state["ContractorHuman"] if not c["seeded"])
    tasks = sorted((t["name"], t["responsible"]["id"]) for t in state["Task"])
    return {"calls": calls, "clients": clients, "tasks": tasks}


class Reconcile(unittest.TestCase):
    maxDiff = None
    accounts = ("heard", "lost", "partly")

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mangoplan-reconcile-")
        cls.stack = Stack(BUILD, cls.folder, env={"CALL_SETTLE_S": "1", "RETRY_MAX_MS": "200"},
                          mega_paths=["/" + name for name in cls.accounts])
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        cls.stack.start_outside()
        cls.settings = {}
        for name in cls.accounts:
            cls.stack.fakes["/" + name].ask("seed", base["megaplan"])
            cls.settings[name] = cls.document(base["settings"], name)
        cls.stack.up(list(cls.settings.values()))

    @classmethod
    def document(cls, base, name):
        made = copy.deepcopy(base)
        made.update(account=name, create_client={"incoming": True, "missed": True, "outgoing": True},
                    call_records=True, popups=True, groups=["303"], missed_in_ivr_responsible="1000008",
                    missed_in_group_responsible="1000006", missed_call_task={"enabled": True})
        made["mango"] = {"api_key": name + "-key-0123456789", "api_salt": name + "-salt"}
        made["megaplan"]["base_url"] = cls.stack.megaplan + "/" + name
        return made

    @classmethod
    def tearDownClass(cls):
        cls.stack.down()
        problems = cls.stack.problems()
        shutil.rmtree(cls.folder, ignore_errors=True)
        if problems:
            raise AssertionError(problems)

    # kit

    def worker(self, *argv, stdin=subprocess.DEVNULL, **more):
        return subprocess.run([pathlib.Path(BUILD) / "worker", "reconcile", *argv], timeout=120, check=False,
                              env=dict(os.environ, **self.stack.env(), **more), stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def rows(self, *argv, code):
        done = self.worker(*argv, "--json")
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        summary = rows.pop()["summary"]
        self.assertEqual(list(summary)[:5], SUMMARY)
        for row in rows:
            self.assertEqual(list(row), FIELDS)
        return rows, summary

    def state(self, name):
        return self.stack.fakes["/" + name].state()

    def writes(self, name):
        return len([r for r in self.stack.fakes["/" + name].requests() if r["method"] != "GET"])

    def events(self, name):
        return [m for m in list(self.stack.topics.messages["events"]) if m.key.startswith(name + "/")]

    def tell(self, name, calls):
        """MANGO knows them, whatever we hear."""
        told = []
        for call in calls:
            told += [[w.path, self.ended(call, w.doc)] for w in call.webhooks]
        self.stack.pbxs["/" + name].ask("calls", told)

    @staticmethod
    def ended(call, doc):
        """The shapes' last leg ends some seconds before its call: in MANGO's own books both are one moment."""
        last = max((w.doc["timestamp"] for w in call.webhooks if w.doc.get("call_state") == "Disconnected"), default=0)
        if doc.get("call_state") == "Disconnected" and doc["timestamp"] == last:
            return dict(doc, timestamp=call.end)
        return doc

    def send(self, name, calls, wanted):
        sender = self.stack.sender(self.settings[name], keep_alive=False)
        for call in calls:
            for n, webhook in enumerate(call.webhooks):
                if wanted(call, n, webhook):
                    self.assertEqual(sender.send(webhook).status, 200)

    def settled(self, name, like=None):
        """What stands in the end: when nothing waits, and as it should be if that is known."""
        def found():
            made = comparable(self.state(name))
            return made if like is None or made == like else None
        try:
            return wait_for("Megaplan of " + name, found, 90)
        except Exception:
            self.assertEqual(comparable(self.state(name)), like)
            raise

    # tests

    def test_what_was_lost_is_as_if_it_had_come(self):
        calls = {name: made_calls() for name in self.accounts}
        for name in self.accounts:
            self.tell(name, calls[name])
        self.send("heard", calls["heard"], lambda *_: True)
        # legs without an end, every second call without its first event, and one never at all
        self.send("partly", calls["partly"], lambda call, n, w: w.path == "events/call" and
                  (n > 0 or calls["partly"].index(call) % 2) and call.name != "hold")
        wanted = None

        def all_there():
            nonlocal wanted
            made = comparable(self.state("heard"))
            same, wanted = made == wanted, made
            return len(made["calls"]) >= len(SHAPES) - 2 and same
        wait_for("the calls that were heard", all_there, 60, 1.5)
        n = len(SHAPES)

        # the one that lost nothing
        rows, summary = self.rows("--from", "-2h", "--account", "heard", "--dry-run", code=0)
        self.assertEqual((summary["pbx"], summary["known"], summary["fetched"], summary["missing"]), (n, n, 0, 0))
        self.assertEqual({row["action"] for row in rows}, {"present", "unsaved"})
        unsaved = {row["entry_id"]: row["reason"] for row in rows if row["action"] == "unsaved"}
        saved = set(wanted["calls"])
        self.assertEqual(set(unsaved), {c.entry for c in calls["heard"]} - saved)
        self.assertTrue(all(unsaved.values()), unsaved)
        self.assertEqual((summary["saved"], summary["unsaved_by_rule"]), (len(saved), len(unsaved)))

        for name, known in (("lost", 0), ("partly", None)):
            with self.subTest(name=name):
                self.heal(name, calls[name], wanted)

    def heal(self, name, calls, wanted):
        before = len(self.events(name))
        rows, summary = self.rows("--from", "-2h", "--account", name, "--dry-run", code=1)
        self.assertEqual((summary["pbx"], summary["missing"], summary["known"]), (len(calls), len(calls), 0))
        self.assertEqual([row["entry_id"] for row in rows], [call.entry for call in calls])
        self.assertEqual({row["action"] for row in rows}, {"missing"})
        reasons = {row["entry_id"]: row["reason"] for row in rows}
        for call in calls:
            heard = name == "partly" and not call.name.startswith("summary-of") and call.name != "hold"
            self.assertEqual(reasons[call.entry], "its end was never heard" if heard else "never heard of", call.name)
        self.assertEqual(len(self.events(name)), before)

        done = self.worker("--from", "-2h", "--account", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("%d of %d calls are missing" % (len(calls), len(calls)), done.stderr)
        self.assertIn("%s: MANGO %d, known 0, healed %d, refused 0" % (name, len(calls), len(calls)), done.stdout)
        self.settled(name, wanted)
        told = [m for m in self.events(name) if m.headers.get("origin") == "reconcile"]
        self.assertEqual({m.headers["kind"] for m in told}, {"call", "summary", "record/added"})
        jobs = {topic: [m for m in list(self.stack.topics.messages[topic]) if m.key.startswith(name + "/")]
                for topic in ("jobs.now", "jobs", "jobs.bulk")}
        self.assertEqual({m.headers.get("origin") for m in jobs["jobs.bulk"]}, {"reconcile"})
        self.assertFalse([m for m in jobs["jobs.now"] + jobs["jobs"] if m.headers.get("origin") == "reconcile"])
        if name == "lost":
            self.assertFalse(jobs["jobs.now"] + jobs["jobs"])

        # once more: it is all there, and nothing is written
        events, writes = len(self.events(name)), self.writes(name)
        rows, summary = self.rows("--from", "-2h", "--account", name, code=0)
        self.assertEqual((summary["pbx"], summary["known"], summary["fetched"]), (len(calls), len(calls), 0))
        self.assertEqual(summary["saved"], len(wanted["calls"]))
        self.assertEqual({row["action"] for row in rows}, {"present", "unsaved"})
        self.assertEqual((len(self.events(name)), self.writes(name)), (events, writes))
        # runs that follow each other at once do not know of each other: 429 is waited out
        told = self.stack.pbxs["/" + name].state()["violations"]
        self.assertEqual([v for v in told if v["code"] != 429], [])

    def test_usage(self):
        for argv, why in (((), "since when"), (("--from", "-40d"), "a month at most"),
                          (("--from", "-1h", "--to", "-2h"), "--from is later than --to"),
                          (("--from", "yesterday"), "--from"), (("--from", "-1h", "--rate", "1"), "no such option")):
            with self.subTest(argv=argv):
                done = self.worker(*argv)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(why, done.stderr)
        done = self.worker("--from", "-1h", "--account", "nobody")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("there is no account nobody", done.stderr)


class Outside(Reconcile):
    """MANGO that refuses, forgets, is slow or away."""
    accounts = ("one", "two")
    test_what_was_lost_is_as_if_it_had_come = test_usage = None

    def setUp(self):
        for name in self.accounts:
            self.control(name, "seed", {"refuse": {"stats/request": 1000, "stats/result": 1000}, "legs": []})

    def control(self, name, what, doc):
        self.stack.pbxs["/" + name].ask(what, doc)

    def asked(self, name):
        return [r["path"].rpartition("/vpbx/")[2] for r in self.stack.pbxs["/" + name].requests() if "/stats/" in r["path"]]

    def test_invalid_requests_end_the_account_and_not_the_others(self):
        before = len(self.asked("one"))
        self.control("one", "seed", {"refuse": {"stats/request": 3100}})
        rows, summary = self.rows("--from", "-1h", "--dry-run", code=6)
        self.assertEqual((rows, summary["accounts_failed"]), ([], 1))
        self.assertEqual(len(self.asked("one")), before + 1)
        done = self.worker("--from", "-1h", "--dry-run", "--account", "two")
        self.assertEqual((done.returncode, done.stdout), (
            0, "two: MANGO 0, known 0, missing 0, refused 0 (saved 0, not saved by rule 0)\n"))

    def test_out_of_reach(self):
        self.control("two", "faults", [{"path": "stats/result", "status": 503, "times": 4}])
        done = self.worker("--from", "-1h", "--account", "two")
        self.assertEqual((done.returncode, done.stdout), (5, ""))
        self.assertIn("worker reconcile: two: MANGO answered HTTP 503", done.stderr)

    def test_a_forgotten_key_and_lines_of_another_kind(self):
        moment = int(time.time()) - 1800
        leg = {"start": moment, "finish": moment + 20, "answer": moment + 5, "to_extension": "123",
               "to_number": "sip:u@h;transport=udp", "location": "abonent", "entry_id": "MTox-seeded"}
        self.control("two", "doubts", {"history_line_end": "\r\n", "history_last_end": False, "history_no_records": ""})
        self.control("two", "seed", {"lost_keys": 1, "legs": [leg, dict(leg, start="soon", entry_id="bad"),
                                                              dict(leg, finish=int(time.time()) + 60, entry_id="just now")]})
        rows, summary = self.rows("--from", "-1h", "--account", "two", "--dry-run", code=1)
        self.assertEqual([(row["entry_id"], row["direction"], row["action"]) for row in rows],
                         [("MTox-seeded", "incoming", "missing")])
        self.assertEqual((summary["pbx"], summary["missing"]), (1, 1))
        done = self.worker("--from", "-1h", "--account", "two", "--dry-run")
        self.assertIn("1 lines of the call history cannot be read", done.stderr)
        self.assertIn("1 calls are hardly over", done.stderr)

    def seeded(self, count, number="7916%07d", account="two"):
        """So many calls in the history, none of them known: (their entries)."""
        moment = int(time.time()) - 3000
        stamp = "%x" % time.time_ns()
        legs = [{"start": moment + n, "finish": moment + n + 20, "answer": 0, "from_number": number % n if "%" in number else number,
                 "to_extension": "123", "to_number": "sip:u@h", "location": "abonent", "entry_id": "%s-%d" % (stamp, n)}
                for n in range(count)]
        self.control(account, "seed", {"legs": legs})
        return [leg["entry_id"] for leg in legs]

    def test_stopped_while_mango_prepares_the_history(self):
        entries = self.seeded(3)
        self.control("two", "doubts", {"history_ready_s": 60})
        before = len(self.events("two"))
        child = subprocess.Popen([pathlib.Path(BUILD) / "worker", "reconcile", "--from", "-1h", "--account", "two"],
                                 env=dict(os.environ, **self.stack.env()), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        asked = len(self.asked("two"))
        wait_for("MANGO to be asked", lambda: len(self.asked("two")) > asked, 30)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
        self.control("two", "doubts", {"history_ready_s": 0.5})
        self.assertEqual((child.returncode, len(self.events("two"))), (6, before), out + err)
        rows, summary = self.rows("--from", "-1h", "--account", "two", code=0)
        self.assertEqual([(row["entry_id"], row["action"]) for row in rows], [(entry, "fetched") for entry in entries])
        self.assertEqual(summary["fetched"], 3)

    def test_kafka_goes_away_between_two_accounts(self):
        """The later account has not been looked at: to go on means from the beginning, for both."""
        first, (second,) = self.seeded(60, account="one"), self.seeded(1)
        wire = Wire(self.stack.brokers, kafka=True)
        wire.set("open", catch=first[-1])  # it is told with the second fifty
        child = subprocess.Popen([pathlib.Path(BUILD) / "worker", "reconcile", "--from", "-1h", "--json"],
                                 env=dict(os.environ, **dict(self.stack.env(), KAFKA_BROKERS=wire.address)),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            self.assertTrue(wire.wait_caught(60))
            wire.set("cut")
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
            wire.close()
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((child.returncode, rows[-2]["summary"]["fetched"]), (6, 50), out + err)
        rows, _ = self.rows("--from", rows[-1]["resume"], code=0)
        self.assertEqual({row["action"] for row in rows if row["entry_id"] == second}, {"fetched"}, rows)
        self.assertEqual({row["action"] for row in rows if row["entry_id"] in first[:50]}, {"present"})
        self.assertEqual({row["action"] for row in rows if row["entry_id"] in first[50:]} - {"fetched", "present"}, set())
        wait_for("what was told last, as other tests count",
                 lambda: len([m for m in self.events("two") if m.key == "two/" + second]) == 3, 10)

    def test_many_calls_want_yes_on_a_terminal(self):
        self.seeded(101)
        before = len(self.events("two"))
        ours, theirs = pty.openpty()
        try:
            done = self.worker("--from", "-1h", "--account", "two", stdin=theirs)
            self.assertEqual((done.returncode, len(self.events("two"))), (2, before), done.stderr)
            self.assertIn("more than 100 want --yes", done.stderr)
            done = self.worker("--from", "-1h", "--account", "two", "--yes", stdin=theirs)
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("two: MANGO 101, known 0, healed 101", done.stdout)

    def test_a_forgotten_number_stays_forgotten(self):
        self.seeded(1, "79161110000")
        self.stack.tool("forget", "--account", "two", "--phone", "79161110000", "--yes")
        before = len(self.events("two"))
        rows, summary = self.rows("--from", "-1h", "--account", "two", code=0)
        self.assertEqual([(row["action"], row["reason"]) for row in rows], [("unsaved", "forgotten")])
        self.assertEqual((summary["fetched"], len(self.events("two"))), (0, before))


if __name__ == "__main__":
    unittest.main(verbosity=2)
