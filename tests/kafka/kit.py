"""What the tests on Apache Kafka share: a broker per class, a system per test on topics of its own, and calls whose keys lie on
every partition, so that each worker has something to do whichever partitions it was given.

BUILD=folder of the binaries. What a test measured it says by figure(); tests/run shows these lines also when all is well.
"""

import collections
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
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / name) for name in ("integration", "fakes")]

from calls import Call  # noqa: E402
from process import wait_for  # noqa: E402
from real_kafka import RealKafka  # noqa: E402
from records import partition  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
SANITIZED = pathlib.Path(BUILD).name not in ("build", "release")
PARTITIONS = 4          # Stack's
BASE = json.loads((HERE.parent / "scenarios/base.json").read_text(encoding="utf-8"))
ALL = ("ingest", "calls", "crm")


def figure(text):
    print("# " + text, flush=True)


def names_on_partitions(form):
    """For each partition one of the names that form(number) gives, by what is placed there."""
    made, number = {}, 0
    while len(made) < PARTITIONS:
        name, key = form(number)
        made.setdefault(partition(key, PARTITIONS), name)
        number += 1
    return [made[n] for n in range(PARTITIONS)]


ACCOUNTS = names_on_partitions(lambda n: ("kafka%d" % n, "kafka%d" % n))


class OnKafka(unittest.TestCase):
    NODES, SECURE, PROPERTIES = 1, False, ()
    ENV = {}

    @classmethod
    def setUpClass(cls):
        cls.kafka = RealKafka(cls.NODES, cls.SECURE, cls.PROPERTIES).open_doors()

    @classmethod
    def tearDownClass(cls):
        cls.kafka.end()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-kafka-test-"))
        self.stamp = "%x" % int(time.time() * 1000)
        self.calls = []         # (account, Call)
        self.senders = {}
        self.stack = Stack(BUILD, self.folder, "k%s." % self.stamp, self.kafka.brokers, mega_paths=["/" + a for a in ACCOUNTS],
                           env={"CALL_SETTLE_S": "1", "LOG_LEVEL": "info", **self.ENV})
        self.addCleanup(self.end)
        self.stack.start_outside()
        self.documents = [self.document(name) for name in ACCOUNTS]
        for name in ACCOUNTS:
            self.stack.fakes["/" + name].ask("seed", BASE["megaplan"])

    def has_failed(self):
        rows = self._outcome.result.failures + self._outcome.result.errors
        return any(test is self for test, _ in rows)

    def end(self):
        for _, sender in self.senders.values():
            sender.close()
        self.stack.down()
        problems = self.stack.problems()
        if problems or os.environ.get("KEEP") or self.has_failed():
            kept = pathlib.Path(BUILD) / "kafka-logs" / self.id()
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self.folder, kept)
            print("logs: %s" % kept)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertFalse(problems, "\n".join(problems))

    @staticmethod
    def document(name):
        return dict(BASE["settings"], account=name, mango={"api_key": name + "-key-0123456789", "api_salt": name + "-salt-9876543210"},
                    megaplan=dict(BASE["settings"]["megaplan"], base_url="/" + name))

    def up(self, services=ALL, **more):
        for document in self.documents:
            if document["megaplan"]["base_url"].startswith("/"):
                document["megaplan"]["base_url"] = self.stack.megaplan + document["megaplan"]["base_url"]
        self.stack.up(self.documents, services, **more)

    def service(self, name):
        return self.stack.services[name]

    # calls

    def new_call(self, account, on):
        """Of a new number, its events on that partition."""
        while True:
            name = "c%d-%d" % (len(self.calls), self.tries)
            call = Call({"name": name, "shape": "direct", "seconds_ago": 32, "number": "7912%07d" % len(self.calls)}, self.stamp)
            if partition("%s/%s" % (account, call.entry), PARTITIONS) == on:
                self.calls.append((account, call))
                return call
            self.tries += 1

    tries = 0

    def post(self, account, call, only=None, expect=200):
        """Its webhooks, those of `only` if given, in order."""
        sender = self.senders.get(account)
        address = "http://" + self.service("ingest").front
        if sender is None or sender[0] != address:
            if sender:
                sender[1].close()
            document = next(d for d in self.documents if d["account"] == account)
            sender = self.senders[account] = (address, self.stack.sender(document))
        for index, webhook in enumerate(call.webhooks):
            if only is None or index in only:
                answer = sender[1].send(webhook)
                self.assertEqual(answer.status, expect, answer.text)
        call.posted = time.time()

    def everywhere(self, only=None):
        """A call per account, on all partitions of events and of jobs."""
        made = []
        for n, account in enumerate(ACCOUNTS):
            call = self.new_call(account, (n + len(self.calls) // PARTITIONS) % PARTITIONS)
            self.post(account, call, only)
            made.append((account, call))
        return made

    # what came of it

    def states(self):
        return {name: self.stack.fakes["/" + name].state() for name in ACCOUNTS}

    def clients(self, states=None):
        """{(account, number): how many}"""
        made = collections.Counter()
        for account, state in (states or self.states()).items():
            for row in state["ContractorHuman"]:
                for info in row.get("contactInfo") or []:
                    made[account, "".join(c for c in info["value"] if c.isdigit())] += 1
        return made

    def saved(self, states=None):
        """{(account, entry): how many}"""
        return collections.Counter((account, row.get("providerId")) for account, state in (states or self.states()).items()
                                   for row in state["CallInfo"])

    def await_clients(self, calls, deadline_s=45):
        def missing():
            there = self.clients()
            return [call.number for account, call in calls if not there[account, call.number]]
        wait_for(lambda: "clients of %s" % missing(), lambda: not missing(), deadline_s, 0.1)

    def await_saved(self, deadline_s=45, every_s=0.3):
        def missing():
            there = self.saved()
            return [call.entry for account, call in self.calls if not there[account, call.entry]]
        wait_for(lambda: "calls saved: %s" % missing()[:5], lambda: not missing(), deadline_s, every_s)

    def judge(self, saved=True):
        """One client per number and one CallInfo per call, nothing dead."""
        if saved:
            self.await_saved()
        states = self.states()
        clients, infos = self.clients(states), self.saved(states)
        self.assertEqual({(a, c.number): clients[a, c.number] for a, c in self.calls if clients[a, c.number] != 1}, {})
        if saved:
            self.assertEqual({(a, c.entry): infos[a, c.entry] for a, c in self.calls if infos[a, c.entry] != 1}, {})
        self.assertEqual([m.value for m in self.stack.topics.messages["dead"]], [])

    def created(self):
        """{number: when the request that made its client came}"""
        made = {}
        for control in self.stack.fakes.values():
            for row in control.requests():
                if row["method"] == "POST" and row["path"].endswith("/contractorHuman") and row["status"] == 200:
                    for info in json.loads(row["body"]).get("contactInfo") or []:
                        made.setdefault("".join(c for c in info["value"] if c.isdigit()), row["at"])
        return made

    def worst(self, calls):
        """Seconds from a call's being answered to its client, the longest."""
        made = self.created()
        return max(made[call.number] - call.posted for _, call in calls)


class Probes:
    """Calls on all partitions, every `every_s`, while something is done to the workers."""

    def __init__(self, test, every_s=0.1):
        self.test, self.every_s = test, every_s
        self.calls, self.error = [], None
        self.between = threading.Lock()     # held by who wants none to begin
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.ending.is_set():
                with self.between:
                    self.calls += self.test.everywhere(only=(0, 1))
                self.ending.wait(self.every_s)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
        if self.error:
            raise self.error
