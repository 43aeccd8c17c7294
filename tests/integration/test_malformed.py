#!/usr/bin/env python3
"""Malformed notifications between the good ones of a call: each is in `dead` with the field's name, the
call is handled as if they had never come, and the partition goes on in the same process.

Runs the real ingest and worker calls (BUILD, default build) on a devbroker: most notifications come
signed through ingest, some straight into the topic as no ingest would write them.
"""

import json
import os
import pathlib
import shutil
import subprocess
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
NOW = int(time.time())
DAY = 86400
LONG = "x" * 129
NUMBERS = {"good": "79991230001", "control": "79991230002"}

CLOSING = {"ENTRY:client", "ENTRY:call:summary", "ENTRY:talked"}

LEG, SUM = "events/call", "events/summary"
REC, ADDED, DTMF = "events/recording", "events/record/added", "events/dtmf"
ROUTE = "result/route"

# (path, what is changed in a right notification, what the reason must say)
WRONG = (
    (LEG, {"call_id": None}, "call_id is missing"),
    (LEG, {"call_id": ""}, "call_id is missing"),
    (LEG, {"call_id": ["a"]}, "call_id is neither"),
    (LEG, {"call_id": LONG}, "call_id is over 128 bytes"),
    (LEG, {"call_state": None}, "call_state is missing"),
    (LEG, {"call_state": "Exploded"}, "call_state is unknown"),
    (LEG, {"call_state": "connected"}, "call_state is unknown"),
    (LEG, {"call_state": 2}, "call_state is unknown"),
    (LEG, {"call_state": {}}, "call_state is neither"),
    (LEG, {"location": ["ivr"]}, "location is neither"),
    (LEG, {"location": None, "locaton": {}}, "locaton is neither"),
    (LEG, {"timestamp": -5}, "timestamp is no time"),
    (LEG, {"timestamp": "yesterday"}, "timestamp is no time"),
    (LEG, {"timestamp": 12345}, "timestamp is no time"),
    (LEG, {"timestamp": NOW * 1000}, "timestamp is no time"),
    (LEG, {"timestamp": 10 ** 18}, "timestamp is no time"),
    (LEG, {"timestamp": NOW + 0.5}, "timestamp is no time"),
    (LEG, {"timestamp": True}, "timestamp is no time"),
    (LEG, {"timestamp": NOW + 2 * DAY}, "timestamp is over a day after"),
    (LEG, {"timestamp": 253402300799}, "timestamp is over a day after"),
    (LEG, {"seq": -1}, "seq is no number"),
    (LEG, {"seq": "first"}, "seq is no number"),
    (LEG, {"seq": [1]}, "seq is no number"),
    (LEG, {"seq": 2 ** 40}, "seq is no number"),
    (LEG, {"seq": 10 ** 30}, "number that is out of range: line 1"),
    (LEG, {"from": "79991230001"}, "from is no object"),
    (LEG, {"from": [{}]}, "from is no object"),
    (LEG, {"from": {"number": {"n": 1}}}, "from.number is neither"),
    (LEG, {"from": {"number": 79991230001.5}}, "from.number is neither"),
    (LEG, {"from": {"extension": -5}}, "from.extension is negative"),
    (LEG, {"from": {"taken_from_call_id": False}}, "from.taken_from_call_id is neither"),
    (LEG, {"to": 7}, "to is no object"),
    (LEG, {"to": {"extension": 12.5}}, "to.extension is neither"),
    (LEG, {"to": {"number": "7" * 100000}}, "to.number is over 128 bytes"),
    (LEG, {"to": {"line_number": []}}, "to.line_number is neither"),
    (LEG, {"to": {"acd_group": {}}}, "to.acd_group is neither"),
    (LEG, {"dct": "dynamic"}, "dct is no object"),
    (LEG, {"dct": {"type": "one"}}, "dct.type is no number"),
    (LEG, {"dct": {"number": [7]}}, "dct.number is neither"),
    (LEG, {"disconnect_reason": -1}, "disconnect_reason is no number"),
    (LEG, {"command_id": {}}, "command_id is neither"),
    (LEG, {"callback_initiator": [1]}, "callback_initiator is neither"),
    (LEG, {"task_id": 1.5}, "task_id is neither"),
    (SUM, {"call_direction": 3}, "call_direction is no number"),
    (SUM, {"call_direction": "in"}, "call_direction is no number"),
    (SUM, {"create_time": -1}, "create_time is no time"),
    (SUM, {"forward_time": {}}, "forward_time is no time"),
    (SUM, {"talk_time": 25}, "talk_time is no time"),
    (SUM, {"talk_time": NOW * 1000}, "talk_time is no time"),
    (SUM, {"end_time": NOW + 400 * DAY}, "end_time is over a day after"),
    (SUM, {"line_number": 1.5}, "line_number is neither"),
    (SUM, {"to": "124"}, "to is no object"),
    (SUM, {"from": {"extension": []}}, "from.extension is neither"),
    (REC, {"recording_id": None}, "recording_id is missing"),
    (REC, {"recording_state": "Burnt"}, "recording_state is unknown"),
    (REC, {"completion_code": "ok"}, "completion_code is no number"),
    (REC, {"recipient": {}}, "recipient is neither"),
    (ADDED, {"recording_id": [1]}, "recording_id is neither"),
    (DTMF, {"timestamp": {}}, "timestamp is no time"),
    (ROUTE, {"result": None}, "result is missing"),
    (ROUTE, {"result": "fine"}, "result is no number"),
    (ROUTE, {"command_id": {"id": 1}}, "command_id is neither"),
)

