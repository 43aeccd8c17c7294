#!/usr/bin/env python3
"""What the page shows of the running system, over HTTP: today's calls, one call's story, dead letters and their way
back, health, and the event stream. The real binaries (BUILD, default build) on a devbroker with the fakes.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
PASSWORD = "a password of some length"


class Page:
    """The API with HTTP Basic."""

    def __init__(self, address):
        self.address = address
        self.headers = {"Authorization": "Basic " + base64.b64encode(
            ("anna:" + PASSWORD).encode()).decode(), "Content-Type": "application/json"}

    def ask(self, method, path, doc=None):
        connection = http.client.HTTPConnection(self.address, timeout=15)
        try:
            connection.request(method, path, None if doc is None else json.dumps(doc), self.headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def get(self, path):
        status, doc = self.ask("GET", path)
        if status != 200:
            raise AssertionError("GET %s: %d %s" % (path, status, doc))
        return doc


class Stream(threading.Thread):
    """Reads the event stream until it ends."""

    def __init__(self, page, query=""):
        super().__init__(daemon=True)
        self.events = []
        self.connection = http.client.HTTPConnection(page.address, timeout=30)
        self.connection.request("GET", "/api/stream" + query, headers=page.headers)
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        name = None
        try:
            for line in self.answer:
                key, _, value = line.decode("utf-8").rstrip("\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    self.events.append((name, json.loads(value)))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass

    def of(self, name):
        return [doc for event, doc in list(self.events) if event == name]


class PageCase(unittest.TestCase):
    """A system with the page, seen by an administrator."""

    wires = ()
    env = {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-page-")
        self.stack = Stack(BUILD, self.folder, wires=self.wires, env={
            "INGEST_SPOOL": os.path.join(self.folder, "spool.db"),
            "CALL_SETTLE_S": "1", "ADMIN_LISTEN": "127.0.0.1:0", "ADMIN_PASSWORD": PASSWORD,
            "RETRY_MAX_MS": "200", **self.env})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = base["settings"]
        self.stack.start_outside()
        self.settings["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.control.ask("seed", base["megaplan"])
        self.stack.up([self.settings])
        self.sender = self.stack.sender(self.settings, keep_alive=False)
        self.page = Page(self.stack.services["ingest"].page)
        self.watch("the page", lambda: self.page.ask("GET", "/api/accounts")[0] == 200)
        self.streams = []

    def tearDown(self):
        for stream in self.streams:
            stream.connection.close()
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems)

    def watch(self, what, found, seconds=30):
        return wait_for(what, found, seconds)

    def stream(self, query=""):
        self.streams.append(Stream(self.page, query))
        return self.streams[-1]

    def send(self, **description):
        call = Call(description, "seen")
        for webhook in call.webhooks:
            self.assertEqual(self.sender.send(webhook).status, 200)
        return call

    def rows(self, **query):
        tail = "&".join("%s=%s" % pair for pair in query.items())
        return self.page.get("/api/accounts/acme/calls?" + tail)["calls"]

    def row(self, entry, state="done", **query):
        """The call's row once it is in that state."""
        def found():
            rows = [r for r in self.rows(**query) if r["entry_id"] == entry]
            return rows[0] if rows and rows[0]["state"] == state else None
        return self.watch("%s to be %s" % (entry, state), found)

    def story(self, entry, show=""):
        return self.page.get("/api/accounts/acme/story?entry_id=%s%s" % (entry, show))

    def dead(self):
        return self.page.get("/api/accounts/acme/dead")["rows"]


