#!/usr/bin/env python3
"""The settings page's server: who gets in, for how long, and who does not; the page's files. Runs real
ingests (BUILD, default build) on a devbroker. What parts answer is not looked at here."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from process import Service, fetch, wait_for  # noqa: E402
from stack import SECRET_KEY, Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
PASSWORD = "correct-horse-battery"
# argon2id of it, with the least memory and time
HASH = "$argon2id$v=19$m=8,t=1,p=1$kZuENTWHRNCNaozZwKKaFg$GF7VyYst0jqFysrjU5p4Uo1i18r0Kobx77U7+UkE4V8"
MINUTE = 60 * 1000
HOUR = 60 * MINUTE


def mac(key, *texts):
    made = hashlib.blake2b(digest_size=32, key=key)
    for text in texts:
        made.update(struct.pack("<Q", len(text)) + text)
    return made.digest()


def cookie(issued_ago_ms, seen_ago_ms, password=PASSWORD, key=SECRET_KEY):
    """A session's cookie as ingest writes it (ingest/admin/session.h)."""
    now = int(time.time() * 1000)
    plain = b"\1" + os.urandom(16) + struct.pack(">qq", now - issued_ago_ms, now - seen_ago_ms)
    own = mac(bytes.fromhex(key), b"mangoplan session", password.encode())
    return (plain + mac(own, b"cookie", plain)).hex()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def cookie(self):
        """The session's cookie that it sets, or None."""
        found = [c for c in self.headers.get_all("Set-Cookie") or [] if c.startswith("mangoplan_session=")]
        return found[0].partition(";")[0].partition("=")[2] if found else None


def ask(address, method, path, body=None, context=None, **headers):
    """One request on a connection of its own; headers with _ for -."""
    if context:
        connection = http.client.HTTPSConnection(address, timeout=20, context=context)
    else:
        connection = http.client.HTTPConnection(address, timeout=20)
    made = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        made.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, body=body, headers=made)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def basic(password, user="somebody"):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


