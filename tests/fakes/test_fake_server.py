#!/usr/bin/env python3
"""The fakes' server: connections that stay, requests in pieces, many worlds, counts."""

import json
import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import megaplan  # noqa: E402
from fake_case import NEW, FakeCase  # noqa: E402

READ = b"GET /acme/api/v3/currentUser HTTP/1.1\r\nauthorization: Bearer t1\r\n"


class Connections(FakeCase):
    def setUp(self):
        super().setUp()
        self.sock = socket.create_connection(self.server.server_address, 10)
        self.file = self.sock.makefile("rb")

    def tearDown(self):
        self.file.close()
        self.sock.close()
        super().tearDown()

    def answer(self):
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, json.loads(self.file.read(int(headers["content-length"])))

    def test_many_requests_on_one_connection(self):
        for _ in range(3):
            self.sock.sendall(READ + b"\r\n")
            self.assertEqual(self.answer()[0], 200)

    def test_several_in_one_piece_and_one_in_several(self):
        self.sock.sendall((READ + b"\r\n") * 3)
        self.assertEqual([self.answer()[0] for _ in range(3)], [200] * 3)
        body = json.dumps(NEW).encode()
        whole = (b"POST /acme/api/v3/contractorHuman HTTP/1.1\r\nAUTHORIZATION: Bearer t1\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body)) + body
        for at in range(0, len(whole), 50):
            self.sock.sendall(whole[at:at + 50])
            time.sleep(0.001)
        self.assertEqual(self.answer()[0], 200)
        self.assertEqual(len(self.mp.state()["ContractorHuman"]), 2)

    def test_half_a_request_is_none(self):
        self.sock.sendall(b"POST /acme/api/v3/contractorHuman HTTP/1.1\r\nAuthorization: Bearer t1\r\n"
                          b"Content-Length: 5000\r\n\r\n" + json.dumps(NEW).encode())
        self.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(self.file.read(), b"")
        self.assertEqual(len(self.mp.state()["ContractorHuman"]), 1)

    def test_a_client_that_wants_to_close(self):
        self.sock.sendall(READ + b"Connection: close\r\n\r\n")
        self.assertEqual(self.answer()[0], 200)
        self.assertEqual(self.file.read(), b"")

    def test_expect_continue(self):
        self.sock.sendall(b"POST /acme/_control/seed HTTP/1.1\r\nExpect: 100-continue\r\n"
                          b"Content-Length: 2\r\n\r\n")
        self.assertEqual(self.file.readline(), b"HTTP/1.1 100 Continue\r\n")
        self.file.readline()
        self.sock.sendall(b"{}")
        self.assertEqual(self.answer()[0], 200)

    def test_a_fault_leaves_the_connection_usable(self):
        self.ask("faults", [{"path": "currentUser", "nth": 1, "delay_ms": 20}])
        self.sock.sendall((READ + b"\r\n") * 2)
        self.assertEqual([self.answer()[0] for _ in range(2)], [200] * 2)

    def test_latency(self):
        self.ask("latency", {"ms": 60})
        begun = time.monotonic()
        self.sock.sendall((READ + b"\r\n") * 2)
        self.assertEqual([self.answer()[0] for _ in range(2)], [200] * 2)
        self.assertGreaterEqual(time.monotonic() - begun, 0.12)


class Arrivals(FakeCase):
    def test_the_kernel_says_when_a_request_came(self):
        """A fake that had no time to read it does not take it for a later one."""
        quickly = self.mp.answer

        def slowly(request):
            time.sleep(0.3)
            return quickly(request)
        self.mp.answer = slowly
        with socket.create_connection(self.server.server_address) as one, \
                socket.create_connection(self.server.server_address) as two:
            for sock in (one, two):
                sock.sendall(READ + b"\r\n")
                time.sleep(0.05)
            for sock in (one, two):
                sock.recv(1)
        first, second = self.ask("requests")
        self.assertLess(second["at"] - first["at"], 0.2)
        self.assertGreater(second["ms"], 400)


class Worlds(unittest.TestCase):
    def setUp(self):
        self.server, self.worlds = megaplan.start(["/a%d" % n for n in range(200)] + ["/a1/crm"])

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_the_longest_prefix_wins(self):
        for path, prefix, rest in (("/a1/api/v3/x", "/a1", "/api/v3/x"), ("/a1/crm/api", "/a1/crm", "/api"),
                                   ("/a1", "/a1", "/"), ("/a19/x", "/a19", "/x"), ("/b/x", None, "/b/x")):
            self.assertEqual(self.server.find_world(path), (self.worlds.get(prefix), rest), path)


class Counts(FakeCase):
    def test_requests_by_path_and_status(self):
        for i in ("1000011", "1000012"):
            self.call("GET", "/contractorHuman/" + i)
        self.ask("faults", [{"path": "callRoute", "reply": "cut"}])
        with self.assertRaises(ConnectionError):
            self.call("GET", "/callRoute", {"phone": "1"})
        rows = {(r["method"], r["path"]): r for r in self.ask("counts")["requests"]}
        self.assertEqual(rows[("GET", "/api/v3/contractorHuman/{id}")]["statuses"], {"200": 1, "404": 1})
        self.assertEqual(rows[("GET", "/api/v3/callRoute")]["statuses"], {"0": 1})

    def test_the_log(self):
        self.call("GET", "/callRoute", {"phone": "+7"})
        log = self.ask("requests")
        self.assertEqual([(e["method"], e["path"], e["status"], e["query"]) for e in log],
                         [("GET", "/api/v3/callRoute", 200, '{"phone": "+7"}')])
        self.ask("log", {"keep": False})
        self.call("GET", "/callRoute", {"phone": "+7"})
        self.assertEqual(len(self.ask("requests")), 1)
        self.assertEqual(self.ask("counts")["requests"][0]["count"], 2)

    def test_twins(self):
        marked = dict(NEW, description="x\nMANGO a/b+c==\ny")
        first = self.call("POST", "/contractorHuman", body=marked)[2]["id"]
        self.call("POST", "/contractorHuman", body=dict(NEW, description="MANGO a/b+c"))
        self.assertEqual(self.ask("counts")["twins"], [])
        self.ask("clients/remove", {"id": first})
        second = self.call("POST", "/contractorHuman", body=marked)[2]["id"]
        call = {"contentType": "CallInfo", "providerId": "e1", "type": "in"}
        calls = [self.call("POST", "/callInfo", body=call)[2]["id"] for _ in range(2)]
        task = {"contentType": "Task", "name": "t", "isUrgent": False, "isTemplate": False,
                "statement": "MANGO e1"}
        tasks = [self.call("POST", "/task", body=task)[2]["id"] for _ in range(2)]
        fields = [self.call("POST", "/contractorHuman/extraFields/0",
                            body={"contentType": "StringField", "hrName": label})[2][0]["id"]
                  for label in ("ДКТ: client_сid", "дкт:client_cid", "ДКТ: client_id")]
        counts = self.ask("counts")
        self.assertEqual({(t["kind"], t["mark"]): t["ids"] for t in counts["twins"]}, {
            ("ContractorHuman", "a/b+c=="): [first, second], ("CallInfo", "e1"): calls,
            ("Task", "e1"): tasks, ("StringField", "дkt:client_cid"): fields[:2]})
        self.assertEqual(counts["created"], {"ContractorHuman": 3, "CallInfo": 2, "Task": 2,
                                             "StringField": 3})


if __name__ == "__main__":
    unittest.main()
