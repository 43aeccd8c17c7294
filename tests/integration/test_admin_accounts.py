#!/usr/bin/env python3
"""Settings documents by the page's API: created, read, changed and removed, every kind of refusal, two writers,
a Kafka that stands still, and how soon a change is in force. Real programs (BUILD, default build) on a devbroker."""

import concurrent.futures
import copy
import http.client
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import admin_api  # noqa: E402
import mango  # noqa: E402
import records  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
SECRETS = ("acme-salt-9876543210", "acme-token")


class Accounts(unittest.TestCase):
    services = ("ingest",)
    worlds = ("",)  # Megaplans

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-accounts-")
        self.stack = Stack(BUILD, self.folder, env=dict(admin_api.ENV), mega_paths=self.worlds)
        self.stack.start_outside()
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.base = base["settings"]
        for fake in self.stack.fakes.values():
            fake.ask("seed", base["megaplan"])
        self.base["megaplan"]["base_url"] = self.stack.megaplan + self.worlds[0]
        self.base["account"] = "acme"
        self.stack.up([], self.services, follow=False)
        self.ingest = self.stack.services["ingest"]
        self.api = admin_api.Api(self.ingest.page)

    def tearDown(self):
        for process in self.stack.processes:
            process.cont()
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def document(self, **changes):
        return dict(copy.deepcopy(self.base), **changes)

    def make(self, account="acme", **changes):
        made = self.api.put("/api/accounts/" + account, self.document(account=account, **changes))
        self.assertEqual(made.status, 201, made.body)
        return made

    def rows(self, account="acme"):
        return self.api.get("/api/accounts/%s/audit?limit=1000" % account).json["rows"]


class Documents(Accounts):
    def test_from_creating_to_removing(self):
        self.assertEqual(self.api.get("/api/accounts").json, [])
        self.assertEqual(self.api.get("/api/accounts/acme").refusal, (404, "unknown_account", ""))
        first = self.make()
        self.assertEqual(first.json["mango"]["api_salt"], "***")
        self.assertEqual(first.json["megaplan"]["token"], "***")
        self.make("beta", enabled=False, mango=dict(self.base["mango"], api_key="another-key"))
        self.assertEqual(self.api.get("/api/accounts").json, [
            {"account": "acme", "enabled": self.base["enabled"]}, {"account": "beta", "enabled": False}])
        got = self.api.get("/api/accounts/acme")
        self.assertEqual((got.status, got.json), (200, first.json))
        self.assertEqual(got.headers["ETag"], first.headers["ETag"])
        # what was read is written back: the secrets stay, nothing else is asked for
        changed = dict(got.json, timezone="Asia/Omsk")
        again = self.api.put("/api/accounts/acme", changed, If_Match=got.headers["ETag"])
        self.assertEqual((again.status, again.json), (200, changed))
        self.assertNotEqual(again.headers["ETag"], got.headers["ETag"])
        self.assertEqual(self.api.delete("/api/accounts/acme").status, 204)
        self.assertEqual(self.api.get("/api/accounts/acme").status, 404)
        self.assertEqual(self.api.delete("/api/accounts/acme").refusal, (404, "unknown_account", ""))
        self.assertEqual([row["account"] for row in self.api.get("/api/accounts").json], ["beta"])
        self.make()  # the same name may come again

    def test_the_tool_and_the_page_see_the_same(self):
        self.make()
        rows = [json.loads(line) for line in self.stack.tool("settings", "get", "acme").splitlines()]
        shown = next(row for row in rows if "account" in row)  # the log stands beside it
        self.assertEqual(shown, self.api.get("/api/accounts/acme").json)
        shown["timezone"] = "Asia/Omsk"
        path = pathlib.Path(self.folder) / "changed.json"
        path.write_text(json.dumps(shown), encoding="utf-8")
        self.stack.tool("settings", "put", path)
        wait_for("the page to show it", lambda: self.api.get("/api/accounts/acme").json == shown, 5)
        row = self.rows()[0]
        self.assertTrue(row["who"].startswith("worker settings ("), row)
        self.assertEqual((row["what"], row["field"], row["before"], row["after"]),
                         ("settings stored", "timezone", self.base["timezone"], "Asia/Omsk"))

    def test_audit_says_who_and_what(self):
        self.make()
        before = self.api.get("/api/accounts/acme").json
        changed = copy.deepcopy(before)
        changed["megaplan"]["token"] = "another-token"
        changed["employees"][0]["extension"] = "177"
        changed["popups"] = not before.get("popups", False)
        self.assertEqual(self.api.put("/api/accounts/acme", changed).status, 200)
        self.api.delete("/api/accounts/acme")
        rows = self.rows()
        self.assertEqual(rows[0]["what"], "settings removed")
        stored = {row["field"]: row for row in rows if row["what"] == "settings stored" and row["before"] is not None}
        person = before["employees"][0]
        self.assertEqual(set(stored), {"megaplan.token", "employees[%s].extension" % person["megaplan_id"]} | (
            {"popups"} if "popups" in before else set()))
        self.assertEqual((stored["megaplan.token"]["before"], stored["megaplan.token"]["after"]), ("***", "changed"))
        self.assertEqual(stored["employees[%s].extension" % person["megaplan_id"]]["after"], "177")
        self.assertTrue(all(row["who"].startswith("tester@127.0.0.1") for row in rows), rows)
        text = json.dumps(rows)
        for secret in SECRETS + ("another-token",):
            self.assertNotIn(secret, text)
        self.assertEqual(len(self.api.get("/api/accounts/acme/audit?limit=2").json["rows"]), 2)
        self.assertEqual(self.api.get("/api/accounts/acme/audit?limit=0").refusal, (422, "invalid", "limit"))

    def test_no_secret_leaves(self):
        self.make()
        for path in ("/api/accounts/acme", "/api/accounts", "/api/accounts/acme/audit"):
            body = self.api.get(path).body.decode()
            for secret in (self.base["mango"]["api_salt"], self.base["megaplan"]["token"]):
                self.assertNotIn(secret, body)
        self.assertEqual(self.api.put("/api/accounts/acme", self.document(popups="yes")).status, 422)
        log = self.ingest.log.read_text(encoding="utf-8", errors="replace")
        self.assertIn("settings stored", log)
        for secret in (self.base["mango"]["api_salt"], self.base["megaplan"]["token"]):
            self.assertNotIn(secret, log)


