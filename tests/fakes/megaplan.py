#!/usr/bin/env python3
"""A Megaplan CRM in memory, as unkind as the reference on its API says it is.

Runs as a process (prints its address as the first line) or inside a test by megaplan.start().
Behaviour the reference leaves open is a switch in DOUBTS; faults and gates come from fake_http.
Control calls besides fake_http's: seed, doubts, tokens/revoke, clients (POST seed is idempotent by id).
"""

import argparse
import json
import signal
import threading
import time
import urllib.parse
import uuid

import fake_http
import megaplan_calls  # noqa: F401  (its resources enter the table by being imported)
import megaplan_table
from megaplan_clients import field_name
from megaplan_store import Store, digits, page, phones, sort_rows
from megaplan_types import CONTRACTORS, Refusal

DOUBTS = {
    "userCreated": "accepted",         # accepted | ignored | refused (422)
    "update_without_id": "creates",    # creates | updates
    "callroute_users": "links",        # links | full | mixed
    "callroute_employees": "array",    # array | object
    "callroute_match": "last10",       # last10 | last7 | exact
    "callroute_lag_ms": 0,             # new clients are not found by callRoute so long
    "search_lag_ms": 500,              # ... nor by the full-text index
    "list_lag_ms": 0,                  # ... nor stand in lists
    "fresh_index": False,              # the full-text index finds nothing at all
    "extra_field_id": "any",           # which {id} creates an extra field: "0", "null" or any
    "history_upserts": True,
    "required_fields": [],             # ContractorType.requiredFields
    "pagination": "object",            # object | array (the empty array PHP makes of no pages)
    "refusals_as_200": False,          # refusals come with HTTP 200, the truth is in meta.status
    "trace_bytes": 3000,               # meta.errors[].trace
    "rate_per_second": 0,              # over it: 429; 0 = no limit
    "retry_after": None,
    "clock_skew_s": 0,
}


