#!/usr/bin/env python3
"""What scenarios expect of calls, tasks, fields and requests can fail: each difference is noticed."""

import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import expect_crm  # noqa: E402
import records  # noqa: E402
from play import Player  # noqa: E402
from process import Failed  # noqa: E402
from scenario import SCENARIOS, Scenario  # noqa: E402

EMPTY = {"ContractorHuman": [], "ContractorCompany": [], "CallInfo": [], "Task": [], "extra_fields": []}
CLIENT = {"id": "1000101", "contentType": "ContractorHuman", "seeded": False, "isDropped": False,
          "contactInfo": [{"contentType": "ContactInfo", "type": "phone", "value": "8 (900) 000-00-00"}]}
LINK = {"contentType": "ContractorHuman", "id": "1000101"}


def scenario(expectation):
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write("title = 't'\n[[call]]\n[expect]\n" + expectation)
        file.flush()
        made = Scenario(file.name)
    made.make_calls("x")
    return made


def employee(number):
    return {"contentType": "Employee", "id": number}


def moment(seconds):
    return {"contentType": "DateTime", "value": records.rfc3339(seconds).replace("Z", "+00:00")}


class Calls(unittest.TestCase):
    TEXT = """exact = true
[[expect.call]]
call = "a"
type = "in"
employee = "1000005"
to = "7800123456789"
time_from = "{a.begin}"
time_to = "{a.end}"
links = ["/one", "/two"]
"""

    def row(self, made, **over):
        call = made.calls[0]
        return dict({"id": "5", "seeded": False, "isDropped": False, "providerId": call.entry, "type": "in",
                     "state": "finished", "fromPhone": "79000000000", "toPhone": "7800123456789",
                     "fromUser": LINK, "toUser": employee("1000005"), "timeFrom": moment(call.begin),
                     "timeTo": moment(call.end), "recordLinks": ["x/two", "x/one"]}, **over)

    def lines(self, *overs, text=TEXT, clients=(CLIENT,)):
        made = scenario(text)
        rows = [self.row(made, id=str(n), **over) for n, over in enumerate(overs)]
        return expect_crm.check_calls(made, dict(EMPTY, CallInfo=rows, ContractorHuman=list(clients)))

    def test_what_holds(self):
        self.assertEqual(self.lines({}), [])
        self.assertEqual(self.lines({"fromUser": None}, clients=[]), [])
        self.assertEqual(self.lines({"fromUser": None}, clients=[dict(CLIENT, isDropped=True)]), [])
        first = dict(CLIENT, id="1000099", contactInfo=[dict(CLIENT["contactInfo"][0], value="+79000000000")])
        self.assertEqual(self.lines({"fromUser": dict(LINK, id="1000099")}, clients=[CLIENT, first]), [])
        self.assertEqual(self.lines(text="[[expect.call]]\ncall = 'a'\ncount = 0"), [])
        self.assertEqual(self.lines({"providerId": "y"}, text="exact = false"), [])
        hidden = "[[expect.call]]\ncall = 'a'\nclient = 'none'\nnumber = ''"
        self.assertEqual(self.lines({"fromUser": None, "fromPhone": None}, text=hidden), [])
        self.assertTrue(self.lines({"fromUser": None}, text=hidden))

    def test_what_differs(self):
        for over in ({"type": "miss"}, {"state": "calling"}, {"toUser": employee("1000006")},
                     {"fromUser": None}, {"fromUser": dict(LINK, id="1000102")}, {"fromPhone": "+79000000000"},
                     {"toPhone": "7"}, {"timeFrom": moment(1)}, {"timeTo": None}, {"recordLinks": ["x/one"]},
                     {"recordLinks": ["x/one", "x/two", "x/two"]}, {"recordLinks": ["x/one", "x/one"]},
                     {"providerId": "y"}, {"timeFrom": {"value": "2026-01-01T00:00:00"}}):
            self.assertTrue(self.lines(over), over)
        self.assertTrue(self.lines())
        self.assertTrue(self.lines({}, {}))
        self.assertTrue(self.lines({}, {"providerId": "y"}))
        self.assertTrue(self.lines({}, text="[[expect.call]]\ncall = 'a'\ncount = 0"))
        self.assertTrue(self.lines({}, text="[[expect.call]]\ncall = 'a'\nclient = 'none'"))
        self.assertTrue(self.lines({}, text="[[expect.call]]\ncall = 'a'\nlinks = 1"))

    def test_sides_of_an_outgoing_call(self):
        text = "[[expect.call]]\ncall = 'a'\ntype = 'out'\nemployee = '1000005'"
        sides = {"type": "out", "fromUser": employee("1000005"), "toUser": LINK, "toPhone": "79000000000"}
        self.assertEqual(self.lines(sides, text=text), [])
        self.assertTrue(self.lines({"type": "out", "toPhone": "79000000000"}, text=text))