class Refusals(Accounts):
    def refused(self, field, status=422, account="acme", **changes):
        reply = self.api.put("/api/accounts/" + account, self.document(**changes))
        self.assertEqual(reply.refusal, (status, "invalid", field), reply.body)

    def test_each_names_its_field(self):
        employee = self.base["employees"][0]
        self.refused("account", account="beta")
        self.refused("timezone", timezone="Mars/Olympus")
        self.refused("mango.api_key", mango={"api_salt": "s"})
        self.refused("mango.api_salt", mango={"api_key": "k"})
        self.refused("megaplan.base_url", megaplan={"base_url": "https://evil.example", "token": "t"})
        self.refused("megaplan.token", megaplan={"base_url": self.stack.megaplan})
        self.refused("megaplan.requests_per_second", megaplan=dict(self.base["megaplan"], requests_per_second=0))
        self.refused("megaplan.requests_per_hour", megaplan=dict(self.base["megaplan"], requests_per_hour=10 ** 8))
        self.refused("employees[1].extension", employees=[employee, dict(employee, megaplan_id="7")])
        self.refused("missed_in_ivr_responsible", missed_in_ivr_responsible="999")
        self.refused("phone_format", phone_format="7 999")
        self.refused("missed_call_task.title", missed_call_task={"enabled": True, "title": "{nobody}"})
        self.refused("working_hours.days", working_hours={"days": "someday", "from": "09:00", "to": "18:00"})
        self.refused("popups", popups="yes")
        self.refused("surprise", surprise=1)
        self.refused("version", version=2)
        self.assertEqual(self.api.get("/api/accounts").json, [])
        self.assertEqual(self.rows(), [])

    def test_what_is_no_document(self):
        for body, refusal in ((b"", (400, "bad_json", "")), (b"{", (400, "bad_json", "")),
                              (b"[]", (400, "bad_json", "")), (b'{"a":1,"a":2}', (400, "bad_json", ""))):
            self.assertEqual(self.api.put("/api/accounts/acme", body).refusal, refusal, body)
        self.assertEqual(self.api.put("/api/accounts/ACME", self.document(account="ACME")).refusal,
                         (422, "invalid", "account"))

    def test_hidden_secrets(self):
        hidden = dict(self.base["megaplan"], token="***")
        self.refused("megaplan.token", megaplan=hidden)  # nothing is stored yet
        self.make()
        elsewhere = dict(hidden, base_url="https://other.megaplan.ru")
        self.refused("megaplan.token", megaplan=elsewhere)
        self.assertEqual(self.api.put("/api/accounts/acme", self.document(megaplan=hidden)).status, 200)

    def test_one_key_belongs_to_one_account(self):
        self.make()
        reply = self.api.put("/api/accounts/beta", self.document(account="beta"))
        self.assertEqual(reply.refusal, (422, "invalid", "mango.api_key"))
        self.assertIn("acme", reply.json["message"])

    def test_mutated_documents(self):
        """A thousand documents with something put in the place of something else: taken or refused with a field, never
        an error of ours, and what is refused changes nothing."""
        self.make()
        chance = random.Random(7)
        values = (None, True, 0, -1, 2 ** 70, 1e300, "", "x" * 2000, "\u202e<script>", [], [None], {}, {"a": {}}, "***")
        taken = 0
        for _ in range(1000):
            document = self.document()
            place = document
            for _ in range(chance.randint(1, 3)):
                key = chance.choice(list(place) if isinstance(place, dict) else range(len(place))) if place else None
                if key is None:
                    break
                if isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.7:
                    place = place[key]
                else:
                    place[key] = chance.choice(values)
                    break
            before = self.api.get("/api/accounts/acme")
            reply = self.api.put("/api/accounts/acme", document)
            self.assertIn(reply.status, (200, 400, 422), (document, reply.body))
            if reply.status == 200:
                taken += 1
                continue
            self.assertTrue(reply.json["field"] or reply.status == 400, (document, reply.body))
            after = self.api.get("/api/accounts/acme")
            self.assertEqual((after.json, after.headers["ETag"]), (before.json, before.headers["ETag"]))
        self.assertLess(taken, 500)

    def test_an_invalid_one_replaces_nothing(self):
        """Somebody writes into the topic by hand."""
        self.make()
        good = self.api.get("/api/accounts/acme").json
        self.write_by_hand("acme", json.dumps({"version": 1, "account": "acme", "timezone": "Nowhere"}))
        wait_for("ingest to refuse it", lambda: [row for row in self.ingest.logged()
                                                 if "settings are not taken" in row.get("msg", "")], 10)
        self.assertEqual(self.api.get("/api/accounts/acme").json, good)
        self.assertEqual(self.api.put("/api/accounts/acme", good).status, 200)

    def write_by_hand(self, account, text):
        count = int(self.stack.env()["TOPIC_PARTITIONS"])
        records.write(self.stack.brokers, self.stack.prefix + "settings", records.partition(account, count), account,
                      text, {})


