#!/usr/bin/env python3
"""deploy/nginx/mangoplan.conf in a real nginx: MANGO's way by TLS 1.2, the page by its own name, nothing else; while two
ingests are killed and restarted in turn every webhook is answered 200, and stands in `events`. The real binaries (BUILD,
default build) on a devbroker; nginx out of Debian's package where it is not installed.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes"), str(ROOT / "deploy/kafka")]

import mango  # noqa: E402
from broker import free_ports, make_secrets  # noqa: E402
from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
PASSWORD = "the page's password"
CALLS, PAGE = "calls.example.org", "settings.example.org"


class Named(http.client.HTTPSConnection):
    """To this machine, by a name of the server's."""

    def __init__(self, port, name, context):
        super().__init__("127.0.0.1", port, timeout=10, context=context)
        self.name = name
        self.context = context

    def connect(self):
        self.sock = self.context.wrap_socket(socket.create_connection((self.host, self.port), 10), server_hostname=self.name)


class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([ROOT / "tests/check/unpacked", "nginx", "usr/sbin/nginx"], stdout=subprocess.PIPE, text=True, check=True)
        cls.program = done.stdout.strip()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-nginx-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port, *self.ports = free_ports(5)
        self.stack = Stack(BUILD, self.folder / "stack", env={"ADMIN_PASSWORD": PASSWORD, "INGEST_TRUSTED_PROXIES": "127.0.0.1/32"})
        self.addCleanup(self.stack.down)
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = base["settings"]
        self.stack.start_outside()
        self.settings["megaplan"]["base_url"] = self.stack.megaplan
        self.document = self.stack.with_pbx(self.settings)
        self.stack.put_settings(self.settings)
        for name, front, page in (("ingest", 0, 1), ("ingest2", 2, 3)):
            self.stack.extra_env.update(INGEST_LISTEN="127.0.0.1:%d" % self.ports[front], ADMIN_LISTEN="127.0.0.1:%d" % self.ports[page])
            self.stack.start_service(name)
        self.start()

    # nginx

    def configured(self):
        """The file as it is, but for addresses, certificates and logs."""
        secrets = self.folder / "secrets"
        make_secrets(secrets)
        text = (ROOT / "deploy/nginx/mangoplan.conf").read_text(encoding="utf-8")
        for old, new in ((8080, self.ports[0]), (8081, self.ports[1]), (8082, self.ports[2]), (8083, self.ports[3])):
            text, n = re.subn(r"^(    server 127\.0\.0\.1:)%d\b" % old, r"\g<1>%d" % new, text, flags=re.M)
            self.assertEqual(n, 1, old)
        for old, new, times in (("listen 443 ssl", "listen 127.0.0.1:%d ssl" % self.port, 2), ("/etc/ssl/mangoplan/fullchain.pem", secrets / "server.pem", 2),
                                ("/etc/ssl/mangoplan/privkey.pem", secrets / "server.key", 2), ("/var/log/nginx", self.folder, 2)):
            self.assertEqual(text.count(old), times, old)
            text = text.replace(old, str(new))
        return text

    def start(self):
        temps = "".join("%s_temp_path %s/%s;\n" % (name, self.folder, name) for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = self.folder / "nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""
        main.write_text("%spid %s/pid;\nerror_log stderr;\ndaemon off;\nevents {}\nhttp {\n%s%s}\n" % (
            user, self.folder, temps, self.configured()), encoding="utf-8")
        argv = [self.program, "-p", self.folder, "-c", main, "-e", "stderr"]
        tried = subprocess.run([*argv, "-t"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(tried.returncode, 0, tried.stdout)
        self.assertNotIn("warn", tried.stdout)
        with open(self.folder / "nginx.log", "wb") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        self.context = ssl.create_default_context(cafile=self.folder / "secrets/ca.pem")
        self.context.check_hostname = False  # the certificate is one of tests, for this machine
        self.context.minimum_version = self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        wait_for("nginx", lambda: self.ask(CALLS, "GET", "/")[0] == 404, 10, 0.1)

    def ask(self, name, method, path, body=None, headers=None):
        connection = Named(self.port, name, self.context)
        try:
            connection.request(method, path, body, {"Host": name, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        except ConnectionRefusedError:
            return 0, b"", {}
        finally:
            connection.close()

    # tests

    def body(self, webhook):
        keys = self.document["mango"]
        return mango.form(keys["api_key"], keys["api_salt"], mango.write_json(webhook.doc))

    def test_names_and_paths(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        webhook = Call({"name": "a", "shape": "missed", "number": "79161234501"}, "n").webhooks[0]
        self.assertEqual(self.ask(CALLS, "POST", "/" + webhook.path, self.body(webhook), form)[0], 200)
        self.assertEqual(self.ask(CALLS, "POST", "/" + webhook.path, self.body(webhook).replace(b"sign=", b"sign=0"), form)[0], 401)
        self.assertEqual(self.ask(CALLS, "POST", "/" + webhook.path, b"x" * 300000, form)[0], 413)
        for path in ("/admin/", "/api/accounts", "/metrics", "/healthz"):
            self.assertEqual(self.ask(CALLS, "GET", path)[0], 404, path)
        status, page, _ = self.ask(PAGE, "GET", "/admin/")
        self.assertEqual((status, b"<html" in page), (200, True))
        self.assertEqual(self.ask(PAGE, "GET", "/api/accounts")[0], 401)
        self.assertEqual(self.ask(PAGE, "POST", "/" + webhook.path, self.body(webhook), form)[0], 404)
        login = json.dumps({"password": PASSWORD}).encode()
        status, said, headers = self.ask(PAGE, "POST", "/api/session", login, {
            "Content-Type": "application/json", "Origin": "https://" + PAGE})
        self.assertEqual(status, 200, said)
        self.assertIn("Secure", headers["Set-Cookie"])

    def test_each_webhook_is_taken(self):
        """One of two ingests is killed, the other restarted: 200 for each, each in `events`."""
        self.sent, self.statuses, over = [], [], threading.Event()
        sender = threading.Thread(target=self.send_on, args=(over,))
        sender.start()
        try:
            for name, gentle in (("ingest", False), ("ingest2", True), ("ingest", True), ("ingest2", False)):
                self.some_more(20)
                service = self.stack.services[name]
                service.end() if gentle else service.kill()
                self.some_more(20)
                self.stack.extra_env.update(zip(("INGEST_LISTEN", "ADMIN_LISTEN"), (
                    "127.0.0.1:%d" % port for port in (self.ports[:2] if name == "ingest" else self.ports[2:]))))
                service.start()
                service.await_ready()
        finally:
            over.set()
            sender.join()
        self.assertEqual(set(self.statuses), {200})
        found = lambda: {m.doc.get("entry_id") for m in list(self.stack.topics.messages["events"]) if m.doc}  # noqa: E731
        self.stack.up([self.settings], services=(), put=False)
        wait_for("all in events", lambda: set(self.sent) <= found(), 20)

    def send_on(self, over):
        while not over.is_set():
            call = Call({"name": "c%d" % len(self.sent), "shape": "missed", "number": "79161234501"}, "n")
            self.statuses.append(self.ask(CALLS, "POST", "/" + call.webhooks[0].path, self.body(call.webhooks[0]), {
                "Content-Type": "application/x-www-form-urlencoded"})[0])
            self.sent.append(call.entry)
            time.sleep(0.01)

    def some_more(self, count):
        until = len(self.statuses) + count
        wait_for("webhooks", lambda: len(self.statuses) >= until, 30, 0.05)


if __name__ == "__main__":
    unittest.main()
