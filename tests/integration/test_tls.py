#!/usr/bin/env python3
"""ingest with a certificate: which versions of TLS it offers, many connections, the certificate read anew
while it runs, and certificates that cannot be used. Runs the real ingest (BUILD, default build) on a devbroker."""

import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import mango  # noqa: E402
from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
KEY = "acme-key-0123456789"
SALT = "acme-salt-9876543210"


def make_certificate(folder, name, kind=("rsa:2048",)):
    """A certificate of its own for 127.0.0.1: (certificate, key)."""
    paths = folder / (name + ".crt"), folder / (name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj",
                    "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(paths[1]),
                    "-out", str(paths[0])], check=True, stderr=subprocess.DEVNULL)
    return paths


def webhook(entry):
    body = mango.form(KEY, SALT, json.dumps({"entry_id": entry}).encode(), "plus", None)
    return (b"POST /events/sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


class Secured(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-tls-"))
        self.first = make_certificate(self.folder, "first")
        self.used = self.folder / "used.crt", self.folder / "used.key"
        self.install(self.first)
        self.stack = Stack(BUILD, self.folder / "stack", env={
            "LOG_LEVEL": "info", "INGEST_TLS_CERT": str(self.used[0]), "INGEST_TLS_KEY": str(self.used[1])})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.stack.start_outside()
        base["settings"]["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([base["settings"]], ["ingest"])
        self.ingest = self.stack.services["ingest"]

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def install(self, pair):
        for to, source in zip(self.used, pair):
            shutil.copy(source, to)

    def connect(self, trust=None, version=None):
        """A connection that trusts that certificate alone; the first one's by default."""
        context = ssl.create_default_context(cafile=str((trust or self.first)[0]))
        if version:
            warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
            context.set_ciphers("ALL:@SECLEVEL=0")  # the old versions want it, so that it is us who refuse
            context.minimum_version = context.maximum_version = version
        host, _, port = self.ingest.front.rpartition(":")
        plain = socket.create_connection((host, int(port)), timeout=20)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def post(self, entry, **how):
        with self.connect(**how) as sock:
            sock.sendall(webhook(entry))
            return int(sock.recv(4096).split(b" ")[1])

    def shows(self, pair):
        """Whether new connections are shown that certificate."""
        try:
            return self.post("shown", trust=pair) == 200
        except ssl.SSLCertVerificationError:
            return False

    def reload(self):
        before = len(self.ingest.logged("reload"))
        self.ingest.signal(signal.SIGHUP)
        wait_for("the certificate to be read", lambda: len(self.ingest.logged("reload")) > before, 10)
        return self.ingest.logged("reload")[-1]

    def test_offers_what_mango_can(self):
        self.assertEqual(self.post("by-1.2", version=ssl.TLSVersion.TLSv1_2), 200)
        self.assertEqual(self.post("by-1.3", version=ssl.TLSVersion.TLSv1_3), 200)
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaises((ssl.SSLError, ConnectionResetError)) as refusal:
                self.post("old", version=old)
            # the server's refusal, not our own library's: an alert, or the connection's end
            self.assertTrue(isinstance(refusal.exception, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError))
                            or refusal.exception.reason in ("TLSV1_ALERT_PROTOCOL_VERSION", "UNEXPECTED_EOF_WHILE_READING"),
                            (old.name, refusal.exception))
        host, _, port = self.ingest.front.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            plain.sendall(webhook("plain"))
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(4096))
            except ConnectionResetError:
                pass  # as good a refusal

    def test_many_connections(self):
        """At the counts at which libmicrohttpd's own epoll thread stalls, too; bodies in pieces."""
        for count in (128, 256):
            crowd = [self.connect() for _ in range(count)]
            for n, sock in enumerate(crowd):
                data = webhook("crowd-%d-%d" % (count, n))
                sock.sendall(data[:150])
            for n, sock in enumerate(crowd):
                sock.sendall(webhook("crowd-%d-%d" % (count, n))[150:])
            answers = [sock.recv(4096).split(b" ")[1] for sock in crowd]
            for sock in crowd:
                sock.close()
            self.assertEqual(set(answers), {b"200"})

    def test_reads_its_certificate_anew(self):
        old = self.connect()
        second = make_certificate(self.folder, "second", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
        self.install(second)
        self.reload()
        self.assertTrue(self.shows(second))
        self.assertFalse(self.shows(self.first))
        old.sendall(webhook("still"))  # who is connected goes on
        self.assertEqual(old.recv(4096).split(b" ")[1], b"200")
        old.close()

    def test_a_bad_certificate_changes_nothing(self):
        other = make_certificate(self.folder, "other")
        for cert, key, named in ((other[0], self.first[1], "INGEST_TLS_KEY"),
                                 (self.first[1], self.first[1], "INGEST_TLS_CERT"),
                                 (self.first[0], self.first[0], "INGEST_TLS_KEY")):
            self.install((cert, key))
            row = self.reload()
            self.assertEqual(row["level"], "warn")
            self.assertIn(named, row["err"])
            self.assertTrue(self.shows(self.first))
        self.used[0].unlink()
        self.assertIn("INGEST_TLS_CERT", self.reload()["err"])
        self.assertTrue(self.shows(self.first))


class Refused(unittest.TestCase):
    def test_no_start_with_what_cannot_be_used(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-tls-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        one, two = make_certificate(folder, "one"), make_certificate(folder, "two")
        for cert, key, named in ((one[0], two[1], "INGEST_TLS_KEY"), (one[1], one[1], "INGEST_TLS_CERT"),
                                 (one[0], "", "INGEST_TLS_KEY"), (folder / "none", one[1], "INGEST_TLS_CERT")):
            env = {"PATH": os.environ["PATH"], "SECRET_KEY": "00" * 32, "INGEST_LISTEN": "127.0.0.1:0",
                   "OPS_LISTEN": "127.0.0.1:0", "INGEST_SPOOL": "", "INGEST_TLS_CERT": str(cert),
                   "INGEST_TLS_KEY": str(key), "KAFKA_BROKERS": "127.0.0.1:1"}
            done = subprocess.run([str(pathlib.Path(BUILD) / "ingest")], env=env, timeout=60,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(named.encode(), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
