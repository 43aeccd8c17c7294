"""A scenario file read and checked: settings, Megaplan, calls, steps, expectations.

The format is described in tests/scenarios/README.md; unknown keys are refused, so that a misspelt
expectation cannot pass silently.
"""

import copy
import hashlib
import itertools
import json
import os
import pathlib
import re
import string
import time
import tomllib

import calls
import moments

SCENARIOS = pathlib.Path(__file__).resolve().parent.parent / "scenarios"
TOP = {"title", "behaviours", "settings", "megaplan", "call", "step", "expect", "env", "crm",
       "deadline_s", "like", "wires", "mango"}
MEGAPLAN = {"clients", "employees", "doubts", "faults", "extra_fields", "users", "tasks", "calls"}
MANGO = {"visitors", "over", "refuse", "salt", "doubts", "faults", "routes"}
STEPS = {
    "send": {"send", "order", "only", "repeat", "parallel", "keep_alive", "threads", "expect"},
    "together": {"together"}, "wait_gate": {"wait_gate", "count", "at"}, "release": {"release", "drop", "at"},
    "kill": {"kill"}, "stop": {"stop"}, "cont": {"cont"}, "term": {"term"}, "start": {"start", "wait"},
    "pause_s": {"pause_s", "why"}, "wait_requests": {"wait_requests", "method", "count"},
    "wait_clients": {"wait_clients"}, "wait_jobs": {"wait_jobs", "count"},
    "wait_topic": {"wait_topic", "count"}, "wait_ready": {"wait_ready"}, "settled": {"settled"},
    "doubts": {"doubts", "at"}, "faults": {"faults", "at"}, "settings": {"settings"},
    "wait_commands": {"wait_commands"}, "wait_visits": {"wait_visits"}, "wait_popups": {"wait_popups"},
    "route_result": {"route_result", "result"},
    "remove_client": {"remove_client"}, "wait_job": {"wait_job"},
    "wait_outcome": {"wait_outcome", "reason"}, "wait_tasks": {"wait_tasks"},
    "wait_calls": {"wait_calls"}, "wait_fact": {"wait_fact", "count"},
    "client_drop": {"client_drop"}, "client_responsible": {"client_responsible", "responsible"},
    "client_change": {"client_change", "values"}, "task_close": {"task_close", "status"},
    "task_delete": {"task_delete"}, "field_delete": {"field_delete"}, "employee": {"employee", "values"},
    "tokens": {"tokens"}, "password": {"password", "login"}, "megaplan_refuses_s": {"megaplan_refuses_s"},
    "job": {"job", "topic", "kind", "entry_id", "number", "rule", "reason", "event_at", "offset",
            "verdict", "deadline", "data", "origin", "age_s"},
    "fact": {"fact", "value", "mark", "job", "age_s"},
    "wire": {"wire", "state", "catch", "catch_answer"}, "wait_wire": {"wait_wire"}, "wait_owners": {"wait_owners"}, "strike": {"strike"},
    "requests_by_now": {"requests_by_now", "method", "count"},
}
ALONE_S, TOGETHER_S = 60, 240  # how long one may take to end; together all begin at once, on a busy machine too
STRIKES = {"kill", "stop", "cont", "term", "start", "wait_ready", "wire", "megaplan_refuses_s"}  # what a shared system forbids
PARTS = {
    "client": {"call", "phone", "responsible", "creator", "name", "number", "description", "fields",
               "dropped"},
    "call": {"call", "type", "state", "employee", "client", "number", "from", "to", "time_from", "time_to",
             "links", "count"},
    "task": {"call", "client", "responsible", "title", "deadline", "status", "statement", "count"},
    "field": {"label", "count"},
    "job": {"id", "topic", "kind", "count", "data", "rule", "number", "verdict", "account", "origin",
            "entry_id", "key", "reason", "absent", "exact", "event", "deadline", "expires_after_s"},
    "outcome": {"entry", "kind", "job", "what", "result", "rule", "reason", "count", "employee",
                "details", "http"},
    "request": {"method", "path", "contains", "count", "min", "max"},
    "dead": {"topic", "stage", "reason", "count"},
    "command": {"call", "to", "name", "count", "result", "within_ms", "event"},
    "visitor": {"number", "count", "within_ms", "call", "event"},
    "popup": {"call", "states", "employees", "client", "within_ms", "event"},
}
EXPECT = {"client", "job", "jobs", "only_jobs", "exactly", "outcome", "request", "answers", "dead", "call",
          "task", "field", "exact", "twins", "limited", "requests_max", "command", "visitor", "popup",
          "mango_violations"}
EXACT = {"crm"}  # folders whose files say of every call, task and field that there is


