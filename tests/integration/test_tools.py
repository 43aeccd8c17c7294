#!/usr/bin/env python3
"""The worker's command line: exit codes, what is said where, settings put, shown, removed, resealed.

Runs the real worker (BUILD, default build) against a devbroker of its own.
"""

import copy
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from process import Process  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", str(HERE.parent.parent / "build"))).resolve()
OLD_KEY, NEW_KEY = "5a" * 32, "a5" * 32
DOCUMENT = {
    "version": 1, "account": "acme", "enabled": True, "timezone": "Europe/Moscow",
    "mango": {"api_key": "key-1", "api_salt": "salt-hunter2"},
    "megaplan": {"base_url": "https://acme.megaplan.ru", "token": "token-hunter3"},
    "employees": [{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "101"}],
}
FOLDER = None
BROKER = None
ADDRESS = None


def setUpModule():
    global FOLDER, BROKER, ADDRESS
    FOLDER = tempfile.mkdtemp(prefix="mangoplan-tools-")
    BROKER = Process("devbroker", [BUILD / "devbroker"], FOLDER, first_line=True, hold_stdin=True)
    BROKER.start()
    ADDRESS = BROKER.read_first_line().partition("=")[2]


def tearDownModule():
    BROKER.end()
    shutil.rmtree(FOLDER, ignore_errors=True)


def worker(*argv, text=None, **env):
    """Runs build/worker; variables set to None are taken out of its environment."""
    made = {k: v for k, v in os.environ.items()
            if not re.match("(INGEST|ADMIN|CRM|CALL|KAFKA|TOPIC|OPS)_", k)}
    made.update({"KAFKA_BROKERS": ADDRESS, "SECRET_KEY": OLD_KEY})
    made.update(env)
    made = {k: v for k, v in made.items() if v is not None}
    return subprocess.run([BUILD / "worker", *argv], input=text, env=made, timeout=60, check=False,
                          capture_output=True, text=True)


def document(**changes):
    made = copy.deepcopy(DOCUMENT)
    made.update(changes)
    return json.dumps(made, ensure_ascii=False)


class CommandLine(unittest.TestCase):
    def check(self, done, code, out="", err=""):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(out, done.stdout)
        self.assertIn(err, done.stderr)

    def test_usage(self):
        self.check(worker(), 2, err="usage: worker")
        self.check(worker("--help"), 0, out="worker settings put FILE")
        self.check(worker("--version"), 0, out="worker ")
        self.check(worker("--check"), 0, out="SECRET_KEY=***\n")
        self.check(worker("fly"), 2, err="no such subcommand: fly")
        self.check(worker("settings"), 2, err="usage")
        self.check(worker("settings", "put"), 2, err="usage")
        self.check(worker("settings", "list", "x"), 2, err="usage")
        self.check(worker("settings", "list", "--loud"), 2, err="usage")
        self.check(worker("calls", "now"), 2, err="takes no arguments")

    def test_every_subcommand_helps(self):
        for name in ("calls", "crm", "settings", "ping"):
            self.check(worker(name, "--help"), 0, out="KAFKA_BROKERS")
            self.check(worker(name, "--version"), 0, out="worker ")
            self.check(worker(name, "--check"), 0, out="TOPIC_PREFIX=mangoplan.\n")
        self.assertIn("CRM_CONCURRENCY", worker("crm", "--help").stdout)
        self.assertNotIn("CRM_CONCURRENCY", worker("calls", "--help").stdout)

    def test_configuration_is_named(self):
        for name in ("calls", "crm", "settings"):
            self.check(worker(name, "--check", SECRET_KEY=None), 3, err="SECRET_KEY")
            self.check(worker(name, "--check", KAFKA_OPTS="x"), 3, err="KAFKA_OPTS")
            self.check(worker(name, "--check", CRM_CONCURRENCY="no"), 3, err="CRM_CONCURRENCY")
            self.check(worker(name, "--check", LOG_LEVEL="info", LOG_LEVEL_FILE="/etc/hostname"), 3,
                       err="LOG_LEVEL")
        self.assertNotIn(OLD_KEY, worker("crm", "--check").stdout)

    def test_kafka_out_of_reach(self):
        self.check(worker("settings", "list", KAFKA_BROKERS="127.0.0.1:1"), 4)

    def test_refused_without_kafka(self):
        self.check(worker("settings", "put", "-", text=document(version=2),
                          KAFKA_BROKERS="127.0.0.1:1"), 3, err="version: ")
        self.check(worker("settings", "put", "/nonexistent"), 3, err="/nonexistent")