class Writers(Accounts):
    def test_who_comes_second_is_told(self):
        etag = self.make().headers["ETag"]
        mine = self.api.put("/api/accounts/acme", self.document(timezone="Asia/Omsk"), If_Match=etag)
        self.assertEqual(mine.status, 200)
        yours = self.api.put("/api/accounts/acme", self.document(timezone="Asia/Chita"), If_Match=etag)
        self.assertEqual(yours.refusal, (412, "conflict", ""))
        self.assertEqual(self.api.delete("/api/accounts/acme", If_Match=etag).refusal, (412, "conflict", ""))
        self.assertEqual(self.api.put("/api/accounts/acme", self.document(), If_None_Match="*").refusal,
                         (412, "conflict", ""))
        self.assertEqual(self.api.get("/api/accounts/acme").json["timezone"], "Asia/Omsk")

    def test_many_at_once(self):
        etag = self.make().headers["ETag"]
        zones = ["Asia/Omsk", "Asia/Chita", "Europe/Samara", "Asia/Tomsk", "Asia/Sakhalin", "Europe/Kirov"]
        with concurrent.futures.ThreadPoolExecutor(len(zones)) as pool:
            replies = list(pool.map(lambda zone: self.api.put(
                "/api/accounts/acme", self.document(timezone=zone), If_Match=etag), zones))
        self.assertEqual(sorted(reply.status for reply in replies), [200] + [412] * (len(zones) - 1))
        winner = next(reply for reply in replies if reply.status == 200)
        self.assertEqual(self.api.get("/api/accounts/acme").json, winner.json)

    def test_kafka_stands_still(self):
        self.make()
        before = self.api.get("/api/accounts/acme").json
        broker = next(p for p in self.stack.processes if p.name == "devbroker")
        broker.stop()
        begun = time.monotonic()
        reply = self.api.put("/api/accounts/acme", self.document(timezone="Asia/Omsk"))
        self.assertEqual(reply.refusal, (503, "kafka", ""))
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(self.api.get("/api/accounts/acme").json, before)
        broker.cont()
        wait_for("writing to work again", lambda: self.api.put(
            "/api/accounts/acme", self.document(timezone="Asia/Chita")).status == 200, 20, 0.5)
        self.assertEqual(self.api.get("/api/accounts/acme").json["timezone"], "Asia/Chita")

    def test_what_kafka_takes_late_is_audited_too(self):
        """Refused, since nobody acknowledged it; but the broker had it, and acts by it later."""
        self.make()
        broker = next(p for p in self.stack.processes if p.name == "devbroker")
        broker.stop()
        reply = self.api.put("/api/accounts/acme", self.document(timezone="Asia/Omsk"))
        self.assertEqual(reply.refusal, (503, "kafka", ""))
        broker.cont()
        wait_for("the late change", lambda: self.api.get("/api/accounts/acme").json["timezone"] == "Asia/Omsk", 30, 0.1)
        wait_for("its audit", lambda: [row for row in self.rows() if row["field"] == "timezone"
                                       and row["after"] == "Asia/Omsk"], 10, 0.2)
        rows = [row for row in self.rows() if row["after"] == "Asia/Omsk"]
        self.assertEqual(len(rows), 1, rows)
        self.assertTrue(rows[0]["who"].startswith("tester@"), rows)


