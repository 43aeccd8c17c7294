#!/usr/bin/env python3
"""What the settings page asks Megaplan and MANGO: lists of employees with proposals, the balance, the checks, each with
what may be wrong, and how few requests it makes. Runs the real ingest (BUILD, default build) on a devbroker."""

import concurrent.futures
import copy
import http.server
import json
import os
import pathlib
import shutil
import ssl
import sys
import tempfile
import threading
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
from test_tls import make_certificate  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
USERS = [
    {"general": {"name": "Пётр Петров", "email": "petrov@example.org"},
     "telephony": {"extension": "123", "numbers": [{"number": "79001112233"}, {"number": "sip:p@a.ru"}]}},
    {"general": {"name": "Анна Сидорова"}, "telephony": {"extension": 124, "numbers": []}},
    {"general": {"name": "Vera", "email": "ORLOVA@example.org"}, "telephony": {"extension": "125"}},
    {"general": {"name": "Семенов Олег"}, "telephony": {"extension": "126"}},
    {"general": {"name": "Без Номера"}, "telephony": {"extension": ""}},
]
NEW_PEOPLE = [
    {"id": "1000005", "name": "Петров Пётр", "email": "other@example.org", "position": "Директор"},
    {"id": "1000008", "name": "Орлова Вера", "email": "Orlova@Example.org"},
    {"id": "1000009", "name": "СЕМЁНОВ Олег Иванович", "email": "s@example.org"},
    {"id": "1000010", "name": "Заблокирован Яков", "canLogin": False, "email": "y@example.org"},
]


class Outside(unittest.TestCase):
    env = {"SHUTDOWN_TIMEOUT_S": "3"}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-outside-")
        self.stack = Stack(BUILD, self.folder, env=dict(admin_api.ENV, **self.env))
        self.stack.start_outside()
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.base = base["settings"]
        self.base["megaplan"]["base_url"] = self.stack.megaplan
        self.base["megaplan"]["requests_per_hour"] = 10000
        self.stack.control.ask("seed", base["megaplan"])
        self.stack.control.ask("seed", {"employees": NEW_PEOPLE})
        self.stack.pbx_control.ask("seed", {"users": USERS})
        self.stack.up([], ["ingest"], follow=False)
        self.ingest = self.stack.services["ingest"]
        self.api = admin_api.Api(self.ingest.page)

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def put(self, **changes):
        """An account as the base has it, by the page; nested parts are changed key by key."""
        made = copy.deepcopy(self.base)
        for name, value in changes.items():
            made[name] = dict(made[name], **value) if isinstance(made.get(name), dict) and value else value
        if made["megaplan"].get("login"):
            del made["megaplan"]["token"]
        made = self.stack.with_pbx(made)
        got = self.api.put("/api/accounts/acme", made)
        self.assertIn(got.status, (200, 201), got.body)

    def get(self, what="employees", status=200, **query):
        text = "&".join("%s=%s" % pair for pair in query.items())
        got = self.api.get("/api/accounts/acme/%s%s" % (what, text and "?" + text))
        self.assertEqual(got.status, status, got.body)
        return got

    def check(self, *names):
        got = self.api.post("/api/accounts/acme/checks", {"checks": list(names)} if names else {})
        self.assertEqual(got.status, 200, got.body)
        for row in got.json["rows"]:
            self.assertEqual(sorted(row), ["account", "check", "code", "found", "remedy", "status"])
        return got.json["rows"]

    def codes(self, *names):
        return [(row["status"], row["code"]) for row in self.check(*names)]

    def asked(self, world):
        return [row["path"] for row in world.requests()]

    def warnings(self, doc):
        return [w["code"] for w in doc["warnings"]]