class PageRunning(PageCase):

    def test_a_call_is_seen(self):
        stream = self.stream("?account=acme")
        call = self.send(name="one", shape="direct", number="79161234567", entry="one")
        row = self.row("one")
        self.assertEqual({k: row[k] for k in ("direction", "kind", "from", "extension", "employee",
                                              "employee_name", "saved", "test", "account")},
                         {"direction": "incoming", "kind": "talked", "from": "*******4567",
                          "extension": "123", "employee": "1000005", "employee_name": "Петров Пётр",
                          "saved": True, "test": False, "account": "acme"})
        self.assertGreater(row["talk_seconds"], 0)
        self.assertEqual(self.row("one", show=1)["from"], "79161234567")
        made = [r for r in self.stack.control.state()["ContractorHuman"]
                if "MANGO" in (r.get("description") or "")]
        self.assertEqual([r["id"] for r in made], [row["client_id"]])
        steps = {(s["rule"], s["job"]): s["result"] for s in row["steps"]}
        self.assertEqual(steps[("G3", "one:client")], "done")
        self.assertEqual(steps[("G15", "one:call:summary")], "done")

        told = self.story("one")
        self.assertFalse(told["cut"])
        self.assertEqual(told["summary"], {
            "type": "summary", "entry_id": "one", "direction": "incoming", "kind": "talked",
            "client_id": row["client_id"], "saved": True, "task_id": None, "state": "done"})
        times = [r["at"] for r in told["rows"]]
        self.assertEqual(times, sorted(times))
        self.assertEqual({r["type"] for r in told["rows"]}, {"event", "decision", "request", "outcome"})
        self.assertEqual(len([r for r in told["rows"] if r["type"] == "event"]), len(call.webhooks))
        self.assertTrue([r for r in told["rows"] if r["http"] and r["http"]["status"] == 200])
        self.assertNotIn("79161234567", json.dumps(told))
        self.assertIn("79161234567", json.dumps(self.story("one", "&show=1")))

        self.watch("the call in the stream",
                   lambda: [r for r in stream.of("call") if r["entry_id"] == "one" and
                            r["state"] == "done"])
        self.assertNotIn("79161234567", json.dumps(stream.events))
        self.watch("health in the stream", lambda: stream.of("health"))
        self.assertEqual(stream.of("dead")[0], {"count": 0})
        self.stack.put_settings(dict(self.settings, popups=True))
        self.watch("settings in the stream", lambda: {"account": "acme"} in stream.of("settings"))

    def test_what_is_asked_wrongly(self):
        for path, status, error, field in (
                ("/api/accounts/none/calls", 404, "unknown_account", ""),
                ("/api/accounts/none/story?entry_id=x", 404, "unknown_account", ""),
                ("/api/accounts/none/dead", 404, "unknown_account", ""),
                ("/api/stream?account=none", 404, "unknown_account", ""),
                ("/api/accounts/acme/calls?limit=0", 422, "invalid", "limit"),
                ("/api/accounts/acme/calls?before=now", 422, "invalid", "before"),
                ("/api/accounts/acme/story", 422, "invalid", "entry_id"),
                ("/api/accounts/acme/story?entry_id=" + "x" * 129, 422, "invalid", "entry_id"),
                ("/api/accounts/acme/story?entry_id=nobody", 404, "not_found", "")):
            answered, doc = self.page.ask("GET", path)
            self.assertEqual((answered, doc["error"], doc["field"]), (status, error, field), path)
        for body, field in (({}, "ids"), ({"ids": []}, "ids"), ({"ids": ["0/1"], "x": 1}, "x"),
                            ({"ids": ["0/1", "x"]}, "ids[1]"), ({"ids": [1]}, "ids[0]")):
            answered, doc = self.page.ask("POST", "/api/accounts/acme/dead", body)
            self.assertEqual((answered, doc["error"], doc["field"]), (422, "invalid", field), body)
        answered, doc = self.page.ask("POST", "/api/accounts/acme/dead", {"ids": ["0/1"]})
        self.assertEqual((answered, doc["sent"], len(doc["refused"])), (200, [], 1))

    def test_an_extension_that_is_nobodys(self):
        self.send(name="odd", shape="direct", number="79161234573", entry="odd", extension="177")
        self.row("odd")
        self.assertEqual([(u["extension"], u["calls"]) for u in
                          self.page.get("/api/accounts/acme/employees")["unmapped"]], [("177", 1)])

    def test_a_call_that_nobody_made(self):
        answered, doc = self.page.ask("POST", "/api/accounts/acme/test-call", {
            "kind": "answered", "from": "79161234574", "line": None, "extension": "123"})
        self.assertEqual(answered, 202)
        row = self.row(doc["entry_id"])
        self.assertEqual((row["test"], row["saved"], row["direction"], row["kind"]),
                         (True, False, "incoming", "talked"))
        self.assertIn("would", {s["result"] for s in row["steps"]})
        self.assertEqual(self.story(doc["entry_id"])["summary"]["state"], "done")
        self.assertEqual(self.stack.control.state()["CallInfo"], [])

    def test_pages_of_calls(self):
        for number in range(5):
            self.send(name="call", shape="direct", number="7916123450%d" % number,
                      entry="call%d" % number, minutes_ago=10 - number)
        self.watch("five calls", lambda: len(self.rows()) == 5)
        first = self.page.get("/api/accounts/acme/calls?limit=2")
        self.assertEqual([r["entry_id"] for r in first["calls"]], ["call4", "call3"])
        self.assertTrue(first["more"])
        rest = self.page.get("/api/accounts/acme/calls?limit=3&before=" + first["calls"][-1]["at"])
        self.assertEqual([r["entry_id"] for r in rest["calls"]], ["call2", "call1", "call0"])
        self.assertFalse(rest["more"])

    def test_a_dead_letter_goes_again(self):
        stream = self.stream()
        self.stack.control.ask("faults", [{"path": "callInfo", "status": 422, "times": 3}])
        self.send(name="two", shape="direct", number="79161234568", entry="two")
        self.assertFalse(self.row("two", "dead")["saved"])
        (letter,) = self.watch("a dead letter", self.dead)
        self.assertEqual({k: letter[k] for k in ("account", "entry_id", "topic", "kind", "http_status",
                                                 "tries", "fault")},
                         {"account": "acme", "entry_id": "two", "topic": "jobs", "kind": "call",
                          "http_status": 422, "tries": letter["tries"], "fault": "rejected"})
        self.assertEqual(self.page.get("/api/health")["dead"], 1)
        self.watch("its count in the stream", lambda: {"count": 1} in stream.of("dead"))

        answers = []
        again = [threading.Thread(target=lambda: answers.append(
            self.page.ask("POST", "/api/accounts/acme/dead", {"ids": [letter["id"]]})[1]))
            for _ in range(3)]
        for thread in again:
            thread.start()
        for thread in again:
            thread.join()
        self.assertEqual(sorted(len(a["sent"]) for a in answers), [0, 0, 1])
        self.assertEqual(self.dead(), [])
        self.assertTrue(self.row("two")["saved"])
        self.assertEqual([r["providerId"] for r in self.stack.control.state()["CallInfo"]], ["two"])
        answered, doc = self.page.ask("POST", "/api/accounts/acme/dead", {"ids": [letter["id"]]})
        self.assertEqual((answered, doc["sent"], doc["refused"][0]["id"]), (200, [], letter["id"]))
        self.watch("no count in the stream", lambda: stream.of("dead")[-1] == {"count": 0})

        topics = self.stack.topics.messages
        (sent,) = [r for r in topics["jobs"] if r.headers.get("x-sent-again")]
        self.assertEqual(sent.headers["x-sent-again"], letter["id"])
        self.assertNotIn("__connect.errors.topic", sent.headers)
        audits = [r.doc for r in topics["outcomes"] if r.doc and r.doc.get("result") == "sent again"]
        self.assertEqual([a["details"]["ids"] for a in audits], [[letter["id"]]])
        self.assertTrue(audits[0]["details"]["who"].startswith("anna@"))

        # who starts anew knows no more of it either, and all of the rest
        self.stack.services["ingest"].end()
        self.stack.start_service("ingest")
        self.page = Page(self.stack.services["ingest"].page)
        self.watch("the page", lambda: self.page.ask("GET", "/api/accounts")[0] == 200)
        self.assertTrue(self.row("two")["saved"])
        self.assertEqual(self.dead(), [])

    def test_an_event_that_cannot_be_read(self):
        call = Call({"name": "three", "shape": "direct", "number": "79161234569", "entry": "three"},
                    "seen")
        call.webhooks[1].doc["seq"] = -1
        for webhook in call.webhooks:
            self.assertEqual(self.sender.send(webhook).status, 200)
        self.watch("it to be saved all the same", lambda: self.row("three", "dead")["saved"])
        (letter,) = self.watch("a dead letter", self.dead)
        self.assertEqual((letter["topic"], letter["entry_id"], letter["fault"]),
                         ("events", "three", "input"))
        self.assertIn("seq", letter["reason"])
        story = self.story("three")
        self.assertEqual(story["summary"]["state"], "dead")
        self.assertIn(("outcome", "dead"), [(r["type"], r["what"]) for r in story["rows"]])

        # it is no better the next time: a new letter stands for the old one
        _, doc = self.page.ask("POST", "/api/accounts/acme/dead", {"ids": [letter["id"]]})
        self.assertEqual(doc, {"sent": [letter["id"]], "refused": []})
        (new,) = self.watch("a new letter", lambda: [r for r in self.dead() if r["id"] != letter["id"]])
        self.assertEqual((new["first_at"], len(self.dead())), (letter["at"], 1))
        self.assertGreater(new["at"], letter["at"])

    def test_health(self):
        def health():
            return self.page.get("/api/health")
        self.send(name="four", shape="direct", number="79161234570", entry="four")
        self.row("four")
        well = self.watch("no lag", lambda: (lambda h: h if h["lag"] and not any(
            r["messages"] for r in h["lag"]) else None)(health()))
        self.assertEqual(well["kafka"], "ok")
        self.assertEqual([(r["group"], r["topic"]) for r in well["lag"]], [
            ("calls", "events"), ("crm", "jobs.now"), ("crm", "jobs"), ("crm", "jobs.bulk")])
        self.assertLess(well["last_webhook_s"], 30)
        (budget,) = well["budget"]
        self.assertEqual((budget["account"], budget["max"], budget["per_hour"]), ("acme", 100, 1000000))
        self.stack.services["calls"].end()
        self.send(name="five", shape="direct", number="79161234571", entry="five")
        behind = self.watch("a lag", lambda: (lambda h: h if h["lag"][0]["messages"] >= 4 and
                                              h["lag"][0]["seconds"] >= 1 else None)(health()))
        self.assertLess(behind["lag"][0]["seconds"], 60)
        self.assertEqual(behind["lag"][2], {"group": "crm", "topic": "jobs", "messages": 0, "seconds": 0})
        self.stack.start_service("calls")
        self.row("five")
        self.watch("no lag again", lambda: health()["lag"][0] == {
            "group": "calls", "topic": "events", "messages": 0, "seconds": 0})


class PageWithoutKafka(PageCase):

    wires = ("ingest",)

    def test_without_kafka(self):
        def health():
            return self.page.get("/api/health")
        self.watch("Kafka", lambda: health()["kafka"] == "ok")
        self.assertEqual(health()["spool"], {"messages": 0, "oldest_s": 0})
        self.stack.wires["ingest"].set("cut")
        self.send(name="six", shape="direct", number="79161234572", entry="six")
        away = self.watch("no Kafka", lambda: (lambda h: h if h["kafka"] == "fail" and
                                               h["spool"]["messages"] else None)(health()))
        self.assertEqual(away["lag"], [])
        self.assertLess(away["last_webhook_s"], 15)
        self.assertEqual(self.page.ask("GET", "/api/accounts/acme/story?entry_id=six")[0], 503)
        self.assertEqual(self.rows(), [])
        self.stack.wires["ingest"].set("open")
        self.watch("Kafka again", lambda: health()["kafka"] == "ok" and not
                   health()["spool"]["messages"], 60)
        self.row("six")
        self.assertEqual(self.story("six")["summary"]["state"], "done")


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # of wires that are cut
