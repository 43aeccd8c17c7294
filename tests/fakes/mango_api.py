#!/usr/bin/env python3
"""MANGO's API as the PBX of an account answers it: signed forms, limits, refusals, the two-minute block.

Runs as a process (prints its address as the first line) or inside a test by mango_api.start(). Follows
the reference on MANGO's API, sections 1, 5 and 8; what it leaves open is a doubt. Whatever the real one
would not take from us is a *violation* and is kept, also of a request that a fault keeps from being heard.
Accounts are told apart by key and by path prefix; a world has one account's, or several that share what is
seeded. It only answers: the notifications that follow a command are their sender's (mango.py).
"""

import time

import fake_http
import fake_server
import mango_methods
from mango_calls import Calls
from mango_history import History, legs_of
from mango_limits import Pbx
from mango_methods import DISPLAY_NAME, NO_CALL, Refused

DOUBTS = {
    "done": "result",         # result | code | empty: how an accepted command is answered
    "nobody": "empty",        # empty | data_empty | null | list: a number without a visitor
    "refusal_http": 200,      # or 400: HTTP's status of a refusal
    "refusal_in": "code",     # or result: where its code stands
    "codes": "number",        # or text
    "limit_in_body": False,   # 429 in the body of a 200
    "retry_after": None,      # of a 429
    "history_ready_s": 0.5,   # so long the history is made ready
    "history_no_records": "[]",   # or empty
    "history_line_end": "\n",  # or CR LF
    "history_last_end": True,     # the last line has one, too
    "clock_skew_s": 0,        # of the Date header
}
CHOICES = {"done": ("result", "code", "empty"), "nobody": ("empty", "data_empty", "null", "list"),
           "refusal_http": (200, 400), "refusal_in": ("code", "result"), "codes": ("number", "text"),
           "history_no_records": ("[]", ""), "history_line_end": ("\n", "\r\n"),
           "history_last_end": (False, True), "limit_in_body": (False, True)}
NOBODY = {"empty": {}, "data_empty": {"data": {}}, "null": {"data": None}, "list": {"data": []}}
SEEDS = {"salt", "visitors", "over", "refuse", "users", "lines", "groups", "history", "balance", "legs", "lost_keys"}
OVER, WRONG_KIND = 4101, 4100
ROUTE = "commands/route"


