#!/usr/bin/env python3
"""A Megaplan CRM in memory, as unkind as the reference on its API says it is.

Runs as a process (prints its address as the first line) or inside a test by megaplan.start().
Behaviour the reference leaves open is a switch in megaplan_doubts; faults and gates come from fake_http,
what people do by hand from megaplan_hand. More control calls: seed (idempotent by id), doubts.
"""

import json
import time
import urllib.parse

import fake_http
import fake_server
import megaplan_calls  # noqa: F401  (its resources enter the table by being imported)
import megaplan_doubts
import megaplan_hand
import megaplan_table
import megaplan_tasks  # noqa: F401
from megaplan_clients import field_name
from megaplan_limits import Limits
from megaplan_login import Logins
from megaplan_store import Store, page, sort_rows
from megaplan_types import Refusal, moved

LOGIN = "/api/v3/auth/access_token"


class Megaplan(fake_http.World):
    """One account of Megaplan."""

    def __init__(self):
        super().__init__()
        self.doubts = dict(megaplan_doubts.DOUBTS)
        self.store = Store(self.doubts)
        self.logins = Logins()
        self.limits = Limits(self.doubts)

    # requests

    def arrive(self, request):
        with self.lock:
            logs_in = request.path.rstrip("/") == LOGIN
            request.counted = not (logs_in and not self.doubts["rate_counts_login"]) and \
                self.over_limit(1, request.arrived)

    def answer(self, request):
        if request.counted is None:
            self.arrive(request)
        with self.lock:
            logs_in = request.path.rstrip("/") == LOGIN
            if request.counted:
                return self.envelope_reply(429, {}, Refusal(429, "Too many requests"))
            if logs_in:
                if request.method != "POST":
                    return self.envelope_reply(405, {}, Refusal(405, "Method Not Allowed"))
                return self.logins.answer(request, self.login_refusal)
            user = self.logins.who(request)
            if user is None:
                return self.envelope_reply(401, {}, Refusal(401, "Unauthorized"))
            status, doc, note = self.run(request.method, request.path, request.query, request.body,
                                         user)
            http = 200 if self.doubts["refusals_as_200"] and status == 422 else status
            return self.with_retry_after(fake_http.Reply(http, doc, note=note))

    def over_limit(self, amount=1, at=None):
        """at: when it arrived, unix time; now unless given."""
        return self.limits.refuses(time.time() if at is None else at, amount) is not None

    def login_refusal(self):
        how = self.doubts["login_refusal"]
        if how == "envelope":
            return self.envelope_reply(401, {}, Refusal(401, "Unauthorized"))
        if how == "html":
            return self.error_page(403, "html", 0)
        return fake_http.Reply(400, {
            "error": "invalid_grant",
            "error_description": "Invalid username and password combination"})

    def need_right(self, doubt, right):
        if not self.doubts[doubt]:
            raise Refusal(403, "No %s rights" % right)

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
            if self.doubts["deadline_zone"] != "kept":
                data = moved(data, self.doubts["deadline_zone"])
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
        return self.with_retry_after(fake_http.Reply(
            status, self.envelope(status, data, None, refusal), note=refusal.message))

    def with_retry_after(self, reply):
        if reply.status == 429 and self.doubts["retry_after"] is not None:
            reply.headers["Retry-After"] = str(self.doubts["retry_after"])
        return reply

    def error_page(self, status, kind, size):
        if kind == "html":
            return super().error_page(status, kind, size)
        trace = size if kind == "huge" else self.doubts["trace_bytes"]
        doc = {"meta": {"status": status, "errors": [self.error(None, "made to fail", trace)]},
               "data": {}}
        return fake_http.Reply(200 if kind == "error200" else status, doc)

    # control

    def add_extra_field(self, label, values=None, seeded=False):
        name = field_name(label)
        while name in self.store.extra:
            name += "1"
        return self.store.add_field(name, dict(values or {}, hrName=label), seeded)

    def seed(self, doc):
        """employees, clients (short forms below), tasks and calls (whole rows), tokens {token:
        employee}, users, extra_fields (labels)."""
        for employee in doc.get("employees", []):
            self.store.add("Employee", seeded_employee(employee), employee["id"], 86400, True)
        for client in doc.get("clients", []):
            kind = client.get("contentType", "ContractorHuman")
            self.store.add(kind, seeded_client(client), client.get("id"),
                           client.get("age_s", 86400), not client.get("new"))
        for kind, part in (("Task", "tasks"), ("CallInfo", "calls")):
            for row in doc.get(part, []):
                self.store.add(kind, row, row.get("id"), row.pop("age_s", 86400), True)
        for label in doc.get("extra_fields", []):
            self.add_extra_field(label, seeded=True)
        self.logins.tokens.update(doc.get("tokens", {}))
        self.logins.users.update({u["login"]: (u["password"], u["employee"])
                                  for u in doc.get("users", [])})

    def control(self, method, path, params, doc):
        with self.lock:
            if path == "seed":
                self.seed(doc)
                return {}
            if path == "doubts":
                megaplan_doubts.check(doc)
                self.doubts.update(doc)
                return self.doubts
            return megaplan_hand.act(self, path, doc)

    def state(self):
        """Every entity but employees, by kind, with hidden keys left out."""
        made = {"ContractorHuman": [], "ContractorCompany": [], "CallInfo": [], "Task": []}
        for (kind, _), row in self.store.rows.items():
            if kind in made:
                visible = {k: v for k, v in row.items() if not k.startswith("_")}
                made[kind].append(dict(visible, seeded=row["_seeded"]))
        made["extra_fields"] = [dict({k: v for k, v in field.items() if not k.startswith("_")},
                                     seeded=field["_seeded"]) for field in self.store.extra.values()]
        return made

    def counts(self):
        """fake_http's, and: limited (429s of our limits), most (in any second, any hour), created (how
        many of a kind, ever), twins (what was created more than once)."""
        created = {}
        for kind, _, _ in self.store.made:
            created[kind] = created.get(kind, 0) + 1
        return dict(super().counts(), limited=self.limits.refused, most=self.limits.most,
                    created=created, twins=self.store.twins())


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
    values = {k: v for k, v in short.items() if k not in ("id", "phone", "email")}
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
            {"contentType": "ContactInfo", "type": "email",
             "value": short.get("email", "a@example.org")}]
    numbers = short.get("phones", [short["phone"]] if "phone" in short else [])
    return made + [{"contentType": "ContactInfo", "type": "phone", "value": number,
                    "isMain": n == 0} for n, number in enumerate(numbers)]


def start(prefixes=("",), port=0, host="127.0.0.1"):
    """Serves inside this process: (server, {prefix: Megaplan})."""
    worlds = {prefix: Megaplan() for prefix in prefixes}
    return fake_server.start(worlds, port, host), worlds


if __name__ == "__main__":
    fake_server.run(start, __doc__, "Megaplan")
