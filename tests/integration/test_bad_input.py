#!/usr/bin/env python3
"""Bad input at ingest's port: each kind gets the contract's answer, and ingest neither grows nor stalls.

Runs the real ingest and worker calls (BUILD, default build) on a devbroker. Stays clear of 20 refused
signatures a minute until the test of that very limit, which runs last.
"""

import json
import os
import pathlib
import resource
import selectors
import shutil
import socket
import sys
import tempfile
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
FORM = "application/x-www-form-urlencoded"
LIMIT = 256 * 1024
KEY = "acme-key-0123456789"
SALT = "acme-salt-9876543210"
STACK = None
FOLDER = None
STORED = 0  # webhooks answered 200: as many must stand in events, no more, no less


def setUpModule():
    global STACK, FOLDER
    FOLDER = tempfile.mkdtemp(prefix="mangoplan-bad-input-")
    # a small quarantine: sanitized builds must show flat memory too
    asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
    STACK = Stack(BUILD, FOLDER, env={"ASAN_OPTIONS": asan, "LOG_LEVEL": "info"})
    base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
    STACK.start_outside()
    base["settings"]["megaplan"]["base_url"] = STACK.megaplan
    STACK.up([base["settings"]], ["ingest", "calls"])


def tearDownModule():
    STACK.down()
    problems = STACK.problems()
    shutil.rmtree(FOLDER, ignore_errors=True)
    if problems:
        raise AssertionError("\n".join(problems))


def address():
    host, _, port = STACK.services["ingest"].front.rpartition(":")
    return host, int(port)


def connect():
    made = socket.create_connection(address(), timeout=15)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def exchange(data, timeout=15):
    """Sends raw bytes, reads what comes: (status or 0, everything read)."""
    with connect() as sock:
        sock.settimeout(timeout)
        try:
            sock.sendall(data)
        except OSError:
            pass  # refused before all was sent: the answer may still be there
        got = b""
        try:
            while b"\r\n\r\n" not in got:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
        except OSError:
            pass
    first = got.split(b"\r\n", 1)[0].split(b" ")
    answer = int(first[1]) if len(first) > 1 and first[1].isdigit() else 0
    count_stored(answer == 200 and b" /events/ping " not in data[:100])
    return answer, got


def count_stored(number):
    global STORED
    STORED += number


def wait_stored():
    """Until as many events are in Kafka as were answered 200."""
    events = STACK.topics.messages["events"]
    wait_for(lambda: "%d events, found %d" % (STORED, len(events)), lambda: len(events) >= STORED, 15)


def request(body, path="/events/call", method="POST", kind=FORM, extra=b"", length=True, host=b"x"):
    head = b"%s %s HTTP/1.1\r\n" % (method.encode(), path.encode())
    if host is not None:
        head += b"Host: " + host + b"\r\n"
    if kind:
        head += b"Content-Type: " + kind.encode() + b"\r\n"
    if length:
        head += b"Content-Length: %d\r\n" % len(body)
    return head + extra + b"Connection: close\r\n\r\n" + body


def signed(text, key=KEY, salt=SALT, sign=None):
    return mango.form(key, salt, text if isinstance(text, bytes) else text.encode(), "plus", sign)


def status(*args, **more):
    return exchange(request(*args, **more))[0]


def good_event(entry="good"):
    return signed(json.dumps({"entry_id": entry, "call_id": "c", "seq": 1, "call_state": "Appeared",
                              "timestamp": int(time.time()), "location": "abonent",
                              "from": {"number": "79990001122"}, "to": {"extension": "123"}}))


