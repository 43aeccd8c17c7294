#!/usr/bin/env python3
"""ingest's spool with real binaries (BUILD, default build) on a devbroker that is frozen, or not there at the
start: every webhook answered 200 is in `events` in the end, byte for byte and in its call's order; nobody waits
over 5 s; without Kafka signatures are checked by the settings that were kept."""

import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
from crowd import Crowd  # noqa: E402
from process import fetch, wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
MESSAGES = "mangoplan_spool_messages"
IN_TIME_S = 5.0


class Spool(unittest.TestCase):
    """Each test has a system of its own: they freeze and kill it."""

    ENV = {}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-spool-"))
        self.file = self.folder / "spool.db"
        self.stack = Stack(BUILD, self.folder, env={"LOG_LEVEL": "info", "INGEST_SPOOL": str(self.file),
                                                    **self.ENV})
        self.document = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
        self.stack.start_outside()
        self.document["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([self.document], ["ingest"])
        self.ingest = self.stack.services["ingest"]
        self.broker = next(p for p in self.stack.processes if p.name == "devbroker")
        self.crowds = []

    def tearDown(self):
        for crowd in self.crowds:
            crowd.ending.set()
        self.broker.cont()
        self.stack.down()
        problems = self.stack.problems()
        if os.environ.get("KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    # words

    def crowd(self, rate=200, name="crowd", document=None):
        made = Crowd([self.ingest.front], document or self.document, rate, name).start()
        self.crowds.append(made)
        return made

    def events(self):
        return self.stack.topics.messages["events"]

    def spooled(self):
        return self.ingest.metrics().get(MESSAGES, 0)

    def checks(self):
        return json.loads(fetch("http://%s/readyz" % self.ingest.ops)[1])

    def await_spooled(self, count):
        wait_for(lambda: "%d webhooks in the spool" % count, lambda: self.spooled() >= count, 20)

    def await_empty(self):
        wait_for(lambda: "an empty spool, it has %s; %s" % (self.spooled(), self.checks()),
                 lambda: self.spooled() == 0 and self.checks()["status"] == "ok", 40, 0.1)

    def restart(self, wait=True):
        self.ingest = self.stack.start_service("ingest", wait=False)
        self.ingest.await_ports()
        for crowd in self.crowds:
            crowd.fronts = [self.ingest.front]
        if wait:
            wait_for("ingest to be ready", self.ingest.ready, 20)

    def judge(self, *crowds, only_200=True):
        """Ends the crowds; everything they were told is kept is in the topic, whole and in order."""
        for crowd in crowds:
            crowd.stop()
            wait_for(lambda: "%d of %d in events" % (len(crowd.missing(self.events())), len(crowd.answered())),
                     lambda: not crowd.missing(self.events()), 30, 0.2)
            self.assertGreater(len(crowd.answered()), 50)
            self.assertEqual(crowd.spoilt(self.events()), [])
            self.assertEqual(crowd.disordered(self.events()), [])
            self.assertLess(crowd.worst(), IN_TIME_S)
            if only_200:
                self.assertEqual(set(crowd.statuses()), {200}, crowd.statuses())

    def post(self, document, entry="one", path="/events/call"):
        text = json.dumps({"entry_id": entry}).encode()
        body = mango.form(document["mango"]["api_key"], document["mango"]["api_salt"], text, "plus", None)
        host, _, port = self.ingest.front.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: %d\r\n\r\n" % (path, len(body))).encode() + body)
            return int(sock.recv(4096).split(b" ")[1])


class Frozen(Spool):
    def test_kafka_stands_still(self):
        crowd = self.crowd()
        time.sleep(1)
        self.broker.stop()
        self.await_spooled(300)
        self.assertEqual(self.checks()["status"], "degraded")
        self.assertEqual(self.checks()["checks"], {"kafka": "degraded", "settings": "ok", "spool": "ok"})
        self.assertTrue(self.ingest.ready())
        metrics = self.ingest.metrics()
        self.assertGreater(metrics["mangoplan_spool_oldest_seconds"], 1)
        self.assertGreater(metrics['mangoplan_webhooks_total{kind="call",result="spooled"}'], 300)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        frozen_until = time.time()
        self.broker.cont()
        self.await_empty()
        self.judge(crowd)
        self.assertEqual(self.ingest.metrics()["mangoplan_spool_oldest_seconds"], 0)
        # what waited keeps the time of its receipt
        for _, _, headers in crowd.places(self.events()).values():
            self.assertEqual(headers["origin"], "live")
        early = min(headers["received-at"] for _, _, headers in crowd.places(self.events()).values())
        self.assertLess(early, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(frozen_until)))
        self.assertLess(self.file.stat().st_size, 200_000, "an empty spool gives its space back")

    def test_kafka_comes_and_goes(self):
        crowd = self.crowd()
        for seconds in (3.5, 4.2, 0.5, 3.1):
            self.broker.stop()
            time.sleep(seconds)
            self.broker.cont()
            time.sleep(0.7)  # in the middle of draining
        self.await_empty()
        self.judge(crowd)

    def test_ingest_is_killed(self):
        """kill -9 in every state: what was answered 200 is in Kafka or in the file."""
        crowd = self.crowd()
        time.sleep(0.5)
        self.ingest.kill()  # straight to Kafka
        self.restart()
        self.broker.stop()
        time.sleep(1.5)
        self.ingest.kill()  # in flight
        self.restart()
        self.await_spooled(300)
        self.ingest.kill()  # to the file
        self.restart()
        self.await_spooled(500)
        self.broker.cont()
        time.sleep(0.2)
        self.ingest.kill()  # while draining
        self.restart()
        self.await_empty()
        self.judge(crowd, only_200=False)
        self.assertEqual(set(crowd.statuses()), {0, 200}, crowd.statuses())

    def test_ends_in_order_with_a_full_spool(self):
        crowd = self.crowd()
        self.broker.stop()
        self.await_spooled(200)
        self.ingest.signal(signal.SIGTERM)
        self.ingest.popen.wait(20)
        self.assertEqual(self.ingest.popen.returncode, 0)
        self.ingest.killed = True
        crowd.stop()
        self.broker.cont()
        self.restart()
        self.await_empty()
        self.judge(crowd, only_200=False)

    def test_a_full_disk(self):
        """503 for what cannot be kept; when Kafka is back it is tried for them too."""
        crowd = self.crowd(100)
        self.broker.stop()
        self.await_spooled(200)
        pid, limit = self.ingest.popen.pid, self.file.stat().st_size
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(limit, 4096), resource.RLIM_INFINITY))
        wait_for("webhooks to be refused", lambda: 503 in crowd.statuses(), 20)
        wait_for("readiness to say so", lambda: self.checks()["checks"]["spool"] == "degraded", 5)
        self.assertFalse(self.ingest.ready())
        self.broker.cont()
        wait_for("webhooks to be stored again", lambda: self.post(self.document) == 200, 20, 0.2)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self.await_empty()
        self.judge(crowd, only_200=False)
        self.assertEqual(set(crowd.statuses()), {503, 200}, crowd.statuses())


