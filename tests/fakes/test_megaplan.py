#!/usr/bin/env python3
"""Shows that the fake Megaplan refuses and misleads where the reference says so."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_case import NEW, PHONE, FakeCase  # noqa: E402


class Refusals(FakeCase):
    def test_token(self):
        status, meta, data = self.call("GET", "/employee", token="wrong")
        self.assertEqual((status, meta["status"], data), (401, 401, {}))
        self.assertEqual(meta["errors"][0]["message"], "Unauthorized")

    def test_routes(self):
        self.assertEqual(self.message("GET", "/contractors"), (404, "No route found"))
        self.assertEqual(self.call("POST", "/contractor", body=NEW)[0], 405)

    def test_query(self):
        self.assertEqual(self.message("GET", "/contractor", {"from": 1}),
                         (422, 'There is extra field "from" in the request'))
        self.assertEqual(self.raw("GET", "/api/v3/contractor?limit=5")[0], 422)
        self.assertEqual(self.message("GET", "/contractorHuman", {"fields": ["phone"]}),
                         (422, "ContractorHuman have not this fields"))
        self.assertEqual(self.call("GET", "/callRoute", {"phone": PHONE, "limit": 1})[0], 422)

    def test_sort(self):
        self.assertEqual(self.message("GET", "/contractorHuman", {"sortBy": [{"field": "id"}]}),
                         (422, "'array' is not assignable to 'SortField[]'"))

    def test_bodies(self):
        for change, field in (({"contentType": None}, "contentType"), ({"phone": "1"}, "phone"),
                              ({"responsibles": [{"id": "1000005"}]}, "responsibles"),
                              ({"responsibles": [{"contentType": "Employee", "id": "9"}]},
                               "responsibles"),
                              ({"contactInfo": [{"type": "phone", "value": "1"}]}, "contactInfo"),
                              ({"firstName": 5}, "firstName")):
            status, meta, _ = self.call("POST", "/contractorHuman", body=dict(NEW, **change))
            self.assertEqual((status, meta["errors"][0]["field"]), (422, field), change)
        self.assertEqual(len(self.mp.state()["ContractorHuman"]), 1)

    def test_required_by_the_account(self):
        self.mp.doubts["required_fields"] = ["advertisingWay"]
        self.assertEqual(self.call("POST", "/contractorHuman", body=NEW)[0], 422)

    def test_refusal_in_a_200(self):
        self.mp.doubts["refusals_as_200"] = True
        status, meta, _ = self.call("POST", "/contractorHuman", body={"contentType": "Task"})
        self.assertEqual((status, meta["status"]), (200, 422))
        self.assertGreater(len(meta["errors"][0]["trace"]), 2000)

    def test_creator(self):
        asked = dict(NEW, userCreated={"contentType": "Employee", "id": "1000006"})
        for how, status, creator in (("accepted", 200, "1000006"), ("ignored", 200, "1000005"),
                                     ("refused", 422, None)):
            self.mp.doubts["userCreated"] = how
            answer = self.call("POST", "/contractorHuman", body=asked)
            self.assertEqual(answer[0], status)
            if creator:
                made = self.mp.store.find(("ContractorHuman",), answer[2]["id"])
                self.assertEqual(made["userCreated"]["id"], creator)

    def test_rate(self):
        self.mp.doubts.update(rate_per_second=3, retry_after=2)
        answers = [self.raw("GET", "/api/v3/currentUser") for _ in range(4)]
        self.assertEqual([a[0] for a in answers], [200, 200, 200, 429])
        self.assertEqual(answers[3][2]["Retry-After"], "2")


class Traps(FakeCase):
    def test_plus_is_a_space(self):
        good = self.call("GET", "/callRoute", {"phone": "+" + PHONE})
        self.assertIn({"contentType": "ContractorHuman", "id": "1000011"}, good[2]["users"])
        status, text, _ = self.raw("GET", '/api/v3/callRoute?{"phone":"+%s"}' % PHONE)
        self.assertEqual((status, json.loads(text)["data"]["users"]), (200, []))

    def test_call_route_holds_employees_and_strangers(self):
        self.mp.seed({"clients": [{"id": "1000012", "phone": "+3 999 123 12 12"}]})
        users = self.call("GET", "/callRoute", {"phone": PHONE})[2]["users"]
        self.assertEqual([u["id"] for u in users], ["1000012", "1000011", "1000005"])
        self.assertEqual(set(users[0]), {"contentType", "id"})
        self.mp.doubts.update(callroute_employees="object", callroute_users="full")
        data = self.call("GET", "/callRoute", {"phone": PHONE})[2]
        self.assertEqual(data["employees"]["id"], "1000005")
        self.assertEqual(data["users"][1]["contactInfo"][2]["value"], "8 (999) 123-12-12")

    def test_search_lags(self):
        self.mp.doubts["search_lag_ms"] = 60000
        self.call("POST", "/contractorHuman", body=NEW)
        self.assertEqual(self.call("GET", "/contractor", {"q": PHONE})[2], [])
        self.mp.doubts["search_lag_ms"] = 0
        self.assertEqual(len(self.call("GET", "/contractor", {"q": PHONE})[2]), 1)
        self.mp.doubts["fresh_index"] = True
        self.assertEqual(self.call("GET", "/contractor", {"q": PHONE})[2], [])

    def test_update_without_id_creates(self):
        status, _, data = self.call("POST", "/contractorHuman/1000011", body=NEW)
        self.assertEqual(status, 200)
        self.assertNotEqual(data["id"], "1000011")
        status, _, data = self.call("POST", "/contractorHuman/1000011",
                                    body={"contentType": "ContractorHuman", "id": "1000011",
                                          "description": "x"})
        self.assertEqual(data["id"], "1000011")

    def test_name_is_null_and_rows_are_poor(self):
        made = self.call("POST", "/contractorHuman", body=NEW)[2]
        self.assertIsNone(made["name"])
        self.assertIsInstance(made["id"], str)
        row = self.call("GET", "/contractorHuman/" + made["id"])[2]
        self.assertEqual(set(row), {"contentType", "id", "name"})
        row = self.call("GET", "/contractorHuman/" + made["id"],
                        {"fields": ["contactInfo", "timeCreated"]})[2]
        self.assertEqual(row["contactInfo"][0]["value"], PHONE)

    def test_repeated_entity_is_a_bare_link(self):
        self.call("POST", "/contractorHuman", body=NEW)
        rows = self.call("GET", "/contractorHuman", {"fields": ["responsibles"]})[2]
        self.assertEqual(rows[0]["responsibles"][0]["name"], "Пётр")
        self.assertEqual(rows[1]["responsibles"], [{"contentType": "Employee", "id": "1000005"}])

    def test_paging(self):
        self.mp.seed({"clients": [{"phone": str(n)} for n in range(150)]})
        newest = [{"contentType": "SortField", "fieldName": "timeCreated", "desc": True}]
        _, meta, first = self.call("GET", "/contractorHuman", {"limit": 500, "sortBy": newest})
        self.assertEqual((len(first), meta["pagination"]["hasMoreNext"]), (100, True))
        after = {"contentType": "ContractorHuman", "id": first[-1]["id"]}
        second = self.call("GET", "/contractorHuman", {"pageAfter": after, "sortBy": newest})[2]
        self.assertEqual(len({row["id"] for row in first + second}), 151)
        bad = {"contentType": "Contractor", "id": first[-1]["id"]}
        self.assertEqual(self.call("GET", "/contractor", {"pageAfter": bad})[0], 422)
        self.mp.doubts["pagination"] = "array"
        self.assertEqual(self.call("GET", "/contractorHuman")[1]["pagination"], [])

    def test_employees_are_not_filtered(self):
        rows = self.call("GET", "/employee", {"q": "Анна", "filter": {}, "fields": ["isWorking"]})[2]
        self.assertEqual([row["isWorking"] for row in rows], [True, False])

    def test_login(self):
        self.mp.seed({"users": [{"login": "a", "password": "p", "employee": "1000005"}]})
        url = "/api/v3/auth/access_token"
        kind = "application/x-www-form-urlencoded"
        self.assertEqual(self.raw("POST", url, '{"username":"a"}')[0], 400)
        bad = self.raw("POST", url, "grant_type=password&username=a&password=x", content_type=kind)
        self.assertEqual((bad[0], json.loads(bad[1])["error"]), (400, "invalid_grant"))
        good = json.loads(self.raw("POST", url, "grant_type=password&username=a&password=p",
                                   content_type=kind)[1])
        self.assertEqual(self.call("GET", "/currentUser", token=good["access_token"])[0], 200)
        again = "grant_type=refresh_token&refresh_token=" + good["refresh_token"]
        self.assertEqual(self.raw("POST", url, again, content_type=kind)[0], 200)
        self.assertEqual(self.raw("POST", url, again, content_type=kind)[0], 400)

    def test_extra_fields(self):
        body = {"contentType": "StringField", "hrName": "Номер линии MANGO OFFICE"}
        made = self.call("POST", "/contractorHuman/extraFields/0", body=body)[2]
        name = made[0]["name"]
        self.assertEqual(name, "Category183CustomFieldNomerLiniiMangoOffice")
        self.call("POST", "/contractorHuman/1000011",
                  body={"contentType": "ContractorHuman", "id": "1000011", name: "7495"})
        row = self.call("GET", "/contractorHuman/1000011", {"fields": [name]})[2]
        self.assertEqual(row[name], "7495")

    def test_calls(self):
        body = {"contentType": "CallInfo", "providerId": "e1", "type": "in", "state": "calling"}
        self.assertEqual(self.call("POST", "/callInfo/provider", body=body)[0], 404)
        first = self.call("POST", "/callInfo", body=body)[2]["id"]
        second = self.call("POST", "/callInfo", body=body)[2]["id"]
        self.assertNotEqual(first, second)
        self.assertEqual(self.call("GET", "/callInfo/provider", {"providerId": "e1"})[2]["id"], second)
        self.call("POST", "/callInfo/history", body=[dict(body, type="miss")])
        self.assertEqual(len(self.mp.state()["CallInfo"]), 2)

    def test_tasks_and_bulk(self):
        task = {"contentType": "Task", "name": "t", "isUrgent": False}
        self.assertEqual(self.call("POST", "/task", body=task)[0], 422)
        task["isTemplate"] = False
        batch = {"contentType": "BulkApiCall", "calls": [
            {"contentType": "ApiCall", "method": "POST", "url": "/api/v3/task", "body": json.dumps(task)},
            {"contentType": "ApiCall", "method": "GET", "url": "/api/v3/task/1"}]}
        made = self.call("POST", "/bulk", body=batch)[2]
        self.assertEqual([item["status"] for item in made], [200, 404])


if __name__ == "__main__":
    unittest.main()
