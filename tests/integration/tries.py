"""Accounts with every feature on, each with a Megaplan and a MANGO of its own, in one system with a page: test
calls are begun by the page's API, real ones by webhooks.
"""

import base64
import http.client
import json
import re
import time
import urllib.request

from stack import Stack  # first: it knows where the fakes are
from calls import Call
from expect_ringing import popups
from process import wait_for
from scenario import SCENARIOS, merged

PASSWORD = "correct-horse-battery"
LINE = "78001234567"
NEW = "79261112233"
KNOWN = "74951112233"   # of a client of base.json, whose responsible is Сидорова, 124
IGNORED = "79998880011"
FIELDS = 12             # of the line and of call tracking
FEATURES = {
    "create_client": {"incoming": True, "missed": True, "outgoing": True}, "source_field": True,
    "route_to_responsible": True, "call_tracking": True, "call_records": True, "popups": True,
    "missed_in_ivr_responsible": "1000008", "ignore_numbers": ["7999888*"], "lines": [LINE],
    "missed_call_task": {"enabled": True, "deadline_minutes": 60, "title": "Перезвонить: {phone}"}}
TIMES = re.compile(r"\d\d:\d\d \d\d\.\d\d\.\d{4}|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)|\b1[6-9]\d{8,11}\b")
OWN = re.compile(r"(?<=~)[0-9a-f]{16}\b")  # of a command's id


class Tries(Stack):
    """One account by each name, below the path of that name."""

    def __init__(self, build, folder, names, env=None):
        super().__init__(build, folder, mega_paths=tuple("/" + name for name in names),
                         env=dict({"ADMIN_LISTEN": "127.0.0.1:0", "ADMIN_PASSWORD": PASSWORD}, **env or {}))
        self.names = names
        self.documents = {}
        self.accounts = {}

    def open(self, services=("ingest", "calls", "crm")):
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.start_outside()
        for name in self.names:
            self.fakes["/" + name].ask("seed", base["megaplan"])
            self.documents[name] = merged(base["settings"], dict(
                FEATURES, account=name, mango={"api_key": name + "-key", "api_salt": name + "-salt"},
                megaplan=dict(base["settings"]["megaplan"], base_url=self.megaplan + "/" + name)))
        self.up(list(self.documents.values()), services)
        self.accounts = {name: Account(self, name) for name in self.names}
        if "crm" in services:
            wait_for("extra fields", lambda: all([a.has_fields() for a in self.accounts.values()]), 90, 0.2)
        return self

    def ask(self, method, path, body=None, password=PASSWORD):
        """One request of the page's API, without a password if it is None: (status, answer, headers)."""
        connection = http.client.HTTPConnection(self.services["ingest"].page, timeout=20)
        headers = {"Content-Type": "application/json"}
        if password:
            headers["Authorization"] = "Basic " + base64.b64encode(("test:" + password).encode()).decode()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            got = connection.getresponse()
            text = got.read()
            return got.status, json.loads(text) if text else None, got.headers
        finally:
            connection.close()