class Refused(unittest.TestCase):
    """Answers that store nothing."""

    def tearDown(self):
        self.assertEqual(status(good_event("after-" + self.id())), 200)
        wait_stored()
        self.assertEqual(len(STACK.topics.messages["events"]), STORED)

    def test_not_a_form(self):
        whole = good_event()
        for body, kind in ((b"{}", "application/json"), (whole, "application/json"),
                           (whole, "multipart/form-data; boundary=x"), (b"", FORM), (b"&&&=", FORM),
                           (b"{}", None), (b"\x00\xff\xfe" * 100, FORM), (b"a" * 1000, FORM),
                           (b"&".join(b"f%d=1" % n for n in range(5000)), FORM)):
            self.assertEqual(status(body, kind=kind), 400, (kind, body[:40]))

    def test_parts_missing(self):
        fields = good_event().split(b"&")
        for n in range(3):
            body = b"&".join(fields[:n] + fields[n + 1:])
            self.assertEqual(status(body), 400, body[:60])

    def test_bad_percent_signs(self):
        for tail in (b"%", b"%1", b"%zz", b"%-1"):
            self.assertIn(status(good_event() + tail), (400, 401), tail)

    def test_signature(self):
        text = b'{"entry_id":"x"}'
        true = mango.signature(KEY, text, SALT)
        for body in (signed(text, key="nobody"), signed(text, salt="wrong"), signed(text, sign="0" * 64),
                     signed(text, sign=true[:-1]), signed(text, sign=true + "0"), signed(text, sign="x"),
                     signed(b'{"entry_id":"y"}', sign=true)):
            answer, got = exchange(request(body))
            self.assertEqual(answer, 401, body)
            if body == signed(text, key="nobody"):
                unknown_key = got.split(b"\r\n\r\n")[1:]
            self.assertEqual(got.split(b"\r\n\r\n")[1:], unknown_key, "one answer for both")

    def test_too_large(self):
        text = json.dumps({"entry_id": "large", "x": ""}).encode()
        body = signed(text)
        body = signed(text + b" " * (LIMIT + 1 - len(body)))
        self.assertEqual(len(body), LIMIT + 1)
        self.assertEqual(status(body), 413)
        huge = request(b"", length=False, extra=b"Content-Length: 10737418240\r\n")
        self.assertEqual(exchange(huge)[0], 413)
        chunk = b"%x\r\n%s\r\n" % (60000, b"a" * 60000)
        head = request(b"", length=False, extra=b"Transfer-Encoding: chunked\r\n")
        self.assertEqual(exchange(head + chunk * 5 + b"0\r\n\r\n")[0], 413)

    def test_method_and_path(self):
        for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"):
            self.assertEqual(status(good_event(), method=method), 405, method)
        for path in ("/", "/event/call", "/events", "/result", "/admin/", "/metrics",
                     "/healthz"):
            self.assertEqual(status(good_event(), path=path), 404, path)

    def test_ambiguous(self):
        body = good_event()
        count = b"Content-Length: %d\r\n" % len(body)
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        for data in (request(body, extra=count),
                     request(body, extra=b"Content-Length: 3\r\n"),
                     request(chunked, length=False, extra=count + b"Transfer-Encoding: chunked\r\n"),
                     request(chunked, length=False, extra=b"Transfer-Encoding: chunked\r\n" + count),
                     request(body, host=None), request(body, extra=b"Host: y\r\n"),
                     request(body, length=False, extra=b"Content-Length: +%d\r\n" % len(body)),
                     request(body, length=False, extra=b"Content-Length: -1\r\n")):
            answer, got = exchange(data)
            self.assertEqual(answer, 400, data[:200])
        smuggled = request(body, extra=b"Content-Length: 0\r\n").replace(b"Connection: close\r\n", b"")
        with connect() as sock:
            sock.sendall(smuggled)
            sock.settimeout(15)
            got = b""
            while True:
                part = sock.recv(65536)
                if not part:
                    break  # closed: what follows is nobody's request
                got += part
        self.assertTrue(got.startswith(b"HTTP/1.1 400"), got[:100])
        self.assertEqual(got.count(b"HTTP/1.1 "), 1)

    def test_not_http(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"\r\n" * 50,
                     b"POST /events/call HTTP/9.9\r\nHost: x\r\n\r\n",
                     b"POST /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     request(b"", extra=b"X: " + b"b" * 70000 + b"\r\n")):
            self.assertNotIn(exchange(data, 3)[0], (200,), data[:60])


class Kept(unittest.TestCase):
    """Signed webhooks are answered 200 and kept, whatever they say; calls puts aside what it must."""

    def stored(self, text, path="/events/call"):
        text = text if isinstance(text, bytes) else text.encode()
        self.assertEqual(status(signed(text), path=path), 200, text[:80])

    def dead(self, text, stage="calls"):
        def found():
            return [m for m in list(STACK.topics.messages["dead"]) if m.value == text]
        row = wait_for("a dead letter of %r" % text[:60], found, 15)[0]
        self.assertEqual(row.headers["__connect.errors.stage"], stage)
        self.assertTrue(row.headers["__connect.errors.topic"].endswith("events"))
        self.assertTrue(row.headers["__connect.errors.exception.message"])

    def test_cannot_be_decoded(self):
        deep = '{"entry_id":' * 3000
        for text in ("not json", '{"entry_id":"e1"', '{"entry_id":"e2","call_id":}', "[]", '"text"',
                     "null", "{}", deep, "[" * 60000, '{"entry_id":5,"call_state":"Appeared"}',
                     '{"call_id":"c","seq":1,"call_state":"Appeared","timestamp":1}',
                     '{"entry_id":"","call_id":"c","seq":1,"call_state":"Appeared","timestamp":1}',
                     '{"entry_id":"%s","call_id":"c","seq":1,"call_state":"Appeared"}' % ("e" * 129)):
            self.stored(text)
            self.dead(text)

    def test_bytes_that_are_no_text(self):
        self.stored(b'{"entry_id":"b1","call_id":"\xff\xfe","seq":1,"call_state":"Appeared"}')
        wait_for("a dead letter of bytes", lambda: any(
            (m.key or "").startswith("acme/") and '"b1"' in (m.value or "")
            for m in list(STACK.topics.messages["dead"])), 15)

    def test_nobody_needs_it(self):
        for path in ("/events/sms", "/events/unknown/of/tomorrow", "/result/route", "/events/dtmf"):
            text = '{"entry_id":"ignored-%s","command_id":"c1"}' % path.replace("/", "-")
            self.stored(text, path)
            wait_for("an outcome ignored for %s" % path, lambda p=path: any(
                (m.doc or {}).get("result") == "ignored" and "ignored" in m.value
                for m in list(STACK.topics.messages["outcomes"])), 15)
        self.assertFalse([m for m in STACK.topics.messages["dead"] if "ignored-" in (m.value or "")])

    def test_exactly_the_limit(self):
        text = json.dumps({"entry_id": "limit"}).encode()
        text += b" " * (LIMIT - len(signed(text)))
        self.assertEqual(len(signed(text)), LIMIT)
        self.assertEqual(status(signed(text), path="/events/sms"), 200)

    def test_ping_is_not_stored(self):
        self.assertEqual(status(signed("{}"), path="/events/ping"), 200)
        self.stored('{"entry_id":"after-ping"}', "/events/sms")
        wait_stored()
        self.assertEqual(len(STACK.topics.messages["events"]), STORED)


class Patience(unittest.TestCase):
    """Slow and many clients do not hinder the honest ones."""

    def quick(self):
        begun = time.monotonic()
        self.assertEqual(status(good_event()), 200)
        self.assertLess(time.monotonic() - begun, 5)

    def test_slow_body(self):
        """A body that comes a byte a second is given up; nobody waits for it."""
        data = request(good_event())
        slow = [connect() for _ in range(50)]
        for sock in slow:
            sock.sendall(data[:-60])
        end = time.monotonic() + 90
        sent = -60
        open_ones = list(slow)
        while open_ones and time.monotonic() < end and sent < -2:
            self.quick()
            for sock in list(open_ones):
                try:
                    sock.setblocking(True)
                    sock.sendall(data[sent:sent + 1])
                    sock.setblocking(False)
                    if sock.recv(4096) is not None:
                        open_ones.remove(sock)  # answered or closed
                except BlockingIOError:
                    pass
                except OSError:
                    open_ones.remove(sock)
            sent += 1
            time.sleep(1)  # the slowness is the test
        for sock in slow:
            sock.close()
        self.assertFalse(open_ones, "still being listened to after %d bytes" % (60 + sent))

    def test_ten_thousand_connections(self):
        wanted = 10000
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if hard < wanted + 200:
            self.skipTest("the hard limit of open files is %d" % hard)
        ingest = STACK.services["ingest"]
        before = ingest.rss_kib()
        crowd = []
        try:
            for n in range(wanted):
                crowd.append(connect())
                if n % 1000 == 999:
                    self.quick()
            grown = ingest.rss_kib() - before
            self.quick()
            # every one of them is still served: each sends a webhook on its connection
            data = good_event("crowd")
            whole = request(data).replace(b"Connection: close\r\n", b"")
            answers = self.ask_all(crowd[::20], whole)
            self.assertEqual(set(answers), {200})
        finally:
            for sock in crowd:
                sock.close()
        self.quick()
        self.assertLess(grown, 16 * wanted, "KiB for %d connections" % wanted)

    def ask_all(self, socks, data):
        made = []
        with selectors.DefaultSelector() as ready:
            for sock in socks:
                sock.sendall(data)
                ready.register(sock, selectors.EVENT_READ)
            end = time.monotonic() + 30
            while ready.get_map() and time.monotonic() < end:
                for key, _ in ready.select(1):
                    got = key.fileobj.recv(4096)
                    made.append(int(got.split(b" ")[1]) if got else 0)
                    ready.unregister(key.fileobj)
            made += [0] * len(ready.get_map())
        count_stored(made.count(200))
        return made


class ZLast(unittest.TestCase):
    """Runs after the others: it makes many refusals."""

    def test_memory_stays_flat(self):
        ingest = STACK.services["ingest"]
        body = signed(b'{"entry_id":"x"}' + b" " * 200000)
        bad = [request(b"a" * 1000), request(body[:-1000]), request(good_event(), method="GET"),
               request(b"x" * (LIMIT + 10)), request(b"{}", kind="application/json")]

        def round_of_bad_input():
            for data in bad * 60:
                exchange(data)
        round_of_bad_input()
        before = ingest.rss_kib()
        for _ in range(4):
            round_of_bad_input()
        grown = ingest.rss_kib() - before
        self.assertLess(grown, 4 * 1024, "KiB after 1200 bad requests")

    def test_refused_signatures_are_limited(self):
        text = b'{"entry_id":"x"}'
        answers = [status(signed(text, sign="1" * 64)) for _ in range(30)]
        self.assertEqual(answers[-1], 429, answers)
        self.assertLessEqual(answers.count(401), 20)
        self.assertEqual(status(good_event()), 200, "a correctly signed webhook is never refused")


if __name__ == "__main__":
    unittest.main()