class Page(unittest.TestCase):
    """Each test has a system of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-admin-")
        self.stack = Stack(BUILD, self.folder)
        self.stack.start_outside()

    def tearDown(self):
        self.stack.down()
        problems = self.stack.problems()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    def start(self, name="ingest", wait=True, **env):
        """An ingest with the page; the page's address."""
        made = dict(self.stack.env(), ADMIN_LISTEN="127.0.0.1:0", ADMIN_PASSWORD=PASSWORD)
        made.update(env)
        made = {key: value for key, value in made.items() if value is not None}
        service = Service(name, [self.stack.build / "ingest"], self.folder, made, 3)
        self.stack.processes.append(service)
        service.start()
        if wait:
            service.await_ready()
        return service, self.page_of(service)

    def page_of(self, service):
        def found():
            service.check_alive()
            return [row["address"] for row in service.logged("listening") if row.get("for") == "page"]
        return wait_for("the page's port", found, 20)[0]

    def sign_in(self, page, **headers):
        got = ask(page, "POST", "/api/session", {"password": PASSWORD}, **headers)
        self.assertEqual(got.status, 200, got.body)
        return got.cookie, got.json["csrf"]

    def is_in(self, page, text, path="/api/session"):
        got = ask(page, "GET", path, Cookie="other=1; mangoplan_session=" + text)
        self.assertIn(got.status, (200, 401), got.body)
        return got.status == 200

    def check_refusal(self, got, status, code, field=""):
        self.assertEqual((got.status, got.json["error"], got.json["field"]), (status, code, field), got.body)
        self.assertTrue(got.json["message"])
        self.assertEqual(got.headers["Cache-Control"], "no-store")
        self.assertEqual(got.headers["Content-Type"], "application/json")
        self.assertIsNone(got.cookie)

    def test_signs_in_and_out(self):
        _, page = self.start(PUBLIC_URL="https://pbx.example/mango")
        self.check_refusal(ask(page, "GET", "/api/session"), 401, "unauthorized")
        got = ask(page, "POST", "/api/session", {"password": PASSWORD})
        self.assertEqual(got.status, 200)
        self.assertRegex(got.headers["Set-Cookie"],
                         r"^mangoplan_session=[0-9a-f]+; Path=/; HttpOnly; SameSite=Strict$")
        self.assertEqual(got.json["webhook_url"], "https://pbx.example/mango")
        self.assertEqual(got.json["languages"], ["ru", "en"])
        text, token = got.cookie, got.json["csrf"]
        again = ask(page, "GET", "/api/session", Cookie="mangoplan_session=" + text)
        self.assertEqual((again.status, again.json), (200, got.json))
        self.assertIsNone(again.cookie, "it is not written anew within a minute")
        gone = ask(page, "DELETE", "/api/session", Cookie="mangoplan_session=" + text, X_CSRF_Token=token)
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertIn("Max-Age=0", gone.headers["Set-Cookie"])
        self.assertFalse(self.is_in(page, text), "it has ended, whoever still has the cookie")
        self.assertFalse(self.is_in(page, ""))

    def test_bodies_of_signing_in(self):
        _, page = self.start()
        for body, status, code, field in (
                (b"", 400, "bad_json", ""), (b"{", 400, "bad_json", ""), (b"[]", 400, "bad_json", ""),
                ({}, 422, "invalid", "password"), ({"password": 1}, 422, "invalid", "password"),
                ({"password": PASSWORD, "user": "x"}, 422, "invalid", "user")):
            self.check_refusal(ask(page, "POST", "/api/session", body), status, code, field)
        self.check_refusal(ask(page, "POST", "/api/session", {"password": PASSWORD},
                               Content_Type="text/plain"), 415, "media_type")
        self.check_refusal(ask(page, "POST", "/api/session", b'{"password":"%s"}' % (b"x" * 600 * 1024)),
                           413, "too_large")
        self.sign_in(page)

    def test_lifetimes(self):
        _, page = self.start()
        for issued, seen, alive in ((0, 0, True), (29 * MINUTE, 29 * MINUTE, True), (31 * MINUTE, 31 * MINUTE, False),
                                    (11 * HOUR, MINUTE // 2, True), (12 * HOUR + 1000, MINUTE, False)):
            self.assertEqual(self.is_in(page, cookie(issued, seen)), alive, (issued, seen))
        got = ask(page, "GET", "/api/session", Cookie="mangoplan_session=" + cookie(2 * HOUR, 2 * MINUTE))
        self.assertEqual(got.status, 200)
        self.assertTrue(self.is_in(page, got.cookie), "a used one is written anew")
        _, issued, seen = struct.unpack(">17sqq", bytes.fromhex(got.cookie)[:33])
        now = time.time() * 1000
        self.assertLess(abs(now - 2 * HOUR - issued), 20000, "but was issued when it was")
        self.assertLess(now - seen, 20000)
        self.assertFalse(self.is_in(page, cookie(0, 0, key="00" * 32)), "another installation's")
        self.assertFalse(self.is_in(page, cookie(0, 0)[:-2] + "00"))

    def test_valid_at_any_ingest_until_the_password_changes(self):
        _, first = self.start()
        text, token = self.sign_in(first)
        _, second = self.start("ingest2", SECRET_KEY="11" * 32, SECRET_KEY_OLD=SECRET_KEY)
        self.assertTrue(self.is_in(second, text), "signed by the old key")
        got = ask(second, "DELETE", "/api/session", Cookie="mangoplan_session=" + text, X_CSRF_Token=token)
        self.assertEqual(got.status, 204, "so is its token")
        _, third = self.start("ingest3", ADMIN_PASSWORD="another-password")
        self.assertFalse(self.is_in(third, text))
        _, fourth = self.start("ingest4", ADMIN_PASSWORD=None, ADMIN_PASSWORD_HASH=HASH)
        self.assertFalse(self.is_in(fourth, text))
        own, _ = self.sign_in(fourth)
        self.assertTrue(self.is_in(fourth, own))

    def test_wrong_passwords(self):
        _, page = self.start(INGEST_TRUSTED_PROXIES="127.0.0.1")

        def try_it(password, client="192.0.2.1"):
            return ask(page, "POST", "/api/session", {"password": password}, X_Forwarded_For=client)
        self.check_refusal(try_it("guess"), 401, "wrong_password")
        soon = try_it(PASSWORD)
        self.check_refusal(soon, 429, "too_soon")
        self.assertEqual(soon.headers["Retry-After"], "1")
        self.assertEqual(soon.json["retry_after_s"], 1)
        self.assertEqual(try_it(PASSWORD, "192.0.2.2").status, 200, "others do not wait")
        self.assertEqual(ask(page, "GET", "/api/session", Authorization=basic(PASSWORD),
                             X_Forwarded_For="192.0.2.1").status, 429, "nor does Basic go round it")
        wait_for("the wait to end", lambda: try_it(PASSWORD).status == 200, 5, 0.2)
        self.check_refusal(try_it("guess"), 401, "wrong_password")
        again = wait_for("the second guess to be looked at",
                         lambda: (lambda got: got if got.status == 401 else None)(try_it("guess")), 5, 0.2)
        self.check_refusal(again, 401, "wrong_password")
        self.assertEqual(try_it(PASSWORD).headers["Retry-After"], "2", "it grows")

    def test_basic(self):
        _, page = self.start(ADMIN_PASSWORD=None, ADMIN_PASSWORD_HASH=HASH)
        got = ask(page, "GET", "/api/session", Authorization=basic(PASSWORD))
        self.assertEqual((got.status, got.json["csrf"], got.json["expires_at"]), (200, None, None))
        self.assertIsNone(got.cookie)
        # a write without a token, but not from a foreign page
        self.assertEqual(ask(page, "DELETE", "/api/session", Authorization=basic(PASSWORD)).status, 204)
        self.check_refusal(ask(page, "DELETE", "/api/session", Authorization=basic(PASSWORD),
                               Origin="http://evil.example"), 403, "origin")
        for wrong in ("Basic !", "Bearer x", "Basic " + base64.b64encode(b"nocolon").decode()):
            self.check_refusal(ask(page, "GET", "/api/session", Authorization=wrong), 401, "unauthorized")
        text, _ = self.sign_in(page)
        got = ask(page, "GET", "/api/session", Authorization=basic("guess"), Cookie="mangoplan_session=" + text)
        self.check_refusal(got, 401, "unauthorized")
        self.assertIn("Basic", got.headers["WWW-Authenticate"])
        self.assertTrue(self.is_in(page, text))

    def test_foreign_pages(self):
        service, page = self.start(INGEST_TRUSTED_PROXIES="10.0.0.0/8")
        text, token = self.sign_in(page, Origin="http://" + page, Sec_Fetch_Site="same-origin")
        mine = {"Cookie": "mangoplan_session=" + text}

        def delete(**headers):
            return ask(page, "DELETE", "/api/session", **mine, **headers)
        self.check_refusal(delete(), 403, "csrf")
        self.check_refusal(delete(X_CSRF_Token="0" * 64), 403, "csrf")
        other, other_token = self.sign_in(page)
        self.check_refusal(delete(X_CSRF_Token=other_token), 403, "csrf")
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://" + page + "x"},
                        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                        # who is no proxy of ours may say what he likes
                        {"Origin": "http://evil.example", "X_Forwarded_Host": "evil.example"}):
            self.check_refusal(delete(X_CSRF_Token=token, **headers), 403, "origin")
        self.check_refusal(ask(page, "GET", "/api/session", Origin="http://evil.example", **mine), 403, "origin")
        self.check_refusal(ask(page, "POST", "/api/session", {"password": PASSWORD}, Origin="http://evil.example"),
                           403, "origin")
        self.assertTrue(self.is_in(page, text), "nothing of that changed anything")
        self.assertTrue(self.is_in(page, other))
        self.assertEqual(delete(X_CSRF_Token=token, Origin="http://" + page, Sec_Fetch_Site="same-origin").status, 204)
        self.assertTrue(service.running)

    def test_behind_a_proxy(self):
        _, page = self.start(INGEST_TRUSTED_PROXIES="127.0.0.1")
        proxied = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "page.example"}
        got = ask(page, "POST", "/api/session", {"password": PASSWORD}, Origin="https://page.example", **proxied)
        self.assertTrue(got.headers["Set-Cookie"].endswith("; Secure"), got.headers["Set-Cookie"])
        self.check_refusal(ask(page, "POST", "/api/session", {"password": PASSWORD}, Origin="http://page.example",
                               **proxied), 403, "origin")
        _, plain = self.start("ingest2", INGEST_TRUSTED_PROXIES="10.0.0.1")
        got = ask(plain, "POST", "/api/session", {"password": PASSWORD}, X_Forwarded_Proto="https")
        self.assertNotIn("Secure", got.headers["Set-Cookie"], "nobody we trust says so")

    def make_certificate(self, cert, key):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)

    def test_over_tls(self):
        cert, key = (pathlib.Path(self.folder) / name for name in ("cert.pem", "key.pem"))
        self.make_certificate(cert, key)
        service, page = self.start(INGEST_TLS_CERT=str(cert), INGEST_TLS_KEY=str(key))
        context = ssl.create_default_context(cafile=cert)
        got = ask(page, "POST", "/api/session", {"password": PASSWORD}, context=context, Origin="https://" + page)
        self.assertEqual(got.status, 200)
        self.assertTrue(got.headers["Set-Cookie"].endswith("; Secure"))
        self.assertEqual(ask(page, "GET", "/admin/", context=context).status, 200)
        host, _, port = page.rpartition(":")
        before = ssl.get_server_certificate((host, int(port)))
        self.make_certificate(cert, key)
        service.signal(signal.SIGHUP)
        wait_for("the page to show its new certificate",
                 lambda: ssl.get_server_certificate((host, int(port))) != before, 10, 0.1)
        self.assertEqual(ask(page, "GET", "/admin/", context=ssl.create_default_context(cafile=cert)).status, 200)

    def test_every_answer_is_guarded(self):
        _, page = self.start()
        text, token = self.sign_in(page)
        for method, path in (("GET", "/"), ("GET", "/admin/"), ("GET", "/admin/nothing"), ("POST", "/admin/"),
                             ("GET", "/nothing"), ("GET", "/api/session"), ("GET", "/api/nothing"),
                             ("PATCH", "/api/session"), ("GET", "/api/openapi.json"), ("GET", "/api/accounts")):
            got = ask(page, method, path, Cookie="mangoplan_session=" + text, X_CSRF_Token=token)
            policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
            self.assertEqual(got.headers["Content-Security-Policy"], policy, path)
            self.assertEqual(got.headers["X-Content-Type-Options"], "nosniff", path)
            self.assertEqual(got.headers["Referrer-Policy"], "no-referrer", path)
            want = "no-store" if path.startswith("/api") else "no-cache"
            self.assertEqual(got.headers["Cache-Control"], want, path)
            self.assertLess(got.status, 500)
        # what the server refuses by itself
        host, _, port = page.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET /admin/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            got = sock.recv(4096).decode()
        self.assertTrue(got.startswith("HTTP/1.1 400 "), got)
        self.assertIn("\r\nContent-Security-Policy: %s\r\n" % policy, got)

    def test_addresses_and_methods(self):
        _, page = self.start()
        text, _ = self.sign_in(page)
        mine = {"Cookie": "mangoplan_session=" + text}
        self.check_refusal(ask(page, "GET", "/api/nothing", **mine), 404, "not_found")
        self.check_refusal(ask(page, "GET", "/api/accounts/%00", **mine), 404, "not_found")
        self.check_refusal(ask(page, "GET", "/api/accounts/", **mine), 404, "not_found")
        for name in ("nobody", "Nobody", "%D1%84", "a%2fb", "x" * 33):
            self.check_refusal(ask(page, "GET", "/api/accounts/" + name, **mine), 404, "unknown_account")
        got = ask(page, "PATCH", "/api/session", **mine)
        self.check_refusal(got, 405, "method")
        self.assertEqual(got.headers["Allow"], "GET, HEAD, POST, DELETE")
        self.check_refusal(ask(page, "GET", "/api/session?a=%ff", **mine), 422, "invalid", "a")
        self.check_refusal(ask(page, "GET", "/api/session?show=1&show=1", **mine), 422, "invalid", "show")
        self.check_refusal(ask(page, "GET", "/api/session?show=yes", **mine), 422, "invalid", "show")
        head = ask(page, "HEAD", "/api/session", **mine)
        self.assertEqual((head.status, head.body), (200, b""))
        spec = ask(page, "GET", "/api/openapi.json")
        self.assertEqual((spec.status, spec.headers["Content-Type"]), (200, "application/json"))
        self.assertIn("/api/session", spec.json["paths"])

    def test_files(self):
        _, page = self.start()
        for path in ("/", "/admin"):
            got = ask(page, "GET", path)
            self.assertEqual((got.status, got.headers["Location"]), (302, "/admin/"))
        web = HERE.parent.parent / "ingest" / "web"
        kinds = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
                 ".js": "text/javascript; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml"}
        files = [f for f in sorted(web.rglob("*")) if f.suffix in kinds]
        self.assertTrue(files)
        for file in files:
            path = "/admin/" + str(file.relative_to(web))
            got = ask(page, "GET", path)
            self.assertEqual((got.status, got.body), (200, file.read_bytes()), path)
            self.assertEqual(got.headers["Content-Type"], kinds[file.suffix])
            self.assertEqual(got.headers["Vary"], "Accept-Encoding")
            again = ask(page, "GET", path, If_None_Match=got.headers["ETag"])
            self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", got.headers["ETag"]))
            packed = ask(page, "GET", path, Accept_Encoding="gzip, deflate")
            if packed.headers["Content-Encoding"]:
                self.assertEqual(gzip.decompress(packed.body), file.read_bytes())
                self.assertLess(len(packed.body), len(got.body))
                self.assertNotEqual(packed.headers["ETag"], got.headers["ETag"])
        self.assertEqual(ask(page, "GET", "/admin/").body, (web / "index.html").read_bytes())
        got = ask(page, "POST", "/admin/")
        self.assertEqual((got.status, got.headers["Allow"]), (405, "GET, HEAD"))
        for path in ("/admin/../README.md", "/admin/%2e%2e/README.md", "/admin/index.html/", "/admin//index.html"):
            self.assertEqual(ask(page, "GET", path).status, 404, path)

    def test_before_kafka(self):
        """The page can be signed in to; what needs Kafka says so; /healthz is well."""
        service, page = self.start(wait=False, KAFKA_BROKERS="127.0.0.1:1")
        text, _ = self.sign_in(page)
        self.assertTrue(self.is_in(page, text))
        self.check_refusal(ask(page, "GET", "/api/accounts", Cookie="mangoplan_session=" + text), 503, "kafka")
        self.assertEqual(ask(page, "GET", "/admin/").status, 200)
        service.await_ports()
        self.assertEqual(fetch("http://%s/healthz" % service.ops)[0], 200)

    def test_ends_while_connections_are_open(self):
        service, page = self.start()
        host, _, port = page.rpartition(":")
        kept = http.client.HTTPConnection(host, int(port), timeout=10)
        kept.request("GET", "/admin/")
        kept.getresponse().read()
        begun = time.monotonic()
        service.end()
        self.assertLess(time.monotonic() - begun, 10)
        kept.close()

    def test_refuses_to_start(self):
        _, page = self.start()
        for env, named in ((dict(ADMIN_LISTEN=page), "ADMIN_LISTEN"), (dict(ADMIN_PASSWORD=""), "ADMIN_PASSWORD"),
                           (dict(ADMIN_PASSWORD="short"), "ADMIN_PASSWORD"),
                           (dict(ADMIN_PASSWORD_HASH=HASH), "ADMIN_PASSWORD_HASH"),
                           (dict(ADMIN_PASSWORD="", ADMIN_PASSWORD_HASH=HASH[:-50]), "ADMIN_PASSWORD_HASH")):
            made = dict(os.environ, **self.stack.env())
            made.update(ADMIN_LISTEN="127.0.0.1:0", ADMIN_PASSWORD=PASSWORD)
            made.update(env)
            ended = subprocess.run([str(self.stack.build / "ingest")], env=made, capture_output=True, text=True,
                                   timeout=30, check=False)
            self.assertEqual(ended.returncode, 3, ended.stderr)
            self.assertIn(named + ":", ended.stderr)
            self.assertNotIn(PASSWORD, ended.stderr)


class Refusals(unittest.TestCase):
    """Every code that the source refuses with stands in README and OpenAPI, and no other."""

    def test_codes(self):
        page = HERE.parent.parent / "ingest"
        source = "".join(file.read_text("utf-8") for file in sorted((page / "admin").glob("*.c")))
        given = set(re.findall(r'\bapi_refuse\([^";]*?, \d{3}, "(\w+)"', source))
        given |= set(re.findall(r'\b(?:unauthorized|api_door_try)\(c, (?:password, )?"(\w+)"', source))
        given |= set(re.findall(r'\brefuse\(c, 429, "(\w+)"', source))
        self.assertGreater(len(given), 15)
        told = (page / "README.md").read_text("utf-8").partition("* **Refusals** are ")[2].partition("\n* ")[0]
        self.assertEqual(set(re.findall(r"`(\w+)`", told)), given)
        spec = json.loads((page / "web/openapi.json").read_text("utf-8"))
        codes = spec["components"]["schemas"]["Error"]["properties"]["error"]["description"]
        self.assertEqual(set(codes.partition(": ")[2].split(", ")), given)


if __name__ == "__main__":
    unittest.main()
