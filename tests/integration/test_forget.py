#!/usr/bin/env python3
"""worker forget by the real binaries (BUILD, default build) on a devbroker with the fakes: what it erases, what page and tools
show afterwards, what it refuses, and that everything else goes on.
"""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
import records  # noqa: E402
from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import SECRET_KEY, Stack  # noqa: E402
import test_page_running  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
WHO, OTHER = "79161234501", "79161234502"
ROW = ["where", "what", "count", "until", "oldest", "newest"]
NEW_KEY = "a5" * 32


class Forget(test_page_running.PageCase):

    env = {"CALL_REMEMBER_S": "2"}

    def worker(self, *argv, **env):
        env = {"INGEST_SPOOL": "", "LOG_LEVEL": "info", **env}
        return subprocess.run([pathlib.Path(BUILD) / "worker", *argv], timeout=60, check=False,
                              env={**os.environ, **self.stack.env(), **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def forget(self, *argv, code=0, phone="+7 (916) 123-45-01", **env):
        """(rows, summary)"""
        done = self.worker("forget", "--account", "acme", "--phone", phone, "--json", *argv, **env)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(WHO, done.stdout + done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        for row in rows[:-1]:
            self.assertEqual(list(row), ROW)
        return rows[:-1], rows[-1]["summary"]

    def whole(self):
        """Forgets until nothing waits any more; the last run's rows and summary."""
        def gone():
            rows, summary = self.forget(code=None)
            return (rows, summary) if summary["waiting"] == summary["open"] == 0 else None
        return self.watch("nothing to wait", gone)

    def count(self, rows, where):
        return sum(r["count"] for r in rows if r["where"] == where)

    def facts(self, number=None, entries=()):
        """Keys of facts that stand and say the number, or are of one of these calls."""
        latest = {}
        for message in list(self.stack.topics.messages["facts"]):
            latest[message.key] = message.doc
        return [k for k, doc in latest.items()
                if doc and (doc.get("number") == number or doc.get("entry") in entries)]

    def clients(self, number):
        return [r["id"] for r in self.stack.control.state()["ContractorHuman"]
                if number in [re.sub("[^0-9]", "", contact["value"]) for contact in r["contactInfo"]]]

    def refused(self, entry, number):
        self.stack.control.ask("faults", [{"path": "callInfo", "status": 422, "times": 3}])
        self.send(name=entry, shape="direct", number=number, entry=entry)
        return self.watch("a letter of " + entry,
                          lambda: [r for r in self.dead() if r["entry_id"] == entry])[0]

    def settings_topic(self):
        done = subprocess.run(["kcat", "-C", "-b", self.stack.brokers, "-t", self.stack.prefix + "settings", "-e",
                               "-q", "-f", "%k %s\n"], timeout=30, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode("utf-8")

    def test_a_person_is_forgotten(self):
        stream = self.stream()
        for entry, number in (("one", WHO), ("two", WHO), ("other", OTHER)):
            self.send(name=entry, shape="direct", number=number, entry=entry)
            self.row(entry)
        letter = self.refused("three", WHO)
        theirs = ("one", "two", "three")
        self.assertTrue(self.facts(WHO, theirs))
        others = self.facts(OTHER, ("other",))
        self.assertTrue(others)
        client = self.clients(WHO)
        self.assertEqual(len(client), 1)

        # a dry run changes nothing
        rows, summary = self.forget("--dry-run", code=None)
        self.assertEqual(summary["forgotten_at"], None)
        self.assertEqual({r["entry_id"] for r in self.rows()}, {"other", *theirs})
        self.assertNotIn("_forgotten/", self.settings_topic())

        rows, summary = self.forget(code=None)
        self.assertFalse(summary["already"])
        self.watch("the page to know", lambda: {r["entry_id"] for r in self.rows()} == {"other"})
        if summary["waiting"]:  # the calls were remembered still
            rows, summary = self.whole()
        gone = [r["count"] for r in rows if r["what"].startswith(("erased", "put away"))]
        self.assertEqual(sum(gone), summary["erased"], rows)
        self.assertGreater(gone[0], 0)
        events = [r for r in rows if r["where"] == "events"][0]
        self.assertGreater(events["count"], 9)
        self.assertGreater(events["until"], events["newest"])
        self.assertEqual(len([r for r in rows if r["where"] == "megaplan"]), 1)
        self.assertIn("client %s:" % client[0], json.dumps(rows))

        # nobody is shown anything of it
        self.watch("the facts to be gone", lambda: not self.facts(WHO, theirs))
        self.assertEqual(sorted(self.facts(OTHER, ("other",))), sorted(others))
        self.watch("the letter to be gone", lambda: self.dead() == [])
        for entry in theirs:
            status, _ = self.page.ask("GET", "/api/accounts/acme/story?show=1&entry_id=" + entry)
            self.assertEqual(status, 404)
            told = self.worker("explain", entry, "--account", "acme", "--show-phones")
            self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertEqual(self.worker("dead", "list").returncode, 0)
        for verb in ("show", "send"):
            told = self.worker("dead", verb, letter["id"], *(["--show-phones"] if verb == "show" else []))
            self.assertEqual((told.returncode, WHO in told.stdout + told.stderr), (1, False))
        everything = json.dumps([self.page.get("/api/accounts/acme/" + part + "?show=1")
                                 for part in ("calls", "dead", "audit")])
        self.assertNotIn(WHO, everything)
        self.assertIn("a number forgotten", everything)
        self.assertIn(OTHER, everything)
        self.assertNotIn(WHO, self.settings_topic())
        self.assertNotIn("9161234501", self.settings_topic())

        # again: nothing new
        rows, summary = self.forget()
        self.assertEqual((summary["already"], summary["erased"]), (True, 0))
        first = summary["forgotten_at"]

        # crm goes on; who calls again is new, and is found in Megaplan
        heard = len(stream.of("call"))
        self.send(name="more", shape="direct", number=OTHER, entry="more")
        self.row("more")
        self.send(name="again", shape="direct", number=WHO, entry="again")
        self.assertEqual(self.row("again")["client_id"], client[0])
        self.assertEqual(self.clients(WHO), client)
        self.assertEqual({r["entry_id"] for r in self.rows()}, {"other", "more", "again"})
        self.watch("the new ones in the stream", lambda: {"more", "again"} <= {
            r["entry_id"] for r in stream.of("call")[heard:]})
        self.assertFalse({r["entry_id"] for r in stream.of("call")[heard:]} & set(theirs))
        _, summary = self.whole()
        self.assertGreater(summary["forgotten_at"], first)
        self.watch("the page to know", lambda: {r["entry_id"] for r in self.rows()} == {"other", "more"})

        # the key outlives SECRET_KEY
        both = {"SECRET_KEY": NEW_KEY, "SECRET_KEY_OLD": SECRET_KEY}
        done = self.worker("settings", "reseal", "--json", **both)
        self.assertEqual(json.loads(done.stdout)["summary"]["keys"], 1, done.stderr)
        told = self.worker("explain", "one", "--account", "acme", SECRET_KEY=NEW_KEY)
        self.assertEqual((told.returncode, told.stdout), (1, ""), told.stderr)
        self.assertEqual(self.worker("explain", "other", "--account", "acme",
                                     SECRET_KEY=NEW_KEY).returncode, 0)

    def test_what_is_not_over(self):
        call = Call({"name": "open", "shape": "direct", "number": WHO, "entry": "open"}, "seen")
        first, rest = call.webhooks[:2], call.webhooks[2:]
        for webhook in first:
            self.assertEqual(self.sender.send(webhook).status, 200)
        self.watch("the call to be seen", self.rows)
        rows, summary = self.forget(code=1)
        self.assertEqual((summary["open"], summary["erased"], summary["forgotten_at"]), (1, 0, None))
        self.assertIn("open", rows[0]["what"])
        self.assertNotIn("_forgotten/", self.settings_topic())
        for webhook in rest:
            self.assertEqual(self.sender.send(webhook).status, 200)
        self.row("open")

        # its saving waits for Megaplan: a job
        self.stack.control.ask("faults", [{"path": "callInfo", "gate": "saving", "times": 1}])
        self.send(name="held", shape="direct", number=WHO, entry="held")
        self.watch("it to wait", lambda: [r for r in self.rows() if r["entry_id"] == "held" and
                                          any(s["rule"] == "G15" for s in r["steps"])])
        rows, summary = self.forget(code=1)
        self.assertTrue(summary["open"])
        self.stack.control.ask("gates/saving/release", {})
        self.row("held")
        self.whole()
        self.assertEqual(self.rows(), [])

    def test_a_number_nobody_knows(self):
        rows, summary = self.forget()
        self.assertEqual((summary["already"], summary["erased"], summary["remaining"]), (False, 0, 0))
        rows, summary = self.forget()
        self.assertTrue(summary["already"])
        for argv in (("--account", "acme"), ("--phone", WHO), ("--account", "acme", "--phone", "12")):
            self.assertEqual(self.worker("forget", *argv).returncode, 2)
        text = self.worker("forget", "--account", "acme", "--phone", WHO)
        self.assertIn("*******4501 of acme: forgotten already", text.stdout)

    def test_the_spool(self):
        path = os.path.join(self.folder, "other-spool.db")
        with sqlite3.connect(path) as db:
            columns = ("received_ms INTEGER NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,"
                       " key BLOB NOT NULL, value BLOB NOT NULL")
            db.execute("CREATE TABLE webhooks (seq INTEGER PRIMARY KEY, %s)" % columns)
            db.execute("CREATE TABLE refused (id INTEGER PRIMARY KEY, %s, why TEXT NOT NULL)" % columns)
            for account, number in (("acme", WHO), ("acme", OTHER), ("other", WHO)):
                value = json.dumps({"from": {"number": number}}).encode()
                db.execute("INSERT INTO webhooks (received_ms, account, kind, key, value) VALUES (1,?,?,?,?)",
                           (account, "call", b"k", value))
                db.execute("INSERT INTO refused (received_ms, account, kind, key, value, why) "
                           "VALUES (1,?,?,?,?,'x')", (account, "call", b"k", value))
        db.close()
        self.assertEqual(self.count(self.forget("--dry-run", INGEST_SPOOL=path)[0], "spool"), 2)
        self.assertEqual(self.count(self.forget(INGEST_SPOOL=path)[0], "spool"), 2)
        db = sqlite3.connect(path)
        for table in ("webhooks", "refused"):
            self.assertEqual(db.execute("SELECT account FROM %s ORDER BY account" % table).fetchall(),
                             [("acme",), ("other",)])
        db.close()
        self.assertNotIn(b"%s" % json.dumps({"from": {"number": WHO}}).encode() + b"acme",
                         pathlib.Path(path).read_bytes())
        rows, _ = self.forget(INGEST_SPOOL=os.path.join(self.folder, "spool.db"))
        self.assertIn("ingest has it open", [r for r in rows if r["where"] == "spool"][0]["what"])
        rows, _ = self.forget(INGEST_SPOOL="")
        self.assertIn("no file here", [r for r in rows if r["where"] == "spool"][0]["what"])


class Replay(unittest.TestCase):
    """Recorded calls that nobody has handled: replay brings back all but those of a forgotten number."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-forget-")
        self.stack = Stack(BUILD, self.folder, env={"RETRY_MAX_MS": "200"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.stack.start_outside()
        base["settings"]["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.control.ask("seed", base["megaplan"])
        self.stack.up([base["settings"]], services=("crm",))

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    def record(self, entry, number):
        call = Call({"name": entry, "shape": "direct", "number": number, "entry": entry, "minutes_ago": 300},
                    "past")
        for at, webhook in enumerate(call.webhooks):
            record = records.event_record(
                "acme", entry, webhook.path.removeprefix("events/"),
                mango.write_json(webhook.doc, webhook.json_style).decode(), "live", call.start + 1 + at)
            records.write(self.stack.brokers, self.stack.prefix + "events", records.partition(record[0]), *record)

    def rows(self, *argv, code=(0,)):
        rows = [json.loads(line) for line in self.stack.tool(*argv, "--json", ok=code).splitlines()
                if line.startswith("{")]
        return [r for r in rows if "action" in r]

    def test_it_stays_forgotten(self):
        self.record("one", WHO)
        self.record("other", OTHER)
        span = ("replay", "--from", "-6h", "--account", "acme")
        before = self.rows(*span, "--dry-run", code=(1,))
        self.assertEqual({r["entry_id"] for r in before if r["action"] == "would_do"}, {"one", "other"})
        self.rows("forget", "--account", "acme", "--phone", WHO)
        done = self.rows(*span)
        self.assertEqual({r["entry_id"] for r in done if r["action"] == "sent"}, {"other"})
        self.assertEqual({r["action"] for r in done if r["entry_id"] == "one"}, {"refused"})
        self.assertNotIn(WHO, json.dumps(done))
        wait_for("the other's client", lambda: [m for m in list(self.stack.topics.messages["facts"])
                                                if m.key == "acme/other:client/done"], 30)
        for name in ("jobs", "jobs.bulk", "facts", "outcomes"):
            self.assertFalse([m for m in list(self.stack.topics.messages[name])
                              if m.key and (m.key.startswith("acme/one") or WHO in m.key)], name)


if __name__ == "__main__":
    unittest.main()
