#!/usr/bin/env python3
"""Each doubt of the fake Megaplan makes the account it says, and people may change anything by hand."""

import concurrent.futures
import email.utils
import json
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import megaplan_doubts  # noqa: E402
from fake_case import NEW, PHONE, FakeCase  # noqa: E402
from megaplan_limits import Limits  # noqa: E402

FORM = "application/x-www-form-urlencoded"
LOGIN = "/api/v3/auth/access_token"
SECRET = "grant_type=password&username=a&password=p"
TASK = {"contentType": "Task", "name": "t", "isUrgent": False, "isTemplate": False,
        "responsible": {"contentType": "Employee", "id": "1000005"},
        "contractor": {"contentType": "ContractorHuman", "id": "1000011"},
        "deadline": {"contentType": "DateTime", "value": "2026-03-05T16:30:00+03:00"}}
NEWEST = [{"contentType": "SortField", "fieldName": "timeCreated", "desc": True}]


class Base(FakeCase):
    def doubt(self, **doubts):
        self.ask("doubts", doubts)

    def make(self, path, body):
        status, meta, data = self.call("POST", path, body=body)
        self.assertEqual(status, 200, meta)
        return data["id"]

    def read(self, path, *fields):
        return self.call("GET", path, {"fields": list(fields)})[2]


class Employees(Base):
    def shown(self):
        return [row["id"] for row in self.call("GET", "/employee")[2]]

    def test_fewer_than_there_are(self):
        self.ask("seed", {"employees": [{"id": str(n), "name": str(n)} for n in range(10, 13)]})
        self.assertEqual(len(self.shown()), 5)
        self.doubt(employees_shown="half")
        self.assertEqual(len(self.shown()), 2)
        self.doubt(employees_shown="none")
        self.assertEqual(self.shown(), [])

    def test_e_mails(self):
        self.ask("seed", {"employees": [{"id": "10", "name": "a", "email": "b@example.org"}]})
        row = self.read("/employee/10", "contactInfo", "position")
        self.assertEqual([c["value"] for c in row["contactInfo"] if c.get("type") == "email"], ["b@example.org"])
        self.assertNotIn("email", row)

    def test_reading_is_a_right(self):
        self.doubt(may_read_employees=False, may_read_clients=False)
        self.assertEqual(self.call("GET", "/employee")[0], 403)
        self.assertEqual(self.call("GET", "/contractor")[0], 403)

    def test_their_clock(self):
        for ahead in (0, 30):
            self.doubt(clock_skew_s=ahead)
            told = self.raw("GET", "/api/v3/employee")[2]["Date"]
            apart = email.utils.parsedate_to_datetime(told).timestamp() - time.time()
            self.assertAlmostEqual(apart, ahead, delta=1.5)


