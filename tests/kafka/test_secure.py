#!/usr/bin/env python3
"""Apache Kafka that requires TLS and a password: a call goes all the way; with a wrong password, or a certificate nobody signed, a
program says so, does not get ready and does not end by itself, for the broker may be mended. Real binaries (BUILD)."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import OnKafka  # noqa: E402
from process import fetch, wait_for  # noqa: E402

WAIT_S = 30


class Secure(OnKafka):
    SECURE = True

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for name in ("KAFKA_PROPERTIES", "KCAT_CONFIG"):
            os.environ.pop(name, None)

    def with_properties(self, **changes):
        rows = dict(self.kafka.properties, **{name.replace("_", "."): value for name, value in changes.items()})
        return ";".join("%s=%s" % row for row in rows.items())

    def refused(self, name, *words, **changes):
        """Starts it with these properties: it tells words, is alive and not ready."""
        self.stack.extra_env["KAFKA_PROPERTIES"] = self.with_properties(**changes)
        service = self.stack.start_service(name, wait=False)

        def told():
            service.check_alive()
            return [row for row in service.logged() if row["level"] in ("warn", "error")
                    and all(word in (row.get("err") or "") for word in words)]
        rows = wait_for(lambda: "%s to say %s: %s" % (name, words, service.tail()), told, WAIT_S)
        self.assertNotIn(self.kafka.properties["sasl.password"], service.log.read_text("utf-8"))
        self.assertNotIn("wrong-one", service.log.read_text("utf-8"))
        ops = [row["address"] for row in service.logged("listening") if row.get("for", "ops") == "ops"]
        for address in ops:
            self.assertEqual(fetch("http://%s/readyz" % address)[0], 503)
        service.check_alive()
        service.end()
        return rows

    def test_a_call_goes_all_the_way(self):
        self.up()
        self.everywhere()
        self.judge()

    def test_a_wrong_password_is_told(self):
        for name in ("ingest", "calls", "crm"):
            self.refused(name, "uthentication failed", sasl_password="wrong-one")

    def test_a_strangers_certificate_is_told(self):
        other = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        if not other.exists():   # any authority but the broker's own will do
            other = self.folder / "other.pem"
            os.system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other "
                      "-keyout /dev/null -out %s 2>/dev/null" % other)
        self.refused("ingest", "certificate verify failed", ssl_ca_location=str(other))

    def test_a_tool_ends_with_4_and_the_reason(self):
        self.stack.extra_env["KAFKA_PROPERTIES"] = self.with_properties(sasl_password="wrong-one")
        said = self.stack.tool("settings", "list", ok=(4,))
        self.assertIn("uthentication failed", said)
        self.assertNotIn("wrong-one", said)

    def test_doctor_names_it(self):
        self.stack.extra_env["KAFKA_PROPERTIES"] = self.with_properties(sasl_password="wrong-one")
        said = self.stack.tool("doctor", "--json", ok=(1, 4))
        rows = [json.loads(line) for line in said.splitlines() if line.startswith('{"check"')]
        bad = [row for row in rows if row["status"] == "fail" and "kafka" in row["check"]]
        self.assertTrue(bad, said)
        self.assertTrue(any("uthentication" in row["found"] for row in bad), bad)


if __name__ == "__main__":
    unittest.main(verbosity=2)
