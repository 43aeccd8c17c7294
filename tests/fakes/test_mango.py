#!/usr/bin/env python3
"""Shows that the fake MANGO signs what a receiver decodes, in every way of writing it."""

import hashlib
import http.server
import os
import sys
import threading
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mango  # noqa: E402

DOC = {"entry_id": "MTIz+/==", "from": {"number": "sip:анна@host"}, "note": "a b"}


class Writing(unittest.TestCase):
    def test_signature_is_over_the_decoded_bytes(self):
        for json_style in mango.JSON_STYLES:
            for form_style in mango.FORM_STYLES:
                text = mango.write_json(DOC, json_style)
                body = mango.form("key", "salt", text, form_style)
                fields = dict(urllib.parse.parse_qsl(body.decode("ascii"), strict_parsing=True))
                self.assertEqual(fields["json"].encode(), text, (json_style, form_style))
                wanted = hashlib.sha256(b"key" + text + b"salt").hexdigest()
                self.assertEqual(fields["sign"], wanted)
                self.assertNotIn(b"+/", body.split(b"json=")[1])

    def test_styles_differ(self):
        self.assertIn(b"\\/", mango.write_json(DOC, "escaped"))
        self.assertIn(b"\\u0430", mango.write_json(DOC, "escaped"))
        self.assertIn("анна".encode(), mango.write_json(DOC, "plain"))
        self.assertIn(b"a+b", mango.form("k", "s", mango.write_json(DOC), "plus"))
        self.assertIn(b"a%20b", mango.form("k", "s", mango.write_json(DOC), "percent"))
        self.assertIn(b"%2B", mango.form("k", "s", mango.write_json(DOC), "bare"))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.client_address))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Sending(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.server.got = []
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.sender = mango.Sender("http://127.0.0.1:%d/m" % self.server.server_address[1], "k", "s")
        self.hooks = [mango.Webhook("events/call", {"seq": n}) for n in range(3)]

    def tearDown(self):
        self.sender.close()
        self.server.shutdown()
        self.server.server_close()

    def test_order_and_repetition_on_one_connection(self):
        answers = mango.play(self.sender, self.hooks, order=[2, 0], repeat=2)
        self.assertEqual([a.webhook.doc["seq"] for a in answers], [2, 2, 0, 0])
        self.assertEqual({a.status for a in answers}, {200})
        self.assertEqual(len({client for _, client in self.server.got}), 1)
        self.assertEqual(self.server.got[0][0], "/m/events/call")

    def test_parallel(self):
        answers = mango.play(self.sender, self.hooks, parallel=True)
        self.assertEqual([a.status for a in answers], [200] * 3)
        self.assertEqual(len({client for _, client in self.server.got}), 3)

    def test_nobody_there(self):
        sender = mango.Sender("http://127.0.0.1:1/", "k", "s")
        self.assertEqual(sender.send(self.hooks[0]).status, 0)


if __name__ == "__main__":
    unittest.main()