class Clients(Base):
    def test_responsibles_of_an_update(self):
        body = {"contentType": "ContractorHuman", "id": "1000011",
                "responsibles": [{"contentType": "Employee", "id": "1000006"}]}
        for how, ids in (("replaces", ["1000006"]), ("appends", ["1000006", "1000005"])):
            self.doubt(responsibles_update=how)
            self.call("POST", "/contractorHuman/1000011", body=body)
            found = self.read("/contractorHuman/1000011", "responsibles")["responsibles"]
            self.assertEqual([link["id"] for link in found], ids)
            body["responsibles"][0]["id"] = "1000005"

    def test_responsibles_by_resource(self):
        link = {"contentType": "Employee", "id": "1000006"}
        self.call("POST", "/contractorHuman/1000011/responsibles", body=link)
        path = "/contractorHuman/1000011/responsibles/Employee/1000005"
        self.assertEqual(self.call("DELETE", path)[0], 200)
        self.assertEqual(self.call("DELETE", path)[0], 404)
        found = self.read("/contractorHuman/1000011", "responsibles")["responsibles"]
        self.assertEqual([one["id"] for one in found], ["1000006"])

    def test_a_poor_answer(self):
        self.doubt(create_answer="poor")
        made = self.call("POST", "/contractorHuman", body=NEW)[2]
        self.assertEqual(set(made), {"contentType", "id"})

    def test_rights(self):
        field = {"contentType": "StringField", "hrName": "x"}
        call = {"contentType": "CallInfo", "providerId": "e"}
        for doubt, requests in (
                ("may_create_fields", [("/contractorHuman/extraFields/0", field)]),
                ("may_use_telephony", [("/callInfo", call), ("/callInfo/provider", call),
                                       ("/callInfo/history", [call])]),
                ("may_add_tasks", [("/task", TASK)]), ("may_add_clients", [("/contractorHuman", NEW)])):
            self.doubt(**{doubt: False})
            for path, body in requests:
                status, message = self.message("POST", path, body=body)
                self.assertEqual((status, message[:3], message[-7:]), (403, "No ", " rights"), path)
        self.assertEqual(self.ask("counts")["created"], {})

    def test_reads_lag_behind_changes(self):
        self.doubt(read_lag_ms=60000)
        body = {"contentType": "ContractorHuman", "id": "1000011", "description": "new"}
        self.assertEqual(self.call("POST", "/contractorHuman/1000011", body=body)[0], 200)
        self.assertIsNone(self.read("/contractorHuman/1000011", "description")["description"])
        self.doubt(read_lag_ms=0)
        self.assertEqual(self.read("/contractorHuman/1000011", "description")["description"], "new")

    def test_in_the_bin(self):
        self.assertEqual(self.ask("clients/drop", {"phone": PHONE})["changed"], 1)
        self.assertTrue(self.read("/contractorHuman/1000011", "isDropped")["isDropped"])
        body = {"contentType": "ContractorHuman", "id": "1000011", "description": "x"}
        self.assertEqual(self.call("POST", "/contractorHuman/1000011", body=body)[0], 200)
        self.doubt(dropped_write="refused")
        self.assertEqual(self.call("POST", "/contractorHuman/1000011", body=body)[0], 403)

    def test_by_hand(self):
        made = self.make("/contractorHuman", NEW)
        self.ask("clients/responsible", {"id": made, "responsible": "1000006"})
        found = self.read("/contractorHuman/" + made, "responsibles")["responsibles"]
        self.assertEqual([link["id"] for link in found], ["1000006"])
        self.ask("clients/change", {"id": made, "values": {"firstName": "Иван"}})
        self.assertEqual(self.read("/contractorHuman/" + made)["name"], "Иван")
        self.assertEqual(self.ask("clients/remove", {"phone": PHONE})["removed"], 2)
        self.assertEqual(self.call("GET", "/contractorHuman/" + made)[0], 404)
        self.assertEqual(self.call("GET", "/callRoute", {"phone": PHONE})[2]["users"],
                         [{"contentType": "Employee", "id": "1000005"}])
        self.ask("employees/change", {"id": "1000005", "values": {"canLogin": False}})
        self.assertIs(self.read("/employee/1000005", "canLogin")["canLogin"], False)

    def test_a_changed_phone_is_found(self):
        self.ask("clients/change", {"id": "1000011", "values": {"contactInfo": [
            {"contentType": "ContactInfo", "type": "phone", "value": "+7 495 7654321"}]}})
        for phone, ids in (("74957654321", ["1000011"]), (PHONE, ["1000005"])):
            users = self.call("GET", "/callRoute", {"phone": phone})[2]["users"]
            self.assertEqual([user["id"] for user in users], ids)


class Fields(Base):
    LABEL = "Номер линии MANGO OFFICE"
    PATH = "/contractorHuman/extraFields/0"

    def field(self, label=LABEL):
        return {"contentType": "StringField", "hrName": label}

    def test_labels_repeat(self):
        first = self.call("POST", self.PATH, body=self.field())[2]
        second = self.call("POST", self.PATH, body=self.field())[2]
        self.assertNotEqual(first[0]["name"], second[0]["name"])
        self.assertEqual(len(self.call("GET", "/contractorHuman/extraFields")[2]), 2)
        self.doubt(extra_field_labels="unique")
        self.assertEqual(self.call("POST", self.PATH, body=self.field())[0], 422)

    def test_the_whole_list_answers(self):
        self.doubt(extra_field_answer="all")
        self.mp.seed({"extra_fields": ["Другое"]})
        made = self.call("POST", self.PATH, body=self.field())[2]
        self.assertEqual([row["hrName"] for row in made], ["Другое", self.LABEL])

    def test_lists_lag(self):
        self.doubt(fields_lag_ms=60000, extra_field_answer="all")
        self.assertEqual(len(self.call("POST", self.PATH, body=self.field())[2]), 1)
        self.assertEqual(self.call("GET", "/contractorHuman/extraFields")[2], [])

    def test_deleted_by_hand(self):
        name = self.call("POST", self.PATH, body=self.field())[2][0]["name"]
        body = {"contentType": "ContractorHuman", "id": "1000011", name: "7495"}
        self.assertEqual(self.call("POST", "/contractorHuman/1000011", body=body)[0], 200)
        self.assertEqual(self.ask("fields/delete", {"label": self.LABEL})["removed"], 1)
        status, meta, _ = self.call("POST", "/contractorHuman/1000011", body=body)
        self.assertEqual((status, meta["errors"][0]["field"]), (422, name))
        self.assertNotIn(name, self.mp.state()["ContractorHuman"][0])


