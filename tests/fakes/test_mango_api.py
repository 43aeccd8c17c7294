"""The fake of MANGO's API refuses what the real one refuses, and keeps count of it."""

import http.client
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mango  # noqa: E402
import mango_api  # noqa: E402

ROUTE = {"command_id": "MTIz~0a", "call_id": "leg", "to_number": "101",
         "sip_headers": {"From/display-name": "Иванов Иван"}}
VISITOR = {"uid": "77", "duration": 5, "current_page": {"url": "https://example.org/"}}


class MangoCase(unittest.TestCase):
    def setUp(self):
        self.server, worlds = mango_api.start(("/acme",))
        self.mango = worlds["/acme"]
        self.ask("seed", {"keys": {"key": "salt"}, "visitors": {"74951112233": VISITOR}})

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def post(self, path, body, kind="application/x-www-form-urlencoded"):
        connection = http.client.HTTPConnection(self.server.address, timeout=10)
        try:
            connection.request("POST", "/acme" + path, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, path, doc):
        status, text = self.post("/_control/" + path, json.dumps(doc), "application/json")
        self.assertEqual(status, 200, text)

    def call(self, method, doc, key="key", salt="salt"):
        text = mango.write_json(doc)
        status, body = self.post("/vpbx/" + method, mango.form(key, salt, text))
        return status, json.loads(body) if body else None

    def codes(self):
        return [v["code"] for v in self.mango.violations]

    def test_route_is_taken_and_remembered(self):
        self.assertEqual(self.call("commands/route", ROUTE), (200, {"result": 1000}))
        row = self.mango.commands[0]
        self.assertEqual((row["entry"], row["to"], row["name"]), ("MTIz", "101", "Иванов Иван"))
        self.assertEqual(self.codes(), [])

    def test_two_routes_in_two_seconds(self):
        self.call("commands/route", ROUTE)
        status, doc = self.call("commands/route", ROUTE)
        self.assertEqual((status, doc["status"], doc["code"]), (429, 429, 0))
        self.assertEqual(self.codes(), [429])
        self.assertEqual(len(self.mango.commands), 1)

    def test_eleven_requests_in_a_second(self):
        statuses = [self.call("queries/user_info_by_dct_number", {"number": "74951112233"})[0]
                    for _ in range(11)]
        self.assertEqual(statuses, [200] * 10 + [429])

    def test_second_invalid_request_blocks(self):
        self.assertEqual(self.call("commands/route", ROUTE, salt="other")[1]["code"], 3102)
        self.assertEqual(self.call("incominglines", {}, key="other")[1]["code"], 3105)
        self.assertEqual(self.call("incominglines", {})[0], 401)
        self.mango.blocked_until = 0
        self.assertEqual(self.call("incominglines", {})[0], 200)

    def test_invalid_routes(self):
        for change in ({"command_id": ""}, {"command_id": "a" * 129}, {"call_id": None},
                       {"to_number": "abc"}, {"sip_headers": {"From/display-name": "я" * 33}}):
            self.mango.windows["commands/route"].times = []
            self.mango.invalid_at = None
            _, doc = self.call("commands/route", dict(ROUTE, **change))
            self.assertEqual(doc["code"] // 1000, 3, change)
        self.assertEqual(self.mango.commands, [])

    def test_a_call_that_is_over(self):
        self.ask("seed", {"over": ["MTIz"]})
        self.ask("doubts", {"refusal_http": 400, "codes": "text"})
        self.assertEqual(self.call("commands/route", ROUTE)[1]["code"], "4101")
        self.assertEqual(self.codes(), [])

    def test_visitors(self):
        ask = lambda number: self.call("queries/user_info_by_dct_number", {"number": number})[1]  # noqa: E731
        self.assertEqual(ask("74951112233"), {"data": VISITOR})
        for how, answer in (("empty", {}), ("data_empty", {"data": {}}), ("null", {"data": None}),
                            ("list", {"data": []})):
            self.ask("doubts", {"nobody": how})
            self.assertEqual(ask("74950000000"), answer)
        self.ask("seed", {"visitors": {"74951112233": [{"until": 1, "data": VISITOR},
                                                       {"data": {"uid": "other"}}]}})
        self.assertEqual(ask("74951112233"), {"data": {"uid": "other"}})

    def test_how_done_is_said(self):
        self.ask("doubts", {"done": "empty"})
        self.assertEqual(self.call("commands/route", ROUTE), (200, None))

    def test_not_a_form(self):
        status, body = self.post("/vpbx/groups", b"{}", "application/json")
        self.assertEqual((status, json.loads(body)["code"]), (200, 3100))

    def test_faults(self):
        self.ask("faults", [{"path": "route", "status": 500, "times": 1}])
        self.assertEqual(self.call("commands/route", ROUTE)[0], 500)
        self.assertEqual(self.mango.commands, [])


if __name__ == "__main__":
    unittest.main()