class Settings(unittest.TestCase):
    def setUp(self):
        for row in self.rows("list"):
            self.assertEqual(worker("settings", "rm", row["account"]).returncode, 0)

    def rows(self, *argv, **env):
        done = worker("settings", *argv, "--json", **env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def put(self, text, code=0, err="", **env):
        done = worker("settings", "put", "-", text=text, **env)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(err, done.stderr)

    def test_life_of_a_document(self):
        path = pathlib.Path(FOLDER) / "acme.json"
        path.write_text(document(), encoding="utf-8")
        self.assertEqual(worker("settings", "put", path).returncode, 0)
        self.put(document(account="beta", enabled=False, mango={"api_key": "k2", "api_salt": "s"}))
        self.assertEqual(self.rows("list"), [{"account": "acme", "enabled": True},
                                             {"account": "beta", "enabled": False}])
        shown = worker("settings", "get", "acme")
        got = json.loads(shown.stdout)
        self.assertEqual(got["mango"], {"api_key": "key-1", "api_salt": "***"})
        self.assertEqual(got["megaplan"]["token"], "***")
        self.assertEqual(got["employees"], DOCUMENT["employees"])
        got["popups"] = True
        self.put(json.dumps(got))
        self.assertTrue(json.loads(worker("settings", "get", "acme").stdout)["popups"])
        got["megaplan"]["base_url"] = "https://other.megaplan.ru"
        self.put(json.dumps(got), 3, "megaplan.token: ")
        self.assertEqual(worker("settings", "rm", "acme").returncode, 0)
        gone = worker("settings", "get", "acme")
        self.assertEqual((gone.returncode, gone.stdout), (1, ""))
        self.assertEqual(worker("settings", "rm", "acme").returncode, 1)
        self.put(json.dumps(dict(got, account="acme")), 3, "mango.api_salt: ")

    def test_refusals_write_nothing(self):
        self.put(document())
        before = worker("settings", "get", "acme").stdout
        for changes, path in (({"colour": 1}, "colour: "),
                              ({"employees": [{"megaplan_id": 1}]}, "employees[0].megaplan_id: "),
                              ({"unmapped_employee": "7"}, "unmapped_employee: "),
                              ({"timezone": "Europe/Atlantis"}, "timezone: "),
                              ({"account": "beta"}, "mango.api_key: already used by account acme")):
            self.put(document(**changes), 3, path)
        self.assertEqual(worker("settings", "get", "acme").stdout, before)
        self.assertEqual(self.rows("list"), [{"account": "acme", "enabled": True}])

    def test_rotation(self):
        self.put(document())
        both = {"SECRET_KEY": NEW_KEY, "SECRET_KEY_OLD": OLD_KEY}
        self.assertEqual(self.rows("reseal", **both),
                         [{"summary": {"accounts": 1, "resealed": 1, "failed": 0, "keys": 0}}])
        self.assertEqual(self.rows("reseal", **both),
                         [{"summary": {"accounts": 1, "resealed": 0, "failed": 0, "keys": 0}}])
        self.assertEqual(worker("settings", "reseal").returncode, 3)  # only the old key is there
        shown = worker("settings", "get", "acme").stdout.replace('"key-1"', '"key-3"')
        self.put(shown, SECRET_KEY=NEW_KEY)
        self.put(shown, 3, "mango.api_salt: ")


class Ping(unittest.TestCase):
    def serve(self, status):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == "/healthz" else 404)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "127.0.0.1:%d" % server.server_address[1]

    def test_answers(self):
        # needs no configuration
        self.assertEqual(worker("ping", self.serve(200), SECRET_KEY=None).returncode, 0)
        self.assertEqual(worker("ping", self.serve(503)).returncode, 1)
        self.assertEqual(worker("ping", "127.0.0.1:1").returncode, 1)
        self.assertEqual(worker("ping", "nonsense").returncode, 2)

    def test_silence_ends(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.assertEqual(worker("ping", address).returncode, 1)


if __name__ == "__main__":
    unittest.main()