class Calls(Base):
    CALL = {"contentType": "CallInfo", "providerId": "e1", "type": "in", "state": "finished"}

    def test_nothing_of_that_provider(self):
        for how, status, data in (("404", 404, {}), ("null", 200, None), ("array", 200, [])):
            self.doubt(provider_missing=how)
            answer = self.call("GET", "/callInfo/provider", {"providerId": "x"})
            self.assertEqual((answer[0], answer[2]), (status, data))
        self.assertEqual(self.call("POST", "/callInfo/provider", body=self.CALL)[0], 404)

    def test_providers_lag(self):
        self.doubt(provider_lag_ms=60000)
        self.make("/callInfo", self.CALL)
        self.assertEqual(self.call("GET", "/callInfo/provider", {"providerId": "e1"})[0], 404)
        self.assertEqual(self.call("POST", "/callInfo/provider", body=self.CALL)[0], 404)
        self.call("POST", "/callInfo/history", body=[self.CALL])
        self.assertEqual(self.ask("counts")["twins"][0]["kind"], "CallInfo")

    def test_history(self):
        for upserts, count in ((True, 1), (False, 2)):
            self.doubt(history_upserts=upserts)
            for kind in ("in", "miss"):
                call = dict(self.CALL, type=kind, state="calling", providerId=str(upserts))
                made = self.call("POST", "/callInfo/history", body=[call])[2]
                self.assertEqual((made[0]["type"], made[0]["state"]), (kind, "finished"))
            found = [c for c in self.mp.state()["CallInfo"] if c["providerId"] == str(upserts)]
            self.assertEqual(len(found), count)

    def test_the_contractors_side(self):
        client = {"contentType": "ContractorHuman", "id": "1000011"}
        for kind, side in (("in", "fromUser"), ("miss", "fromUser"), ("out", "toUser"),
                           ("fail", "toUser")):
            made = self.make("/callInfo", dict(self.CALL, type=kind))
            data = self.call("POST", "/callInfo/%s/setContractor" % made, body=client)[2]
            self.assertEqual(data[side]["id"], "1000011")
        self.assertEqual(self.call("POST", "/callInfo/%s/setContractor" % made,
                                   body=dict(client, id="9"))[0], 422)

    def test_record_links_are_replaced(self):
        self.make("/callInfo", dict(self.CALL, recordLinks=["a", "b"]))
        data = self.call("POST", "/callInfo/provider", body=dict(self.CALL, recordLinks=["c"]))[2]
        self.assertEqual(data["recordLinks"], ["c"])


