#!/usr/bin/env python3
"""The scenario runner can fail: every kind of expectation is shown to notice its difference."""

import datetime
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import expect  # noqa: E402
import mango  # noqa: E402
import moments  # noqa: E402
from process import Failed, Process, wait_for  # noqa: E402
from scenario import SCENARIOS, Scenario, account_name, phone_in_format  # noqa: E402
from topics import NAMES, Message, Topics  # noqa: E402

TEXT = """
title = "t"
[[call]]
[expect]
jobs = {client = 1}
[[expect.client]]
call = "a"
responsible = "1000005"
[[expect.job]]
id = "{a.entry}:client"
rule = "G3"
[[expect.outcome]]
entry = "{a.entry}"
result = "done"
[[expect.request]]
path = "/contractorHuman$"
count = 1
"""


def scenario(text=TEXT, folder=None):
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8", dir=folder) as file:
        file.write(text)
        file.flush()
        made = Scenario(file.name)
    made.make_calls("x")
    return made


def client_of(made, **changes):
    call = made.calls[0]
    row = {"id": "1000100", "contentType": "ContractorHuman", "seeded": False,
           "name": "Новый (%s, входящий вызов)" % call.began("Europe/Moscow"),
           "contactInfo": [{"contentType": "ContactInfo", "type": "phone", "isMain": True,
                            "value": "+7 (900) 000-00-00"}],
           "responsibles": [{"contentType": "Employee", "id": "1000005"}],
           "userCreated": {"contentType": "Employee", "id": "1000005"},
           "description": "MANGO " + call.entry}
    row.update(changes)
    return row


def state(*clients):
    return {"ContractorHuman": list(clients), "ContractorCompany": []}


def message(topic, value, key="acme/x", **headers):
    pairs = [part for pair in headers.items() for part in pair]
    return Message({"topic": "p." + topic, "partition": 0, "offset": 0, "headers": pairs, "key": key,
                    "payload": json.dumps(value)})


class Differences(unittest.TestCase):
    def setUp(self):
        self.scenario = scenario()
        self.topics = Topics("", "p.", "/dev/null")

    def test_the_right_client_is_no_difference(self):
        self.assertEqual(expect.check_clients(self.scenario, state(client_of(self.scenario))), [])

    def test_wrong_clients(self):
        good = client_of(self.scenario)
        link = [{"contentType": "Employee", "id": "1000006"}]
        for name, clients in (
                ("none", []), ("twice", [good, dict(good, id="1000101")]),
                ("responsible", [dict(good, responsibles=link)]),
                ("two responsibles", [dict(good, responsibles=good["responsibles"] + link)]),
                ("creator", [dict(good, userCreated=link[0])]), ("name", [dict(good, name="Новый")]),
                ("marker", [dict(good, description="MANGO " + self.scenario.calls[0].entry + "x")]),
                ("phone", [client_of(self.scenario, contactInfo=[
                    dict(good["contactInfo"][0], value="79000000000")])]),
                ("not main", [client_of(self.scenario, contactInfo=[
                    dict(good["contactInfo"][0], isMain=None)])]),
                ("another", [good, client_of(self.scenario, contactInfo=[])])):
            self.assertTrue(expect.check_clients(self.scenario, state(*clients)), name)

    def test_seeded_clients_stay_as_they_were(self):
        before = expect.seeded(state(dict(client_of(self.scenario), seeded=True)))
        after = state(client_of(self.scenario, seeded=True, description="touched"))
        self.assertTrue(expect.check_seeded(before, after))
        self.assertTrue(expect.check_seeded(before, state()))

    def test_jobs_and_outcomes(self):
        job_id = self.scenario.calls[0].entry + ":client"
        self.assertEqual(len(expect.check_jobs(self.scenario, self.topics)), 2)
        self.assertTrue(expect.check_outcomes(self.scenario, self.topics))
        self.topics.messages["jobs"].append(message("jobs", {"id": job_id, "kind": "client", "rule": "G3"}))
        self.topics.messages["outcomes"].append(message(
            "outcomes", {"result": "done", "job": job_id, "what": "outcome"},
            "acme/" + self.scenario.calls[0].entry, kind="outcome"))
        self.assertEqual(expect.check_jobs(self.scenario, self.topics), [])
        self.assertEqual(expect.check_outcomes(self.scenario, self.topics), [])
        self.topics.messages["jobs"].append(message("jobs", {"id": "y:client", "kind": "client"}))
        self.assertTrue(expect.check_jobs(self.scenario, self.topics))
        self.assertEqual(self.topics.unfinished(), ["y:client"])
        self.topics.messages["facts"].append(message("facts", {"v": 1}, "acme/y:client/done"))
        self.assertEqual(self.topics.unfinished(), [])

    def test_requests_answers_events_and_dead_letters(self):
        row = {"method": "POST", "path": "/api/v3/contractorHuman", "query": "", "body": "",
               "status": 200, "since_start": 0.1}
        self.assertEqual(expect.check_requests(self.scenario, [row]), [])
        self.assertTrue(expect.check_requests(self.scenario, [row, row]))
        self.assertTrue(expect.check_requests(self.scenario, [row, dict(row, path="x", status=599)]))
        answer = mango.Answer(mango.Webhook("events/call", {"a": 1}), 200, 1.0)
        self.assertTrue(expect.check_events([answer], self.topics))
        kept = message("events", {})
        kept.value = '{"a":1}'
        self.topics.messages["events"].append(kept)
        self.assertEqual(expect.check_events([answer], self.topics), [])
        self.assertTrue(expect.check_events([answer, answer], self.topics))
        self.assertEqual(expect.check_answers(self.scenario, [answer]), [])
        answer.status = 503
        self.assertTrue(expect.check_answers(self.scenario, [answer]))
        self.assertEqual(expect.check_dead(self.scenario, self.topics), [])
        self.topics.messages["dead"].append(message("dead", {}))
        self.assertTrue(expect.check_dead(self.scenario, self.topics))

    def test_every_topic_is_followed(self):
        self.assertEqual(set(self.topics.messages), set(NAMES))