class Tasks(unittest.TestCase):
    TEXT = """exact = true
[[expect.task]]
call = "a"
responsible = "1000006"
title = "Перезвонить"
deadline = "{60 working minutes after a.end}"
"""

    def lines(self, *overs, text=TEXT):
        made = scenario(text)
        call = made.calls[0]
        rows = [dict({"id": str(n), "seeded": False, "isDropped": False, "status": "assigned",
                      "isUrgent": False, "isTemplate": False, "name": "Перезвонить", "contractor": LINK,
                      "responsible": employee("1000006"), "deadline": moment(call.end + 3600),
                      "statement": "<p>MANGO %s</p>" % call.entry}, **over) for n, over in enumerate(overs)]
        return expect_crm.check_tasks(made, dict(EMPTY, Task=rows, ContractorHuman=[CLIENT]))

    def test_what_holds(self):
        self.assertEqual(self.lines({}), [])
        done = "[[expect.task]]\ncall = 'a'\nstatus = 'done'\nclient = '{a.number}'"
        self.assertEqual(self.lines({"status": "completed"}, text=done), [])
        self.assertEqual(self.lines({"isDropped": True}, text=done.replace("done", "deleted")), [])

    def test_what_differs(self):
        for over in ({"status": "done"}, {"isDropped": True}, {"name": "x"}, {"contractor": None},
                     {"responsible": employee("1000005")}, {"deadline": moment(5)}, {"deadline": None},
                     {"statement": "MANGO"}, {"statement": "MANGO %sx"}, {"isUrgent": True}):
            self.assertTrue(self.lines(over), over)
        self.assertTrue(self.lines())
        self.assertTrue(self.lines({}, {}))
        self.assertTrue(self.lines({}, {"statement": "by nobody"}))
        self.assertEqual(self.lines({}, {"statement": "by hand", "seeded": True}), [])


class Fields(unittest.TestCase):
    FIELDS = [{"id": "1", "name": "F1", "hrName": "ДКТ: client_сid", "seeded": True},
              {"id": "2", "name": "F2", "hrName": "ДКТ: Город", "seeded": False}]

    def test_values(self):
        found = expect_crm.values_of({"F1": "5", "F2": None}, {"extra_fields": self.FIELDS})
        self.assertEqual(expect_crm.compare_values({"дкт: client_cid": "5"}, found), [])
        for wanted in ({}, {"ДКТ: client_cid": "6"}, {"ДКТ: client_cid": "5", "ДКТ: Город": "x"}):
            self.assertTrue(expect_crm.compare_values(wanted, found), wanted)
        self.assertEqual(expect_crm.compare_values({"ДКТ: client_cid": "5", "ДКТ: Город": ""}, found), [])

    def test_each_label_once(self):
        made = scenario("[[expect.field]]\nlabel = 'ДКТ: Город'\n")
        self.assertEqual(expect_crm.check_fields(made, {"extra_fields": self.FIELDS}), [])
        self.assertTrue(expect_crm.check_fields(made, EMPTY))
        twice = self.FIELDS + [{"id": "3", "name": "F3", "hrName": "дкт:client_cid", "seeded": False}]
        self.assertTrue(expect_crm.check_fields(made, {"extra_fields": twice}))
        seeded = [dict(field, seeded=True) for field in twice]
        self.assertEqual(expect_crm.check_fields(made, {"extra_fields": seeded}), [])


class Requests(unittest.TestCase):
    def test_counts(self):
        bad = {"twins": [{"kind": "Task", "mark": "e", "ids": ["1", "2"]}], "limited": {"second": 1, "hour": 0}}
        row = {"method": "GET", "path": "/x", "status": 200}
        self.assertEqual(len(expect_crm.check_counts(scenario(""), bad, [row])), 2)
        self.assertEqual(expect_crm.check_counts(scenario("twins = true\nlimited = true"), bad, [row]), [])
        for most, lines in ((2, 0), (1, 1)):
            made = scenario("requests_max = %d" % most)
            self.assertEqual(len(expect_crm.check_counts(made, {}, [row, row])), lines)


class Exact(unittest.TestCase):
    def test_a_folders_way(self):
        with tempfile.TemporaryDirectory(dir=SCENARIOS) as folder:
            path = pathlib.Path(folder, "crm", "t.toml")
            path.parent.mkdir()
            for text, exact in (("title = 't'", True), ("title = 't'\n[expect]\nexact = false", False)):
                path.write_text(text, encoding="utf-8")
                self.assertIs(Scenario(path).exact, exact)
        self.assertFalse(scenario("").exact)


class Records(unittest.TestCase):
    def test_jobs(self):
        key, value, headers = records.job_record("acme", {
            "id": "e:task", "kind": "task", "entry_id": "e", "number": "79", "data": {"x": 1}, "age_s": 10}, 20)
        self.assertEqual(key, "acme/79")
        self.assertEqual(json.loads(value), {"v": 1, "id": "e:task", "kind": "task", "entry_id": "e",
                                             "number": "79", "event_at": 10, "offset": "events/0/0",
                                             "data": {"x": 1}})
        self.assertEqual(headers, {"kind": "task", "origin": "live", "account": "acme",
                                   "received-at": "1970-01-01T00:00:10.000Z"})

    def test_facts(self):
        key, value, headers = records.fact_record("acme", {
            "fact": "e:visitor/done", "value": {"kind": "visitor", "entry": "e"}}, 5)
        self.assertEqual((key, value), ("acme/e:visitor/done", '{"entry":"e","kind":"visitor","v":1}'))
        self.assertRegex(headers["mark"], "^[0-9a-f]{32}$")
        self.assertEqual(headers["at"], "1970-01-01T00:00:05.000Z")

    def test_places(self):
        for text, hashed in (("21", -973932308), ("foobar", -790332482), ("abc", 479470107)):
            self.assertEqual(records.murmur2(text.encode()), hashed & 0xffffffff)


class Hands(unittest.TestCase):
    def test_what_is_not_there_is_told(self):
        class Stack:
            class control:  # noqa: N801
                ask = staticmethod(lambda path, doc: {"removed": 0})
                state = staticmethod(lambda: EMPTY)
        player = Player(scenario(""), Stack)
        for step in ({"task_close": "a"}, {"task_delete": "a"}, {"client_drop": "a"}, {"field_delete": "x"},
                     {"client_responsible": "{a.number}", "responsible": "1"}, {"remove_client": "a"},
                     {"employee": "1", "values": {}}, {"client_change": "a", "values": {}}):
            player.scenario.steps = [step]
            with self.assertRaises(Failed, msg=step):
                player.play()


if __name__ == "__main__":
    unittest.main()
