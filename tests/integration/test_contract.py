#!/usr/bin/env python3
"""The programs from outside, as other programs start and check them: variables and exit codes, settings
as a tool sees them, the order of ingest's answers, what stands in the topics byte for byte, metrics, logs.

Runs the real binaries (BUILD, default build) on a devbroker.
"""

import contextlib
import copy
import json
import os
import pathlib
import re
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
from process import Service, fetch, wait_for  # noqa: E402
from records import partition  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import SECRET_KEY, STARTING, Stack  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", HERE.parent.parent / "build")).resolve()
FORM = "application/x-www-form-urlencoded"
OTHER_KEY = "7c" * 32
NUMBER = "79161234567"
INSIDE, OUTSIDE = "10.1.2.3", "8.8.8.8"  # addresses that INGEST_ALLOW_FROM has and has not
NOWHERE = "127.0.0.1:1"
PROGRAMS = (["ingest"], ["worker", "calls"], ["worker", "crm"], ["worker", "settings", "list"])
STACK = None
FOLDER = None
BASE = None
SLOW = {}  # tools that wait for a Kafka that is not there; started first, looked at last


def setUpModule():
    global STACK, FOLDER, BASE
    FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-contract-"))
    for name in ("list", "reseal"):
        SLOW[name] = start(["worker", "settings", name])
    STACK = Stack(BUILD, FOLDER, env={"INGEST_BASE_PATH": "/mango",
                                      "INGEST_ALLOW_FROM": "10.0.0.0/8,2001:db8::/32",
                                      "INGEST_TRUSTED_PROXIES": "127.0.0.1,192.168.0.0/16"})
    made = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
    BASE = made["settings"]
    STACK.start_outside()
    STACK.control.ask("seed", made["megaplan"])
    BASE["megaplan"]["base_url"] = STACK.megaplan
    STACK.up([BASE])


def tearDownModule():
    STACK.down()
    problems = STACK.problems()
    shutil.rmtree(FOLDER, ignore_errors=True)
    if problems:
        raise AssertionError("\n".join(problems))


