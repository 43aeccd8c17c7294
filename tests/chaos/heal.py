#!/usr/bin/env python3
"""Random calls with random losses: `worker reconcile` and `worker replay` bring Megaplan to what it would be without.

    tests/chaos/heal.py [SEED ...]     CALLS=120 BUILD=build/asan KAFKA=1

One story is told twice, to two accounts of one system: whole to one; the other one has lost webhooks of whole calls,
summaries, and was switched off for a fifth of the time. Then it is healed by both tools, while calls come in that are
alive, and workers and tools are killed. In the end (heal_story.py) both Megaplans hold the same; and both tools again
make no writing request. Last line: "N passed, N failed".
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/fakes"), str(ROOT / "tests/chaos")]

from calls import Call  # noqa: E402
from heal_story import SETTINGS, SPAN_S, Standing, Story, differences, rfc3339  # noqa: E402
from process import Failed, wait_for  # noqa: E402
from real_kafka import start_if_wanted  # noqa: E402
from stack import STARTING, Stack  # noqa: E402

BASE = json.loads((ROOT / "tests/scenarios/base.json").read_text(encoding="utf-8"))
ACCOUNTS = ("whole", "lossy")
QUIET_S = 7             # a call closes 5 s after its summary
SETTLE_S = 240          # what was killed on its way is looked for over 20 + 67 s, perhaps twice
TOOL_S = 120
LIVE_EVERY_S = 0.5
STRIKES = ("crm", "calls", "crm", "tool")


class Healing:
    """One story in a system of its own."""

    def __init__(self, seed, count, stack):
        self.chance = random.Random(seed)
        self.story = Story(seed, count, time.time())
        self.stack = stack
        self.live = []
        self.stop = threading.Event()
        self.failure = None
        self.notes = []

    # before

    def document(self, name, enabled=True):
        made = dict(BASE["settings"], **SETTINGS)
        made.update(account=name, enabled=enabled,
                    mango={"api_key": name + "-key-0123456789", "api_salt": name + "-salt-9876543210"},
                    megaplan=dict(made["megaplan"], base_url=self.stack.megaplan + "/" + name))
        return made

    def up(self):
        self.stack.start_outside()
        for name in ACCOUNTS:
            self.stack.fakes["/" + name].ask("seed", BASE["megaplan"])
            self.stack.put_settings(self.document(name, name == "whole"))
            self.stack.pbxs["/" + name].ask("calls", [
                [w.path, w.doc] for call in self.story.calls for w in call.webhooks])
        self.stack.up([self.document(name) for name in ACCOUNTS], put=False)

    def pour(self, lines):
        child = subprocess.run(
            [self.stack.build / "tests/chaos/pour", self.stack.brokers, self.stack.prefix,
             self.stack.env()["TOPIC_PARTITIONS"]], input="".join(lines), stdout=subprocess.PIPE,
            text=True, timeout=120, check=False)
        if child.returncode or int(child.stdout) != len(lines):
            raise Failed("pour has written %s of %d records" % (child.stdout.strip(), len(lines)))

    def tell(self):
        """Everything that came, to both."""
        self.pour(self.story.records("lossy", True, True))
        self.quiet()
        self.stack.put_settings(self.document("lossy"))
        self.pour(self.story.records("whole", False, True) + self.story.records("whole", False, False)
                  + self.story.records("lossy", True, False))
        self.quiet()

    # healing, and what disturbs it

    def tool(self, name, kill_after=None):
        """(exit code, last line) of `worker reconcile` or `replay` over the whole story."""
        argv = [str(self.stack.build / "worker"), name, "--account", "lossy", "--json",
                "--from", rfc3339(time.time() - SPAN_S - 3600)]
        with STARTING:
            child = subprocess.Popen(argv, env=dict(os.environ, **self.stack.env()), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            out, _ = child.communicate(timeout=kill_after or TOOL_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            if kill_after is None:
                raise Failed("worker %s did not end in %d s" % (name, TOOL_S)) from None
            return None, ""
        return child.returncode, (out.strip().splitlines() or [""])[-1]

    def calls_come(self):
        """Calls that are alive, while the past is healed."""
        sender = self.stack.sender(self.document("lossy"))
        try:
            while not self.stop.wait(LIVE_EVERY_S):
                call = Call({"name": "live%d" % len(self.live), "shape": "direct", "seconds_ago": 32,
                             "number": "7812%07d" % len(self.live)}, "%x" % int(time.time() * 1000))
                self.live.append(call)
                for webhook in call.webhooks:
                    answer = sender.send(webhook)
                    if answer.status != 200:
                        raise Failed("a live webhook was answered %s" % answer.status)
        except Exception as failure:  # noqa: BLE001
            self.failure = "live calls: %s: %s" % (type(failure).__name__, failure)

    def heal(self):
        """Both tools, struck at random; then whatever they did not come to, by calling them again."""
        traffic = threading.Thread(target=self.calls_come, daemon=True)
        traffic.start()
        for name in ("reconcile", "replay"):
            if self.chance.random() < 0.7:
                after = self.chance.uniform(0.1, 1.2)
                self.notes.append("%s killed after %.2f s: %s" % (name, after, self.tool(name, after)))
            for victim in self.chance.sample(STRIKES, 2):
                if victim in self.stack.services:
                    self.stack.services[victim].kill()
                    time.sleep(self.chance.uniform(0, 1))
                    self.stack.start_service(victim, wait=False)
            code, last = self.tool(name)
            self.notes.append("%s: exit %s, %s" % (name, code, last))
            if code not in (0, 1):
                raise Failed("worker %s ended with %s: %s" % (name, code, last))
            for service in self.stack.services.values():
                service.await_ready()
        self.stop.set()
        traffic.join()
        if self.failure:
            raise Failed(self.failure)
        self.quiet()

    def again(self):
        """Lines: writing requests that both tools cause when everything stands."""
        before = self.writes()
        for name in ("reconcile", "replay"):
            code, last = self.tool(name)
            self.notes.append("%s again: exit %s, %s" % (name, code, last))
            self.quiet()
        return ["%s again: %s" % (name, row) for name, row in self.writes()[len(before):]]

    def writes(self):
        return [("megaplan", "%s %s" % (row["method"], row["path"]))
                for row in self.stack.fakes["/lossy"].requests()
                if row["method"] != "GET" and not row["path"].endswith("/access_token")]

    def left(self):
        """Jobs that were sent and have no end yet: (account, id)."""
        messages = self.stack.topics.messages
        sent = {(m.key.partition("/")[0], m.doc["id"]) for topic in ("jobs", "jobs.bulk") for m in messages[topic]}
        ended = {(m.key.partition("/")[0], m.key.partition("/")[2].rpartition("/")[0]) for m in messages["facts"]
                 if m.key.endswith(("/done", "/given-up"))}
        ended.update((m.key.partition("/")[0], m.doc.get("job")) for m in messages["outcomes"]
                     if m.doc and m.doc.get("what") == "outcome" and m.doc.get("result") != "held")
        return sent - ended

    def quiet(self):
        """Until nothing is asked for, nothing is unread and every job has its end, for a while."""
        seen = [0, time.monotonic()]

        def still():
            self.stack.alive()
            count = sum(row["count"] for control in self.stack.fakes.values()
                        for row in control.counts()["requests"])
            count += sum(len(messages) for messages in self.stack.topics.messages.values())
            if count != seen[0] or self.stack.behind() or self.left():
                seen[:] = [count, time.monotonic()]
            return time.monotonic() - seen[1] > QUIET_S
        wait_for(lambda: "quiet: %s, %s" % (self.stack.behind(), sorted(self.left())[:3]), still, SETTLE_S, 0.5)

    # what came of it

    def judge(self):
        whole, healed = (Standing(self.stack.fakes["/" + name].state()) for name in ACCOUNTS)
        lines = []
        for call in self.live:
            if len(healed.calls.get(call.entry, [])) != 1 or len(healed.cards.pop(call.number, [])) != 1:
                lines.append("the live call %s was not saved once, with its client" % call.entry)
        lines += differences(self.story, whole, healed)
        lines += ["dead: %s %s" % (m.headers, m.value) for m in self.stack.topics.messages["dead"]]
        lost = [e for e, loss in self.story.loss.items() if loss != "whole"]
        self.notes.append("%d calls, %d lost or cut, %d while off; %d live ones" % (
            len(self.story.calls), len(lost), len(self.story.off), len(self.live)))
        return lines


def one_story(seed, build, brokers=None, count=120):
    """(differences, what is told) of one seed."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-heal-"))
    stack = Stack(build, folder, "heal%d." % seed, brokers, {"LOG_LEVEL": "info"},
                  ["/" + name for name in ACCOUNTS])
    healing = Healing(seed, count, stack)
    try:
        with stack:
            healing.up()
            healing.tell()
            healing.heal()
            lines = healing.judge()
            lines += healing.again()
    except Failed as failure:
        lines = [str(failure)]
    except Exception:  # noqa: BLE001
        lines = ["the test itself failed: " + traceback.format_exc()]
    lines += stack.problems()
    if lines or os.environ.get("KEEP"):
        kept = pathlib.Path(build) / "scenario-logs" / ("heal-%d" % seed)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        lines += ["logs: %s" % kept] if lines else []
    shutil.rmtree(folder, ignore_errors=True)
    return lines, healing.notes


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    seeds = [int(text) for text in sys.argv[1:]] or [int(os.environ.get("SEED") or 1)]
    build = os.environ.get("BUILD", "build")
    kafka, failed = start_if_wanted(), 0
    brokers = kafka.brokers if kafka else None
    for seed in seeds:
        lines, told = one_story(seed, build, brokers, int(os.environ.get("CALLS") or 120))
        print("%s  healed, seed %d" % ("FAIL" if lines else "ok  ", seed), flush=True)
        for row in told + lines[:60]:
            print("      " + row[:600], flush=True)
        failed += bool(lines)
    if kafka:
        kafka.end()
    print("%d passed, %d failed" % (len(seeds) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
