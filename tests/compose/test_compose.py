#!/usr/bin/env python3
"""docker-compose.yml on a Docker Engine: images built, everything up and healthy, the demo's clients in time, workers
scaled, a call through the published port, containers killed, everything restarted one by one, and nothing left.

Its steps are one story, so they are one test with parts that are told as they are done.
COMPOSE_SKIP=1 skips it, and says so; without it a machine on which no engine can start fails.
"""

import json
import os
import pathlib
import re
import signal
import sys
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(ROOT / "tests/integration"), str(ROOT / "tests/fakes"), str(ROOT / "tests/demo"),
                str(ROOT / "deploy/kafka")]

import engine  # noqa: E402
import mango  # noqa: E402
import story  # noqa: E402
from broker import free_ports  # noqa: E402
from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from stack import Control  # noqa: E402

PRODUCT = ("ingest", "calls", "crm")
IMAGE_MB = 80
FIRST_CLIENT_S = 90
NUMBERS = iter(range(79260000001, 79269999999))
ALL_IS_WELL = "All as it should be"
# Prints the addresses behind a name of which /metrics on a port is this product's.
ASK_ALL = """
import socket, sys, urllib.request
for address in socket.gethostbyname_ex(sys.argv[1])[2]:
    text = urllib.request.urlopen("http://%s:%s/metrics" % (address, sys.argv[2]), timeout=5).read().decode()
    if 'role="%s"' % sys.argv[1] in text:
        print(address)
"""


def told(text):
    print("# " + text, flush=True)


class Project:
    """The compose project of this test, with a name and ports of its own."""

    def __init__(self):
        self.name = "mangoplan-test-%d" % os.getpid()
        self.ingest, self.admin, self.grafana = free_ports(3)
        self.argv = engine.compose_argv() + ["-p", self.name, "-f", str(ROOT / "docker-compose.yml")]
        self.env = {**os.environ, "INGEST_PORT": str(self.ingest), "ADMIN_PORT": str(self.admin), "GRAFANA_PORT": str(
            self.grafana), "MANGOPLAN_IMAGE": "mangoplan:test"}

    def run(self, *argv, **more):
        return engine.run(*self.argv, *argv, env=self.env, cwd=ROOT, **more)

    def ids(self, service):
        return self.run("ps", "-aq", service).split()

    def inspect(self, service):
        return json.loads(engine.run("docker", "inspect", *self.ids(service)))

    def logs(self, service):
        return "".join(engine.run("docker", "logs", i, ok=False) for i in self.ids(service))

    def address(self, service):
        (one,) = self.inspect(service)
        return next(n["IPAddress"] for name, n in one["NetworkSettings"]["Networks"].items() if name.endswith("_default"))

    def healthy(self, **counts):
        """So many containers of each service answer their health check."""
        def states():
            return {service: [c["State"].get("Health", {}).get("Status") for c in self.inspect(service)] for service in counts}
        wait_for(lambda: "health of %s" % states(), lambda: all(
            seen == ["healthy"] * counts[service] for service, seen in states().items()), 120, 0.5)


