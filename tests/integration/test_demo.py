#!/usr/bin/env python3
"""The demo's words: what it tells of a Megaplan and of its requests is what there is. make demo plays it."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes"), str(HERE.parent / "demo")]

import show  # noqa: E402
import story  # noqa: E402
import watch  # noqa: E402

EMPTY = {"ContractorHuman": [], "ContractorCompany": [], "CallInfo": [], "Task": [], "extra_fields": []}


def link(number):
    return {"contentType": "Employee", "id": number}


def client(**over):
    return dict({"id": "7", "contentType": "ContractorHuman", "seeded": False, "name": "Новый",
                 "responsibles": [link("1000005")],
                 "contactInfo": [{"contentType": "ContactInfo", "type": "phone", "value": "+79000000000"}]}, **over)


def saved(**over):
    return dict({"id": "8", "seeded": False, "type": "in", "fromPhone": "79000000000", "fromUser": {"id": "7"},
                 "toUser": link("1000006"), "recordLinks": []}, **over)


def task(**over):
    return dict({"id": "9", "seeded": False, "isDropped": False, "status": "assigned", "name": "Перезвонить",
                 "responsible": link("1000006")}, **over)


class News(unittest.TestCase):
    def setUp(self):
        self.company = story.Company("romashka")

    def news(self, old, new):
        return watch.news(self.company, dict(EMPTY, **old), dict(EMPTY, **new))

    def test_clients(self):
        one = {"ContractorHuman": [client()]}
        self.assertEqual(self.news({}, one), ["new client «Новый», +79000000000, responsible Пётр Петров"])
        self.assertEqual(self.news(one, one), [])
        self.assertEqual(self.news({}, {"ContractorHuman": [client(seeded=True)]}), [])
        self.assertEqual(self.news(one, {"ContractorHuman": [client(responsibles=[link("1000006")])]}),
                         ["client «Новый» is now Анна Сидорова's"])

    def test_calls(self):
        one = {"ContractorHuman": [client(seeded=True)], "CallInfo": [saved()]}
        self.assertEqual(self.news({}, one), ["call saved: incoming, Анна Сидорова with Новый"])
        self.assertEqual(self.news(one, dict(one, CallInfo=[saved(recordLinks=["x"])])),
                         ["the saved call of Новый has another recording"])
        self.assertEqual(self.news({}, {"CallInfo": [saved(fromUser=None, fromPhone=None, recordLinks=["x"])]}),
                         ["call saved: incoming, Анна Сидорова with a hidden number, 1 recording"])
        out = saved(type="out", fromUser=link("1000005"), toUser={"id": "7"}, toPhone="79000000000")
        self.assertEqual(self.news({}, dict(one, CallInfo=[out])),
                         ["call saved: outgoing, Пётр Петров with Новый"])

    def test_popups(self):
        rings = saved(state="calling")
        one = {"ContractorHuman": [client(seeded=True)], "CallInfo": [rings]}
        self.assertEqual(self.news({}, one), ["on Анна Сидорова's screen: calling, Новый"])
        self.assertEqual(self.news(one, one), [])
        for over, told in (({"state": "talking"}, "on Анна Сидорова's screen: talking, Новый"),
                           ({"toUser": link("1000005")}, "on Пётр Петров's screen: calling, Новый"),
                           ({"state": "finished"}, "call saved: incoming, Анна Сидорова with Новый")):
            self.assertEqual(self.news(one, dict(one, CallInfo=[dict(rings, **over)])), [told])

    def test_mango(self):
        none = {"commands": [], "visits": []}
        asked = {"commands": [{"to": "123", "name": "Ян", "result": 1000}, {"to": "9", "name": "", "result": 4101}],
                 "visits": [{"number": "7495", "data": {"uid": "u"}}, {"number": "7496", "data": None}]}
        self.assertEqual(watch.pbx_news(self.company, none, asked), [
            "the call goes to Пётр Петров, whose phone shows «Ян»",
            "the call goes to 9, whose phone shows «»: refused with 4101",
            "who looks at the site with the number 7495? u",
            "who looks at the site with the number 7496? nobody known"])
        self.assertEqual(watch.pbx_news(self.company, asked, asked), [])

    def test_tasks_and_fields(self):
        self.assertEqual(self.news({}, {"Task": [task()]}), ["task «Перезвонить» for Анна Сидорова"])
        self.assertEqual(self.news({"Task": [task()]}, {"Task": [task(status="completed")]}),
                         ["task «Перезвонить» is done"])
        fields = [{"id": "1", "hrName": "A"}, {"id": "2", "hrName": "B"}]
        self.assertEqual(self.news({"extra_fields": fields[:1]}, {"extra_fields": fields}),
                         ["1 extra field for clients: B"])


class Story(unittest.TestCase):
    def setUp(self):
        self.companies = [story.Company(name) for name in story.NAMES]
        for company in self.companies:
            company.make_calls("x")
            for played in company.day:
                played.retime(1_700_000_000)

    def test_a_day_in_a_minute(self):
        rows = story.agenda(self.companies)
        self.assertLess(rows[-1][0], 60)
        self.assertEqual(len(rows), sum(len(c.webhooks) for company in self.companies for c in company.calls))
        for company in self.companies:
            for played in company.day:
                self.assertLessEqual(len(played.told), len(played.moments))
                self.assertEqual(sorted(played.moments), played.moments, played.call.name)

    def test_times_are_those_of_sending(self):
        played = next(p for p in self.companies[0].day if p.call.name == "menu")
        begin = 1_700_000_000 + played.starts_s
        docs = [webhook.doc for webhook in played.call.webhooks]
        self.assertEqual([int(doc["timestamp"]) - begin for doc in docs[:-1]], played.moments[:-1])
        self.assertEqual([docs[-1][name] - begin for name in ("create_time", "talk_time", "end_time")], [0, 4, 13])

    def test_latency(self):
        company = self.companies[0]
        played = next(p for p in company.day if p.call.name == "menu")
        played.sent_at[played.answered_by()] = 100.0
        row = {"method": "POST", "path": "/api/v3/contractorHuman", "at": 100.25, "ms": 250.0,
               "body": '{"responsibles":[],"description":"MANGO %s"}' % played.call.entry}
        self.assertEqual(show.latencies(company, [row]), [(played, 0.5)])
        for over in ({"at": 99.0}, {"method": "GET"}, {"path": "/api/v3/task"},
                     {"body": row["body"].replace("==", "")}):
            self.assertEqual(show.latencies(company, [dict(row, **over)]), [], over)


class Tables(unittest.TestCase):
    def test_columns(self):
        self.assertEqual(show.table("T", [["a", "bb", "c"], "whole", ["aaa", "b", ""]]),
                         ["  T", "    a     bb   c", "    whole", "    aaa   b"])
        self.assertEqual(show.table("T", []), ["  T: none"])

    def test_costs(self):
        company = story.Company("romashka")
        company.make_calls("x")
        log = [{"method": m, "path": p} for m, p in (
            ("GET", "/api/v3/callRoute"), ("GET", "/api/v3/contractor/5"), ("POST", "/api/v3/contractorHuman"),
            ("GET", "/api/v3/contractorHuman/extraFields"), ("POST", "/api/v3/callInfo/history"),
            ("POST", "/api/v3/auth/access_token"), ("POST", "/api/v3/bulk"), ("GET", "/api/v3/nobody"))]
        first, second = show.costs(company, log, {"most": {"second": 3}})
        self.assertIn(": 2 once, 6 for 8 calls, 0.8 each; at most 3 in any second (allowed: 5)", first)
        self.assertEqual(second.strip(), "finding out whose a number is 2, once: employees, login 1, once: extra "
                         "fields 1, clients 1, saved calls and their recordings 1, several in one 1, else 1")


if __name__ == "__main__":
    unittest.main()