class Tasks(Base):
    def test_of_a_client_newest_first_by_pages(self):
        ids = [self.make("/task", TASK) for _ in range(5)]
        self.make("/task", dict(TASK, contractor=None))
        self.mp.store.find(("Task",), ids[2])["timeCreated"] = {"contentType": "DateTime",
                                                               "value": "2030-01-01T00:00:00+03:00"}
        path, seen, query = "/contractorHuman/1000011/tasks", [], {"limit": 2, "sortBy": NEWEST}
        while True:
            _, meta, rows = self.call("GET", path, query)
            seen += [row["id"] for row in rows]
            if not meta["pagination"]["hasMoreNext"]:
                break
            query["pageAfter"] = {"contentType": "Task", "id": rows[-1]["id"]}
        self.assertEqual((seen[0], sorted(seen)), (ids[2], ids))

    def test_lists_lag(self):
        self.doubt(tasks_lag_ms=60000)
        made = self.make("/task", TASK)
        self.assertEqual(self.call("GET", "/contractorHuman/1000011/tasks")[2], [])
        self.assertEqual(self.call("GET", "/task/" + made)[0], 200)

    def test_closed_by_hand(self):
        made = self.make("/task", dict(TASK, statement="MANGO e1"))
        self.assertEqual(self.ask("tasks/close", {"contains": "MANGO e1"})["changed"], 1)
        done = {"action": "act_done", "checkTodos": False}
        self.assertEqual(self.message("POST", "/task/%s/doAction" % made, body=done),
                         (403, "No act_done rights for model " + made))
        self.doubt(closed_task="422")
        self.assertEqual(self.call("POST", "/task/%s/doAction" % made, body=done)[0], 422)
        self.assertEqual(self.read("/task/" + made, "status")["status"], "completed")
        self.assertEqual(self.call("GET", "/contractorHuman/1000011/actualTasks")[2], [])

    def test_deleted_by_hand(self):
        made = self.make("/task", TASK)
        self.assertEqual(self.ask("tasks/delete", {"phone": PHONE})["changed"], 1)
        done = {"action": "act_done"}
        self.assertEqual(self.call("GET", "/contractorHuman/1000011/tasks")[2], [])
        self.assertEqual(self.call("GET", "/task/" + made)[0], 404)
        self.assertEqual(self.call("POST", "/task/%s/doAction" % made, body=done)[0], 404)
        self.doubt(deleted_task="dropped")
        self.assertTrue(self.read("/task/" + made, "isDropped")["isDropped"])
        self.assertEqual(self.call("POST", "/task/%s/doAction" % made, body=done)[0], 403)

    def test_a_status_is_not_written(self):
        made = self.make("/task", TASK)
        self.call("POST", "/task/" + made, body={"contentType": "Task", "id": made, "status": "done"})
        self.assertEqual(self.read("/task/" + made, "status")["status"], "assigned")

    def test_zone_of_times(self):
        self.doubt(deadline_zone="+00:00")
        made = self.make("/task", TASK)
        found = self.read("/task/" + made, "deadline")["deadline"]
        self.assertEqual(found["value"], "2026-03-05T13:30:00+00:00")
        bad = dict(TASK, deadline={"contentType": "DateTime", "value": "tomorrow"})
        self.assertEqual(self.call("POST", "/task", body=bad)[0], 422)


class Bulk(Base):
    def batch(self, *calls):
        return {"contentType": "BulkApiCall", "calls": [
            {"contentType": "ApiCall", "method": method, "url": "/api/v3" + path,
             **({"body": json.dumps(body)} if body else {})} for method, path, body in calls]}

    def test_shapes(self):
        batch = self.batch(("POST", "/task", TASK), ("GET", "/task/1", None))
        made = {}
        for shape in ("text", "object", "envelopes"):
            self.doubt(bulk_shape=shape)
            made[shape] = self.call("POST", "/bulk", body=batch)[2]
        self.assertEqual([json.loads(row["body"])["meta"]["status"] for row in made["text"]], [200, 404])
        self.assertEqual([row["body"]["meta"]["status"] for row in made["object"]], [200, 404])
        self.assertEqual([row["meta"]["status"] for row in made["envelopes"]], [200, 404])
        self.assertEqual([row["status"] for row in made["text"]], [200, 404])

    def test_limits(self):
        batch = self.batch(*[("GET", "/currentUser", None)] * 4)
        for how, status, inner in (("one", 200, [200] * 4), ("each", 200, [200, 200, 200, 429]),
                                   ("whole", 429, None)):
            self.mp.limits = Limits(self.mp.doubts)
            self.doubt(bulk_counts=how, rate_per_second=3, retry_after=7)
            http, text, headers = self.raw("POST", "/api/v3/bulk", json.dumps(batch))
            self.assertEqual(http, status, how)
            if inner:
                self.assertEqual([row["status"] for row in json.loads(text)["data"]], inner)
            else:
                self.assertEqual(headers["Retry-After"], "7")

    def test_not_everywhere(self):
        self.doubt(bulk=False)
        self.assertEqual(self.call("POST", "/bulk", body=self.batch(("GET", "/task", None)))[0], 404)

    def test_refused_whole(self):
        for calls in ([], [{"contentType": "ApiCall", "method": "GET", "url": "/api/v3/bulk"}],
                      [{"contentType": "ApiCall", "method": "POST", "url": "/api/v3/task", "body": {}}],
                      [{"method": "GET", "url": "/api/v3/task"}]):
            body = {"contentType": "BulkApiCall", "calls": calls}
            self.assertEqual(self.call("POST", "/bulk", body=body)[0], 422)


