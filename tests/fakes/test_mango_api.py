#!/usr/bin/env python3
"""The fake of MANGO's API refuses what the real one refuses, and keeps count of it."""

import http.client
import json
import os
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mango  # noqa: E402
import mango_api  # noqa: E402
import mango_faults  # noqa: E402
import mango_limits  # noqa: E402

ROUTE = {"command_id": "MTIz~0a", "call_id": "leg", "to_number": "101",
         "sip_headers": {"From/display-name": "Иванов Иван"}}
VISITOR = {"uid": "77", "duration": 5, "current_page": {"url": "https://example.org/"}}
NUMBER = "74951112233"
FORM = "application/x-www-form-urlencoded"
VISIT = "queries/user_info_by_dct_number"


def leg(state, location="ivr", seq=1, **more):
    return ["events/call", dict({"entry_id": "MTIz", "call_id": "leg", "seq": seq, "call_state": state,
                                 "location": location}, **more)]


class MangoCase(unittest.TestCase):
    """A PBX below /acme whose key is "key"; another account lives below /other."""

    def setUp(self):
        self.server, worlds = mango_api.start(("/acme", "/other"))
        self.mango = worlds["/acme"]
        self.ask("accounts", {"key": "salt"})
        self.ask("seed", {"visitors": {NUMBER: VISITOR}})

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def post(self, path, body, kind=FORM, verb="POST", patience=10):
        connection = http.client.HTTPConnection(self.server.address, timeout=patience)
        try:
            connection.request(verb, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, path, doc, world="/acme", wanted=200):
        status, text = self.post(world + "/_control/" + path, json.dumps(doc), "application/json")
        self.assertEqual(status, wanted, text)

    def call(self, method, doc, key="key", salt="salt", world="/acme", **more):
        body = mango.form(key, salt, mango.write_json(doc))
        status, text = self.post("%s/vpbx/%s" % (world, method), body, **more)
        return status, json.loads(text) if text else None

    def codes(self):
        return [v["code"] for v in self.mango.violations]

    def fresh(self):
        """As if minutes had gone by."""
        self.mango.pbxs.clear()


class Form(MangoCase):
    def refusal(self, body, kind=FORM):
        self.fresh()
        status, text = self.post("/acme/vpbx/groups", body, kind)
        self.assertEqual(status, 200)
        return json.loads(text).get("code")

    def test_the_three_fields_and_no_other(self):
        good = mango.form("key", "salt", b"{}")
        self.assertIsNone(self.refusal(good))
        self.assertIsNone(self.refusal(good, FORM + "; charset=utf-8"))
        for body in (b"", b"{}", good + b"&salt=salt", good + b"&json=%7B%7D", good.partition(b"&")[2],
                     good.replace(b"%7B%7D", b"%FF"), b"\xff" + good):
            self.assertEqual(self.refusal(body), 3100, body)
        self.assertEqual(self.refusal(good, "application/json"), 3100)

    def test_signature_is_over_the_decoded_bytes(self):
        text = '{"number":"\u0430 +/"}'.encode()
        sign = mango.signature("key", text, "salt")
        for style in mango.FORM_STYLES:
            self.assertEqual(self.refusal(mango.form("key", "salt", text, style)), 3101, style)  # heard
        encoded = urllib.parse.quote_plus(text).encode()
        wrong = mango.form("key", "salt", text, sign=mango.signature("key", encoded, "salt"))
        self.assertEqual(self.refusal(wrong), 3102)
        self.assertEqual(self.refusal(mango.form("key", "salt", text, sign=sign.upper())), 3102)

    def test_json_is_an_object(self):
        for text in (b"[]", b"{", b'"x"', b""):
            self.assertEqual(self.refusal(mango.form("key", "salt", text)), 3100, text)

    def test_accounts_are_told_apart(self):
        self.ask("accounts", {"two": "salt2"}, "/other")
        self.assertEqual(self.call("groups", {}, "two", "salt2", "/other")[1]["result"], 1000)
        self.assertEqual(self.call("groups", {}, "two", "salt2")[1]["code"], 3105)
        self.assertEqual(self.call("groups", {}, "key", "salt2")[1]["code"], 3102)
        self.assertEqual(self.codes(), [3105, 3102])

    def test_a_salt_of_its_own(self):
        self.ask("seed", {"salt": "true"}, "/other")
        self.ask("accounts", {"three": "wrong"}, "/other")
        self.assertEqual(self.call("groups", {}, "three", "wrong", "/other")[1]["code"], 3102)

    def test_no_such_method(self):
        self.assertEqual(self.call("commands/dance", {})[0], 404)
        self.assertEqual(self.call("groups", {}, verb="PUT")[0], 404)
        self.assertEqual(self.codes(), [404, 404])


