"""A whole system of its own for one test: broker, fake Megaplan and MANGO, ingest, workers, topic followers.
`wires` (wire.py) stand between a service, by name, and the broker, or before "megaplan".

    with Stack(build, folder) as stack: stack.up(document); stack.sender(); ... 
Everything listens on free ports and ends with the `with`. KAFKA: a shared broker's address instead
of a devbroker of one's own.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fakes"))
import mango  # noqa: E402

import records  # noqa: E402
from process import Failed, Process, Service  # noqa: E402
from topics import Topics  # noqa: E402
from wire import Wire  # noqa: E402

SECRET_KEY = "5a" * 32
# Threads of one runner start children one after the other: fork in Python is not made for crowds.
STARTING = threading.Lock()


class Control:
    """The control calls of a fake (fake_http.control)."""

    def __init__(self, address):
        self.address = address

    def ask(self, path, doc=None, timeout=30):
        data = None if doc is None else json.dumps(doc).encode()
        request = urllib.request.Request(self.address + "/_control/" + path, data=data)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.loads(answer.read())

    def state(self):
        return self.ask("state")

    def requests(self):
        return self.ask("requests")

    def counts(self):
        return self.ask("counts")


class Stack:
    """See the file's head. `prefix` tells scenarios on one Kafka apart."""

    def __init__(self, build, folder, prefix="mangoplan.", brokers=None, env=None, mega_paths=("",),
                 wires=()):
        self.build = pathlib.Path(build).resolve()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prefix = prefix
        self.brokers = brokers
        self.extra_env = env or {}
        self.mega_paths = mega_paths
        self.wires = dict.fromkeys(wires)
        self.processes = []
        self.services = {}
        self.topics = None
        self.fakes = {}
        self.megaplan = ""
        self.pbxs = {}
        self.pbx = ""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.down(gentle=kind is None or issubclass(kind, Failed))

    # start

    def start_outside(self):
        """Broker, fake Megaplan and MANGO; all say where they are in their first line."""
        broker = None
        if self.brokers is None:
            broker = self.add(Process("devbroker", [self.build / "devbroker", "--prefix", self.prefix,
                                                    "--partitions", self.env()["TOPIC_PARTITIONS"]],
                                      self.folder, first_line=True, hold_stdin=True))
        fake, pbx = (self.add(Process(name, self.fake_argv(script), self.folder, first_line=True))
                     for name, script in (("megaplan", "megaplan.py"), ("mango", "mango_api.py")))
        if broker:
            self.brokers = broker.read_first_line().partition("=")[2]
        self.megaplan = fake.read_first_line()
        self.fakes = {path: Control(self.megaplan + path) for path in self.mega_paths}
        self.pbx = pbx.read_first_line()
        self.pbxs = {path: Control(self.pbx + path) for path in self.mega_paths}
        for name in self.wires:
            to_megaplan = name == "megaplan"
            self.wires[name] = Wire(self.megaplan.partition("//")[2] if to_megaplan else self.brokers,
                                    kafka=not to_megaplan)
        if "megaplan" in self.wires:  # the workers' way to it; our own control calls go straight
            self.megaplan = "http://" + self.wires["megaplan"].address

    def fake_argv(self, script):
        """A fake serves each account below its path."""
        argv = [sys.executable, HERE.parent / "fakes" / script]
        for path in self.mega_paths:
            argv += ["--prefix", path]
        return argv

    @property
    def pbx_control(self):
        return self.pbxs[self.mega_paths[0]]

    @property
    def control(self):
        return self.fakes[self.mega_paths[0]]

    def add(self, process):
        with STARTING:
            process.start()
        self.processes.append(process)
        return process

    def env(self):
        made = {"KAFKA_BROKERS": self.brokers, "TOPIC_PREFIX": self.prefix, "TOPIC_PARTITIONS": "4",
                "SECRET_KEY": SECRET_KEY, "INGEST_LISTEN": "127.0.0.1:0", "OPS_LISTEN": "127.0.0.1:0",
                "INGEST_SPOOL": "", "OUTBOUND_ALLOW": ",".join(
                    address.partition("//")[2] for address in (self.megaplan, self.pbx)),
                "LOG_LEVEL": "debug"}
        made.update(self.extra_env)
        return made

    def start_service(self, name, wait=True):
        """name: ingest, calls, crm, or one of those with a number after it (crm2)."""
        role = name.rstrip("0123456789")
        argv = [self.build / "ingest"] if role == "ingest" else [self.build / "worker", role]
        service = self.services.get(name)
        if service is None:
            env = self.env()
            if name in self.wires:
                env["KAFKA_BROKERS"] = self.wires[name].address
            env["INGEST_SPOOL"] = env["INGEST_SPOOL"].replace("{name}", name)
            ports = 1 + (role == "ingest") + (role == "ingest" and bool(env.get("ADMIN_LISTEN")))
            service = Service(name, argv, self.folder, env, ports)
            self.services[name] = service
            self.processes.append(service)
        if service.running:
            raise Failed("%s runs already" % name)
        with STARTING:
            service.start()
        if wait:
            service.await_ready()
        return service

    def with_pbx(self, document):
        """The document with the fake MANGO's address, unless it names one, so that nothing goes out; that
        MANGO knows the account from now on. Both services of an account lie below the same path."""
        if "base_url" in document["mango"]:
            return document
        path = urllib.parse.urlsplit(document["megaplan"]["base_url"]).path
        world = next((w for w in sorted(self.pbxs, key=len, reverse=True) if path.startswith(w)), None)
        if world is None:
            return document
        made = dict(document["mango"], base_url=self.pbx + world + "/vpbx")
        self.pbxs[world].ask("accounts", {made["api_key"]: made["api_salt"]})
        return dict(document, mango=made)

    def put_settings(self, document):
        """worker settings put: the settings are in Kafka when this returns."""
        document = self.with_pbx(document)
        path = self.folder / ("settings-%s.json" % document["account"])
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        return self.tool("settings", "put", path)

    def tool(self, *arguments, ok=(0,)):
        with STARTING:
            child = subprocess.Popen([str(self.build / "worker")] + [str(a) for a in arguments],
                                     env=dict(os.environ, **self.env()), stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                     start_new_session=True)
        try:
            out, _ = child.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise Failed("worker %s did not end in 60 s" % " ".join(map(str, arguments))) from None
        text = out.decode("utf-8", "replace")
        with open(self.folder / "tools.log", "a", encoding="utf-8") as log:
            log.write("$ worker %s -> %d\n%s\n" % (" ".join(map(str, arguments)), child.returncode,
                                                   text))
        if child.returncode not in ok:
            raise Failed("worker %s ended with %d:\n%s" % (" ".join(map(str, arguments)),
                                                           child.returncode, text[-1500:]))
        return text

    def up(self, documents, services=("ingest", "calls", "crm"), follow=True, put=True):
        """Puts the settings (unless they are) and starts the services; returns when all are ready."""
        for document in documents if put else ():
            self.put_settings(document)
        started = [self.start_service(name, wait=False) for name in services]
        for service in started:
            service.await_ready()
        if follow:
            self.topics = Topics(self.brokers, self.prefix, self.folder / "kcat.log")
            for document in documents:
                self.topics.of_account(document["account"])
            with STARTING:
                self.topics.start()

    def write(self, topic, account, record):
        """A record (key, value, headers) of that account's into a topic that is placed by account."""
        count = int(self.env()["TOPIC_PARTITIONS"])
        with STARTING:
            records.write(self.brokers, self.prefix + topic, records.partition(account, count), *record)

    def sender(self, document, keep_alive=True):
        """A MANGO that posts to the ingest that runs now."""
        return mango.Sender("http://" + self.services["ingest"].front, document["mango"]["api_key"],
                            document["mango"]["api_salt"], keep_alive)

    def behind(self):
        """What the workers have not read yet, worded."""
        lags = {name: service.lag() for name, service in self.services.items()
                if service.running and not name.startswith("ingest")}
        return ["%s has %d messages before it" % pair for pair in lags.items() if pair[1]]

    def alive(self):
        """Failed when a process has ended by itself."""
        for process in self.processes:
            if not process.stopped:
                process.check_alive()

    # end

    def down(self, gentle=True):
        """Ends everything: services by SIGTERM first (unless in a hurry), then what they stood on."""
        for wire in self.wires.values():
            if wire:
                wire.set("open")
        order = list(self.services.values()) + [p for p in self.processes
                                                if p not in self.services.values()]
        if gentle:
            for process in order[:len(self.services)]:
                process.ask_to_end()
            for process in order:
                process.end()
        for process in order:
            process.destroy()
        for wire in self.wires.values():
            if wire:
                wire.close()
        if self.topics:
            self.topics.stop()
            self.topics.dump(self.folder)

    def problems(self):
        """What the processes themselves have to be blamed for, after down()."""
        made = []
        for process in self.processes:
            made += process.problems + process.reports()
        tools = self.folder / "tools.log"
        if tools.exists():
            probe = Process("tools", [], self.folder)
            made += probe.reports()
        return made
