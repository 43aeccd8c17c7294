#!/usr/bin/env python3
"""MANGO's API as the PBX of an account answers it: signed forms, limits, refusals, the two-minute block.

Runs as a process (prints its address as the first line) or inside a test by mango_api.start(). Follows
the reference on MANGO's API, sections 1, 5 and 8; what it leaves open is a doubt. Whatever the real one
would not take from us is a *violation* and is kept: tests hold that there is none. Control calls besides
fake_http's: seed ({"keys": {key: salt}, "visitors": {number: data, or [{"until": unix s, "data": data}]},
"over": [call_id], "refuse": {method: code}}), doubts.
"""

import argparse
import json
import signal
import threading
import urllib.parse

import fake_http
import fake_server
from mango import signature

BLOCK_S = 120.0
# requests, seconds: of all methods, and of some (section 1.4.2)
LIMITS = {"": (10, 1.0), "commands/route": (1, 2.0), "commands/transfer": (1, 2.0),
          "config/users/request": (1, 2.0), "stats/request": (1, 2.0), "stats/calls/request": (1, 2.0),
          "commands/callback": (4, 1.0), "account/balance": (2, 1.0)}
DOUBTS = {
    "done": "result",         # result | code | empty: how an accepted command is answered
    "nobody": "empty",        # empty | data_empty | null | list: a number without a visitor
    "refusal_http": 200,      # or 400: HTTP's status of a refusal
    "codes": "number",        # or text
    "limit_in_body": False,   # 429 in the body of a 200
}