class Rates(Base):
    def test_an_hour(self):
        self.doubt(rate_per_hour=2)
        self.assertEqual([self.call("GET", "/currentUser")[0] for _ in range(3)], [200, 200, 429])
        counts = self.ask("counts")
        self.assertEqual((counts["limited"], counts["most"]["hour"]), ({"second": 0, "hour": 1}, 3))

    def test_windows_roll(self):
        doubts = dict(megaplan_doubts.DOUBTS, rate_per_second=2, rate_per_hour=3)
        limits = Limits(doubts)
        self.assertEqual([limits.refuses(at) for at in (0, 0.9, 0.95, 1.9, 1.96, 3601)],
                         [None, None, "second", "hour", "hour", None])

    def test_a_request_counts_when_it_arrives(self):
        """However late it is handled: after a delay, behind one that came later."""
        self.doubt(rate_per_second=1, rate_window_ms=600)
        self.ask("faults", [{"path": "callRoute", "delay_ms": 800}])
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(self.call, "GET", "/callRoute", {"phone": "1"})
            time.sleep(0.65)
            self.assertEqual(self.call("GET", "/currentUser")[0], 200)
            self.assertEqual(slow.result()[0], 200)
        limits = Limits(dict(megaplan_doubts.DOUBTS, rate_per_second=2))
        self.assertEqual([limits.refuses(at) for at in (0.5, 0.4, 1.45)], [None] * 3)

    def test_a_login_counts(self):
        self.mp.seed({"users": [{"login": "a", "password": "p", "employee": "1000005"}]})
        for counts, last in ((True, 429), (False, 200)):
            self.mp.limits = Limits(self.mp.doubts)
            self.doubt(rate_per_second=1, rate_counts_login=counts)
            self.assertEqual(self.raw("POST", LOGIN, SECRET, content_type=FORM)[0], 200)
            self.assertEqual(self.call("GET", "/currentUser")[0], last)


class Logins(Base):
    def setUp(self):
        super().setUp()
        self.mp.seed({"users": [{"login": "a", "password": "p", "employee": "1000005"}]})

    def login(self, body=SECRET):
        status, text, _ = self.raw("POST", LOGIN, body, content_type=FORM)
        return json.loads(text) if status == 200 else None

    def refreshed(self, login):
        return self.login("grant_type=refresh_token&refresh_token=" + login["refresh_token"])

    def status(self, login):
        return self.call("GET", "/currentUser", token=login["access_token"])[0]

    def test_expired(self):
        login = self.login()
        self.ask("tokens/expire", {})
        self.assertEqual((self.status(login), self.status({"access_token": "t1"})), (401, 401))
        self.assertEqual(self.status(self.refreshed(login)), 200)

    def test_forgotten(self):
        login = self.login()
        self.ask("tokens/forget", {})
        self.assertIsNone(self.refreshed(login))
        self.assertEqual(self.status(self.login()), 200)

    def test_another_password(self):
        login = self.login()
        self.ask("users/password", {"login": "a", "password": "q"})
        self.assertEqual(self.status(login), 401)
        self.assertIsNone(self.refreshed(login))
        self.assertIsNone(self.login())
        self.assertEqual(self.status(self.login(SECRET[:-1] + "q")), 200)

    def test_how_a_wrong_one_is_answered(self):
        for how, status, word in (("oauth", 400, b"invalid_grant"), ("envelope", 401, b'"meta"'),
                                  ("html", 403, b"<html>")):
            self.doubt(login_refusal=how)
            answer = self.raw("POST", LOGIN, SECRET + "x", content_type=FORM)
            self.assertEqual(answer[0], status)
            self.assertIn(word, answer[1])

    def test_only_posted(self):
        self.assertEqual(self.raw("GET", LOGIN)[0], 405)


class Doubts(Base):
    def test_misspelt(self):
        for doubts in ({"search_lag": 1}, {"bulk_counts": "two"}):
            self.assertEqual(self.raw("POST", "/_control/doubts", json.dumps(doubts))[0], 400)

    def test_each_doubt_is_used(self):
        """A doubt that no source file asks for is none."""
        text = "".join(path.read_text(encoding="utf-8")
                       for path in pathlib.Path(__file__).resolve().parent.glob("megaplan*.py")
                       if path.name != "megaplan_doubts.py")
        for name in megaplan_doubts.DOUBTS:
            self.assertIn('"%s"' % name, text)


if __name__ == "__main__":
    unittest.main()
