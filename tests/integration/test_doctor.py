#!/usr/bin/env python3
"""worker doctor: a good installation is all well, and each mistake that is planted is found, with its remedy; rows, text and
exit codes; that it only reads. Runs the real programs (BUILD, default build) on a devbroker."""

import copy
import http.server
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
import records  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402
from test_tls import make_certificate  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
USERS = [{"general": {"name": "x"}, "telephony": {"extension": extension}} for extension in ("123", "124", "125")]
KEYS = ["check", "status", "account", "found", "remedy", "code"]


class Server:
    """An HTTP server of the test's own, by TLS if a context is given: answers every POST with `answer` (status, headers)."""

    def __init__(self, status, context=None, **headers):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # handshakes that fail are the point
        self.scheme = "https" if context else "http"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return "%s://127.0.0.1:%d" % (self.scheme, self.server.server_port)

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def serves(certificate, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if version:
        context.minimum_version = version
    return context


class Doctor(unittest.TestCase):
    services = ()
    env = {}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-doctor-"))
        self.stack = Stack(BUILD, self.folder, env=dict({"SHUTDOWN_TIMEOUT_S": "3"}, **self.env))
        self.stack.start_outside()
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.base = base["settings"]
        self.base["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.control.ask("seed", base["megaplan"])
        self.stack.pbx_control.ask("seed", {"users": USERS})
        self.stack.up([], self.services, follow=False)

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def put(self, account="acme", **changes):
        made = copy.deepcopy(self.base)
        made["account"] = account
        for name, value in changes.items():
            made[name] = dict(made[name], **value) if isinstance(made.get(name), dict) else value
        self.stack.put_settings(made)

    def start(self, *argv, **env):
        made = dict(os.environ, **self.stack.env())
        made["LOG_LEVEL"] = "info"
        made.update(env)
        return subprocess.Popen([str(self.stack.build / "worker"), "doctor", *argv], env=made, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def run_it(self, *argv, code=(0, 1), **env):
        child = self.start(*argv, **env)
        out, err = child.communicate(timeout=60)
        self.assertIn(child.returncode, code, out + err)
        self.assertNotIn("Sanitizer", err)
        self.code, self.err = child.returncode, err
        return out

    def rows(self, *argv, **env):
        made = [json.loads(line) for line in self.run_it("--json", *argv, **env).splitlines()]
        for row in made:
            self.assertEqual(list(row), KEYS)
            if row["status"] in ("warn", "fail"):
                self.assertTrue(row["remedy"], row)
        self.assertEqual(self.code, int(any(row["status"] == "fail" for row in made)), made)
        return made

    def found(self, check, **env):
        """[(status, code)] of one check; the words of the first row in self.words."""
        rows = [row for row in self.rows(**env) if row["check"] == check]
        self.words = rows[0]["found"]
        return [(row["status"], row["code"]) for row in rows]

    def public(self, url, **env):
        """PUBLIC_URL, and that its private address is meant."""
        allow = self.stack.env()["OUTBOUND_ALLOW"] + "," + url.partition("//")[2].partition("/")[0]
        return dict({"PUBLIC_URL": url, "OUTBOUND_ALLOW": allow}, **env)


class Well(Doctor):
    """As it should be: ingest by TLS at PUBLIC_URL, both workers."""

    def setUp(self):
        self.certificates = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-doctor-tls-"))
        self.addCleanup(shutil.rmtree, self.certificates, ignore_errors=True)
        self.pair = make_certificate(self.certificates, "public")
        self.env = {"INGEST_TLS_CERT": str(self.pair[0]), "INGEST_TLS_KEY": str(self.pair[1])}
        super().setUp()

    def test_all_is_well(self):
        self.stack.control.ask("seed", {"extra_fields": ["Номер линии MANGO OFFICE"]})
        self.put(source_field=True, call_records=True)
        self.stack.up([], ["ingest", "calls", "crm"], follow=False)
        public = self.public("https://" + self.stack.services["ingest"].front, CA_FILE=str(self.pair[0]))
        rows = self.rows(**public)
        self.assertEqual([(row["check"], row["status"]) for row in rows], [
            ("settings", "ok"), ("mango", "ok"), ("megaplan", "ok"), ("telephony", "ok"), ("webhook", "ok"),
            ("extensions", "ok"), ("employees", "ok"), ("fields", "ok"), ("vendor", "ok"), ("greeting", "skip"),
            ("recordings", "ok"), ("limits", "ok"), ("refused", "ok"), ("timezone", "ok"), ("clock", "ok"),
            ("tls", "ok"), ("kafka", "ok"), ("workers", "ok"), ("workers", "ok")])
        self.assertEqual({row["account"] for row in rows[:15]}, {"acme"})
        self.assertEqual({row["account"] for row in rows[15:]}, {None})
        self.assertEqual(self.code, 0)
        self.assertEqual({row["method"] for row in self.stack.control.requests()}, {"GET"}, "it only reads")
        self.assertEqual(self.stack.pbx_control.state()["violations"], [])
        self.assertFalse(self.stack.behind(), "a ping is not stored")

    def test_webhooks_that_do_not_arrive(self):
        self.put()
        self.stack.up([], ["ingest"], follow=False)
        url = "https://" + self.stack.services["ingest"].front
        ca = {"CA_FILE": str(self.pair[0])}
        self.assertEqual(self.found("webhook", **self.public(url)), [("fail", "webhook_certificate")])
        self.assertEqual(self.found("tls", **self.public(url)), [("fail", "tls_certificate")])
        self.assertEqual(self.found("webhook", **self.public(url + "/elsewhere", **ca)), [("fail", "webhook_not_found")])
        self.assertEqual(self.found("webhook", PUBLIC_URL=url, **ca), [("skip", "webhook_private")])
        # an ingest of another SECRET_KEY cannot read the settings
        self.stack.extra_env["SECRET_KEY"] = "a5" * 32
        self.stack.start_service("ingest2")
        other = "https://" + self.stack.services["ingest2"].front
        self.stack.extra_env["SECRET_KEY"] = "5a" * 32
        self.assertEqual(self.found("webhook", **self.public(other, **ca)), [("fail", "webhook_unsigned")])
        with Server(200, serves(self.pair, ssl.TLSVersion.TLSv1_3)) as newer:
            public = self.public(newer, **ca)
            self.assertEqual(self.found("tls", **public), [("fail", "tls_missing")])
            self.assertEqual(self.found("webhook", **public), [("fail", "webhook_not_ours")])
        with Server(308, serves(self.pair), Location="https://127.0.0.1/") as elsewhere:
            self.assertEqual(self.found("webhook", **self.public(elsewhere, **ca)), [("fail", "webhook_redirect")])
        with Server(502) as proxy:
            self.assertEqual(self.found("webhook", **self.public(proxy)), [("fail", "webhook_proxy")])
        self.assertEqual(self.found("webhook", **self.public("http://127.0.0.1:1")), [("fail", "webhook_unreachable")])
        self.assertEqual(self.found("webhook"), [("skip", "public_url_missing")])


class Mistakes(Doctor):
    """Those of an account's. One MANGO is asked at most once in ten seconds, so each has a test of its own."""

    def test_a_wrong_salt(self):
        self.put()  # MANGO knows the right one from now on
        self.put(mango={"api_salt": "another-salt-0123456789", "base_url": self.stack.pbx + "/vpbx"})
        self.assertEqual(self.found("mango"), [("fail", "mango_salt")])
        self.assertEqual([v["code"] for v in self.stack.pbx_control.state()["violations"]], [3102], "asked once")

    def test_a_wrong_token(self):
        self.put(megaplan={"token": "wrong"})
        self.assertEqual(self.found("megaplan"), [("fail", "megaplan_credentials")])
        self.assertEqual(len(self.stack.control.requests()), 1, "the others need not be told it as well")

    def test_missing_rights(self):
        self.put(call_tracking=True)
        self.stack.control.ask("doubts", {"may_read_clients": False, "may_read_calls": False})
        found = {row["check"]: (row["status"], row["code"]) for row in self.rows()}
        self.assertEqual(found["megaplan"], ("fail", "megaplan_clients"))
        self.assertEqual(found["telephony"], ("fail", "telephony_rights"))
        self.assertEqual(found["vendor"], ("skip", "vendor_unknown"))
        self.assertEqual(found["fields"], ("warn", "fields_missing"))

    def test_mapping(self):
        self.put(employees=[{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "123"},
                            {"megaplan_id": "1000007", "name": "Уволен Иван", "extension": "999"}])
        rows = self.rows()
        self.assertEqual([(row["code"], row["found"]) for row in rows if row["check"] in ("extensions", "employees")], [
            ("extensions_missing", "not in the PBX: 999"), ("extensions_spare", "in the PBX, but nobody's here: 124, 125"),
            ("employees_dismissed", "dismissed: Уволен Иван")])

    def ring(self, entry, extension):
        sender = self.stack.sender(self.stack.with_pbx(self.base))
        webhook = mango.Webhook("events/call", {
            "entry_id": entry, "call_id": entry + "-leg", "timestamp": int(time.time()), "seq": 1,
            "call_state": "Appeared", "location": "abonent", "from": {"number": "79990001122"},
            "to": {"extension": extension, "number": "74950001122", "line_number": "74950001122"}})
        self.assertEqual(sender.send(webhook).status, 200)
        sender.close()

    def workers(self):
        return [(row["status"], row["code"]) for row in self.rows() if row["check"] == "workers"]

    def test_a_worker_that_stands_still(self):
        self.put()
        self.stack.up([], ["ingest", "calls"], follow=False)
        self.ring("e1", "123")
        wait_for("it to be read", lambda: self.workers() == [("ok", "workers_ok")] * 2, 30)
        self.stack.services["calls"].stop()
        self.ring("e1", "124")
        self.assertEqual(self.workers(), [("warn", "workers_still"), ("ok", "workers_ok")])
        self.stack.services["calls"].cont()
        wait_for("it to be read", lambda: self.workers() == [("ok", "workers_ok")] * 2, 30)

    def test_calls_of_an_extension_that_is_nobodys(self):
        self.put()
        self.stack.up([], ["ingest"], follow=False)
        self.ring("e1", "777")
        rows = self.rows()
        self.assertEqual([(row["code"], row["found"]) for row in rows if row["check"] == "extensions"],
                         [("extensions_unmapped", "had calls and are nobody's: 777")])
        self.assertEqual([(row["status"], row["code"]) for row in rows if row["check"] == "workers"],
                         [("fail", "workers_none"), ("ok", "workers_ok")])

    def test_clocks(self):
        self.put()
        self.stack.control.ask("doubts", {"clock_skew_s": -90})
        self.assertEqual(self.found("clock"), [("fail", "clock_wrong")])
        self.assertRegex(self.words, r"Megaplan is (89|90)\.\d s behind")

    def test_settings_of_another_key(self):
        self.put()
        self.assertEqual(self.found("settings", SECRET_KEY="a5" * 32), [("fail", "settings_refused")])
        self.put(account="beta", enabled=False, mango={"api_key": "beta-key-0123456789"})
        rows = self.rows("--account", "beta")
        self.assertEqual(rows[0]["code"], "settings_off")
        self.assertEqual({row["account"] for row in rows}, {"beta", None})
        self.assertEqual(self.rows("--account", "gamma")[0]["code"], "no_account")

    def test_calls_that_another_application_saves_as_well(self):
        self.put()
        now = records.rfc3339(time.time() - 600)
        for n, provider in enumerate(["a", "b", "c", "d"]):
            doc = {"contentType": "CallInfo", "providerId": provider, "type": "in", "state": "finished",
                   "fromPhone": "7999000112%d" % (n % 2), "toPhone": "74950001122",
                   "timeFrom": {"contentType": "DateTime", "value": now}}
            request = urllib.request.Request(
                self.stack.megaplan + "/api/v3/callInfo", data=json.dumps(doc).encode(),
                headers={"Authorization": "Bearer acme-token", "Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=10).close()
        self.assertEqual(self.found("vendor"), [("fail", "vendor_active")])
        self.assertIn("newest 4 calls in Megaplan 2 stand there twice", self.words)


class Past(Doctor):
    def outcome(self, **fields):
        doc = dict({"v": 1, "at": records.rfc3339(time.time()), "what": "outcome", "job": "e:x"}, **fields)
        records.write(self.stack.brokers, self.stack.prefix + "outcomes", records.partition("acme/e"), "acme/e",
                      records.compact(doc), {"account": "acme"})

    def test_what_the_workers_met(self):
        self.put(route_to_responsible=True, call_records=True)
        self.outcome(kind="route", result="late")
        self.outcome(kind="route", result="limited")
        self.outcome(kind="record", result="no_record", reason="too long")
        self.outcome(kind="client", result="dead", reason="HTTP 422 for 79990001122")
        found = {row["check"]: row for row in self.rows()}
        self.assertEqual({name: found[name]["code"] for name in ("greeting", "recordings", "limits", "refused")}, {
            "greeting": "greeting_late", "recordings": "recordings_refused", "limits": "limits_routes",
            "refused": "refused_dead"})
        self.assertIn("*******1122", found["refused"]["found"])

    def test_a_webhook_that_cannot_be_read(self):
        """worker calls writes a letter of it, and no outcome."""
        self.put()
        self.assertEqual(self.found("refused"), [("ok", "refused_ok")])
        records.write(self.stack.brokers, self.stack.prefix + "dead", 0, "acme/e", "{", {
            "kind": "call", "account": "acme", "__connect.errors.topic": self.stack.prefix + "events",
            "__connect.errors.partition": "0", "__connect.errors.offset": "0", "__connect.errors.stage": "calls",
            "__connect.errors.exception.class.name": "input", "__connect.errors.exception.message": "from 79990001122: no JSON",
            "x-at": records.rfc3339(time.time())})
        self.assertEqual(self.found("refused"), [("warn", "refused_dead")])
        self.assertIn("1 dead letters in 24 hours, the last: from *******1122: no JSON", self.words)


class Kafka(Doctor):
    def test_topics_of_other_counts(self):
        """As if the installation had begun with seven partitions of `events`."""
        records.write(self.stack.brokers, self.stack.prefix + "settings", records.partition("_layout"), "_layout",
                      records.compact({"v": 1, "partitions": {"events": 7, "jobs": 4}}), {})
        self.assertEqual(self.found("kafka"), [("fail", "kafka_counts")])
        self.assertEqual(self.words, "events has 4 partitions, not 7")
        self.assertEqual(self.found("settings"), [("fail", "no_account")])

    def test_topics_that_are_missing(self):
        self.assertEqual(self.found("kafka", TOPIC_PREFIX="other."), [("fail", "kafka_missing")])

    def test_kafka_is_away(self):
        out = self.run_it("--json", code=(4,), KAFKA_BROKERS="127.0.0.1:1")
        self.assertEqual([(row["check"], row["status"], row["code"]) for row in map(json.loads, out.splitlines())],
                         [("kafka", "fail", "kafka_down")])


class Command(Doctor):
    def test_text_for_people(self):
        self.put()
        self.put(account="beta", mango={"api_key": "beta-key-0123456789"}, megaplan={"token": "wrong"})
        lines = self.run_it(code=(1,)).splitlines()
        heads = [line for line in lines if not line.startswith(" ")]
        self.assertEqual(heads[:3], ["acme", "beta", "the installation"])
        self.assertRegex(heads[3], r"^\d+ ok, \d+ to be looked at, \d+ failed, \d+ skipped$")
        failed = next(n for n, line in enumerate(lines) if line.startswith("  FAIL  megaplan "))
        self.assertGreater(failed, lines.index("beta"))
        self.assertIn("-> Enter Megaplan's token anew", lines[failed + 1])
        self.assertEqual(self.err, "")

    def test_usage(self):
        self.run_it("--rate", "5", code=(2,))
        self.run_it("acme", code=(2,))

    def test_an_end_by_signal(self):
        self.put()
        self.stack.control.ask("faults", [{"path": "", "reply": "hang", "hang_s": 60}])
        child = self.start("--json")
        wait_for("a request", lambda: self.stack.control.requests(), 20)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=5)
        self.assertEqual((child.returncode, err), (6, ""))
        for line in out.splitlines():
            json.loads(line)


if __name__ == "__main__":
    unittest.main()