class Refused(Exception):
    """A code of section 8."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Window:
    """The latest requests of a method, in a true window."""

    def __init__(self, most, seconds):
        self.most = most
        self.seconds = seconds
        self.times = []

    def is_full(self, now):
        self.times = [at for at in self.times if at > now - self.seconds]
        return len(self.times) >= self.most

    def add(self, now):
        self.times.append(now)


def text_of(doc, name, most):
    """A text of 1 to so many bytes."""
    value = doc.get(name)
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most or \
            any(ord(c) < 32 for c in value):
        raise Refused(3100, "%s is missing or wrong" % name)
    return value


class Mango(fake_http.World):
    """One account's PBX."""

    def __init__(self):
        super().__init__()
        self.doubts = dict(DOUBTS)
        self.keys = {}
        self.visitors = {}
        self.over = set()
        self.refuse = {}
        self.commands = []
        self.visits = []
        self.violations = []
        self.windows = {method: Window(*limit) for method, limit in LIMITS.items()}
        self.invalid_at = None
        self.blocked_until = 0.0

    # what comes

    @staticmethod
    def method_of(request):
        return request.path.partition("/vpbx/")[2].strip("/")

    def arrive(self, request):
        """Limits count at the door, in the order of arrival."""
        with self.lock:
            method = self.method_of(request)
            request.counted = self.turned_away(method, request.arrived)

    def turned_away(self, method, now):
        if now < self.blocked_until:
            return 401
        windows = [self.windows[m] for m in ("", method) if m in self.windows]
        if any(window.is_full(now) for window in windows):
            return 429
        for window in windows:
            window.add(now)
        return None

    def answer(self, request):
        with self.lock:
            method = self.method_of(request)
            if request.counted is not None:
                self.violate(method, request.counted, request.arrived)
                return self.limited() if request.counted == 429 else fake_http.Reply(401, {
                    "name": "Unauthorized", "message": "blocked", "code": 0, "status": 401})
            try:
                doc = self.read(request)
                work = self.METHODS.get(method)
                if request.method != "POST" or work is None:
                    return fake_http.Reply(404, {"name": "Not Found", "code": 0, "status": 404})
                return work(self, doc, request.arrived)
            except Refused as refused:
                return self.refused(method, refused, request.arrived)

    def read(self, request):
        """The json field of a form that is as it must be (section 1)."""
        kind = request.headers.get("Content-Type", "").partition(";")[0]
        if kind != "application/x-www-form-urlencoded":
            raise Refused(3100, "not a form")
        fields = urllib.parse.parse_qsl(request.body.decode("ascii", "replace"), True,
                                        encoding="utf-8", errors="strict")
        form = dict(fields)
        if sorted(name for name, _ in fields) != ["json", "sign", "vpbx_api_key"]:
            raise Refused(3100, "vpbx_api_key, sign and json are expected")
        salt = self.keys.get(form["vpbx_api_key"])
        if salt is None:
            raise Refused(3105, "unknown key")
        if signature(form["vpbx_api_key"], form["json"].encode(), salt) != form["sign"]:
            raise Refused(3102, "wrong signature")
        try:
            doc = json.loads(form["json"])
        except ValueError:
            raise Refused(3100, "json cannot be read") from None
        if not isinstance(doc, dict):
            raise Refused(3100, "json is no object")
        return doc

    # what goes back

    def violate(self, method, code, at):
        self.violations.append({"method": method, "code": code, "at": at})

    def limited(self):
        return fake_http.Reply(200 if self.doubts["limit_in_body"] else 429, {
            "name": "Service Unavailable", "message": "Rate limit exceeded.", "code": 0, "status": 429})

    def code(self, number):
        return str(number) if self.doubts["codes"] == "text" else number

    def refused(self, method, refused, at):
        if 3000 <= refused.code < 4000:
            self.violate(method, refused.code, at)
            if self.invalid_at is not None and at < self.invalid_at + BLOCK_S:
                self.blocked_until = at + BLOCK_S
            self.invalid_at = at
        return fake_http.Reply(self.doubts["refusal_http"], {
            "code": self.code(refused.code), "name": "Error", "message": refused.message},
            note=refused.message)

    def done(self):
        how = self.doubts["done"]
        if how == "empty":
            return fake_http.Reply(200, raw=b"")
        return fake_http.Reply(200, {how: self.code(1000)})

    def error_page(self, status, kind, size):
        if kind == "html":
            return super().error_page(status, kind, size)
        if status == 429:
            return self.limited()
        return fake_http.Reply(status, {"name": "Error", "message": "made to fail", "code": 0,
                                        "status": status, "trace": "x" * size})

    # methods (section 5)

    def decided(self, method):
        if method in self.refuse:
            raise Refused(self.refuse[method], "made to be refused")

    def route(self, doc, at):
        command_id, call_id = text_of(doc, "command_id", 128), text_of(doc, "call_id", 128)
        to = text_of(doc, "to_number", 128)
        name = (doc.get("sip_headers") or {}).get("From/display-name", "")
        if not isinstance(name, str) or len(name.encode()) > 64 or any(ord(c) < 32 for c in name):
            raise Refused(3101, "From/display-name is over 64 bytes or no text")
        if not (to.isdigit() or to.startswith("sip:")):
            raise Refused(3200, "to_number is no number")
        row = {"command_id": command_id, "call_id": call_id, "to": to, "name": name, "at": at,
               "entry": command_id.rpartition("~")[0], "result": 1000}
        self.commands.append(row)
        if call_id in self.over or row["entry"] in self.over:
            row["result"] = 4101
            raise Refused(4101, "the call is over")
        if "commands/route" in self.refuse:
            row["result"] = self.refuse["commands/route"]
        self.decided("commands/route")
        return self.done()

    def callback(self, doc, _):
        text_of(doc, "command_id", 128)
        text_of(doc, "to_number", 128)
        if not isinstance(doc.get("from"), dict):
            raise Refused(3100, "from is missing")
        self.decided("commands/callback")
        return self.done()

    def visitor(self, doc, at):
        number = text_of(doc, "number", 32)
        if not number.isdigit():
            raise Refused(3330, "the number is unknown")
        self.decided("queries/user_info_by_dct_number")
        data = self.visitor_of(number, at)
        self.visits.append({"number": number, "at": at, "data": data})
        if data is not None:
            return fake_http.Reply(200, {"data": data})
        return fake_http.Reply(200, {"empty": {}, "data_empty": {"data": {}}, "null": {"data": None},
                                     "list": {"data": []}}[self.doubts["nobody"]])

    def visitor_of(self, number, at):
        """Whose the number is at that moment."""
        known = self.visitors.get(number)
        if isinstance(known, list):
            return next((v["data"] for v in known if at < v.get("until", at + 1)), None)
        return known

    def history(self, doc, _):
        text_of(doc, "number", 32)
        return fake_http.Reply(200, {"data": []})

    def balance(self, _doc, _):
        return fake_http.Reply(200, {"result": 1000, "balance": 963592.45, "currency": "RUB"})

    def users(self, _doc, _):
        return fake_http.Reply(200, {"users": []})

    def lines(self, _doc, _):
        return fake_http.Reply(200, {"result": 1000, "lines": []})

    def groups(self, _doc, _):
        return fake_http.Reply(200, {"result": 1000, "groups": []})

    METHODS = {"commands/route": route, "commands/callback": callback,
               "queries/user_info_by_dct_number": visitor,
               "queries/user_history_by_dct_number": history, "account/balance": balance,
               "config/users/request": users, "incominglines": lines, "groups": groups}

    # control

    def control(self, method, path, params, doc):
        with self.lock:
            if path == "seed":
                self.keys.update(doc.get("keys", {}))
                self.visitors.update(doc.get("visitors", {}))
                self.over.update(doc.get("over", []))
                self.refuse = dict(doc["refuse"]) if "refuse" in doc else self.refuse
                return {}
            if path == "doubts":
                unknown = set(doc) - set(DOUBTS)
                if unknown:
                    raise ValueError("unknown doubts: %s" % ", ".join(sorted(unknown)))
                self.doubts.update(doc)
                return self.doubts
            return None

    def state(self):
        return {"commands": list(self.commands), "visits": list(self.visits),
                "violations": list(self.violations)}


def start(prefixes=("",), port=0):
    """Serves inside this process: (server, {prefix: Mango}). An account's address is <prefix>/vpbx."""
    worlds = {prefix: Mango() for prefix in prefixes}
    return fake_server.start(worlds, port), worlds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", action="append", help="path prefix of one account's PBX")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server, _ = start(options.prefix or [""], options.port)
    print("http://" + server.address, flush=True)
    ended.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