class Megaplan(fake_http.World):
    """One account of Megaplan."""

    def __init__(self):
        super().__init__()
        self.doubts = dict(DOUBTS)
        self.store = Store(self.doubts)
        self.tokens = {}
        self.refresh = {}
        self.users = {}
        self.recent = []

    # requests

    def answer(self, request):
        with self.lock:
            if request.path.rstrip("/") == "/api/v3/auth/access_token":
                return self.access_token(request)
            if self.too_many():
                return self.envelope_reply(429, {}, Refusal(429, "Too many requests"))
            user = self.who(request)
            if user is None:
                return self.envelope_reply(401, {}, Refusal(401, "Unauthorized"))
            status, doc, note = self.run(request.method, request.path, request.query, request.body,
                                         user)
            http = 200 if self.doubts["refusals_as_200"] and status == 422 else status
            return fake_http.Reply(http, doc, note=note)

    def too_many(self):
        limit = self.doubts["rate_per_second"]
        now = time.monotonic()
        self.recent = [at for at in self.recent if now - at < 1.0] + [now]
        return bool(limit) and len(self.recent) > limit

    def who(self, request):
        """The employee a token belongs to, from the header or the query's access_token."""
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if scheme == "Bearer":
            return self.tokens.get(token.strip())
        try:
            return self.tokens.get(json.loads(urllib.parse.unquote_plus(request.query))["access_token"])
        except (ValueError, KeyError, TypeError):
            return None

    def run(self, method, path, query_text, body, user):
        """One API call without transport: (status, envelope, note)."""
        call = None
        try:
            if not path.startswith("/api/v3/"):
                raise Refusal(404, "No route found")
            function, params = megaplan_table.find(method, path[len("/api/v3"):])
            if function is None:
                raise Refusal(405 if params else 404,
                              "Method Not Allowed" if params else "No route found")
            call = megaplan_table.Call(params, read_query(query_text), read_body(body), user)
            data = function(self, call)
            return 200, self.envelope(200, data, call.pagination), call.note
        except Refusal as refusal:
            return refusal.status, self.envelope(refusal.status, {}, None, refusal), refusal.message

    def page(self, rows, query, page_types):
        return page(sort_rows(rows, query.get("sortBy")), query, page_types)

    # envelope

    def envelope(self, status, data, pagination=None, refusal=None):
        meta = {"status": status, "errors": []}
        if refusal:
            meta["errors"] = [self.error(refusal.field, refusal.message, self.doubts["trace_bytes"])]
        if isinstance(data, list) or pagination is not None:
            wants_array = self.doubts["pagination"] == "array" or not data
            meta["pagination"] = [] if wants_array or pagination is None else pagination
        return {"meta": meta, "data": data}

    def error(self, field, message, trace):
        return {"field": field, "message": message, "type": "Bums\\Api\\ValidationError",
                "internalType": "Bums\\Core\\Exception", "trace": "0123456789abcdef" * (trace // 16)}

    def envelope_reply(self, status, data, refusal):
        reply = fake_http.Reply(status, self.envelope(status, data, None, refusal),
                                note=refusal.message)
        if status == 429 and self.doubts["retry_after"] is not None:
            reply.headers["Retry-After"] = str(self.doubts["retry_after"])
        return reply

    def error_page(self, status, kind, size):
        if kind == "html":
            return super().error_page(status, kind, size)
        trace = size if kind == "huge" else self.doubts["trace_bytes"]
        doc = {"meta": {"status": status, "errors": [self.error(None, "made to fail", trace)]},
               "data": {}}
        return fake_http.Reply(200 if kind == "error200" else status, doc)

    # login

    def access_token(self, request):
        """OAuth shapes, form bodies only; every refresh makes the old refresh token useless."""
        kind = request.headers.get("Content-Type") or ""
        if not kind.startswith("application/x-www-form-urlencoded"):
            return fake_http.Reply(400, {"error": "invalid_request",
                                         "error_description": "form fields are expected"})
        form = dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace")))
        user = None
        if form.get("grant_type") == "password":
            known = self.users.get(form.get("username"))
            user = known[1] if known and known[0] == form.get("password") else None
        elif form.get("grant_type") == "refresh_token":
            user = self.refresh.pop(form.get("refresh_token"), None)
        if user is None:
            return fake_http.Reply(400, {
                "error": "invalid_grant",
                "error_description": "Invalid username and password combination"})
        token, refresh = "tok-" + uuid.uuid4().hex, "ref-" + uuid.uuid4().hex
        self.tokens[token] = user
        self.refresh[refresh] = user
        return fake_http.Reply(200, {"access_token": token, "expires_in": 172800,
                                     "token_type": "bearer", "scope": None,
                                     "refresh_token": refresh})

    # control

    def add_extra_field(self, label, values=None):
        name = field_name(label)
        while name in self.store.extra:
            name += "1"
        field = dict(values or {}, contentType="StringField", id=self.store.new_id(), name=name,
                     hrName=label, isSystem=False)
        self.store.extra[name] = field
        return field

    def seed(self, doc):
        """employees, clients (short forms below), tokens {token: employee}, users, extra_fields."""
        for employee in doc.get("employees", []):
            self.store.add("Employee", seeded_employee(employee), employee["id"], 86400, True)
        for client in doc.get("clients", []):
            kind = client.get("contentType", "ContractorHuman")
            self.store.add(kind, seeded_client(client), client.get("id"),
                           client.get("age_s", 86400), not client.get("new"))
        for label in doc.get("extra_fields", []):
            self.add_extra_field(label)
        self.tokens.update(doc.get("tokens", {}))
        self.users.update({u["login"]: (u["password"], u["employee"]) for u in doc.get("users", [])})

    def control(self, method, path, params, doc):
        with self.lock:
            if path == "seed":
                self.seed(doc)
                return {}
            if path == "doubts":
                unknown = set(doc) - set(DOUBTS)
                if unknown:
                    raise ValueError("unknown doubts: %s" % ", ".join(sorted(unknown)))
                self.doubts.update(doc)
                return self.doubts
            if path == "tokens/revoke":
                self.tokens.pop(doc["token"], None)
                return {}
            if path == "clients/remove":
                gone = [row for row in self.store.of_types(CONTRACTORS)
                        if any(digits(phone) == doc["phone"] for phone in phones(row))]
                for row in gone:
                    del self.store.rows[(row["contentType"], row["id"])]
                return {"removed": len(gone)}
        return None

    def state(self):
        """Every entity but employees, by kind, with hidden keys left out."""
        made = {"ContractorHuman": [], "ContractorCompany": [], "CallInfo": [], "Task": []}
        for (kind, _), row in self.store.rows.items():
            if kind in made:
                visible = {k: v for k, v in row.items() if not k.startswith("_")}
                made[kind].append(dict(visible, seeded=row["_seeded"]))
        made["extra_fields"] = list(self.store.extra.values())
        return made


def read_query(text):
    """The JSON object right after "?": "+" is a space here, as in any form decoding."""
    if not text:
        return {}
    try:
        made = json.loads(urllib.parse.unquote_plus(text))
    except ValueError:
        raise Refusal(422, "the query string must be a JSON object") from None
    if not isinstance(made, dict):
        raise Refusal(422, "the query string must be a JSON object")
    made.pop("access_token", None)
    return made


def read_body(body):
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise Refusal(422, "Malformed JSON") from None


def seeded_employee(short):
    values = {k: v for k, v in short.items() if k not in ("id", "phone")}
    values.setdefault("isWorking", True)
    values.setdefault("canLogin", True)
    values["contactInfo"] = contacts(short)
    return values


def seeded_client(short):
    """{"phone" or "phones", "name", "responsible" or "responsibles": [link or employee id], ...}"""
    values = {k: v for k, v in short.items()
              if k not in ("id", "phone", "phones", "responsible", "age_s", "new")}
    if short.get("contentType", "ContractorHuman") == "ContractorHuman":
        values.setdefault("firstName", short.get("name"))
    values["contactInfo"] = contacts(short)
    if "responsible" in short:
        values["responsibles"] = [short["responsible"]]
    values["responsibles"] = [
        link if isinstance(link, dict) else {"contentType": "Employee", "id": link}
        for link in values.get("responsibles", [])]
    return values


def contacts(short):
    """Phones behind an address and an e-mail: the array mixes kinds (section 2.1)."""
    made = [{"contentType": "Address", "type": {"contentType": "AddressType", "id": "1"},
             "value": "Москва"},
            {"contentType": "ContactInfo", "type": "email", "value": "a@example.org"}]
    numbers = short.get("phones", [short["phone"]] if "phone" in short else [])
    return made + [{"contentType": "ContactInfo", "type": "phone", "value": number,
                    "isMain": n == 0} for n, number in enumerate(numbers)]


def start(prefixes=("",), port=0):
    """Serves inside this process: (server, {prefix: Megaplan})."""
    worlds = {prefix: Megaplan() for prefix in prefixes}
    return fake_http.start(worlds, port), worlds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", action="append", help="path prefix of one account's Megaplan")
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