class InForce(Accounts):
    """B12: a saved change is in force in every process within a second."""

    services = ("ingest", "calls", "crm")
    worlds = ("/a", "/b")

    def test_ingest_knows_the_new_key(self):
        self.make(enabled=True)
        waits = []
        for n in range(10):
            key = "key-%02d-0123456789" % n
            changed = self.document(enabled=True, mango=dict(self.base["mango"], api_key=key))
            self.assertEqual(self.api.put("/api/accounts/acme", changed).status, 200)
            begun = time.monotonic()
            wait_for("the key to be known", lambda: self.webhook(key, "sms", {"entry_id": "e%d" % n}) == 200, 5, 0.01)
            waits.append(time.monotonic() - begun)
        print("settings in force at ingest after (s): median %.3f, longest %.3f" % (
            sorted(waits)[len(waits) // 2], max(waits)))
        self.assertLess(max(waits), 1.0)

    def test_the_workers_act_by_the_new_settings(self):
        """worker calls writes the number in the new format, worker crm asks the new Megaplan: of a call that comes a
        second after the saving, the time that the contract gives."""
        formats = {"79991231212": "7999000%04d", "+79991231212": "+7999000%04d"}
        self.make(enabled=True)
        for n in range(6):
            world, (name, written) = self.worlds[n % 2], list(formats.items())[n % 2]
            changed = self.document(enabled=True, phone_format=name, create_client={"incoming": True}, megaplan=dict(
                self.base["megaplan"], base_url=self.stack.megaplan + world))
            self.assertEqual(self.api.put("/api/accounts/acme", changed).status, 200)
            time.sleep(1.0)
            self.answered_call("7999000%04d" % n)
            wait_for("a client of %s in %s" % (written % n, world), lambda: written % n in json.dumps(
                self.stack.fakes[world].state()["ContractorHuman"]), 10)

    def answered_call(self, number):
        extension = self.base["employees"][0]["extension"]
        leg = {"entry_id": "entry" + number, "call_id": "leg" + number, "timestamp": int(time.time()), "location":
               "abonent", "from": {"number": number}, "to": {"extension": extension, "line_number": "74951234567"}}
        for seq, state in enumerate(("Appeared", "Connected"), 1):
            self.assertEqual(self.webhook(self.base["mango"]["api_key"], "call", dict(
                leg, seq=seq, call_state=state)), 200)

    def webhook(self, key, kind, event):
        return self.post("/events/" + kind, mango.form(
            key, self.base["mango"]["api_salt"], json.dumps(event).encode(), "plus", None))

    def post(self, path, body):
        host, _, port = self.ingest.front.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        status = connection.getresponse().status
        connection.close()
        return status


if __name__ == "__main__":
    unittest.main(verbosity=1)