# Texts as they are; "N" stands for the mark by which each is found again.
BROKEN = (
    (b'{N,"entry_id":"good"', "JSON is not valid: line 1"),
    (b'{N,"entry_id":"good","call_id":"\xff\xfe"}', "JSON is not valid: line 1"),
    (b'{N,"entry_id":"good","call_id":"a\\u0000b"}', "JSON is not valid: line 1"),
    (b'{N,"entry_id":"good","call_id":"\\ud800"}', "JSON is not valid: line 1"),
    (b'{N,"entry_id":"good","deep":' + b'{"a":' * 40 + b"1" + b"}" * 41, "over 32 levels deep"),
    (b'{N,"entry_id":"good","call_id":"c","call_state":"Appeared","seq":1,"seq":{}}', "seq is no number"),
    (b'[{N,"entry_id":"good"}]', "is no object"),
    (b"not even JSON N", "JSON is not valid: line 1"),
    (b'{N,"call_id":"c","call_state":"Appeared"}', "entry_id is missing"),
    (b'{N,"entry_id":"","call_id":"c"}', "entry_id is missing"),
    (b'{N,"entry_id":["good"],"call_id":"c"}', "entry_id is neither"),
    (b'{N,"entry_id":"' + LONG.encode() + b'"}', "entry_id is over 128 bytes"),
    (b'{N,"entry_id":5,"call_id":"c","call_state":"Appeared"}', "entry_id is not the key's"),
)


def right(path, entry):
    """A notification that would count, and change the call, if nothing were wrong with it."""
    doc = {"entry_id": entry, "call_id": "bad-leg", "timestamp": NOW, "seq": 1}
    if path == LEG:
        doc.update(call_state="Connected", location="abonent", to={"extension": "124"},
                   **{"from": {"number": "79990000000"}})
    if path == SUM:
        doc = {"entry_id": entry, "call_direction": 2, "from": {"extension": "124"},
               "to": {"number": "79990000000"}, "create_time": NOW, "talk_time": 0, "end_time": NOW + DAY}
    if path in (REC, ADDED):
        doc.update(recording_id="bad-recording", recording_state="Completed")
    if path == ROUTE:
        doc = {"command_id": entry + "~1", "result": 1000}
    return doc


def call_of(entry):
    """A call in four steps: it rings, is answered, ends; its summary."""
    def leg(seq, state, at, **more):
        return LEG, dict({"entry_id": entry, "call_id": entry + "-leg", "seq": seq, "call_state": state,
                          "timestamp": NOW + at, "location": "abonent",
                          "from": {"number": NUMBERS[entry]},
                          "to": {"extension": "123", "line_number": "78001234567"}}, **more)
    return [leg(1, "Appeared", 0), leg(2, "Connected", 1), leg(3, "Disconnected", 5, disconnect_reason=1110),
            (SUM, {"entry_id": entry, "call_direction": 1, "from": {"number": NUMBERS[entry]},
                   "to": {"extension": "123", "number": "sip:a@b"}, "line_number": "78001234567",
                   "create_time": NOW, "forward_time": NOW, "talk_time": NOW + 1, "end_time": NOW + 5,
                   "entry_result": 1, "disconnect_reason": 1110})]