class Limits(MangoCase):
    def test_two_routes_in_two_seconds(self):
        self.call("commands/route", ROUTE)
        status, doc = self.call("commands/route", ROUTE)
        self.assertEqual(status, 429)
        self.assertEqual(doc, {"name": "Service Unavailable", "message": "Rate limit exceeded.", "code": 0,
                               "status": 429})
        self.assertEqual(self.codes(), [429])
        self.assertEqual((len(self.mango.commands), len(self.mango.asked)), (1, 1))

    def test_eleven_requests_in_a_second(self):
        statuses = [self.call(VISIT, {"number": NUMBER})[0] for _ in range(11)]
        self.assertEqual(statuses, [200] * 10 + [429])
        self.assertEqual(self.mango.counts()["violations"], {"429": 1})

    def test_windows_slide(self):
        pbx = mango_limits.Pbx()
        self.assertIsNone(pbx.turned_away("commands/route", 100.9))
        self.assertEqual(pbx.turned_away("commands/route", 102.8), 429)
        self.assertEqual(pbx.turned_away("commands/route", 104.7), 429)  # the refused one counted
        self.assertIsNone(pbx.turned_away("commands/route", 106.7))
        for method, most in (("commands/callback", 4), ("account/balance", 2), ("config/users/request", 1)):
            pbx = mango_limits.Pbx()
            found = [pbx.turned_away(method, 10 + n / 100) for n in range(most + 1)]
            self.assertEqual(found, [None] * most + [429], method)
        pbx = mango_limits.Pbx()
        found = [pbx.turned_away("groups", 10.5 + n / 10.5) for n in range(12)]
        self.assertEqual(found, [None] * 10 + [429, 429])

    def test_429_in_the_body(self):
        self.ask("doubts", {"limit_in_body": True, "retry_after": 3})
        self.call("commands/route", ROUTE)
        self.assertEqual(self.call("commands/route", ROUTE)[0], 200)
        self.assertEqual(self.codes(), [429])

    def test_second_invalid_request_blocks(self):
        self.assertEqual(self.call("commands/route", ROUTE, salt="other")[1]["code"], 3102)
        self.assertEqual(self.call("incominglines", {"a": 1})[1]["code"], 3101)
        self.assertEqual(self.call("incominglines", {})[0], 401)
        self.assertEqual(self.codes(), [3102, 3101, 401])
        self.mango.pbxs["key"].blocked_until = 0
        self.assertEqual(self.call("incominglines", {})[0], 200)

    def test_the_block_ends(self):
        pbx = mango_limits.Pbx()
        pbx.invalid(100)
        pbx.invalid(221)
        self.assertIsNone(pbx.turned_away("groups", 221))
        pbx.invalid(340)
        self.assertEqual([pbx.turned_away("groups", at) for at in (340, 459, 461)], [401, 401, None])


