"""The office whose page is tested: the real ingest with its page, the workers, a broker, a fake MANGO and a
fake Megaplan; and a client of the page's API that is no browser.
"""

import base64
import http.client
import json
import pathlib
import shutil
import tempfile
import time

import here
from calls import Call
from process import wait_for
from stack import Stack

PASSWORD = "длинный пароль 1234"
KEY, SALT, TOKEN = "vpbxkey0123456789abcdef", "vpbxsalt9876543210fedcba", "megaplan-token-0123456789"
NUMBER = "79261234567"
LINE = "78001234567"
EMPLOYEES = [
    {"id": "1000004", "name": "Связь с АТС"},
    {"id": "1000005", "name": "Петров Пётр", "lastName": "Петров", "firstName": "Пётр",
     "email": "petrov@romashka.example"},
    {"id": "1000006", "name": "Сидорова Анна", "lastName": "Сидорова", "firstName": "Анна",
     "email": "sidorova@romashka.example"},
    {"id": "1000007", "name": "Уволен Иван", "isWorking": False, "canLogin": False},
    {"id": "1000008", "name": "Орлова Вера", "lastName": "Орлова", "firstName": "Вера"}]
USERS = [{"name": "Петров Пётр Петрович", "email": "petrov@romashka.example", "extension": "101"},
         {"name": "Анна С.", "email": "SIDOROVA@romashka.example", "extension": "102"},
         {"name": "Орлова Вера", "email": "", "extension": "103"},
         {"name": "Переговорная", "email": "", "extension": "199"}]


def user(given):
    """A row of MANGO's list of employees."""
    return {"general": {"name": given["name"], "email": given["email"]},
            "telephony": {"extension": given["extension"], "outgoingline": LINE,
                          "numbers": [{"number": "sip:%s@romashka.mangosip.ru" % given["extension"]}]}}


def document(**over):
    """Settings of an account of this office, but for the services' addresses."""
    made = {"version": 1, "account": "romashka", "enabled": True, "timezone": "Europe/Moscow",
            "mango": {"api_key": KEY, "api_salt": SALT},
            "megaplan": {"token": TOKEN, "requests_per_second": 1000, "requests_per_hour": 1000000},
            "employees": [{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "101"},
                          {"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "102"}],
            "create_client": {"incoming": True, "missed": True}, "phone_format": "+7 (999) 123-12-12",
            "popups": True}
    made.update(over)
    return made


class Office(Stack):
    """A stack with a page; it stays until close(). workers: which run besides ingest."""

    def __init__(self, env=None, workers=("calls", "crm"), **more):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-e2e-"))
        made = {"ADMIN_LISTEN": "127.0.0.1:0", "ADMIN_PASSWORD": PASSWORD, "LOG_LEVEL": "info",
                "PUBLIC_URL": "https://calls.romashka.example"}
        made.update(env or {})
        super().__init__(here.BUILD, folder, env=made, **more)
        self.workers = workers

    def open(self):
        self.start_outside()
        self.control.ask("seed", {"employees": EMPLOYEES, "tokens": {TOKEN: "1000004"}})
        self.pbx_control.ask("seed", {"users": [user(u) for u in USERS], "balance": 1234.56})
        self.pbx_control.ask("accounts", {KEY: SALT})
        self.up([], ("ingest",) + tuple(self.workers))
        self.page = "http://%s/admin/" % self.services["ingest"].page
        self.api = Api(self.services["ingest"].page)
        return self

    def close(self):
        """Ends all; gives what the processes have to be blamed for."""
        self.down()
        found = self.problems()
        if found:
            kept = here.ROOT / "build" / "e2e" / "logs" / self.folder.name
            shutil.copytree(self.folder, kept, dirs_exist_ok=True)
            found.append("logs: %s" % kept)
        shutil.rmtree(self.folder, ignore_errors=True)
        return found

    def document(self, **over):
        """Settings with the fakes' addresses."""
        made = document(**over)
        made["megaplan"] = dict(made["megaplan"], base_url=self.megaplan)
        made["mango"] = dict(made["mango"], base_url=self.pbx + "/vpbx")
        return made

    def settle(self, **over):
        """The account is set up, by the API; gives its settings."""
        made = self.document(**over)
        status, answer, _ = self.api.ask("PUT", "/api/accounts/" + made["account"], made)
        assert status in (200, 201), answer
        return made

    def call(self, shape="direct", number=NUMBER, upto=None, **more):
        """MANGO tells of a call that begins now; gives it. upto: only so many of its events, the rest
        by rest(). Extensions are given as who = {"123": "101"}."""
        given = {"name": "call", "shape": shape, "number": number, "line": LINE, "seconds_ago": 2,
                 "who": {"123": "101", "124": "102", "125": "103"}}
        given.update(more)
        call = Call(given, "%x" % time.time_ns())
        call.sent = 0
        self.rest(call, upto)
        return call

    def rest(self, call, upto=None):
        sender = self.sender({"mango": {"api_key": KEY, "api_salt": SALT}})
        for webhook in call.webhooks[call.sent:upto]:
            answer = sender.send(webhook)
            assert answer.status == 200, "a webhook was answered %d: %s" % (answer.status, answer.text)
            call.sent += 1
        sender.close()

    def await_api(self, path, what, holds, deadline_s=30):
        """The answer of a GET as soon as holds(answer) is true."""
        got = [None]

        def asked():
            status, got[0], _ = self.api.ask("GET", path)
            return status == 200 and holds(got[0])
        wait_for(lambda: "%s; last: %s" % (what, got[0]), asked, deadline_s, 0.2)
        return got[0]


def basic(user, password=PASSWORD):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


class Api:
    """The page's API by HTTP Basic. One connection, not thread-safe."""

    def __init__(self, address, password=PASSWORD):
        self.address = address
        self.password = password
        self.connection = None

    def ask(self, method, path, doc=None, headers=None, raw=None):
        """(status, document or None, headers)."""
        made = {"Authorization": basic("tester", self.password)}
        body = raw
        if doc is not None:
            body = json.dumps(doc, ensure_ascii=False).encode()
            made["Content-Type"] = "application/json"
        made.update(headers or {})
        made = {name: value for name, value in made.items() if value is not None}
        for again in (True, False):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.address, timeout=30)
                self.connection.request(method, path, body, made)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self.connection = None
                if not again:
                    raise
        try:
            return answer.status, json.loads(text) if text else None, answer.headers
        except ValueError:
            return answer.status, text.decode("utf-8", "replace"), answer.headers
