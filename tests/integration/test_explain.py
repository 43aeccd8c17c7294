#!/usr/bin/env python3
"""worker explain: one call's story by the real binaries (BUILD, default build) on a devbroker with the fakes."""

import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
ROW = ["at", "type", "what", "rule", "reason", "employee", "job", "http", "details"]
SUMMARY = ["type", "entry_id", "direction", "kind", "client_id", "saved", "task_id", "state"]


class Explain(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mangoplan-explain-")
        cls.stack = Stack(BUILD, cls.folder, env={"CALL_SETTLE_S": "1", "RETRY_MAX_MS": "200"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        cls.acme = base["settings"]
        cls.stack.start_outside()
        cls.acme["megaplan"]["base_url"] = cls.stack.megaplan
        cls.other = copy.deepcopy(cls.acme)
        cls.other["account"] = "other"
        cls.other["mango"] = dict(cls.acme["mango"], api_key="other-key", api_salt="other-salt")
        cls.stack.control.ask("seed", base["megaplan"])
        cls.stack.up([cls.acme, cls.other])

    @classmethod
    def tearDownClass(cls):
        cls.stack.down()
        problems = cls.stack.problems()
        shutil.rmtree(cls.folder, ignore_errors=True)
        if problems:
            raise AssertionError(problems)

    def worker(self, *argv):
        return subprocess.run([pathlib.Path(BUILD) / "worker", "explain", *argv], timeout=60, check=False,
                              env={**os.environ, **self.stack.env(), "LOG_LEVEL": "info"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def story(self, *argv):
        """(rows, summary)"""
        done = self.worker(*argv, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return rows[:-1], rows[-1]

    def call(self, entry, number, document=None):
        sender = self.stack.sender(document or self.acme, keep_alive=False)
        call = Call({"name": entry, "shape": "direct", "number": number, "entry": entry}, "told")
        for webhook in call.webhooks:
            self.assertEqual(sender.send(webhook).status, 200)
        return call

    def done(self, *argv):
        def found():
            answer = self.worker(*argv, "--json")
            lines = answer.stdout.splitlines()
            return bool(lines) and json.loads(lines[-1])["state"] == "done"
        wait_for("the end of " + argv[0], found, 30)

    def test_a_story(self):
        self.call("one", "79161234501")
        self.done("one")
        rows, summary = self.story("one")
        for row in rows:
            self.assertEqual(list(row), ROW)
            self.assertIn(row["type"], ("event", "decision", "request", "outcome"))
        self.assertEqual([r["at"] for r in rows], sorted(r["at"] for r in rows))
        self.assertEqual(list(summary)[:len(SUMMARY)], SUMMARY)
        self.assertEqual({k: summary[k] for k in ("type", "entry_id", "direction", "kind", "saved", "state",
                                                  "account", "cut")},
                         {"type": "summary", "entry_id": "one", "direction": "incoming", "kind": "talked",
                          "saved": True, "state": "done", "account": "acme", "cut": False})
        self.assertNotIn("79161234501", json.dumps(rows))

        events = [r for r in rows if r["type"] == "event"]
        self.assertEqual([r["what"] for r in events][:2], ["Appeared", "Connected"])
        states = [r["details"]["state"] for r in events]
        self.assertEqual((states[0]["direction"], states[0]["connected"], states[0]["over"]),
                         ("incoming", False, False))
        self.assertEqual(len(states[0]["ringing"]), 1)
        self.assertEqual((states[1]["talking"], states[1]["kind"]), (states[0]["ringing"], "talked"))
        self.assertTrue(states[-1]["summary"] and states[-1]["over"])

        client = next(r for r in rows if r["type"] == "decision" and r["job"] == "one:client")
        self.assertEqual((client["rule"], client["what"]), ("G3", "sent"))
        self.assertTrue(client["reason"])
        create = next(r for r in rows if r["type"] == "request" and r["job"] == "one:client" and
                      r["http"]["method"] == "POST")
        self.assertEqual(list(create["http"]), ["method", "path", "status", "ms", "try"])
        self.assertEqual((create["http"]["path"], create["http"]["status"]), ("/contractorHuman", 200))
        self.assertGreaterEqual(create["http"]["ms"], 0)
        self.assertIn(("outcome", "done"), [(r["type"], r["what"]) for r in rows if r["job"] == "one:call:summary"])
        (made,) = [c for c in self.stack.control.state()["CallInfo"] if c["providerId"] == "one"]
        self.assertTrue(made)

        shown, _ = self.story("one", "--show-phones", "--account", "acme", "--from", "-1h")
        self.assertIn("79161234501", json.dumps(shown))
        self.assertEqual(len(shown), len(rows))

    def test_in_words(self):
        self.call("two", "79161234502")
        self.done("two")
        text = self.worker("two")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        lines = text.stdout.splitlines()
        self.assertRegex(lines[0], r"^Call two of acme: incoming, talked, saved, client \d+; done$")
        self.assertRegex(text.stdout, r"\d\d:\d\d:\d\d\.\d{3}  MANGO: Appeared \(abonent\) from \*{7}4502 to ")
        self.assertIn("-> incoming, ringing: ", text.stdout)
        self.assertRegex(text.stdout, r"rule G3 \(client at once when .*\)\n +-> sent job two:client, for ")
        self.assertRegex(text.stdout, r"request POST /contractorHuman: 200 in \d+ ms, request \d+ of its job \(")
        self.assertIn("job two:call:summary: done, for ", text.stdout)

    def test_unknown(self):
        for argv, who in ((("none",), "of any account"), (("none", "--account", "acme"), "of acme"),
                          (("none", "--account", "nobody"), "of nobody")):
            done = self.worker(*argv)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("nothing is known of a call none " + who, done.stderr)
        for argv in ((), ("a", "b"), ("",), ("x" * 129,), ("a", "--all"), ("a", "--account", "A")):
            self.assertEqual(self.worker(*argv).returncode, 2, argv)

    def test_of_two_accounts(self):
        self.call("twin", "79161234503")
        self.call("twin", "79161234504", self.other)
        self.done("twin", "--account", "acme")
        self.done("twin", "--account", "other")
        done = self.worker("twin", "--json")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("name one by --account:", done.stderr)
        self.assertEqual(sorted(done.stderr.split()[-2:]), ["acme", "other"])
        rows, summary = self.story("twin", "--account", "other", "--show-phones")
        self.assertEqual(summary["account"], "other")
        self.assertNotIn("79161234503", json.dumps(rows))

    def test_a_job_that_was_sent_again(self):
        self.stack.control.ask("faults", [{"path": "callInfo", "status": 422, "times": 3}])
        self.call("again", "79161234506")
        (letter,) = wait_for("the dead letter", lambda: [
            m for m in self.stack.topics.messages["dead"] if (m.doc or {}).get("entry_id") == "again"], 30)
        wait_for("its outcome", lambda: self.story("again")[1]["state"] == "dead", 30)
        self.stack.tool("dead", "send", "%d/%d" % (letter.partition, letter.offset))
        self.done("again")
        rows, _ = self.story("again")
        (note,) = [r for r in rows if r["what"] == "sent again"]
        self.assertEqual((note["type"], note["job"]), ("event", "again:call:summary"))
        ends = [(r["type"], r["what"]) for r in rows if r["job"] == "again:call:summary" and r["type"] in (
            "event", "outcome")]
        self.assertEqual(ends, [("outcome", "dead"), ("event", "sent again"), ("outcome", "done")])

    def test_a_dead_event(self):
        sender = self.stack.sender(self.acme, keep_alive=False)
        call = Call({"name": "bad", "shape": "direct", "number": "79161234505", "entry": "bad"}, "told")
        call.webhooks[1].doc["seq"] = -1
        for webhook in call.webhooks:
            self.assertEqual(sender.send(webhook).status, 200)
        wait_for("the dead letter", lambda: any(
            m.key == "acme/bad" for m in self.stack.topics.messages["dead"]), 30)
        wait_for("its saving", lambda: self.story("bad")[1]["saved"], 30)
        rows, summary = self.story("bad")
        self.assertEqual(summary["state"], "dead")
        (letter,) = [r for r in rows if r["what"] == "dead"]
        self.assertIn("seq", letter["reason"])
        unread = next(r for r in rows if r["type"] == "event" and r["reason"])
        self.assertNotIn("state", unread["details"])
        self.assertIn("dead letter %s: " % letter["details"]["id"], self.worker("bad").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
