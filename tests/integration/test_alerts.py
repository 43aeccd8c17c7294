#!/usr/bin/env python3
"""Alerts through the real programs (BUILD, default build) on a devbroker: what is wrong is posted to alert_url, signed by the key
that `worker settings alert-key` shows, and again when it is over, and a task in Megaplan tells it; an owner that takes over neither repeats nor forgets."""

import copy
import hashlib
import hmac
import http.server
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

import records  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
KEYS = ["v", "id", "account", "cause", "state", "since", "text", "remedy"]


class Receiver:
    """Keeps what is posted; answers the first `refuse` messages with 503."""

    def __init__(self, refuse):
        self.got = []
        self.refused = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refuses = receiver.refused < refuse
                receiver.refused += refuses
                if not refuses:
                    receiver.got.append((dict(self.headers), body))
                self.send_response(503 if refuses else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rows(self):
        return [(row["cause"], row["state"]) for row in (json.loads(body) for _, body in self.got)]


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-alerts-"))
        self.receiver = Receiver(refuse=1)
        self.stack = Stack(BUILD, self.folder, env={"SHUTDOWN_TIMEOUT_S": "3"})
        self.stack.start_outside()
        self.stack.extra_env["OUTBOUND_ALLOW"] = self.stack.env()["OUTBOUND_ALLOW"] + "," + self.receiver.address
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.document = base["settings"]
        self.document["megaplan"]["base_url"] = self.stack.megaplan
        self.document["alert_url"] = "http://%s/hook" % self.receiver.address
        self.document["alert_after_minutes"] = 1
        self.document["alert_responsible"] = "1000005"
        self.stack.control.ask("seed", base["megaplan"])

    def tearDown(self):
        self.stack.down()
        self.receiver.server.shutdown()
        self.receiver.server.server_close()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def job(self, entry, data):
        number = "7916%07d" % len(entry)
        step = {"id": entry + ":client", "kind": "client", "entry_id": entry, "number": number, "rule": "G3", "data": data}
        self.stack.write("jobs", "acme", records.job_record("acme", step, time.time()))

    def tasks(self):
        return self.stack.control.state()["Task"]

    def check(self, message, key):
        headers, body = message
        at = headers["X-Mangoplan-Timestamp"]
        self.assertLess(abs(time.time() - int(at)), 300)
        expected = hmac.new(key.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Mangoplan-Signature"], "sha256=" + expected)
        row = json.loads(body)
        self.assertEqual(list(row), KEYS)
        self.assertEqual((row["v"], row["account"]), (1, "acme"))
        self.assertTrue(row["remedy"])
        return row

    def test_a_wrong_token_is_told_and_that_it_was_mended(self):
        wrong = copy.deepcopy(self.document)
        wrong["megaplan"]["token"] = "no-such-token"
        self.stack.up([wrong], ("crm",), follow=False)
        key = self.stack.tool("settings", "alert-key", "acme").strip().splitlines()[-1]
        client = {"name": "N", "phone": "+79160000003", "responsible": "1000005", "employee": "P", "extension": "123",
                  "direction": "in", "line": "74950000000"}
        self.job("one", client)      # held by the wrong token
        begun = time.time()
        wait_for("the alert", lambda: ("megaplan_credentials", "open") in self.receiver.rows(), 100)
        self.assertGreater(time.time() - begun, 55)
        self.assertEqual(self.receiver.refused, 1)  # and was told again
        self.stack.services["crm"].kill()           # the next owner knows what was told
        self.stack.start_service("crm")
        self.stack.control.ask("faults", [{"path": "/contractorHuman", "method": "POST", "status": 422, "times": 3}])
        self.stack.put_settings(self.document)      # it works, and refuses what was held: a dead letter
        wait_for("its end", lambda: ("megaplan_credentials", "closed") in self.receiver.rows(), 120)
        rows = [self.check(message, key) for message in self.receiver.got]
        mine = [row for row in rows if row["cause"] == "megaplan_credentials"]
        self.assertEqual([row["state"] for row in mine], ["open", "closed"])
        self.assertEqual(mine[0]["since"], mine[1]["since"])
        self.assertEqual(len({row["id"] for row in rows}), len(rows))
        wait_for("the dead letter", lambda: ("dead_letters", "open") in self.receiver.rows(), 90)
        wait_for("its task", lambda: self.tasks(), 30)
        self.assertEqual([(t["responsible"]["id"], t["status"]) for t in self.tasks()], [("1000005", "assigned")])
        self.assertIn("MANGO alert-dead_letters-", self.tasks()[0]["statement"])
        self.stack.tool("dead", "send", "--all", "--yes")
        wait_for("the end of the dead letter", lambda: ("dead_letters", "closed") in self.receiver.rows(), 120)
        wait_for("the end of its task", lambda: self.tasks()[0]["status"] not in ("assigned", "accepted"), 30)
        self.assertEqual(len(self.tasks()), 1)
        self.assertNotIn(b"7916", b"".join(body for _, body in self.receiver.got))  # nobody's number


if __name__ == "__main__":
    unittest.main(verbosity=2)
