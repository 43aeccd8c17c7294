#!/usr/bin/env python3
"""worker dead: list, show and send, with their filters, rows and exit codes; and the table of reasons. The real binaries
(BUILD, default build) on a devbroker with the fakes.
"""

import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
FIELDS = ["id", "at", "account", "entry_id", "topic", "kind", "reason", "fault", "http_status", "tries",
          "first_at"]
CONTRACT = [f for f in FIELDS if f != "fault"]


class Dead(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mangoplan-dead-")
        cls.stack = Stack(BUILD, cls.folder, env={"CALL_SETTLE_S": "1", "RETRY_MAX_MS": "200"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        cls.settings = base["settings"]
        cls.stack.start_outside()
        cls.settings["megaplan"]["base_url"] = cls.stack.megaplan
        cls.stack.control.ask("seed", base["megaplan"])
        cls.stack.up([cls.settings])
        cls.sender = cls.stack.sender(cls.settings, keep_alive=False)

    @classmethod
    def tearDownClass(cls):
        cls.stack.down()
        problems = cls.stack.problems()
        shutil.rmtree(cls.folder, ignore_errors=True)
        if problems:
            raise AssertionError(problems)

    def worker(self, *argv, stdin=subprocess.DEVNULL):
        return subprocess.run([pathlib.Path(BUILD) / "worker", "dead", *argv], timeout=60, check=False,
                              env={**os.environ, **self.stack.env(), "LOG_LEVEL": "info"}, stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def rows(self, *argv, code):
        done = self.worker(*argv, "--json")
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def list(self, *argv):
        """The rows that stand; the exit code says whether there are any."""
        done = self.worker("list", "--json", *argv)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 1 if rows else 0, done.stderr)
        return rows

    def send(self, **description):
        call = Call(description, "dead")
        for webhook in call.webhooks:
            self.assertEqual(self.sender.send(webhook).status, 200)
        return call

    def refused(self, entry, number):
        """A call whose saving Megaplan refuses; its letter."""
        self.stack.control.ask("faults", [{"path": "callInfo", "status": 422, "times": 3}])
        self.send(name=entry, shape="direct", number=number, entry=entry)
        return wait_for("a letter of " + entry, lambda: [r for r in self.list("--reason", "rejected")
                                                         if r["entry_id"] == entry], 30)[0]

    def outcomes(self, result):
        return [m.doc for m in list(self.stack.topics.messages["outcomes"])
                if m.doc and m.doc.get("result") == result]

    def test_a_letter_from_list_to_send(self):
        letter = self.refused("one", "79161234501")
        self.assertEqual(list(letter), FIELDS)
        self.assertTrue(set(CONTRACT) <= set(letter))
        self.assertEqual((letter["account"], letter["topic"], letter["kind"], letter["http_status"]),
                         ("acme", "jobs", "call", 422))
        self.assertRegex(letter["id"], r"^\d+/\d+$")
        self.assertRegex(letter["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        text = self.worker("list")
        self.assertEqual(text.returncode, 1)
        self.assertIn("call one", text.stdout)
        self.assertIn("1 dead letter\n", text.stdout)

        # by account, reason, time
        self.assertEqual(self.list("--account", "other"), [])
        self.assertEqual(self.list("--reason", "poison"), [])
        self.assertEqual(self.list("--to", "-1h"), [])
        self.assertEqual(len(self.list("--account", "acme", "--from", "-1h")), 1)

        # all of it, masked and not
        (shown,) = self.rows("show", letter["id"], code=0)
        self.assertEqual({k: shown[k] for k in CONTRACT}, {k: letter[k] for k in CONTRACT})
        self.assertEqual(shown["headers"]["__connect.errors.topic"], self.stack.prefix + "jobs")
        self.assertIsNone(shown["sent_again"])
        self.assertNotIn("79161234501", json.dumps(shown))
        self.assertEqual(json.loads(shown["value"])["number"], "*******4501")
        (shown,) = self.rows("show", letter["id"], "--show-phones", code=0)
        (job,) = [m for m in self.stack.topics.messages["jobs"]
                  if "%d/%d" % (m.partition, m.offset) == "%s/%s" % (
                      shown["headers"]["__connect.errors.partition"],
                      shown["headers"]["__connect.errors.offset"])]
        self.assertEqual((shown["key"], shown["value"]), (job.key, job.value))
        text = self.worker("show", letter["id"])
        self.assertIn("What to do: read the reason", text.stdout)

        # with an id that is none: the rest goes, and it is said
        done = self.worker("send", letter["id"], "0/999999", letter["id"], "--json")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("there is no dead letter 0/999999", done.stderr)
        self.assertIn("1 go again to where they came from: 0 events, 1 jobs", done.stderr)
        sent, summary = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((sent["id"], sent["action"], sent["refused_because"]), (letter["id"], "sent", None))
        self.assertEqual(summary, {"summary": {"sent": 1, "refused": 0, "unknown": 1, "left": 0}})
        self.assertEqual(self.list(), [])
        saved = wait_for("it to be saved", lambda: [r for r in self.stack.control.state()["CallInfo"]
                                                    if r["providerId"] == "one"], 30)
        self.assertEqual(len(saved), 1)
        audits = [o["details"] for o in wait_for("its audit", lambda: self.outcomes("sent again"), 30)]
        self.assertEqual([a["ids"] for a in audits], [[letter["id"]]])
        self.assertTrue(audits[0]["who"].startswith("worker dead ("), audits)

        # once more: it does not stand any more, but is still there to look at
        done = self.worker("send", letter["id"])
        self.assertEqual((done.returncode, "there is no dead letter" in done.stderr), (1, True))
        (shown,) = self.rows("show", letter["id"], code=0)
        self.assertIsNotNone(shown["sent_again"])
        text = self.worker("list")
        self.assertEqual((text.returncode, text.stdout), (0, "no dead letters\n"))

    def test_many_events_want_yes_on_a_terminal(self):
        call = Call({"name": "bad", "shape": "direct", "number": "79161234502", "entry": "bad"}, "dead")
        for n in range(101):
            call.webhooks[0].doc["seq"] = -1 - n
            self.assertEqual(self.sender.send(call.webhooks[0]).status, 200)
        wait_for("the letters", lambda: len(self.list("--reason", "input")) == 101, 30)
        before = self.list("--reason", "seq")
        self.assertEqual(len(before), 101)
        ours, theirs = pty.openpty()
        try:
            done = self.worker("send", "--all", "--reason", "input", stdin=theirs)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("more than 100 want --yes", done.stderr)
            self.assertEqual(self.list("--reason", "input"), before)
            done = self.worker("send", "--all", "--reason", "INPUT", "--yes", "--json", stdin=theirs)
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(rows.pop(), {"summary": {"sent": 101, "refused": 0, "unknown": 0, "left": 0}})
        self.assertEqual(sorted(r["id"] for r in rows), sorted(r["id"] for r in before))
        # they are no better the next time: a new letter for each, with the time of the first
        again = wait_for("new letters", lambda: (lambda r: r if len(r) == 101 else None)(
            self.list("--reason", "input")), 30)
        self.assertFalse({r["id"] for r in again} & {r["id"] for r in before})
        self.assertEqual(sorted(r["first_at"] for r in again), sorted(r["at"] for r in before))
        self.assertEqual(self.worker("send", "--all", "--account", "none").returncode, 0)

    def broker_answers_after(self, ms):
        broker = next(p for p in self.stack.processes if p.name == "devbroker").popen
        broker.stdin.write(b"rtt %d\n" % ms)
        broker.stdin.flush()
        self.assertEqual(broker.stdout.readline(), b"ok\n")

    def test_stopped_it_leaves_the_rest_as_it_stands(self):
        call = Call({"name": "more", "shape": "direct", "number": "79161234503", "entry": "more"}, "dead")
        for n in range(450):
            call.webhooks[0].doc["seq"] = -1 - n
            self.assertEqual(self.sender.send(call.webhooks[0]).status, 200)
        ours = ("--from", "-1h", "--reason", "input")
        before = wait_for("the letters", lambda: (lambda r: r if len(r) == 450 else None)(
            [r for r in self.list(*ours) if r["entry_id"] == "more"]), 60)
        self.broker_answers_after(20)
        try:
            with subprocess.Popen([pathlib.Path(BUILD) / "worker", "dead", "send", "--all", *ours, "--json"],
                                  env={**os.environ, **self.stack.env(), "LOG_LEVEL": "info"},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as child:
                first = child.stdout.readline()
                child.send_signal(signal.SIGINT)
                rest, told = child.stdout.read(), child.stderr.read()
                child.wait(60)
        finally:
            self.broker_answers_after(0)
        self.assertEqual(child.returncode, 6, told)
        rows = [json.loads(line) for line in [first] + rest.splitlines()]
        summary = rows.pop()["summary"]
        self.assertEqual((summary["sent"], summary["refused"]), (len(rows), 0))
        self.assertGreater(summary["left"], 0)
        sent = {r["id"] for r in rows}
        stand = {r["id"] for r in self.list(*ours)}
        self.assertFalse(sent & stand)
        self.assertEqual({r["id"] for r in before} - sent, {r["id"] for r in before} & stand)

    def test_usage(self):
        for argv, why in ((("list", "0/1"), "list takes no id"), (("show",), "show wants one id"),
                          (("show", "x"), '"x" is no id'), (("send",), "send what?"),
                          (("send", "0/1", "--all"), "not both"), (("send", "0/1", "12"), '"12" is no id'),
                          (("show", "0/1", "--account", "acme"), "filters go with list and send --all"),
                          (("send", "0/1", "--reason", "x"), "filters go with --all"),
                          (("burn",), "list, show or send?"), ((), "something is missing"),
                          (("list", "--rate", "1"), "no such option: --rate")):
            with self.subTest(argv=argv):
                done = self.worker(*argv)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(why, done.stderr)
        for id in ("0/999999", "999/0"):
            done = self.worker("show", id)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("there is no dead letter " + id, done.stderr)


class Reasons(unittest.TestCase):
    """The table of worker/tools/README.md is the program's own, and has every code that the source writes."""

    def test_table(self):
        page = (ROOT / "worker/tools/README.md").read_text(encoding="utf-8")
        told = dict((code, (means, remedy)) for code, means, remedy in re.findall(
            r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", page.partition("### Reasons")[2], re.M))
        source = (ROOT / "common/dead/fault.c").read_text(encoding="utf-8")
        source = re.sub(r'"\s*\n\s*"', "", source[source.index("dead_fault_table[] = {"):])
        rows = re.findall(r'\{"(\w+)",\s*"([^"]+)",\s*"([^"]+)"\}', source)
        self.assertEqual(told, {code: (means, remedy) for code, means, remedy in rows})

        kinds = re.findall(r'"(\w+)"', (ROOT / "common/err.c").read_text(encoding="utf-8").partition(
            "error_kind_name(enum err kind)")[2].partition("\n}")[0])
        own = re.findall(r'give_up\(x, w, "(\w+)"', (ROOT / "worker/crm/finish.c").read_text("utf-8"))
        self.assertIn("poison", own)
        self.assertGreater(len(kinds), 5)
        self.assertEqual(set(told), set(kinds + own) - {"ok"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