class Lists(Outside):
    def test_employees_extensions_and_proposals(self):
        self.put(employees=[{"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "124"}])
        doc = self.get().json
        people = {row["megaplan_id"]: row for row in doc["employees"]}
        self.assertEqual(sorted(people), ["1000004", "1000005", "1000006", "1000008", "1000009", "1000010"])
        self.assertEqual(people["1000005"], {"megaplan_id": "1000005", "name": "Петров Пётр", "works": True,
                                             "email": "other@example.org", "position": "Директор"})
        self.assertFalse(people["1000010"]["works"])
        self.assertEqual([row["extension"] for row in doc["extensions"]], ["123", "124", "125", "126"])
        self.assertEqual(doc["extensions"][0], {
            "extension": "123", "name": "Пётр Петров", "email": "petrov@example.org",
            "numbers": ["*******2233", "sip:p@a.ru"]})
        self.assertEqual([(p["megaplan_id"], p["extension"], p["by"]) for p in doc["proposals"]],
                         [("1000005", "123", "name"), ("1000008", "125", "email"), ("1000009", "126", "name")])
        self.assertEqual((doc["unmapped"], doc["kept"], doc["warnings"]), ([], False, []))
        self.assertIsNotNone(doc["read_at"])
        self.assertEqual(self.get(show=1).json["extensions"][0]["numbers"][0], "79001112233")

    def test_answers_are_kept_for_a_minute_and_per_credentials(self):
        self.put()
        first = self.get().json
        self.put(phone_format="79991231212")
        self.assertEqual(self.get().json["read_at"], first["read_at"])
        self.assertEqual(self.asked(self.stack.control).count("/api/v3/employee"), 1)
        self.assertEqual(len(self.asked(self.stack.pbx_control)), 1)
        self.stack.control.ask("seed", {"tokens": {"another-token": "1000004"}})
        self.put(megaplan={"token": "another-token"})
        self.get()
        self.assertEqual(self.asked(self.stack.control).count("/api/v3/employee"), 2)
        self.assertEqual(len(self.asked(self.stack.pbx_control)), 1)

    def test_many_pages(self):
        self.stack.control.ask("seed", {"employees": [{"id": str(2000000 + n), "name": "N%d" % n}
                                                      for n in range(250)]})
        self.put()
        self.assertEqual(len(self.get().json["employees"]), 256)

    def test_a_halved_list_replaces_no_good_one(self):
        """Neither the one before nor, at the first asking, the settings'."""
        self.stack.control.ask("doubts", {"employees_shown": "none"})
        self.stack.pbx_control.ask("seed", {"users": []})
        self.put()
        doc = self.get().json
        self.assertTrue(doc["kept"])
        self.assertEqual([row["megaplan_id"] for row in doc["employees"]], ["1000005", "1000006", "1000008"])
        self.assertEqual([row["extension"] for row in doc["extensions"]], ["123", "124", "125"])
        self.assertEqual(self.warnings(doc), ["list_kept", "list_kept"])
        self.assertEqual(self.codes("mango", "megaplan"), [("warn", "list_kept")] * 2)

    def test_one_side_is_down(self):
        self.stack.pbx_control.ask("faults", [{"path": "", "reply": "cut"}])
        self.put()
        got = self.get()
        self.assertEqual(self.warnings(got.json), ["mango_unreachable"])
        self.assertIn("MANGO", got.json["warnings"][0]["message"])
        self.assertEqual((len(got.json["employees"]), got.json["extensions"]), (6, []))
        self.assertEqual(self.codes("mango", "megaplan"), [("fail", "mango_unreachable"), ("ok", "megaplan_ok")])

    def test_both_sides_are_down(self):
        self.stack.control.ask("faults", [{"path": "", "status": 500}])
        self.stack.pbx_control.ask("faults", [{"path": "", "status": 500, "reply": "html"}])
        self.put()
        self.assertEqual(self.get(status=502).refusal, (502, "outside", ""))

    def test_unknown_accounts(self):
        for what in ("employees", "balance"):
            self.assertEqual(self.get(what, 404).refusal, (404, "unknown_account", ""))
        self.assertEqual(self.api.post("/api/accounts/acme/checks", {}).refusal, (404, "unknown_account", ""))

    def test_login_with_a_password(self):
        self.stack.control.ask("seed", {"users": [{"login": "me", "password": "right", "employee": "1000004"}]})
        self.put(megaplan={"login": "me", "password": "right"})
        self.assertEqual(len(self.get().json["employees"]), 6)
        self.assertEqual(self.asked(self.stack.control), ["/api/v3/auth/access_token", "/api/v3/employee"])
        self.put(megaplan={"login": "me", "password": "wrong"})
        self.assertEqual(self.codes("megaplan"), [("fail", "megaplan_credentials")])


    def test_a_long_list_goes_on_where_the_share_ended(self):
        self.stack.control.ask("seed", {"employees": [{"id": str(2000000 + n), "name": "N%d" % n}
                                                      for n in range(750)]})
        self.put(megaplan={"requests_per_hour": 1000})
        self.assertTrue(600 <= int(self.get(status=429).headers["Retry-After"]) <= 750)
        self.assertEqual(len(self.asked(self.stack.control)), 5)
        self.put(megaplan={"requests_per_hour": 1000000})
        doc = wait_for("the list", lambda: self.api.get("/api/accounts/acme/employees").json.get("employees"), 20)
        self.assertEqual(len(doc), 756)
        self.assertEqual(len(self.asked(self.stack.control)), 8)

    def test_an_account_that_goes_while_it_is_asked_for(self):
        self.stack.control.ask("faults", [{"path": "/employee", "delay_ms": 1500}])
        self.put()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waits = [pool.submit(self.api.get, "/api/accounts/acme/employees"),
                     pool.submit(self.api.post, "/api/accounts/acme/checks", {"checks": ["megaplan"]})]
            wait_for("the request", lambda: self.asked(self.stack.control), 10)
            self.assertEqual(self.api.delete("/api/accounts/acme").status, 204)
            self.assertEqual(waits[0].result().refusal, (404, "unknown_account", ""))
            self.assertEqual([row["code"] for row in waits[1].result().json["rows"]], ["no_account"])

    def test_a_stop_while_something_is_asked(self):
        self.stack.control.ask("faults", [{"path": "", "reply": "hang", "hang_s": 60}])
        self.put()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for what in ("get", "post"):
                pool.submit(getattr(self.api, what), *(("/api/accounts/acme/employees",) if what == "get" else
                                                       ("/api/accounts/acme/checks", {})))
            wait_for("the request", lambda: self.asked(self.stack.control), 10)
            self.ingest.end()

    def test_a_token_that_ends_is_got_anew(self):
        self.stack.control.ask("seed", {"users": [{"login": "me", "password": "right", "employee": "1000004"}]})
        self.put(megaplan={"login": "me", "password": "right"})
        self.get()
        self.stack.control.ask("faults", [{"path": "/contractor", "status": 401, "times": 1}])
        self.assertEqual(self.codes("megaplan"), [("ok", "megaplan_ok")])
        self.assertEqual(self.asked(self.stack.control), [
            "/api/v3/auth/access_token", "/api/v3/employee", "/api/v3/contractor", "/api/v3/auth/access_token",
            "/api/v3/contractor"])


class Balance(Outside):
    def test_as_it_is_told(self):
        self.put()
        got = self.get("balance")
        self.assertEqual(got.json, {"balance": 963592.45, "currency": "RUB",
                                    "top_up_url": "https://lk.mango-office.ru/"})
        self.assertIn(b'"balance":963592.45,', got.body)
        soon = self.get("employees", 429)
        self.assertEqual(soon.refusal, (429, "too_soon", ""))
        self.assertTrue(1 <= int(soon.headers["Retry-After"]) <= 10, soon.headers)
        self.assertEqual(len(self.asked(self.stack.pbx_control)), 1)
        self.assertEqual(self.stack.pbx_control.state()["violations"], [])

    def test_a_wrong_salt_closes_mango_for_the_page(self):
        """A second request of that kind would block the API for everybody."""
        self.put()  # MANGO knows the right salt from now on
        self.put(mango={"api_salt": "wrong-salt-0123456789"})
        self.assertEqual(self.get("balance", 502).refusal, (502, "outside", ""))
        self.put()
        soon = self.get("balance", 429)
        self.assertTrue(100 <= int(soon.headers["Retry-After"]) <= 121, soon.headers)
        self.assertEqual(self.codes("mango"), [("fail", "mango_closed")])
        self.assertEqual([v["code"] for v in self.stack.pbx_control.state()["violations"]], [3102])


    def test_what_mango_says_of_its_own(self):
        """Locked out, over the limit in the body of a 200, a code of no success."""
        self.put()
        self.stack.pbx_control.ask("faults", [{"path": "balance", "status": 401, "times": 1}])
        self.assertTrue(100 <= int(self.get("balance", 429).headers["Retry-After"]) <= 121)
        self.assertEqual(self.codes("mango"), [("fail", "mango_closed")])
        self.assertEqual(len(self.asked(self.stack.pbx_control)), 1)

    def test_over_mangos_limit(self):
        self.stack.pbx_control.ask("doubts", {"limit_in_body": True, "retry_after": 33})
        self.stack.pbx_control.ask("faults", [{"path": "balance", "status": 429, "times": 1}])
        self.put()
        self.assertTrue(25 <= int(self.get("balance", 429).headers["Retry-After"]) <= 33)
        self.assertEqual(self.codes("mango"), [("skip", "too_soon")])

    def test_mango_refuses(self):
        self.stack.pbx_control.ask("seed", {"refuse": {"account/balance": 2210}})
        self.put()
        self.assertIn("2210", self.get("balance", 502).json["message"])


class Budget(Outside):
    def test_one_percent_and_not_one_more(self):
        """1000 an hour: five at once. Credentials that change each time keep nothing for a minute."""
        tokens = ["token-number-%d" % n for n in range(8)]
        self.stack.control.ask("seed", {"tokens": {token: "1000004" for token in tokens}})
        statuses = []
        for token in tokens:
            self.put(megaplan={"token": token, "requests_per_hour": 1000})
            got = self.api.get("/api/accounts/acme/employees")
            statuses.append(got.status)
        self.assertEqual(statuses, [200] * 5 + [429] * 3)
        self.assertTrue(600 <= int(got.headers["Retry-After"]) <= 750, got.headers)
        self.assertEqual(len(self.asked(self.stack.control)), 5)
        self.assertEqual(len(self.asked(self.stack.pbx_control)), 1)

    def test_retry_after_is_obeyed(self):
        self.stack.control.ask("faults", [{"path": "/employee", "status": 429, "retry_after": 77, "times": 1}])
        self.put()
        for _ in range(2):
            soon = self.get(status=429)
            self.assertTrue(70 <= int(soon.headers["Retry-After"]) <= 77, soon.headers)
        self.assertEqual(self.asked(self.stack.control), ["/api/v3/employee"])

    def test_many_at_once_are_one_request(self):
        self.put()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda _: self.api.get("/api/accounts/acme/employees").status, range(16)))
        self.assertEqual(got, [200] * 16)
        self.assertEqual((self.asked(self.stack.control), len(self.asked(self.stack.pbx_control))),
                         (["/api/v3/employee"], 1))


class Checks(Outside):
    def test_the_list_of_them(self):
        names = [row["check"] for row in self.api.get("/api/checks").json["checks"]]
        self.assertEqual(names, ["settings", "mango", "megaplan", "telephony", "webhook", "tls", "extensions", "employees",
                                 "fields", "vendor", "greeting", "recordings", "limits", "refused", "timezone", "clock",
                                 "kafka", "workers"])
        self.put()
        self.assertEqual(self.api.post("/api/accounts/acme/checks", {"checks": ["mango", "moon"]}).refusal,
                         (422, "invalid", "checks[1]"))
        self.assertEqual(self.api.post("/api/accounts/acme/checks", {"x": 1}).refusal[:2], (422, "invalid"))
        self.assertEqual(self.asked(self.stack.pbx_control), [])

    def test_all_is_well(self):
        self.put(route_to_responsible=True, source_field=True)
        rows = self.check()
        self.assertEqual([(row["check"], row["status"], row["code"]) for row in rows], [
            ("settings", "ok", "settings_ok"), ("mango", "ok", "mango_ok"), ("megaplan", "ok", "megaplan_ok"),
            ("telephony", "ok", "telephony_ok"),
            ("webhook", "skip", "public_url_missing"), ("tls", "skip", "public_url_missing"),
            ("extensions", "warn", "extensions_spare"), ("employees", "ok", "employees_ok"),
            ("fields", "warn", "fields_missing"), ("vendor", "ok", "vendor_ok"), ("greeting", "warn", "greeting_hint"),
            ("recordings", "skip", "recordings_off"), ("limits", "ok", "limits_ok"), ("refused", "ok", "refused_ok"),
            ("timezone", "ok", "timezone_ok"), ("clock", "ok", "clock_ok"), ("kafka", "ok", "kafka_ok"),
            ("workers", "ok", "workers_ok"), ("workers", "ok", "workers_ok")])
        self.assertEqual({row["account"] for row in rows}, {"acme", None})
        self.assertTrue(all(row["remedy"] for row in rows if row["status"] in ("warn", "fail")))
        self.assertEqual(len(self.asked(self.stack.control)), 5)

    def test_one_failing_connection_hides_no_row(self):
        self.put(megaplan={"token": "wrong-token"}, call_tracking=True)
        found = {row["check"]: (row["status"], row["code"]) for row in self.check()}
        self.assertEqual(found["megaplan"], ("fail", "megaplan_credentials"))
        self.assertEqual(found["mango"], ("ok", "mango_ok"))
        self.assertEqual(found["employees"], ("skip", "not_read"))
        self.assertEqual(found["fields"], ("skip", "not_read"))
        self.assertEqual(found["kafka"], ("ok", "kafka_ok"))
        self.assertEqual(len(found), 18)

    def test_only_so_many_at_once(self):
        self.stack.control.ask("faults", [{"path": "/employee", "delay_ms": 2000}])
        self.put()
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            got = list(pool.map(lambda _: self.api.post("/api/accounts/acme/checks", {"checks": ["megaplan"]}),
                                range(12)))
        self.assertEqual(sorted(one.status for one in got), [200] * 8 + [429] * 4)
        self.assertEqual(self.asked(self.stack.control), ["/api/v3/employee", "/api/v3/contractor"])

    def test_keys(self):
        self.put()
        self.put(mango={"api_salt": "wrong-salt-0123456789"})
        self.assertEqual(self.codes("mango"), [("fail", "mango_salt")])

    def test_an_unknown_key(self):
        self.put(mango={"api_key": "another-key-0123456789", "base_url": self.stack.pbx + "/vpbx"})
        self.assertEqual(self.codes("mango"), [("fail", "mango_key")])

    def test_rights(self):
        self.stack.control.ask("doubts", {"may_read_clients": False})
        self.put()
        self.assertEqual(self.codes("megaplan"), [("ok", "megaplan_ok"), ("fail", "megaplan_clients")])
        self.stack.control.ask("doubts", {"may_read_employees": False})
        self.stack.control.ask("seed", {"tokens": {"another-token": "1000004"}})
        self.put(megaplan={"token": "another-token"})
        self.assertEqual(self.codes("megaplan"), [("fail", "megaplan_rights")])

    def test_a_wrong_address(self):
        self.put(megaplan={"base_url": self.stack.megaplan + "/elsewhere"})
        self.assertEqual(self.codes("megaplan"), [("fail", "megaplan_address")])

    def test_mapping(self):
        self.put(employees=[{"megaplan_id": "1000007", "name": "Уволен Иван", "extension": "123"},
                            {"megaplan_id": "1000010", "name": "Заблокирован", "extension": "999"},
                            {"megaplan_id": "5", "name": "Никто", "numbers": ["79000000001"]}])
        rows = self.check("extensions", "employees")
        self.assertEqual([(row["status"], row["code"]) for row in rows], [
            ("fail", "extensions_missing"), ("warn", "extensions_spare"), ("fail", "employees_dismissed"), ("fail", "employees_missing"),
            ("warn", "employees_blocked")])
        self.assertIn("999", rows[0]["found"])
        self.assertIn("124", rows[1]["found"])
        self.assertIn("Уволен Иван", rows[2]["found"])

    def ring(self, entry, extension):
        now = int(time.time())
        webhook = mango.Webhook("events/call", {
            "entry_id": entry, "call_id": entry + "-leg", "timestamp": now, "seq": 1, "call_state": "Appeared",
            "location": "abonent", "from": {"number": "79990001122"},
            "to": {"extension": extension, "number": "74950001122", "line_number": "74950001122"}})
        sender = self.stack.sender(self.stack.with_pbx(self.base))
        # the webhooks' thread may read new settings milliseconds after the page does
        wait_for("its webhook to be taken", lambda: sender.send(webhook).status == 200, 10)
        sender.close()

    def test_who_else_had_calls(self):
        self.put()
        for n, extension in enumerate(("126", "999", "126", "123", "777")):
            self.ring("entry-%d" % n, extension)
        wait_for("the calls", lambda: len(self.get().json["unmapped"]) == 3, 10)
        rows = self.get().json["unmapped"]
        self.assertEqual([(row["extension"], row["calls"]) for row in rows], [("126", 2), ("777", 1), ("999", 1)])
        self.assertTrue(all(row["last_at"] for row in rows))
        row = self.check("extensions")[1]
        self.assertEqual((row["status"], row["code"]), ("warn", "extensions_unmapped"))
        self.assertTrue(all(extension in row["found"] for extension in ("126", "777", "999")), row)
        self.put(unmapped_employee="1000005")
        self.assertEqual(self.codes("extensions"), [("ok", "extensions_ok")])

    def test_what_the_workers_met(self):
        self.put()
        for result in ("dead", "done"):
            records.write(self.stack.brokers, "mangoplan.outcomes", records.partition("acme/e"), "acme/e", records.compact(
                {"v": 1, "what": "outcome", "kind": "call", "result": result, "reason": "HTTP 422"}), {"account": "acme"})
        wait_for("the outcomes", lambda: self.check("telephony")[0]["found"].endswith("; 1 calls saved in 24 hours"), 10)
        row = self.check("refused")[0]
        self.assertEqual((row["status"], row["code"]), ("warn", "refused_dead"))
        self.assertEqual(row["found"], "1 dead letters in 24 hours, the last: HTTP 422")

    def test_settings_that_nobody_can_read(self):
        """The ones before count, and it is said."""
        self.put()
        records.write(self.stack.brokers, "mangoplan.settings", records.partition("acme"), "acme",
                      records.compact(dict(self.base, timezone="Mars")), {})
        wait_for("it to be read", lambda: self.codes("settings") == [("fail", "settings_refused")], 10)
        self.assertEqual(self.codes("mango"), [("ok", "mango_ok")])

    def test_their_clocks(self):
        self.stack.pbx_control.ask("doubts", {"clock_skew_s": 60})
        self.put()
        rows = self.check("clock")
        self.assertEqual([(row["status"], row["code"]) for row in rows], [("fail", "clock_wrong")])
        self.assertIn("MANGO is 60", rows[0]["found"].replace("59.", "60."))

    def test_fields_that_are_there(self):
        self.stack.control.ask("seed", {"extra_fields": ["Номер линии MANGO OFFICE"]})
        self.put(source_field=True)
        self.assertEqual(self.codes("fields"), [("ok", "fields_ok")])


class TakesAll(http.server.BaseHTTPRequestHandler):
    """Something that is no Mangoplan, and answers 200 to all."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Public(Outside):
    """PUBLIC_URL is the ingest itself: its port is known once it runs, so it is started anew on it."""

    def start(self, public, context=None, **env):
        self.ingest.end()
        self.stack.extra_env.update(env, INGEST_LISTEN=self.ingest.front, PUBLIC_URL=public)
        self.stack.services.pop("ingest")
        self.stack.start_service("ingest")
        self.ingest = self.stack.services["ingest"]
        self.api = admin_api.Api(self.ingest.page, context=context)
        wait_for("the settings", lambda: self.api.get("/api/accounts").json, 10)

    def test_webhooks(self):
        self.put()
        front = self.ingest.front
        allow = ",".join((front, self.stack.env()["OUTBOUND_ALLOW"]))
        self.start("http://" + front)
        self.assertEqual(self.codes("webhook"), [("skip", "webhook_private")])
        self.start("http://" + front, OUTBOUND_ALLOW=allow)
        self.assertEqual(self.codes("webhook", "tls"), [("ok", "webhook_ok"), ("warn", "tls_plain")])
        self.start("http://%s/elsewhere/" % front, OUTBOUND_ALLOW=allow)
        self.assertEqual(self.codes("webhook"), [("fail", "webhook_not_found")])
        self.start("https://" + front, OUTBOUND_ALLOW=allow)
        self.assertEqual(self.codes("webhook", "tls"), [("fail", "webhook_unreachable"), ("fail", "tls_missing")])
        self.start(self.stack.pbx + "/not-ours", OUTBOUND_ALLOW=allow)
        self.assertEqual(self.codes("webhook"), [("fail", "webhook_not_found")])

    def test_by_tls(self):
        certificate, key = make_certificate(pathlib.Path(self.folder), "public")
        self.put()
        front = self.ingest.front
        self.start("https://" + front, ssl.create_default_context(cafile=certificate), INGEST_TLS_CERT=str(certificate), INGEST_TLS_KEY=str(key),
                   CA_FILE=str(certificate), OUTBOUND_ALLOW=",".join((front, self.stack.env()["OUTBOUND_ALLOW"])))
        self.assertEqual(self.codes("webhook", "tls"), [("ok", "webhook_ok"), ("ok", "tls_ok")])

    def test_something_that_takes_everything(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), TakesAll)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            self.put()
            there = "127.0.0.1:%d" % server.server_port
            self.start("http://" + there, OUTBOUND_ALLOW=",".join((there, self.stack.env()["OUTBOUND_ALLOW"])))
            self.assertEqual(self.codes("webhook"), [("fail", "webhook_not_ours")])
        finally:
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    unittest.main()