class Apart(Spool):
    """A start without Kafka: its address leads nowhere."""

    def without_kafka(self):
        self.ingest.env["KAFKA_BROKERS"] = "127.0.0.1:1"

    def test_signatures_are_checked_without_kafka(self):
        wait_for("the settings' copy", lambda: self.post(self.document) == 200, 10)
        self.ingest.end()
        self.without_kafka()
        self.restart()
        self.assertEqual(self.checks()["status"], "degraded")
        crowd = self.crowd(100)
        self.await_spooled(200)
        wrong = dict(self.document, mango=dict(self.document["mango"], api_salt="wrong" * 6))
        self.assertEqual(self.post(wrong), 401)
        stranger = dict(self.document, mango={"api_key": "nobody" * 5, "api_salt": "wrong" * 6})
        self.assertEqual(self.post(stranger), 401)
        self.assertEqual(self.post(self.document, path="/events/ping"), 200)
        for path in self.folder.glob("spool.db*"):
            for secret in (self.document["mango"]["api_salt"], self.document["megaplan"]["token"]):
                self.assertFalse(secret.encode() in path.read_bytes(), "a secret in the clear")
        crowd.stop()
        self.ingest.kill()
        self.ingest.env["KAFKA_BROKERS"] = self.stack.brokers
        self.restart()
        self.await_empty()
        self.judge(crowd)

    def test_the_topic_wins(self):
        """What was removed, or changed, while ingest was away holds as soon as Kafka is there."""
        other = dict(self.document, account="other", mango=dict(
            self.document["mango"], api_key="other-key-0123456789", api_salt="other-salt-0123456789"))
        self.stack.put_settings(other)
        wait_for("the second account", lambda: self.post(other) == 200, 10)
        self.ingest.end()
        changed = dict(self.document, mango=dict(self.document["mango"], api_salt="changed-salt-01234567"))
        self.stack.put_settings(changed)
        self.stack.tool("settings", "rm", "other")
        broker = self.ingest.env["KAFKA_BROKERS"]
        self.without_kafka()
        self.restart()
        self.assertEqual([self.post(d) for d in (self.document, other, changed)], [200, 200, 401])
        self.ingest.end()
        self.ingest.env["KAFKA_BROKERS"] = broker
        self.restart()
        self.await_empty()
        self.assertEqual([self.post(d) for d in (self.document, other, changed)], [401, 401, 200])
        self.ingest.end()
        self.without_kafka()
        self.restart()
        self.assertEqual([self.post(d) for d in (self.document, other, changed)], [401, 401, 200])

    def test_a_second_ingest(self):
        env = {"PATH": os.environ["PATH"], **self.stack.env()}
        made = subprocess.run([str(pathlib.Path(BUILD).resolve() / "ingest")], env=env, capture_output=True,
                              text=True, timeout=30, check=False)
        self.assertEqual(made.returncode, 3, made.stderr)
        self.assertIn("INGEST_SPOOL", made.stderr)
        self.assertIn("another process", made.stderr)

    def test_a_damaged_file(self):
        """Moved aside, told loudly, and ingest starts; once, not again and again."""
        self.assertEqual(self.post(self.document), 200)
        self.ingest.end()
        self.file.write_bytes(os.urandom(20000))
        self.restart()
        self.await_empty()
        self.assertEqual(self.post(self.document), 200)
        self.assertTrue(list(self.folder.glob("spool.db.damaged-*")))
        self.assertIn("damaged", self.ingest.log.read_text(encoding="utf-8"))
        self.ingest.end()
        self.without_kafka()
        self.restart()
        self.assertEqual(self.post(self.document), 200, "the settings are kept in the new file")
        self.assertEqual(len(list(self.folder.glob("spool.db.damaged-*"))), 1)


class Off(Spool):
    """INGEST_SPOOL empty: as if there were none."""

    ENV = {"INGEST_SPOOL": ""}

    def test_without_a_spool(self):
        crowd = self.crowd(50)
        time.sleep(0.5)
        self.broker.stop()
        wait_for("webhooks to be refused", lambda: 503 in crowd.statuses(), 20)
        wait_for("readiness to go", lambda: not self.ingest.ready(), 5)
        self.assertEqual(self.checks()["checks"], {"kafka": "fail", "settings": "ok"})
        self.broker.cont()
        wait_for("readiness to come back", self.ingest.ready, 20)
        crowd.stop()
        self.assertLess(crowd.worst(), IN_TIME_S)
        self.assertEqual(set(crowd.statuses()), {200, 503}, crowd.statuses())
        wait_for("what was answered 200", lambda: not crowd.missing(self.events()), 20)
        self.assertFalse(list(self.folder.glob("spool*")))


if __name__ == "__main__":
    unittest.main()
