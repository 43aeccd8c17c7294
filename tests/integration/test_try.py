#!/usr/bin/env python3
"""Test calls: begun by the page's API they run through the real ingest, calls and crm, say what would be done, and
nothing is: not outside, not in facts, not to a real call of the same number.
"""

import concurrent.futures
import difflib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import records  # noqa: E402
from process import wait_for  # noqa: E402
from tries import IGNORED, KNOWN, LINE, NEW, Tries  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
NUMBERS = {"new": NEW, "known": KNOWN, "ignored": IGNORED}
CREATE, SAVE, SHOW = ("POST", "/contractorHuman"), ("POST", "/callInfo/history"), ("POST", "/callInfo")
TASK, ROUTE, VISITOR = ("POST", "/task"), ("POST", "/commands/route"), ("POST", "/queries/user_info_by_dct_number")
# What each kind of call comes to: the end of every job, or what would be sent.
RINGS = {"visitor": VISITOR, "popup:calling": SHOW}
EXPECTED = {
    ("answered", "new"): dict(RINGS, **{"route": "no_client", "popup:talking": SHOW, "client": CREATE,
                                        "talked": "none", "call": SAVE}),
    ("answered", "known"): dict(RINGS, **{"route": ROUTE, "popup:talking": SHOW, "client": "present",
                                          "talked": "none", "call": SAVE}),
    ("answered", "ignored"): {"call": SAVE},
    ("missed", "new"): dict(RINGS, route="no_client", client=CREATE, task=TASK, call=SAVE),
    ("missed", "known"): dict(RINGS, route=ROUTE, client="present", task=TASK, call=SAVE),
    ("missed", "ignored"): {"call": SAVE},
    ("menu", "new"): {"visitor": VISITOR, "route": "no_client", "client": CREATE, "task": TASK, "call": SAVE},
    ("menu", "known"): {"visitor": VISITOR, "route": ROUTE, "client": "present", "task": TASK, "call": SAVE},
    ("menu", "ignored"): {"call": "none"},
    ("outgoing", "new"): {"client": CREATE, "talked": "none", "call": SAVE},
    ("outgoing", "known"): {"client": "present", "talked": "none", "call": SAVE},
    ("outgoing", "ignored"): {"call": SAVE},
}


def short(job):
    """popup:<leg>:calling, call:summary -> popup:calling, call."""
    kind, _, rest = job.partition(":")
    return "popup:" + rest.rpartition(":")[2] if kind == "popup" else kind


def ends(account, entry):
    made = {}
    for job, row in account.outcomes(entry).items():
        details = row.get("details") or {}
        made[short(job)] = (details.get("method"), details.get("path")) if row["result"] == "would" \
            else row["result"]
    return made