class Compose(unittest.TestCase):
    """See the file's head."""

    def test_the_whole_way(self):
        if os.environ.get("COMPOSE_SKIP") == "1":
            told("not tried: COMPOSE_SKIP=1")
            self.skipTest("COMPOSE_SKIP=1")
        self.play()

    def play(self):
        with engine.Engine():
            self.project = Project()
            made = engine.make_images()
            if made:
                told("no registry in reach: made from packages and jars: %s" % ", ".join(made))
            try:
                self.static()
                self.build()
                self.up()
                self.hardened()
                self.scaled()
                self.found()
                self.sender()
                self.a_call("through the published port")
                self.killed()
                self.restarted()
            except Exception:
                for service in (*PRODUCT, "kafka", "demo"):
                    told("%s: ...%s" % (service, self.project.logs(service)[-1500:]))
                raise
            finally:
                self.project.run("--profile", "demo", "down", "-v", "--remove-orphans", ok=False)
            self.assertEqual(engine.run("docker", "ps", "-aq", "--filter", "name=" + self.project.name), "")
            self.assertEqual(engine.run("docker", "volume", "ls", "-q", "--filter", "name=" + self.project.name), "")

    def static(self):
        self.project.run("config", "-q")
        config = json.loads(self.project.run("--profile", "demo", "--profile", "monitoring", "config", "--format", "json"))
        for service, what in config["services"].items():  # the engine would make an empty folder of what is missing
            for volume in what.get("volumes", []):
                if volume["type"] == "bind":
                    self.assertTrue(os.path.exists(volume["source"]), "%s: no %s" % (service, volume["source"]))

    def build(self):
        begun = time.monotonic()
        self.project.run("--profile", "demo", "build")
        (image,) = json.loads(engine.run("docker", "image", "inspect", "mangoplan:test"))
        size = image["Size"] / 1e6
        told("built in %.0f s; the image has %.0f MB" % (time.monotonic() - begun, size))
        self.assertLess(size, IMAGE_MB)
        self.assertRegex(image["Config"]["User"], r"^(mangoplan|[1-9]\d*)")

    def up(self):
        begun = time.monotonic()
        self.project.run("--profile", "demo", "up", "-d")
        took = {}

        def look():
            for what, text in (("the first client", "new client «"), ("all", ALL_IS_WELL)):
                if what not in took and text in self.project.logs("demo"):
                    took[what] = time.monotonic() - begun
            self.assertNotIn("DIFFERENT FROM", self.project.logs("demo"))
            return len(took) == 2
        wait_for("the demo's day", look, 240, 0.5)
        told("from up to the first client %.1f s, to the end of the demo's day %.1f s" % (took["the first client"], took["all"]))
        self.assertLess(took["the first client"], FIRST_CLIENT_S)
        self.project.healthy(kafka=1, ingest=1, calls=1, crm=1)

    def hardened(self):
        for service in (*PRODUCT, "kafka", "demo"):
            for container in self.project.inspect(service):
                host = container["HostConfig"]
                self.assertEqual(host["CapDrop"], ["ALL"], service)
                self.assertIn("no-new-privileges:true", host["SecurityOpt"], service)
                self.assertEqual(host["ReadonlyRootfs"], service != "kafka", service)
                self.assertEqual(bool(host["PortBindings"]), service == "ingest", service)
        pages = self.project.inspect("ingest")[0]["HostConfig"]["PortBindings"]["8081/tcp"]
        self.assertEqual([p["HostIp"] for p in pages], ["127.0.0.1"])
        secret = self.project.run("exec", "-T", "ingest", "cat", "/run/secrets/mangoplan/secret_key").strip()
        self.assertRegex(secret, "^[0-9a-f]{64}$")
        for service in PRODUCT:  # neither in what the engine shows nor in what they log
            self.assertNotIn(secret, json.dumps(self.project.inspect(service)))
            self.assertNotIn(secret, self.project.logs(service))
        report = self.project.run("exec", "-T", "ingest", "worker", "doctor", "--json", ok=False)
        self.assertIn('"check"', report)

    def scaled(self):
        begun = time.monotonic()
        self.project.run("--profile", "demo", "up", "-d", "--no-recreate", "--scale", "crm=3", "--scale", "calls=2")
        self.project.healthy(ingest=1, calls=2, crm=3)
        told("three crm and two calls healthy after %.1f s" % (time.monotonic() - begun))

    def found(self):
        """Every container of a role is found by the role's name, once, and tells its metrics: as prometheus.yml does it."""
        for service, port, count in (("ingest", 9100, 1), ("calls", 9101, 2), ("crm", 9102, 3)):
            seen = self.project.run("exec", "-T", "demo", "python3", "-c", ASK_ALL, service, str(port)).split()
            self.assertEqual(len(seen), count, "%s: %s" % (service, seen))
            self.assertEqual(len(set(seen)), count, "%s: %s" % (service, seen))

    # calls

    def sender(self):
        """A MANGO outside that posts to the published port; a fake Megaplan that tells what it got."""
        company = story.Company("romashka")
        keys, path = company.settings["mango"], company.settings["megaplan"]["base_url"]
        self.post = mango.Sender("http://127.0.0.1:%d" % self.project.ingest, keys["api_key"], keys["api_salt"])
        self.megaplan = Control("http://%s:8600%s" % (self.project.address("demo"), path))
        self.addCleanup(self.post.close)
        self.unsent = []

    def send(self, name):
        """A missed call of a number that nobody knows; what was not answered 200 is kept."""
        call = Call({"name": name, "shape": "missed", "number": str(next(NUMBERS))}, "%x" % int(time.time() * 1000))
        for webhook in call.webhooks:
            if self.post.send(webhook).status != 200:
                self.unsent.append((call, webhook))
        return call

    def saved(self, calls):
        """Each call once, each with a client of its own, once."""
        def missing():
            state = self.megaplan.state()
            kept = [row["providerId"] for row in state["CallInfo"] if row.get("state", "finished") == "finished"]
            clients = json.dumps(state["ContractorHuman"], ensure_ascii=False)
            return [c.name for c in calls if kept.count(c.entry) != 1 or len(
                re.findall(re.escape("MANGO " + c.entry), clients)) != 1]
        wait_for(lambda: "calls saved once, with a client each: %s" % missing(), lambda: not missing(), 90, 0.5)

    def a_call(self, why):
        begun = time.monotonic()
        call = self.send("one")
        self.assertEqual(self.unsent, [])
        self.saved([call])
        told("a call %s: saved, with its client, after %.1f s" % (why, time.monotonic() - begun))

    def killed(self):
        """The processes end by kill -9; the engine starts their containers again."""
        calls = []
        for service in ("crm", "calls", "kafka", "ingest"):
            victim = self.project.inspect(service)[0]
            calls.append(self.send("before-" + service))
            os.kill(victim["State"]["Pid"], signal.SIGKILL)
            wait_for(service + " to be back", lambda: self.project.inspect(service)[0]["State"]["Pid"] not in (
                0, victim["State"]["Pid"]), 60, 0.2)
            self.post.close()
            wait_for("ingest to answer", self.is_open, 60, 0.2)
            calls.append(self.send("after-" + service))
        self.assertEqual(self.unsent, [])
        self.project.healthy(kafka=1, ingest=1, calls=2, crm=3)
        self.saved(calls)
        told("a crm, a calls, kafka and ingest killed: all %d calls saved once" % len(calls))

    def is_open(self):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/" % self.project.ingest, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def restarted(self):
        """Each container in turn, with calls between; a webhook that nobody took while the one ingest was away is sent
        again, as no MANGO does: reconciling is what finds it in life."""
        calls = []
        for service in ("crm", "calls", "ingest", "kafka"):
            for container in self.project.ids(service):
                calls.append(self.send("beside-" + service))
                begun = time.monotonic()
                engine.run("docker", "restart", "-t", "30", container)
                told("%s: docker restart took %.1f s" % (service, time.monotonic() - begun))
                self.assertNotEqual(json.loads(engine.run("docker", "inspect", container))[0]["State"]["Status"], "exited")
        wait_for("ingest to answer", self.is_open, 60, 0.2)
        self.project.healthy(kafka=1, ingest=1, calls=2, crm=3)
        late, self.unsent = self.unsent, []
        for _, webhook in late:
            self.assertEqual(self.post.send(webhook).status, 200)
        self.saved(calls)
        told("everything restarted one by one: all %d calls saved once (%d webhooks met the restart of ingest)" % (
            len(calls), len(late)))


if __name__ == "__main__":
    if os.environ.get("COMPOSE_SKIP") == "1":
        unittest.main()
    try:  # outside of the test case, which would tell a missing engine with a traceback around it
        with engine.Engine():
            engine.compose_argv()
            unittest.main()
    except engine.NoEngine as missing:
        sys.exit("test_compose: %s" % missing)