def start(argv, env=None, **more):
    """A program with the least that it wants to be told, and no Kafka."""
    made = {"PATH": os.environ["PATH"], "SECRET_KEY": SECRET_KEY, "KAFKA_BROKERS": NOWHERE}
    made.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    made.update(env or {})
    with STARTING:
        return subprocess.Popen([str(BUILD / argv[0])] + argv[1:], stdout=subprocess.PIPE,
                                env={k: v for k, v in made.items() if v is not None}, text=True, cwd=FOLDER,
                                **{"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **more})


def run(argv, env=None, timeout=30, text=None):
    """(exit code, stdout, stderr)"""
    child = start(argv, env, stdin=subprocess.PIPE)
    try:
        out, err = child.communicate(text or "", timeout=timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise
    return child.returncode, out, err


def worker(*argv, env=None, text=None):
    """A tool that talks to the stack's Kafka."""
    return run(["worker", *argv], {**STACK.env(), "LOG_LEVEL": "info", **(env or {})}, text=text)


def changed(path, value, doc=None):
    """A copy of the settings with one field another; None in place of a value: without it."""
    made = copy.deepcopy(doc or BASE)
    at = made
    *above, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for part in above:
        at = at[part]
    if value is None and isinstance(at, dict):
        at.pop(last, None)
    else:
        at[last] = value
    return made


class Environment(unittest.TestCase):
    def names(self, argv):
        code, out, _ = run(argv + ["--check"])
        self.assertEqual(code, 0)
        return [line.partition("=")[0] for line in out.splitlines()]

    def test_both_at_once(self):
        path = FOLDER / "value"
        path.write_text("x\n", encoding="ascii")
        for argv in PROGRAMS:
            for name in self.names(argv):
                value = SECRET_KEY if name.startswith("SECRET") else "x"
                code, _, err = run(argv + ["--check"], {name: value, name + "_FILE": str(path)})
                self.assertEqual((code, name in err), (3, True), (argv, name, err))

    def test_from_a_file(self):
        path = FOLDER / "key"
        path.write_text(SECRET_KEY + "\n", encoding="ascii")
        for argv in PROGRAMS:
            env = {"SECRET_KEY": None, "SECRET_KEY_FILE": str(path)}
            code, out, _ = run(argv + ["--check"], env)
            self.assertEqual(code, 0)
            self.assertNotIn(SECRET_KEY, out)
            code, _, err = run(argv + ["--check"], {**env, "SECRET_KEY_FILE": "/nowhere"})
            self.assertEqual((code, "SECRET_KEY" in err), (3, True), err)

    def test_unknown(self):
        for prefix in ("INGEST", "ADMIN", "CRM", "CALL", "KAFKA", "TOPIC", "OPS"):
            name = prefix + "_LISTENS"
            for argv in PROGRAMS:
                code, _, err = run(argv, {name: "1"})
                self.assertEqual((code, name in err), (3, True), (argv, name, err))

    def test_wrong_value(self):
        for name, value in (("SECRET_KEY", None), ("SECRET_KEY", "5a" * 31), ("SECRET_KEY_OLD", "x"),
                            ("KAFKA_BROKERS", "a:b"), ("KAFKA_PROPERTIES", "acks"),
                            ("TOPIC_PREFIX", "a b"), ("TOPIC_PARTITIONS", "0"),
                            ("TOPIC_REPLICATION", "0"), ("TOPIC_RETENTION_DAYS", "1.5"),
                            ("KAFKA_ACK_TIMEOUT_MS", "3s"), ("INGEST_LISTEN", "x"),
                            ("INGEST_ALLOW_FROM", "1.2.3.4/33"), ("INGEST_TRUSTED_PROXIES", "x"),
                            ("INGEST_BASE_PATH", "x"), ("ADMIN_PASSWORD", "short"),
                            ("OPS_LISTEN", "9100"), ("CALL_SETTLE_S", "-1"),
                            ("CRM_REQUEST_TIMEOUT_MS", "15001"), ("CRM_REQUEST_TIMEOUT_MS", "999"),
                            ("METRICS_PER_ACCOUNT", "yes"), ("SHUTDOWN_TIMEOUT_S", "0"),
                            ("LOG_LEVEL", "INFO")):
            for argv in PROGRAMS:
                code, _, err = run(argv, {name: value})
                self.assertEqual((code, name in err), (3, True), (argv, name, value, err))
        for argv in PROGRAMS[:3]:  # a role's whole stderr is JSON lines
            for line in run(argv, {"LOG_LEVEL": "x"})[2].splitlines():
                self.assertEqual(json.loads(line)["level"], "error", argv)

    def test_properties(self):
        for name in ("acks", "enable.idempotence", "enable.auto.commit", "auto.offset.reset",
                     "partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms",
                     "max.poll.interval.ms", "group.instance.id", "message.timeout.ms"):
            for argv in PROGRAMS:
                code, _, err = run(argv, {"KAFKA_PROPERTIES": "linger.ms=1; %s=1" % name})
                self.assertEqual((code, "KAFKA_PROPERTIES" in err and name in err), (3, True), err)
        env = {"KAFKA_PROPERTIES": "queued.min.messages=10;fetch.message.max.bytes=1000000"}
        self.assertEqual(worker("settings", "list", env=env)[0], 0, "only a consumer knows these")
        code, _, err = worker("settings", "list", env={"KAFKA_PROPERTIES": "sasl.password=s3cr3t;x=1"})
        self.assertEqual((code, "KAFKA_PROPERTIES" in err, "s3cr3t" in err), (3, True, False), err)


class Programs(unittest.TestCase):
    def test_help_version_check(self):
        for argv in PROGRAMS + (["worker"], ["devbroker"], ["worker", "ping"], ["worker", "settings"]):
            for option in ("--help", "--version", "--check"):
                code, out, err = run(argv + [option])
                self.assertEqual((code, bool(out), err), (0, True, ""), argv + [option])
                self.assertNotIn(SECRET_KEY, out)

    def test_usage(self):
        for argv in (["ingest", "x"], ["worker"], ["worker", "x"], ["worker", "crm", "x"],
                     ["worker", "settings"], ["worker", "settings", "get"],
                     ["worker", "settings", "list", "--x"], ["worker", "ping", "a", "b"],
                     ["devbroker", "x"], ["devbroker", "--partitions", "0"],
                     ["devbroker", "--prefix", "a b"]):
            self.assertEqual(run(argv)[0], 2, argv)

    def test_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for argv, name in ((["ingest"], "INGEST_LISTEN"), (["ingest"], "OPS_LISTEN"),
                               (["worker", "calls"], "OPS_LISTEN"), (["worker", "crm"], "OPS_LISTEN")):
                env = {"INGEST_LISTEN": "127.0.0.1:0", "OPS_LISTEN": "127.0.0.1:0", name: address}
                code, _, err = run(argv, env)
                self.assertEqual((code, name in err), (3, True), err)

    def test_devbroker(self):
        for way in ("stdin", "signal"):
            broker = start(["devbroker", "--partitions", "3", "--prefix", "p-"], stdin=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
            with broker:
                name, _, address = broker.stdout.readline().strip().partition("=")
                self.assertEqual(name, "bootstrap.servers")
                listed = json.loads(subprocess.run(["kcat", "-b", address, "-L", "-J"], check=True,
                                                   stdout=subprocess.PIPE).stdout)["topics"]
                self.assertEqual({t["topic"]: len(t["partitions"]) for t in listed}, {
                    "p-" + n: 3 for n in ("events", "jobs.now", "jobs", "jobs.bulk", "facts",
                                          "outcomes", "settings", "dead")})
                if way == "stdin":
                    broker.stdin.close()
                else:
                    broker.send_signal(signal.SIGTERM)
                self.assertEqual(broker.wait(5), 0, way)

    def test_ping(self):
        for service in STACK.services.values():
            self.assertEqual(run(["worker", "ping", service.ops])[0], 0)
        self.assertEqual(run(["worker", "ping", NOWHERE])[0], 1)


class Waiting(unittest.TestCase):
    """Kafka is not there yet: roles wait, say so, stay in order, and begin when it comes."""

    def test_roles_wait(self):
        later = socket.socket()  # bound, so that nobody else has it; refused until it listens
        later.bind(("127.0.0.1", 0))
        env = {**STACK.env(), "KAFKA_BROKERS": "127.0.0.1:%d" % later.getsockname()[1]}
        roles = [Service("early-" + name, argv, FOLDER, env, 2 if name == "ingest" else 1)
                 for name, argv in (("ingest", [BUILD / "ingest"]),
                                    ("calls", [BUILD / "worker", "calls"]),
                                    ("crm", [BUILD / "worker", "crm"]))]
        try:
            for role in roles:
                with STARTING:
                    role.start()
            for role in roles:
                role.await_ports()
                wait_for(lambda r=role: "%s to say that it waits%s" % (r.name, r.tail()),
                         lambda r=role: any("waiting for Kafka" in line["msg"] for line in r.logged()),
                         15)
                status, text = fetch("http://%s/readyz" % role.ops)
                self.assertEqual((status, json.loads(text)["checks"]["kafka"]), (503, "fail"))
                self.assertEqual(fetch("http://%s/healthz" % role.ops)[0], 200)
            roles[1].end(15)  # in the midst of waiting
            relay(later, STACK.brokers)
            for role in (roles[0], roles[2]):
                role.await_ready()
        finally:
            later.close()
            for role in roles:
                role.end()
        self.assertEqual([p for role in roles for p in role.problems + role.reports()], [])

    def test_a_broker_that_forgot(self):
        """Waiting would not help, so nobody does: exit 4."""
        broker = start(["devbroker"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with broker:
            address = broker.stdout.readline().strip().partition("=")[2]
            rows = "\n".join("x:" + "j" * 60000 for _ in range(110))  # it keeps 5 MiB
            subprocess.run(["kcat", "-b", address, "-P", "-t", "mangoplan.settings", "-p", "0", "-K:"],
                           input=rows, text=True, check=True)
            env = {"KAFKA_BROKERS": address, "INGEST_LISTEN": "127.0.0.1:0", "OPS_LISTEN": "127.0.0.1:0"}
            for argv in PROGRAMS:
                code, _, err = run(argv, env)
                self.assertEqual((code, "forgot" in err), (4, True), (argv, err))
            broker.stdin.close()

    def test_tools_do_not(self):
        for name, child in SLOW.items():
            _, err = child.communicate(timeout=60)
            self.assertEqual((child.returncode, "kafka" in err.lower()), (4, True), (name, err))


def relay(listener, target):
    """Carries what comes in at listener to target, until listener is closed."""
    def carry(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        sink.close()

    def accept():
        host, _, port = target.rpartition(":")
        while True:
            try:
                one = listener.accept()[0]
            except OSError:
                return
            other = socket.create_connection((host, int(port)))
            for pair in ((one, other), (other, one)):
                threading.Thread(target=carry, args=pair, daemon=True).start()
    listener.listen()
    threading.Thread(target=accept, daemon=True).start()


class Settings(unittest.TestCase):
    """Accounts of their own, so that the others' webhooks go on."""

    def document(self, account):
        made = changed("account", account)
        made["mango"] = {"api_key": account + "-key", "api_salt": account + "-salt"}
        made["megaplan"]["token"] = account + "-token"
        return made

    def put(self, doc, **env):
        return worker("settings", "put", "-", text=json.dumps(doc), env=env)

    def rows(self):
        out = subprocess.run(["kcat", "-b", STACK.brokers, "-C", "-t", "mangoplan.settings", "-e", "-q",
                              "-J"], stdout=subprocess.PIPE, check=True).stdout
        made = {}
        for row in map(json.loads, out.splitlines()):
            made.setdefault(row["key"], []).append(row)
        return made

    def test_refused_with_the_path(self):
        for path, value in (("x", 1), ("mango.x", 1), ("employees.0.x", 1), ("version", 2),
                            ("version", None), ("account", "ACME"), ("account", "a" * 33),
                            ("timezone", "Europe/Nowhere"), ("timezone", None),
                            ("mango.api_key", None), ("mango.api_salt", ""),
                            ("megaplan.token", None), ("megaplan.base_url", "https://example.com"),
                            ("megaplan.base_url", "http://acme.megaplan.ru"),
                            ("megaplan.requests_per_second", 0),
                            ("megaplan.requests_per_second", 10001),
                            ("megaplan.requests_per_hour", 10000001),
                            ("employees.1.extension", "123"), ("employees.0.extension", 123),
                            ("employees.1.extensions", ["123"]), ("create_client.incoming", "yes"),
                            ("phone_format", "7"), ("missed_in_ivr_responsible", "5"),
                            ("unmapped_employee", "5"), ("record_link_days", 0),
                            ("working_hours", {"days": "x", "from": "09:00", "to": "18:00"}),
                            ("missed_call_task", {"title": "{name}"})):
            # without Kafka: what is refused has not been near it
            code, out, err = run(["worker", "settings", "put", "-"],
                                 {"OUTBOUND_ALLOW": STACK.env()["OUTBOUND_ALLOW"]},
                                 text=json.dumps(changed(path, value)))
            shown = re.sub(r"\.(\d+)\b", r"[\1]", path)
            self.assertEqual((code, out, shown in err), (3, "", True), (path, value, err))

    def test_not_json(self):
        for text in ("", "{", "[]", "null", "[" * 10000, '{"version":1}x'):
            self.assertEqual(run(["worker", "settings", "put", "-"], text=text)[0], 3, text[:20])
        self.assertEqual(run(["worker", "settings", "put", "/nowhere"])[0], 3)

    def test_life_of_an_account(self):
        doc = self.document("life")
        self.assertEqual(self.put(doc)[0], 0)
        code, out, _ = worker("settings", "list", "--json")
        self.assertEqual(code, 0)
        self.assertIn({"account": "life", "enabled": True}, map(json.loads, out.splitlines()))
        code, out, _ = worker("settings", "get", "life")
        shown = json.loads(out)
        self.assertEqual((code, shown["mango"]["api_salt"], shown["megaplan"]["token"]),
                         (0, "***", "***"))
        first = self.rows()["life"][-1]
        self.assertEqual(first["partition"], partition("life"))
        self.assertEqual(first["payload"].count('"v1:'), 2, "salt and token are sealed")

        shown["enabled"] = False
        self.assertEqual(self.put(shown)[0], 0, "what get shows can be put back")
        kept = json.loads(self.rows()["life"][-1]["payload"])
        self.assertEqual(kept["mango"], json.loads(first["payload"])["mango"])
        self.assertFalse(kept["enabled"])

        for moved in (changed("megaplan.base_url", "https://other.megaplan.ru", shown),
                      changed("mango.base_url", "https://other.megaplan.ru/vpbx", shown),
                      changed("account", "other", changed("mango.api_key", "other", shown)),
                      changed("megaplan.password", "***", shown),
                      changed("account", "other", doc)):  # and one key belongs to one account
            code, out, err = self.put(moved)
            self.assertEqual((code, out), (3, ""), err)
            self.assertRegex(err, r"(megaplan|mango)\.\w+: ")
        self.assertNotIn("other", self.rows())
        self.assertEqual(len(self.rows()["life"]), 2, "a refusal writes nothing")

        new = {"SECRET_KEY": OTHER_KEY}
        self.assertEqual(self.put(shown, **new)[0], 3, "sealed by a key that is not known")
        self.assertEqual(self.put(shown, **new, SECRET_KEY_OLD=SECRET_KEY)[0], 0)
        self.assertNotEqual(json.loads(self.rows()["life"][-1]["payload"])["mango"], kept["mango"])
        self.assertEqual(self.put(shown, **new)[0], 0, "sealed by the new key alone now")

        self.assertEqual(worker("settings", "rm", "life")[0], 0)
        self.assertIsNone(self.rows()["life"][-1]["payload"])
        for command in ("get", "rm"):
            self.assertEqual(worker("settings", command, "life")[0], 1)

    def test_in_force_at_once(self):
        doc = self.document("quick")

        def answer():
            return ask(form('{"entry_id":"q"}', doc), "/mango/events/ping", OWN)[0]
        OWN = "10.2.0.1"
        self.assertEqual(answer(), 401)
        for change, wanted in ((lambda: self.put(doc), 200),
                               (lambda: self.put(changed("mango.api_salt", "another", doc)), 401),
                               (lambda: worker("settings", "rm", "quick"), 401)):
            self.assertEqual(change()[0], 0)
            wait_for("the new settings to be in force", lambda w=wanted: answer() == w, 1)


def form(text, doc=None, **more):
    keys = (doc or BASE)["mango"]
    text = text if isinstance(text, bytes) else text.encode()
    return mango.form(keys["api_key"], keys["api_salt"], text, **more)


def ask(body, path="/mango/events/sms", address=INSIDE, method="POST", kind=FORM, forwarded=None):
    """(status, headers and body) of a request that a proxy forwards for address."""
    host, _, port = STACK.services["ingest"].front.rpartition(":")
    lines = ["X-Forwarded-For: " + one for one in forwarded or [address]]
    head = "\r\n".join(["%s %s HTTP/1.1" % (method, path), "Host: x", "Content-Type: " + kind,
                        "Content-Length: %d" % len(body), "Connection: close"] + lines) + "\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=15) as sock:
        try:
            sock.sendall(head.encode() + body)
        except OSError:
            pass  # refused before all was sent
        got = b""
        try:
            while part := sock.recv(65536):
                got += part
        except OSError:
            pass
    return int(got.split(b" ")[1]), got


class Webhooks(unittest.TestCase):
    def test_order_of_answers(self):
        large, bad = b"a" * (256 * 1024 + 1), b"vpbx_api_key=x&sign=x"
        for wanted, more in (
                (404, {"path": "/events/sms", "address": OUTSIDE, "body": large}),
                (404, {"path": "/mango/events", "method": "GET"}),
                (404, {"path": "/mangoo/events/sms"}), (404, {"path": "/mango/other/sms"}),
                (405, {"method": "GET", "address": OUTSIDE, "body": large}),
                (405, {"method": "PUT", "path": "/mango/result/route"}),
                (403, {"address": OUTSIDE, "body": large}), (403, {"address": OUTSIDE, "body": bad}),
                (413, {"body": large, "kind": "application/json"}),
                (400, {"body": bad}), (400, {"kind": "text/plain"}),
                (400, {"body": bad, "path": "/mango/events/ping"}),
                (401, {"body": form("{}", sign="0" * 64)}), (200, {}),
                (200, {"path": "/mango/events/ping"}), (200, {"path": "/mango/result/route"})):
            more = {"body": form('{"entry_id":"order"}'), **more}
            status, got = ask(**more)
            self.assertEqual(status, wanted, (more, got[:200]))
            if wanted == 405:
                self.assertIn(b"\r\nAllow: POST\r\n", got)

    def test_forwarded(self):
        body = form('{"entry_id":"forwarded"}')
        for wanted, lines in ((200, [INSIDE]), (403, [OUTSIDE]), (200, [OUTSIDE + ", " + INSIDE]),
                              (403, [INSIDE + ", " + OUTSIDE]), (200, [INSIDE + ",192.168.3.4"]),
                              (403, [OUTSIDE + ", 192.168.3.4"]), (200, ["2001:db8::7"]),
                              (403, [INSIDE, OUTSIDE]), (200, [OUTSIDE, INSIDE]),
                              # each proxy may add a line of its own
                              (200, [INSIDE, "192.168.3.4"]), (403, [OUTSIDE, "192.168.3.4"]),
                              (403, [INSIDE, OUTSIDE, "192.168.3.4, 192.168.3.5"]),
                              (403, ["nonsense"]), (403, [""])):
            self.assertEqual(ask(body, forwarded=lines)[0], wanted, lines)

    def test_one_answer_for_both_and_too_many(self):
        own = "10.3.0.1"
        unknown = mango.form("nobody", "salt", b"{}")
        answers = [ask(unknown if n % 2 else form("{}", sign="0" * 64), address=own)
                   for n in range(23)]
        self.assertEqual([a[0] for a in answers], [401] * 20 + [429] * 3)
        self.assertEqual(len({a[1].partition(b"\r\n\r\n")[2] for a in answers[:20]}), 1)
        self.assertEqual(ask(form("{}"), "/mango/events/ping", own)[0], 200)
        self.assertEqual(ask(unknown, address="10.3.0.2")[0], 401)

    def keep(self, text, key, path="/mango/events/sms", **more):
        self.assertEqual(ask(form(text, **more), path)[0], 200, text[:60])

        def found():
            return [m for m in list(STACK.topics.messages["events"])
                    if m.value == text and m.key == "acme/" + key]
        row = wait_for("%r under %s" % (text[:60], key), found, 15)[-1]
        self.assertEqual(row.partition, partition("acme/" + key), key)
        self.assertEqual(list(row.headers), ["kind", "origin", "account", "received-at"])
        self.assertEqual((row.headers["kind"], row.headers["origin"], row.headers["account"]),
                         (path.partition("/mango/")[2].removeprefix("events/"), "live", "acme"))
        self.assertRegex(row.headers["received-at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_byte_for_byte(self):
        text = '{ "a": "1+1 = 2 %2B & \\u041f \\/ \\" Пётр 😀 ~\\u0000",\t"entry_id" : "v-STYLE" }'
        for style in mango.FORM_STYLES:
            self.keep(text.replace("STYLE", style), "v-" + style, style=style)
        self.keep('{"pad":"%s","entry_id":"large"}' % ("+ж" * 25000), "large")
        self.keep('{"pad":"%s","entry_id":"larger"}' % ("ab." * 66000), "larger", style="percent")

    def test_keys(self):
        for text, key in (('{"x":{"entry_id":"inner"},"entry_id":"outer"}', "outer"),
                          ('{"entry_id":"a/b"}', "a/b"), ('{"entry_id":"Привет"}', "Привет"),
                          ('{"\\u0065ntry_id":"e\\u0073c=="}', "esc=="), ('{"entry_id":7}', "-"),
                          ('{"entry_id":""}', "-"), ('[{"entry_id":"e"}]', "-"),
                          ('{"entry_id":"cut"', "-"), ("no json", "-")):
            self.keep(text, key)
        self.keep('{"entry_id":"k"}', "k", "/mango/events/some/day")
        for command, key in (("MTox~77", "MTox"), ("a~b~c", "a~b"), ("ours", "-"), ("~n", "-")):
            self.keep('{"command_id":"%s","entry_id":"x"}' % command, key, "/mango/result/route")
        self.keep('{"result":1000}', "-", "/mango/result/route")

    def test_dead_as_it_was(self):
        for text, key in (('{"entry_id":"broken","call_id"', "-"),
                          ('{"call_id":"c","seq":1,"call_state":"Appeared"}', "-")):
            self.keep(text, key, "/mango/events/call")

            def found(t=text):
                return [m for m in list(STACK.topics.messages["dead"]) if m.value == t]
            row = wait_for("a dead letter", found, 15)[0]
            event = next(m for m in STACK.topics.messages["events"] if m.value == text)
            self.assertEqual((row.key, row.partition), (event.key, event.partition))
            self.assertLessEqual(event.headers.items(), row.headers.items())
            place = [row.headers["__connect.errors." + n] for n in ("topic", "partition", "offset")]
            self.assertEqual(place, ["mangoplan.events", str(event.partition), str(event.offset)])
            self.assertTrue(row.headers["__connect.errors.exception.message"])


class Whole(unittest.TestCase):
    """A call from end to end, then what the programs say of themselves."""

    NAMES = """build_info webhooks_total webhook_duration_seconds webhook_oldest_waiting_seconds
        spool_messages spool_oldest_seconds last_webhook_seconds kafka_produce_errors_total
        kafka_rebalances_total consumer_lag_messages consumer_lag_seconds restore_seconds
        events_folded_total calls_total calls_open calls_oldest_open_seconds decisions_total jobs_total
        job_duration_seconds jobs_held jobs_oldest_held_seconds unknown_outcomes_total twins_total
        api_requests_total api_request_duration_seconds api_budget_tokens api_budget_wait_seconds
        route_total route_latency_seconds popup_total popup_latency_seconds dead_total
        reconcile_missing clock_skew_seconds breaker_open""".split()

    def test_call(self):
        for seq, state in enumerate(("Appeared", "Connected"), 1):
            self.assertEqual(ask(form(json.dumps({
                "entry_id": "whole", "call_id": "whole-1", "seq": seq, "call_state": state,
                "timestamp": int(time.time()), "location": "abonent", "from": {"number": NUMBER},
                "to": {"extension": "123", "number": "sip:x@y", "line_number": "78005553535"}})),
                "/mango/events/call")[0], 200)
        topics = STACK.topics.messages
        wait_for("the fact of a client", lambda: any(
            m.key == "acme/whole:client/done" for m in list(topics["facts"])), 20)
        for name in ("jobs.now", "jobs", "jobs.bulk", "facts"):
            for m in list(topics[name]):
                if m.key != "_mark":
                    self.assertEqual(m.partition, partition(m.key.partition("/")[0]), (name, m.key))
        for m in list(topics["outcomes"]):
            self.assertEqual(m.partition, partition(m.key), m.key)

    def test_metrics(self):
        for name, service in STACK.services.items():
            families, problems = exposition(fetch("http://%s/metrics" % service.ops)[1])
            self.assertEqual(problems, [], name)
            self.assertEqual(set(families) - {"mangoplan_" + n for n in self.NAMES}, set(), name)
            info = families["mangoplan_build_info"][1]
            self.assertEqual([set(labels) for labels in info], [{"version", "role"}])
            for samples in families.values():
                self.assertFalse([labels for labels in samples[1] if "account" in labels])

    def test_health(self):
        for name, service in STACK.services.items():
            # A worker that stood still for five seconds (a busy machine) begins anew: not ready for a moment.
            wait_for("%s to be ready" % name, service.ready, 30)
            text = fetch("http://%s/readyz" % service.ops)[1]
            doc = json.loads(text)
            self.assertEqual((doc["status"], doc["checks"]["kafka"]), ("ok", "ok"), name)
            self.assertEqual(fetch("http://%s/healthz" % service.ops)[0], 200)
            self.assertEqual(fetch("http://%s/other" % service.ops)[0], 404)


def exposition(text):
    """Prometheus text: ({family: (type, [labels of samples])}, what is wrong with it)."""
    line_form = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? '
                           r"(-?[\d.]+(?:e[-+]?\d+)?|\+Inf|-Inf|NaN)")
    families, problems, seen, buckets, last = {}, [], set(), {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in families:
                problems.append("second TYPE: " + line)
            families[name] = (kind, [])
        if line.startswith("# ") or not line:
            continue
        match = line_form.fullmatch(line)
        if not match:
            problems.append("syntax: " + line)
            continue
        name, labels, value = match[1], dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")), match[3]
        family = name if name in families else re.sub("_(bucket|sum|count)$", "", name)
        if family not in families or (family != last and families[family][1]):
            problems.append("without TYPE or not together: " + line)
            continue
        last = family
        kind = families[family][0]
        if (name, tuple(sorted(labels.items()))) in seen:
            problems.append("twice: " + line)
        seen.add((name, tuple(sorted(labels.items()))))
        if (kind == "counter") != family.endswith("_total"):
            problems.append("a counter ends in _total: " + line)
        bound = labels.pop("le", None)
        families[family][1].append(labels)
        if bound:
            buckets.setdefault((family, tuple(labels.items())), []).append((bound, float(value)))
        if name == family + "_count" and buckets[family, tuple(labels.items())][-1] != (
                "+Inf", float(value)):
            problems.append("+Inf is not the count: " + line)
    problems += ["not growing: %s" % (key,) for key, rows in buckets.items()
                 if [v for _, v in rows] != sorted(v for _, v in rows)]
    return families, problems


class ZLast(unittest.TestCase):
    def test_logs(self):
        """At debug level, after all that happened: JSON lines, no secret, no whole phone number."""
        for name, service in STACK.services.items():
            data = service.log.read_bytes()
            for secret in (SECRET_KEY, BASE["mango"]["api_salt"], BASE["megaplan"]["token"], NUMBER,
                           "quick-salt"):
                self.assertNotIn(secret.encode(), data, name)
            for line in data.splitlines():
                row = json.loads(line)
                self.assertLessEqual({"ts", "level", "role", "msg"}, set(row))
                self.assertEqual(row["role"], name)
                self.assertRegex(row["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_ends(self):
        for name, service in STACK.services.items():
            service.signal(signal.SIGTERM)
            self.assertEqual(service.popen.wait(20), 0, name)


if __name__ == "__main__":
    unittest.main()