class Scenario:
    """One file, ready to be played. `group` calls: every call by its [[call]]'s name.

    One in a folder below tests/scenarios shares its system with others and has an account of its own.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        self.shared = is_shared(self.path)
        doc = read(self.path)
        self.title = doc["title"]
        self.behaviours = doc.get("behaviours", [])
        self.env = {key: str(value) for key, value in doc.get("env", {}).items()}
        self.crm_workers = doc.get("crm", 1)
        self.wires = tuple(doc.get("wires", ()))
        self.deadline_s = min(doc.get("deadline_s", TOGETHER_S if self.shared else ALONE_S),
                              float(os.environ.get("DEADLINE_S", "inf")))
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = merged(base["settings"], doc.get("settings", {}))
        if self.shared:
            self.move_in(doc)
        self.settings = moments.fill_everywhere(self.settings, self.settings["timezone"], time.time())
        self.megaplan = merged(base["megaplan"], doc.get("megaplan", {}))
        only("megaplan", self.megaplan, MEGAPLAN | {"tokens"})
        self.mango = doc.get("mango", {})
        only("mango", self.mango, MANGO)
        self.calls_given = doc.get("call", [])
        self.steps = doc.get("step") or [{"send": "*"}]
        for step in self.steps:
            verb = verb_of(step)
            if verb is None:
                raise ValueError("%s: step without a verb: %s" % (self.name, step))
            only("step " + verb, step, STEPS[verb])
        self.expect = doc.get("expect", {})
        only("expect", self.expect, EXPECT)
        for part, allowed in PARTS.items():
            for entry in self.expect.get(part, []):
                only("expect." + part, entry, allowed)
        self.exact = self.expect.get("exact", self.path.parent.name in EXACT)
        self.calls = []

    @property
    def account(self):
        return self.settings["account"]

    def move_in(self, doc):
        """An account of its own, named after the file, with its own key, salt and Megaplan's path."""
        settings = self.settings
        given = doc.get("settings", {})
        if "account" in given or "api_key" in given.get("mango", {}):
            raise ValueError("%s: account and key of a shared system follow the file's name" % self.name)
        struck = sorted({key for step in doc.get("step", []) for key in step if key in STRIKES})
        if struck or doc.get("crm", 1) != 1:
            raise ValueError("%s: %s strikes a process, which others share: such a scenario belongs into "
                             "tests/scenarios itself" % (self.name, ", ".join(struck) or "crm"))
        account = settings["account"] = account_name(self.name)
        settings["mango"].update(api_key=account + "-key-0123456789", api_salt=account + "-salt-98765")
        settings["megaplan"]["base_url"] = "/" + account + settings["megaplan"].get("base_url", "")

    def make_calls(self, stamp):
        """Builds the calls with times of now; entry ids carry the stamp."""
        self.calls = []
        for number, description in enumerate(self.calls_given):
            description = dict(description)
            description.setdefault("name", string.ascii_lowercase[number])
            self.calls += calls.expand(description, stamp)

    def named(self, name):
        """The calls of one name ("*" = all, a list = those of several)."""
        names = name if isinstance(name, list) else [name]
        found = [call for call in self.calls if "*" in names or call.group in names]
        if not found:
            raise ValueError("%s: no call named %s" % (self.name, name))
        return found

    def fill(self, text, call=None):
        """{a.entry}, {a.number}, {a.began}; without a name those of `call`; {account}; and moments."""
        if not isinstance(text, str) or "{" not in text:
            return text
        timezone = self.settings["timezone"]
        text = text.replace("{account}", self.account)
        for one in self.calls:
            for key in ("entry", "number"):
                text = text.replace("{%s.%s}" % (one.name, key), getattr(one, key))
            if "{%s.began}" % one.name in text:
                text = text.replace("{%s.began}" % one.name, one.began(timezone))
        if call is not None:
            text = text.replace("{entry}", call.entry).replace("{number}", call.number)
            text = text.replace("{began}", call.began(timezone))
        return moments.fill_moments(text, self.calls, self.settings)

    def fill_all(self, value):
        """fill() in all texts of a value."""
        if isinstance(value, dict):
            return {k: self.fill_all(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill_all(v) for v in value]
        return self.fill(value)

    def document(self, megaplan_address):
        made = copy.deepcopy(self.settings)
        made["megaplan"]["base_url"] = megaplan_address + made["megaplan"].get("base_url", "")
        return made


def read(path):
    """A file's document. What it does not say comes from the one it is `like`, with that one's steps up to
    its strike in front of its own."""
    doc = tomllib.loads(path.read_text(encoding="utf-8"))
    only("scenario", doc, TOP)
    if "like" not in doc:
        return doc
    base = read(path.with_name(doc["like"] + ".toml"))
    before = list(itertools.takewhile(lambda step: verb_of(step) != "strike", base["step"]))
    return dict(merged(base, doc), step=before + doc["step"])


def verb_of(step):
    """What a step does: its first key."""
    return next((key for key in step if key in STEPS), None)


def is_shared(path):
    """The file lies in a folder below tests/scenarios."""
    try:
        return len(path.resolve().relative_to(SCENARIOS).parts) > 1
    except ValueError:
        return False


def account_name(name):
    """A file's name as an account: [a-z0-9-]{1,32}, told apart by a hash when cut."""
    made = re.sub(r"[^a-z0-9-]", "-", name.lower())
    if len(made) <= 32 and made == name.replace("_", "-"):
        return made
    return made[:25] + "-" + hashlib.sha256(name.encode()).hexdigest()[:6]


def only(where, doc, allowed):
    unknown = set(doc) - allowed
    if unknown:
        raise ValueError("%s: unknown keys %s" % (where, ", ".join(sorted(unknown))))


def merged(base, over):
    """`over` laid on `base`: tables are merged, everything else is replaced; the word "absent" takes a
    field away."""
    made = copy.deepcopy(base)
    for key, value in over.items():
        if value == "absent":
            made.pop(key, None)
            continue
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else copy.deepcopy(value)
    return made


def phone_in_format(number, wanted):
    """G6: how the product must write a number into a new client."""
    if not (len(number) == 11 and number.startswith("7")):
        return ("+" if wanted.startswith("+") else "") + number
    rest = number[1:]
    if wanted == "+7 (999) 123-12-12":
        return "+7 (%s) %s-%s-%s" % (rest[:3], rest[3:6], rest[6:8], rest[8:])
    return {"79991231212": "7", "+79991231212": "+7", "89991231212": "8"}[wanted] + rest