class Files(unittest.TestCase):
    def test_misspelt_keys_are_refused(self):
        for extra in ("[expect]\njob_s = 1", "[megaplan]\nfault = []", "[[step]]\nsnd = 'a'",
                      "[[step]]\nsend = 'a'\nrepeats = 2", "[[call]]\nnumbr = '7'"):
            with self.assertRaises(ValueError, msg=extra):
                scenario("title = 't'\n" + extra)

    def test_all_scenarios_can_be_read(self):
        for path in SCENARIOS.rglob("*.toml"):
            Scenario(path).make_calls("x")

    def test_orders(self):
        made = scenario("title='t'\n[[call]]\ncopies='permutations'\nshape='direct'")
        self.assertEqual(len({tuple(c.order) for c in made.calls}), 24)
        self.assertEqual(len({c.entry for c in made.calls}), 24)
        self.assertEqual(len({c.number for c in made.calls}), 24)

    def test_times_of_a_call_lie_in_one_minute_of_the_past(self):
        call = scenario().calls[0]
        stamps = [int(w.doc.get("timestamp") or w.doc["end_time"]) for w in call.webhooks]
        self.assertEqual(len({stamp // 60 for stamp in stamps}), 1)
        self.assertIsInstance(call.webhooks[0].doc["timestamp"], str)

    def test_events_written_out(self):
        call = scenario("""title = "t"
[[call]]
number = "79990001122"
[[call.event]]
at = 8
call_id = "c:1"
from = {number = "{number}"}
extra = ["'@2'", "@-1"]
[[call.event]]
text = '{"entry_id":"{entry}","seq":null,"timestamp":{@9},"from":"{number}"}'
[[call.event]]
path = "events/summary"
without = ["entry_id"]
end_time = "@30"
""").calls[0]
        one, two, three = call.webhooks
        self.assertEqual(one.doc, {"entry_id": call.entry, "timestamp": call.start + 8, "call_id": "c:1",
                                   "from": {"number": "79990001122"},
                                   "extra": [str(call.start + 2), call.start - 1]})
        self.assertEqual(two.doc.decode(), '{"entry_id":"%s","seq":null,"timestamp":%d,"from":'
                         '"79990001122"}' % (call.entry, call.start + 9))
        self.assertEqual((three.path, three.doc), ("events/summary", {"end_time": call.start + 30}))
        self.assertEqual(call.end, call.start + 30)

    def test_those_that_share_a_system(self):
        with tempfile.TemporaryDirectory(dir=SCENARIOS) as folder:
            made = scenario(TEXT, folder)
            self.assertTrue(made.shared)
            self.assertRegex(made.account, r"^[a-z0-9-]{1,32}$")
            self.assertEqual(made.document("http://x")["megaplan"]["base_url"],
                             "http://x/" + made.account)
            for strike in ("[[step]]\nkill = 'crm'", "[[step]]\nstart = 'crm'", "crm = 2",
                           "[settings]\naccount = 'x'"):
                with self.assertRaises(ValueError, msg=strike):
                    scenario(strike + "\ntitle = 't'" if "=" in strike[:5] else
                             "title = 't'\n" + strike, folder)
        self.assertNotEqual(account_name("a_b"), account_name("a.b"))
        self.assertNotEqual(account_name("a" * 40), account_name("a" * 41))
        self.assertEqual(account_name("g3_first"), "g3-first")

    def test_phone_formats(self):
        for wanted, written in (("79991231212", "79001112233"), ("+79991231212", "+79001112233"),
                                ("89991231212", "89001112233"),
                                ("+7 (999) 123-12-12", "+7 (900) 111-22-33")):
            self.assertEqual(phone_in_format("79001112233", wanted), written)
        self.assertEqual(phone_in_format("4915112345678", "+79991231212"), "+4915112345678")
        self.assertEqual(phone_in_format("4915112345678", "89991231212"), "4915112345678")


class Moments(unittest.TestCase):
    HOURS = {"days": "mon-fri", "from": "09:00", "to": "18:00", "holidays": ["2026-03-09"]}

    def at(self, text):
        return int(datetime.datetime.fromisoformat(text).timestamp())

    def due(self, start, minutes, hours=HOURS, timezone="Europe/Moscow"):
        return moments.after_working_minutes(self.at(start), minutes, hours, timezone)

    def test_working_minutes(self):
        for start, minutes, due in (
                ("2026-03-04T10:00:07+03:00", 60, "2026-03-04T11:00:07+03:00"),
                ("2026-03-04T17:30:00+03:00", 30, "2026-03-04T18:00:00+03:00"),
                ("2026-03-04T17:30:00+03:00", 31, "2026-03-05T09:01:00+03:00"),
                ("2026-03-04T07:00:00+03:00", 60, "2026-03-04T10:00:00+03:00"),
                ("2026-03-06T18:00:00+03:00", 60, "2026-03-10T10:00:00+03:00")):  # a holiday on Monday
            self.assertEqual(self.due(start, minutes), self.at(due), start)
        self.assertEqual(self.due("2026-03-07T23:00:00+03:00", 90, None),
                         self.at("2026-03-08T00:30:00+03:00"))
        always = {"days": "sat,sun,mon-fri", "from": "00:00", "to": "24:00"}
        self.assertEqual(self.due("2026-03-28T23:30:00+01:00", 300, always, "Europe/Berlin"),
                         self.at("2026-03-28T23:30:00+01:00") + 300 * 60)

    def test_days_and_clock(self):
        now = self.at("2026-03-01T23:50:00+03:00")
        for text, made in (("{today} {tomorrow} {yesterday}", "2026-03-01 2026-03-02 2026-02-28"),
                           ("{weekday} {weekday+1} {today-1}", "sun mon 2026-02-28"),
                           ("{clock} {clock+20} {phone}", "23:50 00:10 {phone}")):
            self.assertEqual(moments.fill_days(text, "Europe/Moscow", now), made)

    def test_moments_of_calls(self):
        made = scenario()
        call = made.calls[0]
        self.assertEqual(made.fill("{a.begin+5}"), call.start + 5)
        self.assertEqual(made.fill("from {a.begin} on"), "from %d on" % call.start)
        self.assertEqual(made.fill("{60 working minutes after a.end}"), call.end + 3600)
        with self.assertRaises(ValueError):
            made.fill("{b.end}")


class Jobs(unittest.TestCase):
    """[[expect.job]], field by field."""

    def lines(self, expectation, **changes):
        made = scenario("title = 't'\n[[call]]\n[expect]\n" + expectation)
        call = made.calls[0]
        doc = {"id": call.entry + ":task", "kind": "task", "entry_id": call.entry, "reason": "missed, so",
               "offset": "events/0/0", "event_at": 1000, "deadline": "1970-01-01T00:16:50.000Z",
               "data": {"due_at": 7, "line": None}}
        topics = Topics("", "p.", "/dev/null")
        topics.messages["jobs"].append(message("jobs", {**doc, **changes}, "acme/x",
                                               **{"received-at": "1970-01-01T00:16:40.500Z"}))
        event = message("events", {})
        event.value = expect.sent_text(call.webhooks[1])
        topics.messages["events"].append(event)
        return expect.check_jobs(made, topics)

    def test_what_holds(self):
        for text in ("jobs = {task = 1, client = 0}\nonly_jobs = false",
                     "only_jobs = true\n[[expect.job]]\nkind = 'task'",
                     "[[expect.job]]\ndata.due_at = 7\nreason = '^missed'\nevent = 1",
                     "[[expect.job]]\nkind = 'client'\ncount = 0",
                     "[[expect.job]]\nexpires_after_s = 10\nabsent = ['data.title', 'rule', 'data.line.x']"):
            self.assertEqual(self.lines(text), [], text)

    def test_what_differs(self):
        for text in ("jobs = {task = 0}", "only_jobs = true", "only_jobs = true\n[[expect.job]]\n"
                     "kind = 'task'\ncount = 0", "[[expect.job]]\ndata.due_at = 8",
                     "[[expect.job]]\nreason = '^so'", "[[expect.job]]\nevent = 0",
                     "[[expect.job]]\nexpires_after_s = 30", "[[expect.job]]\nabsent = ['data.line']",
                     "[[expect.job]]\nabsent = ['deadline']", "[[expect.job]]\ntopic = 'jobs.now'",
                     "[[expect.job]]\ndata = {due_at = 7}\nexact = true", "[[expect.job]]\nrule = 'B2'"):
            self.assertTrue(self.lines(text), text)

    def test_misspelt_fields_are_refused(self):
        with self.assertRaises(ValueError):
            self.lines("[[expect.job]]\nreasons = 'x'")


class Processes(unittest.TestCase):
    def run_one(self, script):
        with tempfile.TemporaryDirectory() as folder:
            process = Process("p", ["sh", "-c", script], folder).start()
            try:
                process.popen.wait(10)
                process.end()
                return process.problems + process.reports()
            finally:
                process.destroy()

    def test_a_clean_end(self):
        self.assertEqual(self.run_one("exit 0"), [])

    def test_crashes_and_reports_are_noticed(self):
        for script in ("exit 3", "kill -SEGV $$", "echo 'x.c:1:2: runtime error: overflow' >&2",
                       "echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2",
                       "echo 'WARNING: ThreadSanitizer: data race' >&2"):
            self.assertTrue(self.run_one(script), script)

    def heard(self, before=lambda process: None):
        """The signals a child hears when it is ended as a Stack ends it; before(process) comes first."""
        text = ("import signal,time\n"
                "for n in (signal.SIGCONT, signal.SIGTERM):\n"
                "    signal.signal(n, lambda n, _: print('heard', signal.Signals(n).name, flush=True))\n"
                "print('there', flush=True)\n"
                "end = time.monotonic() + 0.5\n"
                "while time.monotonic() < end: time.sleep(0.01)")
        with tempfile.TemporaryDirectory() as folder:
            process = Process("child", [sys.executable, "-c", text], folder).start()
            wait_for("the child", lambda: b"there" in process.log.read_bytes(), 10)
            before(process)
            process.ask_to_end()
            time.sleep(0.1)  # two of a kind would be one
            process.end()
            process.destroy()
            self.assertEqual(process.problems, [])
            return sorted(line.split()[1] for line in process.log.read_text("utf-8").splitlines()[1:])

    def test_what_ends_gets_no_signal_more_than_it_needs(self):
        """A SIGCONT that comes into the leak check of a sanitized program hangs it."""
        self.assertEqual(self.heard(), ["SIGTERM"])
        self.assertEqual(self.heard(lambda process: process.stop()), ["SIGCONT", "SIGTERM"])

    def test_what_does_not_end_is_looked_at(self):
        text = ("import signal,threading,time\n"
                "signal.signal(signal.SIGTERM, lambda *_: None)\n"
                "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
                "print('the last line', flush=True)\n"
                "while True: time.sleep(60)")
        with tempfile.TemporaryDirectory() as folder:
            process = Process("child", [sys.executable, "-c", text], folder).start()
            wait_for("the child", lambda: b"last" in process.log.read_bytes(), 10)
            process.end(0.2)
            self.assertEqual(len(process.problems), 1)
            told = process.problems[0]
            self.assertEqual(told.count("State S (sleeping)"), 2, told)
            self.assertIn("SigBlk", told)
            self.assertTrue(told.endswith("the last line"), told)
            self.assertEqual(process.popen.returncode, -9)
            if shutil.which("gdb"):
                self.assertIn("#0 ", told)
                self.assertIn("#0 ", process.log.with_suffix(".stacks").read_text(encoding="utf-8"))
            process.destroy()

    def test_deadlines(self):
        with self.assertRaises(Failed):
            wait_for("nothing", lambda: False, 0.1)


if __name__ == "__main__":
    unittest.main()