class Case(unittest.TestCase):
    maxDiff = None
    names = ()
    services = ("ingest", "calls", "crm")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-try-"))
        self.stack = Tries(BUILD, self.folder, self.names)
        self.addCleanup(self.end)
        self.stack.open(self.services)
        self.accounts = self.stack.accounts

    def end(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def nothing_is_done(self, account, writes, facts):
        self.assertEqual(account.writes()[writes:], [])
        self.assertEqual(account.mango.requests(), [])
        self.assertEqual(account.facts()[facts:], [])
        self.assertEqual(account.topics.messages["dead"], [])


class Kinds(Case):
    """Every kind of call from a new number, a known client, and a number that is to be ignored."""

    names = tuple("%s-%s" % pair for pair in EXPECTED)

    def test_kinds(self):
        before = {name: (len(a.writes()), len(a.facts())) for name, a in self.accounts.items()}
        entries = {name: a.begin(kind, NUMBERS[who])
                   for (kind, who), (name, a) in zip(EXPECTED, self.accounts.items())}
        for name, account in self.accounts.items():
            account.await_end(entries[name])
        time.sleep(1.2)  # nothing comes afterwards, either
        for pair, (name, account) in zip(EXPECTED, self.accounts.items()):
            with self.subTest(name):
                self.assertRegex(entries[name], r"^test~[0-9a-f]{20}$")
                self.assertEqual(ends(account, entries[name]), EXPECTED[pair])
                self.assertEqual({m.headers["origin"] for m in account.jobs(entries[name]).values()}, {"test"})
                self.nothing_is_done(account, *before[name])
        self.words(entries)
        self.metrics()

    def words(self, entries):
        """What is told is what a person can check: number, name, client, employee, line."""
        def told(name, job):
            found = self.accounts[name].outcomes(entries[name])
            return next(row for key, row in found.items() if short(key) == job)["details"]["body"]
        client = told("answered-new", "client")
        self.assertRegex(client["firstName"], r"^Новый \(.*, входящий вызов\)$")
        self.assertEqual([c["value"] for c in client["contactInfo"]], ["+7 (926) 111-22-33"])
        self.assertEqual([r["id"] for r in client["responsibles"]], ["1000005"])
        self.assertIn(LINE, json.dumps(client))
        route = told("answered-known", "route")
        self.assertEqual((route["to_number"], route["sip_headers"]["From/display-name"]), ("124", "Другой клиент"))
        popup = told("missed-known", "popup:calling")
        self.assertEqual((popup["fromUser"]["id"], popup["toUser"]["id"]), ("1000011", "1000005"))
        task = told("missed-known", "task")
        self.assertEqual((task["name"], task["responsible"]["id"], task["contractor"]["id"]),
                         ("Перезвонить: +7 (495) 111-22-33", "1000006", "1000011"))
        self.assertEqual(told("menu-known", "visitor"), {"number": LINE})
        (saved,) = told("missed-known", "call")
        self.assertEqual((saved["type"], saved["fromUser"]["id"], saved["toUser"]["id"]), ("miss", "1000011", "1000005"))
        (saved,) = told("outgoing-new", "call")
        self.assertEqual((saved["type"], saved["toPhone"], saved["fromUser"]["id"]), ("out", NEW, "1000005"))
        for name in ("missed-new", "answered-new", "menu-new"):
            rows = self.accounts[name].outcomes(entries[name])
            self.assertIn("the call's client would be made", rows["call:summary"]["reason"])
        secrets = [d["mango"]["api_salt"] for d in self.stack.documents.values()] + ["acme-token"]
        said = "".join(m.value or "" for m in list(self.stack.topics.messages["outcomes"]))
        self.assertFalse([secret for secret in secrets if secret in said])

    def metrics(self):
        """Test calls have an origin of their own and are no calls, routes, pop-ups or dead letters."""
        found = {}
        for name in ("calls", "crm"):
            found.update({name + " " + key: value for key, value in self.stack.services[name].metrics().items()})
        counted = {key for key, value in found.items() if value}
        self.assertTrue([key for key in counted if 'mangoplan_jobs_total' in key and 'origin="test"' in key])
        for never in ("mangoplan_calls_total", "mangoplan_route_total", "mangoplan_popup_total",
                      "mangoplan_dead_total"):
            self.assertEqual([key for key in counted if never in key], [])
        live = [key for key in counted if 'crm mangoplan_jobs_total' in key and 'origin="test"' not in key
                and 'kind="field"' not in key]  # made when the account came
        self.assertEqual(live, [])


class Beside(Case):
    """Real calls of the same number before, during and after are treated as without any test call."""

    names = ("undisturbed", "before", "during", "after")

    def undisturbed(self, account):
        return self.missed(account), self.talk(account)

    def missed(self, account, meanwhile=None):
        call = account.real("menu-then-missed", NEW, 1, seconds_ago=40)
        if meanwhile:
            meanwhile()
        account.rest(call)
        account.await_end(call.entry)
        return call

    def talk(self, account, meanwhile=None):
        """In the menu it goes to its client's responsible."""
        wait_for("the task", lambda: account.megaplan.state()["Task"], 30, 0.1)
        call = account.real("documentation", NEW, 1)
        wait_for("the command", lambda: account.mango.state()["commands"], 10, 0.02)
        for shown, upto in enumerate((3, 4), 1):
            account.rest(call, upto)
            account.await_popups(shown)
            if meanwhile and shown == 1:
                meanwhile()
        account.rest(call)
        account.await_end(call.entry)
        return call

    def before(self, account):
        for kind in ("answered", "missed"):
            account.await_end(account.begin(kind, NEW))
        return self.undisturbed(account)

    def during(self, account):
        tried = []
        calls = (self.missed(account, lambda: tried.append(account.begin("missed", NEW))),)
        account.await_end(tried[0])
        time.sleep(2)  # the account may try one again as soon as the next call rings
        calls += (self.talk(account, lambda: tried.append(account.begin("answered", NEW))),)
        account.await_end(tried[1])
        return calls

    def after(self, account):
        first = self.missed(account)
        wait_for("the task", lambda: account.megaplan.state()["Task"], 30, 0.1)
        account.await_end(account.begin("answered", NEW))  # no talk: the task stays open
        self.assertEqual([task["status"] for task in account.megaplan.state()["Task"]], ["assigned"])
        second = self.talk(account)
        account.await_end(account.begin("missed", NEW))
        return first, second

    def test_real_calls_do_not_notice(self):
        with concurrent.futures.ThreadPoolExecutor(len(self.names)) as pool:
            running = {name: pool.submit(getattr(self, name), self.accounts[name]) for name in self.names}
            calls = {name: made.result() for name, made in running.items()}
        time.sleep(1.2)
        worlds = {name: self.accounts[name].world(calls[name]) for name in self.names}
        text = "\n".join(worlds["undisturbed"])
        for wanted in ('"status": "done"', '"commands": [\n  "123"', "call-0:client/done", "call-1:call:summary/done"):
            self.assertIn(wanted, text)
        for name in self.names[1:]:
            with self.subTest(name):
                differs = difflib.unified_diff(worlds["undisturbed"], worlds[name], "undisturbed", name, "", "", 3, "")
                self.assertEqual("\n".join(differs), "")
                self.assertNotIn("test~", "\n".join(worlds[name]))


class Struck(Case):
    """A crm that is killed while it asks for a test call; and what only looks like one."""

    names = ("struck", "deaf", "forged")

    def test_a_kill_in_the_middle(self):
        account, deaf = self.accounts["struck"], self.accounts["deaf"]
        before = {a: (len(a.writes()), len(a.facts())) for a in (account, deaf)}
        account.megaplan.ask("faults", [{"method": "GET", "path": "/callRoute$", "gate": "look"}])
        entry = account.begin("answered", NEW)
        self.assertTrue(account.megaplan.ask("gates/look/wait?count=1&timeout=30", timeout=40)["held"])
        wait_for("the client's job", lambda: "client" in account.jobs(entry), 20)
        self.stack.services["crm"].kill()
        account.megaplan.ask("gates/look/release", {"drop": True})
        account.heal()
        self.stack.start_service("crm")
        deaf.megaplan.ask("faults", [{"method": "GET", "path": "/callRoute$", "reply": "hang"}])
        unheard = deaf.begin("missed", NEW)
        account.await_end(entry)
        found = ends(account, entry)
        self.assertEqual((found["client"], found["call"]), (CREATE, SAVE), account.rows(entry))
        # who hears nothing of Megaplan says so in time
        deaf.await_end(unheard)
        found = ends(deaf, unheard)
        self.assertEqual((found["client"], found["task"], found["call"]), ("failed",) * 3, deaf.rows(unheard))
        for one in (account, deaf):
            self.nothing_is_done(one, *before[one])

    def test_what_only_looks_like_one(self):
        account = self.accounts["forged"]
        headers = {"kind": "call", "origin": "test", "account": "forged", "received-at": records.rfc3339(time.time())}
        doc = {"entry_id": "e1", "call_id": "c", "seq": 1, "timestamp": int(time.time()), "call_state": "Connected",
               "location": "abonent", "from": {"number": NEW}, "to": {"extension": "123", "line_number": LINE}}
        self.stack.write("events", "forged", ("forged/e1", records.compact(doc), headers))
        (dead,) = wait_for("a dead letter", lambda: account.topics.messages["dead"], 30)
        self.assertIn("test~", json.dumps(dead.headers))
        self.assertEqual(account.jobs("e1"), {})
        # MANGO's, whatever its name is
        call = account.real("direct", NEW, entry="test~0001")
        account.await_end(call.entry)
        self.assertEqual([row["providerId"] for row in account.megaplan.state()["CallInfo"]], ["test~0001"])


class Refusals(Case):
    names = ("open", "closed")
    services = ("ingest",)

    def refused(self, account, status, code, field, kind="missed", number=NEW, **more):
        got, answer, _ = account.tries(kind, number, **more)
        self.assertEqual((got, answer["error"], answer["field"]), (status, code, field), answer)
        self.assertTrue(answer["message"])

    def test_refusals(self):
        account = self.accounts["open"]
        events = self.stack.topics.messages["events"]
        self.refused(account, 422, "invalid", "kind", kind="lost")
        self.refused(account, 422, "invalid", "from", number="sip:x@y")
        self.refused(account, 422, "invalid", "line", line="no line")
        self.refused(account, 422, "invalid", "extension", extension="0")
        self.refused(account, 422, "invalid", "to", to="1")
        self.assertEqual(self.stack.ask("POST", "/api/accounts/nobody/test-call", {})[:1], (404,))
        self.assertEqual(self.stack.ask("POST", "/api/accounts/open/test-call", [])[:1], (400,))
        self.assertEqual(self.stack.ask("POST", "/api/accounts/open/test-call", {}, None)[:1], (401,))
        self.stack.put_settings(dict(self.stack.documents["closed"], enabled=False))
        wait_for("the account to be closed", lambda: not self.stack.ask("GET", "/api/accounts/closed")[1]["enabled"], 10)
        self.refused(self.accounts["closed"], 409, "disabled", "enabled")
        self.assertEqual(events, [])

        status, answer, headers = account.tries("missed", "+7 (926) 111-22-33", line=None, extension=None)
        self.assertEqual((status, headers["Cache-Control"]), (202, "no-store"))
        self.refused(account, 429, "too_soon", "")
        self.assertIn(int(account.tries("menu", NEW)[2]["Retry-After"]), range(1, 9))
        wait_for("the summary", lambda: [m for m in events if m.headers["kind"] == "summary"], 10)
        self.assertEqual([m.headers["kind"] for m in events], ["call"] * 4 + ["summary"])
        for message in events:
            self.assertEqual(message.key, "open/" + answer["entry_id"])
            self.assertEqual(message.doc["entry_id"], answer["entry_id"])
            self.assertEqual((message.headers["origin"], message.headers["account"]), ("test", "open"))
            self.assertEqual(message.doc["from"]["number"], NEW)
        self.assertEqual(events[2].doc["to"], {"extension": "123", "number": "sip:test@test.invalid", "line_number": LINE})

        broker = next(p for p in self.stack.processes if p.name == "devbroker")
        time.sleep(float(account.tries("menu", NEW)[2]["Retry-After"]))
        broker.stop()
        self.refused(account, 503, "kafka", "")
        broker.cont()


if __name__ == "__main__":
    unittest.main()
