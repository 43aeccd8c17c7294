#!/usr/bin/env python3
"""The page's API without a browser: schemathesis by its description, who may ask, what is refused and how, and the
stream of events.
"""

import http.client
import os
import unittest

import here  # noqa: F401
import fuzz
import office
from offsets import Offsets

# what is wrong with a document -> the field that the refusal names
REFUSED = (
    ({"timezone": "Europe/Nowhere"}, "timezone"),
    ({"colour": "red"}, "colour"),
    ({"enabled": "yes"}, "enabled"),
    ({"mango": {"api_key": "k"}}, "mango.api_salt"),
    ({"employees": [{"megaplan_id": "1000005", "extension": "101"}, {"megaplan_id": "1000006", "extension": "101"}]},
     "employees[1].extension"),
    ({"unmapped_employee": "77"}, "unmapped_employee"),
    ({"missed_call_task": {"enabled": True, "title": "{nobody}"}}, "missed_call_task.title"),
)


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = fuzz.office_to_fuzz()
        cls.addClassCleanup(cls.end)
        cls.site.open()
        cls.site.settle()
        cls.topics = Offsets(cls.site.brokers, cls.site.prefix)

    @classmethod
    def end(cls):
        blamed = cls.site.close()
        assert not blamed, "\n".join(blamed)

    def ask(self, method, path, doc=None, **more):
        return self.site.api.ask(method, path, doc, **more)

    def test_schemathesis(self):
        outcome = fuzz.fuzz(self.site, int(os.environ.get("CASES") or 500), int(os.environ.get("SEED") or 1))
        print(outcome.table())
        self.assertFalse(outcome.findings, outcome.said)
        self.site.settle()

    def operations(self):
        _, described, _ = self.ask("GET", "/api/openapi.json")
        for path, item in described["paths"].items():
            for method in ("get", "put", "post", "delete"):
                if method in item:
                    yield method.upper(), path.replace("{account}", "romashka"), item[method]

    def test_nobody_passes_without_a_password(self):
        before = self.topics.ends()
        seen = 0
        for method, path, described in self.operations():
            if described.get("security") == [] or path in ("/api/openapi.json",) or (method, path) == ("POST", "/api/session"):
                continue
            status, said, _ = self.ask(method, path, {} if method in ("PUT", "POST") else None,
                                       headers={"Authorization": None})
            self.assertEqual((status, said["error"]), (401, "unauthorized"), (method, path))
            seen += 1
        self.assertGreater(seen, 10)
        self.assertEqual(self.topics.ends(), before)

    def test_what_is_wrong_is_named(self):
        before = self.topics.ends()
        for over, field in REFUSED:
            status, said, _ = self.ask("PUT", "/api/accounts/romashka", dict(self.site.document(), **over))
            self.assertEqual((status, said["error"], said["field"]), (422, "invalid", field), said)
        self.assertEqual(self.topics.ends(), before)

    def test_only_the_version_that_was_read_is_replaced(self):
        path, document = "/api/accounts/romashka", self.site.document(popups=False)
        _, _, headers = self.ask("GET", path)
        read = headers["ETag"]
        self.assertEqual(self.ask("PUT", path, document, headers={"If-Match": read})[0], 200)
        status, said, _ = self.ask("PUT", path, document, headers={"If-Match": read})
        self.assertEqual((status, said["error"]), (412, "conflict"))
        self.assertEqual(self.ask("PUT", path, document, headers={"If-None-Match": "*"})[0], 412)
        for name, value in (("If-Match", "5"), ("If-Match", ""), ("If-Match", 'W/"5"'), ("If-None-Match", '"5"')):
            status, said, _ = self.ask("PUT", path, document, headers={name: value})
            self.assertEqual((status, said["field"]), (422, name))

    def test_no_secret_in_any_answer(self):
        self.site.settle()
        for method, path, _ in self.operations():
            if method == "GET" and path != "/api/stream":
                _, said, headers = self.ask("GET", path + ("?entry_id=x" if path.endswith("/story") else ""))
                for secret in (office.SALT, office.TOKEN, office.PASSWORD):
                    self.assertNotIn(secret, str(said) + str(headers), path)

    def test_nothing_is_kept_by_the_browser(self):
        for path in ("/api/accounts", "/api/session", "/api/accounts/romashka"):
            self.assertEqual(self.ask("GET", path)[2]["Cache-Control"], "no-store")

    def test_the_stream(self):
        connection = http.client.HTTPConnection(self.site.services["ingest"].page, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/stream?account=romashka", headers={"Authorization": office.basic("tester")})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"].partition(";")[0]), (200, "text/event-stream"))
        self.site.settle(popups=True)
        while answer.readline() != b"event: settings\n":
            pass
        self.assertEqual(answer.readline(), b'data: {"account":"romashka"}\n')


if __name__ == "__main__":
    unittest.main()