class Malformed(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mangoplan-malformed-")
        cls.stack = Stack(BUILD, cls.folder, env={"CALL_SETTLE_S": "1", "LOG_LEVEL": "info"})
        try:
            cls.stack.start_outside()
            settings = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
            settings["megaplan"]["base_url"] = cls.stack.megaplan
            settings["create_client"] = {"incoming": True, "missed": True, "outgoing": True}
            settings["missed_call_task"] = {"enabled": True}
            for name in ("call_records", "call_tracking", "popups", "route_to_responsible",
                         "responsible_follows_transfer", "source_field"):
                settings[name] = True
            cls.stack.up([settings], ["ingest", "calls"])
            cls.sender = cls.stack.sender(settings)
        except BaseException:
            cls.stack.down(gentle=False)
            shutil.rmtree(cls.folder, ignore_errors=True)
            raise

    @classmethod
    def tearDownClass(cls):
        cls.sender.close()
        cls.stack.down()
        problems = cls.stack.problems()
        shutil.rmtree(cls.folder, ignore_errors=True)
        if problems:
            raise AssertionError("\n".join(problems))

    def setUp(self):
        self.expected = {}  # mark -> (value or None if it is cut, reason)

    # sending

    def post(self, path, doc):
        answer = self.sender.send(mango.Webhook(path, doc))
        self.assertEqual(answer.status, 200, (path, doc))

    def mark(self, value, reason):
        """Puts a mark into the text and notes that it is expected in `dead`."""
        mark = '"mark":%d' % (1000 + len(self.expected))
        value = value.replace(b"N", mark.encode(), 1)
        self.expected[mark] = (value.decode("utf-8", "replace"), reason)
        return value

    def bad_webhooks(self):
        made = []
        for path, change, reason in WRONG:
            doc = dict(right(path, "good"), **change)
            text = json.dumps({k: v for k, v in doc.items() if v is not None}).encode()
            made.append((path, self.mark(b"{N," + text[1:], reason)))
        return made + [(LEG, self.mark(text, reason)) for text, reason in BROKEN]

    def produce(self, value, *options):
        """Writes a message straight into `events`."""
        path = pathlib.Path(self.folder) / "message"
        path.write_bytes(value)
        subprocess.run(["kcat", "-P", "-b", self.stack.brokers, "-t", "mangoplan.events",
                        "-X", "message.max.bytes=1200000", *options, str(path)],
                       check=True, timeout=30, stdin=subprocess.DEVNULL, capture_output=True)

    def strangers(self, partition):
        """What ingest would never write: into the good call's partition, with its key."""
        here = ("-p", str(partition))
        key = ("-k", "acme/good")
        kind = ("-H", "kind=call")
        connected = json.dumps(right(LEG, "good")).encode()[1:]
        small = b"{N," + connected
        large = b'{N,"more":"' + b"x" * 900000 + b'",' + connected
        larger = b'{N,"more":"' + b"x" * (1024 * 1024 + 20000) + b'",' + connected
        for value, reason, options in (
                (small, "no header kind", key),
                (small, "no '/' in it", kind),
                (small, "no '/' in it", ("-k", "nobody") + kind),
                (small, "no account in it", ("-k", "/good") + kind),
                (small, "entry_id is not the key's", ("-k", "acme/better") + kind),
                (small, "the key's account is too long", ("-k", "a" * 40 + "/good") + kind),
                (small, "the key's entry_id is too long", ("-k", "acme/" + "e" * 2000) + kind),
                (small.replace(b'"good"', b"[]"), "entry_id is neither",
                 key + kind + ("-H", "received-at=9999-12-31T23:59:59.999Z")),
                (small.replace(b'"good"', b"[]"), "entry_id is neither",
                 key + kind + ("-H", "received-at=yesterday", "-H", "origin=moon")),
                (small, "entry_id is missing", key + ("-H", "kind=result/route", "-H", "kind=summary")),
                (large.replace(b'"good"', b"{}"), "entry_id is neither", key + kind),
                (larger.replace(b'"good"', b"{}"), "entry_id is neither", key + kind)):
            if reason == "entry_id is missing":
                value = b"{N}"
            self.produce(self.mark(value, reason), *here, *options)

    # looking

    def partition_of(self, entry):
        found = wait_for("an event of " + entry, lambda: [
            m for m in list(self.stack.topics.messages["events"]) if m.key == "acme/" + entry], 15)
        return found[0].partition

    def dead(self):
        """Dead letters by their mark."""
        made = {}
        for m in list(self.stack.topics.messages["dead"]):
            at = (m.value or "").find('"mark":')
            made.setdefault((m.value or "")[at:at + 11] if at >= 0 else m.place, []).append(m)
        return made

    def jobs_of(self, entry):
        """What was decided of a call, its own names taken out."""
        made = {}
        for name in ("jobs.now", "jobs", "jobs.bulk"):
            for m in list(self.stack.topics.messages[name]):
                if (m.doc or {}).get("entry_id") != entry:
                    continue
                doc = {k: v for k, v in m.doc.items() if k not in ("offset", "at", "deadline")}
                text = json.dumps([name, doc], ensure_ascii=False, sort_keys=True)
                made.setdefault(m.doc["id"].replace(entry, "ENTRY"), []).append(
                    text.replace(NUMBERS[entry], "NUMBER").replace(NUMBERS[entry][-4:-2] + "-"
                                                                   + NUMBERS[entry][-2:], "TAIL")
                    .replace(entry, "ENTRY"))
        return made

    def test_malformed_between_the_good(self):
        worker = self.stack.services["calls"].popen.pid
        bad = self.bad_webhooks()
        steps = list(zip(call_of("good"), call_of("control")))
        share = -(-len(bad) // len(steps))
        for i, pair in enumerate(steps):
            for path, text in bad[i * share:(i + 1) * share]:
                self.post(path, text)
            for path, doc in pair:
                self.post(path, doc)
            if i == 1:
                self.strangers(self.partition_of("good"))
        for entry in NUMBERS:
            wait_for("the closing of " + entry, lambda e=entry: CLOSING <= set(self.jobs_of(e)), 20)
        wait_for(lambda: "%d dead letters, found %d" % (len(self.expected), len(self.dead())),
                 lambda: len(self.dead()) >= len(self.expected), 20)

        # each of them, whole, with its reason, once
        dead = self.dead()
        self.assertEqual(set(dead), set(self.expected))
        for mark, (value, reason) in self.expected.items():
            with self.subTest(reason=reason, value=value[:200]):
                self.assertEqual(len(dead[mark]), 1)
                m = dead[mark][0]
                headers = {k.removeprefix("__connect.errors."): v for k, v in m.headers.items()}
                self.assertIn(reason, headers["exception.message"])
                self.assertEqual(headers["exception.class.name"], "input")
                self.assertEqual(headers["stage"], "calls")
                self.assertEqual(headers["topic"], "mangoplan.events")
                self.assertTrue(headers["partition"].isdigit() and headers["offset"].isdigit())
                if "x-cut-from-bytes" in headers:
                    self.assertGreater(len(value), 1000000)
                    self.assertEqual(int(headers["x-cut-from-bytes"]), len(value))
                    self.assertTrue(value.startswith(m.value) and len(m.value) > 900000)
                else:
                    self.assertEqual(m.value, value)

        self.assertEqual(sum("x-cut-from-bytes" in m.headers for [m] in dead.values()), 1)

        # the call as if they had never come
        self.assertEqual(self.jobs_of("good"), self.jobs_of("control"))

        # the partitions go on, nobody began anew, nothing is left open
        self.assertEqual(self.stack.services["calls"].popen.pid, worker)
        self.assertTrue(self.stack.services["calls"].running)
        for entry in ("good", "-"):
            self.produce(b"after " + entry.encode(), "-k", "acme/" + entry, "-H", "kind=sms",
                         "-p", str(self.partition_of(entry)))
        wait_for("what came after", lambda: len([
            m for m in list(self.stack.topics.messages["outcomes"])
            if (m.doc or {}).get("result") == "ignored"]) >= 2, 15)
        log = (pathlib.Path(self.folder) / "calls.log").read_text(encoding="utf-8", errors="replace")
        self.assertNotIn("did not take a record", log)
        wait_for("no call to be open", lambda: self.stack.services["calls"].metrics().get(
            "mangoplan_calls_open") == 0, 15, 0.2)


if __name__ == "__main__":
    unittest.main()
