#!/usr/bin/env python3
"""ingest as a program: starting, refusing to start, many connections at once, Kafka that stops
answering, and its end. Runs the real ingest (BUILD, default build) on a devbroker."""

import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
INGEST = str(pathlib.Path(BUILD).resolve() / "ingest")
KEY = "acme-key-0123456789"
SALT = "acme-salt-9876543210"


def webhook(entry, path="/events/sms", close=False):
    body = mango.form(KEY, SALT, json.dumps({"entry_id": entry}).encode(), "plus", None)
    head = ("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: %d\r\n%s\r\n" % (path, len(body), "Connection: close\r\n" if close else ""))
    return head.encode() + body


class Running(unittest.TestCase):
    """Each test has a system of its own: they freeze and kill it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-ingest-")
        self.stack = Stack(BUILD, self.folder, env={"LOG_LEVEL": "info"})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.stack.start_outside()
        base["settings"]["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([base["settings"]], ["ingest"])
        self.ingest = self.stack.services["ingest"]
        self.broker = next(p for p in self.stack.processes if p.name == "devbroker")

    def tearDown(self):
        self.broker.cont()
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def connect(self):
        host, _, port = self.ingest.front.rpartition(":")
        made = socket.create_connection((host, int(port)), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def post(self, entry, sock=None):
        """(status, seconds); status 0 when it is closed without an answer."""
        begun = time.monotonic()
        own = sock is None
        sock = sock or self.connect()
        try:
            sock.sendall(webhook(entry))
            got = sock.recv(4096)
        except OSError:
            got = b""
        if own:
            sock.close()
        return (int(got.split(b" ")[1]) if got else 0), time.monotonic() - begun

    def closed_loop(self, connections, seconds):
        """Answers per second when every connection sends its next webhook at once."""
        socks = [self.connect() for _ in range(connections)]
        data = webhook("crowd")
        count = 0
        with selectors.DefaultSelector() as ready:
            for sock in socks:
                ready.register(sock, selectors.EVENT_READ)
                sock.sendall(data)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for key, _ in ready.select(0.1):
                    got = key.fileobj.recv(4096)
                    self.assertTrue(got.startswith(b"HTTP/1.1 200"), got[:60])
                    count += 1
                    key.fileobj.sendall(data)
        for sock in socks:
            sock.close()
        return count / seconds

    def test_no_count_of_connections_stalls(self):
        """libmicrohttpd's own epoll loop answers 30 to 150 a second at 128 and 256."""
        usual = self.closed_loop(120, 2)
        for connections in (127, 128, 129, 256, 257, 384, 512):
            rate = self.closed_loop(connections, 1.5)
            self.assertGreater(rate, min(1000, usual / 4), "at %d connections" % connections)

    def test_kafka_stands_still(self):
        self.assertEqual(self.post("before")[0], 200)
        self.broker.stop()
        crowd = [self.connect() for _ in range(400)]
        begun = time.monotonic()
        for n, sock in enumerate(crowd):
            sock.sendall(webhook("frozen-%d" % n))
        answers = [sock.recv(4096).split(b" ")[1] for sock in crowd]
        self.assertLess(time.monotonic() - begun, 5.5)
        self.assertEqual(set(answers), {b"503"})
        wait_for("readiness to go", lambda: not self.ingest.ready(), 5)
        self.broker.cont()
        # the same connections go on
        wait_for("webhooks to be kept again", lambda: self.post("after", crowd[0])[0] == 200, 20, 0.5)
        wait_for("readiness to come back", self.ingest.ready, 20)
        for sock in crowd:
            sock.close()

    def test_ends_in_order(self):
        """SIGTERM: what is in flight is answered, new connections are not taken, exit 0."""
        self.broker.stop()
        sock = self.connect()
        sock.sendall(webhook("in-flight"))
        time.sleep(0.3)
        self.ingest.signal(signal.SIGTERM)
        wait_for("the port to close", self.is_closed, 5)
        self.broker.cont()
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200"))
        self.ingest.popen.wait(20)
        self.assertEqual(self.ingest.popen.returncode, 0)
        sock.close()

    def is_closed(self):
        try:
            self.connect().close()
            return False
        except OSError:
            return True

    def test_answered_is_kept(self):
        """kill -9 in the middle: every webhook that was answered 200 is in Kafka."""
        acked, stop = [], threading.Event()

        def sender(number):
            n = 0
            sock = self.connect()
            while not stop.is_set():
                n += 1
                status, _ = self.post("kill-%d-%d" % (number, n), sock)
                if status != 200:
                    break
                acked.append("kill-%d-%d" % (number, n))
            sock.close()

        threads = [threading.Thread(target=sender, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        wait_for("webhooks to flow", lambda: len(acked) > 500, 30)
        self.ingest.kill()
        stop.set()
        for thread in threads:
            thread.join()
        events = self.stack.topics.messages["events"]

        def missing():
            return set(acked) - {(m.key or "").partition("/")[2] for m in list(events)}
        wait_for(lambda: "%d of %d in Kafka" % (len(missing()), len(acked)), lambda: not missing(), 15)

    def test_idle_and_half_sent_are_closed(self):
        whole = webhook("slow")
        idle, half, kept = self.connect(), self.connect(), self.connect()
        half.sendall(whole[:40])
        self.assertEqual(self.post("once", kept)[0], 200)
        begun = time.monotonic()
        self.assertEqual(idle.recv(10), b"")
        self.assertEqual(half.recv(4096), b"")
        self.assertLess(time.monotonic() - begun, 15)
        self.assertEqual(self.post("twice", kept)[0], 200, "between webhooks a connection may rest")
        for sock in (idle, half, kept):
            sock.close()

    def test_pipelined(self):
        sock = self.connect()
        sock.sendall(webhook("p1") + webhook("p2") + webhook("p3", close=True))
        got = b""
        while True:
            part = sock.recv(4096)
            if not part:
                break
            got += part
        sock.close()
        self.assertEqual(got.count(b"HTTP/1.1 200"), 3)


class Starting(unittest.TestCase):
    """Command line and configuration; nothing listens, no broker."""

    def run_ingest(self, *arguments, **env):
        base = {"PATH": os.environ["PATH"], "SECRET_KEY": "5a" * 32, "INGEST_LISTEN": "127.0.0.1:0",
                "OPS_LISTEN": "127.0.0.1:0", "KAFKA_BROKERS": "127.0.0.1:1", "INGEST_SPOOL": ""}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]
        base.update({name: value for name, value in env.items() if value is not None})
        made = subprocess.run([INGEST, *arguments], env=base, capture_output=True, text=True, timeout=30,
                              check=False)
        return made.returncode, made.stdout, made.stderr

    def refused(self, word, **env):
        code, _, said = self.run_ingest(**env)
        self.assertEqual(code, 3, said)
        self.assertIn(word, said)

    def test_says_what_it_is(self):
        code, out, _ = self.run_ingest("--help")
        self.assertEqual(code, 0)
        self.assertIn("INGEST_LISTEN", out)
        code, out, _ = self.run_ingest("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^ingest \d+\.\d+")
        code, out, _ = self.run_ingest("--check")
        self.assertEqual(code, 0)
        self.assertIn("INGEST_LISTEN=127.0.0.1:0", out)
        self.assertNotIn("5a5a", out)
        self.assertEqual(self.run_ingest("--nonsense")[0], 2)
        self.assertEqual(self.run_ingest("--help", "more")[0], 2)

    def test_refuses_to_start(self):
        self.refused("SECRET_KEY", SECRET_KEY="short")
        self.refused("INGEST_NONSENSE", INGEST_NONSENSE="1")
        self.refused("INGEST_LISTEN", INGEST_LISTEN="nowhere")
        self.refused("INGEST_ALLOW_FROM", INGEST_ALLOW_FROM="10.0.0.0/99")
        self.refused("INGEST_TRUSTED_PROXIES", INGEST_TRUSTED_PROXIES="proxy")
        self.refused("ADMIN_PASSWORD", ADMIN_LISTEN="127.0.0.1:0")
        with tempfile.NamedTemporaryFile() as file:
            self.refused("INGEST_TLS", INGEST_TLS_CERT=file.name, INGEST_TLS_KEY=file.name)

    def test_taken_ports(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            self.refused("INGEST_LISTEN", INGEST_LISTEN=address)
            self.refused("OPS_LISTEN", OPS_LISTEN=address)

    def test_without_kafka(self):
        """It goes on trying, answers 503, is alive but not ready, and ends when told to."""
        folder = tempfile.mkdtemp(prefix="mangoplan-ingest-")
        stack = Stack(BUILD, folder, brokers="127.0.0.1:1")
        try:
            stack.start_outside()
            ingest = stack.start_service("ingest", wait=False)
            ingest.await_ports()
            self.assertFalse(ingest.ready())
            host, _, port = ingest.front.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as sock:
                sock.sendall(webhook("early"))
                self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 503"))
            ingest.signal(signal.SIGTERM)
            ingest.popen.wait(15)
            self.assertEqual(ingest.popen.returncode, 0)
        finally:
            stack.down()
            shutil.rmtree(folder, ignore_errors=True)
        self.assertFalse(stack.problems())


if __name__ == "__main__":
    unittest.main()