class Account:
    """What there is of one account."""

    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        self.megaplan = stack.fakes["/" + name]
        self.mango = stack.pbxs["/" + name]
        self.topics = stack.topics.of_account(name)
        self.seen = 0, time.monotonic()

    def has_fields(self):
        """They are made, and that is remembered: no fact has come for a second."""
        if len(self.facts()) != self.seen[0]:
            self.seen = len(self.facts()), time.monotonic()
        return len(self.megaplan.state()["extra_fields"]) >= FIELDS and time.monotonic() - self.seen[1] > 1

    def heal(self):
        """Megaplan's faults end."""
        request = urllib.request.Request(self.megaplan.address + "/_control/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    # calls

    def tries(self, kind, number, **more):
        """A test call is asked for: (status, answer, headers)."""
        return self.stack.ask("POST", "/api/accounts/%s/test-call" % self.name,
                              dict({"kind": kind, "from": number, "line": LINE, "extension": "123"}, **more))

    def begin(self, kind, number, **more):
        """Its entry_id, as soon as the account may try one."""
        status, answer, headers = self.tries(kind, number, **more)
        while status == 429:
            time.sleep(float(headers["Retry-After"]))
            status, answer, headers = self.tries(kind, number, **more)
        assert status == 202, (status, answer)
        return answer["entry_id"]

    def real(self, shape, number, upto=None, **more):
        """A call that MANGO tells of, now."""
        call = Call(dict({"name": shape, "shape": shape, "number": number, "line": LINE, "seconds_ago": 0}, **more),
                    "%x" % time.time_ns())
        call.sent = 0
        self.rest(call, upto)
        return call

    def rest(self, call, upto=None):
        sender = self.stack.sender(self.stack.documents[self.name])
        for webhook in call.webhooks[call.sent:upto]:
            self.mango.ask("calls", [[webhook.path, webhook.doc]])
            answer = sender.send(webhook)
            assert answer.status == 200, answer.text
            call.sent += 1
        sender.close()

    # what came of them

    def jobs(self, entry):
        """{what follows the entry_id in a job's id: its message}."""
        return {i[len(entry) + 1:]: m[0] for i, m in self.topics.jobs().items() if i.startswith(entry + ":")}

    def rows(self, entry):
        key = "%s/%s" % (self.name, entry)
        return [m.doc for m in list(self.topics.messages["outcomes"]) if m.key == key]

    def outcomes(self, entry):
        """How the call's jobs ended, by what follows the entry_id in their ids."""
        return {row["job"][len(entry) + 1:]: row for row in self.rows(entry)
                if row["what"] == "outcome" and row.get("job") and row["result"] != "held"}

    def has_ended(self, entry):
        jobs = self.jobs(entry)
        return any(i.startswith("call:") for i in jobs) and \
            {"%s:%s" % (entry, i) for i in jobs} <= self.topics.finished()

    def await_end(self, entry, deadline_s=60):
        wait_for(lambda: "the end of %s: %s" % (entry, json.dumps(self.rows(entry), ensure_ascii=False)),
                 lambda: self.has_ended(entry), deadline_s, 0.1)

    def await_popups(self, count):
        wait_for("%d pop-ups" % count, lambda: len(popups(self.megaplan.requests())) >= count, 10, 0.02)

    def writes(self):
        """Requests to Megaplan that are not just looking."""
        return [row for row in self.megaplan.requests() if row["method"] != "GET"]

    def facts(self):
        """Keys of facts, without the account, but for the budget's."""
        keys = (m.key.partition("/")[2] for m in list(self.topics.messages["facts"]))
        return [key for key in keys if key != "state/budget"]

    def world(self, calls):
        """All that stands outside and in facts, with the calls' entry_ids by their place in the list, without times.
        Jobs of different kinds run beside each other: ids of what they made are told by kind and place among those.
        """
        state = self.megaplan.state()
        state["extra_fields"].sort(key=lambda field: field["hrName"])
        made = {}
        for kind, entities in state.items():
            if isinstance(entities, list):
                new = (entity["id"] for entity in entities if not entity["seeded"])
                made.update((name, "%s-%d" % (kind, place)) for place, name in enumerate(new))
        writes = sorted("%s %s %s" % (row["method"], row["path"], row["body"]) for row in self.writes())
        text = json.dumps({"megaplan": state, "writes": writes,
                           "commands": [row["to"] for row in self.mango.state()["commands"]],
                           "visits": [row["number"] for row in self.mango.state()["visits"]],
                           "facts": sorted(set(self.facts()))},
                          ensure_ascii=False, sort_keys=True, indent=1)
        for place, call in enumerate(calls):
            text = text.replace(call.entry, "call-%d" % place)
        text = re.sub(r"\b1\d{6}\b", lambda found: made.get(found[0], found[0]), text)
        return OWN.sub("-", TIMES.sub("-", text.replace("/%s/" % self.name, "/"))).splitlines()