class Methods(MangoCase):
    def test_route_is_taken_and_remembered(self):
        self.assertEqual(self.call("commands/route", ROUTE), (200, {"result": 1000}))
        row = self.mango.commands[0]
        self.assertEqual((row["entry"], row["to"], row["name"]), ("MTIz", "101", "Иванов Иван"))
        self.assertEqual(self.codes(), [])
        kept = self.mango.log[0]
        self.assertEqual((kept["status"], kept["note"]), (200, '{"result": 1000}'))
        self.assertIn(b"vpbx_api_key=key", kept["body"])

    def test_invalid_routes(self):
        name = "From/display-name"
        for change in ({"command_id": ""}, {"command_id": "a" * 129}, {"command_id": 5}, {"call_id": None},
                       {"call_id": "a\nb"}, {"call_id": "я" * 65}, {"to_number": "abc"}, {"to_number": 101},
                       {"to_number": ""}, {"to_number": "+7999"}, {"to_number": "١٢"}, {"to_number": "1" * 33},
                       {"sip_headers": []}, {"sip_headers": {"From": "x"}}, {"sip_headers": {name: "я" * 33}},
                       {"sip_headers": {name: None}}, {"sip_headers": {name: "a\tb"}}, {"more": 1},
                       {"sip_headers": {name: ""}}, {"sip_headers": {name: "a\x85"}}):
            self.fresh()
            _, doc = self.call("commands/route", dict(ROUTE, **change))
            self.assertEqual(doc["code"] // 1000, 3, change)
        self.fresh()
        lone = b'{"command_id":"a~1","call_id":"\\ud800","to_number":"1"}'
        self.assertEqual(json.loads(self.post("/acme/vpbx/commands/route", mango.form("key", "salt", lone))[1])[
            "code"], 3101)
        self.assertEqual(self.mango.commands, [])

    def test_limits_of_what_is_valid(self):
        for change in ({"command_id": "a" * 128}, {"call_id": "я" * 64}, {"to_number": "sip:a@b.ru"},
                       {"sip_headers": {"From/display-name": "я" * 32}}, {"sip_headers": {}}):
            self.fresh()
            self.assertEqual(self.call("commands/route", dict(ROUTE, **change)), (200, {"result": 1000}))

    def test_a_call_that_is_over(self):
        self.ask("seed", {"over": ["MTIz"]})
        self.ask("doubts", {"refusal_http": 400, "codes": "text"})
        self.assertEqual(self.call("commands/route", ROUTE)[0], 400)
        self.assertEqual(self.mango.commands[0]["result"], 4101)
        self.assertEqual(self.codes(), [])

    def test_legs_as_they_were_told(self):
        for told, code in (([leg("Appeared")], None), ([leg("Connected")], None),
                           ([leg("Appeared", "abonent")], None), ([leg("Connected", "abonent")], 4100),
                           ([leg("Disconnected", seq=2), leg("Appeared")], 4101),
                           ([leg("Appeared"), ["events/summary", {"entry_id": "MTIz"}]], 4101),
                           ([leg("Appeared", call_id="other")], 3310), ([leg("Appeared", entry_id="x")], 3310)):
            self.fresh()
            self.mango.calls = mango_api.Calls()
            self.ask("calls", told)
            self.assertEqual(self.call("commands/route", ROUTE)[1].get("code"), code, told)

    def test_made_to_refuse(self):
        self.ask("seed", {"refuse": {"commands/route": [2210, 4001, 5001]}})
        found = []
        for _ in range(4):
            self.fresh()
            found.append(self.call("commands/route", ROUTE)[1])
        self.assertEqual([doc.get("code") for doc in found], [2210, 4001, 5001, None])
        self.assertEqual([row["result"] for row in self.mango.commands], [2210, 4001, 5001, 1000])
        self.assertEqual(self.codes(), [])

    def visit(self, number=NUMBER):
        return self.call(VISIT, {"number": number})[1]

    def test_visitors(self):
        self.assertEqual(self.visit(), {"data": VISITOR})
        for how, answer in mango_api.NOBODY.items():
            self.ask("doubts", {"nobody": how})
            self.assertEqual(self.visit("74950000000"), answer)
        self.assertEqual(len(self.mango.visits), 5)
        for number, code in ((None, 3101), (74951112233, 3101), ("+74951112233", 3330), ("12", 3330)):
            self.fresh()
            self.assertEqual(self.visit(number)["code"], code, number)

    def test_a_visitor_leaves(self):
        other = dict(VISITOR, uid="other")
        self.ask("seed", {"visitors": {NUMBER: [{"until_s": 5, "data": VISITOR}, {"until_s": 9},
                                                {"data": other}]}})
        self.ask("calls", [leg("Appeared", dct={"type": 1, "number": NUMBER})])
        for ago, wanted in ((0, {"data": VISITOR}), (4, {"data": VISITOR}), (6, {}), (10, {"data": other})):
            self.mango.calls.rang[NUMBER] = time.time() - ago
            self.assertEqual(self.visit(), wanted, ago)

    def test_the_other_methods(self):
        users = [{"general": {"name": n}, "telephony": {"extension": e}} for n, e in (("a", "101"), ("b", 102))]
        self.ask("seed", {"users": users, "balance": 5, "history": {NUMBER: [{"url": "u"}]}, "lines": [{"number": "1"}]})
        self.assertEqual(self.call("config/users/request", {"extension": "102"})[1], {"users": users[1:]})
        self.fresh()
        self.assertEqual(self.call("config/users/request", {})[1], {"users": users})
        self.assertEqual(self.call("account/balance", {})[1]["balance"], 5)
        self.assertEqual(self.call("queries/user_history_by_dct_number", {"number": NUMBER})[1],
                         {"data": [{"url": "u"}]})
        self.assertEqual(self.call("incominglines", {})[1], {"result": 1000, "lines": [{"number": "1"}]})
        callback = {"command_id": "a~1", "from": {"extension": "101"}, "to_number": "79990001122"}
        self.assertEqual(self.call("commands/callback", callback)[1], {"result": 1000})
        self.assertEqual(self.codes(), [])
        self.assertEqual(self.call("commands/callback", dict(callback, **{"from": {}}))[1]["code"], 3101)

    def test_what_the_settings_page_asks(self):
        """Lists and the balance as the manual shows them; a wrong signature, and the second one."""
        user = {"general": {"name": "Пётр", "email": "p@example.org"},
                "telephony": {"extension": 101, "numbers": [{"number": "sip:p@a.ru"}]}, "groups": []}
        self.ask("seed", {"users": [user], "balance": -3.5})
        self.ask("doubts", {"codes": "text", "clock_skew_s": 40})
        self.assertEqual(self.call("config/users/request", {})[1], {"users": [user]})
        self.assertEqual(self.call("config/users/request", {})[0], 429)
        self.fresh()
        told = self.call("account/balance", {})[1]
        self.assertEqual((told["result"], told["balance"], told["currency"]), ("1000", -3.5, "RUB"))
        self.assertEqual(self.call("account/balance", {"a": 1})[1]["code"], "3101")
        self.fresh()
        for wanted in ((200, "3102"), (200, "3102"), (401, 0)):
            status, doc = self.call("account/balance", {}, salt="wrong")
            self.assertEqual((status, doc["code"]), wanted)

    def test_how_done_and_refusals_are_said(self):
        for doubts, wanted in (({"done": "empty"}, (200, None)), ({"done": "code"}, (200, {"code": 1000})),
                               ({"done": "result", "codes": "text"}, (200, {"result": "1000"}))):
            self.fresh()
            self.ask("doubts", doubts)
            self.assertEqual(self.call("commands/route", ROUTE), wanted)
        self.ask("doubts", {"refusal_in": "result", "refusal_http": 400})
        self.ask("seed", {"over": ["leg"]})
        self.fresh()
        status, doc = self.call("commands/route", ROUTE)
        self.assertEqual((status, doc["result"]), (400, "4101"))
        for wrong in ({"done": "maybe"}, {"moon": 1}):
            self.ask("doubts", wrong, wanted=400)
        self.ask("seed", {"moon": 1}, wanted=400)


class History(MangoCase):
    """stats/request and stats/result."""
    FIELDS = "start,finish,answer,from_number,to_extension,records,entry_id"

    def setUp(self):
        super().setUp()
        self.now = int(time.time()) - 100
        self.ask("doubts", {"history_ready_s": 0})

    def tell(self, entry="MTIz", **more):
        def event(seq, when, state):
            return leg(state, "abonent", seq, timestamp=self.now + when, entry_id=entry,
                       **{"from": {"number": NUMBER}, "to": {"extension": "123"}}, **more)
        self.ask("calls", [event(1, 0, "Appeared"), event(2, 5, "Connected"), event(3, 20, "Disconnected"),
                           ["events/record/added", {"entry_id": entry, "recording_id": "r1"}]])

    def past(self, fields=FIELDS, **span):
        doc = dict({"date_from": self.now - 10, "date_to": self.now + 10, "fields": fields}, **span)
        return self.call("stats/request", doc)[1]

    def text(self, key):
        self.fresh()
        return self.post("/acme/vpbx/stats/result", mango.form("key", "salt", mango.write_json({"key": key})))

    def test_a_line_per_leg_in_the_order_asked_for(self):
        self.tell()
        wanted = "%d;%d;%d;%s;123;[r1];MTIz\n" % (self.now, self.now + 20, self.now + 5, NUMBER)
        self.assertEqual(self.text(self.past()["key"]), (200, wanted.encode()))
        self.fresh()
        self.assertEqual(self.text(self.past("entry_id,start")["key"]), (200, b"MTIz;%d\n" % self.now))
        self.fresh()
        self.assertEqual(self.text(self.past(date_from=self.now + 1)["key"]), (200, b""))

    def test_not_ready_unknown_and_over_the_limit(self):
        self.ask("doubts", {"history_ready_s": 60})
        key = self.past()["key"]
        self.assertEqual(self.text(key), (204, b""))
        self.assertEqual(self.text("other")[0], 404)
        self.assertEqual(self.call("stats/result", {"key": key})[0], 429)
        self.assertEqual((self.past().get("key") is None, self.codes()), (False, [429]))
        self.assertEqual(self.past()["status"], 429)

    def test_what_would_block_the_api(self):
        for span in ({"date_to": self.now - 10}, {"date_to": self.now + 32 * 86400}, {"date_from": str(self.now)},
                     {"date_from": self.now * 1000}, {"fields": ""}, {"fields": "entry_id,moon"},
                     {"fields": "start,start"}, {"moon": 1}):
            self.fresh()
            self.assertEqual(self.past(**span).get("code"), 3101, span)
        self.fresh()
        self.assertEqual(self.call("stats/result", {"key": 5})[1]["code"], 3101)


class Faults(MangoCase):
    def test_the_work_is_done_or_not(self):
        for name, row in mango_faults.FAULTS.items():
            self.fresh()
            self.mango.faults = []
            had = len(self.mango.commands)
            self.ask("faults", [dict(row.rule, path="commands/route", times=1, **({"delay_ms": 50} if
                                     "delay_ms" in row.rule else {}))])
            try:
                status, doc = self.call("commands/route", ROUTE, patience=0.4)
            except (OSError, http.client.HTTPException, ValueError):
                status, doc = 0, None
            self.assertEqual(len(self.mango.commands) - had, row.done, name)
            well = status == 200 and (doc or {}).get("result") == 1000
            self.assertEqual(well, row.done and row.known, name)
        self.assertEqual(self.codes(), [])

    def test_what_a_fault_hides_is_a_violation_all_the_same(self):
        self.ask("faults", [{"path": "route", "reply": "cut"}])
        for doc in (ROUTE, dict(ROUTE, call_id="")):
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.call("commands/route", doc)
        self.assertEqual(self.codes(), [429])
        self.fresh()
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.call("commands/route", dict(ROUTE, call_id=""))
        self.assertEqual(self.codes(), [429, 3101])
        self.assertEqual((len(self.mango.asked), self.mango.commands), (2, []))

    def test_other_data_than_promised(self):
        self.ask("faults", [{"path": "user_info", "when": "after", "reply": "changed", "data": "x"}])
        self.assertEqual(self.call(VISIT, {"number": NUMBER})[1], {"data": "x"})


if __name__ == "__main__":
    unittest.main()
