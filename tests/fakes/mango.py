#!/usr/bin/env python3
"""A MANGO OFFICE PBX that sends webhooks: truly signed, reordered, repeated, in parallel.

Follows the reference on MANGO's API, sections 1-4 and the traps of section 9. It only sends: what the
PBX answers to requests is mango_api.py's.
"""

import argparse
import hashlib
import http.client
import json
import sys
import threading
import time
import urllib.parse

JSON_STYLES = ("plain", "escaped", "spaced")
FORM_STYLES = ("plus", "percent", "bare")


def signature(key, text, salt):
    """Lower-case hex of sha256(key + json + salt) over the decoded bytes (section 1)."""
    return hashlib.sha256(key.encode() + text + salt.encode()).hexdigest()


def write_json(doc, style="plain"):
    """The bytes of the json field: plain UTF-8; escaped as PHP does (\\/ and \\uXXXX); spaced."""
    if isinstance(doc, bytes):
        return doc
    if style == "escaped":
        return json.dumps(doc, separators=(",", ":")).replace("/", "\\/").encode()
    if style == "spaced":
        return json.dumps(doc, ensure_ascii=False, indent=1).encode()
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()


def form_value(value, style):
    """One form value: space as "+" or "%20"; "bare" escapes only what a form must."""
    if style == "plus":
        return urllib.parse.quote_plus(value, safe="")
    safe = "{}[]\":,;/@!$()*'~" if style == "bare" else ""
    return urllib.parse.quote(value, safe=safe)


def form(key, salt, text, style="plus", sign=None):
    """The body of a webhook. `sign` replaces the true signature."""
    fields = (("vpbx_api_key", key.encode()), ("sign", (sign or signature(key, text, salt)).encode()),
              ("json", text))
    return "&".join("%s=%s" % (name, form_value(value, style)) for name, value in fields).encode()


class Webhook:
    """One notification to be sent: path below the base address, document, how it is written."""

    def __init__(self, path, doc, json_style="plain", form_style="plus", sign=None):
        self.path = path
        self.doc = doc
        self.json_style = json_style
        self.form_style = form_style
        self.sign = sign


class Answer:
    """What the receiver said: status 0 = nothing came back."""

    def __init__(self, webhook, status, ms, text=""):
        self.webhook = webhook
        self.status = status
        self.ms = ms
        self.text = text


class Sender:
    """Sends to one base address (http://host:port/base) with one account's key. `before`, if set, is called with
    each webhook right before it is sent. Not thread-safe."""

    def __init__(self, address, key, salt, keep_alive=True, timeout=15, before=None):
        parts = urllib.parse.urlsplit(address)
        self.host = parts.netloc
        self.base = parts.path.rstrip("/")
        self.key = key
        self.salt = salt
        self.keep_alive = keep_alive
        self.timeout = timeout
        self.before = before
        self.connection = None

    def copy(self):
        return Sender("http://%s%s" % (self.host, self.base), self.key, self.salt, self.keep_alive,
                      self.timeout, self.before)

    def send(self, webhook):
        if self.before:
            self.before(webhook)
        text = write_json(webhook.doc, webhook.json_style)
        body = form(self.key, self.salt, text, webhook.form_style, webhook.sign)
        begun = time.monotonic()
        try:
            status, answer = self.post(self.base + "/" + webhook.path, body)
        except (OSError, http.client.HTTPException):
            self.close()
            status, answer = 0, ""
        return Answer(webhook, status, (time.monotonic() - begun) * 1000, answer)

    def post(self, path, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=self.timeout)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if not self.keep_alive:
            headers["Connection"] = "close"
        self.connection.request("POST", path, body, headers)
        response = self.connection.getresponse()
        answer = response.read().decode("utf-8", "replace")
        if not self.keep_alive:
            self.close()
        return response.status, answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def play(sender, webhooks, order=None, repeat=1, parallel=False):
    """Sends webhooks in an order (indices), each `repeat` times; in parallel = each on a connection
    of its own at the same moment. Returns the answers in the order of sending."""
    chosen = [webhooks[i] for i in (order if order is not None else range(len(webhooks)))]
    chosen = [webhook for webhook in chosen for _ in range(repeat)]
    if not parallel:
        return [sender.send(webhook) for webhook in chosen]
    answers = [None] * len(chosen)
    together = threading.Barrier(len(chosen))

    def one(index):
        own = sender.copy()
        together.wait()
        answers[index] = own.send(chosen[index])
        own.close()
    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(len(chosen))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def main():
    parser = argparse.ArgumentParser(
        description="Sends notifications from a file of [path, json] pairs (or standard input).")
    parser.add_argument("--to", required=True, help="the receiver, http://host:port/base")
    parser.add_argument("--key", required=True)
    parser.add_argument("--salt", required=True)
    parser.add_argument("--json", choices=JSON_STYLES, default="plain")
    parser.add_argument("--form", choices=FORM_STYLES, default="plus")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--reverse", action="store_true")
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--close", action="store_true", help="a new connection for each")
    parser.add_argument("file", nargs="?", type=argparse.FileType("r"), default=sys.stdin)
    options = parser.parse_args()
    webhooks = [Webhook(path, doc, options.json, options.form)
                for path, doc in json.load(options.file)]
    order = range(len(webhooks))
    sender = Sender(options.to, options.key, options.salt, not options.close)
    answers = play(sender, webhooks, reversed(order) if options.reverse else order, options.repeat,
                   options.parallel)
    for answer in answers:
        print("%d %6.1f ms %s" % (answer.status, answer.ms, answer.webhook.path))
    sys.exit(0 if all(answer.status == 200 for answer in answers) else 1)


if __name__ == "__main__":
    main()
