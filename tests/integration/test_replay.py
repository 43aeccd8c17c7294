#!/usr/bin/env python3
"""worker replay: what is missing is said, sent once, and no more than that. Recorded events of the past are written into
`events` as ingest has them; nobody folded them when they came. The real binaries (BUILD, default build) on a devbroker
with the fakes.
"""

import json
import operator
import os
import pathlib
import re
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
import records  # noqa: E402
from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
ROW = ["entry_id", "job", "rule", "action", "reason"]
COUNTS = ["events", "calls", "would_do", "sent", "present", "refused"]
DYNAMIC = "74001234567"
RINGING = {"route", "visitor", "popup"}


class Past(unittest.TestCase):
    """Each test has a Kafka of its own: what one replay sent stands for the next."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-replay-")
        self.stack = Stack(BUILD, self.folder, env={"CALL_SETTLE_S": "1", "RETRY_MAX_MS": "200"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = base["settings"]
        self.settings["popups"] = True
        self.stack.start_outside()
        self.settings["megaplan"]["base_url"] = self.stack.megaplan
        self.seed = base["megaplan"]
        self.sent_jobs = set()

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertEqual(problems, [])

    def up(self, **more):
        self.stack.control.ask("seed", dict(self.seed, **more))
        self.stack.up([self.settings], services=("crm",))

    def record(self, entry, number, minutes_ago=120, shape="direct", account="acme", **more):
        """A call's events in `events`, received as they happened."""
        call = Call({"name": entry, "shape": shape, "number": number, "entry": entry,
                     "minutes_ago": minutes_ago, **more}, "past")
        for at, webhook in enumerate(call.webhooks):
            text = mango.write_json(webhook.doc, webhook.json_style).decode()
            self.write(entry, webhook.path.removeprefix("events/"), text, call.start + 1 + at, account)
        return call

    def write(self, entry, kind, text, at, account="acme"):
        record = records.event_record(account, entry, kind, text, "live", at)
        self.put("events", record)

    def put(self, topic, record):
        records.write(self.stack.brokers, self.stack.prefix + topic, records.partition(record[0]), *record)

    def argv(self, *argv):
        return [pathlib.Path(BUILD) / "worker", "replay", *argv]

    def env(self):
        return {**os.environ, **self.stack.env(), "LOG_LEVEL": "info"}

    def replay(self, *argv, code, since="-1d"):
        """(rows, counts)"""
        done = subprocess.run(self.argv("--from", since, "--json", *argv), timeout=60, check=False,
                              env=self.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        for row in rows[:-1]:
            self.assertEqual(list(row)[:len(ROW)], ROW)
        counts = rows[-1]["summary"]
        self.assertEqual(list(counts)[:len(COUNTS)], COUNTS)
        for action in COUNTS[2:]:
            self.assertEqual(counts[action], sum(r["action"] == action for r in rows[:-1]), (action, rows))
        self.sent_jobs |= {r["job"] for r in rows[:-1] if r["action"] == "sent"}
        return rows[:-1], counts

    def jobs(self, rows, action):
        return sorted(r["job"] for r in rows if r["action"] == action)

    def settled(self):
        """All jobs that were sent have ended."""
        wait_for("the end of all jobs", lambda: self.stack.topics.jobs() and
                 self.sent_jobs <= self.stack.topics.finished() and
                 not self.stack.topics.unfinished() and not self.stack.behind(), 30)

    def writes(self):
        return [r for r in self.stack.control.requests() if r["method"] == "POST"]

    def clients(self):
        return [c for c in self.stack.control.state()["ContractorHuman"] if "79161234" in re.sub(r"[^0-9]", "", json.dumps(c.get("phones", c)))]

    def calls(self):
        return sorted(c["providerId"] for c in self.stack.control.state()["CallInfo"])


class Replay(Past):
    def test_what_is_missing_is_sent_once(self):
        self.up()
        self.record("one", "79161234501")
        self.record("two", "79161234502", minutes_ago=100, shape="missed")
        self.record("young", "79161234503", minutes_ago=3)

        rows, counts = self.replay("--dry-run", code=1)
        self.assertEqual(self.jobs(rows, "would_do"), ["one:call:summary", "one:client", "one:talked", "two:call:summary"])
        self.assertEqual((counts["calls"], counts["would_do"], counts["young"]), (2, 4, 1))
        self.assertEqual(self.stack.topics.jobs(), {})
        self.assertNotIn("79161234501", json.dumps(rows))

        rows, counts = self.replay("--account", "acme", "--entry", "two", "--dry-run", code=1)
        self.assertEqual(self.jobs(rows, "would_do"), ["two:call:summary"])
        self.replay("--account", "other", "--dry-run", code=0)
        _, counts = self.replay("--to", "-12h", "--dry-run", code=0)
        self.assertEqual(counts["calls"], 0)

        rows, counts = self.replay(code=0)
        self.assertEqual(self.jobs(rows, "sent"), ["one:call:summary", "one:client", "one:talked", "two:call:summary"])
        self.settled()
        self.assertEqual(self.calls(), ["one", "two"])
        self.assertEqual(len(self.clients()), 1)
        for messages in self.stack.topics.jobs().values():
            (message,) = messages
            self.assertEqual((message.topic, message.headers["origin"]), (self.stack.prefix + "jobs.bulk", "replay"))
            self.assertNotIn(message.headers["kind"], RINGING)
            self.assertEqual(message.partition, records.partition("acme"))
        self.assertEqual(list(self.stack.topics.messages["jobs.now"]), [])

        before = len(self.writes())
        rows, counts = self.replay(code=0)
        self.assertEqual((counts["sent"], counts["present"]), (0, 4))
        self.assertEqual({r["action"] for r in rows}, {"present"})
        self.replay("--dry-run", code=0)
        self.assertEqual(len(self.writes()), before)

    def test_what_waits_is_not_sent_again(self):
        self.up()
        self.record("one", "79161234501")
        self.stack.services["crm"].end()
        _, counts = self.replay(code=0)
        self.assertEqual(counts["sent"], 3)
        rows, counts = self.replay(code=0)
        self.assertEqual((counts["sent"], counts["present"]), (0, 3))
        self.assertTrue(all("waits" in r["reason"] for r in rows), rows)

    def test_a_switch_turned_on_later(self):
        self.settings["create_client"] = {"incoming": False, "missed": False, "outgoing": False}
        self.up()
        self.record("one", "79161234501")
        self.replay(code=0)
        self.settled()
        self.assertEqual((self.clients(), self.calls()), ([], ["one"]))

        self.settings["create_client"]["incoming"] = True
        self.stack.put_settings(self.settings)
        rows, _ = self.replay("--dry-run", code=1)
        self.assertEqual(self.jobs(rows, "would_do"), ["one:client"])
        self.replay(code=0)
        (client,) = wait_for("the client", self.clients, 30)
        self.settled()
        (call,) = wait_for("the call to have its client", lambda: [
            c for c in self.stack.control.state()["CallInfo"] if client["id"] in json.dumps(c)], 30)
        self.assertEqual(call["providerId"], "one")
        _, counts = self.replay(code=0)
        self.assertEqual(counts["sent"], 0)

    def test_a_switch_turned_on_over_a_week_later(self):
        """crm's facts may be gone by then: the saved call goes along, and gets its client."""
        self.settings["create_client"] = {"incoming": False, "missed": False, "outgoing": False}
        self.up()
        self.record("one", "79161234501", minutes_ago=8 * 1440)
        self.replay(code=0, since="-9d")
        self.settled()
        self.settings["create_client"]["incoming"] = True
        self.stack.put_settings(self.settings)
        rows, _ = self.replay("--dry-run", code=1, since="-9d")
        self.assertEqual(self.jobs(rows, "would_do"), ["one:call:summary", "one:client"])
        self.replay(code=0, since="-9d")
        (client,) = wait_for("the client", self.clients, 30)
        wait_for("the call to have its client", lambda: [
            c for c in self.stack.control.state()["CallInfo"] if client["id"] in json.dumps(c)], 30)
        self.assertEqual(self.calls(), ["one"])
        _, counts = self.replay(code=0, since="-9d")
        self.assertEqual(counts["sent"], 0)

    def test_an_account_that_is_switched_off(self):
        self.settings["enabled"] = False
        self.up()
        self.record("one", "79161234501")
        rows, counts = self.replay(code=0)
        self.assertEqual((counts["sent"], counts["refused"]), (0, 1))
        self.assertEqual((rows[0]["entry_id"], rows[0]["reason"]), ("one", "the account is switched off"))

    def test_an_event_that_cannot_be_read(self):
        self.up()
        self.write("bad", "call", "{", time.time() - 7200)
        rows, counts = self.replay("--dry-run", code=0)
        self.assertEqual([(r["entry_id"], r["action"]) for r in rows], [("bad", "refused")])
        self.assertTrue(rows[0]["reason"])

    def test_the_visitors_recorded_answer(self):
        self.settings["call_tracking"] = True
        self.up(extra_fields=["ДКТ: client_id", "ДКТ: Город", "ДКТ: Контекст вызова"])
        call = self.record("one", "79161234501", lay={"dct": {"type": 1, "number": DYNAMIC}})
        outcome = {"v": 1, "at": records.rfc3339(call.start + 1), "what": "outcome", "job": "one:visitor",
                   "kind": "visitor", "rule": "G12", "result": "done", "reason": "what MANGO knows of the visitor",
                   "details": {"visitor": {"uid": "u-77", "location": {"city": "Казань"}}}}
        self.put("outcomes", ("acme/one", records.compact(outcome),
                              {"kind": "outcome", "account": "acme", "at": outcome["at"]}))
        self.replay(code=0)
        self.settled()
        (client,) = self.clients()
        self.assertIn("u-77", json.dumps(client, ensure_ascii=False))
        self.assertIn("Казань", json.dumps(client, ensure_ascii=False))
        self.assertEqual(self.stack.pbx_control.requests(), [])

    def test_stopped_and_gone_on_with(self):
        self.up()
        for i in range(12):
            self.record("n%02d" % i, "791612345%02d" % i, minutes_ago=200 - i)
        child = subprocess.Popen(self.argv("--from", "-1d", "--json", "--rate", "4"), env=self.env(), text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            wait_for("some jobs", lambda: len(self.stack.topics.jobs()) >= 6, 30)
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate(timeout=20)
        finally:
            child.kill()
            child.wait()
        self.assertEqual(child.returncode, 6)
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(list(rows[-1]), ["resume"])
        sent = sum(r.get("action") == "sent" for r in rows)
        self.assertTrue(6 <= sent < 36, sent)
        wait_for("what was sent, no more", lambda: len(self.stack.topics.jobs()) == sent, 10)
        done = subprocess.run(self.argv("--from", "-1d", "--resume", rows[-1]["resume"]), timeout=60, check=False,
                              env=self.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("%d sent" % (36 - sent), done.stdout)
        self.settled()
        wait_for("all calls", lambda: self.calls() == ["n%02d" % i for i in range(12)], 30)
        wait_for("all clients", lambda: len(self.clients()) == 12, 30)
        self.settled()

    def test_usage(self):
        self.up()
        for argv in ((), ("--from", "-1h", "--to", "-2h"), ("--from", "-1h", "x"),
                     ("--from", "-1h", "--resume", "soon")):
            done = subprocess.run(self.argv(*argv), timeout=60, check=False, env=self.env(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""), argv)


NEWER = "newer"  # an account with the same Megaplan and MANGO, of which Kafka remembers nothing


class Ask(Past):
    """--ask. What acme's worker made is there for "newer", of whose jobs the topics say nothing: as if all outcomes and
    facts had been lost."""

    def up(self, **more):
        super().up(**more)
        self.stack.topics.of_account(NEWER)

    def lose(self, **changes):
        """acme is gone, and newer there in its place."""
        if self.stack.topics.jobs():
            self.settled()
        self.stack.tool("settings", "rm", "acme", "--yes")
        self.stack.put_settings(dict(self.settings, account=NEWER, **changes))

    def both(self, entry, number, **more):
        self.record(entry, number, **more)
        self.record(entry, number, account=NEWER, **more)

    def ask(self, *argv, code=1):
        return self.replay("--account", NEWER, "--ask", *argv, code=code)

    def actions(self, rows):
        return {r["job"]: r["action"] for r in rows}

    def reason(self, rows, job):
        (row,) = [r for r in rows if r["job"] == job]
        return row["reason"]

    def sent(self):
        """Sends what is missing, by --ask, and waits for its end: [job]."""
        sent = self.jobs(self.ask(code=0)[0], "sent")

        def ended():
            outcomes = [m.doc for m in list(self.stack.topics.messages["outcomes"]) if m.key.startswith(NEWER + "/")]
            return {doc.get("job") for doc in outcomes if doc.get("what") == "outcome" and doc.get("result") != "held"}

        wait_for("the end of all jobs", lambda: set(sent) <= ended() and not self.stack.behind(), 30)
        return sent

    def stderr(self, *argv, code):
        done = subprocess.run(self.argv("--from", "-1d", "--account", NEWER, *argv), timeout=60, check=False, env=self.env(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stderr

    def recording(self, entry, recording, minutes_ago=119):
        at = int(time.time()) - minutes_ago * 60
        doc = {"entry_id": entry, "call_id": entry + ":1", "recording_id": recording, "recording_state": "Completed",
               "seq": 1, "timestamp": at, "extension": "123", "recipient": "CRM"}
        for account in ("acme", NEWER):
            self.write(entry, "recording", json.dumps(doc), at, account)

    def test_what_was_done_and_forgotten(self):
        self.settings.update(create_client={"incoming": True, "missed": True}, call_records=True,
                             missed_call_task={"enabled": True, "deadline_minutes": 60, "title": "Call {phone}"})
        self.up()
        self.both("one", "79161234501")
        self.recording("one", "MToxMDAwMTM0ODA6MA==")
        self.both("two", "79161234502", minutes_ago=100, shape="missed")
        self.replay(code=0)
        self.lose()
        made = self.stack.control.state()
        self.assertEqual((len(made["Task"]), len(made["CallInfo"])), (1, 2))
        self.assertEqual(len(made["CallInfo"][0]["recordLinks"] + made["CallInfo"][1].get("recordLinks", [])), 1)

        rows, _ = self.replay("--account", NEWER, "--dry-run", code=1)
        wanted = ["one:call:summary", "one:client", "one:record:MToxMDAwMTM0ODA6MA==", "one:talked", "two:call:summary",
                  "two:client", "two:task"]
        self.assertEqual(self.jobs(rows, "would_do"), wanted)
        before = len(self.stack.control.requests())
        rows, counts = self.ask("--dry-run")
        self.assertEqual(self.actions(rows), {job: "would_do" if job == "one:talked" else "present" for job in wanted})
        self.assertIn("Megaplan has it", self.reason(rows, "two:task"))
        self.assertIn("workers remember", self.reason(rows, "one:talked"))
        self.assertEqual((counts["would_do"], counts["present"]), (1, 6))
        asked = self.stack.control.requests()[before:]
        self.assertEqual({r["method"] for r in asked}, {"GET"})
        self.assertLessEqual(len(asked), 8, asked)

        self.assertEqual(self.sent(), ["one:talked"])
        self.assertEqual(self.stack.control.state(), made)

    def test_a_client_made_by_hand(self):
        self.up()
        self.record("one", "79161234501", account=NEWER)
        self.lose()
        self.assertEqual(self.actions(self.ask("--dry-run")[0])["one:client"], "would_do")
        self.stack.control.ask("seed", {"clients": [{"id": "1000077", "name": "By hand", "phone": "8 (916) 123-45-01",
                                                     "responsible": "1000006"}]})
        rows, _ = self.ask("--dry-run")
        self.assertEqual(self.actions(rows), {"one:client": "present", "one:call:summary": "would_do",
                                              "one:talked": "would_do"})
        rows, _ = self.replay("--account", NEWER, "--dry-run", code=1)
        self.assertEqual(set(self.actions(rows).values()), {"would_do"})

        self.stack.control.ask("clients/drop", {"id": "1000077"})
        rows, _ = self.ask("--dry-run")
        self.assertEqual(self.actions(rows)["one:client"], "would_do")
        self.assertIn("no client carries the number", self.reason(rows, "one:client"))

        self.stack.control.ask("clients/change", {"id": "1000077", "values": {"isDropped": False}})
        self.assertEqual(self.sent(), ["one:call:summary", "one:talked"])
        self.assertEqual([c for c in self.stack.control.state()["ContractorHuman"] if not c["seeded"]], [])
        (call,) = self.stack.control.state()["CallInfo"]
        self.assertEqual(call["fromUser"]["id"], "1000077")

    def test_a_call_without_its_client_or_recording(self):
        """The client is there, and the call is saved: it is not his yet. All of the call goes."""
        self.settings.update(create_client={"incoming": False}, call_records=True)
        self.up()
        self.both("one", "79161234501")
        self.replay(code=0)
        self.recording("one", "rec-1")
        self.lose(create_client={"incoming": True})
        self.stack.control.ask("seed", {"clients": [{"id": "1000077", "name": "By hand", "phone": "+79161234501"}]})
        rows, _ = self.ask("--dry-run")
        self.assertEqual(set(self.actions(rows).values()), {"would_do"}, rows)
        self.assertIn("the saved call has no client", self.reason(rows, "one:client"))
        self.assertIn("without this recording", self.reason(rows, "one:record:rec-1"))
        self.assertEqual(len(self.sent()), 4)
        (call,) = self.stack.control.state()["CallInfo"]
        self.assertEqual((call["fromUser"]["id"], len(call["recordLinks"])), ("1000077", 1))
        rows, counts = self.ask("--dry-run", code=0)
        self.assertEqual(counts["would_do"], 0)

    def test_a_megaplan_that_cannot_be_asked(self):
        self.up()
        self.record("one", "79161234501", account=NEWER)
        self.record("two", "79161234502", account=NEWER)
        self.lose()
        without, _ = self.replay("--account", NEWER, "--dry-run", code=1)
        for fault, most in (({"path": "", "status": 401}, 1), ({"path": "", "status": 402}, 1),
                            ({"path": "", "status": 500, "reply": "html"}, 3), ({"path": "", "reply": "cut"}, 3)):
            self.stack.control.ask("faults", [dict(fault, times=most)])
            before = len(self.stack.control.requests())
            rows, _ = self.ask("--dry-run")
            key = operator.itemgetter("job")
            self.assertEqual(sorted(rows, key=key), sorted(without, key=key), fault)
            self.assertEqual(len(self.stack.control.requests()) - before, most)
        self.stack.control.ask("faults", [{"path": "", "status": 401}])
        said = [line for line in self.stderr("--ask", "--dry-run", code=1).splitlines() if "cannot be asked" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn(NEWER, said[0])

    def test_a_number_is_asked_for_once(self):
        self.up()
        for entry in ("one", "two", "three"):
            self.record(entry, "79161234501", account=NEWER)
        self.lose()
        before = len(self.stack.control.requests())
        self.ask("--dry-run")
        self.assertEqual([r["path"] for r in self.stack.control.requests()[before:]],
                         ["/api/v3/callRoute", "/api/v3/contractor"])

    def test_a_moments_trouble(self):
        self.up()
        self.record("one", "79161234501", account=NEWER)
        self.lose()
        self.stack.control.ask("seed", {"clients": [{"id": "1000077", "name": "By hand", "phone": "+79161234501"}]})
        for fault in ({"status": 429, "retry_after": 1}, {"status": 503}, {"reply": "cut"}):
            self.stack.control.ask("faults", [dict(fault, path="", times=1)])
            self.assertEqual(self.actions(self.ask("--dry-run")[0])["one:client"], "present", fault)
        self.stack.control.ask("faults", [{"path": "/callInfo/provider", "status": 403}])
        rows, _ = self.ask("--dry-run")
        self.assertEqual(set(self.actions(rows).values()), {"would_do"})

    def test_stopped_while_it_asks(self):
        self.up()
        self.record("one", "79161234501", account=NEWER)
        self.lose()
        self.stack.control.ask("faults", [{"path": "", "reply": "hang", "hang_s": 60}])
        for argv in ((), ("--dry-run",)):
            before = len(self.stack.control.requests())
            child = subprocess.Popen(self.argv("--from", "-1d", "--json", "--ask", "--account", NEWER, *argv),
                                     env=self.env(), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
            try:
                wait_for("a question", lambda seen=before: len(self.stack.control.requests()) > seen, 30)
                child.send_signal(signal.SIGINT)
                out, _ = child.communicate(timeout=20)
            finally:
                child.kill()
                child.wait()
            self.assertEqual(child.returncode, 6)
            self.assertEqual([list(json.loads(line)) for line in out.splitlines()], [["resume"]])
        self.assertEqual(self.stack.topics.jobs(), {})


if __name__ == "__main__":
    unittest.main()
