"""A fresh fake Megaplan for each test, and how its tests ask it."""

import http.client
import json
import os
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import megaplan  # noqa: E402

PHONE = "79991231212"
NEW = {"contentType": "ContractorHuman", "firstName": "Новый",
       "contactInfo": [{"contentType": "ContactInfo", "type": "phone", "value": PHONE}],
       "responsibles": [{"contentType": "Employee", "id": "1000005"}]}


class FakeCase(unittest.TestCase):
    """A fresh fake with one employee and one client for each test."""

    def setUp(self):
        self.server, worlds = megaplan.start(("/acme",))
        self.mp = worlds["/acme"]
        self.mp.seed({"tokens": {"t1": "1000005"},
                      "employees": [{"id": "1000005", "name": "Пётр", "phone": PHONE},
                                    {"id": "1000006", "name": "Анна", "isWorking": False}],
                      "clients": [{"id": "1000011", "name": "Иван", "phone": "8 (999) 123-12-12",
                                   "responsible": "1000005"}]})

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def raw(self, method, target, body=None, token="t1", content_type="application/json"):
        connection = http.client.HTTPConnection(self.server.address, timeout=10)
        try:
            connection.request(method, "/acme" + target, body,
                               {"Authorization": "Bearer " + token, "Content-Type": content_type})
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def ask(self, path, doc=None):
        """A control call."""
        status, text, _ = self.raw("GET" if doc is None else "POST", "/_control/" + path,
                                   None if doc is None else json.dumps(doc))
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def call(self, method, path, query=None, body=None, **more):
        target = "/api/v3" + path
        if query is not None:
            target += "?" + urllib.parse.quote(json.dumps(query), safe="")
        status, text, _ = self.raw(method, target, None if body is None else json.dumps(body), **more)
        doc = json.loads(text)
        return status, doc["meta"], doc["data"]

    def message(self, *args, **more):
        status, meta, _ = self.call(*args, **more)
        return status, meta["errors"][0]["message"]