class Mango(fake_http.World):
    """The API of one account's PBX. Seeded: `visitors` {dynamic number: data, or a list of {until_s, data}: so
    long after the first call to it (after the seed, if calls are not told) it is that visitor's, in
    order}, `over` [entry_ids and call_ids], `refuse` {method: code, or a list of them, one after the other; 1000 is
    none}, `salt` (another one than the account's settings have), `users`, `lines`, `groups`, `history`,
    `balance`, `legs` [lines of the call history as {field: value}, besides those of calls told of], `lost_keys` how
    many keys of it are forgotten at once."""

    def __init__(self):
        super().__init__()
        self.doubts = dict(DOUBTS)
        self.salts = {}
        self.seeded = {"visitors": {}, "refuse": {}, "users": [], "lines": [], "groups": [], "history": {},
                       "balance": 963592.45, "legs": [], "lost_keys": 0}
        self.seeded_at = 0.0
        self.calls = Calls()
        self.past = History()
        self.pbxs = {}          # by key, known or not
        self.asked = []         # every route command that came to the door
        self.commands = []      # ... that was heard, with its result
        self.visits = []
        self.violations = []

    # what comes

    @staticmethod
    def method_of(request):
        return request.path.partition("/vpbx/")[2].strip("/")

    def arrive(self, request):
        """All that is wrong with a request is found at the door, in the order of arrival: `counted` becomes its
        document, the Refused, or the status it is turned away with."""
        with self.lock:
            method, now = self.method_of(request), request.arrived
            pbx = self.pbxs.setdefault(mango_methods.key_of(request), Pbx())
            try:
                request.counted = self.judged(request, method, pbx, now)
            except Refused as refused:
                self.invalid(request, method, refused)
                request.counted = refused

    def judged(self, request, method, pbx, now):
        away = pbx.turned_away(method, now)
        if away is None and (request.method != "POST" or method not in self.METHODS):
            away = 404
        if away:
            self.violate(method, away, now, {401: "locked out", 429: "over the limit"}.get(away, "no method"))
            return away
        doc = mango_methods.signed(request, self.salts)
        if method == ROUTE:
            self.asked.append({"command_id": doc.get("command_id"), "entry": entry_of(doc), "at": now})
        mango_methods.check(method, doc)
        return doc

    def violate(self, method, code, at, why):
        self.violations.append({"method": method, "code": code, "at": at, "why": why})

    def invalid(self, request, method, refused):
        if 3000 <= refused.code < 4000:
            self.violate(method, refused.code, request.arrived, refused.message)
            self.pbxs[mango_methods.key_of(request)].invalid(request.arrived)

    def answer(self, request):
        with self.lock:
            if request.counted is None:
                self.arrive(request)
            method, found = self.method_of(request), request.counted
            try:
                if isinstance(found, Refused):
                    raise found
                reply = self.turned_away(found) if isinstance(found, int) else \
                    self.METHODS[method](self, found, request.arrived)
            except Refused as refused:
                if refused is not found:
                    self.invalid(request, method, refused)
                reply = fake_http.Reply(self.doubts["refusal_http"], {
                    self.doubts["refusal_in"]: self.code(refused.code), "name": "Error",
                    "message": refused.message})
            reply.note = reply.raw.decode()
            return reply

    # what goes back

    def turned_away(self, status):
        if status == 429:
            return self.limited()
        name = {401: "Unauthorized", 404: "Not Found"}[status]
        return fake_http.Reply(status, {"name": name, "message": name, "code": 0, "status": status})

    def limited(self):
        headers = {} if self.doubts["retry_after"] is None else {"Retry-After": str(self.doubts["retry_after"])}
        return fake_http.Reply(200 if self.doubts["limit_in_body"] else 429, {
            "name": "Service Unavailable", "message": "Rate limit exceeded.", "code": 0, "status": 429},
            headers=headers)

    def code(self, number):
        return str(number) if self.doubts["codes"] == "text" else number

    def done(self):
        how = self.doubts["done"]
        return fake_http.Reply(200, raw=b"") if how == "empty" else fake_http.Reply(
            200, {how: self.code(1000)})

    def error_page(self, status, kind, size):
        """error200: `status` is a code of MANGO's, 5001."""
        if kind == "html":
            return super().error_page(status, kind, size)
        if kind == "error200":
            return fake_http.Reply(200, {"result": self.code(status)})
        if status == 429:
            return self.limited()
        return fake_http.Reply(status, {"name": "Error", "message": "made to fail", "code": 0,
                                        "status": status, "trace": "x" * size})

    # methods (section 5)

    def decide(self, method):
        """The code that is seeded for the next request of that method."""
        code = self.seeded["refuse"].get(method, 1000)
        if isinstance(code, list):
            code = code.pop(0) if code else 1000
        if code != 1000:
            raise Refused(code, "made to be refused")

    def route(self, doc, at):
        row = {"command_id": doc["command_id"], "call_id": doc["call_id"], "to": doc["to_number"],
               "name": doc.get("sip_headers", {}).get(DISPLAY_NAME, ""), "at": at, "entry": entry_of(doc),
               "result": 1000}
        self.commands.append(row)
        try:
            self.must_wait(row["entry"], doc["call_id"])
            self.decide(ROUTE)
        except Refused as refused:
            row["result"] = refused.code
            raise
        return self.done()

    def must_wait(self, entry, call_id):
        """The leg is in the menu or a queue, or rings."""
        verdict = self.calls.verdict(entry, call_id)
        if verdict == "over":
            raise Refused(OVER, "the call is over")
        if verdict == "unknown":
            raise Refused(NO_CALL, "no such call")
        if verdict == "talks":
            raise Refused(WRONG_KIND, "a leg of the wrong kind")

    def callback(self, _doc, _at):
        self.decide("commands/callback")
        return self.done()

    def visitor(self, doc, at):
        self.decide("queries/user_info_by_dct_number")
        data = self.visitor_of(doc["number"], at)
        self.visits.append({"number": doc["number"], "at": at, "data": data})
        return fake_http.Reply(200, {"data": data} if data else NOBODY[self.doubts["nobody"]])

    def visitor_of(self, number, at):
        """Whose the number is at that moment."""
        known = self.seeded["visitors"].get(number)
        if not isinstance(known, list):
            return known
        since = at - self.calls.rang.get(number, self.seeded_at)
        return next((one.get("data") for one in known if since < one.get("until_s", since + 1)), None)

    def history(self, doc, _):
        self.decide("queries/user_history_by_dct_number")
        return fake_http.Reply(200, {"data": self.seeded["history"].get(doc["number"], [])})

    def balance(self, _doc, _):
        self.decide("account/balance")
        return fake_http.Reply(200, {"result": self.code(1000), "balance": self.seeded["balance"],
                                     "currency": "RUB", "response_at": "2026-07-01 12:00:00"})

    def users(self, doc, _):
        self.decide("config/users/request")
        wanted = doc.get("extension")
        return fake_http.Reply(200, {"users": [user for user in self.seeded["users"] if wanted in (
            None, str(user.get("telephony", {}).get("extension")))]})

    def lines(self, _doc, _):
        self.decide("incominglines")
        return fake_http.Reply(200, {"result": self.code(1000), "lines": self.seeded["lines"]})

    def groups(self, _doc, _):
        self.decide("groups")
        return fake_http.Reply(200, {"result": self.code(1000), "groups": self.seeded["groups"]})

    def ask_past(self, doc, at):
        self.decide("stats/request")
        key = self.past.ask(legs_of(self.calls) + self.seeded["legs"], doc, at, self.doubts)
        if self.seeded["lost_keys"] > 0:
            self.seeded["lost_keys"] -= 1
            self.past.asked.clear()
        return fake_http.Reply(200, {"key": key})

    def fetch_past(self, doc, at):
        self.decide("stats/result")
        found = self.past.fetch(doc["key"], at)
        if found is None:
            return self.turned_away(404)
        ready, text = found
        return fake_http.Reply(200, raw=text, content_type="text/csv") if ready else \
            fake_http.Reply(204, raw=b"")

    METHODS = {"stats/request": ask_past, "stats/result": fetch_past, ROUTE: route, "commands/callback": callback, "queries/user_info_by_dct_number": visitor,
               "queries/user_history_by_dct_number": history, "account/balance": balance,
               "config/users/request": users, "incominglines": lines, "groups": groups}

    # control

    def control(self, method, path, params, doc):
        """accounts {key: salt} (one that is known keeps its salt), seed (see the class), doubts, and calls
        [[path, notification]]: what its sender is about to tell."""
        with self.lock:
            if path == "accounts":
                for key, salt in doc.items():
                    self.salts.setdefault(key, self.seeded.get("salt", salt))
            elif path == "seed":
                self.seed(doc)
            elif path == "calls":
                for kind, told in doc:
                    self.calls.told(kind, told, time.time())
            elif path == "doubts":
                self.doubts.update(checked(doc))
            else:
                return None
            return {}

    def seed(self, doc):
        unknown = set(doc) - SEEDS
        if unknown:
            raise ValueError("unknown seeds: %s" % ", ".join(sorted(unknown)))
        self.calls.over.update(doc.get("over", []))
        for name, value in doc.items():
            kept = self.seeded.get(name)
            if isinstance(kept, dict):
                kept.update(value)
            else:
                self.seeded[name] = value
        self.seeded_at = time.time()

    def state(self):
        return {name: list(getattr(self, name)) for name in ("asked", "commands", "visits", "violations")}

    def counts(self):
        """fake_http's, and the violations by their code."""
        codes = [str(row["code"]) for row in self.violations]
        return dict(super().counts(), violations={code: codes.count(code) for code in sorted(set(codes))})


def entry_of(doc):
    """The call a command of ours says it is for: what stands before the last "~"."""
    text = doc.get("command_id")
    return text.rpartition("~")[0] if isinstance(text, str) else ""


def checked(doubts):
    """ValueError for a doubt or a choice that there is not."""
    for name, value in doubts.items():
        if name not in DOUBTS or value not in CHOICES.get(name, (value,)):
            raise ValueError("doubt %s cannot be %s" % (name, value))
    return doubts


def start(prefixes=("",), port=0, host="127.0.0.1"):
    """Serves inside this process: (server, {prefix: Mango}). An account's address is <prefix>/vpbx."""
    worlds = {prefix: Mango() for prefix in prefixes}
    return fake_server.start(worlds, port, host), worlds


if __name__ == "__main__":
    fake_server.run(start, __doc__, "PBX")
