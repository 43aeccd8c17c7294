#!/usr/bin/env python3
"""Every fault of the table does what its row says: to the work, to the answer, to the connection."""

import http.client
import json
import os
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # noqa: E402
from fake_case import NEW, PHONE, FakeCase  # noqa: E402

PATIENCE_S, IMPATIENCE_S = 10, 0.4


class Struck(FakeCase):
    def strike(self, name, **where):
        rule = faults.rule(name, **dict({"method": "POST", "path": "contractorHuman$", "nth": 1}, **where))
        if "delay_ms" in rule:
            rule["delay_ms"] = 50
        if rule.get("reply") == "cut":
            rule["hang_s"] = 0
        self.ask("faults", [rule])

    def clients(self):
        return len(self.mp.state()["ContractorHuman"])

    def answer(self):
        """(status, body) of a create; what went wrong instead as text."""
        hangs = any(f.rule.get("reply") in ("hang", "stall", "dribble") for f in self.mp.faults)
        patience = IMPATIENCE_S if hangs else PATIENCE_S
        connection = http.client.HTTPConnection(self.server.address, timeout=patience)
        begun = time.monotonic()
        try:
            connection.request("POST", "/acme/api/v3/contractorHuman", json.dumps(NEW),
                               {"Authorization": "Bearer t1", "Content-Type": "application/json"})
            response = connection.getresponse()
            text = b""
            while part := response.read1(1 << 16):
                text += part
                if time.monotonic() - begun > patience:
                    raise TimeoutError()
            if response.length:
                raise http.client.IncompleteRead(text)
            return response.status, text
        except (OSError, http.client.HTTPException) as failure:
            return type(failure).__name__, b""
        finally:
            connection.close()

    def test_the_work_is_done_or_not(self):
        for name, row in faults.FAULTS.items():
            if row.rule is None:
                continue
            had = self.clients()
            self.strike(name)
            self.answer()
            end = time.monotonic() + 2
            while row.done and self.clients() == had and time.monotonic() < end:
                time.sleep(0.01)
            self.assertEqual(self.clients() - had, 1 if row.done else 0, name)
            self.mp.faults = []

    def test_the_answer(self):
        seen = {}
        for name, row in faults.FAULTS.items():
            if row.rule is not None:
                self.mp.faults = []
                self.strike(name)
                status, text = self.answer()
                seen[name] = status
                if isinstance(status, int) and row.known and row.done:
                    self.assertIn(json.loads(text)["data"]["id"], (str(self.mp.store.next_id),
                                                                   self.mp.store.next_id), name)
        for name, status in seen.items():
            rule = faults.FAULTS[name].rule
            reply = rule.get("reply", "")
            if reply in ("cut", "hang", "stall", "dribble"):
                self.assertIn(status, ("RemoteDisconnected", "TimeoutError"), name)
            elif reply == "half" and rule["framing"] in ("length", "chunked"):
                self.assertEqual(status, "IncompleteRead", name)
            else:
                self.assertEqual(status, 200 if reply == "error200" else rule.get("status", 200), name)

    def test_every_line_of_the_table_has_rows(self):
        self.assertEqual({row.kind for row in faults.FAULTS.values()}, set(faults.KINDS))
        for kind in ("5xx after doing", "hang", "cut", "half an answer", "wrong type", "HTML", "10 MB"):
            self.assertTrue([r for r in faults.FAULTS.values() if r.kind == kind and r.done], kind)
        for name, row in faults.FAULTS.items():
            self.assertEqual(sum(part is not None for part in (row.rule, row.doubts, row.control)), 1,
                             name)

    def test_wrong_types(self):
        made = {}
        for name, row in faults.FAULTS.items():
            if row.kind == "wrong type" and row.done:
                self.mp.faults = []
                self.strike(name)
                made[name] = json.loads(self.answer()[1])["data"]
        self.assertEqual([made["data_a_list"], made["data_a_text"], made["data_null"],
                          made["data_a_number"], made["data_empty"]], [[], "ok", None, 7, {}])
        self.assertNotIn("id", made["id_absent"])
        self.assertEqual([type(made[n]["id"]) for n in ("id_a_number", "id_null", "id_a_table")],
                         [int, type(None), dict])
        self.assertEqual(made["of_another_kind"]["contentType"], "Deal")

    def test_rows_of_a_list_are_changed(self):
        self.ask("faults", [{"path": "contractorHuman$", "when": "after", "reply": "changed",
                             "lay": {"id": "number", "name": "absent"}}])
        rows = self.call("GET", "/contractorHuman")[2]
        self.assertEqual(rows, [{"contentType": "ContractorHuman", "id": 1000011}])

    def test_half_answers(self):
        for framing, promised in (("length", b"Content-Length"), ("close", b"Connection: close"),
                                  ("chunked", b"Transfer-Encoding"), ("short", b"Content-Length")):
            self.mp.faults = []
            self.ask("faults", [{"path": "currentUser", "when": "after", "reply": "half",
                                 "framing": framing}])
            with socket.create_connection(self.server.server_address, 5) as sock:
                sock.sendall(b"GET /acme/api/v3/currentUser HTTP/1.1\r\nAuthorization: Bearer t1\r\n\r\n")
                data = b""
                while part := sock.recv(4096):
                    data += part
            self.assertIn(promised, data)
            self.assertNotIn(b"possibleActions", data)
            if framing == "short":
                head, _, body = data.partition(b"\r\n\r\n")
                self.assertIn(b"Content-Length: %d" % len(body), head)

    def test_a_cut_connection_was_used_before(self):
        self.ask("faults", [{"method": "POST", "reply": "cut", "nth": 2}])
        connection = http.client.HTTPConnection(self.server.address, timeout=5)
        headers = {"Authorization": "Bearer t1"}
        connection.request("POST", "/acme/api/v3/contractorHuman", json.dumps(NEW), headers)
        connection.getresponse().read()
        connection.request("POST", "/acme/api/v3/contractorHuman", json.dumps(NEW), headers)
        with self.assertRaises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()

    def test_refused_connections(self):
        self.ask("refuse", {"for_s": 0.5})
        end, refused = time.monotonic() + 5, False
        while time.monotonic() < end and not refused:
            try:
                self.raw("GET", "/api/v3/currentUser")
            except ConnectionError:
                refused = True
        self.assertTrue(refused)
        status = 0
        while time.monotonic() < end and status != 200:
            try:
                status = self.raw("GET", "/api/v3/currentUser")[0]
            except ConnectionError:
                time.sleep(0.05)
        self.assertEqual(status, 200)

    def test_retry_after_and_location(self):
        self.ask("faults", [faults.rule("429_retry_after", path="currentUser", nth=1),
                            faults.rule("redirected", path="currentUser", nth=2)])
        answers = [self.raw("GET", "/api/v3/currentUser") for _ in range(2)]
        self.assertEqual([a[0] for a in answers], [429, 302])
        self.assertEqual(answers[0][2]["Retry-After"], "2")
        self.assertTrue(answers[1][2]["Location"])

    def test_pages(self):
        self.ask("faults", [{"path": "currentUser", "nth": 1, "reply": "html", "status": 502},
                            faults.rule("huge_after", path="currentUser", nth=2),
                            faults.rule("refused_in_a_200", path="currentUser", nth=3)])
        answers = [self.raw("GET", "/api/v3/currentUser") for _ in range(3)]
        self.assertEqual([a[0] for a in answers], [502, 200, 200])
        self.assertTrue(answers[0][1].startswith(b"<html>"))
        self.assertGreater(len(answers[1][1]), 10 * 1000 * 1000)
        self.assertEqual(json.loads(answers[2][1])["meta"]["status"], 422)

    def test_gate(self):
        self.ask("faults", [{"method": "POST", "when": "before", "gate": "g"}])
        got = []
        thread = threading.Thread(target=lambda: got.append(
            self.call("POST", "/contractorHuman", body=NEW)[0]), daemon=True)
        thread.start()
        self.assertEqual((self.ask("gates/g/wait?timeout=5")["held"], self.clients()), (True, 1))
        self.assertEqual(self.call("GET", "/currentUser")[0], 200)  # nobody else waits
        self.ask("gates/g/release", {})
        thread.join(5)
        self.assertEqual((got, self.clients()), ([200], 2))

    def test_lags(self):
        for name in ("lagging_search", "lagging_lists", "lagging_reads"):
            self.ask("doubts", faults.FAULTS[name].doubts)
        made = self.call("POST", "/contractorHuman", body=NEW)[2]["id"]
        for path, query in (("/contractorHuman", None), ("/contractor", {"q": PHONE})):
            self.assertNotIn(made, [row["id"] for row in self.call("GET", path, query)[2]])
        self.assertEqual(self.call("GET", "/contractorHuman/" + made)[0], 200)

    def test_misspelt_faults_are_refused(self):
        for rule in ({"replys": "cut"}, {"reply": "cat"}, {"when": "later"}):
            self.assertEqual(self.raw("POST", "/_control/faults", json.dumps([rule]))[0], 400)


if __name__ == "__main__":
    unittest.main()
